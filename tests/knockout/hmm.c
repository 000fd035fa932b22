/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hmm.c - snapshots and mirrors with a knock-out, step by step: the comparison with the page tables detects it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/op/mremap.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/mirror_scene.h"
#include "tests/lib/storm/storm.h"

/* How long one side waits for the forbidden event; with the knock-out it happens at once. */
#define WHILE_MS	300
#define STORMS		40	/* maximum of seeds tried */
#define CLEAN_STORMS	4

/* An invalidation of page 0 and a concurrent reader of its entry. */
struct play {
	struct mm_struct *mm;
	const struct cpu *invalidator;
	unsigned int begun;	/* 1: the invalidation */
	unsigned int read;	/* 1: the entry */
	unsigned int over;	/* 1: the invalidation */
	bool first;		/* the reader is the first subscriber */
	bool good;
};

static struct play play;

static void drop_first(void *mm)
{
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
}

/* True when the snapshot shows the right page. Locking: mmap_lock. */
static bool snapshot_right(const hmm_pfn_t *pfn)
{
	char why[256] = "";

	if (oracle_snapshot(vma_lookup(play.mm, AREA), AREA, AREA + PAGE_SIZE, pfn, why, sizeof(why)) >= 0)
		return true;
	fprintf(stderr, "%s", why);
	return false;
}

/* ---- the sequence ---- */

static bool dropped_after_it_was_read(void)
{
	struct hmm_range range;
	hmm_pfn_t pfn;
	bool good;

	BUG_ON(mmu_notifier_register(play.mm));
	mmap_read_lock(play.mm);
	BUG_ON(!hmm_vma_range_monitor_start(&range, vma_lookup(play.mm, AREA), AREA, AREA + PAGE_SIZE));
	meanwhile("hmm.table_read", drop_first, play.mm);
	BUG_ON(hmm_vma_get_pfns(vma_lookup(play.mm, AREA), AREA, AREA + PAGE_SIZE, &pfn));
	BUG_ON(meanwhile_ran() != 1 || !(pfn & HMM_PFN_VALID));
	good = !hmm_vma_range_monitor_end(&range) || snapshot_right(&pfn);
	mmap_read_unlock(play.mm);
	return good;
}

/* ---- an invalidation that has begun ---- */

/* The invalidation stops before its first change until the entry was read, if a read is possible. */
static void stop_begun(void *arg)
{
	(void)arg;
	if (this_cpu != play.invalidator || load_relaxed(&play.begun))
		return;
	step_reach(&play.begun, 1);
	step_within(&play.read, 1, WHILE_MS);
}

static void read_entry_meanwhile(void *arg, unsigned int index)
{
	struct hmm_range range;
	hmm_pfn_t pfn;

	(void)arg, (void)index;
	step_await(&play.begun, 1);
	if (play.first)
		BUG_ON(mmu_notifier_register(play.mm));
	mmap_read_lock(play.mm);
	BUG_ON(!hmm_vma_range_monitor_start(&range, vma_lookup(play.mm, AREA), AREA, AREA + PAGE_SIZE));
	BUG_ON(hmm_vma_get_pfns(vma_lookup(play.mm, AREA), AREA, AREA + PAGE_SIZE, &pfn));
	step_reach(&play.read, 1);
	step_await(&play.over, 1);
	play.good = !hmm_vma_range_monitor_end(&range) || snapshot_right(&pfn);
	mmap_read_unlock(play.mm);
	frame_drain_cpu();
}

static bool read_while(void (*invalidate)(void *mm))
{
	struct test_threads *reader;

	play.invalidator = this_cpu;
	BUG_ON(syncpoint_hook("notifier.started", stop_begun, NULL));
	reader = threads_start(1, read_entry_meanwhile, NULL);
	invalidate(play.mm);
	step_reach(&play.over, 1);
	threads_join(reader);
	syncpoint_hook(NULL, NULL, NULL);
	return play.good;
}

static bool read_while_it_is_dropped(void)
{
	BUG_ON(mmu_notifier_register(play.mm));
	return read_while(drop_first);
}

static void write_first(void *mm)
{
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
}

/* Under the VMA lock alone, which leaves mmap_lock to the first subscriber. */
static bool read_while_it_is_copied(void)
{
	struct mm_struct *child;
	bool good;

	play.first = true;
	BUG_ON(sys_fork(play.mm, &child));
	good = read_while(write_first);
	mm_exit(child);
	return good;
}

/* ---- ranges locked ---- */

static void drop_when_read(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	step_await(&play.read, 1);
	drop_first(play.mm);
	step_reach(&play.over, 1);
	frame_drain_cpu();
}

static bool dropped_while_it_is_locked(void)
{
	struct test_threads *dropper;
	struct hmm_range range;
	hmm_pfn_t pfn;
	bool good;

	BUG_ON(mmu_notifier_register(play.mm));
	dropper = threads_start(1, drop_when_read, NULL);
	mmap_read_lock(play.mm);
	BUG_ON(hmm_vma_range_lock(&range, vma_lookup(play.mm, AREA), AREA, AREA + PAGE_SIZE));
	BUG_ON(hmm_vma_get_pfns(vma_lookup(play.mm, AREA), AREA, AREA + PAGE_SIZE, &pfn));
	step_reach(&play.read, 1);
	step_within(&play.over, 1, WHILE_MS);
	good = snapshot_right(&pfn);
	hmm_vma_range_unlock(&range);
	mmap_read_unlock(play.mm);
	threads_join(dropper);
	return good;
}

/* ---- mirrors ---- */

static bool dropped_behind_a_mirror(void)
{
	struct hmm_mirror mirror;
	char why[256] = "";
	bool good;

	BUG_ON(hmm_mirror_create(&mirror, play.mm, AREA, AREA + LEN));
	hmm_mirror_fill(&mirror, AREA, AREA + LEN);
	BUG_ON(oracle_mirror(&mirror, AREA, AREA + LEN, why, sizeof(why)) != 1);
	drop_first(play.mm);
	good = oracle_mirror(&mirror, AREA, AREA + LEN, why, sizeof(why)) == 0;
	fprintf(stderr, "%s", why);
	hmm_mirror_destroy(&mirror);
	return good;
}

/* Between the two steps. Locking: mmap_lock for write, held by the mover. */
static void compare_moved(void *arg)
{
	struct hmm_mirror *mirror = arg;
	char why[256] = "";

	spin_lock(&mirror->lock);
	play.good = oracle_snapshot(vma_lookup(play.mm, AREA), AREA, AREA + PAGE_SIZE, hmm_mirror_entry(mirror, AREA),
				    why, sizeof(why)) >= 0;
	spin_unlock(&mirror->lock);
	fprintf(stderr, "%s", why);
}

static bool moved_behind_a_mirror(void)
{
	struct hmm_mirror mirror;

	BUG_ON(hmm_mirror_create(&mirror, play.mm, AREA, AREA + LEN));
	hmm_mirror_fill(&mirror, AREA, AREA + LEN);
	BUG_ON(syncpoint_hook("mremap.entries_moved", compare_moved, &mirror));
	BUG_ON(sys_mremap(play.mm, AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, AREA + LEN) !=
	       (long)(AREA + LEN));
	syncpoint_hook(NULL, NULL, NULL);
	hmm_mirror_destroy(&mirror);
	return play.good;
}

/* ---- an exit ---- */

static bool exited_before_its_mirror_ended(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct hmm_mirror mirror;

	BUG_ON(hmm_mirror_create(&mirror, mm, AREA, AREA + LEN));
	mm_exit(mm);
	hmm_mirror_destroy(&mirror);
	return true;
}

#define SEEN	{ "a device has" }

static const struct scene_of_one {
	struct knocked knocked;
	bool (*fn)(void);
} scenes[] = {
	{ { "hmm-seq:A", SEEN }, dropped_after_it_was_read },
	{ { "hmm-seq:B", SEEN }, dropped_after_it_was_read },
	{ { "notifier:begin-wait", SEEN }, read_while_it_is_dropped },
	{ { "notifier:register-wait", SEEN }, read_while_it_is_copied },
	{ { "hmm:range-lock", SEEN }, dropped_while_it_is_locked },
	{ { "mirror:drop", SEEN }, dropped_behind_a_mirror },
	{ { "mremap:flush", SEEN }, moved_behind_a_mirror },
	{ { "mirror:mm-ref", { "itree" } }, exited_before_its_mirror_ended },
};

static bool play_it(const struct attempt *attempt)
{
	const struct scene_of_one *scene = attempt->scene;
	bool good;

	world_start(4096, CACHE_LINE);
	play = (struct play){ .mm = mm_with_words("linux-6.15", 1) };
	good = scene->fn();
	knockout_clear();
	mm_exit(play.mm);
	return world_stop() && good;
}

/* Row: H3. Row: H4. */
static void each_is_seen_and_nothing_else_is(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(scenes); i++)
		assert_true(only_knocked_is_seen(&scenes[i].knocked, play_it, &scenes[i]));
}

/* ---- in storms ---- */

static bool run(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	struct mm_policy policy = world_policy("linux-6.15");
	struct storm storm = storm_default(&policy);

	(void)attempt;
	storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = 10;
	storm.weight[STORM_MIRROR] = 40;
	storm.seed = seed;
	return storm_run(&storm, why, why_size);
}

static bool storms(const struct attempt *attempt)
{
	return storms_hold(attempt, run, STORMS, CLEAN_STORMS);
}

/* Row: H3. Row: H4. */
static void each_is_seen_in_storms(void **state)
{
	static const char *const disabled[] = { "hmm-seq:A", "hmm-seq:B", "notifier:begin-wait", "mirror:drop" };

	(void)state;
	assert_true(clean_is_quiet(storms, NULL));
	for (unsigned int i = 0; i < ARRAY_SIZE(disabled); i++)
		assert_true(knocked_is_seen(&(struct knocked){ disabled[i], { "a device has", "holds what" } }, storms,
					    NULL, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_seen_and_nothing_else_is),
		cmocka_unit_test(each_is_seen_in_storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
