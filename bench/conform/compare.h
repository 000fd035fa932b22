/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.h - the differences between the two sides, after a step. */
#ifndef FAULTLINE_BENCH_CONFORM_COMPARE_H
#define FAULTLINE_BENCH_CONFORM_COMPARE_H

#include "bench/conform/side.h"

enum difference_kind {
	DIFFER_RESULT, DIFFER_VMAS, DIFFER_PAGE, DIFFER_MAPCOUNT, DIFFER_FRAME, DIFFER_CONTENTS, DIFFER_COUNT,
	DIFFER_SIZE
};

/* The counts of a state, in this order. */
enum count { COUNT_ANON, COUNT_FILE, COUNT_SHMEM, COUNT_SWAP, COUNT_LOCKED, COUNT_TOTAL };

struct difference {
	enum difference_kind kind;
	unsigned int process;
	/* DIFFER_VMAS: number of the first VMA that differs; DIFFER_COUNT: enum count; DIFFER_SIZE: enum size_kind */
	long page;
	unsigned int bit;	/* DIFFER_PAGE: one of enum page_bits */
	long live, core;	/* the two answers */
};

/* True: the difference is excused, and the comparison continues. */
typedef bool (*difference_fn)(void *arg, const struct difference *difference);

/*
 * Which frame of one side is which of the other: filled while the states of all processes are compared, so that pages
 * that share a frame on one side share one on the other.
 */
struct frame_classes;
/* NULL without memory. */
struct frame_classes *frame_classes_create(void);
void frame_classes_free(struct frame_classes *classes);
/* Before the first process of a step. */
void frame_classes_begin(struct frame_classes *classes);

/* True if the process maps memory of files, or shared memory. */
bool state_has_files(const struct process_state *state);

/* What both know. */
struct side_knows knows_both(const struct side_knows *live, const struct side_knows *core);

/*
 * states_agree - compares the states of @process over @pages pages as far as @both goes. Calls @excuse(@arg) for each
 * difference. Returns false at the first one that is not excused. @classes may be NULL: frames are not compared.
 */
bool states_agree(const struct process_state *live, const struct process_state *core, long pages,
		  const struct side_knows *both, unsigned int process, struct frame_classes *classes,
		  difference_fn excuse, void *arg);

/* One line, without a newline. @live and @core are states of its process. */
void difference_print(FILE *out, const struct difference *difference, const struct process_state *live,
		      const struct process_state *core);
/* Ends with a name NULL. */
extern const struct page_bit_name {
	const char *name;
	unsigned int bit;	/* one of enum page_bits */
} page_bit_names[];
/* A result of an operation, as "3", "ENOMEM" or "SIGSEGV MAPERR". */
void result_print(FILE *out, long result);
/* All VMAs, as "[0,3) rw-p [5,7) r--s file1@2". */
void vmas_print(FILE *out, const struct process_state *state);

#endif
