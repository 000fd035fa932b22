/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap_large.c - large folios swapped out with a knock-out, step by step: the contents of pages detect it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	4ul	/* of anon=16k */

static void write_and_put(void *arg)
{
	struct folio *held = arg;

	*(uint64_t *)page_payload(&held->page) = 300;
	folio_put(held);
}

/* It writes once the contents are copied, and drops its reference before the folio is frozen. */
static bool a_reference_holder_writes_during_swap_out(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", PAGES);
	struct folio *folio = folio_at(mm, 0);
	unsigned long slot;
	uint64_t word;

	folio_get(folio);
	folio_lock(folio);
	slot = folio_alloc_swap(folio);
	try_to_unmap(folio, TTU_SYNC);
	folio_get(folio);
	meanwhile("swap.large_copied", write_and_put, folio);
	(void)!swap_writeout(slot, folio);
	BUG_ON(meanwhile_ran() != 1);
	folio_unlock(folio);
	folio_put(folio);
	word = read_word(mm, 0);
	if (word != 300)
		fprintf(stderr, "the page holds %lu, not 300", (unsigned long)word);
	mm_exit(mm);
	return word == 300;
}

static const struct knocked_steps scenes[] = {
	{ { "swap-large:count", { "holds 100, not 300" } }, a_reference_holder_writes_during_swap_out },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), swap_world_up);
}
