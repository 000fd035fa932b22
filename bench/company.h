/* SPDX-License-Identifier: GPL-2.0-or-later */
/* company.h - what else ran on the host while a run measured. */
#ifndef FAULTLINE_BENCH_COMPANY_H
#define FAULTLINE_BENCH_COMPANY_H

#include <stdbool.h>

struct company {
	double share;		/* of the processors' time, that other programs used, or the hypervisor took */
	bool beside;		/* another run measured at some moment; a partner in alternation does not count */
};

/*
 * company_begin - from now on. @partner names the socket where the other side of an alternation is met, or is NULL: runs with the same
 * one are one run. Nothing fails: what the system does not say counts as nothing.
 */
void company_begin(const char *partner);
struct company company_end(void);

#endif
