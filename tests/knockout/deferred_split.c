/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deferred_split.c - folios queued for a split and freed, with a knock-out, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/deferred_split_scan.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	4ul	/* of anon=16k */

static void scan(void *arg)
{
	(void)arg;
	deferred_split_scan(0, SHRINK_BATCH);
}

/* The folio is queued; its last entries are cleared. @racing: a scan comes before it leaves the queue. */
static bool a_queued_folio_is_freed(bool racing)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", PAGES);
	bool good;

	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
	if (racing)
		meanwhile("deferred_split.unqueue", scan, NULL);
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_DONTNEED));
	BUG_ON(racing && meanwhile_ran() != 1);
	good = rests(&mm, 1);
	mm_exit(mm);
	return good;
}

static bool alone(void)
{
	return a_queued_folio_is_freed(false);
}

static bool beside_a_scan(void)
{
	return a_queued_folio_is_freed(true);
}

static const struct knocked_steps scenes[] = {
	{ { "deferred:free", { "folios to split" } }, alone },
	{ { "deferred:try-get", { "PAGE_BUDDY", "freed twice" } }, beside_a_scan },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), swap_world_up);
}
