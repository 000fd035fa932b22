/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h - repetitions as they come, so that a measurement that ended early can go on.
 *
 * While a measurement runs, NAME.unfinished holds one JSON object a line: the arguments and the commit first, then a
 * row of Google Benchmark's form for each repetition. A measurement that is interrupted leaves NAME itself, marked
 * "incomplete"; one that is killed leaves the journal. `bench --resume` reads either, measures what is missing, and
 * writes NAME whole.
 */
#ifndef FAULTLINE_BENCH_RUN_JOURNAL_H
#define FAULTLINE_BENCH_RUN_JOURNAL_H

#include <limits.h>
#include <stdio.h>

#include "bench/run/suite.h"

struct json_t;

/*
 * A journal in @out: its first line, and the repetitions among @rows, which an earlier measurement left; NULL: none.
 * The arguments also belong into the context of NAME: see journal_arguments().
 */
void journal_begin(FILE *out, int argc, const char **argv, const struct json_t *rows);
/*
 * One repetition of @what: @quota iterations of each thread in @seconds, with @processor seconds of all threads, and
 * @counters, by name, as the library writes them: readers judge a resumed row as any other.
 */
void journal_note(FILE *out, const struct run_case *what, uint64_t quota, double seconds, double processor,
		  struct json_t *counters);
/* @argv as text that keeps its words apart, for the caller to free(); NULL when memory ran out. */
char *journal_arguments(int argc, const char **argv);

/* What an earlier measurement left. */
struct earlier {
	char path[PATH_MAX];		/* NAME */
	struct json_t *arguments;	/* words, without the program's name */
	struct json_t *rows;		/* repetitions and aggregates; failed ones are not among them */
};

/*
 * journal_load - @run is a run's folder, in which @name is meant, or a file. Returns 0, or the exit status after one
 * line on stderr: there is none, it is complete, it is of another commit, or it is no such file.
 */
int journal_load(struct earlier *earlier, const char *run, const char *name);
void journal_free(struct earlier *earlier);
/*
 * The command line of what is resumed, by this @program, for the caller to free(); it points into @earlier. NULL when
 * memory ran out.
 */
const char **journal_command(const struct earlier *earlier, const char *program, int *argc);
/*
 * Takes from each case of @suite the repetitions that @earlier has. Returns how many are left in all,
 * which is one at least.
 */
unsigned long journal_reduce(const struct earlier *earlier, struct suite *suite);
/* Puts the rows of @earlier in front of those in @root, as one measurement. Returns 0 or -ENOMEM. */
int journal_merge(const struct earlier *earlier, struct json_t *root);

#endif
