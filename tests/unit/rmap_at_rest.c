/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap_at_rest.c - what the oracle of the reverse map says: nothing of a family of forks, and of each mutant its own
 * word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/mm/anon_vma.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/oracle/each_frame.h"
#include "core/oracle/rmap_at_rest.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(2 * PGDIR_SIZE)
#define LEN	(32 * PAGE_SIZE)
#define SECOND	(AREA + PMD_SIZE)	/* another area, with an anon_vma of its own */
#define THIRD	(AREA + 2 * PMD_SIZE)	/* and one that the first mm has for itself */
#define NR	3u

/* A parent, its child, and the child's: pages of each, some shared. */
struct family {
	struct mm_struct *mm[NR];
	char why[256];
};

static void begin(struct family *f, const char *policy)
{
	f->mm[0] = world_mm(policy);
	map_at(f->mm[0], AREA, LEN, READ_WRITE);
	map_at(f->mm[0], SECOND, LEN, READ_WRITE);
	for (unsigned int i = 0; i < NR; i++) {
		if (i)
			assert_int_equal(sys_fork(f->mm[i - 1], &f->mm[i]), 0);
		for (unsigned long page = i; page < 32; page += i + 1)
			write_at(f->mm[i], AREA + page * PAGE_SIZE);
		write_at(f->mm[i], SECOND);
	}
	map_at(f->mm[0], THIRD, LEN, READ_WRITE);
	write_at(f->mm[0], THIRD);
}

static void end(struct family *f)
{
	for (unsigned int i = 0; i < NR; i++)
		mm_exit(f->mm[i]);
	rcu_barrier();
	assert_int_equal(nr_anon_vmas(), 0);
	assert_int_equal(nr_anon_vma_chains(), 0);
}

static struct complaint look(struct family *f)
{
	struct complaint complaint = { .why = f->why, .size = sizeof(f->why) };

	rcu_barrier();
	f->why[0] = '\0';
	rmap_at_rest(f->mm, NR, &complaint);
	return complaint;
}

static void is_right(struct family *f)
{
	if (look(f).made)
		fail_msg("%s", f->why);
}

static void is_wrong(struct family *f, const char *words)
{
	if (!look(f).made || !strstr(f->why, words))
		fail_msg("'%s' expected, it says '%s'", words, f->why);
}


static struct vm_area_struct *vma_at_rest(struct family *f, unsigned int i, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(f->mm[i]);
	vma = vma_lookup(f->mm[i], addr);
	mmap_read_unlock(f->mm[i]);
	return vma;
}

static struct folio *folio_at(struct family *f, unsigned int i, unsigned long addr)
{
	return page_folio(pte_page(tree_pte(f->mm[i], addr)));
}

static void nothing_is_wrong_with_a_family(void **state)
{
	static const char *const orders[] = { "linux-6.15", "linux-6.15,anon=16k",
					      "linux-2.6.14,anon=64k,anon_vma=call_rcu" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
		struct family f;

		begin(&f, orders[i]);
		is_right(&f);
		BUG_ON(sys_mprotect(f.mm[1], AREA + 4 * PAGE_SIZE, 8 * PAGE_SIZE, PROT_READ));
		BUG_ON(sys_munmap(f.mm[0], AREA + 9 * PAGE_SIZE, 2 * PAGE_SIZE));
		BUG_ON(sys_madvise(f.mm[2], AREA, 16 * PAGE_SIZE, MADV_DONTNEED));
		is_right(&f);
		end(&f);
	}
}

static void what_is_wrong_with_an_anon_vma(void **state)
{
	struct anon_vma *root, *middle;
	struct family f;

	(void)state;
	begin(&f, "linux-6.15");
	root = vma_at_rest(&f, 0, AREA)->anon_vma;
	middle = vma_at_rest(&f, 1, AREA)->anon_vma;
	assert_ptr_equal(middle->root, root);
	assert_int_equal(root->refcount, 3);
	wrong_when(&f, root->refcount, 2, "refcount");
	wrong_when(&f, middle->refcount, 2, "refcount");
	wrong_when(&f, root->num_children, root->num_children + 1, "num_children");
	wrong_when(&f, middle->num_children, 0, "num_children");
	wrong_when(&f, middle->num_active_vmas, 2, "num_active_vmas");
	wrong_when(&f, middle->parent, middle, "num_children");
	wrong_when(&f, middle->root, middle, "two families");
	wrong_when(&f, middle->parent, (struct anon_vma *)&f, "parent that no VMA");
	wrong_when(&f, vma_at_rest(&f, 0, THIRD)->anon_vma->root, (struct anon_vma *)&f, "root that no VMA");
	down_read(&root->rwsem);
	is_wrong(&f, "lock is held");
	rcu_read_lock();
	up_read(&root->rwsem);
	rcu_read_unlock();
	is_right(&f);
	end(&f);
}

static void what_is_wrong_with_a_vma(void **state)
{
	struct vm_area_struct *vma, *second;
	struct anon_vma_chain *avc;
	struct family f;

	(void)state;
	begin(&f, "linux-6.15");
	vma = vma_at_rest(&f, 1, AREA);
	second = vma_at_rest(&f, 1, SECOND);
	avc = TAILQ_FIRST(&vma->anon_vma_chain);
	wrong_when(&f, vma->anon_vma, NULL, "no anon_vma");
	wrong_when(&f, vma->anon_vma, second->anon_vma, "two families");
	wrong_when(&f, vma->anon_vma, vma_at_rest(&f, 2, AREA)->anon_vma, "not linked to");
	wrong_when(&f, avc->vma, second, "another VMA's");
	is_right(&f);
	end(&f);
}

/* Chains that are in a tree and on no list, or on a list and in no tree. */
static void what_is_wrong_with_a_chain(void **state)
{
	struct vm_area_struct *vma;
	struct anon_vma_chain *avc, copy;
	struct family f;

	(void)state;
	begin(&f, "linux-6.15");
	vma = vma_at_rest(&f, 1, AREA);
	avc = TAILQ_LAST(&vma->anon_vma_chain, anon_vma_chain_list);
	TAILQ_REMOVE(&vma->anon_vma_chain, avc, same_vma);
	is_wrong(&f, "chains are allocated");
	copy = *avc;
	TAILQ_INSERT_TAIL(&vma->anon_vma_chain, &copy, same_vma);
	is_wrong(&f, "has a chain without a VMA");
	TAILQ_INSERT_TAIL(&vma->anon_vma_chain, avc, same_vma);
	is_wrong(&f, "more chains than are allocated");
	TAILQ_REMOVE(&vma->anon_vma_chain, &copy, same_vma);
	anon_vma_lock_write(avc->anon_vma);
	anon_vma_interval_tree_remove(avc, &avc->anon_vma->tree);
	anon_vma_unlock_write(avc->anon_vma);
	is_wrong(&f, "tree has 2 chains, 3 VMAs");
	anon_vma_lock_write(avc->anon_vma);
	anon_vma_interval_tree_insert(avc, &avc->anon_vma->tree);
	anon_vma_unlock_write(avc->anon_vma);
	is_right(&f);
	end(&f);
}

/* Row: A3. */
static void what_is_wrong_with_a_page(void **state)
{
	struct folio *folio;
	struct family f;
	uint64_t *entry;

	(void)state;
	begin(&f, "linux-6.15");
	folio = folio_at(&f, 2, AREA + PAGE_SIZE);	/* shared by the last two: the middle one wrote it */
	assert_int_equal(folio_mapcount(folio), 2);
	wrong_when(&f, folio->page.mapping, NULL, "an anon_vma that no VMA");
	wrong_when(&f, folio->page.mapping, (char *)&f + PAGE_MAPPING_ANON, "an anon_vma that no VMA");
	wrong_when(&f, folio->page.index, folio->page.index + 1, "is page");
	/* A walk that looks in the last one's VMAs only. */
	wrong_when(&f, folio->page.mapping, (char *)vma_at_rest(&f, 2, AREA)->anon_vma + PAGE_MAPPING_ANON, "misses");
	folio_lock(folio);
	is_wrong(&f, "is locked");
	folio_unlock(folio);
	entry = tree_entry(f.mm[0]->pt.pgd, LEVEL_PTE, AREA + PAGE_SIZE);
	/* The page comes to a VMA of its root's that its own anon_vma does not know. */
	wrong_when(&f, *entry, tree_value(f.mm[2]->pt.pgd, LEVEL_PTE, AREA + PAGE_SIZE), "misses");
	wrong_when(&f, f.mm[0]->pt.counters[this_cpu->id].count[MM_ANONPAGES], 1, "more pages are mapped");
	is_right(&f);
	end(&f);
}

/* No write since the fork: every page is in two mms, at the same address. A walk goes through one of them twice. */
static void what_is_found_twice(void **state)
{
	struct family f;

	(void)state;
	f.mm[0] = world_mm("linux-6.15");
	map_at(f.mm[0], AREA, LEN, READ_WRITE);
	write_at(f.mm[0], AREA);
	for (unsigned int i = 1; i < NR; i++)
		assert_int_equal(sys_fork(f.mm[0], &f.mm[i]), 0);
	is_right(&f);
	wrong_when(&f, vma_at_rest(&f, 1, AREA)->vm_mm, f.mm[0], "or twice");
	is_right(&f);
	end(&f);
}

/* An mm that the oracle does not know has anon_vmas that it does not reach. */
static void what_is_out_of_reach(void **state)
{
	struct complaint complaint;
	struct family f;

	(void)state;
	begin(&f, "linux-6.15");
	complaint = (struct complaint){ .why = f.why, .size = sizeof(f.why) };
	rmap_at_rest(f.mm, NR - 1, &complaint);
	assert_true(complaint.made);
	assert_non_null(strstr(f.why, "allocated, VMAs have"));
	end(&f);
}

/* A watchdog waits for something to move: frames, their mappings and those of files are counted block by block. */
static void the_blocks_of_frames_are_counted(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	rcu_barrier();
	events_reset();
	assert_at_rest(mm);
	assert_int_equal(events_total(EV_INSPECTED),
			 3 * (ALIGN_UP(machine.max_pfn, FRAMES_PER_STEP) / FRAMES_PER_STEP));
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_wrong_with_a_family),
		cmocka_unit_test(what_is_wrong_with_an_anon_vma),
		cmocka_unit_test(what_is_wrong_with_a_vma),
		cmocka_unit_test(what_is_wrong_with_a_chain),
		cmocka_unit_test(what_is_wrong_with_a_page),
		cmocka_unit_test(what_is_found_twice),
		cmocka_unit_test(what_is_out_of_reach),
		cmocka_unit_test(the_blocks_of_frames_are_counted),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
