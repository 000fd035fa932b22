/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa_gup: GUP of pages whose entries are NUMA hints, or of a VMA that allows no access. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/access_remote_vm.h"
#include "core/op/gup.h"
#include "core/op/protect.h"
#include "core/phys/page_flags.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/numa_scene.h"

#define N	3ul

static struct page *pages[N];

static uint64_t hint_faults(void)
{
	return events_total(EV_NUMA_HINT_FAULT);
}

/* Row: K4. */
static void gup_fast_leaves_hints_to_the_slow_path(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, N);

	(void)state;
	assert_int_equal(get_user_pages_fast(mm, AREA, N, FOLL_FAST_ONLY, pages), 0);
	assert_int_equal(pin_user_pages_fast(mm, AREA, N, FOLL_FAST_ONLY | FOLL_HONOR_NUMA_FAULT, pages), 0);
	assert_true(is_hint(mm, 0) && is_hint(mm, N - 1));
	read_at(mm, AREA);
	assert_int_equal(get_user_pages_fast(mm, AREA, N, FOLL_FAST_ONLY, pages), 1);
	put_page(pages[0]);
	mm_exit(mm);
}

/* Row: K4. */
static void the_slow_path_needs_no_hint_fault(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, N);
	uint64_t before = hint_faults();

	(void)state;
	assert_int_equal(pin_user_pages_fast(mm, AREA, N, 0, pages), N);
	for (unsigned long i = 0; i < N; i++)
		assert_true(is_hint(mm, i) && pte_page(pte_at(mm, i)) == pages[i]);
	unpin_user_pages(pages, N);
	assert_int_equal(get_user_pages_unlocked(mm, AREA, N, 0, pages), N);
	for (unsigned long i = 0; i < N; i++)
		put_page(pages[i]);
	assert_int_equal(hint_faults(), before);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* It has no write permission. Row: K4. */
static void a_write_pin_of_a_hint_takes_its_fault(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, pages), 1);
	assert_true(pte_write(pte_at(mm, 0)) && pages[0] == &folio->page);
	unpin_user_page(pages[0]);
	mm_exit(mm);
}

/* Row: K4. */
static void a_caller_that_asks_for_hint_faults_gets_them(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1);
	uint64_t before = hint_faults();

	(void)state;
	cpu_stand_for(1);
	assert_int_equal(get_user_pages_unlocked(mm, AREA, 1, FOLL_HONOR_NUMA_FAULT, pages), 1);
	cpu_stand_for(0);
	assert_int_equal(hint_faults(), before + 1);
	assert_int_equal(node_of(pages[0]), 1);
	assert_ptr_equal(pte_page(pte_at(mm, 0)), pages[0]);
	assert_true(pte_accessible(pte_at(mm, 0)));
	put_page(pages[0]);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: K4. */
static void hints_of_leaves_are_followed_likewise(void **state)
{
	struct mm_struct *mm;
	uint64_t before;

	(void)state;
	needs_thp();
	mm = mm_with_huge_hint(NUMA_THP);
	before = hint_faults();
	assert_int_equal(get_user_pages_fast(mm, AREA, N, FOLL_FAST_ONLY, pages), 0);
	assert_int_equal(get_user_pages_fast(mm, AREA, N, 0, pages), N);
	for (unsigned long i = 0; i < N; i++) {
		assert_ptr_equal(pages[i], folio_page(huge_folio(mm, AREA), i));
		put_page(pages[i]);
	}
	assert_true(pmd_protnone(leaf_at(mm, AREA)));
	assert_int_equal(hint_faults(), before);
	cpu_stand_for(1);
	assert_int_equal(get_user_pages_fast(mm, AREA, 1, FOLL_HONOR_NUMA_FAULT, pages), 1);
	cpu_stand_for(0);
	assert_int_equal(node_of(pages[0]), 1);
	assert_true(pmd_accessible(leaf_at(mm, AREA)));
	put_page(pages[0]);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* A debugger's access needs no fault either; in a VMA without access there are no hints to honor. Row: K4. */
static void forced_accesses_pass_hints(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1);
	uint64_t word = 0, before = hint_faults();

	(void)state;
	assert_int_equal(access_remote_vm(mm, AREA, &word, sizeof(word), FOLL_FORCE), sizeof(word));
	assert_int_equal(word, 100);
	assert_true(is_hint(mm, 0));
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_NONE), 0);
	assert_int_equal(access_remote_vm(mm, AREA, &word, sizeof(word), FOLL_FORCE | FOLL_WRITE), sizeof(word));
	assert_true(is_hint(mm, 0));	/* as the VMA wants */
	assert_int_equal(hint_faults(), before);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* GUP-fast knows no VMA: what allows no access is left to the slow path, which refuses it. Row: K4. */
static void pages_of_a_vma_without_access_are_refused(void **state)
{
	struct mm_struct *mm = mm_with_words(NUMA, 1);

	(void)state;
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_NONE), 0);
	assert_int_equal(get_user_pages_fast(mm, AREA, 1, FOLL_FAST_ONLY, pages), 0);
	assert_int_equal(get_user_pages_fast(mm, AREA, 1, 0, pages), -EFAULT);
	if (FAULTLINE_CHECK) {
		knockout_enable("numa:gup");
		assert_int_equal(get_user_pages_fast(mm, AREA, 1, 0, pages), 1);
		put_page(pages[0]);
		knockout_clear();
	}
	mm_exit(mm);
}

#define IN_WORLD(test)	cmocka_unit_test_setup_teardown(test, two_nodes_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(gup_fast_leaves_hints_to_the_slow_path),
		IN_WORLD(the_slow_path_needs_no_hint_fault),
		IN_WORLD(a_write_pin_of_a_hint_takes_its_fault),
		IN_WORLD(a_caller_that_asks_for_hint_faults_gets_them),
		IN_WORLD(hints_of_leaves_are_followed_likewise),
		IN_WORLD(forced_accesses_pass_hints),
		IN_WORLD(pages_of_a_vma_without_access_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
