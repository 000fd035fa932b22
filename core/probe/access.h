/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access.h - in explore builds, each access to memory is a step of the schedule.
 *
 * The compiler makes a call of each access, as for ThreadSanitizer (-fsanitize=thread); access.c has these calls, and
 * ThreadSanitizer's library is not linked. An access is a step if it is atomic, or outside of the calling thread's
 * stack: other threads reach a stack by atomic accesses alone (waiters that wait to be woken). Copies and fills of
 * memory (memcpy(), memset()) are no steps, and fences none either: one thread runs at a time, in the order of its
 * program.
 *
 * Not instrumented: core/base, core/host and core/probe, where threads hold mutexes of the C library; what they call
 * with one held is quiet. Neither are detectors, oracles and bench.
 */
#ifndef FAULTLINE_CORE_PROBE_ACCESS_H
#define FAULTLINE_CORE_PROBE_ACCESS_H

#include "core/base/compiler.h"

#if FAULTLINE_EXPLORE
extern _Thread_local unsigned int access_quiet;	/* (T) nesting depth */

/* Between the two, no access of the calling thread is a step: it holds a mutex, or the memory is unreachable. */
static inline void access_quiet_begin(void) { access_quiet++; }
static inline void access_quiet_end(void) { access_quiet--; }
#else
static inline void access_quiet_begin(void) {}
static inline void access_quiet_end(void) {}
#endif

#endif
