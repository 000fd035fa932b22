/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sleeper holds up no grace period: during each kind of sleep one ends, in every liburcu flavour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/host/rcu.h"
#include "core/lock/wait.h"
#include "core/phys/folio_lock.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/mirror_scene.h"

/* What one thread has until @step is 2, and another waits for once it is 1. */
struct sleep {
	struct mm_struct *mm;
	struct rwsem sem;
	struct folio *folio;
	struct hmm_mirror mirror;
	void (*wait)(struct sleep *s);
	unsigned int step, periods;
};

static void waiter(void *arg, unsigned int index)
{
	struct sleep *s = arg;

	(void)index;
	step_reach(&s->step, 1);
	s->wait(s);
	frame_drain_cpu();
}

static void wait_for_readers(void *arg, unsigned int index)
{
	struct sleep *s = arg;

	(void)index;
	synchronize_rcu();
	step_reach(&s->periods, 1);
}

/*
 * While the caller has what is waited for: the waiter sleeps, or is about to, and a grace period ends. Returns the
 * waiter.
 */
static struct test_threads *a_period_ends(struct sleep *s, void (*wait)(struct sleep *s))
{
	struct test_threads *sleeper, *updater;

	s->wait = wait;
	s->step = s->periods = 0;
	sleeper = threads_start(1, waiter, s);
	step_await(&s->step, 1);
	updater = threads_start(1, wait_for_readers, s);
	step_await(&s->periods, 1);
	threads_join(updater);
	return sleeper;
}

static void to_read(struct sleep *s)
{
	down_read(&s->sem);
	up_read(&s->sem);
}

static void to_write(struct sleep *s)
{
	down_write(&s->sem);
	up_write(&s->sem);
}

static void for_a_rwsem(void **state)
{
	struct test_threads *sleeper;
	struct sleep s = { 0 };

	(void)state;
	init_rwsem(&s.sem, RANK_MMAP_LOCK);
	down_write(&s.sem);
	sleeper = a_period_ends(&s, to_read);
	up_write(&s.sem);
	threads_join(sleeper);
	down_read(&s.sem);
	sleeper = a_period_ends(&s, to_write);
	up_read(&s.sem);
	threads_join(sleeper);
}

static void to_lock_it(struct sleep *s)
{
	folio_lock(s->folio);
	folio_unlock(s->folio);
}

static void until_it_is_free(struct sleep *s)
{
	uint32_t seen;

	while (folio_wait_begin(s->folio, &seen))
		folio_wait_end(s->folio, seen);
}

static void for_a_folio(void **state)
{
	static void (*const waits[])(struct sleep *s) = { to_lock_it, until_it_is_free };
	struct sleep s = { .mm = mm_with_words("linux-6.15", 1) };

	(void)state;
	s.folio = folio_at(s.mm, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(waits); i++) {
		struct test_threads *sleeper;

		folio_lock(s.folio);
		sleeper = a_period_ends(&s, waits[i]);
		folio_unlock(s.folio);
		threads_join(sleeper);
	}
	mm_exit(s.mm);
}

static void for_a_reader_of_its_vma(struct sleep *s)
{
	mmap_write_lock(s->mm);
	vma_start_write(vma_lookup(s->mm, AREA));
	mmap_write_unlock(s->mm);
}

static void for_a_vma(void **state)
{
	static const char *const policies[] = { "linux-6.4", "linux-6.15" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct sleep s = { .mm = mm_with_words(policies[i], 1) };
		struct vm_area_struct *vma = lock_vma_under_rcu(s.mm, AREA);
		struct test_threads *sleeper;

		assert_non_null(vma);
		sleeper = a_period_ends(&s, for_a_reader_of_its_vma);
		vma_end_read(s.mm, vma);
		threads_join(sleeper);
		mm_exit(s.mm);
	}
}

static void fill_it(struct sleep *s)
{
	hmm_mirror_fill(&s->mirror, AREA, AREA + PAGE_SIZE);
}

static struct test_threads *filler;

/* An invalidation that goes on, as one does that has to wait for the frames of tables that are about to be free. */
static void in_an_invalidation(void *arg)
{
	if (!filler)
		filler = a_period_ends(arg, fill_it);
}

static void for_an_invalidation(void **state)
{
	struct sleep s = { .mm = mm_with_words("linux-6.15", 1) };
	uint64_t waits = events_total(EV_NOTIFIER_WAIT);

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();
	assert_int_equal(hmm_mirror_create(&s.mirror, s.mm, AREA, AREA + LEN), 0);
	assert_int_equal(syncpoint_hook("notifier.started", in_an_invalidation, &s), 0);
	assert_int_equal(sys_madvise(s.mm, AREA, PAGE_SIZE, MADV_DONTNEED), 0);
	syncpoint_hook(NULL, NULL, NULL);
	threads_join(filler);
	assert_int_equal(events_total(EV_NOTIFIER_WAIT), waits + 1);
	hmm_mirror_destroy(&s.mirror);
	mm_exit(s.mm);
}

static void a_sleep_in_a_section_or_under_a_spinlock_dies(void **state)
{
	uint32_t word = 1;
	spinlock_t lock;

	(void)state;
	needs_checks();
	spin_lock_init(&lock, SPIN_FUTEX, RANK_PTE_PTL);
	spin_lock(&lock);
	assert_dies("a sleep while", futex_wait(&word, 0));
	assert_dies("a sleep while", sleep_yield());
	spin_unlock(&lock);
	rcu_read_lock();
	assert_dies("rcu_read_held", futex_wait(&word, 0));
	assert_dies("rcu_read_held", synchronize_rcu());
	assert_dies("rcu_read_held", rcu_quiescent());
	rcu_read_unlock();
	futex_wait(&word, 0);
	sleep_yield();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_a_rwsem),
		cmocka_unit_test(for_a_folio),
		cmocka_unit_test(for_a_vma),
		cmocka_unit_test(for_an_invalidation),
		cmocka_unit_test(a_sleep_in_a_section_or_under_a_spinlock_dies),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
