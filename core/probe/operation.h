/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operation.h - marks where operations begin. In check builds each cpu shows its nested operations, for the
 * watchdog's report; in builds with FAULTLINE_PROFILE they can be timed. Empty in other builds.
 */
#ifndef FAULTLINE_CORE_PROBE_OPERATION_H
#define FAULTLINE_CORE_PROBE_OPERATION_H

#include <stdio.h>

#include "core/probe/latency.h"

#if FAULTLINE_CHECK
/* Shows an operation as the calling cpu's innermost one. False, with nothing to hide: the thread has no cpu. */
bool operation_show(const char *name, const void *on, unsigned long at);
void operation_hide(void);
/* Prints the operations of cpu @id, outermost first, appended to the current line; nothing outside of operations. */
void operations_print(FILE *out, unsigned int id);
#else
static inline bool operation_show(const char *name, const void *on, unsigned long at)
{
	(void)name, (void)on, (void)at;
	return false;
}

static inline void operation_hide(void) {}
static inline void operations_print(FILE *out, unsigned int id) { (void)out, (void)id; }
#endif

#if FAULTLINE_PROFILE
/* (T) one running operation */
struct operation_scope {
	const struct operation_site *site;
	bool shown;
	uint64_t since;		/* 0: not timed */
};

/* Until its block ends, the calling cpu is in operation @name, of @on, at @at: an address in it, or 0. */
#define OPERATION(name, on, at) \
	static const struct operation_site operation_site_ \
		__attribute__((section("faultline_operations"), used)) = { name }; \
	struct operation_scope operation_scope_ __attribute__((cleanup(operation_leave))) = \
		operation_enter(&operation_site_, (on), (unsigned long)(at))

/* operation_enter, operation_leave - the two ends of an OPERATION(). */
static force_inline struct operation_scope operation_enter(const struct operation_site *site, const void *on,
							   unsigned long at)
{
	bool shown = operation_show(site->name, on, at);

	return (struct operation_scope){ site, shown, latency_begin(site) };
}

static force_inline void operation_leave(const struct operation_scope *scope)
{
	if (unlikely(scope->since))
		latency_add(scope->site, scope->since);
	if (scope->shown)
		operation_hide();
}
#else
#define OPERATION(name, on, at)	do { } while (0)
#endif

#endif
