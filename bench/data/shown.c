/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shown.c - policies by their history, workloads by what most of their benchmarks chose. */
#include "bench/data/shown.h"

#include <stdbool.h>
#include <string.h>

#include "core/faultline.h"

/* Puts @name in its place; where there is no room, the last one goes. */
static unsigned int add_name(const char **names, unsigned int nr, unsigned int room, const char *name)
{
	unsigned int place = 0;

	while (place < nr && policy_compare(names[place], name) < 0)
		place++;
	if (place == room || (place < nr && !strcmp(names[place], name)))
		return nr;
	nr = min(nr + 1, room);
	memmove(&names[place + 1], &names[place], (nr - 1 - place) * sizeof(*names));
	names[place] = name;
	return nr;
}

unsigned int results_policies(const struct results *results, const char **names, unsigned int room)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < results->nr; i++)
		if (*results->all[i].policy)
			nr = add_name(names, nr, room, results->all[i].policy);
	return nr;
}

const char *results_policy_shown(const struct results *results)
{
	const char *policies[64];
	unsigned int nr = results_policies(results, policies, ARRAY_SIZE(policies));

	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(policies[i], policy_default()->name))
			return policies[i];
	return nr ? policies[nr - 1] : "";
}

enum result_kind result_kind(const struct result *result)
{
	if (!strncmp(result->workload, "limit_", 6))
		return RESULT_LIMIT;
	return strncmp(result->workload, "live_", 5) ? RESULT_CORE : RESULT_LIVE;
}

/* Benchmarks of the workload and the choices of @result. */
static unsigned int siblings(const struct results *results, const struct result *result)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < results->nr; i++)
		nr += results->all[i].nr && !strcmp(results->all[i].workload, result->workload) &&
		      !strcmp(results->all[i].choices, result->choices);
	return nr;
}

const struct result *results_workload(const struct results *results, unsigned int nth)
{
	const struct result *best = NULL;
	unsigned int most = 0;

	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];

		if (i && strcmp(result->workload, results->all[i - 1].workload)) {
			if (best && !nth--)
				return best;
			best = NULL;
			most = 0;
		}
		if (siblings(results, result) <= most)
			continue;
		most = siblings(results, result);
		best = result;
	}
	return nth ? NULL : best;
}
