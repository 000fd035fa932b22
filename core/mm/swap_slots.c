/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap_slots.c - a bitmap of free slots. */
#include "core/mm/swap_slots.h"

#include <errno.h>
#include <stdint.h>

#include "core/host/arena.h"
#include "core/lock/spinlock.h"

#define WORD_SLOTS	64u

/* Lock key: (C) const while there is a device (D) lock */
static struct {
	spinlock_t lock;
	uint64_t *free;			/* (D) a bit for each slot */
	unsigned long words;		/* (C) */
	unsigned long first;		/* (D) no word below has a free slot */
	unsigned long used;		/* (D) */
} slots;

int swap_slots_init(unsigned long nr)
{
	slots.words = nr / WORD_SLOTS + 1;
	slots.free = node_zalloc(0, slots.words * sizeof(*slots.free), CACHE_LINE);
	if (!slots.free)
		return -ENOMEM;
	spin_lock_init(&slots.lock, SPIN_TTAS, RANK_SWAP);
	for (unsigned long slot = 1; slot <= nr; slot++)
		slots.free[slot / WORD_SLOTS] |= 1ull << (slot % WORD_SLOTS);
	slots.first = slots.used = 0;
	return 0;
}

void swap_slots_exit(void)
{
	node_free(slots.free, 0, slots.words * sizeof(*slots.free));
	slots.free = NULL;
}

unsigned long swap_slots_used(void)
{
	return slots.used;
}

/* Locking: the lock. */
static unsigned long take_lowest(void)
{
	for (; slots.first < slots.words; slots.first++) {
		uint64_t word = slots.free[slots.first];

		if (word) {
			slots.free[slots.first] = word & (word - 1);
			return slots.first * WORD_SLOTS + (unsigned long)__builtin_ctzll(word);
		}
	}
	return 0;
}

/* The highest row of @nr slots in one word that is free; -1: none. */
static int row_in_word(uint64_t word, unsigned int nr)
{
	uint64_t row = (1ull << nr) - 1;

	for (int shift = (int)(WORD_SLOTS - nr); shift >= 0; shift -= (int)nr)
		if ((word >> shift & row) == row)
			return shift;
	return -1;
}

/* Of less than a word. Locking: the lock. */
static unsigned long take_part_of_word(unsigned int nr)
{
	for (unsigned long i = slots.words; i-- > slots.first;) {
		int shift = slots.free[i] ? row_in_word(slots.free[i], nr) : -1;

		if (shift >= 0) {
			slots.free[i] &= ~(((1ull << nr) - 1) << shift);
			return i * WORD_SLOTS + (unsigned long)shift;
		}
	}
	return 0;
}

/* Of @nr whole words. Locking: the lock. */
static unsigned long take_words(unsigned long nr)
{
	for (unsigned long i = slots.words / nr * nr; i > slots.first && i >= nr; i -= nr) {
		unsigned long full = 0;

		while (full < nr && slots.free[i - 1 - full] == UINT64_MAX)
			full++;
		if (full < nr)
			continue;
		for (unsigned long k = 0; k < nr; k++)
			slots.free[i - 1 - k] = 0;
		return (i - nr) * WORD_SLOTS;
	}
	return 0;
}

unsigned long swap_slots_alloc(unsigned int order)
{
	unsigned long nr = 1ul << order, slot;

	spin_lock(&slots.lock);
	if (!order)
		slot = take_lowest();
	else
		slot = nr < WORD_SLOTS ? take_part_of_word((unsigned int)nr) : take_words(nr / WORD_SLOTS);
	if (slot)
		slots.used += nr;
	spin_unlock(&slots.lock);
	return slot;
}

void swap_slots_free(unsigned long slot)
{
	spin_lock(&slots.lock);
	slots.free[slot / WORD_SLOTS] |= 1ull << (slot % WORD_SLOTS);
	slots.first = min(slots.first, slot / WORD_SLOTS);
	slots.used--;
	spin_unlock(&slots.lock);
}
