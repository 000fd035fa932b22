/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op_names.h - the words of arguments: Linux's names in lower case, without their prefix. */
#ifndef FAULTLINE_BENCH_CONFORM_OP_NAMES_H
#define FAULTLINE_BENCH_CONFORM_OP_NAMES_H

#include <stdbool.h>

/* A bit, or one value of the field @mask. */
struct op_name {
	const char *name;
	int value, mask;
};

/* Each ends with a name NULL. */
extern const struct op_name prot_names[], mmap_names[], mremap_names[], advice_names[], mlock_names[], msync_names[],
	pin_names[], move_names[], mlockall_names[];

#endif
