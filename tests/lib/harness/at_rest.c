/* SPDX-License-Identifier: GPL-2.0-or-later */
/* at_rest.c - the oracle's reports about quiescent address spaces. */
#include "tests/lib/harness/at_rest.h"

#include <stdio.h>

#include "core/host/rcu.h"

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
