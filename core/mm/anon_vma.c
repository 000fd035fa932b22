/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma.c - links VMAs to anon_vmas and unlinks them. Their memory: anon_vma_cache.c; lookup from a folio:
 * anon_vma_ref.c.
 */
#include "core/mm/anon_vma.h"

#include <errno.h>

#include "core/mm/anon_vma_cache.h"
#include "core/mm/vma.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(ANON_VMA_NEW, "VMAs that got an anon_vma of their own at the first page");
DEFINE_EVENT(ANON_VMA_SHARE, "VMAs that got their neighbour's anon_vma");
DEFINE_EVENT(ANON_VMA_REUSE, "forks that reused an anon_vma");

/* ---- chains of a VMA ---- */

/* Allocates as many chains as @vma has to @list. */
static bool chains_alloc(struct anon_vma_chain_list *list, const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma)
		if (!chain_alloc(list))
			return false;
	return true;
}

/* Makes the first chain of @list @vma's newest. Locking: @vma's creator, or page_table_lock. */
static void chain_take(struct vm_area_struct *vma, struct anon_vma_chain_list *list, struct anon_vma *anon_vma)
{
	struct anon_vma_chain *avc = TAILQ_FIRST(list);

	TAILQ_REMOVE(list, avc, same_vma);
	avc->vma = vma;
	avc->anon_vma = anon_vma;
	TAILQ_INSERT_HEAD(&vma->anon_vma_chain, avc, same_vma);
}

/* Gives @dst a chain from @list for each of @src's, in the same order. */
static void chains_copy(struct vm_area_struct *dst, const struct vm_area_struct *src, struct anon_vma_chain_list *list)
{
	const struct anon_vma_chain *avc;

	TAILQ_FOREACH_REVERSE(avc, &src->anon_vma_chain, anon_vma_chain_list, same_vma)
		chain_take(dst, list, avc->anon_vma);
}

/* Locking: the root's rwsem for write. */
static void insert_into_trees(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma) {
		assert_rwsem_held_write(anon_vma_rwsem(avc->anon_vma));
		anon_vma_interval_tree_insert(avc, &avc->anon_vma->tree);
	}
}

static void remove_from_trees(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma) {
		assert_rwsem_held_write(anon_vma_rwsem(avc->anon_vma));
		anon_vma_interval_tree_remove(avc, &avc->anon_vma->tree);
	}
}

/* ---- the first anonymous page of a VMA ---- */

/* @a ends where @b begins, and they could be merged but for the flags that mprotect() changes. Source: mm/vma.c. */
static bool anon_vma_compatible(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_end == b->vm_start && a->vm_name == b->vm_name &&
	       !((a->vm_flags ^ b->vm_flags) & ~VM_ACCESS_FLAGS) && b->vm_pgoff == a->vm_pgoff + vma_pages(a);
}

/*
 * @near's anon_vma, if a neighbour may share it: not if @near was forked, since then the neighbour would have to be
 * linked to all anon_vmas that @near inherited. Source: mm/vma.c.
 */
static struct anon_vma *reusable_anon_vma(struct vm_area_struct *near, const struct vm_area_struct *a,
					  const struct vm_area_struct *b)
{
	struct anon_vma *anon_vma;

	if (!near || !anon_vma_compatible(a, b))
		return NULL;
	anon_vma = vma_anon_vma(near);
	return anon_vma && vma_has_one_chain(near) ? anon_vma : NULL;
}

/* Lets the two VMAs be merged when their permissions become the same. Source: mm/vma.c. */
static struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *next = find_vma(mm, vma->vm_end), *prev = find_vma_before(mm, vma->vm_start);
	struct anon_vma *anon_vma = reusable_anon_vma(next, vma, next);

	return anon_vma ? anon_vma : reusable_anon_vma(prev, prev, vma);
}

int anon_vma_prepare(struct vm_area_struct *vma)
{
	struct anon_vma_chain_list list = TAILQ_HEAD_INITIALIZER(list);
	struct anon_vma *anon_vma, *fresh = NULL;
	struct mm_struct *mm = vma->vm_mm;

	mmap_assert_locked(mm);
	if (vma_anon_vma(vma))
		return 0;
	if (!chain_alloc(&list))
		return -ENOMEM;
	anon_vma = find_mergeable_anon_vma(vma);
	if (!anon_vma) {
		anon_vma = fresh = anon_vma_alloc(mm->pt.policy.anon_vma_free);
		if (!fresh) {
			chains_free(&list);
			return -ENOMEM;
		}
	}
	SYNCPOINT("anon_vma.prepare");
	anon_vma_lock_write(anon_vma);
	spin_lock(&mm->pt.page_table_lock);	/* other threads prepare the same VMA under mmap_lock for read */
	if (!vma_anon_vma(vma)) {
		chain_take(vma, &list, anon_vma);
		vma_set_anon_vma(vma, anon_vma);
	}
	spin_unlock(&mm->pt.page_table_lock);
	if (TAILQ_EMPTY(&list)) {
		insert_into_trees(vma);
		anon_vma->num_active_vmas++;
		if (fresh)
			count_event(EV_ANON_VMA_NEW);
		else
			count_event(EV_ANON_VMA_SHARE);
		fresh = NULL;
	}
	anon_vma_unlock_write(anon_vma);
	if (fresh)
		put_anon_vma(fresh);
	chains_free(&list);
	return 0;
}

/* ---- copies of a VMA ---- */

int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	int err = anon_vma_pre_split(dst, src);

	if (!err)
		anon_vma_post_split(dst, src);
	return err;
}

int anon_vma_pre_split(struct vm_area_struct *new, struct vm_area_struct *vma)
{
	struct anon_vma_chain_list list = TAILQ_HEAD_INITIALIZER(list);

	BUG_ON(vma_anon_vma(new) || !TAILQ_EMPTY(&new->anon_vma_chain));
	if (!chains_alloc(&list, vma))
		return -ENOMEM;
	chains_copy(new, vma, &list);
	vma_set_anon_vma(new, vma_anon_vma(vma));
	anon_vma_tree_pre_update(vma);
	return 0;
}

void anon_vma_post_split(struct vm_area_struct *new, struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma_anon_vma(new);

	if (anon_vma) {
		insert_into_trees(new);
		anon_vma->num_active_vmas++;
	}
	anon_vma_tree_post_update(vma);
}

DEFINE_KNOCKOUT(ANON_VMA_REUSE,
	.name = "anon-vma:reuse",
	.removes = "the check that no VMA uses an anon_vma before a fork reuses it",
	.breaks = "two VMAs of one anon_vma that are linked to different ones",
	.detected_by = "the census of anon_vmas at rest",
	.hunt = "explore cow_vs_cow",
	.mirrors = "mm/rmap: Fix anon_vma->degree ambiguity leading to double-reuse");

/* The oldest anon_vma linked to @vma that no VMA uses and that is not the parent of two. */
static struct anon_vma *anon_vma_unused(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;

	TAILQ_FOREACH_REVERSE(avc, &vma->anon_vma_chain, anon_vma_chain_list, same_vma)
		if ((avc->anon_vma->num_active_vmas == 0 || KNOCKED_OUT(ANON_VMA_REUSE)) &&
		    avc->anon_vma->num_children < 2)
			return avc->anon_vma;
	return NULL;
}

/* Makes @child, a root so far, a child of @parent. Locking: @parent's rwsem for write. */
static void anon_vma_adopt(struct anon_vma *parent, struct anon_vma *child)
{
	struct anon_vma *root = load_relaxed(&parent->root);

	get_anon_vma(root);
	store_release(&child->root, root);	/* ORDER[anon-ref:A] as in anon_vma_alloc() */
	child->parent = parent;
	child->num_children = 0;
	parent->num_children++;
}

int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma)
{
	struct anon_vma_chain_list list = TAILQ_HEAD_INITIALIZER(list);
	struct anon_vma *anon_vma, *fresh, *parent = vma_anon_vma(pvma);

	if (!parent)
		return 0;
	BUG_ON(vma_anon_vma(vma) || !TAILQ_EMPTY(&vma->anon_vma_chain));
	fresh = anon_vma_alloc(vma->vm_mm->pt.policy.anon_vma_free);
	if (!fresh)
		return -ENOMEM;
	if (!chain_alloc(&list) || !chains_alloc(&list, pvma)) {
		put_anon_vma(fresh);
		return -ENOMEM;
	}
	chains_copy(vma, pvma, &list);
	anon_vma_lock_write(parent);
	SYNCPOINT("anon_vma.fork");
	anon_vma = anon_vma_unused(vma);
	if (!anon_vma) {
		anon_vma = fresh;
		fresh = NULL;
		anon_vma_adopt(parent, anon_vma);
		chain_take(vma, &list, anon_vma);
	}
	vma_set_anon_vma(vma, anon_vma);
	anon_vma->num_active_vmas++;
	insert_into_trees(vma);
	anon_vma_unlock_write(parent);
	if (fresh) {
		count_event(EV_ANON_VMA_REUSE);
		put_anon_vma(fresh);
	}
	chains_free(&list);
	return 0;
}

/* ---- unlinking of a VMA ---- */

/*
 * Moves @vma's chains to @list. Only chains that were their anon_vma's last keep its pointer: the caller drops the
 * reference of being linked. Locking: the root's rwsem for write.
 */
static void unlink_chains(struct vm_area_struct *vma, struct anon_vma_chain_list *list)
{
	struct anon_vma_chain *avc;

	vma_anon_vma(vma)->num_active_vmas--;
	vma_set_anon_vma(vma, NULL);
	remove_from_trees(vma);
	TAILQ_CONCAT(list, &vma->anon_vma_chain, same_vma);
	TAILQ_FOREACH(avc, list, same_vma) {
		if (RB_EMPTY(&avc->anon_vma->tree))
			avc->anon_vma->parent->num_children--;
		else
			avc->anon_vma = NULL;
	}
}

void unlink_anon_vmas(struct vm_area_struct *vma)
{
	struct anon_vma_chain_list list = TAILQ_HEAD_INITIALIZER(list);
	struct anon_vma *root, *anon_vma = vma_anon_vma(vma);
	struct anon_vma_chain *avc;

	if (!anon_vma)
		return;
	root = load_relaxed(&anon_vma->root);
	anon_vma_lock_write(root);
	SYNCPOINT("anon_vma.unlink");
	unlink_chains(vma, &list);
	anon_vma_unlock_write(root);
	TAILQ_FOREACH(avc, &list, same_vma)	/* the root's comes last */
		if (avc->anon_vma)
			put_anon_vma(avc->anon_vma);
	chains_free(&list);
}

/* ---- changes of a VMA's range ---- */

void anon_vma_tree_pre_update(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma_anon_vma(vma);

	if (!anon_vma)
		return;
	anon_vma_lock_write(anon_vma);
	remove_from_trees(vma);
}

void anon_vma_tree_post_update(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma_anon_vma(vma);

	if (!anon_vma)
		return;
	insert_into_trees(vma);
	anon_vma_unlock_write(anon_vma);
}

/* Locking: the root's rwsem for write. */
static void inherit_chains(struct vm_area_struct *heir, struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	remove_from_trees(vma);
	TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma)
		avc->vma = heir;
	TAILQ_CONCAT(&heir->anon_vma_chain, &vma->anon_vma_chain, same_vma);
	vma_set_anon_vma(heir, vma_anon_vma(vma));
	vma_set_anon_vma(vma, NULL);
}

void anon_vma_pre_merge(struct vm_area_struct *heir, struct vm_area_struct *vma)
{
	struct anon_vma_chain_list list = TAILQ_HEAD_INITIALIZER(list);
	struct anon_vma *anon_vma = vma_anon_vma(vma);

	if (!anon_vma) {
		anon_vma_tree_pre_update(heir);
		return;
	}
	anon_vma_lock_write(anon_vma);
	if (!vma_anon_vma(heir)) {
		inherit_chains(heir, vma);
		return;
	}
	BUG_ON(vma_anon_vma(heir) != anon_vma);
	unlink_chains(vma, &list);	/* the heir's stay in each tree */
	remove_from_trees(heir);
	chains_free(&list);
}
