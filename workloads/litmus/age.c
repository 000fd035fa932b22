/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * age.c - grace periods since an object was unlinked (age.c, rcu.c): the unlinker notes their number, and a period that
 * ends is counted before the next one begins, whose readers no longer find the object.
 */
#include "workloads/lib/litmus.h"

enum { AGE_A = 1, AGE_B = 2 };

struct age_words {
	shared_u32 unlinked;
	shared_u32 periods;
};

static void begin(struct age_words *s)
{
	store_relaxed(&s->unlinked, 0u);
	store_relaxed(&s->periods, 0u);
}

/* True: its note says that it unlinked before the end of the period that ends meanwhile. */
static force_inline bool unlink_and_note(struct age_words *s, unsigned int removed)
{
	store_relaxed(&s->unlinked, 1u);
	if (!(removed & AGE_A))
		smp_mb();
	return !load_relaxed(&s->periods);
}

/* True: a reader of the next period finds it. */
static force_inline bool count_and_find(struct age_words *s, unsigned int removed)
{
	fetch_add_relaxed(&s->periods, 1u);
	if (!(removed & AGE_B))
		smp_mb__after_atomic();
	return !load_relaxed(&s->unlinked);
}

LITMUS(age, begin, unlink_and_note, count_and_find,
	.name = "age",
	.forbidden = "a period that began before its readers could not find the object counts as one since",
	.went_on = { "noted none", "found it" },
	.gave_up = { "noted the one that ended", "did not find it" },
	.parts = {
		{ "age:A", NULL },
		{ "age:B", "the exchange is a full barrier" },
	})
