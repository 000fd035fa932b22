/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm_id.c - allocates a small number for each mm: one bit each, set and cleared by atomic operations only. */
#include "core/mm/mm_id.h"

#include "core/base/assert.h"
#include "core/base/atomic.h"

#define BITS	64u

/* Lock key: (A) atomic. Number 0 is invalid, so its bit is always set. */
static uint64_t taken[NR_MM_IDS / BITS] = { 1 };
static uint32_t next_word;	/* (A) where the next search begins: a hint */

mm_id_t mm_id_alloc(void)
{
	uint32_t start = load_relaxed(&next_word);

	for (uint32_t i = 0; i < ARRAY_SIZE(taken); i++) {
		uint32_t word = (start + i) % ARRAY_SIZE(taken);
		uint64_t seen = load_relaxed(&taken[word]);

		while (~seen) {
			uint64_t bit = ~seen & (seen + 1);	/* the lowest clear bit */

			/* ORDER[mm-id:B] before the number's next use; pairs with ORDER[mm-id:A]. */
			seen = fetch_or_acq_rel(&taken[word], bit);
			if (!(seen & bit)) {
				store_relaxed(&next_word, word);
				return (mm_id_t)(word * BITS + (uint32_t)__builtin_ctzll(bit));
			}
		}
	}
	return 0;
}

void mm_id_free(mm_id_t id)
{
	uint64_t bit = 1ull << (id % BITS);

	/*
	 * ORDER[mm-id:A] after its last use in mapcounts. Pairs with ORDER[mm-id:B]. Weaker: a new mm finds mapcounts
	 * of the old one under its number.
	 */
	BUG_ON(!id || !(fetch_and_release(&taken[id / BITS], ~bit) & bit));
}
