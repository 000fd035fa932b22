/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show.h - pictures of an episode: a page to step through, and traces for other programs. */
#ifndef FAULTLINE_BENCH_DRAW_SHOW_H
#define FAULTLINE_BENCH_DRAW_SHOW_H

#include "bench/check/edges.h"

struct out_file;

/* What is drawn: an episode that was played with details. */
struct show {
	const struct episode *episode;
	const struct episode_end *end;
	const struct schedule_log *log;
	uint32_t nr;			/* events that were kept */
	struct edges edges;
	const char *token;
};

/* Each writes all of it to @out, and ends it with out_file_end(). Returns 0, or the exit status after one line. */
int show_page(const struct show *show, struct out_file *out);
/* For ui.perfetto.dev and chrome://tracing: a step is a microsecond. */
int show_chrome(const struct show *show, struct out_file *out);
/* For graphviz: the events that edges connect, in the order of each thread. */
int show_dot(const struct show *show, struct out_file *out);

#endif
