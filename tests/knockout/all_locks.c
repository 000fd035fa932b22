/* SPDX-License-Identifier: GPL-2.0-or-later */
/* all_locks.c - all locks of an mm without the mark of those held, and without the mutex around all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/notifier.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"

static struct mm_struct *mms[2];

/* Both map two files, one in the reverse order: each would hold one and wait for the other. */
static void register_own(void *arg, unsigned int index)
{
	(void)arg;
	BUG_ON(mmu_notifier_register(mms[index]));
}

static bool two_take_the_locks_of_two_files(void)
{
	struct file *files[2] = { scene_file(), scene_file() };

	for (unsigned int i = 0; i < 2; i++) {
		mms[i] = world_mm("linux-6.15");
		map_file_at(mms[i], SHARED_AT, 1, RW, MAP_SHARED, files[i], 0);
		map_file_at(mms[i], PRIVATE_AT, 1, RW, MAP_SHARED, files[!i], 0);
	}
	threads_run(2, register_own, NULL);
	for (unsigned int i = 0; i < 2; i++)
		mm_exit(mms[i]);
	file_put(files[0]);
	file_put(files[1]);
	return true;
}

static bool one_takes_the_lock_of_a_file_mapped_twice(void)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);

	BUG_ON(mmu_notifier_register(mm));
	mm_exit(mm);
	file_put(file);
	return true;
}

/* Row: A9. */
static void each_is_seen_by_the_lock_order(void **state)
{
	static const struct knocked_steps scenes[] = {
		{ { "all-locks:mark", { "is already held" } }, one_takes_the_lock_of_a_file_mapped_twice },
		{ { "all-locks:mutex", { "should be held for write" } }, two_take_the_locks_of_two_files },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(scenes); i++)
		assert_true(only_knocked_steps_are_seen(&scenes[i], world_up_with_words));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_is_seen_by_the_lock_order) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
