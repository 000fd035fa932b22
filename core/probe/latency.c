/* SPDX-License-Identifier: GPL-2.0-or-later */
/* latency.c - the list of operations, and their latencies. */
#include "core/probe/latency.h"

#include <stdlib.h>

#include "core/base/assert.h"
#include "core/probe/timeline.h"

#if FAULTLINE_PROFILE
_Thread_local struct latencies *this_latencies;

/* Bounds of the section of OPERATION()'s sites; one site without a name makes sure that the section exists. */
static const struct operation_site no_operation __attribute__((section("faultline_operations"), used)) = { "" };
extern const struct operation_site __stop_faultline_operations[];

static unsigned int nr_operations(void)
{
	return (unsigned int)(__stop_faultline_operations - __start_faultline_operations);
}

const char *operation_name(unsigned int index)
{
	return index < nr_operations() ? __start_faultline_operations[index].name : NULL;
}

struct latencies *latencies_new(void)
{
	unsigned int nr = nr_operations();
	struct latencies *latencies = calloc(1, sizeof(*latencies) + nr * sizeof(latencies->of[0]));

	BUG_ON(nr > MAX_OPERATIONS);
	if (!latencies)
		return NULL;
	rng_init(&latencies->rng, 1);
	for (unsigned int i = 0; i < nr; i++)
		latencies->until[i] = latencies->of[i].stands_for = 1;
	return latencies;
}

__noinline void latency_add(const struct operation_site *site, uint64_t since)
{
	uint64_t took = clock_ticks() - since;
	struct latencies *mine = this_latencies;
	unsigned int index = (unsigned int)(site - __start_faultline_operations);
	struct latency *latency;

	if (!mine)
		return;
	latency = &mine->of[index];
	histogram_add(&latency->histogram, took, latency->stands_for);
	count_own(&latency->samples, 1);
	latency->ticks += min(took, (uint64_t)LATENCY_LONG);
	latency->stands_for = 1;
	if (unlikely(this_timeline))
		timeline_add(TIMELINE_OPERATION, site->name, since);
	else if (latency->ticks < latency->samples * LATENCY_SHORT)
		latency->stands_for += (uint32_t)rng_below(&mine->rng, 2 * LATENCY_INTERVAL - 1);
	mine->until[index] = latency->stands_for;
}
#else
const char *operation_name(unsigned int index)
{
	(void)index;
	return NULL;
}

struct latencies *latencies_new(void)
{
	return NULL;
}
#endif
