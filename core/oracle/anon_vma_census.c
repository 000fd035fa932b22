/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_census.c - finds all anon_vmas from the VMAs, and counts them. */
#include "core/oracle/anon_vma_census.h"

#include <stdlib.h>

#include "core/mm/ksm.h"

static int by_address(const void *a, const void *b)
{
	const char *left = *(char *const *)a, *right = *(char *const *)b;

	return left < right ? -1 : left > right;
}

_Static_assert(offsetof(struct census_entry, anon_vma) == 0, "an entry can be compared by its first field");

struct census_entry *census_find(const struct census *census, const struct anon_vma *anon_vma)
{
	return bsearch(&anon_vma, census->entry, census->nr, sizeof(*census->entry), by_address);
}

static bool chain_known(const struct census *census, const struct anon_vma_chain *avc)
{
	return bsearch(&avc, census->chain, census->nr_chains, sizeof(*census->chain), by_address);
}

void census_free(struct census *census)
{
	free(census->chain);
	free(census->entry);
}

/* ---- chains and anon_vmas ---- */

static void gather_vma(struct census *census, const struct vm_area_struct *vma, struct complaint *complaint)
{
	struct anon_vma_chain *avc;

	TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma) {
		if (census->nr_chains == nr_anon_vma_chains()) {
			disagree(complaint, "the VMAs have more chains than are allocated, at %lx-%lx", vma->vm_start,
				 vma->vm_end);
			return;
		}
		if (avc->vma != vma) {
			disagree(complaint, "a chain of VMA %lx-%lx is another VMA's", vma->vm_start, vma->vm_end);
			return;
		}
		census->chain[census->nr_chains++] = avc;
	}
}

static void count_one(const struct ksm_rmap_item *item, void *nr)
{
	(void)item;
	++*(unsigned long *)nr;
}

/* Two entries: it keeps its root, too. */
static void gather_item(const struct ksm_rmap_item *item, void *next)
{
	struct census_entry **entry = next;

	(*entry)++->anon_vma = item->anon_vma;
	(*entry)++->anon_vma = load_relaxed(&item->anon_vma->root);
}

static void count_item(const struct ksm_rmap_item *item, void *census)
{
	census_find(census, item->anon_vma)->items++;
}

/* An entry for each anon_vma that chains, or items of KSM, name. */
static void make_entries(struct census *census)
{
	struct census_entry *end = census->entry;
	unsigned long i, nr;

	for (i = 0; i < census->nr_chains; i++)
		(end++)->anon_vma = census->chain[i]->anon_vma;
	ksm_each_item(gather_item, &end);
	nr = (unsigned long)(end - census->entry);
	qsort(census->entry, nr, sizeof(*census->entry), by_address);
	for (i = 0; i < nr; i++)
		if (!census->nr || census->entry[census->nr - 1].anon_vma != census->entry[i].anon_vma)
			census->entry[census->nr++].anon_vma = census->entry[i].anon_vma;
	ksm_each_item(count_item, census);
}

/* ---- relations ---- */

/* Every VMA's own anon_vma, and its chains. */
static void count_user(struct census_entry *entry, const struct vm_area_struct *vma, struct complaint *complaint)
{
	if (entry->mm && entry->mm != vma->vm_mm)
		disagree(complaint, "an anon_vma is VMA %lx-%lx's own, and that of another mm's VMA", vma->vm_start,
			 vma->vm_end);
	entry->mm = vma->vm_mm;
	entry->active++;
}

static void count_vma(struct census *census, const struct vm_area_struct *vma, struct complaint *complaint)
{
	struct anon_vma *own = load_relaxed(&vma->anon_vma);
	struct anon_vma_chain *avc;
	bool linked = false;

	TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma) {
		linked |= avc->anon_vma == own;
		if (own && load_relaxed(&avc->anon_vma->root) != load_relaxed(&own->root))
			disagree(complaint, "VMA %lx-%lx is linked to two families", vma->vm_start, vma->vm_end);
		census_find(census, avc->anon_vma)->chains++;
	}
	if (own && !linked)
		disagree(complaint, "VMA %lx-%lx has an anon_vma that it is not linked to", vma->vm_start, vma->vm_end);
	else if (own)
		count_user(census_find(census, own), vma, complaint);
	else if (!TAILQ_EMPTY(&vma->anon_vma_chain))
		disagree(complaint, "VMA %lx-%lx has chains, but no anon_vma", vma->vm_start, vma->vm_end);
}

/* One that no VMA is linked to is no child any more. */
static void count_family(struct census *census, const struct census_entry *entry, struct complaint *complaint)
{
	const struct anon_vma *anon_vma = entry->anon_vma, *up = load_relaxed(&anon_vma->root);
	struct census_entry *parent = entry->chains ? census_find(census, anon_vma->parent) : NULL;
	struct census_entry *root = census_find(census, up);

	if ((!parent && entry->chains) || !root) {
		disagree(complaint, "an anon_vma has a %s that no VMA is linked to", root ? "parent" : "root");
		return;
	}
	if (parent)
		parent->children++;
	if (up != anon_vma)
		root->family++;
}

static void check_tree(const struct census *census, const struct census_entry *entry, struct complaint *complaint)
{
	struct anon_vma *anon_vma = entry->anon_vma;
	struct anon_vma_chain *avc;
	unsigned long nr = 0;

	anon_vma_interval_tree_foreach(avc, &anon_vma->tree, 0, ~0ul) {
		if (!chain_known(census, avc) || avc->anon_vma != anon_vma) {
			disagree(complaint, "an anon_vma's tree has a chain without a VMA");
			return;
		}
		nr++;
	}
	if (nr != entry->chains || anon_vma_interval_tree_check(&anon_vma->tree) != nr)
		disagree(complaint, "an anon_vma's tree has %lu chains, %lu VMAs are linked to it", nr, entry->chains);
}

static void check_counts(const struct census_entry *entry, struct complaint *complaint)
{
	const struct anon_vma *anon_vma = entry->anon_vma;

	if (load_relaxed(&anon_vma->refcount) != !!entry->chains + entry->family + entry->items)
		disagree(complaint, "an anon_vma has refcount %u, and a family of %u, and %u items of KSM",
			 load_relaxed(&anon_vma->refcount), entry->family, entry->items);
	if (anon_vma->num_children != entry->children)
		disagree(complaint, "an anon_vma has num_children %u, and %u children", anon_vma->num_children,
			 entry->children);
	if (anon_vma->num_active_vmas != entry->active)
		disagree(complaint, "an anon_vma has num_active_vmas %u, and is %u VMAs' own",
			 anon_vma->num_active_vmas, entry->active);
	if (rwsem_is_locked(&anon_vma->rwsem))
		disagree(complaint, "an anon_vma's lock is held");
}

/* ---- all of it ---- */

static void for_each_vma(struct census *census, struct mm_struct *const *mms, unsigned int nr,
			 struct complaint *complaint,
			 void (*fn)(struct census *, const struct vm_area_struct *, struct complaint *))
{
	const struct vm_area_struct *vma;

	for (unsigned int i = 0; i < nr; i++)
		for (unsigned long addr = 0; !complaint->made && (vma = vma_tree_find(&mms[i]->tree, addr));
		     addr = vma->vm_end)
			fn(census, vma, complaint);
}

void census_take(struct census *census, struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint)
{
	unsigned long room = nr_anon_vma_chains(), items = 0;

	ksm_each_item(count_one, &items);
	*census = (struct census){ .chain = calloc(room + 1, sizeof(*census->chain)),
				   .entry = calloc(room + 2 * items + 1, sizeof(*census->entry)) };
	if (!census->chain || !census->entry) {
		disagree(complaint, "no memory for the census of anon_vmas");
		return;
	}
	for_each_vma(census, mms, nr, complaint, gather_vma);
	if (complaint->made)
		return;
	qsort(census->chain, census->nr_chains, sizeof(*census->chain), by_address);
	make_entries(census);
	if (census->nr_chains != room || census->nr != nr_anon_vmas())
		disagree(complaint, "%lu anon_vmas and %lu chains are allocated, VMAs have %lu and %lu", nr_anon_vmas(),
			 room, census->nr, census->nr_chains);
	for_each_vma(census, mms, nr, complaint, count_vma);
	for (unsigned long i = 0; i < census->nr && !complaint->made; i++)
		count_family(census, &census->entry[i], complaint);
	for (unsigned long i = 0; i < census->nr && !complaint->made; i++) {
		check_tree(census, &census->entry[i], complaint);
		check_counts(&census->entry[i], complaint);
	}
}
