/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa_gather.c - from the benchmarks of a suite to cells. */
#include "bench/run/numa_gather.h"

#include <errno.h>
#include <stdio.h>

/* What of a benchmark's choices is no place. */
static void choices_apart(const struct run_case *what, char *text, size_t size)
{
	size_t length = 0;

	*text = '\0';
	for (unsigned int i = 0; i < what->workload->nr_axes; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s:%lld", length ? " " : "",
					   what->workload->axes[i].key, (long long)what->choice[i]);
	if (what->payload)
		snprintf(text + length, size - length, "%spayload:%u", length ? " " : "", what->payload);
}

int numa_gather(struct numa *numa, const struct suite *suite, const struct results *measured)
{
	for (unsigned int i = 0; i < suite->nr; i++) {
		const struct run_case *what = &suite->cases[i];
		const struct result *result;
		struct numa_cell *cell;
		char name[1200], choices[256];
		double least, most;

		snprintf(name, sizeof(name), "%s/threads:%u", what->name, what->threads);
		result = results_by_name(measured, name);
		if (!result || !result->nr)
			continue;
		choices_apart(what, choices, sizeof(choices));
		cell = numa_add_cell(numa, what->workload->name, result->policy, choices);
		if (!cell)
			return -ENOMEM;
		cell->threads = what->threads;
		cell->place = (struct numa_place){ what->places.node, what->places.memory[FRAME_DATA].node,
						   what->places.memory[FRAME_TABLE].node };
		cell->ns = result_nanoseconds(result);
		result_interval(result, &least, &most);
		cell->low = result->threads * 1e9 / most;
		cell->high = result->threads * 1e9 / least;
	}
	return 0;
}
