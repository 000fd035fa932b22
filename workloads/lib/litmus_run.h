/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * litmus_run.h - races a litmus pattern on the real cores and counts what comes out.
 *
 * Two pinned threads go over many instances of the pattern in a random order that both share, each its side of it, and
 * meet; that is a round. The counts are of instances.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_LITMUS_RUN_H
#define FAULTLINE_WORKLOADS_LIB_LITMUS_RUN_H

#include "workloads/lib/litmus.h"

/* By whether side 0, and side 1, went on; both is the forbidden outcome. */
struct litmus_counts {
	unsigned long outcome[2][2];
};

enum litmus_verdict { LITMUS_NEVER, LITMUS_SOMETIMES, LITMUS_ALWAYS };

/*
 * When to stop: after @seconds. With @patience the run goes on, up to so many seconds, until the forbidden outcome
 * occurs.
 */
struct litmus_bounds {
	double seconds, patience;
};

/*
 * litmus_run - @removed is 0 for the intact pattern, or one part's bit. Returns 0 and @counts, or -errno: no thread
 * could be started.
 * Locking: one run at a time, topology_load() before: the threads are pinned compactly.
 */
int litmus_run(const struct litmus *litmus, unsigned int removed, const struct litmus_bounds *bounds,
	       struct litmus_counts *counts);

unsigned long litmus_instances(const struct litmus_counts *counts);
enum litmus_verdict litmus_verdict(const struct litmus_counts *counts);

/*
 * This build and machine can show what a processor reorders: two PUs, and accesses that are not calls. Topology loaded.
 */
bool litmus_can_show(void);
/*
 * What is wrong with a verdict, or NULL: the intact pattern must be Never; if @strict, a part that is not hidden here
 * must not be Never when removed, since then the intact pattern's Never means nothing. @part is NULL for the intact
 * pattern.
 */
const char *litmus_wrong(const struct litmus_part *part, enum litmus_verdict verdict, bool strict);

#endif
