/* SPDX-License-Identifier: GPL-2.0-or-later */
/* landing.h - whether frames and page tables lie on the nodes chosen. */
#ifndef FAULTLINE_BENCH_RUN_LANDING_H
#define FAULTLINE_BENCH_RUN_LANDING_H

#include "bench/run/suite.h"

/* Numbers of frames and tables checked, and of those in the sample that the kernel was asked about. */
struct landing {
	unsigned long looked, asked;
};

/*
 * landing_check - one op of @what, whose frames and tables are each to lie on one node (MEM_NODE), by its first worker:
 * all that are in use afterwards are of that node of the machine and, where the topology is this system's, the kernel
 * says so of a sample. Adds to *@sum. Returns 0, or the exit status after one line on stderr. Locking: no other thread
 * is in core.
 */
int landing_check(const struct run_case *what, const struct choices *choices, struct landing *sum);

#endif
