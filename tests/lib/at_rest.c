/* SPDX-License-Identifier: GPL-2.0-or-later */
/* family.c - an mm and what is forked from it. */
#include "tests/lib/family.h"

void family_at_rest(struct mm_struct *const *mms, unsigned int nr)
{
	char why[256];

	rcu_barrier();
	if (!oracle_at_rest(mms, nr, why, sizeof(why)))
		BUG("%s", why);
}
