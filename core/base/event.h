/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - events, counted per thread in every build, without locked instructions.
 *
 * DEFINE_EVENT() in the source file that counts an event is all it needs: it is listed and reported. DECLARE_EVENT() in
 * a header lets other files count it, or read its total. Only threads registered as cpus are counted: not liburcu's.
 */
#ifndef FAULTLINE_CORE_BASE_EVENT_H
#define FAULTLINE_CORE_BASE_EVENT_H

#include "core/base/atomic.h"

/* Lock key: (C) const (E) events_mutex */
struct event {
	const char *name;		/* (C) for people */
	uint64_t *(*here)(void);	/* (C) the calling thread's counter */
	uint64_t past;			/* (E) counts of threads that have unregistered */
};

/* Both make EV_@ident: an array of one, so that it names the event where a pointer is wanted. */
#define DECLARE_EVENT(ident) \
	extern _Thread_local uint64_t EV_##ident##_count; \
	extern struct event EV_##ident[1]

/* No static object: the linker rejects a second event of the same name. */
#define DEFINE_EVENT(ident, text) \
	_Thread_local uint64_t EV_##ident##_count;	/* (A) its thread writes, any reads */ \
	static uint64_t *EV_##ident##_here(void) { return &EV_##ident##_count; } \
	struct event EV_##ident[1] = { { .name = (text), .here = EV_##ident##_here } }; \
	static struct event *const EV_##ident##_entry __attribute__((section("faultline_events"), used)) = EV_##ident

/* @event: EV_ and a name, not an expression. */
#define count_events(event, n)	count_own(&event##_count, (n))
#define count_event(event)	count_events(event, 1)

/* Returns NULL past the last one. The order is the linker's. */
const struct event *event_get(unsigned int index);
/* Counts of @event in all threads, past and present, since events_reset(). */
uint64_t events_total(const struct event *event);
/* Locking: no other thread is in core, else it may undo the reset of its own counts. */
void events_reset(void);

#endif
