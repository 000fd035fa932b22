/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syncpoint.h - named places in every protocol for seeded delays and hooks of step-by-step tests; knock-outs, failing
 * allocations. Empty in builds without FAULTLINE_CHECK.
 */
#ifndef FAULTLINE_CORE_PROBE_SYNCPOINT_H
#define FAULTLINE_CORE_PROBE_SYNCPOINT_H

#include "core/base/atomic.h"

/* ---- knock-outs: the list exists in every build, for messages ---- */
enum knockout {
#define KNOCKOUT(id, name, removes, breaks, detected_by, mirrors) KO_##id,
#include "core/probe/knockout.def"
#undef KNOCKOUT
	NR_KNOCKOUTS
};

struct knockout_info {
	const char *name, *removes, *breaks, *detected_by;
	const char *mirrors;	/* titles of upstream commits that fixed such bugs in Linux, one a line; or "" */
};

/* Returns NULL past the last one. */
const struct knockout_info *knockout_info(unsigned int index);
/* Disables @name. Returns 0, -ENOENT for an unknown name, -EOPNOTSUPP in builds without FAULTLINE_CHECK. */
int knockout_enable(const char *name);
void knockout_clear(void);
/* How often @index took effect since the last knockout_clear(). A re-check counts when it would have failed. */
uint64_t knockout_hits(unsigned int index);

/* ---- sync points ---- */
struct syncpoint {
	const char *name;
	uint64_t hits;		/* (A) */
};

/* Returns NULL past the last one; the order is the linker's. Hits are zero where sync points are compiled out. */
struct syncpoint *syncpoint_get(unsigned int index);
/*
 * From now on each hit pauses with probability @per_mille / 1000: mostly a short spin, at times a yield or a sleep of
 * up to 100 µs, chosen by the thread's own generator, so that a seed repeats a thread's choices. 0 disables it.
 */
void syncpoint_noise(unsigned int per_mille);
/*
 * Calls @hook(@arg) at each hit of @name, before any delay; NULL removes the hook. At most one hook is set at a time.
 * Returns -ENOENT if no such point was compiled in. Locking: set while no other thread is in core.
 */
int syncpoint_hook(const char *name, void (*hook)(void *arg), void *arg);
void syncpoints_reset(void);

/* ---- failing allocations ---- */
/* The @nth allocation of this thread from now on fails once (1: the next); 0 disables it. */
void inject_alloc_failure(unsigned long nth);
/* Allocations this thread made since inject_alloc_failure() was last called. */
unsigned long inject_alloc_count(void);

#if FAULTLINE_CHECK
extern bool knocked_out[NR_KNOCKOUTS + 1];	/* (A) cleared at times to free a thread that a knock-out has blocked */
bool knockout_hit(enum knockout knockout);	/* always true */
void syncpoint_hit(struct syncpoint *point);
bool inject_alloc_fails(void);

#define KNOCKED_OUT(id)	unlikely(load_relaxed(&knocked_out[KO_##id]) && knockout_hit(KO_##id))
#define SYNCPOINT(text) do { \
	static struct syncpoint point_ = { .name = (text) }; \
	static struct syncpoint *const entry_ __attribute__((section("faultline_syncpoints"), used)) = &point_; \
	(void)entry_; \
	syncpoint_hit(&point_); \
} while (0)
#else
#define KNOCKED_OUT(id)	false
#define SYNCPOINT(text)	do { } while (0)
static inline bool inject_alloc_fails(void) { return false; }
#endif

#endif
