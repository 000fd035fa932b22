/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shootdown.c - waits until no cpu is inside a lockless walk that began earlier. */
#include "core/pgtable/shootdown.h"

#include "core/probe/knockout.h"
#include "core/probe/schedule.h"

DEFINE_KNOCKOUT(SHOOTDOWN_B,
	.name = "shootdown:B",
	.removes = "the mark of a running lockless walk",
	.breaks = "a walker in freed memory",
	.detected_by = "the type check in pte_offset_map()",
	.hunt = HUNT_JUMBLE " --policy linux-6.15,tables=shootdown");

#define SPINS_BEFORE_YIELD	200	/* about 10 µs: a walk over one table; longer means its thread was preempted */

struct walk_mark walk_marks[NR_CPUS];

static void wait_for(struct walk_mark *mark)
{
	/*
	 * ORDER[walk-end:B] before the table is freed. Pairs with ORDER[walk-end:A]. Weaker: the table is freed before
	 * the walk's last read of it.
	 */
	uint32_t seen = load_acquire(&mark->seq);
	unsigned int spins = 0;

	if (!(seen & 1))
		return;
	/* ORDER[walk-end:B] as above. */
	while (load_acquire(&mark->seq) == seen) {
		if (SCHEDULED())
			schedule_await(&mark->seq, seen, "a lockless walk");
		else if (++spins < SPINS_BEFORE_YIELD)
			cpu_relax();
		else
			yield_core();
	}
}

DEFINE_KNOCKOUT(SHOOTDOWN_A,
	.name = "shootdown:A",
	.removes = "waiting for cpus inside a lockless walk before tables are freed",
	.breaks = "a walker in freed memory",
	.detected_by = "the type check in pte_offset_map()",
	.hunt = "explore fault_vs_table_free --policy linux-6.15,tables=shootdown",
	.mirrors = "mm/khugepaged: fix GUP-fast interaction by sending IPI");

void shootdown_wait(void)
{
	/*
	 * ORDER[shootdown:A] entries were cleared before; every mark is loaded after. Pairs with ORDER[shootdown:B].
	 * Weaker: a walker's mark is missed although it still reads the table.
	 */
	if (KNOCKED_OUT(SHOOTDOWN_A))
		return;
	smp_mb();
	for (unsigned int i = 0; i < nr_cpus_used(); i++)
		if (!this_cpu || i != this_cpu->id)
			wait_for(&walk_marks[i]);
}
