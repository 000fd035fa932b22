/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.h - "did you mean": the known name that is closest to a misspelt one. */
#ifndef FAULTLINE_BENCH_GROUND_SUGGEST_H
#define FAULTLINE_BENCH_GROUND_SUGGEST_H

/* Lock key: (T) the caller's own */
struct suggestion {
	const char *word;		/* (T) what was given */
	const char *name;		/* (T) the closest name so far; NULL: none is close */
	unsigned int distance;		/* (T) edits from word to name */
	char text[128];			/* (T) suggestion_text()'s */
};

/*
 * suggestion_begin - look for names close to @word. Close is at most one edit (a letter added, dropped, changed, or two
 * neighbours swapped) for every three letters of @word, or a name that begins with @word.
 */
struct suggestion suggestion_begin(const char *word);
/* Offers @name, which must live as long as the suggestion. Of equally close names the first one wins. */
void suggestion_offer(struct suggestion *suggestion, const char *name);
/* "; did you mean '@prefix NAME'?" without the blank, or "" when no name was close. */
const char *suggestion_text(struct suggestion *suggestion, const char *prefix);

#endif
