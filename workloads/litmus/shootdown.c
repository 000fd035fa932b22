/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shootdown.c - a lockless walk against freeing a table after a check of every cpu (shootdown.h): store buffering
 * between the walker's mark and the entry. A walk's end is table_free.c's.
 *
 *   free   entry = 0; shootdown:A; marked?                 walk   mark = 1; shootdown:B; read the entry
 */
#include "workloads/lib/litmus.h"

enum { SHOOTDOWN_A = 1, SHOOTDOWN_B = 2 };

struct shootdown_words {
	shared_u32 mark;
	shared_u32 entry;
};

static void begin(struct shootdown_words *s)
{
	store_relaxed(&s->mark, 0u);
	store_relaxed(&s->entry, 1u);
}

static force_inline bool free_table(struct shootdown_words *s, unsigned int removed)
{
	store_relaxed(&s->entry, 0u);
	if (!(removed & SHOOTDOWN_A))
		smp_mb();
	return !(load_acquire(&s->mark) & 1);
}

static force_inline bool walk(struct shootdown_words *s, unsigned int removed)
{
	store_relaxed(&s->mark, 1u);
	if (!(removed & SHOOTDOWN_B))
		smp_mb();
	return load_acquire(&s->entry);
}

LITMUS(shootdown, begin, free_table, walk,
	.name = "shootdown",
	.forbidden = "a walker in freed memory",
	.went_on = { "found no mark", "found the entry" },
	.gave_up = { "found the mark", "found no entry" },
	.parts = { { "shootdown:A", NULL }, { "shootdown:B", NULL } })
