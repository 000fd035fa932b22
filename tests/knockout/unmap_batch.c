/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unmap_batch.c - reclaim of a lazily freed large folio with a knock-out: its entries are in two tables; or they are
 * restored, and are not alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/lazyfree_scene.h"

static void get_folio(void *folio)
{
	folio_get(folio);
}

static bool a_batch_ends_with_its_table(void)
{
	struct mm_struct *mm = large_mm();
	struct folio *folio = folio_at(mm, 0);

	free_lazily(mm);
	move_across_tables(mm);
	folio_get(folio);
	BUG_ON(reclaim_folio(folio));
	mm_exit(mm);
	return true;
}

static bool a_read_only_entry_stays_so(void)
{
	struct mm_struct *mm = mixed_mm();
	struct folio *folio = folio_at(mm, 0);

	meanwhile("reclaim.lazily_freed", get_folio, folio);
	BUG_ON(sys_madvise(mm, AREA, LARGE * PAGE_SIZE, MADV_PAGEOUT));
	BUG_ON(meanwhile_ran() != 1);
	folio_put(folio);
	assert_at_rest(mm);
	mm_exit(mm);
	return true;
}

static const struct knocked_steps scenes[] = {
	{ { "unmap:batch-end", { "TABLE_SIZE" } }, a_batch_ends_with_its_table },
	{ { "unmap:batch-write", { "PageAnonExclusive" } }, a_read_only_entry_stays_so },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), swap_world_up);
}
