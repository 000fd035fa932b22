/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * numa.h - what it costs where: a cell for each node of the threads, of the frames and of the page tables.
 *
 * A map has the threads' nodes as rows. Along its columns goes the node of something else:
 *
 *   both     frames and page tables together
 *   frames   frames alone; page tables stay beside the threads
 *   tables   page tables alone; frames stay beside the threads
 *
 * In all three the diagonal is where everything is on one node.
 */
#ifndef FAULTLINE_BENCH_DATA_NUMA_H
#define FAULTLINE_BENCH_DATA_NUMA_H

#include <stdio.h>

#include "bench/data/results.h"
#include "bench/ground/places.h"

enum numa_map { NUMA_BOTH, NUMA_FRAMES, NUMA_TABLES, NR_NUMA_MAPS };

struct numa_place {
	unsigned int threads, frames, tables;	/* nodes */
};

struct numa_cell {
	char *workload, *policy, *choices;	/* as in struct result */
	unsigned int threads;
	struct numa_place place;
	/* for each item, on one thread; and the interval that result_interval() gives */
	double ns, low, high;
};

/* A whole file of them. */
struct numa {
	struct results facts;			/* the context's; no benchmarks */
	char *skipped;				/* why there are no cells, or NULL */
	unsigned int nr_nodes;
	struct numa_cell *cells;		/* those of one workload, policy and choices are neighbours */
	unsigned int nr;
};

const char *numa_map_name(enum numa_map map);
/* The cell of @map with the threads on node @row and what it is about on node @column. */
struct numa_place numa_place_in(enum numa_map map, unsigned int row, unsigned int column);
struct places numa_places(struct numa_place place);

/*
 * A new cell, for places and numbers; its texts are copies. Returns NULL when memory ran out; numa_free() either way.
 */
struct numa_cell *numa_add_cell(struct numa *numa, const char *workload, const char *policy, const char *choices);
/* As JSON, with @context, which it takes over; NULL when memory ran out. */
struct json_t *numa_json(const struct numa *numa, struct json_t *context);
/* Reads such a file, or that of a run's folder. Returns 0, or -errno with one line in @why. */
int numa_load(const char *run, struct numa *numa, char *why, size_t why_size);
void numa_free(struct numa *numa);

/* The first cell behind those that share workload, policy, choices and number of threads with @first. */
unsigned int numa_group_end(const struct numa *numa, unsigned int first);
/* Of the cells from @first on that share these, the one at @place; NULL when it was not measured. */
const struct numa_cell *numa_at(const struct numa *numa, unsigned int first, struct numa_place place);
/* The maps as text. */
void numa_print(FILE *out, const struct numa *numa);
/* As the pictures of plot.h: a heat map for each map and workload. */
int plot_numa(const struct numa *numa);

#endif
