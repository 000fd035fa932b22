/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planted_intact.c - store buffering with a barrier on one side only, taken for intact.
 *
 * Refused: planted-intact: shows the forbidden outcome
 */
#include "workloads/lib/litmus.h"

enum { OTHER = 1 };

struct planted_intact_words {
	shared_u32 x, y;
};

static void begin(struct planted_intact_words *s)
{
	store_relaxed(&s->x, 0u);
	store_relaxed(&s->y, 0u);
}

static bool one(struct planted_intact_words *s, unsigned int removed)
{
	(void)removed;
	store_relaxed(&s->x, 1u);
	return !load_relaxed(&s->y);
}

static bool two(struct planted_intact_words *s, unsigned int removed)
{
	store_relaxed(&s->y, 1u);
	if (!(removed & OTHER))
		smp_mb();
	return !load_relaxed(&s->x);
}

LITMUS(planted_intact, begin, one, two,
	.name = "planted-intact",
	.forbidden = "both went on",
	.went_on = { "missed y", "missed x" },
	.gave_up = { "saw y", "saw x" },
	.parts = { { "other", NULL } })
