/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shadow.c - a lock that does not wait: the intruder and the holder are named at once; a sound lock excludes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "core/faultline.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/threads.h"

#define VISIT_MS	50	/* a visitor that is not excluded is inside within this time */

/* One kind of lock: held for write by one thread, visited by another. */
struct place {
	const char *knockout;
	const char *named[2];		/* words of the report */
	void (*hold)(void);
	void (*let_go)(void);
	void (*visit)(void);
};

static spinlock_t spin;
static struct rwsem rwsem;
static struct folio folio = { .page = { ._refcount = 1 } };
static unsigned int visited;		/* a step */

static void hold_spin(void) { spin_lock(&spin); }
static void let_go_spin(void) { spin_unlock(&spin); }

static void visit_spin(void)
{
	spin_lock(&spin);
	spin_unlock(&spin);
}

static void hold_rwsem(void) { down_write(&rwsem); }
static void let_go_rwsem(void) { up_write(&rwsem); }

static void visit_rwsem(void)
{
	down_read(&rwsem);
	up_read(&rwsem);
}

static void hold_folio(void) { folio_lock(&folio); }
static void let_go_folio(void) { folio_unlock(&folio); }

static void visit_folio(void)
{
	folio_lock(&folio);
	folio_unlock(&folio);
}

static const struct place places[] = {
	{ "spin-wait", { "shadow owner: PTE-table PTL", "cpu 1 is inside for write, at tests/knockout/shadow.c" },
	  hold_spin, let_go_spin, visit_spin },
	{ "rwsem-read-wait", { "shadow owner: mm->mmap_lock", "cpu 1 is inside for read, at tests/knockout/shadow.c" },
	  hold_rwsem, let_go_rwsem, visit_rwsem },
	{ "folio-lock:wait", { "shadow owner: folio lock", "so is a writer: cpu 0, at tests/knockout/shadow.c" },
	  hold_folio, let_go_folio, visit_folio },
};

static void visit(void *arg, unsigned int index)
{
	const struct place *place = arg;

	(void)index;
	place->visit();
	step_reach(&visited, 1);
}

/* Whether the visitor was inside before the lock was released. */
static bool meet(const struct place *place)
{
	struct test_threads *threads;
	bool inside;

	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	spin_lock_init(&spin, SPIN_TTAS, RANK_PTE_PTL);
	init_rwsem(&rwsem, RANK_MMAP_LOCK);
	place->hold();
	threads = threads_start(1, visit, (void *)place);
	inside = step_within(&visited, 1, VISIT_MS);
	place->let_go();
	threads_join(threads);
	cpu_unregister();
	return inside;
}

static bool sound(void *arg)
{
	return !meet(arg);
}

/* Whether they met, and nothing else happened. */
static bool broken(void *arg)
{
	const struct place *place = arg;

	return !knockout_enable(place->knockout) && meet(place);
}

static bool unwatched(void *arg)
{
	return !detector_switch("shadow", false) && broken(arg);
}

static void threads_that_meet_are_named(void **state)
{
	char said[2048];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		const struct place *place = &places[i];

		if (child_ends_well(broken, (void *)place, said, sizeof(said)) || !strstr(said, place->named[0]) ||
		    !strstr(said, place->named[1]) || !strstr(said, "detector: shadow\n"))
			fail_msg("%s: %s", place->knockout, said);
	}
}

static void sound_locks_exclude(void **state)
{
	char said[2048];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		if (!child_ends_well(sound, (void *)&places[i], said, sizeof(said)))
			fail_msg("%s: %s", places[i].knockout, said);
}

/* Sections that change nothing: no other check detects two threads in one. */
static void it_is_the_shadow_that_sees_them(void **state)
{
	char said[2048];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		if (!child_ends_well(unwatched, (void *)&places[i], said, sizeof(said)))
			fail_msg("%s: %s", places[i].knockout, said);
	assert_int_equal(detector_switch("no such detector", false), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_that_meet_are_named),
		cmocka_unit_test(sound_locks_exclude),
		cmocka_unit_test(it_is_the_shadow_that_sees_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
