/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves that are split, go or change while somebody is on the way to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/protect.h"
#include "tests/lib/dies.h"
#include "tests/lib/meanwhile.h"
#include "tests/lib/thp_scene.h"

static void split(struct mm_struct *mm)
{
	mmap_read_lock(mm);
	split_huge_pmd_address(vma_lookup(mm, AREA), AREA + 9 * PAGE_SIZE);
	mmap_read_unlock(mm);
}

static int drop_part(struct mm_struct *mm)
{
	return sys_madvise(mm, AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTNEED);
}

static void split_it(void *arg)
{
	split(arg);
}

static void zap_it(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, LEN, MADV_DONTNEED));
}

static int zap_whole(struct mm_struct *mm)
{
	return sys_madvise(mm, AREA, LEN, MADV_DONTNEED);
}

static struct mm_struct *asked;

static void pin_fast(void *arg)
{
	struct page *page;

	*(long *)arg += pin_user_pages_fast(asked, AREA + 5 * PAGE_SIZE, 1, FOLL_FAST_ONLY, &page);
}

static void protect_whole(struct mm_struct *mm)
{
	BUG_ON(sys_mprotect(mm, AREA, LEN, PROT_READ));
}

/* A leaf on its way to something else is not none, and yet nobody gets a page by it. */
static void nobody_pins_by_an_invalid_leaf(void **state)
{
	static const struct {
		const char *point;
		void (*change)(struct mm_struct *mm);
	} changes[] = { { "thp.split.invalid", split }, { "thp.split.filled", split }, { "thp.protect.invalid", protect_whole } };

	(void)state;
	needs_checks();
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(changes); i++) {
		struct scene s = thp_scene(THP_POLICY);
		struct page *page;
		long pinned = 0;

		asked = s.mm;
		assert_int_equal(pin_user_pages_fast(s.mm, AREA + 5 * PAGE_SIZE, 1, FOLL_FAST_ONLY, &page), 1);
		unpin_user_page(page);
		meanwhile(changes[i].point, pin_fast, &pinned);
		changes[i].change(s.mm);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(pinned, 0);
		end(&s);
	}
}

/* Between finding a leaf and locking it it is split, or gone: what was to be done is done to what is there then. */
static void leaves_that_went_meanwhile(void **state)
{
	static const struct {
		void (*first)(void *arg);
		int (*then)(struct mm_struct *mm);
		long left;
	} races[] = {
		{ split_it, zap_whole, 0 }, { zap_it, zap_whole, 0 }, { split_it, drop_part, HUGE - 2 }, { zap_it, drop_part, 0 },
	};

	(void)state;
	needs_checks();
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(races); i++) {
		struct scene s = thp_scene(THP_POLICY);

		meanwhile("ptl.pmd_leaf", races[i].first, s.mm);
		assert_int_equal(races[i].then(s.mm), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), races[i].left);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_pins_by_an_invalid_leaf),
		cmocka_unit_test(leaves_that_went_meanwhile),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
