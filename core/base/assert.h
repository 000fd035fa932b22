/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * assert.h - three tiers of checks by cost; all end the run on a broken invariant.
 *
 *   BUG_ON(c)       every build: impossible states that would corrupt memory; a predictable branch
 *   ASSERT(c)       check builds: cheap, on any path
 *   ASSERT_SLOW(c)  check builds, while slow_checks is set: a loop or a search
 *
 * Possible failures are never asserted: they are an -errno.
 */
#ifndef FAULTLINE_CORE_BASE_ASSERT_H
#define FAULTLINE_CORE_BASE_ASSERT_H

#include "core/base/compiler.h"

/*
 * die - prints the text, place, cpu and the seed that repeats the run on stderr, then calls abort().
 * die_hook, when set, is called with the text first and may not return (step-by-step tests jump out of it).
 */
void die(const char *file, int line, const char *fmt, ...) __printf(3, 4) __attribute__((noreturn, cold));
extern void (*die_hook)(const char *text);	/* (C) set before threads start */
extern bool slow_checks;			/* (C) set before threads start */
extern uint64_t run_seed;			/* (C) the seed printed by die() */
extern _Thread_local int die_cpu;		/* (T) the cpu printed by die(); -1: none */

#define BUG(...)	die(__FILE__, __LINE__, __VA_ARGS__)
#define BUG_ON(c)	do { if (unlikely(c)) die(__FILE__, __LINE__, "%s", #c); } while (0)

#if FAULTLINE_CHECK
#define ASSERT(c)	do { if (unlikely(!(c))) die(__FILE__, __LINE__, "assertion failed: %s", #c); } while (0)
#define ASSERT_SLOW(c)	do { if (slow_checks) ASSERT(c); } while (0)
#else
#define ASSERT(c)	((void)sizeof((c) ? 1 : 0))
#define ASSERT_SLOW(c)	ASSERT(c)
#endif

#endif
