/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limit_compute.c - what two processors are to each other: arithmetic in registers alone. Two that share a core's
 * units, or a host that gives them less, show here first: no workload scales better than this does in the same run.
 */
#include "workloads/lib/workload.h"

#define OP_ROUNDS	10000
#define CHAINS		6		/* more than one unit is busy, as in code that finds its data in the cache */

/* Chains that do not wait for each other; none is known to the compiler. */
static int64_t add(struct worker *worker)
{
	uint64_t chain[CHAINS] = { worker->index };

	for (uint64_t i = 0; i < OP_ROUNDS; i++) {
		for (unsigned int c = 0; c < CHAINS; c++) {
			chain[c] += i ^ chain[(c + 1) % CHAINS];
			__asm__ volatile("" : "+r"(chain[c]));
		}
	}
	return OP_ROUNDS;
}

WORKLOAD(limit_compute,
	.what = "add in registers: how much two processors compute together, which no other workload can scale beyond",
	.item = "round",
	.flags = WORKLOAD_LIMIT,
	.nr_roles = 1,
	.roles = { { "add", add, NULL } })
