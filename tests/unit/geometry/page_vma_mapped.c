/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_vma_mapped.c - the entries of a VMA that map a range of pages: found, each once, in place, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(2 * PGDIR_SIZE)
#define LEN	(3 * PMD_SIZE)
#define ORDER	3u
#define NR	(1ul << ORDER)
#define FIRST	(AREA + PMD_SIZE - 5 * PAGE_SIZE)	/* of a folio that two tables map: five pages, and three */

/* An area, and a folio whose pages are put into it by hand: nothing counts them, and all are taken out at the end. */
struct scene {
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	struct folio *folio;
};

static void begin(struct scene *s, const char *policy)
{
	s->mm = world_mm(policy);
	map_at(s->mm, AREA, LEN, READ_WRITE);
	s->vma = vma_tree_find(&s->mm->tree, AREA);
	s->folio = folio_alloc(ORDER, PAGE_ANON);
	assert_non_null(s->folio);
	s->folio->page.index = linear_page_index(s->vma, FIRST);
}

static void put(struct scene *s, unsigned long addr, struct page *page)
{
	pte_init(tree_make(s->mm, addr), mk_pte(page, s->vma->vm_page_prot));
}

static void put_all(struct scene *s)
{
	for (unsigned long i = 0; i < NR; i++)
		put(s, FIRST + i * PAGE_SIZE, folio_page(s->folio, i));
}

static void take(struct scene *s, unsigned long addr)
{
	uint64_t *entry = tree_entry(s->mm->pt.pgd, LEVEL_PTE, addr);

	if (entry)
		store_release(entry, 0);
}

static void end(struct scene *s)
{
	for (unsigned long addr = AREA; addr < AREA + LEN; addr += PAGE_SIZE)
		take(s, addr);
	folio_put(s->folio);
	mm_exit(s->mm);
}

/* A walk over the folio's pages wherever the VMA has room for them. */
static struct page_vma_mapped_walk walk_of(struct scene *s, unsigned int flags)
{
	unsigned long addr = vma_address(s->vma, s->folio->page.index, NR);

	return (struct page_vma_mapped_walk)PVMW_OF_FOLIO(s->folio, s->vma, addr, flags);
}

/* Bit i is set when page i of the folio was found; dies if one is out of its place, out of order, or twice there. */
static unsigned int found(struct scene *s, unsigned int flags)
{
	struct page_vma_mapped_walk pvmw = walk_of(s, flags);
	unsigned long last = 0;
	unsigned int bits = 0;

	while (page_vma_mapped_walk(&pvmw)) {
		unsigned long i = folio_page_idx(s->folio, pte_page(ptep_get(pvmw.pte)));

		assert_true(pvmw.address > last && i < NR && !(bits & 1u << i));
		assert_int_equal(linear_page_index(s->vma, pvmw.address), s->folio->page.index + i);
		assert_ptr_equal(pvmw.pte, tree_entry(s->mm->pt.pgd, LEVEL_PTE, pvmw.address));
		assert_true(spin_is_locked(pvmw.ptl));
		last = pvmw.address;
		bits |= 1u << i;
	}
	assert_null(pvmw.pte);
	assert_null(pvmw.ptl);
	if (FAULTLINE_CHECK)
		lockrank_assert_none_held();
	return bits;
}

static void where_a_vma_has_room(void **state)
{
	struct vm_area_struct vma = { .vm_start = 100 * PAGE_SIZE, .vm_end = 110 * PAGE_SIZE, .vm_pgoff = 50 };
	const unsigned long none = (unsigned long)-EFAULT;

	(void)state;
	assert_int_equal(vma_address(&vma, 50, 1), 100 * PAGE_SIZE);
	assert_int_equal(vma_address(&vma, 59, 1), 109 * PAGE_SIZE);
	assert_int_equal(vma_address(&vma, 60, 1), none);
	assert_int_equal(vma_address(&vma, 49, 1), none);
	assert_int_equal(vma_address(&vma, 42, 8), none);
	assert_int_equal(vma_address(&vma, 43, 8), 100 * PAGE_SIZE);	/* its last page only */
	assert_int_equal(vma_address(&vma, 59, 8), 109 * PAGE_SIZE);	/* its first page only */
	assert_int_equal(vma_address(&vma, 40, 64), 100 * PAGE_SIZE);	/* larger than the VMA */
	assert_int_equal(vma_address(&vma, 60, 8), none);
}

/* Row: A7. */
static void pages_are_found_across_tables(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct scene s;

		begin(&s, world_policies[i]);
		assert_int_equal(found(&s, 0), 0);	/* no table at all */
		assert_int_equal(found(&s, PVMW_SYNC), 0);
		put_all(&s);
		assert_int_equal(found(&s, 0), 0xff);
		assert_int_equal(found(&s, PVMW_SYNC), 0xff);
		assert_int_equal(found(&s, PVMW_MIGRATION), 0);
		end(&s);
	}
}

/* Any set of the pages; the others are empty, other pages, the zero page, markers. */
static void only_what_is_mapped_is_found(void **state)
{
	struct page *other = alloc_page(PAGE_ANON);
	struct scene s;

	(void)state;
	begin(&s, "linux-6.15");
	for (unsigned int bits = 0; bits < 1u << NR; bits++) {
		for (unsigned long i = 0; i < NR; i++) {
			unsigned long addr = FIRST + i * PAGE_SIZE;

			take(&s, addr);
			if (bits & 1u << i)
				put(&s, addr, folio_page(s.folio, i));
			else if (bits % 4 == 1)
				put(&s, addr, other);
			else if (bits % 4 == 2)
				tree_put_zero(s.mm, addr);
			else if (bits % 4 == 3)
				tree_put_guard(s.mm, addr);
		}
		assert_int_equal(found(&s, bits & 1 ? PVMW_SYNC : 0), bits);
	}
	end(&s);
	put_page(other);
}

/* Not accessible, but mapped. */
static void what_is_kept_without_rights_is_found(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, "linux-6.15");
	pte_init(tree_make(s.mm, FIRST + PAGE_SIZE), mk_pte(folio_page(s.folio, 1), ENTRY_PROTNONE));
	assert_int_equal(found(&s, 0), 0x2);
	end(&s);
}

/* A VMA that begins, or ends, inside the folio: after a split, or because it is a part that moved. */
static void a_vma_has_a_part_of_the_pages(void **state)
{
	struct vm_area_struct part;
	struct scene s;

	(void)state;
	begin(&s, "linux-6.15");
	put_all(&s);
	part = *s.vma;
	s.vma = &part;
	part.vm_start += FIRST - AREA + 2 * PAGE_SIZE;
	part.vm_pgoff += (FIRST - AREA + 2 * PAGE_SIZE) >> PAGE_SHIFT;
	assert_int_equal(found(&s, 0), 0xfc);
	part.vm_end = FIRST + 7 * PAGE_SIZE;
	assert_int_equal(found(&s, 0), 0x7c);
	part.vm_end = FIRST + 4 * PAGE_SIZE;
	assert_int_equal(found(&s, PVMW_SYNC), 0x0c);
	s.vma = vma_tree_find(&s.mm->tree, AREA);
	end(&s);
}

/* Row: A7. */
static void a_walk_is_left_and_taken_up_again(void **state)
{
	struct page_vma_mapped_walk pvmw;
	struct scene s;

	(void)state;
	begin(&s, "linux-6.15");
	put_all(&s);
	pvmw = walk_of(&s, 0);
	assert_true(page_vma_mapped_walk(&pvmw));
	assert_true(page_vma_mapped_walk(&pvmw));
	assert_int_equal(pvmw.address, FIRST + PAGE_SIZE);
	page_vma_mapped_walk_restart(&pvmw);
	if (FAULTLINE_CHECK)
		lockrank_assert_none_held();
	assert_true(page_vma_mapped_walk(&pvmw));	/* the same again */
	assert_int_equal(pvmw.address, FIRST + PAGE_SIZE);
	page_vma_mapped_walk_restart(&pvmw);
	take(&s, FIRST + PAGE_SIZE);
	assert_true(page_vma_mapped_walk(&pvmw));	/* it is gone: the one after it */
	assert_int_equal(pvmw.address, FIRST + 2 * PAGE_SIZE);
	page_vma_mapped_walk_done(&pvmw);
	page_vma_mapped_walk_done(&pvmw);		/* nothing is left to do */
	if (FAULTLINE_CHECK)
		lockrank_assert_none_held();
	end(&s);
}

static void a_page_in_a_wrong_place_dies(void **state)
{
	struct page_vma_mapped_walk pvmw;
	static struct scene s;

	(void)state;
	needs_checks();
	begin(&s, "linux-6.15,pte_ptl=mm");
	put(&s, FIRST, folio_page(s.folio, 1));
	pvmw = walk_of(&s, 0);
	assert_dies("linear_page_index", page_vma_mapped_walk(&pvmw));
	pte_unmap_unlock(&s.mm->pt, &s.mm->pt.page_table_lock);
	end(&s);
}

/* ---- step by step: what happens between looking and locking ---- */

static void empty_the_first_table(void *arg)
{
	struct scene *s = arg;

	for (unsigned long i = 0; i < 5; i++)
		take(s, FIRST + i * PAGE_SIZE);
}

/* Row: A7. */
static void entries_that_go_before_the_lock_are_not_found(void **state)
{
	struct scene s;

	(void)state;
	needs_checks();
	begin(&s, "linux-6.15");
	put_all(&s);
	meanwhile("pvmw.before_ptl", empty_the_first_table, &s);
	assert_int_equal(found(&s, 0), 0xe0);
	assert_int_equal(meanwhile_ran(), 1);
	end(&s);
}

/* MADV_DONTNEED empties the table and frees it, and a fault makes another. */
static void reclaim_the_first_table(void *arg)
{
	struct scene *s = arg;

	empty_the_first_table(s);
	BUG_ON(sys_madvise(s->mm, AREA, PMD_SIZE, MADV_DONTNEED));
	put(s, FIRST, folio_page(s->folio, 0));
}

static unsigned int found_across_reclaim(const char *policy)
{
	unsigned int bits;
	struct scene s;

	begin(&s, policy);
	put_all(&s);
	meanwhile("pvmw.before_ptl", reclaim_the_first_table, &s);
	bits = found(&s, 0);
	assert_int_equal(meanwhile_ran(), 1);
	end(&s);
	rcu_barrier();
	return bits;
}

static void a_table_that_goes_before_the_lock_is_left(void **state)
{
	(void)state;
	needs_checks();
	assert_int_equal(found_across_reclaim("linux-6.15,reclaim=on"), 0xe1);
	assert_int_equal(knockout_enable("pvmw:recheck"), 0);
	/* page 0 was missed, in a table long gone */
	assert_int_equal(found_across_reclaim("linux-6.15,reclaim=on"), 0xe0);
	knockout_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_a_vma_has_room),
		cmocka_unit_test(pages_are_found_across_tables),
		cmocka_unit_test(only_what_is_mapped_is_found),
		cmocka_unit_test(what_is_kept_without_rights_is_found),
		cmocka_unit_test(a_vma_has_a_part_of_the_pages),
		cmocka_unit_test(a_walk_is_left_and_taken_up_again),
		cmocka_unit_test(a_page_in_a_wrong_place_dies),
		cmocka_unit_test(entries_that_go_before_the_lock_are_not_found),
		cmocka_unit_test(a_table_that_goes_before_the_lock_is_left),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
