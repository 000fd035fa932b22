/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_scene.c - what the pool has. */
#include "tests/lib/scene/hugetlb_scene.h"

#include <stdio.h>

bool pool_of_order_is(unsigned int order, unsigned long free, unsigned long reserved)
{
	struct hugetlb_counts counts = hugetlb_pool_counts(order);

	if (counts.free == free && counts.reserved == reserved)
		return true;
	fprintf(stderr, "the pool has %lu huge pages, %lu free, %lu reserved; should have %lu free, %lu reserved\n",
		counts.nr, counts.free, counts.reserved, free, reserved);
	return false;
}
