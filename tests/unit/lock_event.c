/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock_event.c - a file of its own subscribes to locks, and is notified of what happens to each kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cpu.h"
#include "core/lock/rwsem.h"
#include "tests/lib/harness/threads.h"

#if FAULTLINE_CHECK
static char said[400];

static void say(const char *what, const struct lock_event *event)
{
	static const char *const modes[] = { [HELD_READ] = "read", [HELD_WRITE] = "write" };
	static const char *const hows[] = { [LOCK_WAITED] = "", [LOCK_NESTED] = " nested", [LOCK_NEST_LOCK] = " under",
					   [LOCK_TRIED] = " tried" };
	size_t length = strlen(said);

	snprintf(said + length, sizeof(said) - length, "%s %s %s%s; ", what, lockrank_name(event->rank),
		 modes[event->mode], hows[event->how]);
}

static void hear_wanted(const struct lock_event *event)
{
	assert_non_null(strstr(event->site, "tests/unit/lock_event.c:"));
	say("wanted", event);
}

static void hear_acquired(const struct lock_event *event)
{
	assert_non_null(strstr(event->site, "tests/unit/lock_event.c:"));
	say("acquired", event);
}

static void hear_released(const struct lock_event *event)
{
	say("released", event);
}

static void hear_downgraded(const struct lock_event *event)
{
	say("downgraded", event);
}

static const struct lock_subscriber listener = {
	.wanted = hear_wanted,
	.acquired = hear_acquired,
	.released = hear_released,
	.downgraded = hear_downgraded,
};
LOCK_SUBSCRIBER(listener);

static void assert_said(const char *text)
{
	assert_string_equal(said, text);
	said[0] = '\0';
}

static void spinlocks_report(void **state)
{
	spinlock_t lock, other;

	(void)state;
	spin_lock_init(&lock, SPIN_TTAS, RANK_PTE_PTL);
	spin_lock_init(&other, SPIN_TTAS, RANK_PTE_PTL);
	spin_lock(&lock);
	spin_lock_nested(&other);
	assert_said("wanted PTE-table PTL write; acquired PTE-table PTL write; wanted PTE-table PTL write nested; "
		    "acquired PTE-table PTL write nested; ");
	assert_false(spin_trylock(&other));
	assert_said("");
	spin_unlock(&other);
	assert_true(spin_trylock(&other));
	spin_unlock(&other);
	spin_unlock(&lock);
	assert_said("released PTE-table PTL write; acquired PTE-table PTL write tried; released PTE-table PTL write; "
		    "released PTE-table PTL write; ");
}

static void rwsems_report(void **state)
{
	struct rwsem sem;

	(void)state;
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	downgrade_write(&sem);
	up_read(&sem);
	assert_said("wanted mm->mmap_lock write; acquired mm->mmap_lock write; downgraded mm->mmap_lock read; "
		    "released mm->mmap_lock read; ");
	assert_true(down_read_trylock(&sem));
	assert_false(down_write_trylock(&sem));
	up_read(&sem);
	assert_said("acquired mm->mmap_lock read tried; released mm->mmap_lock read; ");
}
#endif

static void builds_without_checks_have_no_words(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct probe_word), FAULTLINE_CHECK ? sizeof(uint32_t) : 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_without_checks_have_no_words),
#if FAULTLINE_CHECK
		cmocka_unit_test(spinlocks_report),
		cmocka_unit_test(rwsems_report),
#endif
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
