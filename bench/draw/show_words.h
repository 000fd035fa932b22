/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_words.h - memory whose value is shown step by step: entries that were written, and what threads share. */
#ifndef FAULTLINE_BENCH_DRAW_SHOW_WORDS_H
#define FAULTLINE_BENCH_DRAW_SHOW_WORDS_H

#include "bench/draw/show.h"

#define SHOW_NO_ROW	UINT32_MAX

struct show_row {
	char name[128], last[96];	/* its value at the end */
	bool entry;			/* of a page table */
};

struct show_words {
	struct show_row *rows;
	uint32_t nr, room;
	uint32_t *row_of;		/* for each event: the row of the word that it accesses, or SHOW_NO_ROW */
};

/* Returns 0 or an exit status; show_words_free() follows in any case. */
int show_words_find(struct show_words *words, const struct show *show);
void show_words_free(struct show_words *words);

#endif
