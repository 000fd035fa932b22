/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_lock.c - storms on folio locks: plain data inside, more threads than cores, other flags changing beside the
 * lock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>

#include "core/lock/lockstat.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/threads.h"

#define THREADS	8
#define ROUNDS	(FAULTLINE_TSAN ? 2000 : 4000)
#define OTHER	PG_REFERENCED

static struct {
	struct folio folio;
	uint64_t sum, by_thread[THREADS];	/* under the lock, plain: ThreadSanitizer sees a missing edge */
	unsigned int tries;			/* (A) that succeeded */
} shared = { .folio = { .page = { ._refcount = 1 } } };

/*
 * Now and then by a try, or giving up the core inside, so that others must wait; the flag beside it is set and cleared.
 */
static void add_one_by_one(void *arg, unsigned int index)
{
	(void)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (i % 8 == 0 && folio_trylock(&shared.folio))
			fetch_add_relaxed(&shared.tries, 1u);
		else
			folio_lock(&shared.folio);
		shared.sum++;
		shared.by_thread[index]++;
		if (i % 64 == 0)
			sched_yield();
		folio_unlock(&shared.folio);
		if (i % 4 == 0)
			fetch_or_relaxed(&shared.folio.page.flags, OTHER);
		else if (i % 4 == 2)
			fetch_and_relaxed(&shared.folio.page.flags, ~OTHER);
	}
}

static void storm(void)
{
	shared.sum = 0;
	shared.tries = 0;
	for (unsigned int i = 0; i < THREADS; i++)
		shared.by_thread[i] = 0;
	lockstat_reset();
	threads_run(THREADS, add_one_by_one, NULL);
	assert_int_equal(shared.sum, (uint64_t)THREADS * ROUNDS);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(shared.by_thread[i], ROUNDS);
	assert_int_equal(shared.folio.page.flags & ~OTHER, 0);
	assert_true(shared.tries > 0);
	assert_true(lockstat_total(RANK_FOLIO_LOCK, LOCKSTAT_WAIT) > 0);
	assert_true(lockstat_total(RANK_FOLIO_LOCK, LOCKSTAT_PARK) > 0);
}

static void a_storm_loses_nothing(void **state)
{
	(void)state;
	storm();
}

static void a_storm_with_noise_loses_nothing(void **state)
{
	(void)state;
	syncpoint_noise(100);
	storm();
	syncpoint_noise(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_loses_nothing),
		cmocka_unit_test(a_storm_with_noise_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
