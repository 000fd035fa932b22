/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk: every call of random walks over random trees, against the model. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/mmap.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"
#include "tests/lib/scene/walk.h"

#define MAX_VMAS	12

/* One random tree under random VMAs. */
struct scene {
	struct mm_struct *mm;
	unsigned int nr_vmas;
	struct vm_area_struct *vmas[MAX_VMAS];
	struct model_tree tree;
};

static struct walk_log got, want;

/* Near the boundaries of all levels, so that ranges begin and end on either side of them. */
static unsigned long random_address(struct rng *rng)
{
	static const enum pgtable_level borders[] = { LEVEL_PGD, LEVEL_P4D, LEVEL_PUD, LEVEL_PMD, LEVEL_PMD };
	unsigned long span = level_span(borders[rng_below(rng, ARRAY_SIZE(borders))]);
	unsigned long addr = PGDIR_SIZE + rng_below(rng, 3) * span + rng_below(rng, 9) * PAGE_SIZE;

	switch (rng_below(rng, 16)) {
	case 0:
		return TASK_SIZE - rng_below(rng, 5) * PAGE_SIZE;
	case 1:
		return rng_below(rng, 5) * PAGE_SIZE;
	default:
		return addr - 4 * PAGE_SIZE;
	}
}

static int by_value(const void *a, const void *b)
{
	const unsigned long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Some touch, some leave gaps; some are raw PFN mappings. Locking: mmap_lock for write. */
static void make_vmas(struct scene *scene, struct rng *rng)
{
	unsigned long cut[MAX_VMAS + 1];

	for (unsigned int i = 0; i <= MAX_VMAS; i++)
		cut[i] = random_address(rng);
	qsort(cut, MAX_VMAS + 1, sizeof(cut[0]), by_value);
	scene->nr_vmas = 0;
	for (unsigned int i = 0; i < MAX_VMAS; i++) {
		struct vma_kind kind = { .flags = VM_READ | (rng_below(rng, 4) ? 0 : VM_PFNMAP) };
		struct vm_area_struct *vma;

		if (cut[i] == cut[i + 1] || rng_below(rng, 3) == 0)
			continue;
		assert_int_equal(vma_tree_reserve(&scene->mm->tree, 1), 0);
		vma = vma_alloc(scene->mm, cut[i], cut[i + 1], kind);
		assert_non_null(vma);
		vma_link(scene->mm, vma);
		scene->vmas[scene->nr_vmas++] = vma;
	}
}

static void make_tree(struct scene *scene, struct rng *rng)
{
	for (unsigned int i = 0; i < 12; i++) {
		unsigned long addr = min(random_address(rng), TASK_SIZE - PAGE_SIZE);

		if (!pte_none(tree_pte(scene->mm, addr)))
			continue;
		switch (rng_below(rng, 4)) {
		case 0:
			tree_make(scene->mm, addr);
			break;
		case 1:
			tree_put_guard(scene->mm, addr);
			break;
		case 2:
			tree_put_zero(scene->mm, addr);
			break;
		default:
			tree_put_page(scene->mm, addr, true);
		}
	}
}

static void scene_make(struct scene *scene, struct rng *rng)
{
	scene->mm = world_mm(world_policies[rng_below(rng, nr_world_policies)]);
	mmap_write_lock(scene->mm);
	make_vmas(scene, rng);
	mmap_write_unlock(scene->mm);
	make_tree(scene, rng);
}

static void scene_clear(struct scene *scene)
{
	mmap_write_lock(scene->mm);
	for (unsigned int i = 0; i < scene->nr_vmas; i++) {
		vma_start_write(scene->vmas[i]);
		vma_unlink(scene->mm, scene->vmas[i]);
		vma_free(scene->mm, scene->vmas[i]);
	}
	mmap_write_unlock(scene->mm);
	tree_clear(scene->mm);
	mm_free(scene->mm);
}

static struct walk_plan random_plan(struct scene *scene, struct rng *rng)
{
	struct walk_plan plan = {
		.calls = (unsigned int)rng_below(rng, 1u << NR_WALK_CALLS),
		.seed = rng_next(rng),
		.stops = rng_below(rng, 2) ? 0 : 1u << rng_below(rng, 8),
		.actions = rng_below(rng, 2) ? 0 : 1u << rng_below(rng, 11),
		.way = rng_below(rng, 2) ? WALK_RANGE_MM : (enum walk_way)rng_below(rng, WALK_WHOLE_VMA + 1),
		.lock = (enum page_walk_lock)rng_below(rng, 3),
		.mm = scene->mm,
		.start = random_address(rng),
		.end = random_address(rng),
	};

	/* Installing over the whole address space would take a while. */
	if (plan.way != WALK_RANGE_MM || plan.end - plan.start > 3 * PMD_SIZE || rng_below(rng, 2))
		plan.calls &= ~(1u << CALL_INSTALL);
	if (plan.way == WALK_VMA_RANGE || plan.way == WALK_WHOLE_VMA) {
		if (scene->nr_vmas)
			plan.vma = scene->vmas[rng_below(rng, scene->nr_vmas)];
		else
			plan.way = WALK_RANGE;
	}
	if (plan.vma && rng_below(rng, 2)) {
		plan.start = max(plan.start, plan.vma->vm_start);
		plan.end = min(plan.end, plan.vma->vm_end);
	}
	return plan;
}

/* Locking as the plan needs it: for read where that is enough, sometimes. */
static void walk_locked(const struct scene *scene, const struct walk_plan *plan, bool for_read)
{
	if (for_read && plan->lock == PGWALK_RDLOCK && plan->way != WALK_NOVMA) {
		mmap_read_lock(scene->mm);
		walk_run(plan, &got);
		mmap_read_unlock(scene->mm);
		return;
	}
	mmap_write_lock(scene->mm);
	for (unsigned int i = 0; plan->lock == PGWALK_WRLOCK_VERIFY && i < scene->nr_vmas; i++)
		vma_start_write(scene->vmas[i]);
	walk_run(plan, &got);
	mmap_write_unlock(scene->mm);
}

/* What the walks of all rounds met: a test that never went there proves nothing. */
static struct {
	unsigned long calls[NR_WALK_CALLS], agains, stops, errors, refused;
} met;

static void note_what_was_met(const struct walk_log *log)
{
	for (unsigned int i = 0; i < log->nr; i++)
		met.calls[log->record[i].call]++;
	met.agains += log->agains;
	met.stops += log->ret > 0;
	met.errors += log->ret < 0 && log->ret != -EINVAL;
	met.refused += log->ret == -EINVAL;
}

static void one_walk(struct scene *scene, struct rng *rng)
{
	struct walk_plan plan = random_plan(scene, rng);

	model_tree_copy(&scene->tree, scene->mm);
	walk_model(&plan, &scene->tree, scene->vmas, scene->nr_vmas, &want);
	walk_locked(scene, &plan, rng_below(rng, 2));
	assert_true(walk_logs_equal(&got, &want));
	assert_true(model_tree_equal(&scene->tree, scene->mm));
	assert_true(tree_counters_right(scene->mm));
	model_tree_free(&scene->tree);
	note_what_was_met(&want);
}

/* Rows: W2, W5. */
static void random_walks_against_the_model(void **state)
{
	static struct scene scene;
	struct rng rng;

	(void)state;
	rng_init(&rng, test_seed());
	for (unsigned int round = 0; round < test_rounds(1500); round++) {
		scene_make(&scene, &rng);
		for (unsigned int i = 0; i < 6; i++)
			one_walk(&scene, &rng);
		scene_clear(&scene);
	}
	for (unsigned int call = 0; call < NR_WALK_CALLS; call++)
		assert_true(met.calls[call]);
	assert_true(met.agains && met.stops && met.errors && met.refused);
}

/* Another root is walked instead of the mm's own. */
/* Row: W9. */
static void another_root_is_walked(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15"), *other = world_mm("linux-6.15");
	const struct walk_plan plan = {
		.calls = (1u << CALL_PGD) | (1u << CALL_PMD) | (1u << CALL_PTE) | (1u << CALL_HOLE),
		.way = WALK_NOVMA, .mm = mm, .pgd = other->pt.pgd, .start = PAGE_SIZE, .end = PMD_SIZE + 3 * PAGE_SIZE,
	};
	struct model_tree tree;

	(void)state;
	tree_put_page(mm, 2 * PAGE_SIZE, true);
	tree_put_guard(other, 4 * PAGE_SIZE);
	model_tree_copy(&tree, other);
	walk_model(&plan, &tree, NULL, 0, &want);
	mmap_write_lock(mm);
	walk_run(&plan, &got);
	mmap_write_unlock(mm);
	assert_true(walk_logs_equal(&got, &want));
	assert_true(got.nr > PTRS_PER_PTE);
	model_tree_free(&tree);
	tree_clear(mm);
	tree_clear(other);
	mm_free(mm);
	mm_free(other);
}

/* Where a hole at @addr is found while nothing but the very first table exists: said without the model. */
static int depth_of_hole(unsigned long addr)
{
	if (FAULTLINE_LEVELS == 2 || addr >= PGDIR_SIZE)
		return 0;
	return addr < PUD_SIZE ? 3 : addr < P4D_SIZE ? 2 : 1;
}

/* Row: W1. */
static void holes_have_the_depth_where_they_are_found(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	const struct walk_plan plan = {
		.calls = (1u << CALL_PTE) | (1u << CALL_HOLE), .way = WALK_NOVMA, .mm = mm, .end = 2 * PGDIR_SIZE,
	};
	unsigned long at = PMD_SIZE;

	(void)state;
	tree_make(mm, 0);
	mmap_write_lock(mm);
	walk_run(&plan, &got);
	mmap_write_unlock(mm);
	for (unsigned int i = 0; i < got.nr; i++) {
		if (i < PTRS_PER_PTE) {
			assert_int_equal(got.record[i].call, CALL_PTE);
			continue;
		}
		assert_int_equal(got.record[i].call, CALL_HOLE);
		assert_true(got.record[i].addr == at);
		assert_int_equal(got.record[i].depth, depth_of_hole(at));
		at = got.record[i].next;
	}
	assert_true(at == 2 * PGDIR_SIZE);
	tree_clear(mm);
	mm_free(mm);
}

/* Row: W6. */
static void bad_arguments_are_refused(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	const struct mm_walk_ops nothing = { .walk_lock = PGWALK_RDLOCK };
	struct vm_area_struct nobodys = { .vm_end = PAGE_SIZE };

	(void)state;
	assert_int_equal(walk_page_vma(&nobodys, &nothing, NULL), -EINVAL);
	assert_int_equal(walk_page_range_vma(&nobodys, 0, PAGE_SIZE, &nothing, NULL), -EINVAL);
	assert_int_equal(walk_page_range_novma(mm, 0, PTRS_PER_PGD * PGDIR_SIZE + PAGE_SIZE, &nothing, NULL, NULL),
			 -EINVAL);
	assert_int_equal(walk_page_range(NULL, 0, PAGE_SIZE, &nothing, NULL), -EINVAL);
	assert_int_equal(walk_page_range_mm(NULL, 0, PAGE_SIZE, &nothing, NULL), -EINVAL);
	assert_int_equal(walk_page_range_novma(NULL, 0, PAGE_SIZE, &nothing, NULL, NULL), -EINVAL);
	assert_int_equal(walk_page_range(mm, PAGE_SIZE, PAGE_SIZE, &nothing, NULL), -EINVAL);
	assert_int_equal(walk_page_range_mm(mm, PAGE_SIZE, 0, &nothing, NULL), -EINVAL);
	assert_int_equal(walk_page_range_novma(mm, PAGE_SIZE, PAGE_SIZE, &nothing, NULL, NULL), -EINVAL);
	mm_free(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_walks_against_the_model),
		cmocka_unit_test(another_root_is_walked),
		cmocka_unit_test(holes_have_the_depth_where_they_are_found),
		cmocka_unit_test(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
