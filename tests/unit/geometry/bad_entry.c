/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Corrupt entries of upper tables: each is reported once and becomes a hole, whatever operation finds it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/mm/pagewalk.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/fault.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/hmm.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/pgtable/mmu_gather.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define BASE	PGDIR_SIZE
#define END	(3 * PGDIR_SIZE)

/* A table's bits but one; one too many; not present; bits of a PTE. */
static const uint64_t bad_values[] = {
	ENTRY_TABLE & ~ENTRY_WRITE, ENTRY_TABLE | ENTRY_SPECIAL, ENTRY_WRITE, 0xdeadul << PAGE_SHIFT | ENTRY_PROTNONE,
};

static const enum pgtable_level uppers[] = { LEVEL_PGD, LEVEL_P4D, LEVEL_PUD, LEVEL_PMD };

/* A level, a value and an address: where @entry is bad. */
struct plant {
	struct mm_struct *mm;
	enum pgtable_level level;
	uint64_t value;
	unsigned long addr;
	uint64_t *entry;
};

/* An mm with one VMA, one page at its begin, and the bad value in an empty entry of that level. */
static struct plant plant(enum pgtable_level level, uint64_t value)
{
	struct plant p = { world_mm("linux-6.15"), level, value, BASE + level_span(level), NULL };
	const int prot = PROT_READ | PROT_WRITE;

	BUG_ON(sys_mmap(p.mm, BASE, END - BASE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	BUG_ON(do_user_addr_fault(p.mm, BASE, FAULT_FLAG_WRITE));
	p.entry = tree_entry(p.mm->pt.pgd, level, p.addr);
	BUG_ON(!p.entry || *p.entry);
	*p.entry = value;
	return p;
}

/* It was reported once, and is none, or what an operation put there since. */
static void assert_cleared(const struct plant *p)
{
	struct bad_pte log[BAD_PTE_LOG];

	assert_int_equal(bad_ptes(log), 1);
	assert_int_equal(log[0].val, p->value);
	assert_int_equal(log[0].level, real_depth(p->level));
	assert_ptr_equal(log[0].entry, p->entry);
	assert_true(*p->entry != p->value);
}

static void uproot(struct plant *p)
{
	assert_cleared(p);
	bad_ptes_reset();
	assert_at_rest(p->mm);
	mm_exit(p->mm);
}

static void for_each_plant(void (*fn)(struct plant *p))
{
	for (unsigned int i = 0; i < ARRAY_SIZE(uppers); i++) {
		for (unsigned int j = 0; level_real(uppers[i]) && j < ARRAY_SIZE(bad_values); j++) {
			struct plant p = plant(uppers[i], bad_values[j]);

			fn(&p);
			uproot(&p);
		}
	}
}

/* ---- walks ---- */

/* The hole that begins at an address. */
struct hole {
	unsigned long addr, next;
	int depth;
	unsigned int met;
};

static int note_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	struct hole *hole = walk->private;

	if (addr == hole->addr) {
		hole->next = next;
		hole->depth = depth;
		hole->met++;
	}
	return 0;
}

static int pass(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)ptep, (void)addr, (void)next, (void)walk;
	return 0;
}

static void assert_a_hole(const struct hole *hole, const struct plant *p)
{
	assert_int_equal(hole->met, 1);
	assert_int_equal(hole->depth, real_depth(p->level));
	assert_int_equal(hole->next, p->addr + level_span(p->level));
	assert_int_equal(*p->entry, 0);
}

static void walk_it(struct plant *p)
{
	static const struct mm_walk_ops ops = { .pte_entry = pass, .pte_hole = note_hole };
	struct hole hole = { .addr = p->addr };

	mmap_read_lock(p->mm);
	assert_int_equal(walk_page_range(p->mm, BASE, END, &ops, &hole), 0);
	mmap_read_unlock(p->mm);
	assert_a_hole(&hole, p);
}

static void walk_it_without_vmas(struct plant *p)
{
	static const struct mm_walk_ops ops = { .pte_entry = pass, .pte_hole = note_hole, .walk_lock = PGWALK_WRLOCK };
	struct hole hole = { .addr = p->addr };

	mmap_write_lock(p->mm);
	assert_int_equal(walk_page_range_novma(p->mm, BASE, END, &ops, NULL, &hole), 0);
	mmap_write_unlock(p->mm);
	assert_a_hole(&hole, p);
}

static int put_guard(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	*ptep = make_swapent(SWAPENT_GUARD, 0);
	return 0;
}

static void install_over_it(struct plant *p)
{
	static const struct mm_walk_ops ops = { .install_pte = put_guard };

	mmap_read_lock(p->mm);
	assert_int_equal(walk_page_range_mm(p->mm, p->addr, p->addr + PAGE_SIZE, &ops, NULL), 0);
	mmap_read_unlock(p->mm);
	assert_true(pte_is_guard(tree_pte(p->mm, p->addr)));
}

/* Row: W9. */
static void a_walk_finds_a_hole_where_an_entry_is_bad(void **state)
{
	(void)state;
	for_each_plant(walk_it);
	for_each_plant(walk_it_without_vmas);
	for_each_plant(install_over_it);
}

static void look_for_its_folio(struct plant *p)
{
	struct folio_walk fw;

	mmap_read_lock(p->mm);
	assert_null(folio_walk_start(&fw, vma_lookup(p->mm, p->addr), p->addr, FW_ZEROPAGE | FW_MIGRATION));
	mmap_read_unlock(p->mm);
	assert_int_equal(*p->entry, 0);
}

/* Row: W12. */
static void no_folio_is_found_through_a_bad_entry(void **state)
{
	(void)state;
	for_each_plant(look_for_its_folio);
}

/* ---- operations ---- */

static void zap_it(struct plant *p)
{
	assert_int_equal(sys_madvise(p->mm, BASE, END - BASE, MADV_DONTNEED), 0);
	assert_int_equal(*p->entry, 0);
}

static void protect_it(struct plant *p)
{
	assert_int_equal(sys_mprotect(p->mm, BASE, END - BASE, PROT_READ), 0);
	assert_int_equal(*p->entry, 0);
}

static void fork_it(struct plant *p)
{
	struct mm_struct *child;

	assert_int_equal(sys_fork(p->mm, &child), 0);
	mm_exit(child);
}

static void snapshot_it(struct plant *p)
{
	hmm_pfn_t pfn = 0;

	mmap_read_lock(p->mm);
	assert_int_equal(hmm_vma_get_pfns(vma_lookup(p->mm, p->addr), p->addr, p->addr + PAGE_SIZE, &pfn), 0);
	mmap_read_unlock(p->mm);
	assert_int_equal(pfn, HMM_PFN_EMPTY);
	assert_int_equal(*p->entry, 0);
}

static void move_it(struct plant *p)
{
	assert_int_equal(sys_mremap(p->mm, p->addr, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, END), END);
	assert_int_equal(sys_munmap(p->mm, END, PAGE_SIZE), 0);
}

/* GUP-fast skips the entry, the slow path clears it, and its fault puts a page there. */
static void pin_it(struct plant *p)
{
	struct page *page;

	assert_int_equal(pin_user_pages_fast(p->mm, p->addr, 1, FOLL_WRITE | FOLL_FAST_ONLY, &page), 0);
	assert_int_equal(bad_ptes(NULL), 0);
	assert_int_equal(pin_user_pages_fast(p->mm, p->addr, 1, FOLL_WRITE, &page), 1);
	unpin_user_page(page);
	assert_true(pte_write(tree_pte(p->mm, p->addr)));
}

/* Row: W9. */
static void every_operation_clears_bad_entries(void **state)
{
	(void)state;
	for_each_plant(zap_it);
	for_each_plant(protect_it);
	for_each_plant(fork_it);
	for_each_plant(snapshot_it);
	for_each_plant(move_it);
	for_each_plant(pin_it);
}

/* As munmap() frees tables: no entry below is left. */
static void free_tables_around_it(enum pgtable_level level, uint64_t value)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct mmu_gather tlb;
	uint64_t *entry;

	tree_make(mm, BASE);
	entry = tree_entry(mm->pt.pgd, level, BASE + level_span(level));
	*entry = value;
	mmap_write_lock(mm);
	tlb_gather_mmu(&tlb, &mm->pt);
	free_pgtables(&tlb, BASE, END, 0, 0);
	tlb_finish_mmu(&tlb);
	mmap_write_unlock(mm);
	assert_int_equal(bad_ptes(NULL), 1);
	bad_ptes_reset();
	mm_exit(mm);
}

static void tables_are_freed_around_bad_entries(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(uppers); i++)
		for (unsigned int j = 0; level_real(uppers[i]) && j < ARRAY_SIZE(bad_values); j++)
			free_tables_around_it(uppers[i], bad_values[j]);
}

/* A fault trusts the tables above PMD tables, as in Linux. */
static void a_fault_replaces_a_bad_pmd(void **state)
{
	(void)state;
	for (unsigned int i = 0; FAULTLINE_LEVELS > 2 && i < ARRAY_SIZE(bad_values); i++) {
		struct plant p = plant(LEVEL_PMD, bad_values[i]);

		assert_int_equal(do_user_addr_fault(p.mm, p.addr, FAULT_FLAG_WRITE), 0);
		assert_true(pte_write(tree_pte(p.mm, p.addr)));
		uproot(&p);
	}
}

/* ---- two threads ---- */

static void touch(void *arg)
{
	struct plant *p = arg;

	BUG_ON(do_user_addr_fault(p->mm, p->addr, FAULT_FLAG_WRITE));
}

/* The second thread clears the entry and maps a page; the first finds another value, and leaves it. */
static void what_was_linked_meanwhile_stays(void **state)
{
	struct plant p;

	(void)state;
	if (!FAULTLINE_CHECK || FAULTLINE_LEVELS == 2)
		skip();
	p = plant(LEVEL_PMD, ENTRY_WRITE);
	meanwhile("bad_entry.found", touch, &p);
	assert_int_equal(do_user_addr_fault(p.mm, p.addr + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(pte_write(tree_pte(p.mm, p.addr)));
	assert_true(pte_write(tree_pte(p.mm, p.addr + PAGE_SIZE)));
	uproot(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_walk_finds_a_hole_where_an_entry_is_bad, world_up, world_down),
		cmocka_unit_test_setup_teardown(no_folio_is_found_through_a_bad_entry, world_up, world_down),
		cmocka_unit_test_setup_teardown(every_operation_clears_bad_entries, world_up, world_down),
		cmocka_unit_test_setup_teardown(tables_are_freed_around_bad_entries, world_up, world_down),
		cmocka_unit_test_setup_teardown(a_fault_replaces_a_bad_pmd, world_up, world_down),
		cmocka_unit_test_setup_teardown(what_was_linked_meanwhile_stays, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
