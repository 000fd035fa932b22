/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.h - runs a sequence on both sides, an operation at a time, and compares after each. */
#ifndef FAULTLINE_BENCH_CONFORM_ENGINE_H
#define FAULTLINE_BENCH_CONFORM_ENGINE_H

#include "bench/conform/exceptions.h"
#include "bench/conform/sequence.h"

enum outcome {
	AGREES, ENDED, DIVERGED,
	DISTURBED,	/* the two differ, and khugepaged collapsed a range meanwhile: the sequence says nothing */
};

/* Where the two differ first. */
struct divergence {
	unsigned int at;		/* the operation of the sequence */
	struct difference difference;
	char text[2048];		/* difference_print() */
};

/* What has happened so far, and the last states that were looked at, by process: for generators. */
struct view {
	const struct sequence *done;
	const struct process_tree *tree;
	const struct process_state *const *states;
};

/* Where operations come from. False: there are no more. */
struct op_source {
	bool (*next)(struct op_source *source, const struct view *view, struct op *op);
};

struct engine {
	struct side *live, *core;
	struct side_knows both;
	struct exception *exceptions;		/* NULL: none */
	uint64_t sequences, operations, ended;
	uint64_t met[NR_OP_KINDS][2];		/* operations that failed, and that succeeded, on the live side */
	long results[SEQUENCE_OPS][2];		/* of the last run: live, core */
	struct engine_states *states;
	struct frame_classes *classes;
};

/* Returns false without memory. The sides stay the caller's. */
bool engine_begin(struct engine *engine, struct side *live, struct side *core);
void engine_end(struct engine *engine);

/*
 * engine_run - runs what @source gives in a window of sequence->pages pages, appending it to @sequence, which is empty,
 * and compares. @thorough: all processes after each step; else the one that acts, and all now and then, and at the end.
 */
enum outcome engine_run(struct engine *engine, struct sequence *sequence, struct op_source *source, bool thorough,
			struct divergence *divergence);
/* The same for a sequence that is given, thorough. *@ran has its operations without those that are skipped. */
enum outcome engine_replay(struct engine *engine, const struct sequence *sequence, struct sequence *ran,
			   struct divergence *divergence);

#endif
