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

#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/hardware.h"
#include "tests/lib/storm/processor_storm.h"

#define SLOTS	64

static struct processor_storm storm;
static bool written[PAGES];			/* (T) the processor's: since the bits were cleared */
static uint64_t tracked, untouched, cleared;	/* (T) the processor's */

static void write_page(unsigned long page)
{
	if (hardware_write(storm.mm, addr_of(page)) || !do_user_addr_fault(storm.mm, addr_of(page), FAULT_FLAG_WRITE))
		written[page] = true;
}

static void clear_all(void)
{
	BUG_ON(sys_clear_refs(storm.mm, CLEAR_REFS_SOFT_DIRTY));
	for (unsigned long i = 0; i < PAGES; i++)
		written[i] = false;
	cleared++;
}

static void look(void)
{
	uint64_t map[PAGES];

	BUG_ON(sys_pagemap(storm.mm, FIRST, PAGES, map));
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

static void disturb(void)
{
	unsigned long page = below(PAGES), pages = 1 + below(PAGES - page), addr = addr_of(page);

	switch (below(8)) {
	case 0:
	case 1:
		protect(storm.mm, addr, pages);
		break;
	case 2:
		sys_migrate_range(storm.mm, addr, pages * PAGE_SIZE, (unsigned int)below(2));
		break;
	case 3:
		reclaim_at(storm.mm, addr, pages * PAGE_SIZE);
		break;
	case 4:
		sys_migrate_to_device(storm.mm, addr, pages * PAGE_SIZE);
		break;
	case 5:
		fork_and_exit(storm.mm);
		break;
	case 6:
		collapse_one(storm.mm);
		break;
	default:
		do_user_addr_fault(storm.mm, addr, 0);
		break;
	}
}

static void begin(void)
{
	BUG_ON(swap_on(SLOTS));
	clear_all();
}

static struct processor_storm storm = {
	.policy = "linux-6.15,soft_dirty=on",
	.rounds = 10000,
	.begin = begin,
	.process = process,
	.disturb = disturb,
	.look = look,
};

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
		processor_storm(&storm, storms.seed, false);
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
		processor_storm(&storm, storms.seed, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_write_is_tracked),
		cmocka_unit_test(in_every_schedule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
