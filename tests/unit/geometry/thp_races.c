/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves that are split, unmapped or changed while another thread walks to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap_walk.h"
#include "core/mm/vma.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/protect.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/thp_scene.h"

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

/* A leaf under change is not none, and yields no page. */
static void an_invalid_leaf_is_never_pinned(void **state)
{
	static const struct {
		const char *point;
		void (*change)(struct mm_struct *mm);
	} changes[] = { { "thp.split.invalid", split },
			{ "thp.split.filled", split },
			{ "thp.protect.invalid", protect_whole } };

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
		{ split_it, zap_whole, 0 }, { zap_it, zap_whole, 0 }, { split_it, drop_part, HUGE - 2 },
		  { zap_it, drop_part, 0 },
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

/* ---- reverse-map walks while a leaf is split ---- */

/* A split of @folio's only leaf, and a walk that begins in it. */
static struct splitting {
	struct mm_struct *mm;
	struct folio *folio;
	unsigned int flags;		/* the walk's */
	unsigned long met;		/* pages that the walk found mapped */
	unsigned int walked;		/* step */
	struct test_threads *walker;
} splitting;

static bool count_pages(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, splitting.flags);

	while (page_vma_mapped_walk(&pvmw))
		*(unsigned long *)arg += pvmw.pte ? 1 : HPAGE_PMD_NR;
	return true;
}

static void walk_once(void *arg, unsigned int index)
{
	struct rmap_walk_control rwc = { .arg = &splitting.met, .rmap_one = count_pages };

	(void)arg, (void)index;
	folio_lock(splitting.folio);
	rmap_walk(splitting.folio, &rwc);
	folio_unlock(splitting.folio);
	step_reach(&splitting.walked, 1);
}

/* In the split, whose lock the walk may wait for. Each page is mapped, and counted once. */
static void begin_walk(void *arg)
{
	(void)arg;
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		BUG_ON(!folio_precise_page_mapcount(splitting.folio, folio_page(splitting.folio, i)));
	BUG_ON(!folio_mapped(splitting.folio) || mm_counter_sum(&splitting.mm->pt, MM_ANONPAGES) != HUGE);
	splitting.walker = threads_start(1, walk_once, NULL);
	step_within(&splitting.walked, 1, 20);
}

/* Row: A3. */
static void a_leaf_that_is_split_is_mapped_all_the_time(void **state)
{
	static const char *const points[] = { "thp.split.invalid", "thp.split.filled" };

	(void)state;
	needs_checks();
	needs_thp();
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(points); i++) {
		struct scene s = thp_scene(THP_POLICY);

		splitting = (struct splitting){ s.mm, huge_folio(s.mm, AREA), i & 1 ? PVMW_SYNC : 0, 0, 0, NULL };
		folio_get(splitting.folio);
		assert_int_equal(syncpoint_hook(points[i / 2], begin_walk, NULL), 0);
		split(s.mm);
		syncpoint_hook(NULL, NULL, NULL);
		threads_join(splitting.walker);
		folio_put(splitting.folio);
		assert_int_equal(splitting.met, HUGE);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invalid_leaf_is_never_pinned),
		cmocka_unit_test(a_leaf_that_is_split_is_mapped_all_the_time),
		cmocka_unit_test(leaves_that_went_meanwhile),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
