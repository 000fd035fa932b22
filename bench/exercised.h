/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exercised.h - what a run has been through: a path that was never taken has not passed. */
#ifndef FAULTLINE_BENCH_EXERCISED_H
#define FAULTLINE_BENCH_EXERCISED_H

#include <stdio.h>

/* Begins counting anew. Locking: no thread is in core. */
void exercised_reset(void);
/* Writes the events that happened, sync points that were hit and those that were not, waits by lock, and what watchers saw. */
void exercised_print(FILE *out);

#endif
