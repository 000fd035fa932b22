/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operation.h - where operations begin and end. In check builds subscribers are notified; in builds with
 * FAULTLINE_PROFILE, check builds among them, operations can be timed (latency.h). Empty in other builds.
 *
 * A subscriber is one file with an OPERATION_SUBSCRIBER(): current_operation.c. They are called in the linker's order,
 * and do not rely on it. latency.h alone, which profile builds have too, is called inline.
 */
#ifndef FAULTLINE_CORE_PROBE_OPERATION_H
#define FAULTLINE_CORE_PROBE_OPERATION_H

#include "core/probe/latency.h"

#if FAULTLINE_CHECK
/* No lock key: on the reporting thread's stack. */
struct operation_event {
	const struct operation_site *site;
	const void *on;
	unsigned long at;	/* an address in @on, or 0 */
};

/* Lock key: (C) const. NULL: not notified. Operations nest, and end in the reverse order. */
struct operation_subscriber {
	void (*begins)(const struct operation_event *event);	/* (C) */
	void (*ends)(const struct operation_event *event);	/* (C) */
};

/* Adds @object, a const struct operation_subscriber of the file, to the table. As DETECTOR(). */
#define OPERATION_SUBSCRIBER(object) \
	const struct operation_subscriber *const operation_subscriber_##object \
		__attribute__((section("faultline_operation_subscribers"), used)) = &(object)

/* Each calls the subscribers of one event above. */
void operation_notify_begins(const struct operation_event *event);
void operation_notify_ends(const struct operation_event *event);
#endif

#if FAULTLINE_PROFILE
/* (T) one running operation */
struct operation_scope {
	const struct operation_site *site;
#if FAULTLINE_CHECK
	struct operation_event event;
#endif
	uint64_t since;		/* 0: not timed */
};

/* Until its block ends, the calling thread is in operation @name, of @on, at @at: an address in it, or 0. */
#define OPERATION(name, on, at) \
	static const struct operation_site operation_site_ \
		__attribute__((section("faultline_operations"), used)) = { name }; \
	struct operation_scope operation_scope_ __attribute__((cleanup(operation_leave))) = \
		operation_enter(&operation_site_, (on), (unsigned long)(at))

/* operation_enter, operation_leave - the two ends of an OPERATION(). */
static force_inline struct operation_scope operation_enter(const struct operation_site *site, const void *on,
							   unsigned long at)
{
	struct operation_scope scope = { .site = site };

#if FAULTLINE_CHECK
	scope.event = (struct operation_event){ site, on, at };
	operation_notify_begins(&scope.event);
#else
	(void)on, (void)at;
#endif
	scope.since = latency_begin(site);
	return scope;
}

static force_inline void operation_leave(const struct operation_scope *scope)
{
	if (unlikely(scope->since))
		latency_add(scope->site, scope->since);
#if FAULTLINE_CHECK
	operation_notify_ends(&scope->event);
#endif
}
#else
#define OPERATION(name, on, at)	do { } while (0)
#endif

#endif
