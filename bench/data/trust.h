/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trust.h - marks: reasons why a figure cannot be trusted.
 *
 * A row, or a whole run, with a mark is kept and shown with it, but serves for no headline: no steps of eras, no
 * medians of twins, no baseline, no comparison. A mark is a function of what the file of results says, so that it holds
 * for files of any age and origin; "marks" in a file are for other readers.
 */
#ifndef FAULTLINE_BENCH_DATA_TRUST_H
#define FAULTLINE_BENCH_DATA_TRUST_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/data/results.h"

#define MARKS_TEXT	128	/* bytes for all names */

enum mark {
	/* of a row */
	MARK_NO_ITEMS,
	MARK_TOO_FAST,
	MARK_TWO_GROUPS,
	MARK_STARVED,
	/* of a run */
	MARK_QUICK,
	MARK_BUSY,
	MARK_TWO_RUNS,
	MARK_NOISY,
	NR_MARKS
};

/* As it stands in files and tables; why a row or run has it, in one line. */
const char *mark_name(enum mark mark);
const char *mark_meaning(enum mark mark);

/* Sets the marks of all rows and of the run. results_load() calls it. */
void trust_judge(struct results *results);
/* The row has rates, and none of its marks speaks against them. Marks of the run count for trust_run() alone. */
bool trust_row(const struct result *result);
/* It has rates that are possible, however well they can be repeated: they count for the noise of a run. */
static inline bool trust_measured(const struct result *result)
{
	return result->nr && !(result->marks & (1u << MARK_NO_ITEMS | 1u << MARK_TOO_FAST));
}

bool trust_run(const struct results *results);
/* How many rows have marks. Pictures leave them out, and their subtitles print this number. */
unsigned int trust_nr_marked(const struct results *results);
/* The names of @marks, separated by commas, in @text of MARKS_TEXT bytes; "" for none. */
const char *marks_text(unsigned int marks, char *text);
/*
 * A line for each mark that some row or the run has: its name, how many rows have it, its meaning. Prints nothing
 * without marks.
 */
void trust_explain(FILE *out, const struct results *results);

#endif
