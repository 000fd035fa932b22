/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage.h - what workloads run on: the host's topology, loaded once, and the simulated machine. */
#ifndef FAULTLINE_BENCH_STAGE_H
#define FAULTLINE_BENCH_STAGE_H

#include "bench/choices.h"

/* Loads the topology and checks @choices against it. Returns 0, or the exit status after one line on stderr. */
int stage_open(const struct choices *choices);
/*
 * A machine with @payload bytes in each frame: the one that is there, or a new one in its place. Returns 0, or the exit
 * status after one line on stderr: the machine cannot be had, or the one before had lost frames.
 */
int stage_machine(const struct choices *choices, unsigned int payload);
int stage_machine_down(void);
/* Takes all of it down. Returns 0, or the exit status after one line on stderr: frames were lost. */
int stage_close(void);

#endif
