/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exercised.h - the coverage of a run: a path that was never taken was not tested. */
#ifndef FAULTLINE_BENCH_CHECK_EXERCISED_H
#define FAULTLINE_BENCH_CHECK_EXERCISED_H

#include <stdint.h>
#include <stdio.h>

/* Begins counting anew. Locking: no thread is in core. */
void exercised_reset(void);
/* Prints events, sync points that were hit and that were not, waits by lock, and the reports of detectors. */
void exercised_print(FILE *out);

/*
 * From now on the sync points that @pattern names, as shells match, must be hit; with a ! in front they need not be.
 * The last one that names a point says. Returns 0, -ENOENT when it names none, -ENOSPC when there are too many,
 * -ENOMEM.
 */
int exercised_demand(const char *pattern);
/* Names on stderr the points that must have been hit, and were not; returns how many. */
unsigned int exercised_missing(void);

/*
 * Prints on stderr which of the @nr knock-outs @names the run never reached, by how often each was disabled, as
 * knockout_hits() says.
 */
void exercised_never_disabled(char *const *names, unsigned int nr, uint64_t (*times)(unsigned int index));

#endif
