/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrator_scene.h - another thread has a folio under migration, while this one does what it likes: as mmap_lock ranks
 * above the folio lock, it cannot be this one.
 */
#ifndef FAULTLINE_TESTS_LIB_SCENE_MIGRATOR_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_MIGRATOR_SCENE_H

#include "core/op/hugetlb_migrate.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/hugetlb_pool.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/taken_file_scene.h"

/* Lock key: (C) const while the migrator runs (S) written at a step */
static struct {
	struct folio *folio;		/* (C) with a reference, which goes with its end */
	unsigned int step;		/* (S) 1: under migration; 2: it may end */
} migrator_scene;

static inline void end_migration(struct folio *folio)
{
	remove_migration_ptes(folio, folio);
	folio_unlock(folio);
	folio_put(folio);
}

static void migrator(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	folio_lock(migrator_scene.folio);
	if (folio_test_hugetlb(migrator_scene.folio))
		hugetlb_unmap_for_migration(migrator_scene.folio);
	else
		try_to_migrate(migrator_scene.folio, TTU_SYNC);
	step_reach(&migrator_scene.step, 1);
	step_await(&migrator_scene.step, 2);
	end_migration(migrator_scene.folio);
	frame_drain_cpu();
}

/* On return each entry of @folio, of which the caller has a reference, is a migration entry. */
static inline struct test_threads *start_migrator_of(struct folio *folio)
{
	struct test_threads *threads;

	migrator_scene.folio = folio;
	store_relaxed(&migrator_scene.step, 0u);
	threads = threads_start(1, migrator, NULL);
	step_await(&migrator_scene.step, 1);
	return threads;
}

/* The same of the first folio of a file. */
static inline struct test_threads *start_migrator(struct file *file)
{
	return start_migrator_of(cached(file, 0));
}

/* On return each entry maps the folio again. */
static inline void end_migrator(struct test_threads *threads)
{
	step_reach(&migrator_scene.step, 2);
	threads_join(threads);
}

#endif
