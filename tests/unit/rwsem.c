/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rwsem.c - the reader/writer lock, alone and with waiters that queue in a known order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/host/rcu.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/rwsem_line.h"
#include "tests/lib/harness/threads.h"

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

/* The anon_vma may be freed as soon as its lock is free. */
static void a_lock_that_may_go_is_dropped_inside_rcu(void **state)
{
	(void)state;
	needs_checks();
#if !defined(FAULTLINE_RCU_QSBR)
	init_rwsem(&sem, RANK_ANON_VMA_RWSEM);
	down_read(&sem);
	assert_dies("dropped outside RCU", up_read(&sem));
	rcu_read_lock();
	up_read(&sem);
	rcu_read_unlock();
#endif
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
	rcu_read_lock();
	assert_dies("inside an RCU read-side section", down_read(&sem));
	assert_dies("inside an RCU read-side section", down_write(&sem));
	assert_true(down_write_trylock(&sem));
	up_write(&sem);
	rcu_read_unlock();
	assert_int_equal(sem.count, 0);
}

/* ---- waiters that queue in a known order ---- */

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

/* Row: L3. */
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

/* Row: L3. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(tries),
		cmocka_unit_test(a_lock_that_may_go_is_dropped_inside_rcu),
		cmocka_unit_test(misuse_dies),
		cmocka_unit_test(readers_share),
		cmocka_unit_test(a_writer_is_alone),
		cmocka_unit_test(readers_queue_behind_a_writer),
		cmocka_unit_test(writers_enter_in_order),
		cmocka_unit_test(queued_readers_enter_together),
		cmocka_unit_test(downgrade_lets_readers_in_and_keeps_writers_out),
		cmocka_unit_test(downgrade_alone_lets_readers_in),
		cmocka_unit_test(a_parked_waiter_holds_up_no_grace_period),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
