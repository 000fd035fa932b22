/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table_publish.c - a page table is cleared before an entry points to it, and read through that entry (pgalloc.c,
 * pgtable.h).
 */
#include "workloads/lib/litmus.h"

#define GARBAGE		0xffu

enum { PUBLISH_A = 1, PUBLISH_B = 2, CLEAR_FIRST = 4 };

struct table_publish_words {
	shared_u32 pmd;
	shared_u32 pte;		/* in the table */
};

static void begin(struct table_publish_words *s)
{
	store_relaxed(&s->pmd, 0u);
	store_relaxed(&s->pte, GARBAGE);
}

static force_inline bool populate(struct table_publish_words *s, unsigned int removed)
{
	if (removed & CLEAR_FIRST)
		store_relaxed(&s->pmd, 1u);
	store_relaxed(&s->pte, 0u);
	if (removed & PUBLISH_A)
		store_relaxed(&s->pmd, 1u);
	else
		store_release(&s->pmd, 1u);
	return true;
}

static force_inline bool walk(struct table_publish_words *s, unsigned int removed)
{
	uint32_t pmd = removed & PUBLISH_B ? load_relaxed(&s->pmd) : load_acquire(&s->pmd);

	return pmd && load_relaxed(&s->pte) == GARBAGE;
}

LITMUS(table_publish, begin, populate, walk,
	.name = "table-publish",
	.forbidden = "a walker in an uninitialised table",
	.went_on = { "published", "read garbage" },
	.gave_up = { "", "read no garbage" },
	.parts = {
		{ "table-publish:A", "stores become visible in order" },
		{ "table-publish:B", "loads are done in order" },
		{ "clear-first", NULL },
	})
