/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.h - an episode as a token, and back: all that decides what happens in it. */
#ifndef FAULTLINE_BENCH_CHECK_REPLAY_H
#define FAULTLINE_BENCH_CHECK_REPLAY_H

#include <stdio.h>

#include "bench/check/episode.h"

/* An episode that was read, and what it points to. */
struct replay {
	struct choices choices;
	struct suite suite;
	struct episode episode;
	char *workload;
	bool opened;			/* room for episodes */
	struct decision *decisions;
	struct decision_plan plan;	/* of them */
	uint64_t nodes;			/* of the machine where it was made */
};

/* A line with the command that repeats @episode in this build, by its token. */
void replay_print_command(FILE *out, const struct episode *episode);

/*
 * Reads @text, loads the topology, enables the token's knock-outs, and makes room for episodes. A token of another
 * build is taken with a warning. Returns 0, or the exit status after one line on stderr: a damaged token, or one that
 * this build cannot play.
 */
int replay_open(struct replay *replay, const char *text);
/* @status: of what was played. Returns it, or the exit status when the end fails. After replay_open() in any case. */
int replay_close(struct replay *replay, int status);

#endif
