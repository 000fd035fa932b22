/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * meets.h - which operations of a storm met: were under way at the same time, with a page in common; and on which kinds
 * of memory each ran. What never met was not tested together.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_MEETS_H
#define FAULTLINE_WORKLOADS_LIB_MEETS_H

#include <stdint.h>
#include <stdio.h>

#define MEETS_OPS	64
#define MEETS_KINDS	8

/* Names end with NULL. */
struct meets_names {
	const char *ops[MEETS_OPS + 1], *kinds[MEETS_KINDS + 1];
};

struct meets;

/* For @workers workers; @names stays the caller's. NULL without memory. */
struct meets *meets_create(unsigned int workers, const struct meets_names *names);
void meets_free(struct meets *meets);

/*
 * Worker @worker begins its operation @op on the pages [@first, @first + @nr) of a window, counts what others do on
 * one of them, and ends it. No order with other threads: it neither makes nor hides one between the operations
 * themselves.
 */
void meets_begin(struct meets *meets, unsigned int worker, unsigned int op, unsigned long first, unsigned long nr);
void meets_end(struct meets *meets, unsigned int worker);
/* Worker @worker runs @op on memory of @kind. */
void meets_saw(struct meets *meets, unsigned int worker, unsigned int op, unsigned int kind);

/* What met, and some of what did not. Locking: no worker runs. */
void meets_print(const struct meets *meets, FILE *out);

#endif
