/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detector.h - detectors that check every run for one kind of fault: found, switched and reported by name.
 *
 * A file adds a detector with DETECTOR() and calls it where it likes. A detector ends the run by BUG_BY() with its name
 * when it finds a fault. Builds without FAULTLINE_CHECK have no detectors.
 */
#ifndef FAULTLINE_CORE_PROBE_DETECTOR_H
#define FAULTLINE_CORE_PROBE_DETECTOR_H

#include <stdio.h>

#include "core/base/atomic.h"

/* Lock key: (C) const (A) atomic */
struct detector {
	const char *name;			/* (C) one word */
	const char *what;			/* (C) what it checks, for people */
	bool off;				/* (A) changed while no thread is in core */
	bool in_full;				/* (A) report() prints all records */
	uint64_t bound;				/* (A) fires above it, in a unit of its own; 0: never */
	void (*reset)(void);			/* (C) drops all records; NULL: it keeps none */
	void (*report)(FILE *out, bool full);	/* (C) prints a line or two, or all records; NULL: prints nothing */
	/* (C) when a run has ended: prints the faults found, and returns their number; NULL: checks nothing then */
	unsigned long (*at_end)(FILE *out);
};

/* Returns NULL past the last one. The order is the linker's. */
struct detector *detector_get(unsigned int index);
/* Returns NULL if no detector has that name. */
struct detector *detector_find(const char *name);
/* Switches @name on or off. Returns 0, or -ENOENT for an unknown name. Locking: no other thread is in core. */
int detector_switch(const char *name, bool on);
/* Drops the records of all detectors. Locking: no other thread is in core. */
void detectors_reset(void);
/*
 * A run has ended: its address spaces are gone, no callback is queued. Returns the number of faults that all detectors
 * found and printed. Locking: no other thread is in core.
 */
#if FAULTLINE_CHECK
unsigned long detectors_at_end(FILE *out);
#else
static inline unsigned long detectors_at_end(FILE *out) { (void)out; return 0; }
#endif

/* Adds @object, a struct detector of the file, to the list. At the start of a line: cmake/core.cmake looks for it. */
#define DETECTOR(object) \
	struct detector *const detector_##object __attribute__((section("faultline_detectors"), used)) = &(object)

static force_inline bool detector_is_on(const struct detector *detector)
{
	return !load_relaxed(&detector->off);
}

#endif
