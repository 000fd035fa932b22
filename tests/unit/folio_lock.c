/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_lock.c - the lock of a folio, alone: what it changes, and what its misuse ends in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/host/rcu.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

#define OTHER	PG_REFERENCED

static struct folio folio = { .page = { ._refcount = 1 } };

static void it_is_two_bits_of_the_flags(void **state)
{
	(void)state;
	folio.page.flags = OTHER;
	assert_false(folio_test_locked(&folio));
	folio_lock(&folio);
	assert_true(folio_test_locked(&folio));
	assert_int_equal(folio.page.flags, OTHER | PG_LOCKED);
	assert_folio_locked(&folio);
	folio_unlock(&folio);
	assert_int_equal(folio.page.flags, OTHER);
	assert_true(folio_trylock(&folio));
	assert_false(folio_trylock(&folio));
	folio_unlock(&folio);
	assert_int_equal(folio.page.flags, OTHER);
	folio.page.flags = 0;
}

/* An unlock with the bit set clears it, with and without a sleeper. */
static void an_unlock_clears_the_waiters_bit(void **state)
{
	(void)state;
	folio_lock(&folio);
	folio.page.flags |= PG_WAITERS;
	folio_unlock(&folio);
	assert_int_equal(folio.page.flags, 0);
}

/* The frame may be anything else by then. */
static void a_lock_without_a_reference_dies(void **state)
{
	static struct folio freed;

	(void)state;
	needs_checks();
	assert_dies("folio_ref_count", folio_lock(&freed));
	assert_dies("folio_ref_count", folio_trylock(&freed));
	freed.page._refcount = 1;
	folio_lock(&freed);
	freed.page._refcount = 0;
	assert_dies("folio_ref_count", folio_unlock(&freed));
	freed.page._refcount = 1;
	assert_int_equal(freed.page.flags, PG_LOCKED);
}

static void misuse_dies(void **state)
{
	static struct folio second = { .page = { ._refcount = 1 } };
	struct rwsem mmap_lock;
	spinlock_t ptl;

	(void)state;
	needs_checks();
	spin_lock_init(&ptl, SPIN_TTAS, RANK_PTE_PTL);
	init_rwsem(&mmap_lock, RANK_MMAP_LOCK);
	assert_dies("should be held", assert_folio_locked(&folio));
	assert_dies("released but not held", folio_unlock(&folio));
	spin_lock(&ptl);
	assert_dies("lock order", folio_lock(&folio));	/* it ranks above a PTL */
	assert_true(folio_trylock(&folio));	/* a try never waits */
	folio_unlock(&folio);
	spin_unlock(&ptl);
	folio_lock(&folio);
	assert_dies("lock order", folio_lock(&second));	/* two of one rank */
	assert_dies("lock order", down_read(&mmap_lock));
	folio_unlock(&folio);
	down_read(&mmap_lock);
	folio_lock(&folio);
	folio_unlock(&folio);
	up_read(&mmap_lock);
	rcu_read_lock();
	assert_dies("sleeping lock", folio_lock(&folio));
	rcu_read_unlock();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_two_bits_of_the_flags),
		cmocka_unit_test(a_lock_without_a_reference_dies),
		cmocka_unit_test(an_unlock_clears_the_waiters_bit),
		cmocka_unit_test(misuse_dies),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
