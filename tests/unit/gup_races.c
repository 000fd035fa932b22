/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_races.c - GUP-fast, step by step: another thread acts between two of its steps, and it falls back. Without the
 * step that detects this it does not: so each step is needed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/move_page_tables.h"
#include "core/op/mremap.h"
#include "core/op/protect.h"
#include "core/op/share_page.h"
#include "core/oracle/at_rest.h"
#include "core/phys/folio.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/fault_scene.h"

#define ELSEWHERE	(AREA + 8 * PGDIR_SIZE)

static struct scene s;
static struct page *page;
static uint64_t changed, forked;

/* One written page at AREA. */
static void begin(const char *policy)
{
	s = scene_of(policy, PROT_READ | PROT_WRITE);
	BUG_ON(do_write(&s, AREA));
	changed = events_total(EV_GUP_CHANGED);
	forked = events_total(EV_GUP_FORKED);
}

static void end(void)
{
	assert_int_equal(meanwhile_ran(), 1);
	knockout_clear();
	assert_at_rest(s.mm);
	mm_exit(s.mm);
}

static long pin_fast(unsigned int flags)
{
	return pin_user_pages_fast(s.mm, AREA, 1, flags | FOLL_FAST_ONLY, &page);
}

/* A pin that is there although it should not be. */
static void wrongly_pinned(long got)
{
	assert_int_equal(got, 1);
	unpin_user_page(page);
}

/* ---- what others do ---- */

static void drop(void *arg)
{
	(void)arg;
	BUG_ON(sys_madvise(s.mm, AREA, PAGE_SIZE, MADV_DONTNEED));
}

static void drop_and_write(void *arg)
{
	drop(arg);
	BUG_ON(do_write(&s, AREA));
}

static void fork_exit(void *arg)
{
	struct mm_struct *child;

	(void)arg;
	BUG_ON(sys_fork(s.mm, &child));
	mm_exit(child);
}

static int shared;

static void share_there(void *arg)
{
	struct page *got;

	(void)arg;
	shared = share_page(s.mm, AREA, &got);
	if (!shared)
		put_page(got);
}

/* ---- B4 ---- */

/* The entry goes, before the pin or after it: nothing is pinned without it; with the slow path it is the new page. */
static void a_page_that_went_is_given_back(void **state)
{
	static const char *const points[] = { "gup.read_pte", "gup.pinned" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		begin("linux-6.15");
		meanwhile(points[i], drop, NULL);
		assert_int_equal(pin_fast(FOLL_WRITE), 0);
		assert_int_equal(events_total(EV_GUP_CHANGED) - changed, 1);
		end();
		begin("linux-6.15");
		meanwhile(points[i], drop_and_write, NULL);
		assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, &page), 1);
		assert_ptr_equal(page, page_at(&s, AREA));
		unpin_user_page(page);
		end();
	}
	begin("linux-6.15");
	knockout_enable("gup:recheck");
	meanwhile("gup.pinned", drop_and_write, NULL);
	assert_int_equal(pin_fast(FOLL_WRITE), 1);
	assert_ptr_not_equal(page, page_at(&s, AREA));
	unpin_user_page(page);
	end();
}

/* The table moves to another address with its entries, where one of them comes to map another page. */
static void move_table(void *arg)
{
	(void)arg;
	BUG_ON(sys_mremap(s.mm, AREA, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE) != (long)ELSEWHERE);
	BUG_ON(sys_madvise(s.mm, ELSEWHERE, PAGE_SIZE, MADV_DONTNEED));
	BUG_ON(do_user_addr_fault(s.mm, ELSEWHERE, FAULT_FLAG_WRITE));
}

static void a_table_that_moved_is_left(void **state)
{
	uint64_t moves = events_total(EV_PMD_MOVE);

	(void)state;
	needs_checks();
	for (unsigned int disabled = 0; disabled < 2; disabled++) {
		begin("linux-6.15,reclaim=off");
		BUG_ON(do_write(&s, AREA + PAGE_SIZE));
		if (disabled)
			knockout_enable("gup:pmd-recheck");
		meanwhile("gup.read_pmd", move_table, NULL);
		if (disabled)
			wrongly_pinned(pin_fast(FOLL_WRITE));
		else
			assert_int_equal(pin_fast(FOLL_WRITE), 0);
		end();
	}
	assert_int_equal(events_total(EV_PMD_MOVE) - moves, 2);
}

/* ---- B3 ---- */

static struct page *taken[16384];
static unsigned int nr_taken;

/* The folio is freed, and its frames become pages of their own, the head among them. */
static void split_into_pages(void *arg)
{
	struct page *head = arg;

	BUG_ON(sys_madvise(s.mm, AREA, 4 * PAGE_SIZE, MADV_DONTNEED));
	frame_drain_cpu();
	do {
		BUG_ON(nr_taken == ARRAY_SIZE(taken));
		taken[nr_taken] = alloc_page(PAGE_USED);
		BUG_ON(!taken[nr_taken]);
	} while (taken[nr_taken++] != head);
}

static void give_taken(void)
{
	while (nr_taken)
		free_page(taken[--nr_taken]);
}

static bool pin_a_tail(void *knockout)
{
	bool good;

	if (knockout && knockout_enable(knockout))
		return false;
	begin("linux-6.15,anon=16k");
	meanwhile("gup.read_large", split_into_pages, page_folio(page_at(&s, AREA + PAGE_SIZE)));
	good = pin_user_pages_fast(s.mm, AREA + PAGE_SIZE, 1, FOLL_WRITE | FOLL_FAST_ONLY, &page) == 0;
	good = good && meanwhile_ran() == 1 && page_ref_count(taken[nr_taken - 1]) == 1;
	good = good && load_relaxed(&taken[nr_taken - 1]->_pincount) == 0;
	give_taken();
	mm_exit(s.mm);
	return good;
}

/* Row: L6. */
static void a_page_of_another_folio_is_left(void **state)
{
	char said[2048], name[] = "gup:folio-recheck";

	(void)state;
	needs_checks();
	assert_true(pin_a_tail(NULL));
	assert_false(child_ends_well(pin_a_tail, name, said, sizeof(said)));
}

/* ---- B2, B5, the sequence ---- */

/* A write pin needs a writable entry: after a fork none is, though the page is still there. */
static void a_read_only_entry_is_not_pinned_for_writing(void **state)
{
	(void)state;
	needs_checks();
	begin("linux-6.15");
	meanwhile("gup.read_pmd", fork_exit, NULL);
	assert_int_equal(get_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE | FOLL_FAST_ONLY, &page), 0);
	end();
	begin("linux-6.15");
	knockout_enable("gup:write-check");
	meanwhile("gup.read_pmd", fork_exit, NULL);
	assert_int_equal(get_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE | FOLL_FAST_ONLY, &page), 1);
	put_page(page);
	end();
}

/*
 * A fork anywhere in the call, begun before the pin could be seen or after it: the pin goes back; the slow path has it.
 */
/* Row: L6. */
static void a_fork_takes_pins_back(void **state)
{
	static const char *const points[] = { "gup.read_p4d", "gup.pinned" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		begin("linux-6.15");
		meanwhile(points[i], fork_exit, NULL);
		assert_int_equal(pin_fast(FOLL_WRITE), 0);
		end();
		begin("linux-6.15");
		meanwhile(points[i], fork_exit, NULL);
		assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, &page), 1);
		assert_true(PageAnonExclusive(page) && page == page_at(&s, AREA) && pte_write(tree_pte(s.mm, AREA)));
		unpin_user_page(page);
		end();
	}
	assert_true(events_total(EV_GUP_FORKED) > 0);
}

/* A page shared before the pin, with an entry as before: only the exclusive flag shows it. */
/* Row: A6. */
static void a_page_shared_before_the_pin_is_left(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int disabled = 0; disabled < 2; disabled++) {
		begin("linux-6.15");
		BUG_ON(sys_mprotect(s.mm, AREA, PAGE_SIZE, PROT_READ));
		if (disabled)
			knockout_enable("gup-unshare:B");
		meanwhile("gup.read_pte", share_there, NULL);
		if (disabled)
			wrongly_pinned(pin_fast(0));
		else
			assert_int_equal(pin_fast(0), 0);
		assert_int_equal(shared, 0);
		end();
	}
}

/* Shared after the pin: it is refused, and the entry comes back as it was. */
/* Row: A6. */
static void a_pinned_page_is_not_shared(void **state)
{
	(void)state;
	needs_checks();
	begin("linux-6.15");
	meanwhile("gup.pinned", share_there, NULL);
	assert_int_equal(pin_fast(FOLL_WRITE), 1);
	assert_int_equal(shared, -EBUSY);
	assert_true(PageAnonExclusive(page) && pte_write(tree_pte(s.mm, AREA)));
	unpin_user_page(page);
	end();
}

static void pin_beside_a_sharer(void *arg)
{
	*(long *)arg = pin_fast(FOLL_WRITE);
}

/* GUP-fast between a sharer's steps finds no entry. */
static void an_entry_that_is_away_is_left(void **state)
{
	static const char *const points[] = { "rmap.share.entry_cleared", "rmap.share.not_pinned" };
	long got;

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		begin("linux-6.15");
		got = -1;
		meanwhile(points[i], pin_beside_a_sharer, &got);
		share_there(NULL);
		assert_int_equal(got, 0);
		assert_int_equal(shared, 0);
		end();
	}
}

/* ---- fork and pins ---- */

/*
 * Fork copies a pinned page for the child, and shares one that is only referenced; who reads it then has it unshared.
 */
/* Row: A5. */
static void fork_leaves_pinned_pages_alone(void **state)
{
	struct mm_struct *child;
	struct page *got;

	(void)state;
	s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);
	BUG_ON(do_write(&s, AREA) || do_write(&s, AREA + PAGE_SIZE));
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(get_user_pages_fast(s.mm, AREA + PAGE_SIZE, 1, FOLL_WRITE, &got), 1);
	assert_int_equal(sys_fork(s.mm, &child), 0);
	assert_true(page_at(&s, AREA) == page && pte_write(tree_pte(s.mm, AREA)) && PageAnonExclusive(page));
	assert_ptr_not_equal(pte_page(tree_pte(child, AREA)), page);
	assert_true(page_at(&s, AREA + PAGE_SIZE) == got && pte_page(tree_pte(child, AREA + PAGE_SIZE)) == got);
	unpin_user_page(page);
	put_page(got);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA + PAGE_SIZE, 1, 0, &page), 1);
	assert_true(page != got && PageAnonExclusive(page) && !pte_write(tree_pte(s.mm, AREA + PAGE_SIZE)));
	unpin_user_page(page);
	mm_exit(child);
	mm_exit(s.mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_that_went_is_given_back),
		cmocka_unit_test(a_table_that_moved_is_left),
		cmocka_unit_test(a_page_of_another_folio_is_left),
		cmocka_unit_test(a_read_only_entry_is_not_pinned_for_writing),
		cmocka_unit_test(a_fork_takes_pins_back),
		cmocka_unit_test(a_page_shared_before_the_pin_is_left),
		cmocka_unit_test(a_pinned_page_is_not_shared),
		cmocka_unit_test(an_entry_that_is_away_is_left),
		cmocka_unit_test(fork_leaves_pinned_pages_alone),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
