/* SPDX-License-Identifier: GPL-2.0-or-later */
/* at_rest.c - what the oracle says of address spaces while nobody is in them. */
#include "tests/lib/at_rest.h"

#include <stdio.h>

#include "core/base/rcu.h"

bool rests(struct mm_struct *const *mms, unsigned int nr)
{
	char why[256] = "";
	bool right;

	rcu_barrier();
	right = oracle_at_rest(mms, nr, why, sizeof(why));
	if (!right)
		fprintf(stderr, "%s\n", why);
	return right;
}
