/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The models that other tests trust: each difference they are there to see is planted here once, and seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/mremap.h"
#include "core/phys/folio.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/moves.h"
#include "tests/lib/scene/tree.h"
#include "tests/lib/scene/vma_array.h"
#include "tests/lib/scene/walk.h"

#define AREA	(8 * PGDIR_SIZE)

/* An mm and its model, with a page, the zero page, a guard and nothing, in two VMAs. */
struct pair {
	struct mm_struct *mm;
	struct model model;
};

static void both(struct pair *pair, struct move move)
{
	static struct outcome got, want;

	move_do(&move, pair->mm, &got);
	move_model(&move, &pair->model, &want);
	assert_true(outcomes_equal(&move, &got, &want));
}

static void begin(struct pair *pair)
{
	const struct move moves[] = {
		{ .kind = MOVE_MMAP, .start = AREA, .len = 4 * PAGE_SIZE, .prot = READ_WRITE,
		  .flags = ANON | MAP_FIXED },
		{ .kind = MOVE_MMAP, .start = AREA + 5 * PAGE_SIZE, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = ANON | MAP_FIXED },
		{ .kind = MOVE_TOUCH, .start = AREA, .write = true, .content = 7 },
		{ .kind = MOVE_TOUCH, .start = AREA + PAGE_SIZE },
		{ .kind = MOVE_MADVISE, .start = AREA + 2 * PAGE_SIZE, .len = PAGE_SIZE, .advice = MADV_GUARD_INSTALL },
	};

	pair->mm = world_mm("linux-6.15");
	model_init(&pair->model, &pair->mm->pt.policy);
	for (unsigned int i = 0; i < ARRAY_SIZE(moves); i++)
		both(pair, moves[i]);
	assert_true(model_check(&pair->model, pair->mm));
}

static void end(struct pair *pair)
{
	assert_true(model_check(&pair->model, pair->mm));
	model_free(&pair->model);
	mm_exit(pair->mm);
}

/* Changes a word, expects the check to fail, and changes it back. */
#define seen_when(pair, lvalue, value) do { \
	__typeof__(lvalue) saved_ = (lvalue); \
	(lvalue) = (value); \
	assert_false(model_check(&(pair)->model, (pair)->mm)); \
	(lvalue) = saved_; \
} while (0)

static void what_is_wrong_with_a_vma(void **state)
{
	struct vm_area_struct *vma;
	struct pair pair;

	(void)state;
	begin(&pair);
	vma = vma_tree_find(&pair.mm->tree, AREA);
	seen_when(&pair, vma->vm_start, AREA + PAGE_SIZE);
	seen_when(&pair, vma->vm_flags, VM_READ);
	seen_when(&pair, vma->vm_name, 3);
	seen_when(&pair, vma->vm_pgoff, 0);
	seen_when(&pair, pair.mm->map_count, 3);
	seen_when(&pair, pair.mm->total_vm, 4);
	seen_when(&pair, model_page(&pair.model, AREA + PAGE_SIZE)->name, 1);	/* two where there should be three */
	seen_when(&pair, model_page(&pair.model, AREA + 5 * PAGE_SIZE)->mapped, false);
	seen_when(&pair, model_page(&pair.model, AREA + 7 * PAGE_SIZE)->mapped, true);
	end(&pair);
}

static void what_is_wrong_with_an_entry(void **state)
{
	uint64_t *entry;
	struct pair pair;

	(void)state;
	begin(&pair);
	for (unsigned int i = 0; i < 4; i++) {
		entry = tree_entry(pair.mm->pt.pgd, LEVEL_PTE, AREA + i * PAGE_SIZE);
		seen_when(&pair, *entry, *entry ^ ENTRY_WRITE);
		seen_when(&pair, *entry, *entry ^ ENTRY_DIRTY);
		seen_when(&pair, *entry, *entry ^ ENTRY_ACCESSED);
		seen_when(&pair, *entry, *entry ? 0 : make_swapent(SWAPENT_GUARD, 0).val);
	}
	end(&pair);
}

static void what_is_wrong_with_a_page(void **state)
{
	struct page *page;
	struct pair pair;
	uint8_t *bytes;

	(void)state;
	begin(&pair);
	page = pte_page(tree_pte(pair.mm, AREA));
	bytes = page_payload(page);
	seen_when(&pair, bytes[0], 8);
	seen_when(&pair, bytes[machine.payload - 1], 0);
	seen_when(&pair, bytes[machine.payload / 2], 1);
	seen_when(&pair, page->_refcount, 2);
	seen_when(&pair, page->_mapcount, 1);
	seen_when(&pair, page->index, 1);
	seen_when(&pair, page->type, PAGE_FILE);
	end(&pair);
}

static void what_is_wrong_with_a_count(void **state)
{
	struct pair pair;
	long *counts;

	(void)state;
	begin(&pair);
	counts = pair.mm->pt.counters[this_cpu->id].count;
	for (unsigned int i = 0; i < NR_MM_COUNTERS; i++)
		seen_when(&pair, counts[i], counts[i] + 1);
	seen_when(&pair, pair.model.table[0].first, 7 * PGDIR_SIZE);
	seen_when(&pair, pair.model.nr_tables, 0);
	end(&pair);
}

/* All of @pair's first VMA, its page, the zero page and the guard, goes one table further. */
static struct vm_area_struct *move_along(struct pair *pair)
{
	both(pair, (struct move){ .kind = MOVE_MREMAP, .start = AREA, .len = 4 * PAGE_SIZE, .new_len = 5 * PAGE_SIZE,
				  .flags = MREMAP_MAYMOVE | MREMAP_FIXED, .new_addr = AREA + PMD_SIZE });
	return vma_tree_find(&pair->mm->tree, AREA + PMD_SIZE);
}

static void what_is_wrong_after_a_move(void **state)
{
	struct vm_area_struct *vma;
	uint64_t *entry;
	struct pair pair;

	(void)state;
	begin(&pair);
	vma = move_along(&pair);
	assert_true(model_check(&pair.model, pair.mm));
	/* its pages still have their old numbers */
	seen_when(&pair, vma->vm_pgoff, (AREA + PMD_SIZE) >> PAGE_SHIFT);
	seen_when(&pair, pte_page(tree_pte(pair.mm, AREA + PMD_SIZE))->index, (AREA + PMD_SIZE) >> PAGE_SHIFT);
	seen_when(&pair, vma->anon_vma, NULL);
	seen_when(&pair, vma_tree_find(&pair.mm->tree, AREA)->anon_vma, vma->anon_vma);
	entry = tree_entry(pair.mm->pt.pgd, LEVEL_PTE, AREA + PMD_SIZE);
	seen_when(&pair, *tree_entry(pair.mm->pt.pgd, LEVEL_PTE, AREA), *entry);	/* left behind */
	seen_when(&pair, *entry, 0);
	seen_when(&pair, model_page(&pair.model, AREA + PMD_SIZE + PAGE_SIZE)->begins, true);
	seen_when(&pair, model_page(&pair.model, AREA)->mapped, true);
	end(&pair);
}

static void what_is_wrong_with_an_outcome(void **state)
{
	static struct outcome got, want;
	const struct move move = { .kind = MOVE_MINCORE };

	(void)state;
	assert_true(outcomes_equal(&move, &got, &want));
	want.vec[3] = 1;
	assert_false(outcomes_equal(&move, &got, &want));
	want.vec[3] = 0;
	want.ret = -1;
	assert_false(outcomes_equal(&move, &got, &want));
}

static void what_is_wrong_with_a_walk(void **state)
{
	static struct walk_log got, want;
	struct mm_struct *mm = world_mm("linux-6.15");
	const struct walk_plan plan = {
		.calls = (1u << CALL_PMD) | (1u << CALL_PTE) | (1u << CALL_HOLE), .way = WALK_NOVMA, .mm = mm,
		.end = 2 * PMD_SIZE,
	};
	struct model_tree tree;

	(void)state;
	tree_put_guard(mm, 3 * PAGE_SIZE);
	model_tree_copy(&tree, mm);
	walk_model(&plan, &tree, NULL, 0, &want);
	mmap_write_lock(mm);
	walk_run(&plan, &got);
	mmap_write_unlock(mm);
	assert_true(walk_logs_equal(&got, &want));
	want.nr--;
	assert_false(walk_logs_equal(&got, &want));
	want.nr++;
	want.ret = 1;
	assert_false(walk_logs_equal(&got, &want));
	want.ret = 0;
	want.agains++;
	assert_false(walk_logs_equal(&got, &want));
	want.agains--;
	want.record[4].value ^= ENTRY_DIRTY;
	assert_false(walk_logs_equal(&got, &want));
	assert_true(model_tree_equal(&tree, mm));
	tree.table[tree.nr - 1].slots[3] = 0;
	assert_false(model_tree_equal(&tree, mm));
	tree_make(mm, 5 * PMD_SIZE);
	assert_false(model_tree_equal(&tree, mm));
	model_tree_free(&tree);
	tree_clear(mm);
	mm_free(mm);
}

static void what_is_wrong_with_a_vma_tree(void **state)
{
	static struct vma_array array;
	struct vm_area_struct *first;

	(void)state;
	vma_array_init(&array);
	for (unsigned long i = 1; i <= 30; i++)
		vma_array_insert(&array, i << PAGE_SHIFT);
	first = array.vma[0];
	array.vma[0] = array.vma[1];
	assert_dies("vma_tree_find", vma_array_check_find(&array, 0));
	array.vma[0] = first;
	array.nr--;
	assert_dies("array->nr", vma_array_check(&array));
	array.nr++;
	vma_array_check(&array);
	vma_array_destroy(&array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_with_a_vma),
		cmocka_unit_test(what_is_wrong_with_an_entry),
		cmocka_unit_test(what_is_wrong_with_a_page),
		cmocka_unit_test(what_is_wrong_with_a_count),
		cmocka_unit_test(what_is_wrong_after_a_move),
		cmocka_unit_test(what_is_wrong_with_an_outcome),
		cmocka_unit_test(what_is_wrong_with_a_walk),
		cmocka_unit_test(what_is_wrong_with_a_vma_tree),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
