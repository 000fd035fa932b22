/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rwsem.c - the reader/writer lock, played step by step with waiters that queue one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/base/rcu.h"
#include "core/base/syncpoint.h"
#include "core/lock/lockstat.h"
#include "core/lock/rwsem.h"
#include "tests/lib/dies.h"
#include "tests/lib/threads.h"

static struct rwsem sem;

/* ---- one thread ---- */

static void alone(void **state)
{
	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	for (int i = 0; i < 3; i++) {
		down_read(&sem);
		assert_rwsem_held(&sem);
		assert_true(rwsem_is_locked(&sem));
		assert_false(rwsem_is_write_locked(&sem));
		up_read(&sem);
		assert_false(rwsem_is_locked(&sem));
		down_write(&sem);
		assert_rwsem_held_write(&sem);
		assert_true(rwsem_is_locked(&sem) && rwsem_is_write_locked(&sem));
		downgrade_write(&sem);
		assert_rwsem_held(&sem);
		assert_true(rwsem_is_locked(&sem));
		assert_false(rwsem_is_write_locked(&sem));
		up_read(&sem);
		assert_int_equal(sem.count, 0);
	}
}

static void tries(void **state)
{
	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	assert_true(down_read_trylock(&sem));
	assert_true(down_read_trylock(&sem));
	assert_false(down_write_trylock(&sem));
	up_read(&sem);
	assert_false(down_write_trylock(&sem));
	up_read(&sem);
	assert_true(down_write_trylock(&sem));
	assert_false(down_write_trylock(&sem));
	assert_false(down_read_trylock(&sem));
	downgrade_write(&sem);
	assert_true(down_read_trylock(&sem));
	up_read(&sem);
	up_read(&sem);
	assert_int_equal(sem.count, 0);
}

static void misuse_dies(void **state)
{
	spinlock_t inner;
	struct rwsem second;

	(void)state;
	needs_checks();
	init_rwsem(&sem, RANK_MMAP_LOCK);
	init_rwsem(&second, RANK_MMAP_LOCK);
	spin_lock_init(&inner, SPIN_TTAS, RANK_PTE_PTL);
	assert_dies("should be held", up_read(&sem));
	assert_dies("should be held for write", up_write(&sem));
	down_read(&sem);
	assert_dies("should be held for write", up_write(&sem));
	assert_dies("should be held for write", downgrade_write(&sem));
	assert_dies("should be held for write", assert_rwsem_held_write(&sem));
	assert_dies("already held", down_read(&sem));
	assert_dies("is wanted while", down_write(&second));
	up_read(&sem);
	down_write(&sem);
	assert_dies("already held", down_write(&sem));
	assert_dies("should be held for read", up_read(&sem));
	down_write_nested(&second);
	up_write(&second);
	up_write(&sem);
	spin_lock(&inner);
	assert_dies("is wanted while PTE-table PTL", down_read(&sem));
	assert_true(down_read_trylock(&sem));
	up_read(&sem);
	spin_unlock(&inner);
#if !defined(FAULTLINE_RCU_QSBR)
	rcu_read_lock();
	assert_dies("inside an RCU read-side section", down_read(&sem));
	assert_dies("inside an RCU read-side section", down_write(&sem));
	assert_true(down_write_trylock(&sem));
	up_write(&sem);
	rcu_read_unlock();
#endif
	assert_int_equal(sem.count, 0);
}

/* ---- waiters that queue in a known order ---- */

#define MAX_PLAYERS	6

struct player {
	bool for_write;
	unsigned int inside;	/* step: 1 once it holds the lock */
	unsigned int leave;	/* step: 1 lets it go */
	struct test_threads *thread;
};

static struct player players[MAX_PLAYERS];

static void play(void *arg, unsigned int index)
{
	struct player *self = arg;

	(void)index;
	if (self->for_write)
		down_write(&sem);
	else
		down_read(&sem);
	step_reach(&self->inside, 1);
	step_await(&self->leave, 1);
	if (self->for_write)
		up_write(&sem);
	else
		up_read(&sem);
}

static unsigned int queue_length(void)
{
	const struct rwsem_waiter *waiter;
	unsigned int length = 0;

	raw_spin_lock(&sem.queue_lock);
	for (waiter = sem.head; waiter; waiter = waiter->next)
		length++;
	raw_spin_unlock(&sem.queue_lock);
	return length;
}

static struct player *start(unsigned int i, bool for_write)
{
	struct player *player = &players[i];

	*player = (struct player) { .for_write = for_write };
	player->thread = threads_start(1, play, player);
	return player;
}

/* The lock can't be had now: the new one is queued when this returns. */
static struct player *queue(unsigned int i, bool for_write)
{
	unsigned int before = queue_length();
	struct player *player = start(i, for_write);

	for (int ms = 0; queue_length() == before && ms < TEST_PATIENCE_MS; ms++)
		step_within(&player->inside, 1, 1);
	assert_int_equal(queue_length(), before + 1);
	return player;
}

static void enters(struct player *player)
{
	assert_true(step_within(&player->inside, 1, TEST_PATIENCE_MS));
}

static void stays_out(struct player *player)
{
	assert_false(step_within(&player->inside, 1, 20));
}

static void leaves(struct player *player)
{
	step_reach(&player->leave, 1);
	threads_join(player->thread);
}

static void at_rest(void)
{
	assert_int_equal(sem.count, 0);
	assert_null(sem.head);
	assert_null(sem.tail);
}

static void readers_share(void **state)
{
	struct player *reader[3];

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_read(&sem);
	for (unsigned int i = 0; i < 3; i++) {
		reader[i] = start(i, false);
		enters(reader[i]);
	}
	up_read(&sem);
	assert_true(rwsem_is_locked(&sem));
	for (unsigned int i = 0; i < 3; i++)
		leaves(reader[i]);
	at_rest();
}

static void a_writer_is_alone(void **state)
{
	struct player *reader, *writer;

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	reader = queue(0, false);
	writer = queue(1, true);
	assert_true(rwsem_is_contended(&sem));
	stays_out(reader);
	stays_out(writer);
	up_write(&sem);
	enters(reader);
	stays_out(writer);
	leaves(reader);
	enters(writer);
	assert_true(rwsem_is_write_locked(&sem));
	assert_false(down_read_trylock(&sem));
	leaves(writer);
	at_rest();
}

static void readers_queue_behind_a_writer(void **state)
{
	struct player *writer, *reader;

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_read(&sem);
	writer = queue(0, true);
	assert_false(down_read_trylock(&sem));
	reader = queue(1, false);
	stays_out(reader);
	up_read(&sem);
	enters(writer);
	stays_out(reader);
	leaves(writer);
	enters(reader);
	leaves(reader);
	at_rest();
}

static void writers_enter_in_order(void **state)
{
	struct player *writer[4];

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	for (unsigned int i = 0; i < 4; i++)
		writer[i] = queue(i, true);
	up_write(&sem);
	for (unsigned int i = 0; i < 4; i++) {
		enters(writer[i]);
		if (i < 3)
			stays_out(writer[i + 1]);
		leaves(writer[i]);
	}
	at_rest();
}

static void queued_readers_enter_together(void **state)
{
	struct player *first, *writer, *last_writer, *second;

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	first = queue(0, false);
	writer = queue(1, true);
	second = queue(2, false);
	last_writer = queue(3, true);
	up_write(&sem);
	enters(first);
	enters(second);
	stays_out(writer);
	leaves(first);
	stays_out(writer);
	leaves(second);
	enters(writer);
	stays_out(last_writer);
	leaves(writer);
	enters(last_writer);
	leaves(last_writer);
	at_rest();
}

static void downgrade_lets_readers_in_and_keeps_writers_out(void **state)
{
	struct player *reader, *writer, *late_reader;

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	reader = queue(0, false);
	writer = queue(1, true);
	downgrade_write(&sem);
	enters(reader);
	stays_out(writer);
	late_reader = queue(2, false);
	stays_out(late_reader);
	leaves(reader);
	stays_out(writer);
	up_read(&sem);
	enters(writer);
	leaves(writer);
	enters(late_reader);
	leaves(late_reader);
	at_rest();
}

static void downgrade_alone_lets_readers_in(void **state)
{
	struct player *reader;

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	downgrade_write(&sem);
	reader = start(0, false);
	enters(reader);
	assert_false(down_write_trylock(&sem));
	leaves(reader);
	up_read(&sem);
	at_rest();
}

static void a_parked_waiter_holds_up_no_grace_period(void **state)
{
	struct player *reader, *writer;

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	reader = queue(0, false);
	writer = queue(1, true);
	synchronize_rcu();
	up_write(&sem);
	enters(reader);
	leaves(reader);
	enters(writer);
	leaves(writer);
	at_rest();
}

/* ---- interleavings forced at a sync point of the waiter ---- */

static unsigned int at_point, go_on;
static _Thread_local bool stop_here = true;

static void stop_at_point(void *arg)
{
	(void)arg;
	if (!stop_here)
		return;
	stop_here = false;
	step_reach(&at_point, 1);
	step_await(&go_on, 1);
}

static void stop_next_waiter_at(const char *point)
{
	stop_here = false;	/* not this thread */
	at_point = 0;
	go_on = 0;
	assert_int_equal(syncpoint_hook(point, stop_at_point, NULL), 0);
}

/* The lock is let go when the waiter has decided to queue, and when it has decided to sleep. */
static void no_wake_up_is_lost(void **state)
{
	static const struct {
		bool for_write;
		const char *at;
	} waits[] = {
		{ false, "rwsem.before_queue_read" }, { false, "rwsem.before_park" },
		{ true, "rwsem.before_queue_write" }, { true, "rwsem.before_park" },
	};

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(waits); i++) {
		struct player *waiter;

		init_rwsem(&sem, RANK_MMAP_LOCK);
		down_write(&sem);
		stop_next_waiter_at(waits[i].at);
		waiter = start(0, waits[i].for_write);
		step_await(&at_point, 1);
		up_write(&sem);
		step_reach(&go_on, 1);
		enters(waiter);
		leaves(waiter);
		syncpoint_hook(NULL, NULL, NULL);
		at_rest();
	}
}

static void a_head_that_was_passed_is_next(void **state)
{
	struct player *head, *late;

	(void)state;
	needs_checks();
	for (unsigned int late_writes = 0; late_writes < 2; late_writes++) {
		init_rwsem(&sem, RANK_MMAP_LOCK);
		down_write(&sem);
		stop_next_waiter_at("rwsem.woken");
		head = queue(0, true);
		up_write(&sem);
		step_await(&at_point, 1);
		down_write(&sem);			/* passes the head, which is awake but has not looked */
		step_reach(&go_on, 1);
		while (!(load_relaxed(&sem.count) & RWSEM_HANDOFF))
			step_within(&head->inside, 1, 1);
		late = queue(1, late_writes);
		assert_false(down_read_trylock(&sem) || down_write_trylock(&sem));
		up_write(&sem);
		enters(head);
		stays_out(late);
		leaves(head);
		enters(late);
		leaves(late);
		syncpoint_hook(NULL, NULL, NULL);
		at_rest();
	}
}

static void a_reader_passes_into_a_free_lock_only(void **state)
{
	struct player *head, *late;

	(void)state;
	needs_checks();
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	stop_next_waiter_at("rwsem.woken");
	head = queue(0, true);
	up_write(&sem);
	step_await(&at_point, 1);
	down_read(&sem);
	late = queue(1, false);			/* the lock is not free now, and there is a queue */
	step_reach(&go_on, 1);
	up_read(&sem);
	enters(head);
	stays_out(late);
	leaves(head);
	enters(late);
	leaves(late);
	syncpoint_hook(NULL, NULL, NULL);
	at_rest();
}

static int be_a_cpu(void **state)
{
	(void)state;
	return cpu_register(0, MEM_LOCAL, run_seed);
}

static int be_no_cpu(void **state)
{
	(void)state;
	cpu_unregister();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(tries),
		cmocka_unit_test(misuse_dies),
		cmocka_unit_test(readers_share),
		cmocka_unit_test(a_writer_is_alone),
		cmocka_unit_test(readers_queue_behind_a_writer),
		cmocka_unit_test(writers_enter_in_order),
		cmocka_unit_test(queued_readers_enter_together),
		cmocka_unit_test(downgrade_lets_readers_in_and_keeps_writers_out),
		cmocka_unit_test(downgrade_alone_lets_readers_in),
		cmocka_unit_test(a_parked_waiter_holds_up_no_grace_period),
		cmocka_unit_test(no_wake_up_is_lost),
		cmocka_unit_test(a_head_that_was_passed_is_next),
		cmocka_unit_test(a_reader_passes_into_a_free_lock_only),
	};

	return cmocka_run_group_tests(tests, be_a_cpu, be_no_cpu);
}
