/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage.h - the set-up for workloads: the host's topology, loaded once, and the simulated machine. */
#ifndef FAULTLINE_BENCH_RUN_STAGE_H
#define FAULTLINE_BENCH_RUN_STAGE_H

#include "bench/run/choices.h"

/* Loads the topology and checks @choices against it. Returns 0, or the exit status after one line on stderr. */
int stage_open(const struct choices *choices);
/*
 * So many threads as stage_machine() needs can be started; it checks that too, unless this process or a parent of it
 * has. Returns 0, or the exit status after one line on stderr.
 */
int stage_threads(const struct choices *choices);
/*
 * A machine with @payload bytes in each frame: the present one, or a new one. Returns 0, or the exit
 * status after one line on stderr: no memory for the machine, or the one before had leaked frames.
 */
int stage_machine(const struct choices *choices, unsigned int payload);
int stage_machine_down(void);
/* Takes all of it down. Returns 0, or the exit status after one line on stderr: frames were leaked. */
int stage_close(void);

#endif
