/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_publish.c - a VMA's chains are on its list before its anon_vma is visible, and read after it is (anon_vma.h). */
#include "workloads/lib/litmus.h"

enum { PUBLISH_A = 1, PUBLISH_B = 2, LINK_FIRST = 4 };

struct anon_publish_words {
	shared_u32 anon_vma;
	shared_u32 chains;
};

static void begin(struct anon_publish_words *s)
{
	store_relaxed(&s->anon_vma, 0u);
	store_relaxed(&s->chains, 0u);
}

static force_inline bool prepare(struct anon_publish_words *s, unsigned int removed)
{
	if (removed & LINK_FIRST)
		store_relaxed(&s->anon_vma, 1u);
	store_relaxed(&s->chains, 1u);
	if (removed & PUBLISH_A)
		store_relaxed(&s->anon_vma, 1u);
	else
		store_release(&s->anon_vma, 1u);
	return true;
}

/* A neighbour that would share the anon_vma if it has one chain: vma_has_one_chain(). */
static force_inline bool find_mergeable(struct anon_publish_words *s, unsigned int removed)
{
	uint32_t anon_vma = removed & PUBLISH_B ? load_relaxed(&s->anon_vma) : load_acquire(&s->anon_vma);

	return anon_vma && !load_relaxed(&s->chains);
}

LITMUS(anon_publish, begin, prepare, find_mergeable,
	.name = "anon-publish",
	.forbidden = "an anon_vma whose chains are counted before they are there",
	.went_on = { "prepared", "found no chain" },
	.gave_up = { "", "found the chain, or no anon_vma" },
	.parts = {
		{ "anon-publish:A", "stores become visible in order" },
		{ "anon-publish:B", "loads are done in order" },
		{ "link-first", NULL },
	})
