/* SPDX-License-Identifier: GPL-2.0-or-later */
/* soft_dirty.c - tracking of writes with a knock-out, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/op/clear_refs.h"
#include "core/op/hmm_mirror.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/scene/mirror_scene.h"

#define POLICY	"linux-6.15,soft_dirty=on"

static bool what_is_cleared_stays_writable(void)
{
	struct mm_struct *mm = mm_with_words(POLICY, 1);
	bool good;

	BUG_ON(sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY));
	good = rests(&mm, 1);
	mm_exit(mm);
	return good;
}

/* The mirror's entry allows its device to write. */
static bool a_device_keeps_what_is_cleared(void)
{
	struct mm_struct *mm = mm_with_words(POLICY, 1);
	struct hmm_mirror mirror;
	char why[256] = "";
	bool good;

	BUG_ON(hmm_mirror_create(&mirror, mm, AREA, AREA + LEN));
	hmm_mirror_fill(&mirror, AREA, AREA + PAGE_SIZE);
	BUG_ON(sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY));
	good = oracle_mirror(&mirror, AREA, page_addr(1), why, sizeof(why)) >= 0;
	if (!good)
		fprintf(stderr, "%s", why);
	hmm_mirror_destroy(&mirror);
	mm_exit(mm);
	return good;
}

static const struct knocked_steps scenes[] = {
	{ { "soft-dirty:wrprotect", { "allows writes that are not tracked" } }, what_is_cleared_stays_writable },
	{ { "soft-dirty:notify", { "a device has" } }, a_device_keeps_what_is_cleared },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), swap_world_up);
}
