/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - what runs left behind, and the sections of the page about it. */
#ifndef FAULTLINE_BENCH_DRAW_REPORT_H
#define FAULTLINE_BENCH_DRAW_REPORT_H

#include <limits.h>

#include <jansson.h>

#include "bench/data/numa.h"
#include "bench/data/results.h"
#include "bench/data/usl.h"
#include "bench/draw/html.h"

/* All that one run left; what it has none of is empty: nr == 0, NULL. */
struct report_run {
	const char *name;		/* as it was given */
	char folder[PATH_MAX];		/* where its files are */
	struct results bench, eras;
	struct usl_fits bench_fits, eras_fits;
	json_t *profile, *knockouts, *conform, *linearize;
	struct numa numa;
	bool has_numa;
};

/*
 * @name is a run's folder, or one file of results. Returns 0, or the exit status
 * after one line on stderr; then there is nothing to free.
 */
int report_load(struct report_run *run, const char *name);
void report_free(struct report_run *run);
/*
 * The @nth reason why a file of the run is incomplete, with the file's name and the command that resumes it, or NULL
 * when none does; NULL past the last.
 */
const char *report_incomplete(const struct report_run *run, unsigned int nth, const char **file, const char **command);
/* Facts of the run's context: of bench.json or, when there is none, of eras.json. */
const struct results *report_facts(const struct report_run *run);

/* ---- sections: each writes one, with its own figures; or says which command makes what it lacks ---- */
void report_answers(struct html *page, const struct report_run *run);
void report_facts_table(struct html *page, const struct report_run *runs, unsigned int nr);
void report_runs(struct html *page, const struct report_run *runs, unsigned int nr);
void report_scaling(struct html *page, const struct report_run *run);
void report_latency(struct html *page, const struct report_run *run);
void report_eras(struct html *page, const struct report_run *run);
void report_twins(struct html *page, const struct report_run *run);
void report_locks(struct html *page, const struct report_run *run);
void report_numa(struct html *page, const struct report_run *run);
void report_noise(struct html *page, const struct report_run *run);
void report_all(struct html *page, const struct report_run *run);

/* The answers of the referees, in the section of answers. */
void report_referee(struct html *page, const struct report_run *run);

/* ---- what they share ---- */

/* Begins the answer to @question, with the anchor "answer-@id". */
void report_question(struct html *page, const char *id, const char *question);

/* The command that measures @of again, with all policies and threads that @results has of it, and this page's. */
const char *report_again(const struct report_run *run, const char *command, const struct results *results,
			 const struct result *of);
/* @command of the program and this page's, as lines to type. */
const char *report_shell(const struct report_run *run, const char *command);
/* Into @command, or behind what it holds when @before begins with a blank: @before, and @word as a shell takes it. */
void report_word(char *command, size_t size, const char *before, const char *word);
/* "812 ns", "1.24 µs". */
const char *report_time(double nanoseconds);
const char *report_rate(double per_second);

/* Of what profile.json says about a case, the lock that all threads would wait for in the end. */
struct lock_bound {
	const char *class;
	double hold_ns;			/* mean */
	double per_item;		/* times that it is taken */
	double rate;			/* items per second of all threads, were it one lock, always held */
	double wait_share;		/* of all threads' time */
	unsigned int threads;		/* that it was measured with */
};

/*
 * For @of's case with the most threads that has a bottleneck which one thread holds at a time; false when there is
 * none.
 */
bool report_lock_bound(const json_t *profile, const struct result *of, struct lock_bound *bound);

#endif
