/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu: registration, slots. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/host/rcu.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

static void one_thread(void **state)
{
	(void)state;
	assert_null(this_cpu);
	assert_int_equal(cpu_register(3, MEM_REMOTE, 9), 0);
	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), -EBUSY);
	assert_non_null(this_cpu);
	assert_int_equal(this_cpu->node, 3);
	assert_int_equal(this_cpu->frame_node[FRAME_DATA], 4);
	assert_int_equal(this_cpu->frame_node[FRAME_TABLE], 4);
	assert_true(this_cpu->id < nr_cpus_used());
	cpu_unregister();
	assert_null(this_cpu);
	assert_dies("!cpu", cpu_unregister());
}

static void a_slot_is_used_again(void **state)
{
	unsigned int id;

	(void)state;
	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), 0);
	id = this_cpu->id;
	cpu_unregister();
	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), 0);
	assert_int_equal(this_cpu->id, id);
	cpu_unregister();
}

/* The same seed in the same slot repeats the choices a thread makes. */
static void a_seed_repeats_in_its_slot(void **state)
{
	uint64_t first;

	(void)state;
	assert_int_equal(cpu_register(0, MEM_LOCAL, 77), 0);
	first = rng_next(&this_cpu->rng);
	cpu_unregister();
	assert_int_equal(cpu_register(0, MEM_LOCAL, 77), 0);
	assert_true(rng_next(&this_cpu->rng) == first);
	cpu_unregister();
}

static bool slot_seen[DEFAULT_CPUS];
static unsigned int refused, entered;
static pthread_barrier_t all_in;

/* One thread too many: each waits, registered or refused, until all have tried. */
static void *one_of_too_many(void *arg)
{
	int err = cpu_register(0, MEM_LOCAL, 1);

	(void)arg;
	if (err == -ENOSPC)
		fetch_add_relaxed(&refused, 1u);
	else if (!err && !xchg_relaxed(&slot_seen[this_cpu->id], true))
		fetch_add_relaxed(&entered, 1u);
	if (!err)
		rcu_offline();
	pthread_barrier_wait(&all_in);
	if (!err) {
		rcu_online();
		cpu_unregister();
	}
	return NULL;
}

static void no_more_slots_than_arrays_have_room_for(void **state)
{
	(void)state;
	assert_int_equal(nr_cpu_ids, DEFAULT_CPUS);
	assert_int_equal(cpus_allow(NR_CPUS + 1), -EINVAL);
	assert_int_equal(nr_cpu_ids, DEFAULT_CPUS);
	assert_int_equal(cpus_allow(NR_CPUS), 0);
	assert_int_equal(nr_cpu_ids, NR_CPUS);
	assert_int_equal(cpus_allow(1), 0);
	assert_int_equal(nr_cpu_ids, DEFAULT_CPUS);
}

static void slots_run_out(void **state)
{
	static pthread_t threads[DEFAULT_CPUS + 1];
	pthread_attr_t attr;

	(void)state;
	pthread_barrier_init(&all_in, NULL, DEFAULT_CPUS + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (unsigned int i = 0; i <= DEFAULT_CPUS; i++)
		assert_int_equal(pthread_create(&threads[i], &attr, one_of_too_many, NULL), 0);
	for (unsigned int i = 0; i <= DEFAULT_CPUS; i++)
		pthread_join(threads[i], NULL);
	pthread_attr_destroy(&attr);
	pthread_barrier_destroy(&all_in);
	assert_int_equal(refused, 1);
	assert_int_equal(entered, DEFAULT_CPUS);
	assert_int_equal(nr_cpus_used(), DEFAULT_CPUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_slots_than_arrays_have_room_for),
		cmocka_unit_test(one_thread),
		cmocka_unit_test(a_slot_is_used_again),
		cmocka_unit_test(a_seed_repeats_in_its_slot),
		cmocka_unit_test(slots_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
