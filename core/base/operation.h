/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operation.h - the operations, marked where they begin: in check builds each cpu shows which it is in, the one inside the
 * other, to those who look on when nothing moves; in builds with FAULTLINE_PROFILE they can be timed. Nothing in other builds.
 */
#ifndef FAULTLINE_CORE_BASE_OPERATION_H
#define FAULTLINE_CORE_BASE_OPERATION_H

#include <stdio.h>

#include "core/base/latency.h"

#if FAULTLINE_CHECK
bool operation_show(const char *name, const void *on, unsigned long at);
void operation_hide(void);
/* Writes what cpu @id is in, outermost first, as one line behind others' words; nothing if it is in none. */
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
/* (T) one operation under way */
struct operation_scope {
	const struct operation_site *site;
	bool shown;
	uint64_t since;		/* 0: it is not timed */
};

/* Until the block it stands in is left, the calling cpu is in operation @name, of @on, at @at: an address in it, or 0. */
#define OPERATION(name, on, at) \
	static const struct operation_site operation_site_ __attribute__((section("faultline_operations"), used)) = { name }; \
	struct operation_scope operation_scope_ __attribute__((cleanup(operation_leave))) = \
		operation_enter(&operation_site_, (on), (unsigned long)(at))

static force_inline struct operation_scope operation_enter(const struct operation_site *site, const void *on, unsigned long at)
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
