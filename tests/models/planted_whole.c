/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planted_whole.c - store buffering with a barrier on one side only, taken for whole.
 *
 * Refused: planted-whole: shows what it must not
 */
#include "workloads/litmus/litmus.h"

enum { OTHER = 1 };

struct planted_whole_words {
	shared_u32 x, y;
};

static void begin(struct planted_whole_words *s)
{
	store_relaxed(&s->x, 0u);
	store_relaxed(&s->y, 0u);
}

static bool one(struct planted_whole_words *s, unsigned int left_out)
{
	(void)left_out;
	store_relaxed(&s->x, 1u);
	return !load_relaxed(&s->y);
}

static bool two(struct planted_whole_words *s, unsigned int left_out)
{
	store_relaxed(&s->y, 1u);
	if (!(left_out & OTHER))
		smp_mb();
	return !load_relaxed(&s->x);
}

LITMUS(planted_whole, begin, one, two,
	.name = "planted-whole",
	.forbidden = "both went on",
	.went_on = { "missed y", "missed x" },
	.gave_up = { "saw y", "saw x" },
	.parts = { { "other", NULL } })
