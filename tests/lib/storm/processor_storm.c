/* SPDX-License-Identifier: GPL-2.0-or-later */
/* processor_storm.c - a processor that sets bits of entries by itself, against threads that change them. */
#include "tests/lib/storm/processor_storm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/turns.h"
#include "tests/lib/harness/world.h"

#define THREADS		4u
#define TURN_ROUNDS	150u	/* of the processor, in a schedule */

/* Lock key: (C) const while threads run (A) atomic */
struct race {
	const struct processor_storm *storm;	/* (C) */
	unsigned int rounds;			/* (C) of the processor */
	bool done;				/* (A) */
};

unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

unsigned long addr_of(unsigned long page)
{
	return FIRST + page * PAGE_SIZE;
}

void fork_and_exit(struct mm_struct *mm)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(mm, &child));
	do_user_addr_fault(child, addr_of(below(PAGES)), FAULT_FLAG_WRITE);
	mm_exit(child);
}

void protect(struct mm_struct *mm, unsigned long addr, unsigned long pages)
{
	BUG_ON(sys_mprotect(mm, addr, pages * PAGE_SIZE, PROT_READ));
	BUG_ON(sys_mprotect(mm, addr, pages * PAGE_SIZE, RW));
}

void collapse_one(struct mm_struct *mm)
{
	if (THP_POSSIBLE)
		sys_madvise(mm, AREA + below(2) * PMD_SIZE, PMD_SIZE, MADV_COLLAPSE);
}

static void work(void *arg, unsigned int index)
{
	struct race *race = arg;

	for (unsigned int i = 0; index ? !load_relaxed(&race->done) : i < race->rounds; i++) {
		if (index)
			race->storm->disturb();
		else
			race->storm->process();
		rcu_quiescent();
	}
	store_relaxed(&race->done, true);
	frame_drain_cpu();
}

/* Under a schedule, between any two accesses of an entry; else at once, with delays. */
static void race(const struct processor_storm *storm, uint64_t seed, bool scheduled)
{
	struct race race = { storm, scheduled ? TURN_ROUNDS : test_rounds(storm->rounds), false };
#if FAULTLINE_CHECK
	struct schedule_plan plan = { .seed = seed, .wander = 3, .max_steps = 1000000 };

	if (scheduled) {
		schedule_draw(&plan, 4, 2000);
		turns_run(&plan, THREADS - 1, work, &race);
		return;
	}
#endif
	syncpoint_noise(50);
	threads_run(THREADS, work, &race);
	syncpoint_noise(0);
}

void processor_storm(struct processor_storm *storm, uint64_t seed, bool scheduled)
{
	const struct machine_config config = { 2, 16384, CACHE_LINE };
	struct mm_policy policy = world_policy(storm->policy);

	run_seed = seed;
	BUG_ON(faultline_start(&config));
	BUG_ON(cpu_register(0, MEM_LOCAL, seed));
	storm->mm = mm_create(&policy);
	BUG_ON(!storm->mm);
	BUG_ON(sys_mmap(storm->mm, AREA, 2 * PMD_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)AREA);
	storm->begin();
	race(storm, seed, scheduled);
	storm->look();
	assert_at_rest(storm->mm);
	mm_exit(storm->mm);
	if (storm->end)
		storm->end();
	assert_true(world_stop());
}
