/* SPDX-License-Identifier: GPL-2.0-or-later */
/* word.h - the words of memory that were accessed in a race of an explore build. Locking: the thread with the turn. */
#ifndef FAULTLINE_CORE_PROBE_WORD_H
#define FAULTLINE_CORE_PROBE_WORD_H

#include "core/base/compiler.h"

#define WORD		8u		/* bytes */
#define WORD_CELLS	4u

/* An access of @thread, when its clock was @at. */
struct cell {
	const void *pc;
	uint32_t at;			/* 0: none */
	uint8_t thread;
	uint8_t bytes;			/* of the word, a bit for each */
	bool write, atomic;
};

struct word {
	uintptr_t number;		/* address / WORD */
	uint32_t race;			/* in which; another one: free */
	uint32_t newest;		/* store (memory.c); 0: none */
	struct cell cells[WORD_CELLS];	/* the latest accesses (race.c) */
};

/* Forgets all. */
void words_begin(void);
/* Returns the word of that number; if it was not accessed yet, a new one, or NULL unless @add. */
struct word *word_find(uintptr_t number, bool add);

static inline struct word *word_of(const void *address)
{
	return word_find((uintptr_t)address / WORD, true);
}

#endif
