/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap: every refusal, and mappings made longer, shorter and moved: their pages, tables, VMAs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/move_page_tables.h"
#include "core/op/mremap.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(3 * PGDIR_SIZE)
#define FAR	(40 * PGDIR_SIZE)
#define PAGES(n)	((n) * PAGE_SIZE)
#define MOVE	MREMAP_MAYMOVE
#define MOVE_TO	(MREMAP_MAYMOVE | MREMAP_FIXED)
#define LEAVE	(MREMAP_MAYMOVE | MREMAP_DONTUNMAP)

#define for_each_policy(policy) \
	for (unsigned int p_ = 0; p_ < nr_world_policies; p_++) \
		for (const char *policy = world_policies[p_]; policy; policy = NULL)

/* Writes @byte to the first byte of a page, as a processor would. */
static void put(struct mm_struct *mm, unsigned long addr, uint8_t byte)
{
	write_at(mm, addr);
	*(uint8_t *)page_payload(pte_page(tree_pte(mm, addr))) = byte;
}

static uint8_t get(struct mm_struct *mm, unsigned long addr)
{
	read_at(mm, addr);
	return *(uint8_t *)page_payload(pte_page(tree_pte(mm, addr)));
}

static struct vm_area_struct *vma_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_tree_find(&mm->tree, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

/* [@start, @end) is one VMA, and no more. */
static bool is_vma(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = vma_at(mm, start);

	return vma && vma->vm_start == start && vma->vm_end == end;
}

static struct mm_struct *mm_with(const char *policy, unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = world_mm(policy);

	map_at(mm, addr, len, READ_WRITE);
	return mm;
}

static bool at(long ret, unsigned long addr)
{
	return ret == (long)addr;
}

static void every_refusal(void **state)
{
	struct mm_struct *mm = mm_with("linux-6.15", AREA, PAGES(4));

	(void)state;
	map_at(mm, AREA + PAGES(4), PAGES(1), PROT_READ);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(1), 8, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA + 1, PAGES(1), PAGES(1), 0, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), 0, 0, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), -1ul, 0, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), TASK_SIZE + 1, MOVE, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(1), MREMAP_FIXED, FAR), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(1), MREMAP_DONTUNMAP, FAR), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(2), LEAVE, FAR), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(1), MOVE_TO, FAR + 1), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(1), MOVE_TO, TASK_SIZE), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(1), MOVE_TO, -PAGE_SIZE), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(2), PAGES(2), MOVE_TO, AREA + PAGES(1)), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA + PAGES(1), PAGES(2), PAGES(2), MOVE_TO, AREA), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(2), PAGES(1), MOVE_TO, AREA + PAGES(1)), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, 0, PAGES(1), MOVE, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, -PAGE_SIZE, PAGES(1), 0, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, TASK_SIZE, PAGES(1), MOVE_TO, FAR), -EINVAL);
	assert_int_equal(sys_mremap(mm, FAR, PAGES(1), PAGES(1), 0, 0), -EFAULT);
	assert_int_equal(sys_mremap(mm, FAR, PAGES(2), PAGES(1), 0, 0), -EFAULT);
	assert_int_equal(sys_mremap(mm, AREA - PAGES(1), PAGES(2), PAGES(2), MOVE_TO, FAR), -EFAULT);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(5), PAGES(6), MOVE, 0), -EFAULT);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(5), PAGES(6), MOVE_TO, FAR), -EFAULT);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(6), PAGES(5), MOVE_TO, FAR), -EFAULT);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(5), PAGES(5), LEAVE, FAR), -EFAULT);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(1), MOVE_TO, 0), -EPERM);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(2), PAGES(1), MOVE_TO, 0), -EPERM);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(4), PAGES(5), 0, 0), -ENOMEM);	/* another VMA follows it */
	assert_int_equal(sys_mremap(mm, AREA, PAGES(3), PAGES(4), 0, 0), -ENOMEM);	/* it goes on itself */
	assert_int_equal(sys_mremap(mm, AREA, PAGES(4), TASK_SIZE, MOVE, 0), -ENOMEM);
	assert_true(is_vma(mm, AREA, AREA + PAGES(4)) && is_vma(mm, AREA + PAGES(4), AREA + PAGES(5)));
	assert_int_equal(mm->total_vm, 5);
	mm_exit(mm);
}

/* Raw frames stay as long as they are. */
static void raw_frames_are_refused(void **state)
{
	struct mm_struct *mm = mm_with("linux-6.15", AREA, PAGES(2));

	(void)state;
	vma_at(mm, AREA)->vm_flags |= VM_PFNMAP;
	assert_int_equal(sys_mremap(mm, AREA, PAGES(2), PAGES(3), MOVE, 0), -EFAULT);
	assert_int_equal(sys_mremap(mm, AREA, PAGES(2), PAGES(2), LEAVE, FAR), -EINVAL);
	assert_true(at(sys_mremap(mm, AREA, PAGES(2), PAGES(1), 0, 0), AREA));
	mm_exit(mm);
}

static void too_many_vmas(void **state)
{
	struct mm_struct *mm = mm_with("linux-6.15", AREA, PAGES(4));
	const unsigned int others = DEFAULT_MAX_MAP_COUNT - 6;

	(void)state;
	mm->map_count += others;
	assert_int_equal(sys_mremap(mm, AREA, PAGES(1), PAGES(1), MOVE_TO, FAR), -ENOMEM);
	mm->map_count -= 1;
	assert_true(at(sys_mremap(mm, AREA, PAGES(1), PAGES(1), MOVE_TO, FAR), FAR));
	mm->map_count += 2;
	assert_int_equal(mm->map_count, DEFAULT_MAX_MAP_COUNT - 3);
	assert_int_equal(sys_mremap(mm, AREA + PAGES(1), PAGES(1), PAGES(2), MOVE, 0), -ENOMEM);
	mm->map_count -= 1;
	assert_true(sys_mremap(mm, AREA + PAGES(1), PAGES(1), PAGES(2), MOVE, 0) > 0);
	mm->map_count -= others;
	mm_exit(mm);
}

static void longer_in_place(void **state)
{
	(void)state;
	for_each_policy(policy) {
		struct mm_struct *mm = mm_with(policy, AREA, PAGES(4));

		put(mm, AREA + PAGES(3), 3);
		assert_true(at(sys_mremap(mm, AREA, PAGES(4), PAGES(6), 0, 0), AREA));
		/* from inside */
		assert_true(at(sys_mremap(mm, AREA + PAGES(5), 1, PAGES(2), MOVE, 0), AREA + PAGES(5)));
		assert_true(is_vma(mm, AREA, AREA + PAGES(7)));
		assert_int_equal(get(mm, AREA + PAGES(3)), 3);
		assert_int_equal(get(mm, AREA + PAGES(6)), 0);
		/* Up to a neighbour that is like it. */
		map_at(mm, AREA + PAGES(9), PAGES(1), READ_WRITE);
		assert_true(at(sys_mremap(mm, AREA, PAGES(7), PAGES(9), 0, 0), AREA));
		assert_true(is_vma(mm, AREA, AREA + PAGES(10)));
		assert_int_equal(mm->total_vm, 10);
		/* And up to the end of everything. */
		map_at(mm, TASK_SIZE - PAGES(2), PAGES(1), READ_WRITE);
		assert_int_equal(sys_mremap(mm, TASK_SIZE - PAGES(2), PAGES(1), PAGES(3), 0, 0), -ENOMEM);
		assert_true(at(sys_mremap(mm, TASK_SIZE - PAGES(2), PAGES(1), PAGES(2), 0, 0), TASK_SIZE - PAGES(2)));
		mm_exit(mm);
	}
}

static void shorter_in_place(void **state)
{
	(void)state;
	for_each_policy(policy) {
		struct mm_struct *mm = mm_with(policy, AREA, PAGES(8));

		put(mm, AREA, 1);
		put(mm, AREA + PAGES(4), 2);
		map_at(mm, AREA + PAGES(10), PAGES(4), PROT_READ);
		assert_true(at(sys_mremap(mm, AREA, PAGES(8), PAGES(8), 0, 0), AREA));	/* nothing to do */
		/* The range cut may be several VMAs, or none. */
		assert_true(at(sys_mremap(mm, AREA, PAGES(12), PAGES(4), 0, 0), AREA));
		assert_true(is_vma(mm, AREA, AREA + PAGES(4)) && is_vma(mm, AREA + PAGES(12), AREA + PAGES(14)));
		assert_int_equal(tree_count(mm).anon, 1);
		assert_int_equal(get(mm, AREA), 1);
		assert_true(tree_counters_right(mm));
		mm_exit(mm);
	}
}

/* Over a boundary of tables on both sides, at different places; page, zero page, guard region and hole. */
static void entries_move(void **state)
{
	const unsigned long from = AREA + PMD_SIZE - PAGES(3), to = FAR + PMD_SIZE - PAGES(5);

	(void)state;
	for_each_policy(policy) {
		struct mm_struct *mm = mm_with(policy, from - PAGES(1), PAGES(12));
		uint64_t moved = events_total(EV_PMD_MOVE), was[10];

		put(mm, from - PAGES(1), 99);
		for (unsigned long i = 0; i < 8; i++)
			put(mm, from + PAGES(i), (uint8_t)(i + 1));
		read_at(mm, from + PAGES(8));
		assert_int_equal(sys_madvise(mm, from + PAGES(2), PAGES(1), MADV_DONTNEED), 0);
		assert_int_equal(sys_madvise(mm, from + PAGES(4), PAGES(1), MADV_GUARD_INSTALL), 0);
		for (unsigned long i = 0; i < 10; i++)
			was[i] = tree_pte(mm, from + PAGES(i)).val;
		assert_true(at(sys_mremap(mm, from, PAGES(10), PAGES(10), MOVE_TO, to), to));
		assert_true(is_vma(mm, from - PAGES(1), from) && is_vma(mm, from + PAGES(10), from + PAGES(11)));
		assert_true(is_vma(mm, to, to + PAGES(10)));
		for (unsigned long i = 0; i < 10; i++) {
			assert_true(tree_pte(mm, to + PAGES(i)).val == was[i]);
			assert_true(pte_none(tree_pte(mm, from + PAGES(i))));
		}
		assert_int_equal(do_user_addr_fault(mm, to + PAGES(4), 0), VM_FAULT_SIGSEGV);
		assert_int_equal(get(mm, to + PAGES(7)), 8);
		assert_int_equal(get(mm, from - PAGES(1)), 99);
		assert_int_equal(events_total(EV_PMD_MOVE), moved);
		assert_true(tree_counters_right(mm));
		mm_exit(mm);
	}
}

/* The first and the last part by entries, what is between by tables. Old tables that map nothing more go. */
static void whole_tables_move(void **state)
{
	const unsigned long from = AREA + PMD_SIZE - PAGES(1), to = FAR + PMD_SIZE - PAGES(1),
			    len = 2 * PMD_SIZE + PAGES(2);

	(void)state;
	for_each_policy(policy) {
		struct mm_struct *mm = mm_with(policy, from, len);
		uint64_t moved = events_total(EV_PMD_MOVE);
		struct tree_counts before, after;
		uint64_t table;

		put(mm, from, 1);
		put(mm, from + PAGES(2), 2);
		put(mm, from + len - PAGES(1), 3);	/* and nothing in the second whole table, which is not there */
		before = tree_count(mm);
		table = *tree_entry(mm->pt.pgd, level_real(LEVEL_PMD) ? LEVEL_PMD : LEVEL_PGD, AREA + PMD_SIZE);
		assert_true(at(sys_mremap(mm, from, len, len, MOVE_TO, to), to));
		assert_int_equal(events_total(EV_PMD_MOVE) - moved, 1);
		assert_true(*tree_entry(mm->pt.pgd, level_real(LEVEL_PMD) ? LEVEL_PMD : LEVEL_PGD, FAR + PMD_SIZE) ==
			    table);
		after = tree_count(mm);
		assert_memory_equal(&before, &after, sizeof(before));
		assert_int_equal(get(mm, to), 1);
		assert_int_equal(get(mm, to + PAGES(2)), 2);
		assert_int_equal(get(mm, to + len - PAGES(1)), 3);
		assert_int_equal(get(mm, to + PMD_SIZE), 0);
		assert_int_equal(do_user_addr_fault(mm, from, 0), VM_FAULT_SIGSEGV | VM_FAULT_BADMAP);
		assert_true(tree_counters_right(mm));
		mm_exit(mm);
	}
}

static void what_is_there_goes(void **state)
{
	(void)state;
	for_each_policy(policy) {
		struct mm_struct *mm = mm_with(policy, AREA, PAGES(4));

		map_at(mm, FAR, 2 * PMD_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
		put(mm, FAR + PMD_SIZE, 7);
		put(mm, FAR + PMD_SIZE - PAGES(1), 8);
		put(mm, AREA + PAGES(3), 3);
		assert_true(at(sys_mremap(mm, AREA, PAGES(4), PAGES(4), MOVE_TO, FAR + PMD_SIZE), FAR + PMD_SIZE));
		assert_true(is_vma(mm, FAR, FAR + PMD_SIZE) && is_vma(mm, FAR + PMD_SIZE, FAR + PMD_SIZE + PAGES(4)) &&
			    is_vma(mm, FAR + PMD_SIZE + PAGES(4), FAR + 2 * PMD_SIZE));
		assert_int_equal(get(mm, FAR + PMD_SIZE), 0);
		assert_int_equal(get(mm, FAR + PMD_SIZE - PAGES(1)), 8);
		assert_int_equal(get(mm, FAR + PMD_SIZE + PAGES(3)), 3);
		assert_int_equal(mm->total_vm, 2 * PMD_SIZE / PAGE_SIZE);
		mm_exit(mm);
	}
}

/* Within one VMA: part of it over another part of it. */
static void onto_itself(void **state)
{
	struct mm_struct *mm = mm_with("linux-6.15", AREA, PAGES(9));

	(void)state;
	for (unsigned long i = 0; i < 9; i++)
		put(mm, AREA + PAGES(i), (uint8_t)(i + 1));
	assert_true(at(sys_mremap(mm, AREA + PAGES(1), PAGES(2), PAGES(2), MOVE_TO, AREA + PAGES(5)), AREA + PAGES(5)));
	assert_null(vma_at(mm, AREA + PAGES(1)));
	assert_null(vma_at(mm, AREA + PAGES(2)));
	for (unsigned long i = 3; i < 9; i++)
		assert_int_equal(get(mm, AREA + PAGES(i)), i == 5 || i == 6 ? i - 3 : i + 1);
	/* Back to where it was: its page numbers fit again, and what touches becomes one. */
	assert_true(at(sys_mremap(mm, AREA + PAGES(5), PAGES(2), PAGES(2), MOVE_TO, AREA + PAGES(1)), AREA + PAGES(1)));
	assert_true(is_vma(mm, AREA, AREA + PAGES(5)) && is_vma(mm, AREA + PAGES(7), AREA + PAGES(9)));
	assert_int_equal(get(mm, AREA + PAGES(2)), 3);
	mm_exit(mm);
}

static void longer_and_shorter_elsewhere(void **state)
{
	struct mm_struct *mm = mm_with("linux-6.15", AREA, PAGES(4));
	unsigned long addr;
	long ret;

	(void)state;
	map_at(mm, AREA + PAGES(4), PAGES(1), PROT_READ);
	for (unsigned long i = 0; i < 4; i++)
		put(mm, AREA + PAGES(i), (uint8_t)(i + 1));
	ret = sys_mremap(mm, AREA, PAGES(4), PAGES(6), MOVE, 0);	/* no room behind it: to where there is */
	assert_true(ret > 0);
	addr = (unsigned long)ret;
	assert_true(is_vma(mm, addr, addr + PAGES(6)));
	assert_int_equal(get(mm, addr + PAGES(3)), 4);
	assert_int_equal(get(mm, addr + PAGES(5)), 0);
	assert_true(at(sys_mremap(mm, addr, PAGES(6), PAGES(2), MOVE_TO, AREA), AREA));
	assert_true(is_vma(mm, AREA, AREA + PAGES(2)));
	assert_int_equal(get(mm, AREA + PAGES(1)), 2);
	assert_int_equal(mm->total_vm, 3);
	assert_int_equal(tree_count(mm).anon, 2);
	assert_true(at(sys_mremap(mm, AREA, PAGES(2), PAGES(3), MOVE_TO, FAR), FAR));
	assert_true(is_vma(mm, FAR, FAR + PAGES(3)));
	mm_exit(mm);
}

static void an_empty_mapping_is_left(void **state)
{
	(void)state;
	for_each_policy(policy) {
		struct mm_struct *mm = mm_with(policy, AREA, PAGES(4));
		long ret;

		put(mm, AREA + PAGES(1), 1);
		put(mm, AREA + PAGES(2), 2);
		assert_true(at(sys_mremap(mm, AREA + PAGES(1), PAGES(2), PAGES(2), LEAVE, FAR), FAR));
		assert_true(is_vma(mm, AREA, AREA + PAGES(4)) && is_vma(mm, FAR, FAR + PAGES(2)));
		assert_int_equal(get(mm, AREA + PAGES(1)), 0);
		assert_int_equal(get(mm, FAR + PAGES(1)), 2);
		/* The place is a hint: taken already, so another. */
		ret = sys_mremap(mm, FAR, PAGES(2), PAGES(2), LEAVE, AREA);
		assert_true(ret > 0 && !at(ret, AREA));
		assert_int_equal(get(mm, (unsigned long)ret + PAGES(1)), 2);
		assert_int_equal(get(mm, FAR + PAGES(1)), 0);
		assert_true(at(sys_mremap(mm, FAR, PAGES(2), PAGES(2), LEAVE | MREMAP_FIXED, AREA), AREA));
		assert_int_equal(mm->total_vm, 8);
		assert_true(tree_counters_right(mm));
		mm_exit(mm);
	}
}

/* Several VMAs keep their distances; what lies in the gaps where they come to stays. */
static void several_move_at_once(void **state)
{
	(void)state;
	for_each_policy(policy) {
		struct mm_struct *mm = mm_with(policy, AREA, PAGES(3));

		map_at(mm, AREA + PAGES(3), PAGES(2), PROT_READ);
		map_at(mm, AREA + PAGES(7), PAGES(4), READ_WRITE);
		map_at(mm, FAR, PAGES(10), PROT_READ | PROT_WRITE | PROT_EXEC);
		put(mm, AREA + PAGES(2), 2);
		put(mm, AREA + PAGES(8), 8);
		put(mm, FAR + PAGES(5), 55);
		assert_true(at(sys_mremap(mm, AREA + PAGES(1), PAGES(8), PAGES(8), MOVE_TO, FAR + PAGES(1)),
			       FAR + PAGES(1)));
		assert_true(is_vma(mm, AREA, AREA + PAGES(1)) && is_vma(mm, AREA + PAGES(9), AREA + PAGES(11)));
		assert_true(is_vma(mm, FAR + PAGES(1), FAR + PAGES(3)) && is_vma(mm, FAR + PAGES(3), FAR + PAGES(5)) &&
			    is_vma(mm, FAR + PAGES(5), FAR + PAGES(7)) && is_vma(mm, FAR + PAGES(7), FAR + PAGES(9)));
		assert_int_equal(get(mm, FAR + PAGES(2)), 2);
		assert_int_equal(get(mm, FAR + PAGES(8)), 8);
		assert_int_equal(get(mm, FAR + PAGES(5)), 55);
		mm_exit(mm);
	}
}

/* What never had a page can be joined with whatever is like it where it comes to. */
static void joined_on_arrival(void **state)
{
	struct mm_struct *mm = mm_with("linux-6.15", AREA, PAGES(4));

	(void)state;
	map_at(mm, FAR, PAGES(2), READ_WRITE);
	map_at(mm, FAR + PAGES(4), PAGES(2), READ_WRITE);
	assert_true(at(sys_mremap(mm, AREA + PAGES(1), PAGES(2), PAGES(2), MOVE_TO, FAR + PAGES(2)), FAR + PAGES(2)));
	assert_true(is_vma(mm, FAR, FAR + PAGES(6)));
	assert_int_equal(mm->map_count, 3);
	/* And with itself. */
	assert_true(at(sys_mremap(mm, FAR, PAGES(2), PAGES(2), MOVE_TO, FAR + PAGES(6)), FAR + PAGES(6)));
	assert_true(is_vma(mm, FAR + PAGES(2), FAR + PAGES(8)));
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal),
		cmocka_unit_test(raw_frames_are_refused),
		cmocka_unit_test(too_many_vmas),
		cmocka_unit_test(longer_in_place),
		cmocka_unit_test(shorter_in_place),
		cmocka_unit_test(entries_move),
		cmocka_unit_test(whole_tables_move),
		cmocka_unit_test(what_is_there_goes),
		cmocka_unit_test(onto_itself),
		cmocka_unit_test(longer_and_shorter_elsewhere),
		cmocka_unit_test(an_empty_mapping_is_left),
		cmocka_unit_test(several_move_at_once),
		cmocka_unit_test(joined_on_arrival),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
