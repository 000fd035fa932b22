/* SPDX-License-Identifier: GPL-2.0-or-later */
/* word.c - a hash table with open addressing. */
#include "core/probe/word.h"

#if FAULTLINE_EXPLORE
#include "core/base/assert.h"

#define CLUSTER		64u	/* words */
#define TABLE_SIZE	(1u << 22)	/* a power of two, and twice the words of a race: some ten thousand are usual */

/* Lock key: (O) the thread with the turn */
static struct {
	uint32_t race, nr;			/* (O) */
} words;

static struct word table[TABLE_SIZE];		/* (O) */

void words_begin(void)
{
	words.race++;
	words.nr = 0;
}

/* Neighbours have neighbouring places: an episode's process touches few pages of the table. */
static uint32_t place_of(uintptr_t number)
{
	return (uint32_t)((number / CLUSTER * 0x9e3779b97f4a7c15ul >> 40) * CLUSTER + number % CLUSTER);
}

struct word *word_find(uintptr_t number, bool add)
{
	for (uint32_t i = place_of(number);; i++) {
		struct word *word = &table[i % TABLE_SIZE];

		if (word->race == words.race && word->number == number)
			return word;
		if (word->race == words.race)
			continue;
		if (!add)
			return NULL;
		if (++words.nr > TABLE_SIZE / 2)
			BUG("more than %u words accessed in a race: take fewer pages or operations", TABLE_SIZE / 2);
		*word = (struct word){ .number = number, .race = words.race };
		return word;
	}
}
#endif
