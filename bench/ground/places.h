/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places.h - where the threads of a run go, its frames, and its page tables: three choices, by name and by plan. */
#ifndef FAULTLINE_BENCH_GROUND_PLACES_H
#define FAULTLINE_BENCH_GROUND_PLACES_H

#include <stdio.h>

#include "core/faultline.h"

#define PLACE_NAME	32	/* bytes for the name of a choice */

/* All zero: compact, everything local. */
struct places {
	enum placement threads;
	unsigned int node;			/* PLACE_NODE's */
	struct mempolicy memory[NR_FRAME_USES];	/* relative to the node of the thread that allocates */
	bool tables_chosen;			/* else they follow the data */
};

/* Each takes one option's text. Return 0, or the exit status after one line on stderr. */
int places_take_threads(struct places *places, const char *text);
int places_take_node(struct places *places, const char *text);
int places_take_memory(struct places *places, enum frame_use use, const char *text);
/* What depends on the loaded topology: is there such a node, is there remote memory? Returns as above. */
int places_check(const struct places *places);

/* The text an option took, in @name; returns it. */
const char *places_threads_name(const struct places *places, char name[PLACE_NAME]);
const char *mempolicy_name(struct mempolicy policy, char name[PLACE_NAME]);
/* Appends "/key:value" to @name, of @size bytes, for each choice that is not the usual one. */
void places_append_name(const struct places *places, char *name, size_t size);
/* Writes the options that choose the same. */
void places_put_options(const struct places *places, FILE *out);
/*
 * For each of @nthreads threads the nodes that its frames and its tables come from; "all" where it takes them in turn.
 */
void places_describe(const struct places *places, unsigned int nthreads, FILE *out);

#endif
