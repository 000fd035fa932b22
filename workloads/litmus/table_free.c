/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table_free.c - a walk inside an RCU section against freeing a table after a grace period (mmu_gather.c). The section
 * is a flag word as in liburcu; its sys_membarrier() turns the reader's compiler barrier into the fence here. A grace
 * period that would have to wait has not passed.
 */
#include "workloads/lib/litmus.h"

#define TABLE		1u
#define FREED		2u

enum { FREE_A = 1, FREE_B = 2 };

struct table_free_words {
	shared_u32 reading;
	shared_u32 entry;
	shared_u32 table;
};

static void begin(struct table_free_words *s)
{
	store_relaxed(&s->reading, 0u);
	store_relaxed(&s->entry, 1u);
	store_relaxed(&s->table, TABLE);
}

static force_inline bool grace_period_passes(struct table_free_words *s)
{
	smp_mb();
	return !load_acquire(&s->reading);
}

static force_inline bool free_table(struct table_free_words *s, unsigned int removed)
{
	store_relaxed(&s->entry, 0u);
	if (!(removed & FREE_A) && !grace_period_passes(s))
		return false;
	store_relaxed(&s->table, FREED);
	return true;
}

static force_inline bool walk(struct table_free_words *s, unsigned int removed)
{
	bool freed;

	if (!(removed & FREE_B)) {
		store_relaxed(&s->reading, 1u);
		smp_mb();
	}
	freed = load_acquire(&s->entry) && load_relaxed(&s->table) == FREED;
	store_release(&s->reading, 0u);
	return freed;
}

LITMUS(table_free, begin, free_table, walk,
	.name = "table-free",
	.forbidden = "a walker in freed memory",
	.went_on = { "freed the table", "read a freed table" },
	.gave_up = { "waits for the reader", "read no freed table" },
	.parts = { { "table-free:A", NULL }, { "table-free:B", NULL } })
