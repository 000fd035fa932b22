/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * knockout.h - locks, barriers, re-checks and grace periods that check builds can disable by name, to prove that a
 * detector fires.
 *
 * DEFINE_KNOCKOUT() stands beside the code that it is about, and is all there is to a knock-out but KNOCKED_OUT() in
 * that code. Every build has the list; in builds without FAULTLINE_CHECK KNOCKED_OUT() is false.
 */
#ifndef FAULTLINE_CORE_PROBE_KNOCKOUT_H
#define FAULTLINE_CORE_PROBE_KNOCKOUT_H

#include "core/base/atomic.h"

struct knockout {
	const char *name;		/* TAG:SIDE where it removes a side of an ORDER tag */
	const char *removes;
	const char *breaks;		/* what goes wrong without it */
	const char *detected_by;	/* the check that should fire */
	const char *hunt;		/* the run in which it fires: see below */
	const char *mirrors;		/* titles of upstream commits that fixed such a bug, one a line; or NULL */
	bool on;			/* (A) cleared at times to free a thread that it has made wait */
	uint64_t hits;			/* (A) */
};

/*
 * How a knock-out is hunted:
 *   stress WORKLOAD [OPTION...]   runs of `faultline stress`, each with another seed, until one fails
 *   serial WORKLOAD [OPTION...]   the same of `faultline stress --serial` in the explore build
 *   explore SCENARIO [OPTION...]  one run of `faultline explore`, which fails
 *   test PROGRAM                  a test program, which enables it itself, and passes when a detector fires
 *   model PROGRAM                 an explored litmus pattern, which passes when each side without its barrier is found
 * Tests and models are for what no workload or scenario shows in seconds. Patience is short where the knock-out loses a
 * wake-up, or makes a thread go round in circles.
 */
#define HUNT_JUMBLE	"stress jumble --noise 100 --patience 4"
#define HUNT_CROWD	HUNT_JUMBLE " --threads 8"
#define HUNT_HUGE	HUNT_JUMBLE " --policy linux-6.15,thp=always"
#define HUNT_PINS	"stress gup_jumble --noise 100 --threads 6"
#define HUNT_C11	" --memory-order c11 --frames 2048"
#define HUNT_CUTS	"stress truncate_vs_fault --noise 100"

/* DEFINE_KNOCKOUT(IDENT, .name = "...", ...): at file scope. DECLARE_KNOCKOUT(IDENT): where other files use it too. */
#define DECLARE_KNOCKOUT(ident)	extern struct knockout knockout_##ident
#define DEFINE_KNOCKOUT(ident, ...) \
	struct knockout knockout_##ident = { __VA_ARGS__ }; \
	static struct knockout *knockout_##ident##_entry_ __attribute__((section("faultline_knockouts"), used)) = \
		&knockout_##ident

/* By name; NULL past the last one. */
const struct knockout *knockout_get(unsigned int index);
unsigned int knockout_count(void);
/* NULL for an unknown name. */
struct knockout *knockout_find(const char *name);
/* Disables @name from now on. Returns 0, -ENOENT for an unknown name, -EOPNOTSUPP in builds without FAULTLINE_CHECK. */
int knockout_enable(const char *name);
void knockout_clear(void);
/*
 * How often the code of @index was skipped since the last knockout_clear(). A re-check counts where it would have
 * failed.
 */
uint64_t knockout_hits(unsigned int index);

#if FAULTLINE_CHECK
/* Counts a hit. Returns true. */
bool knockout_hit(struct knockout *knockout);

#define KNOCKED_OUT(ident)	unlikely(load_relaxed(&knockout_##ident.on) && knockout_hit(&knockout_##ident))
#else
#define KNOCKED_OUT(ident)	false
#endif

#endif
