/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap.c - pages that are moved, never unmapped: every reverse-map walk meets each of them exactly once, and no fault
 * gets in between. Without the locks for it both failures are detected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/faultline.h"
#include "core/op/move_page_tables.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define HOME	(64 * PMD_SIZE)
#define AWAY	(128 * PMD_SIZE)
#define LEN	(2 * PMD_SIZE)
#define FOLIOS	16
#define MOVE_TO	(MREMAP_MAYMOVE | MREMAP_FIXED)
#define THREADS	4
#define STORMS	40	/* maximum of seeds tried */

static const char *const policies[] = {
	"linux-2.6.14", "linux-2.6.15", "linux-6.4", "linux-6.15", "linux-6.15,anon_vma=call_rcu,pte_ptl=pmd",
};

/* (C) while threads run */
static struct {
	struct mm_struct *mm;
	struct folio *folio[FOLIOS];	/* mapped somewhere at any time, and referenced */
	unsigned int moves;
	unsigned int moving;		/* (A) the other threads run until it is 0 */
} world;

static unsigned long place(unsigned int i)
{
	return HOME + i * (LEN / FOLIOS) + (i & 1 ? PAGE_SIZE : 0);
}

static void begin(const char *policy, uint64_t seed)
{
	world_start(8192, CACHE_LINE);
	run_seed = seed;
	world.mm = world_mm(policy);
	BUG_ON(sys_mmap(world.mm, HOME, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	for (unsigned int i = 0; i < FOLIOS; i++) {
		BUG_ON(do_user_addr_fault(world.mm, place(i), FAULT_FLAG_WRITE));
		world.folio[i] = page_folio(pte_page(tree_pte(world.mm, place(i))));
		folio_get(world.folio[i]);
	}
}

static bool end(void)
{
	bool good;

	for (unsigned int i = 0; i < FOLIOS; i++)
		folio_put(world.folio[i]);
	good = rests(&world.mm, 1);
	mm_exit(world.mm);
	return world_stop() && good;
}

/* ---- reverse-map walks ---- */

static bool count_entries(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw =
		PVMW_OF_FOLIO(folio, vma, addr, rng_below(&this_cpu->rng, 2) ? PVMW_SYNC : 0);
	unsigned int *found = arg;

	while (page_vma_mapped_walk(&pvmw))
		++*found;
	return true;
}

/* Entries that a walk visits; with @try_lock, 1 when the lock is contended. */
static unsigned int walk(struct folio *folio, bool try_lock)
{
	unsigned int found = 0;
	struct rmap_walk_control rwc = { .arg = &found, .rmap_one = count_entries, .try_lock = try_lock };

	folio_lock(folio);
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	return rwc.contended ? 1 : found;
}

static void walks(void)
{
	unsigned int met_once;

	do {
		met_once = walk(world.folio[rng_below(&this_cpu->rng, FOLIOS)], false);
		BUG_ON(met_once != 1);
		rcu_quiescent();
	} while (load_relaxed(&world.moving));
}

/* ---- moves, and faults ---- */

/* A part of the VMA or all of it, to where it is aligned alike, or not; and back. */
static void moves(void)
{
	static const unsigned long units[] = { PAGE_SIZE, PMD_SIZE, LEN };
	struct rng *rng = &this_cpu->rng;

	for (unsigned int i = 0; i < world.moves; i++) {
		unsigned long unit = units[rng_below(rng, ARRAY_SIZE(units))],
			      first = rng_below(rng, LEN / unit) * unit;
		unsigned long len = unit == PAGE_SIZE ? (1 + rng_below(rng, (LEN - first) / unit)) * unit : unit;
		unsigned long to = AWAY + first + rng_below(rng, 2) * PAGE_SIZE;

		BUG_ON(sys_mremap(world.mm, HOME + first, len, len, MOVE_TO, to) != (long)to);
		BUG_ON(sys_mremap(world.mm, to, len, len, MOVE_TO, HOME + first) != (long)(HOME + first));
		rcu_quiescent();
	}
}

static void faults(void)
{
	do {
		unsigned long addr = (rng_below(&this_cpu->rng, 2) ? HOME : AWAY) +
				     rng_below(&this_cpu->rng, LEN / PAGE_SIZE) * PAGE_SIZE;
		vm_fault_t ret =
			do_user_addr_fault(world.mm, addr, rng_below(&this_cpu->rng, 2) ? FAULT_FLAG_WRITE : 0);

		BUG_ON(ret && ret != (VM_FAULT_SIGSEGV | VM_FAULT_BADMAP));
		rcu_quiescent();
	} while (load_relaxed(&world.moving));
}

static void storm_thread(void *arg, unsigned int index)
{
	(void)arg;
	if (index == 0) {
		moves();
		store_relaxed(&world.moving, 0);
	} else if (index == 1) {
		faults();
	} else {
		walks();
	}
	frame_drain_cpu();
}

static bool storm(const char *policy, uint64_t seed, unsigned int noise)
{
	begin(policy, seed);
	world.moves = test_rounds(2000);
	store_relaxed(&world.moving, 1);
	syncpoint_noise(noise);
	threads_run(THREADS, storm_thread, NULL);
	syncpoint_noise(0);
	return end();
}

static bool storms(const struct attempt *attempt)
{
	bool good = true;

	(void)attempt;
	for (uint64_t seed = 1; good && seed <= STORMS; seed++)
		good = storm("linux-6.15", seed, 300);
	return good;
}

static bool clean_storm(const struct attempt *attempt)
{
	events_reset();
	return storm(attempt->scene, test_seed(), 20) && events_total(EV_PMD_MOVE) > 100 &&
	       events_total(EV_RMAP_WALK) > 100 && events_total(EV_VMA_SPLIT) > 100 && events_total(EV_FAULT) > 100;
}

/* ---- step by step ---- */

static unsigned int met;

static void walk_meanwhile(void *arg)
{
	(void)arg;
	met = walk(world.folio[0], true);
}

/* The old entry is cleared, and the new one is not set. */
static bool walk_in_between(const struct attempt *attempt)
{
	bool good;

	(void)attempt;
	begin("linux-6.15", 1);
	meanwhile("mremap.pmd", walk_meanwhile, NULL);
	good = sys_mremap(world.mm, HOME, LEN, LEN, MOVE_TO, AWAY) == (long)AWAY && meanwhile_ran() == 1;
	if (good && met != 1)
		BUG("a walk met %u entries", met);
	return end() && good;
}

static void fault_meanwhile(void *arg)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(world.mm, HOME);

	(void)arg;
	if (!vma)
		return;
	BUG_ON(handle_mm_fault(vma, HOME, FAULT_FLAG_WRITE));
	vma_end_read(world.mm, vma);
}

/* All entries are moved, and the old VMA still exists. */
static bool fault_in_between(const struct attempt *attempt)
{
	bool good;

	(void)attempt;
	begin("linux-6.15", 1);
	meanwhile("mremap.moved", fault_meanwhile, NULL);
	good = sys_mremap(world.mm, HOME, LEN, LEN, MOVE_TO, AWAY) == (long)AWAY && meanwhile_ran() == 1;
	return end() && good;
}

/* ---- tests ---- */

static void nothing_disabled_nothing_detected(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		assert_true(clean_is_quiet(clean_storm, policies[i]));
}

static void a_page_that_a_walk_misses_is_seen(void **state)
{
	/* The last words are of a check nested in the function that the first ones name. */
	static const struct knocked by_step = { "mremap:rmap-lock", { "a walk met 0 entries" } },
				    by_storm = { "mremap:rmap-lock", { "met_once", "linear_page_index" } };

	(void)state;
	assert_true(only_knocked_is_seen(&by_step, walk_in_between, NULL));
	assert_true(knocked_is_seen(&by_storm, storms, NULL, 1));
}

static void a_fault_into_what_was_moved_is_seen(void **state)
{
	static const struct knocked knocked = { "mremap:vma-lock", { "range_empty" } };

	(void)state;
	assert_true(only_knocked_is_seen(&knocked, fault_in_between, NULL));
	assert_true(knocked_is_seen(&knocked, storms, NULL, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_disabled_nothing_detected),
		cmocka_unit_test(a_page_that_a_walk_misses_is_seen),
		cmocka_unit_test(a_fault_into_what_was_moved_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
