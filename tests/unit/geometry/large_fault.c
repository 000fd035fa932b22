/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First writes that map large folios: how large, what they count, and how their pages go one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/rmap.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/madvise.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/oracle/at_rest.h"
#include "core/pgtable/mmu_gather.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/fault_scene.h"

static const char *const anon_policies[] = {
	"linux-6.15", "linux-6.15,anon=8k", "linux-6.15,anon=16k", "linux-6.15,anon=32k", "linux-6.15,anon=64k",
	"linux-6.15,anon=128k", "linux-6.15,anon=256k", "linux-6.15,anon=512k", "linux-6.15,anon=1m",
};

static struct folio *folio_at(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pte_page(tree_pte(mm, addr)));
}

static unsigned int order_at(struct mm_struct *mm, unsigned long addr)
{
	return folio_order(folio_at(mm, addr));
}

static void end(struct scene *s)
{
	assert_at_rest(s->mm);
	mm_exit(s->mm);
}

static bool zeroed(const struct page *page)
{
	const uint8_t *bytes = page_payload(page);

	for (unsigned int i = 0; i < machine.payload; i++)
		if (bytes[i])
			return false;
	return true;
}

/* The whole aligned range is mapped at once, by one folio, exclusive, zeroed, writable. */
static void the_aligned_range_is_mapped(void **state)
{
	(void)state;
	for (unsigned int order = 0; order < ARRAY_SIZE(anon_policies); order++) {
		struct scene s = scene_of(anon_policies[order], PROT_READ | PROT_WRITE);
		unsigned long nr = 1ul << order, start = AREA + 2 * (PAGE_SIZE << order);
		uint64_t large = events_total(EV_FAULT_LARGE), mapped = events_total(EV_PAGE_ALLOC);
		struct folio *folio;

		assert_int_equal(do_write(&s, start + nr / 2 * PAGE_SIZE + 7), 0);
		folio = folio_at(s.mm, start);
		assert_int_equal(folio_order(folio), order);
		assert_int_equal(folio_ref_count(folio), nr);
		assert_int_equal(folio_mapcount(folio), nr);
		assert_false(folio_maybe_mapped_shared(folio));
		for (unsigned long i = 0; i < nr; i++) {
			assert_ptr_equal(page_at(&s, start + i * PAGE_SIZE), folio_page(folio, i));
			assert_true(pte_write(tree_pte(s.mm, start + i * PAGE_SIZE)));
			assert_true(PageAnonExclusive(folio_page(folio, i)) && zeroed(folio_page(folio, i)));
			assert_int_equal(page_mapcount(folio_page(folio, i)), 1);
		}
		assert_true(pte_none(tree_pte(s.mm, start - PAGE_SIZE)) &&
			    pte_none(tree_pte(s.mm, start + nr * PAGE_SIZE)));
		assert_int_equal(events_total(EV_FAULT_LARGE) - large, order > 0);
		assert_int_equal(events_total(EV_PAGE_ALLOC) - mapped, nr);
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), nr);
		end(&s);
	}
}

/* The VMA ends in the middle, on one side or on the other. */
static void no_larger_than_the_vma(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15,anon=64k");
	const unsigned long before = 11, after = 6;	/* pages on either side of AREA, a multiple of 64 KiB */

	(void)state;
	BUG_ON(sys_mmap(mm, AREA - before * PAGE_SIZE, (before + after) * PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	for (unsigned long i = 0; i < before + after; i++)
		assert_int_equal(do_user_addr_fault(mm, AREA + (i - before) * PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(order_at(mm, AREA - 11 * PAGE_SIZE), 0);	/* 1 + 2 + 8 pages, then 4 + 2 */
	assert_int_equal(order_at(mm, AREA - 10 * PAGE_SIZE), 1);
	assert_int_equal(order_at(mm, AREA - 8 * PAGE_SIZE), 3);
	assert_int_equal(order_at(mm, AREA), 2);
	assert_int_equal(order_at(mm, AREA + 4 * PAGE_SIZE), 1);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), before + after);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* What is there already stays: a zero page, a guard, a page of its own. */
static void no_larger_than_what_is_empty(void **state)
{
	struct scene s = scene_of("linux-6.15,anon=64k", PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(do_read(&s, AREA + 15 * PAGE_SIZE), 0);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_int_equal(order_at(s.mm, AREA), 3);
	assert_int_equal(sys_madvise(s.mm, AREA + 12 * PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(do_write(&s, AREA + 8 * PAGE_SIZE), 0);
	assert_int_equal(order_at(s.mm, AREA + 8 * PAGE_SIZE), 2);
	assert_int_equal(do_write(&s, AREA + 13 * PAGE_SIZE), 0);
	assert_int_equal(order_at(s.mm, AREA + 13 * PAGE_SIZE), 0);
	assert_int_equal(do_write(&s, AREA + 15 * PAGE_SIZE), 0);	/* in the place of the zero page */
	assert_int_equal(order_at(s.mm, AREA + 15 * PAGE_SIZE), 0);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 14);
	end(&s);
}

/* Where there are no large blocks smaller ones do, down to single pages. */
static void memory_in_small_pieces(void **state)
{
	struct scene s = scene_of("linux-6.15,anon=1m", PROT_READ | PROT_WRITE);
	uint64_t smaller = events_total(EV_FAULT_SMALLER);

	(void)state;
	assert_int_equal(do_write(&s, AREA), 0);
	world_take_frames(1 << TABLE_ORDER);
	assert_int_equal(do_write(&s, AREA + PMD_SIZE / 2), 0);
	assert_int_equal(order_at(s.mm, AREA + PMD_SIZE / 2), TABLE_ORDER);
	assert_int_equal(events_total(EV_FAULT_SMALLER) - smaller, 8 - TABLE_ORDER);
	world_give_frames();
	end(&s);
}

#if FAULTLINE_CHECK
static void an_allocation_that_fails(void **state)
{
	struct scene s = scene_of("linux-6.15,anon=64k", PROT_READ | PROT_WRITE);
	uint64_t smaller = events_total(EV_FAULT_SMALLER);

	(void)state;
	assert_int_equal(do_write(&s, AREA + PMD_SIZE), 0);
	inject_alloc_failure(1);
	assert_int_equal(do_write(&s, AREA + PMD_SIZE + 64 * PAGE_SIZE), 0);
	inject_alloc_failure(0);
	assert_int_equal(order_at(s.mm, AREA + PMD_SIZE + 64 * PAGE_SIZE), 3);
	assert_int_equal(events_total(EV_FAULT_SMALLER) - smaller, 1);
	end(&s);
}
#endif

/* Its pages go one after the other; its memory goes with the last. */
/* Row: A3. */
static void pages_go_one_by_one(void **state)
{
	struct scene s = scene_of("linux-6.15,anon=64k,reclaim=off", PROT_READ | PROT_WRITE);
	struct folio *folio;

	(void)state;
	assert_int_equal(do_read(&s, AREA + PMD_SIZE), 0);
	assert_int_equal(do_write(&s, AREA), 0);
	folio = folio_at(s.mm, AREA);
	assert_int_equal(sys_madvise(s.mm, AREA + 3 * PAGE_SIZE, 5 * PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(folio_mapcount(folio), 11);
	assert_int_equal(folio_ref_count(folio), 11);
	assert_int_equal(page_mapcount(folio_page(folio, 3)), 0);
	assert_at_rest(s.mm);
	assert_int_equal(do_write(&s, AREA + 4 * PAGE_SIZE), 0);	/* a new one into the hole: of 4 pages */
	assert_int_equal(order_at(s.mm, AREA + 4 * PAGE_SIZE), 2);
	assert_ptr_not_equal(folio_at(s.mm, AREA + 4 * PAGE_SIZE), folio);
	assert_at_rest(s.mm);
	assert_int_equal(sys_munmap(s.mm, AREA, 9 * PAGE_SIZE), 0);
	assert_int_equal(folio_mapcount(folio), 7);
	assert_int_equal(sys_mprotect(s.mm, AREA + 12 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), 0);
	assert_false(pte_write(tree_pte(s.mm, AREA + 12 * PAGE_SIZE)));
	assert_true(pte_write(tree_pte(s.mm, AREA + 11 * PAGE_SIZE)));
	assert_at_rest(s.mm);
	assert_int_equal(sys_munmap(s.mm, AREA + 9 * PAGE_SIZE, 7 * PAGE_SIZE), 0);
	assert_int_equal(page_type(&folio->page) == PAGE_ANON, false);
	end(&s);
}

/* A gather that is full in the middle of a folio. */
static void a_folio_in_two_gathers(void **state)
{
	struct scene s = scene_of("linux-6.15,anon=1m", PROT_READ | PROT_WRITE);
	uint64_t freed = events_total(EV_PAGE_FREE);

	(void)state;
	assert_int_equal(do_read(&s, AREA + 250 * PAGE_SIZE), 0);
	assert_int_equal(sys_madvise(s.mm, AREA, PMD_SIZE, MADV_POPULATE_WRITE), 0);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), PTRS_PER_PTE);
	assert_int_equal(order_at(s.mm, AREA), 7);
	assert_int_equal(order_at(s.mm, AREA + 256 * PAGE_SIZE), 8);
	assert_int_equal(sys_madvise(s.mm, AREA + 100 * PAGE_SIZE, 300 * PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(events_total(EV_PAGE_FREE) - freed, 300);
	assert_int_equal(folio_mapcount(folio_at(s.mm, AREA + 400 * PAGE_SIZE)), 112);
	assert_at_rest(s.mm);
	end(&s);
}

static void write_neighbour(void *arg)
{
	BUG_ON(do_user_addr_fault(arg, AREA + 5 * PAGE_SIZE, FAULT_FLAG_WRITE));
}

static void read_neighbour(void *arg)
{
	BUG_ON(do_user_addr_fault(arg, AREA + 5 * PAGE_SIZE, 0));
}

static void drop(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, LEN, MADV_DONTNEED));
}

/* The range was empty at the first read, and has entries or no table when it is to be filled: the fault re-reads it. */
static void what_came_first_stays(void **state)
{
	static void (*const first[])(void *) = { write_neighbour, read_neighbour, drop };
	static const unsigned int order[] = { 4, 2, 4 };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(first); i++) {
		struct scene s = scene_of("linux-6.15,anon=64k", PROT_READ | PROT_WRITE);

		assert_int_equal(do_write(&s, AREA + PMD_SIZE), 0);
		meanwhile("fault.before_ptl", first[i], s.mm);
		assert_int_equal(do_write(&s, AREA), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(order_at(s.mm, AREA), order[i]);
		end(&s);
	}
}

/* ---- copy on write ---- */

static struct scene forked(struct mm_struct **child)
{
	struct scene s = scene_of("linux-6.15,anon=16k", PROT_READ | PROT_WRITE);

	assert_int_equal(do_write(&s, AREA), 0);
	assert_int_equal(sys_fork(s.mm, child), 0);
	return s;
}

/* The child's copy is one page; the parent gets the rest back as it is once the child is gone. */
static void a_page_is_copied_and_the_rest_reused(void **state)
{
	struct mm_struct *child;
	struct scene s = forked(&child);
	struct folio *folio = folio_at(s.mm, AREA);

	(void)state;
	assert_int_equal(folio_mapcount(folio), 8);
	assert_true(folio_maybe_mapped_shared(folio));
	assert_int_equal(do_user_addr_fault(child, AREA + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(order_at(child, AREA + PAGE_SIZE), 0);
	assert_int_equal(do_write(&s, AREA + PAGE_SIZE), 0);	/* one mapping, but of a folio that the child has too */
	assert_int_equal(order_at(s.mm, AREA + PAGE_SIZE), 0);
	assert_int_equal(folio_mapcount(folio), 6);
	assert_at_rest(s.mm, child);
	mm_exit(child);
	assert_false(folio_maybe_mapped_shared(folio));
	assert_int_equal(do_write(&s, AREA), 0);
	assert_ptr_equal(page_at(&s, AREA), &folio->page);
	assert_true(PageAnonExclusive(&folio->page) && !PageAnonExclusive(folio_page(folio, 2)));
	end(&s);
}

/* The child reuses what its parent left, once it is sole owner; the last page of a folio is rather copied. */
static void the_last_page_is_copied(void **state)
{
	struct mm_struct *child;
	struct scene s = forked(&child);
	struct folio *folio = folio_at(s.mm, AREA);

	(void)state;
	mm_exit(s.mm);
	s.mm = child;
	assert_int_equal(do_write(&s, AREA + PAGE_SIZE), 0);
	assert_ptr_equal(page_at(&s, AREA + PAGE_SIZE), folio_page(folio, 1));
	assert_int_equal(sys_munmap(s.mm, AREA, 3 * PAGE_SIZE), 0);
	assert_int_equal(folio_mapcount(folio), 1);
	assert_int_equal(do_write(&s, AREA + 3 * PAGE_SIZE), 0);
	assert_ptr_not_equal(folio_at(s.mm, AREA + 3 * PAGE_SIZE), folio);
	assert_int_equal(order_at(s.mm, AREA + 3 * PAGE_SIZE), 0);
	end(&s);
}

static void get(void *arg)
{
	folio_get(arg);
}

/* Another reference exists, old or new: the page is copied, since its holder may read it. */
static void a_reference_more_and_it_is_copied(void **state)
{
	(void)state;
	for (unsigned int late = 0; late <= FAULTLINE_CHECK; late++) {
		struct mm_struct *child;
		struct scene s = forked(&child);
		struct folio *folio = folio_at(s.mm, AREA);

		mm_exit(child);
		if (late)
			meanwhile("cow.large_alone", get, folio);
		else
			folio_get(folio);
		assert_int_equal(do_write(&s, AREA), 0);
		if (late)
			assert_int_equal(meanwhile_ran(), 1);
		assert_ptr_not_equal(folio_at(s.mm, AREA), folio);
		folio_put(folio);
		assert_int_equal(do_write(&s, AREA + PAGE_SIZE), 0);
		assert_ptr_equal(folio_at(s.mm, AREA + PAGE_SIZE), folio);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_aligned_range_is_mapped),
		cmocka_unit_test(no_larger_than_the_vma),
		cmocka_unit_test(no_larger_than_what_is_empty),
		cmocka_unit_test(memory_in_small_pieces),
#if FAULTLINE_CHECK
		cmocka_unit_test(an_allocation_that_fails),
#endif
		cmocka_unit_test(pages_go_one_by_one),
		cmocka_unit_test(a_folio_in_two_gathers),
		cmocka_unit_test(what_came_first_stays),
		cmocka_unit_test(a_page_is_copied_and_the_rest_reused),
		cmocka_unit_test(the_last_page_is_copied),
		cmocka_unit_test(a_reference_more_and_it_is_copied),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
