/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planted_idle.c - message passing whose barrier does nothing: a release and an acquire are beside it.
 *
 * Refused: planted-idle without barrier: never shows the outcome
 */
#include "workloads/lib/litmus.h"

enum { BARRIER = 1 };

struct planted_idle_words {
	shared_u32 flag, data;
};

static void begin(struct planted_idle_words *s)
{
	store_relaxed(&s->flag, 0u);
	store_relaxed(&s->data, 0u);
}

static bool give(struct planted_idle_words *s, unsigned int removed)
{
	store_relaxed(&s->data, 1u);
	if (!(removed & BARRIER))
		smp_mb();
	store_release(&s->flag, 1u);
	return true;
}

static bool take(struct planted_idle_words *s, unsigned int removed)
{
	(void)removed;
	return load_acquire(&s->flag) && !load_relaxed(&s->data);
}

LITMUS(planted_idle, begin, give, take,
	.name = "planted-idle",
	.forbidden = "data missed",
	.went_on = { "gave", "missed the data" },
	.gave_up = { "", "took it, or nothing" },
	.parts = { { "barrier", NULL } })
