/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event_words.h - an event of an episode in words, for pages and traces. */
#ifndef FAULTLINE_BENCH_CHECK_EVENT_WORDS_H
#define FAULTLINE_BENCH_CHECK_EVENT_WORDS_H

#include "bench/check/episode.h"
#include "bench/check/named_memory.h"

struct event_words {
	const char *verb;		/* "writes" */
	char what[160];			/* memory, a lock, a sync point; may be empty */
	char value[96];			/* read or written; empty: none */
	char order[16];			/* of an atomic access; else empty */
	char place[128];		/* function, file and line; empty: unknown */
	const char *source;		/* the text of the line, or NULL */
	struct named named;		/* of accesses */
};

/* Event number @at of @log. */
void event_words(struct event_words *words, const struct schedule_log *log, uint32_t at);
/* "worker 1", "RCU callbacks". */
void event_thread_name(unsigned int thread, char *text, size_t size);
/*
 * Why the thread of event @at - 1, whose turn ends there, gave way to that of event @at: "it yields", "it waits
 * for a wake-up".
 */
void event_switch_reason(const struct episode *episode, const struct schedule_log *log, uint32_t at, char *text,
			 size_t size);
/* It is an access to memory; it is one of the words' own, not a detail. */
bool event_is_access(const struct schedule_event *event);

#endif
