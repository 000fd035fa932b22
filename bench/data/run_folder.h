/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_folder.h - where results are kept: one folder for each host and run.
 *
 *   results/HOST/TIME/         one run: bench.json, profile.json … (described in results/README.md)
 *   results/latest             symbolic link to the newest run's folder
 *   results/HOST/baseline      symbolic link to the run that others of this host are compared with
 */
#ifndef FAULTLINE_BENCH_DATA_RUN_FOLDER_H
#define FAULTLINE_BENCH_DATA_RUN_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/ground/out_file.h"

#define RESULTS_FOLDER	"results"
#define LATEST_RUN	RESULTS_FOLDER "/latest"
#define RESULTS_SCHEMA	1	/* of every file in a run's folder; a reader refuses what it does not know */

/*
 * Makes a folder for a run that begins now, and stores its path. Returns 0, or the exit status after one line on
 * stderr.
 */
int run_folder_new(char *path, size_t size);
/* What becomes of a run that is complete. */
enum run_rank {
	RUN_ASIDE,		/* kept, and no more: it is incomplete, or nothing was measured */
	RUN_LATEST,
	RUN_FIRST_BASELINE,	/* the latest, and its host's baseline when there is none */
	RUN_BASELINE,		/* the latest, and its host's baseline from now on */
};
/* Returns as above. */
int run_folder_keep(const char *path, enum run_rank rank);
/*
 * The folder of the newest run, of this host's baseline. Returns 0, or the exit status after one line on stderr: there
 * is none.
 */
int run_folder_latest(char *path, size_t size);
int run_folder_baseline(char *path, size_t size);
/* @name inside when @run is a folder, else @run itself: commands take either. False when the path is too long. */
bool run_folder_file(const char *run, const char *name, char *path, size_t size);

/* One file of results. */
struct run_output {
	struct out_file file;
	char folder[PATH_MAX];		/* "" when the file's name was given */
};

/*
 * Results go to @out or, when that is NULL, to @name in a new run's folder. @out inside a run's folder, as a resumed
 * run has it, is that run's. Returns 0, or the exit status after one line on stderr.
 */
int run_output_begin(struct run_output *output, const char *out, const char *name);
/*
 * Publishes the file, and ranks its run, when @status is 0; else removes them. Returns @status, or as above when that
 * fails.
 */
int run_output_end(struct run_output *output, int status, enum run_rank rank);

#endif
