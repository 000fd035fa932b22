/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live: the same calls on the running kernel and on ours, in the same window of addresses: results, errors,
 * mincore's vectors, VMAs, what a touch comes to and what it reads agree.
 *
 * Not compared, because the two may differ by right:
 *   addresses the kernel chose itself    ours searches from its own top; both are unmapped again at once, or
 *                                        by mremap()
 *                                        moved back
 *   PROT_EXEC alone                      with protection keys the kernel makes it unreadable
 *   addresses below MMAP_MIN_ADDR        a setting of the machine, and no limit for its administrator
 * Calls that the running kernel lacks (guard regions came with 6.13) are skipped, with a message.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/op/mremap.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_both.h"
#include "tests/lib/model/live_calls.h"

#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static const int all_advices[] = { MADV_DONTNEED, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_GUARD_INSTALL,
				   MADV_GUARD_REMOVE, MADV_DONTNEED_LOCKED, MADV_MERGEABLE, MADV_UNMERGEABLE,
				   MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTFORK, MADV_DOFORK,
				   MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_COLD,
				   MADV_FREE };
static int advices[ARRAY_SIZE(all_advices)];
static unsigned int nr_advices;
static bool knows_noreplace, joins_alike, may_lock;

static int random_prot(struct rng *rng)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_WRITE,
				     PROT_READ | PROT_EXEC };

	return prots[rng_below(rng, ARRAY_SIZE(prots))];
}

static int random_flags(struct rng *rng)
{
	static const int wrong[] = { 0, MAP_PRIVATE, MAP_ANONYMOUS, MAP_ANONYMOUS | MAP_PRIVATE | MAP_SHARED,
				     MAP_ANONYMOUS | MAP_FIXED };
	int flags;

	if (rng_below(rng, 50) == 0)
		return wrong[rng_below(rng, ARRAY_SIZE(wrong))];
	/* Neighbours of both kinds stay apart. */
	flags = MAP_ANONYMOUS | (rng_below(rng, 4) ? MAP_PRIVATE : MAP_SHARED) |
		(rng_below(rng, 3) ? 0 : MAP_NORESERVE) | (rng_below(rng, 8) ? 0 : MAP_POPULATE) |
		(rng_below(rng, 16) ? 0 : MAP_NONBLOCK) | (may_lock && rng_below(rng, 16) == 0 ? MAP_LOCKED : 0);
	if (rng_below(rng, 3))
		return flags | MAP_FIXED;
	return flags | (knows_noreplace && rng_below(rng, 2) ? MAP_FIXED_NOREPLACE : 0);
}

/* Where it goes, and how long it gets: in the window. */
static void random_mremap(struct rng *rng, struct live_call *call)
{
	static const int flags[] = { 0, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
				     MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, MREMAP_FIXED, 8 };
	unsigned long from = (call->addr - LIVE_BASE) / PAGE_SIZE, to = rng_below(rng, LIVE_PAGES);
	unsigned long room = LIVE_PAGES - max(to, from);

	call->flags = flags[rng_below(rng, ARRAY_SIZE(flags) - (rng_below(rng, 16) ? 2 : 0))];
	call->new_addr = LIVE_BASE + to * PAGE_SIZE;
	call->len = min(call->len, room * PAGE_SIZE);
	call->new_len = rng_below(rng, 2) ? call->len : rng_below(rng, min(room + 1, 8ul)) * PAGE_SIZE;
	if (rng_below(rng, 32) == 0)
		call->new_addr += rng_below(rng, PAGE_SIZE);
}

static struct live_call random_call(struct rng *rng)
{
	static const int kinds[] = { LIVE_MMAP,	   LIVE_MMAP,	 LIVE_MUNMAP,  LIVE_MPROTECT, LIVE_MPROTECT,
				     LIVE_MADVISE, LIVE_MADVISE, LIVE_MINCORE, LIVE_MREMAP,   LIVE_MREMAP,
				     LIVE_TOUCH,   LIVE_TOUCH,	 LIVE_TOUCH,   LIVE_MLOCK,    LIVE_MUNLOCK };
	unsigned long a = rng_below(rng, LIVE_PAGES), b = rng_below(rng, LIVE_PAGES + 1);
	struct live_call call = {
		.kind = kinds[rng_below(rng, ARRAY_SIZE(kinds))],
		.addr = LIVE_BASE + min(a, b) * PAGE_SIZE,
		.len = rng_below(rng, 3) ? rng_below(rng, 5) * PAGE_SIZE : (max(a, b) - min(a, b)) * PAGE_SIZE,
		.prot = random_prot(rng),
		.flags = random_flags(rng),
		.advice = advices[rng_below(rng, nr_advices)],
		.write = rng_below(rng, 2),
		.byte = (unsigned char)rng_next(rng),
	};

	call.len = min(call.len, LIVE_END - call.addr);
	if (rng_below(rng, 8) == 0)
		call.len -= min(call.len, rng_below(rng, PAGE_SIZE));
	if (rng_below(rng, 32) == 0 && call.kind != LIVE_TOUCH)
		call.addr += rng_below(rng, PAGE_SIZE);
	if (rng_below(rng, 50) == 0 && call.kind == LIVE_MPROTECT)
		call.prot = 1 << rng_below(rng, 12);
	if (rng_below(rng, 50) == 0)
		call.advice = 99;
	if (call.kind == LIVE_MREMAP)
		random_mremap(rng, &call);
	if (call.kind == LIVE_MLOCK)
		call.flags = rng_below(rng, 32) ? (int)rng_below(rng, 2) : 2;
	return call;
}

/* Row: G2. */
static void random_calls_agree(void **state)
{
	(void)state;
	live_catch_faults();
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = world_mm(world_policies[p]);
		struct rng rng;

		rng_init(&rng, test_seed() * 100 + p);
		for (unsigned int i = 0; i < test_rounds(10000); i++) {
			struct live_call call = random_call(&rng);

			if (call.prot == PROT_EXEC || (call.kind == LIVE_MREMAP && !joins_alike) ||
			    (call.kind == LIVE_MLOCK && !may_lock))
				continue;
			assert_true(live_both(&call, mm));
			if (joins_alike && call.kind != LIVE_TOUCH &&
			    !live_vmas_agree(mm, LIVE_BASE, LIVE_END))
				fail_msg("after %s addr %lx len %lx", live_call_names[call.kind], call.addr, call.len);
		}
		assert_int_equal(live_munmap(LIVE_BASE, LIVE_PAGES * PAGE_SIZE), 0);
		mm_exit(mm);
	}
	for (unsigned int kind = 0; kind <= LIVE_TOUCH; kind++)
		assert_true((live_met[kind][0] && live_met[kind][1]) || (kind == LIVE_MLOCK && !may_lock));
}

/* The comparison can fail. */
static void a_difference_would_be_reported(void **state)
{
	const struct live_call call = { .kind = LIVE_TOUCH, .addr = LIVE_BASE };
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	live_catch_faults();
	assert_false(live_agree(&call, 0, -EINVAL));
	assert_true(sys_mmap(mm, LIVE_BASE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, 0) == (long)LIVE_BASE);
	assert_false(live_both(&call, mm));
	mm_exit(mm);
}

static int up(void **state)
{
	const unsigned long first = LIVE_BASE, second = first + PAGE_SIZE, to = first + 4 * PAGE_SIZE;

	(void)state;
	/* Without huge pages, which mincore() would report. */
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) || !live_is_free(LIVE_BASE, LIVE_END))
		return -1;
	for (unsigned int i = 0; i < ARRAY_SIZE(all_advices); i++) {
		if (live_has_advice(LIVE_BASE, all_advices[i]))
			advices[nr_advices++] = all_advices[i];
		else
			fprintf(stderr, "the running kernel does not know madvise(%d): not compared\n", all_advices[i]);
	}
	knows_noreplace = live_mmap(first, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE) == (long)first &&
			  live_mmap(first, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE) == -EEXIST;
	if (!knows_noreplace)
		fprintf(stderr, "the running kernel does not know MAP_FIXED_NOREPLACE: not compared\n");
	/* It came together with the rules by which VMAs are joined now. */
	joins_alike = live_mmap(second, PAGE_SIZE, PROT_NONE, PRIVATE | MAP_FIXED) == (long)second &&
		      live_mremap(first, 2 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == (long)to;
	if (!joins_alike)
		fprintf(stderr,
			"the running kernel does not move several VMAs at once: mremap() and VMAs not compared\n");
	live_munmap(LIVE_BASE, LIVE_PAGES * PAGE_SIZE);
	may_lock = live_may_lock(LIVE_BASE, LIVE_PAGES * PAGE_SIZE);
	world_start(4096, 64);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_calls_agree),
		cmocka_unit_test(a_difference_would_be_reported),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
