/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.h - one definition of a workload, run by every runner (bench, stress, the sanitizer builds).
 *
 * A workload is one file that ends in WORKLOAD(...): set-up, one operation per role, check, tear-down; no timing code.
 * A runner calls, for each run:
 *
 *   setup(run)                      in the main thread, before the workers start; 0, -errno, or workload_skip()
 *     worker_setup(worker)          in each worker, pinned and registered; optional
 *       { prepare(worker); op(worker) } …   prepare is not timed; op returns the items it did, or -errno
 *     worker_teardown(worker)       optional
 *   check(run)                      quiescent, all workers gone; 0 or -errno, the reason on stderr
 *   report(run, out)                after that, of a storm: what it tested; optional
 *   teardown(run)                   always, after a setup that returned 0
 *
 * Every call may come again: a runner sets up and tears down as often as it likes.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_WORKLOAD_H
#define FAULTLINE_WORKLOADS_LIB_WORKLOAD_H

#include <stdio.h>

#include "core/faultline.h"
#include "workloads/lib/layout.h"

#define WORKLOAD_MAX_ROLES	6
#define WORKLOAD_MAX_AXES	2
#define WORKLOAD_MAX_CHOICES	8

struct workload_run;

/* (T) all of it, but for what the workload shares itself */
struct worker {
	struct workload_run *run;
	unsigned int index;			/* 0 … run->threads - 1 */
	unsigned int role;			/* index into the workload's roles */
	unsigned int role_index, role_count;	/* its place among the workers of that role, and how many they are */
	struct rng rng;				/* seeded from run->seed and index */
	void *data;				/* the workload's own */
};

struct workload_role {
	const char *name;
	int64_t (*op)(struct worker *worker);	/* items done, or -errno */
	void (*prepare)(struct worker *worker);	/* not timed; NULL when there is nothing to do between two ops */
};

/* A further choice, as key:value in the benchmark's name: "pages", { 65536, 1048576 }. */
struct workload_axis {
	const char *key;
	unsigned int nr;
	int64_t values[WORKLOAD_MAX_CHOICES];
};

enum workload_flags {
	WORKLOAD_LIMIT = 1,		/* bounds other workloads; no mm, no policy */
	WORKLOAD_LIVE = 2,		/* asks the live kernel; no policy */
	WORKLOAD_PAYLOAD = 4,		/* page contents matter: worth running with payload 4096 as well as 0 */
	WORKLOAD_LAYOUT = 8,		/* runs on a captured layout: once per layout */
};

struct workload {
	const char *name, *what;
	const char *item;			/* what is counted: "PTE" or "page", else "lock", "frame" … */
	/* of WORKLOAD_LIVE: the workload that does the same in the core; or NULL */
	const char *twin_of;
	unsigned int flags;
	unsigned int min_threads;		/* 0 and 1 mean 1 */
	unsigned int nr_roles;			/* worker i has role i % nr_roles, unless role_of says otherwise */
	struct workload_role roles[WORKLOAD_MAX_ROLES];
	unsigned int (*role_of)(unsigned int index, unsigned int threads);
	unsigned int nr_axes;
	struct workload_axis axes[WORKLOAD_MAX_AXES];
	int (*setup)(struct workload_run *run);
	int (*worker_setup)(struct worker *worker);
	void (*worker_teardown)(struct worker *worker);
	int (*check)(struct workload_run *run);
	void (*report)(const struct workload_run *run, FILE *out);
	void (*teardown)(struct workload_run *run);
};

/* (C) while workers run, but for what the workload shares itself */
struct workload_run {
	const struct workload *workload;
	struct mm_policy policy;
	unsigned int threads;
	const struct layout *layout;		/* set for WORKLOAD_LAYOUT */
	uint64_t seed;
	int64_t choice[WORKLOAD_MAX_AXES];	/* one value for each axis */
	const unsigned int *nodes;		/* of each worker; NULL: all are of one */
	bool checking;				/* stress: do what a timed run would not, such as verifying contents */
	char skipped[128];			/* why it cannot be run here; "" when it can */
	void *data;				/* the workload's own */
};

/*
 * workload_skip - what a setup returns where this machine's kernel refuses what the workload is about: no failure, as
 * long as the reason is printed. @fmt names what rejects which choice. Returns -EOPNOTSUPP.
 */
int workload_skip(struct workload_run *run, const char *fmt, ...) __printf(2, 3) __cold;

/*
 * For setup: what it prepares from now on lies where worker @index would have put it itself. The runner undoes that
 * after the setup.
 */
void workload_stand_for(const struct workload_run *run, unsigned int index);

/* All workloads, by name; found by wildcard, ordered by name. */
unsigned int nr_workloads(void);
const struct workload *workload_get(unsigned int index);
const struct workload *workload_find(const char *name);
/* @workload matches one of @globs, or there are none. */
bool workload_matches(const struct workload *workload, const char *const *globs, unsigned int nr_globs);
void workload_register(const struct workload *workload);

/*
 * Scenarios: the same for a few threads with a few operations on a few pages, for searches that take all of their
 * executions. They are no benchmarks, and in a list of their own, with names of their own. Worker i has role i.
 */
unsigned int nr_scenarios(void);
const struct workload *scenario_get(unsigned int index);
const struct workload *scenario_find(const char *name);
void scenario_register(const struct workload *scenario);

#define SCENARIO(id, ...) \
	static const struct workload id##_scenario = { .name = #id, .item = "page", __VA_ARGS__ }; \
	static void __attribute__((constructor)) id##_register(void) { scenario_register(&id##_scenario); }

#define WORKLOAD(id, ...) \
	static const struct workload id##_workload = { .name = #id, __VA_ARGS__ }; \
	static void __attribute__((constructor)) id##_register(void) { workload_register(&id##_workload); }

#endif
