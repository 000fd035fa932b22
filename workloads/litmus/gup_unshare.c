/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_unshare.c - GUP-fast for reading against all steps of sharing a page (rmap.h): the exclusive flag is cleared
 * before the entry is restored, and read after the entry. The entry is restored unchanged, so that its re-check alone
 * shows nothing.
 */
#include "workloads/lib/litmus.h"

#define UNPINNED	1u
#define PINNED		1025u
#define READABLE	1u

enum { UNSHARE_A = 1, UNSHARE_B = 2, EXCLUSIVE_CHECK = 4 };

struct gup_unshare_words {
	shared_u32 pins;
	shared_u32 entry;
	shared_u32 exclusive;
};

static void begin(struct gup_unshare_words *s)
{
	store_relaxed(&s->pins, UNPINNED);
	store_relaxed(&s->entry, READABLE);
	store_relaxed(&s->exclusive, 1u);
}

static force_inline bool share(struct gup_unshare_words *s, unsigned int removed)
{
	(void)xchg_acq_rel(&s->entry, 0u);			/* (A1) */
	smp_mb();
	if (load_acquire(&s->pins) >= PINNED) {			/* (A2) */
		store_release(&s->entry, READABLE);
		return false;
	}
	store_relaxed(&s->exclusive, 0u);			/* (A3) */
	if (removed & UNSHARE_A)
		store_relaxed(&s->entry, READABLE);
	else
		store_release(&s->entry, READABLE);		/* (A4) */
	return true;
}

static force_inline bool gup(struct gup_unshare_words *s, unsigned int removed)
{
	uint32_t entry, old = UNPINNED;

	entry = load_acquire(&s->entry);			/* (B1) */
	if (entry != READABLE || !try_cmpxchg_acquire(&s->pins, &old, PINNED))	/* (B3) */
		return false;
	smp_mb__after_atomic();
	entry = removed & UNSHARE_B ? load_relaxed(&s->entry) : load_acquire(&s->entry);	/* (B4) */
	return entry == READABLE && (load_relaxed(&s->exclusive) || (removed & EXCLUSIVE_CHECK));	/* (B5) */
}

LITMUS(gup_unshare, begin, share, gup,
	.name = "gup-unshare",
	.forbidden = "a read pin on a page that is shared",
	.went_on = { "shared", "pinned" },
	.gave_up = { "found the pin", "gave up" },
	.parts = {
		{ "gup-unshare:A", "stores become visible in order" },
		{ "gup-unshare:B", "loads are done in order" },
		{ "exclusive-check", NULL },
	})
