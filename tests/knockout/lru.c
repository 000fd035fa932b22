/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lru.c - the lists of folios for reclaim with a knock-out, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/shrink_lruvec.h"
#include "core/phys/lru.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/swap_scene.h"

#define LISTS	"linux-6.15,lru=on"

static bool end(struct mm_struct *mm)
{
	bool good = rests(&mm, 1);

	mm_exit(mm);
	return good;
}

static void isolate(void *folio)
{
	BUG_ON(!folio_isolate_lru(folio));
}

static bool two_threads_isolate(void)
{
	struct mm_struct *mm = mm_with_words(LISTS, 1);
	struct folio *folio = folio_at(mm, 0);

	meanwhile("lru.tested", isolate, folio);
	BUG_ON(!folio_isolate_lru(folio));
	folio_putback_lru(folio);
	return end(mm);
}

static bool a_listed_folio_is_freed(void)
{
	struct mm_struct *mm = mm_with_words(LISTS, 2);

	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
	frame_drain_cpu();
	return end(mm);
}

static void scan(void *arg)
{
	(void)arg;
	shrink_lruvec(0, 16);
}

static bool a_scan_meets_a_folio_that_is_freed(void)
{
	struct mm_struct *mm = mm_with_words(LISTS, 2);

	meanwhile("lru.release", scan, NULL);
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
	frame_drain_cpu();
	BUG_ON(meanwhile_ran() != 1);
	return end(mm);
}

static const struct knocked_steps scenes[] = {
	{ { "lru:isolate", { "folio_pfn(folio)", "folio_test_lru" } }, two_threads_isolate },
	{ { "lru:release", { "folios of list", "folio_pfn(folio)" } }, a_listed_folio_is_freed },
	{ { "lru:try-get", { "folio_pfn(folio)", "freed twice" } }, a_scan_meets_a_folio_that_is_freed },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), two_nodes_up);
}
