/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spinlock.c - storms on each kind of spinlock: plain data inside, more threads than cores, with and without noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>

#include "core/lock/lockstat.h"
#include "core/lock/spinlock.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/threads.h"

#define THREADS	8
#define ROUNDS	(FAULTLINE_TSAN ? 2000 : 4000)

static struct {
	spinlock_t lock, inner;
	uint64_t sum, by_thread[THREADS];	/* under lock, plain: ThreadSanitizer sees a missing edge */
	uint64_t inner_sum;			/* under inner, plain */
} shared;

/* Now and then by a try, with a second lock inside, or giving up the core inside, so that others must wait. */
static void add_one_by_one(void *arg, unsigned int index)
{
	(void)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (i % 8 || !spin_trylock(&shared.lock))
			spin_lock(&shared.lock);
		shared.sum++;
		shared.by_thread[index]++;
		if (i % 16 == 0) {
			spin_lock_nested(&shared.inner);
			shared.inner_sum++;
			spin_unlock(&shared.inner);
		}
		if (i % 64 == 0)
			sched_yield();
		spin_unlock(&shared.lock);
		if (i % 32 == 0) {
			spin_lock(&shared.inner);
			shared.inner_sum++;
			spin_unlock(&shared.inner);
		}
	}
}

static void storm(enum spin_kind kind)
{
	spin_lock_init(&shared.lock, kind, RANK_PTE_PTL);
	spin_lock_init(&shared.inner, kind, RANK_PTE_PTL);
	shared.sum = 0;
	shared.inner_sum = 0;
	for (unsigned int i = 0; i < THREADS; i++)
		shared.by_thread[i] = 0;
	lockstat_reset();
	threads_run(THREADS, add_one_by_one, NULL);
	assert_int_equal(shared.sum, (uint64_t)THREADS * ROUNDS);
	assert_int_equal(shared.inner_sum, (uint64_t)THREADS * (ROUNDS / 16 + (ROUNDS + 31) / 32));
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(shared.by_thread[i], ROUNDS);
	assert_false(spin_is_locked(&shared.lock) || spin_is_locked(&shared.inner));
	assert_true(lockstat_total(RANK_PTE_PTL, LOCKSTAT_WAIT) > 0);
}

static void storm_of_each_kind(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++)
		storm(kind);
}

static void storm_of_each_kind_with_noise(void **state)
{
	(void)state;
	syncpoint_noise(100);
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++)
		storm(kind);
	syncpoint_noise(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storm_of_each_kind),
		cmocka_unit_test(storm_of_each_kind_with_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
