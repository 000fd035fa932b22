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
 * die - prints the text, place, cpu, the seed that repeats the run, and the detector on stderr, then calls abort().
 * @detector: a name that identifies the detector to programs, which never read the text; it stays in memory. die_hook,
 * when set, is called with both first and may not return (step-by-step tests jump out of it).
 */
void die(const char *detector, const char *file, int line, const char *fmt, ...)
	__printf(4, 5) __attribute__((noreturn, cold));
/* (C) set before threads start */
extern void (*die_hook)(const char *detector, const char *text);
extern bool slow_checks;			/* (C) set before threads start */
extern uint64_t run_seed;			/* (C) the seed printed by die() */
extern _Thread_local int die_cpu;		/* (T) the cpu printed by die(); -1: none */

/* BUG_BY() is for detectors that have a name, BUG() and BUG_ON() for all other checks. */
#define BUG_BY(detector, ...)	die(detector, __FILE__, __LINE__, __VA_ARGS__)
#define BUG(...)		BUG_BY("BUG_ON", __VA_ARGS__)
#define BUG_ON(c)		do { if (unlikely(c)) BUG("%s", #c); } while (0)

#if FAULTLINE_CHECK
#define ASSERT(c)	do { if (unlikely(!(c))) BUG_BY("assertion", "assertion failed: %s", #c); } while (0)
#define ASSERT_SLOW(c)	do { if (slow_checks) ASSERT(c); } while (0)
#else
#define ASSERT(c)	((void)sizeof((c) ? 1 : 0))
#define ASSERT_SLOW(c)	ASSERT(c)
#endif

#endif
