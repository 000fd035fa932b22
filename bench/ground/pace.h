/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pace.h - how much of the time that passes the machine left to this process: on a loaded one, threads wait for
 * processors.
 */
#ifndef FAULTLINE_BENCH_GROUND_PACE_H
#define FAULTLINE_BENCH_GROUND_PACE_H

/* Lock key: (T) one thread only: the one that asks, whose own time does not count */
struct pace {
	double wall, cpu;	/* (T) seconds, when it last asked */
};

void pace_begin(struct pace *pace);
/*
 * Seconds since the last call in which the other threads of the process had what they could use: all that passed when
 * they slept; when they ran, what they ran, over the processors they could have run on; 0 when they waited for
 * processors and got none.
 */
double pace_seconds(struct pace *pace);

/* The same of known figures: @runnable threads ran @cpu seconds of @wall, on a machine of @pus processors. */
double pace_of(double wall, double cpu, unsigned int runnable, unsigned int pus);

#endif
