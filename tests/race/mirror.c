/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirror.c - storms of everything against devices that mirror the address spaces, and work on them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/mm/mm.h"
#include "core/op/exit.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/storm.h"
#include "tests/lib/storm/storm_mirror.h"

static const char *const policies[] = {
	"linux-2.6.14",
	"linux-3.13",
	"linux-6.4",
	"linux-6.15,soft_dirty=on",
	"linux-6.15,tables=shootdown,spin=ticket",
	"linux-6.15,anon=16k",
	"linux-6.15,thp=always",
};

static void storm_under(const char *text, bool with_file, uint64_t seed)
{
	struct mm_policy policy = world_policy(text);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = seed;
	storm.rounds = 10000;
	storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = 10;
	storm.weight[STORM_MIRROR] = 40;
	storm.weight[STORM_DEVICE] = 10;
	storm.weight[STORM_CLEAR_REFS] = 5;
	if (with_file) {
		storm.weight[STORM_FILE_MAP] = storm.weight[STORM_FILE_WRITE] = 10;
		storm.weight[STORM_FILE_CUT] = storm.weight[STORM_FILE_RMAP] = 5;
	}
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s, seed %lu: %s", text, (unsigned long)seed, why);
}

static void run(bool with_file)
{
	const struct wanted wanted[] = {
		MET(EV_HMM_COMPARED, 1001), MET(EV_NOTIFIER_CALL, 501), MET(EV_HMM_STALE, 6), MET(EV_NOTIFIER_WAIT, 6),
		MET(EV_DEVICE_IN, 6), MET(EV_DEVICE_BACK, 6), MET(EV_FORK, 3), MET(EV_MIGRATE, 6), MET(EV_RECLAIM, 6),
		MET(EV_FILE_MAP, with_file ? 6 : 0), MET(EV_FILE_CLEANED, with_file ? 1 : 0),
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct storms storms = STORMS(wanted, 1);

		while (another_storm(&storms))
			storm_under(policies[i], with_file, storms.seed + i);
	}
}

/* Rows: H3, H4. */
static void mirrors_of_memory_hold(void **state)
{
	(void)state;
	run(false);
}

/* Rows: H3, H4. */
static void mirrors_of_files_hold(void **state)
{
	(void)state;
	run(true);
}

/* ---- exits ---- */

#define ROUNDS	200u
#define AREA	(2 * PGDIR_SIZE)
#define BYTES	(16 * PAGE_SIZE)
#define DEVICES	2u

/* An mm and its mirrors, made by thread 0. */
static struct {
	struct mm_struct *mm;
	struct hmm_mirror mirror[DEVICES];
	unsigned int made, ended[DEVICES];	/* rounds */
} beside;

static void look(struct page *page, void *arg)
{
	(void)page, (void)arg;
}

static unsigned long some_page(void)
{
	return AREA + rng_below(&this_cpu->rng, BYTES / PAGE_SIZE) * PAGE_SIZE;
}

static void make_and_exit(unsigned int round)
{
	beside.mm = world_mm(policies[round % ARRAY_SIZE(policies)]);
	map_at(beside.mm, AREA, BYTES, READ_WRITE);
	for (unsigned int i = 0; i < DEVICES; i++)
		BUG_ON(hmm_mirror_create(&beside.mirror[i], beside.mm, AREA, AREA + BYTES));
	for (unsigned int i = 0; i < 8; i++)
		write_at(beside.mm, some_page());
	step_reach(&beside.made, round + 1);
	for (unsigned int i = 0; i < 4; i++)
		sys_madvise(beside.mm, some_page(), PAGE_SIZE, MADV_DONTNEED);
	mm_exit(beside.mm);
	for (unsigned int i = 0; i < DEVICES; i++)
		step_await(&beside.ended[i], round + 1);
}

/* Some of these uses come after the exit. */
static void use_and_destroy(unsigned int device, unsigned int round)
{
	struct hmm_mirror *mirror = &beside.mirror[device];
	unsigned long uses = rng_below(&this_cpu->rng, 30);

	step_await(&beside.made, round + 1);
	for (unsigned long i = 0; i < uses; i++) {
		unsigned long addr = some_page();

		hmm_mirror_use(mirror, addr, i % 2, look, NULL);
		hmm_mirror_fill(mirror, addr, AREA + BYTES);
		storm_mirror_compare(mirror, AREA, AREA + BYTES);
	}
	hmm_mirror_destroy(mirror);
	step_reach(&beside.ended[device], round + 1);
}

static void one_of_all(void *arg, unsigned int index)
{
	(void)arg;
	for (unsigned int round = 0; round < test_rounds(ROUNDS); round++)
		index ? use_and_destroy(index - 1, round) : make_and_exit(round);
	frame_drain_cpu();
}

/* Row: H4. Mirrors are used and destroyed while their mm exits: all are freed, once. */
static void mirrors_end_beside_exits(void **state)
{
	(void)state;
	memset(&beside, 0, sizeof(beside));
	world_start(16384, 0);
	syncpoint_noise(50);
	threads_run(1 + DEVICES, one_of_all, NULL);
	syncpoint_noise(0);
	assert_true(world_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mirrors_of_memory_hold),
		cmocka_unit_test(mirrors_of_files_hold),
		cmocka_unit_test(mirrors_end_beside_exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
