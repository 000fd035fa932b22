/* SPDX-License-Identifier: GPL-2.0-or-later */
/* company.h - what else ran on the host while a run measured. */
#ifndef FAULTLINE_BENCH_GROUND_COMPANY_H
#define FAULTLINE_BENCH_GROUND_COMPANY_H

#include <stdbool.h>

struct company {
	double share;		/* of the processors' time, that other programs used, or the hypervisor took */
	bool beside;		/* another run measured at some moment; a partner in alternation does not count */
};

/*
 * The name of a socket in a form that all paths to it share: the real path of its folder, and its name. @path has
 * PATH_MAX bytes.
 */
void company_socket(const char *partner, char *path);
/*
 * company_begin - from now on. @partner names the socket where the other side of an alternation is met, or is NULL:
 * runs with the same one, by whatever path, are one run. Nothing fails: what the system does not say counts as nothing.
 */
void company_begin(const char *partner);
/* The same among the runs that share the file @records. */
void company_begin_in(const char *records, const char *partner);
struct company company_end(void);

#endif
