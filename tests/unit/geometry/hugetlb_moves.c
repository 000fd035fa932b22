/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of huge pages from the pool, moved: whole huge pages with their reservations. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/mremap.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define POLICY	"linux-6.15"
#define ELSEWHERE	(AREA + 8 * PMD_SIZE)

/* Lengths and places in small pages from AREA on, of two huge pages that are mapped there. */
static const struct move {
	unsigned long addr, old_len, new_len, new_addr;
	int flags;
	long ret;			/* -errno; 0: moved */
	unsigned long moved;		/* huge pages at the new place */
	unsigned long stay;		/* at AREA */
} moves[] = {
	{ 0, 2 * HUGE, 2 * HUGE, 8 * HUGE, MREMAP_FIXED, 0, 2, 0 },
	{ 0, HUGE, HUGE, 8 * HUGE, MREMAP_FIXED, 0, 1, 1 },
	{ HUGE, HUGE, HUGE, 8 * HUGE, MREMAP_FIXED, 0, 1, 1 },
	{ 0, 2 * HUGE, HUGE, 8 * HUGE, MREMAP_FIXED, 0, 1, 0 },
	{ 0, 2 * HUGE, HUGE + 1, 8 * HUGE, MREMAP_FIXED, 0, 2, 0 },
	{ 0, 1, 1, 8 * HUGE, MREMAP_FIXED, 0, 1, 1 },
	{ 0, 2, 1, 8 * HUGE, MREMAP_FIXED, 0, 1, 1 },
	{ 0, HUGE + 1, HUGE + 1, 8 * HUGE, MREMAP_FIXED, 0, 2, 0 },
	{ 0, HUGE + 1, 1, 8 * HUGE, MREMAP_FIXED, 0, 1, 0 },
	{ 0, 3 * HUGE, 3 * HUGE, 8 * HUGE, MREMAP_FIXED, 0, 2, 0 },
	{ 0, 3 * HUGE, 2 * HUGE, 8 * HUGE, MREMAP_FIXED, 0, 2, 0 },
	{ 0, 1, 1, HUGE, MREMAP_FIXED, 0, 1, 0 },		/* over its own second one */
	{ 0, HUGE, 2 * HUGE, 8 * HUGE, MREMAP_FIXED, -EINVAL, 0, 2 },
	{ 0, 2 * HUGE, 3 * HUGE, 8 * HUGE, MREMAP_FIXED, -EINVAL, 0, 2 },
	{ 0, 1, HUGE + 1, 8 * HUGE, MREMAP_FIXED, -EINVAL, 0, 2 },
	{ 1, HUGE, HUGE, 8 * HUGE, MREMAP_FIXED, -EINVAL, 0, 2 },
	{ 0, HUGE, HUGE, 8 * HUGE + 1, MREMAP_FIXED, -EINVAL, 0, 2 },
	{ 0, 2 * HUGE, 2 * HUGE, HUGE, MREMAP_FIXED, -EINVAL, 0, 2 },
	{ 0, 0, HUGE, 8 * HUGE, MREMAP_FIXED, -EINVAL, 0, 2 },
	{ 0, 0, HUGE, 0, 0, -EINVAL, 0, 2 },
	{ 0, 2 * HUGE, 2 * HUGE, 8 * HUGE, MREMAP_DONTUNMAP, -EINVAL, 0, 2 },
	{ 0, 2 * HUGE, 2 * HUGE, 8 * HUGE, MREMAP_DONTUNMAP | MREMAP_FIXED, -EINVAL, 0, 2 },
};

/* Huge pages of the one VMA at @addr. */
static unsigned long huge_pages_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_tree_find(&mm->tree, addr);

	return vma && vma->vm_start <= addr ? (vma->vm_end - addr) >> PMD_SHIFT : 0;
}

/* The first huge page moved was written to, and has its byte; its neighbour was not: its reservation moves too. */
static void move_it(struct mm_struct *mm, const struct move *move)
{
	unsigned long addr = AREA + move->addr * PAGE_SIZE, to = AREA + move->new_addr * PAGE_SIZE;
	unsigned long all = move->moved + move->stay;
	long ret;

	assert_int_equal(huge_write(mm, addr), 0);
	*huge_byte(mm, addr) = 7;
	ret = sys_mremap(mm, addr, move->old_len * PAGE_SIZE, move->new_len * PAGE_SIZE, MREMAP_MAYMOVE | move->flags,
			 to);
	assert_int_equal(ret, move->ret ? move->ret : (long)to);
	assert_true(rests(&mm, 1));
	if (!move->ret) {
		assert_int_equal(huge_pages_at(mm, to), move->moved);
		assert_true(pool_is(3 - 1, all - 1));
		assert_int_equal(*huge_byte(mm, to), 7);
		assert_int_equal(huge_write(mm, to + (move->moved - 1) * PMD_SIZE), 0);
		addr = to;
	}
	if (!move->addr && move->ret)
		assert_int_equal(huge_pages_at(mm, AREA), move->stay);
	assert_int_equal(huge_write(mm, addr), 0);
	assert_int_equal(*huge_byte(mm, addr), 7);
}

/* As the running kernel answers, over nothing, over small pages and over huge ones. */
static void whole_huge_pages_move(void **state)
{
	(void)state;
	needs_huge_pages();
	for (unsigned int i = 0; i < ARRAY_SIZE(moves); i++) {
		for (unsigned int over = 0; over < 2; over++) {
			struct mm_struct *mm = hugetlb_mm(POLICY, 3, 2);

			if (over)
				map_at(mm, ELSEWHERE, 2 * PMD_SIZE, READ_WRITE);
			move_it(mm, moves + i);
			end_of(mm);
		}
	}
}

/* A mapping replaced by another one returns its huge pages and its reservation. */
static void what_is_moved_over_is_given_back(void **state)
{
	struct mm_struct *mm, *child;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 4, 2);
	assert_int_equal(map_huge(mm, ELSEWHERE, 2, MAP_FIXED), ELSEWHERE);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(huge_write(mm, ELSEWHERE), 0);
	assert_true(pool_is(2, 2));
	assert_int_equal(sys_mremap(mm, AREA, 2 * PMD_SIZE, 2 * PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
			 ELSEWHERE);
	assert_true(pool_is(3, 1));
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_mremap(child, ELSEWHERE, 2 * PMD_SIZE, 2 * PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, AREA),
			 AREA);
	assert_int_equal(huge_read(child, AREA), 0);
	assert_ptr_equal(huge_folio_at(child, AREA), huge_folio_at(mm, ELSEWHERE));
	end_of(mm, child);
}

/* Frames for none, one and so on of the new tables: moved entries go back, and all keep their reservations. */
static void a_move_without_tables_changes_nothing(void **state)
{
	struct mm_struct *mm;
	unsigned long have = 0, to = AREA + PGDIR_SIZE - PMD_SIZE;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 4, 4);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	for (;; have++) {
		long ret;

		world_take_frames(have << TABLE_ORDER);
		ret = sys_mremap(mm, AREA, 3 * PMD_SIZE, 3 * PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		world_give_frames();
		if (ret == (long)to)
			break;
		assert_int_equal(ret, -ENOMEM);
		assert_true(pool_is(2, 2));
		assert_at_rest(mm);
	}
	assert_true(have >= 2);
	assert_int_equal(events_total(EV_MREMAP_BACK), have);
	assert_true(pool_is(2, 2));
	for (unsigned long i = 0; i < 3; i++)
		assert_int_equal(huge_write(mm, to + i * PMD_SIZE), 0);
	assert_int_equal(huge_write(mm, AREA + 3 * PMD_SIZE), 0);
	end_of(mm);
}

/* Row: G2. */
static void leaves_of_a_file_move_or_are_dropped(void **state)
{
	struct mm_struct *mm, *other;
	struct file *file;
	pmd_t pmd;
	long at;

	(void)state;
	needs_huge_pages();
	pool_of(3);
	file = huge_file(3, 3);
	mm = shared_huge_mm(POLICY, file, 3);
	other = shared_huge_mm(POLICY, file, 3);
	assert_int_equal(huge_write(mm, AREA) | huge_write(mm, AREA + 2 * PMD_SIZE) | huge_read(other, AREA), 0);
	pmd = huge_at(mm, AREA);
	assert_int_equal(sys_mremap(mm, AREA, 2 * PMD_SIZE, 2 * PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
			 ELSEWHERE);
	assert_true(pmd_same(huge_at(mm, ELSEWHERE), pmd) && pmd_none(huge_at(mm, ELSEWHERE + PMD_SIZE)));
	assert_true(!pmd_none(huge_at(mm, AREA + 2 * PMD_SIZE)) && !pmd_none(huge_at(other, AREA)));
	assert_int_equal(folio_mapcount(page_folio(pmd_page(pmd))), 2);
	assert_at_rest(mm, other);
	/* Without memory for a table. */
	world_take_frames(0);
	at = sys_mremap(mm, ELSEWHERE, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, AREA + PGDIR_SIZE);
	world_give_frames();
	assert_int_equal(at, AREA + PGDIR_SIZE);
	assert_int_equal(folio_mapcount(page_folio(pmd_page(pmd))), 1);
	assert_int_equal(huge_write(mm, AREA + PGDIR_SIZE), 0);
	assert_ptr_equal(huge_folio_at(mm, AREA + PGDIR_SIZE), page_folio(pmd_page(pmd)));
	end_of_file(file, mm, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_huge_pages_move),
		cmocka_unit_test(what_is_moved_over_is_given_back),
		cmocka_unit_test(a_move_without_tables_changes_nothing),
		cmocka_unit_test(leaves_of_a_file_move_or_are_dropped),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
