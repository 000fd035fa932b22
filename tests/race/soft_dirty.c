/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soft_dirty.c - a processor that writes through entries by itself, and clears soft-dirty bits now and then, against
 * all that changes entries: what it wrote to since is soft-dirty. Storms at full speed, and schedules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/turns.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/hardware.h"

#define AREA	(3 * PGDIR_SIZE)
#define PAGES	4ul		/* at the end of a huge page, and at the beginning of the next */
#define FIRST	(AREA + (THP_POSSIBLE ? PMD_SIZE : 0) - PAGES / 2 * PAGE_SIZE)
#define RW	(PROT_READ | PROT_WRITE)
#define SLOTS	64
#define THREADS	4u

static struct mm_struct *mm;			/* (C) while threads run */
static bool written[PAGES];			/* (T) the processor's: since the bits were cleared */
static uint64_t tracked, untouched, cleared;	/* (T) the processor's */
static bool done;				/* (A) */

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static unsigned long addr_of(unsigned long page)
{
	return FIRST + page * PAGE_SIZE;
}

static void write_page(unsigned long page)
{
	if (hardware_write(mm, addr_of(page)) || !do_user_addr_fault(mm, addr_of(page), FAULT_FLAG_WRITE))
		written[page] = true;
}

static void clear_all(void)
{
	BUG_ON(sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY));
	for (unsigned long i = 0; i < PAGES; i++)
		written[i] = false;
	cleared++;
}

static void look(void)
{
	uint64_t map[PAGES];

	BUG_ON(sys_pagemap(mm, FIRST, PAGES, map));
	for (unsigned long i = 0; i < PAGES; i++) {
		if (written[i] && !(map[i] & PM_SOFT_DIRTY))
			BUG("pagemap has %016lx at %lx: a write was not tracked", (unsigned long)map[i], addr_of(i));
		tracked += written[i];
		untouched += !(map[i] & PM_SOFT_DIRTY);
	}
}

static void process(void)
{
	unsigned long dice = below(16);

	if (dice == 0)
		clear_all();
	else if (dice < 8)
		write_page(below(PAGES));
	else
		look();
}

static void fork_and_exit(void)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(mm, &child));
	do_user_addr_fault(child, addr_of(below(PAGES)), FAULT_FLAG_WRITE);
	mm_exit(child);
}

static void protect(unsigned long addr, unsigned long pages)
{
	BUG_ON(sys_mprotect(mm, addr, pages * PAGE_SIZE, PROT_READ));
	BUG_ON(sys_mprotect(mm, addr, pages * PAGE_SIZE, RW));
}

static void disturb(void)
{
	unsigned long page = below(PAGES), pages = 1 + below(PAGES - page), addr = addr_of(page);

	switch (below(8)) {
	case 0:
	case 1:
		protect(addr, pages);
		break;
	case 2:
		sys_migrate_range(mm, addr, pages * PAGE_SIZE, (unsigned int)below(2));
		break;
	case 3:
		sys_madvise(mm, addr, pages * PAGE_SIZE, MADV_PAGEOUT);
		break;
	case 4:
		sys_migrate_to_device(mm, addr, pages * PAGE_SIZE);
		break;
	case 5:
		fork_and_exit();
		break;
	case 6:
		if (THP_POSSIBLE)
			sys_madvise(mm, AREA + below(2) * PMD_SIZE, PMD_SIZE, MADV_COLLAPSE);
		break;
	default:
		do_user_addr_fault(mm, addr, 0);
		break;
	}
}

static void work(void *rounds, unsigned int index)
{
	for (unsigned int i = 0; index ? !load_relaxed(&done) : i < *(unsigned int *)rounds; i++) {
		if (index)
			disturb();
		else
			process();
		rcu_quiescent();
	}
	store_relaxed(&done, true);
	frame_drain_cpu();
}

/* Under a schedule, between any two accesses of an entry; else at once, with delays. */
static void race(uint64_t seed, bool scheduled)
{
	unsigned int rounds = scheduled ? 150 : test_rounds(10000);
#if FAULTLINE_CHECK
	struct schedule_plan plan = { .seed = seed, .wander = 3, .max_steps = 1000000 };

	if (scheduled) {
		schedule_draw(&plan, 4, 2000);
		turns_run(&plan, THREADS - 1, work, &rounds);
		return;
	}
#endif
	syncpoint_noise(50);
	threads_run(THREADS, work, &rounds);
	syncpoint_noise(0);
}

static void storm(uint64_t seed, bool scheduled)
{
	const struct machine_config config = { 2, 16384, CACHE_LINE };
	struct mm_policy policy = world_policy("linux-6.15,soft_dirty=on");

	run_seed = seed;
	BUG_ON(faultline_start(&config));
	BUG_ON(cpu_register(0, MEM_LOCAL, seed) || swap_on(SLOTS));
	mm = mm_create(&policy);
	BUG_ON(!mm || sys_mmap(mm, AREA, 2 * PMD_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)AREA);
	clear_all();
	done = false;
	race(seed, scheduled);
	look();
	assert_at_rest(mm);
	mm_exit(mm);
	assert_true(world_stop());
}

/* Row: G2. */
static void every_write_is_tracked(void **state)
{
	static const struct wanted wanted[] = {
		COUNTED(tracked, 1000), COUNTED(untouched, 1000), COUNTED(cleared, 100), MET(EV_MIGRATE, 10),
		MET(EV_FORK, 10),	MET(EV_FAULT_SWAP, 10),	  MET(EV_DEVICE_BACK, 10),
	};
	struct storms storms = STORMS(wanted, test_rounds(4));

	(void)state;
	tracked = untouched = cleared = 0;
	while (another_storm(&storms))
		storm(storms.seed, false);
}

/* Row: G2. */
static void in_every_schedule(void **state)
{
	static const struct wanted wanted[] = {
		COUNTED(tracked, 100), COUNTED(untouched, 100), COUNTED(cleared, 40), MET(EV_MIGRATE, 10),
		MET(EV_FORK, 1),       MET(EV_FAULT_SWAP, 1),	MET(EV_DEVICE_BACK, 1),
	};
	struct storms storms = STORMS(wanted, test_rounds(40));

	(void)state;
	needs_checks();
	tracked = untouched = cleared = 0;
	while (another_storm(&storms))
		storm(storms.seed, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_write_is_tracked),
		cmocka_unit_test(in_every_schedule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
