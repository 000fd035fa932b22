/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma_ref: a folio's anon_vma locked and referenced; what a reader gets that comes too late, played step by step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/anon_vma_scene.h"
#include "tests/lib/scene/anon_vma_steps.h"

/* ---- alone ---- */

static void a_mapped_folio_has_one(void **state)
{
	(void)state;
	for_each_kind(policy) {
		struct mm_struct *mm = mm_prepared(policy, 4);
		struct folio *folio = map_folio(mm, PAGE(2));
		struct anon_vma *anon_vma = anon_vma_at(mm, AREA);

		assert_ptr_equal(folio_lock_anon_vma_read(folio, NULL), anon_vma);
		anon_vma_assert_locked(anon_vma);
		assert_int_equal(load_relaxed(&anon_vma->refcount), 1);
		anon_vma_unlock_read(anon_vma);
		assert_ptr_equal(folio_get_anon_vma(folio), anon_vma);
		assert_int_equal(load_relaxed(&anon_vma->refcount), 2);
		put_anon_vma(anon_vma);
		unmap_folio(mm, folio);
		assert_null(folio_lock_anon_vma_read(folio, NULL));
		assert_null(folio_get_anon_vma(folio));
		folio_put(folio);
		mm_exit(mm);
		assert_nothing_left();
	}
}

static void what_is_not_anonymous_has_none(void **state)
{
	struct folio *folio = folio_alloc(0, PAGE_FILE);

	(void)state;
	assert_null(folio_lock_anon_vma_read(folio, NULL));
	assert_null(folio_get_anon_vma(folio));
	folio_put(folio);
}

/* A reference keeps the anon_vma, and with it the root, beyond all VMAs. */
/* Row: A2. */
static void a_reference_outlives_the_mms(void **state)
{
	(void)state;
	for_each_kind(policy) {
		struct mm_struct *mm = mm_prepared(policy, 4), *child = fork_of(mm);
		struct folio *folio = map_folio(child, AREA);
		struct anon_vma *anon_vma = folio_get_anon_vma(folio), *root = anon_vma_at(mm, AREA);

		assert_ptr_equal(anon_vma, anon_vma_at(child, AREA));
		unmap_folio(child, folio);
		folio_put(folio);
		mm_exit(child);
		mm_exit(mm);
		rcu_barrier();
		assert_int_equal(nr_anon_vmas(), 2);
		assert_ptr_equal(anon_vma->root, root);
		anon_vma_lock_read(anon_vma);
		assert_null(anon_vma_interval_tree_iter_first(&anon_vma->tree, 0, ~0ul));
		anon_vma_unlock_read(anon_vma);
		put_anon_vma(anon_vma);
		assert_nothing_left();
	}
}

/* ---- with another thread ---- */

/* What each reader gets at each point, whatever the memory does afterwards. */
static const struct expected {
	bool by_ref, locked, try_lock;
	const char *point;
	enum anon_vma_event event;
	enum anon_vma_got got;
	const struct event *counted;	/* at least once; NULL: nothing to count */
} expected[] = {
	/* too late from the beginning */
	{ false, false, false, NULL, DIES, GOT_NULL, NULL },
	{ true, false, false, NULL, DIES, GOT_NULL, NULL },
	{ false, false, false, NULL, MOVES, GOT_NEW, NULL },
	/* the lock is free: taken at once, then looked again */
	{ false, false, false, "anon_vma.looked", NOTHING, GOT_OLD, NULL },
	{ false, false, false, "anon_vma.looked", DIES, GOT_NULL, EV_ANON_VMA_UNMAPPED },
	{ false, false, false, "anon_vma.looked", REBORN, GOT_NULL, EV_ANON_VMA_UNMAPPED },
	{ false, false, false, "anon_vma.looked", MOVES, GOT_NEW, EV_ANON_VMA_MOVED },
	/* the lock is held: a reference first, then waiting */
	{ false, true, false, "anon_vma.got", NOTHING, GOT_OLD, EV_ANON_VMA_WAIT },
	{ false, true, false, "anon_vma.got", DIES, GOT_NULL, EV_ANON_VMA_UNMAPPED },
	{ false, true, false, "anon_vma.got", REBORN, GOT_NULL, EV_ANON_VMA_UNMAPPED },
	{ false, true, false, "anon_vma.got", MOVES, GOT_NEW, EV_ANON_VMA_MOVED },
	{ false, true, false, "anon_vma.before_lock", NOTHING, GOT_OLD, EV_ANON_VMA_WAIT },
	{ false, true, false, "anon_vma.before_lock", DIES, GOT_NULL, EV_ANON_VMA_UNMAPPED },
	{ false, true, false, "anon_vma.before_lock", MOVES, GOT_NEW, EV_ANON_VMA_MOVED },
	/* about to wait for the lock: what it finds there counts, not what it found before */
	{ false, true, false, "rwsem.before_queue_read", NOTHING, GOT_OLD, EV_ANON_VMA_WAIT },
	{ false, true, false, "rwsem.before_queue_read", DIES, GOT_NULL, EV_ANON_VMA_UNMAPPED },
	{ false, true, false, "rwsem.before_queue_read", MOVES, GOT_NEW, EV_ANON_VMA_MOVED },
	{ false, true, true, "anon_vma.trylock_failed", NOTHING, GOT_CONTENDED, NULL },
	{ false, true, true, "anon_vma.trylock_failed", DIES, GOT_CONTENDED, NULL },
	/* a reference only */
	{ true, true, false, "anon_vma.looked", NOTHING, GOT_OLD, NULL },
	{ true, false, false, "anon_vma.looked", DIES, GOT_NULL, EV_ANON_VMA_DEAD },
	{ true, false, false, "anon_vma.looked", MOVES, GOT_NEW, EV_ANON_VMA_DEAD },
	{ true, false, false, "anon_vma.got", DIES, GOT_NULL, EV_ANON_VMA_UNMAPPED },
	{ true, false, false, "anon_vma.got", MOVES, GOT_NEW, EV_ANON_VMA_MOVED },
};

/* Row: A2. */
static void late_readers_back_off(void **state)
{
	(void)state;
	needs_checks();
	for_each_kind(policy)
		for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
			const struct expected *want = &expected[i];
			const struct anon_vma_step step = {
				policy, want->by_ref, want->locked, want->try_lock, want->point, want->event,
			};
			enum anon_vma_got got;

			events_reset();
			got = anon_vma_step_play(&step);
			if (got != want->got)
				fail_msg("step %u under %s: got %u", i, policy, got);
			if (want->counted && !events_total(want->counted))
				fail_msg("step %u under %s: no %s", i, policy, want->counted->name);
			assert_nothing_left();
		}
}

/* Memory reused for another anon_vma: its count is above zero, raised, and dropped again. */
static void the_reborn_lend_a_reference_for_a_moment(void **state)
{
	const struct anon_vma_step step = { "linux-6.15", .by_ref = true, .point = "anon_vma.looked", .event = REBORN };

	(void)state;
	needs_checks();
	events_reset();
	assert_int_equal(anon_vma_step_play(&step), GOT_NULL);
	assert_int_equal(events_total(EV_ANON_VMA_UNMAPPED), 1);
	assert_int_equal(events_total(EV_ANON_VMA_DEAD), 0);
	assert_nothing_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapped_folio_has_one),
		cmocka_unit_test(what_is_not_anonymous_has_none),
		cmocka_unit_test(a_reference_outlives_the_mms),
		cmocka_unit_test(late_readers_back_off),
		cmocka_unit_test(the_reborn_lend_a_reference_for_a_moment),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
