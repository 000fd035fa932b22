/* SPDX-License-Identifier: GPL-2.0-or-later */
/* schedule_draw.c - the changes of a plan. */
#include "core/base/rng.h"
#include "core/probe/schedule.h"

void schedule_draw(struct schedule_plan *plan, unsigned int depth, uint32_t steps)
{
	struct rng rng;

	rng_init(&rng, ~plan->seed);
	plan->nr_changes = 0;
	while (plan->nr_changes + 1 < depth && plan->nr_changes < min(steps, (uint32_t)SCHEDULE_CHANGES)) {
		uint32_t at = 1 + (uint32_t)rng_below(&rng, steps);
		bool taken = false;

		for (unsigned int i = 0; i < plan->nr_changes; i++)
			taken |= plan->changes[i].step == at;
		if (!taken)
			plan->changes[plan->nr_changes++] =
				(struct schedule_change){ .step = at, .thread = SCHEDULE_ANY };
	}
}
