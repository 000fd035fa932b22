/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmap: every refusal, the ends of the address space, and where mappings go that may go anywhere. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/expand_stack.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(3 * PGDIR_SIZE)

static long map(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags)
{
	return sys_mmap(mm, addr, len, READ_WRITE, flags, 0);
}

static void every_refusal(void **state)
{
	const int fixed = ANON | MAP_FIXED, noreplace = ANON | MAP_FIXED_NOREPLACE;
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	map_at(mm, AREA, PAGE_SIZE, PROT_READ);
	assert_int_equal(map(mm, 0, 0, ANON), -EINVAL);
	assert_int_equal(map(mm, AREA + 1, PAGE_SIZE, fixed), -EINVAL);
	assert_int_equal(map(mm, AREA + 1, PAGE_SIZE, noreplace), -EINVAL);
	assert_int_equal(map(mm, 0, PAGE_SIZE, MAP_ANONYMOUS), -EINVAL);
	assert_int_equal(map(mm, 0, PAGE_SIZE, ANON | MAP_SHARED), -EINVAL);
	assert_int_equal(map(mm, AREA, PAGE_SIZE, MAP_ANONYMOUS | MAP_FIXED_NOREPLACE), -EEXIST);
	assert_int_equal(map(mm, AREA, PAGE_SIZE, MAP_ANONYMOUS | MAP_FIXED), -EINVAL);
	assert_int_equal(map(mm, 0, -1ul, ANON), -ENOMEM);
	assert_int_equal(map(mm, 0, TASK_SIZE + PAGE_SIZE, ANON), -ENOMEM);
	assert_int_equal(map(mm, 0, TASK_SIZE, ANON), -ENOMEM);
	assert_int_equal(map(mm, TASK_SIZE, PAGE_SIZE, fixed), -ENOMEM);
	assert_int_equal(map(mm, TASK_SIZE - PAGE_SIZE, 2 * PAGE_SIZE, fixed), -ENOMEM);
	assert_int_equal(map(mm, -PAGE_SIZE, PAGE_SIZE, fixed), -ENOMEM);
	assert_int_equal(map(mm, AREA, PAGE_SIZE, noreplace), -EEXIST);
	assert_int_equal(map(mm, AREA - PAGE_SIZE, 3 * PAGE_SIZE, noreplace | MAP_FIXED), -EEXIST);
	assert_int_equal(map(mm, 0, PAGE_SIZE, fixed), -EPERM);
	assert_int_equal(map(mm, MMAP_MIN_ADDR - PAGE_SIZE, PAGE_SIZE, fixed), -EPERM);
	assert_int_equal(map(mm, MMAP_MIN_ADDR - PAGE_SIZE, 2 * PAGE_SIZE, noreplace), -EPERM);
	assert_int_equal(map(mm, 0, PAGE_SIZE, MAP_PRIVATE), -EBADF);
	assert_int_equal(map(mm, 0, PAGE_SIZE, MAP_ANONYMOUS | MAP_DROPPABLE), -EOPNOTSUPP);
	assert_int_equal(map(mm, 0, PAGE_SIZE, MAP_ANONYMOUS | MAP_SHARED_VALIDATE), -EINVAL);
	assert_int_equal(map(mm, 0, PAGE_SIZE, MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN), -EINVAL);
	assert_int_equal(map(mm, 0, TASK_SIZE / 2, MAP_ANONYMOUS | MAP_SHARED), -ENOMEM);
	/* the pool is empty */
	assert_int_equal(map(mm, 0, PAGE_SIZE, ANON | MAP_HUGETLB), THP_POSSIBLE ? -ENOMEM : -EOPNOTSUPP);
	assert_int_equal(mm->map_count, 1);
	assert_int_equal(mm->total_vm, 1);
	mm_exit(mm);
}

static void both_ends_of_the_address_space(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	map_at(mm, MMAP_MIN_ADDR, PAGE_SIZE, READ_WRITE);
	map_at(mm, TASK_SIZE - PAGE_SIZE, PAGE_SIZE, READ_WRITE);
	write_at(mm, MMAP_MIN_ADDR);
	write_at(mm, TASK_SIZE - 1);
	assert_int_equal(do_user_addr_fault(mm, TASK_SIZE, 0), VM_FAULT_SIGSEGV | VM_FAULT_BADMAP);
	assert_int_equal(tree_count(mm).anon, 2);
	assert_int_equal(sys_munmap(mm, 0, TASK_SIZE), 0);
	assert_int_equal(tree_count(mm).pte_tables + tree_count(mm).upper_tables, 0);
	map_at(mm, MMAP_MIN_ADDR, TASK_SIZE - MMAP_MIN_ADDR, READ_WRITE);
	assert_int_equal(map(mm, 0, PAGE_SIZE, ANON), -ENOMEM);
	assert_int_equal(map(mm, AREA, PAGE_SIZE, ANON), -ENOMEM);
	assert_int_equal(sys_munmap(mm, AREA, 4 * PAGE_SIZE), 0);
	assert_true(map(mm, 0, 4 * PAGE_SIZE, ANON) == (long)AREA);
	mm_exit(mm);
}

/* Downwards from the top, side by side, and one VMA in the end. */
static void mappings_without_a_place_go_down_from_the_top(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	long at = map(mm, 0, PAGE_SIZE, ANON), next;

	(void)state;
	assert_true(at > 0 && (unsigned long)at < TASK_SIZE);
	for (unsigned long pages = 1; pages < 20; pages++) {
		next = map(mm, 0, pages * PAGE_SIZE - 5, ANON);
		assert_true(next == at - (long)(pages * PAGE_SIZE));
		at = next;
	}
	assert_int_equal(mm->map_count, 1);
	mm_exit(mm);
}

/* Row: N1. First fit from the top: a search skips smaller holes, and one for less finds them. */
static void the_highest_hole_is_filled(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	long at = map(mm, 0, 100 * PAGE_SIZE, ANON);

	(void)state;
	assert_int_equal(sys_munmap(mm, (unsigned long)at + 50 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(sys_munmap(mm, (unsigned long)at + 20 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	assert_true(map(mm, 0, 3 * PAGE_SIZE, ANON) == at - (long)(3 * PAGE_SIZE));
	assert_true(map(mm, 0, 2 * PAGE_SIZE, ANON) == at + (long)(20 * PAGE_SIZE));
	assert_true(map(mm, 0, PAGE_SIZE, ANON) == at + (long)(50 * PAGE_SIZE));
	map_at(mm, MMAP_MIN_ADDR, (unsigned long)at - MMAP_MIN_ADDR, READ_WRITE);
	assert_int_equal(map(mm, 0, PAGE_SIZE, ANON), -ENOMEM);
	mm_exit(mm);
}

static void a_hint_is_taken_if_it_is_free(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	long elsewhere;

	(void)state;
	assert_true(map(mm, AREA, PAGE_SIZE, ANON) == (long)AREA);
	assert_true(map(mm, AREA + 2 * PAGE_SIZE - 1, PAGE_SIZE, ANON) == (long)(AREA + PAGE_SIZE));
	elsewhere = map(mm, AREA + PAGE_SIZE, PAGE_SIZE, ANON);
	assert_true(elsewhere > 0 && elsewhere != (long)(AREA + PAGE_SIZE));
	assert_true(map(mm, AREA - PAGE_SIZE, 2 * PAGE_SIZE, ANON) != (long)(AREA - PAGE_SIZE));
	assert_true(map(mm, PAGE_SIZE, PAGE_SIZE, ANON) == (long)MMAP_MIN_ADDR);
	assert_true(map(mm, PAGE_SIZE - 1, PAGE_SIZE, ANON) > (long)(PGDIR_SIZE));	/* rounded down, it is none */
	assert_true(map(mm, TASK_SIZE - PAGE_SIZE, 2 * PAGE_SIZE, ANON) > 0);
	assert_true(map(mm, -PAGE_SIZE, PAGE_SIZE, ANON) > 0);
	mm_exit(mm);
}

static void a_name_keeps_neighbours_apart(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct vm_area_struct *vma;

	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		assert_true(sys_mmap(mm, AREA + i * PAGE_SIZE, PAGE_SIZE, READ_WRITE, ANON | MAP_FIXED, i / 2) > 0);
	assert_int_equal(mm->map_count, 3);
	vma = vma_tree_find(&mm->tree, AREA + 3 * PAGE_SIZE);
	assert_int_equal(vma->vm_name, 1);
	assert_true(vma->vm_start == AREA + 2 * PAGE_SIZE && vma->vm_end == AREA + 4 * PAGE_SIZE);
	mm_exit(mm);
}

/* One VMA more than the limit can be there, as in the kernel, and then every split and every new one is refused. */
static void fill_with_vmas(struct mm_struct *mm, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		BUG_ON(sys_mmap(mm, AREA + i * PAGE_SIZE, PAGE_SIZE, READ_WRITE, ANON | MAP_FIXED, i & 1) < 0);
}

static void at_the_limit(struct mm_struct *mm, unsigned long three_pages)
{
	const unsigned int most = max_map_count(&mm->pt.policy);

	assert_int_equal(mm->map_count, most + 1);
	assert_int_equal(map(mm, 0, PAGE_SIZE, ANON), -ENOMEM);
	assert_int_equal(map(mm, AREA, PAGE_SIZE, ANON | MAP_FIXED), -ENOMEM);
	assert_int_equal(sys_munmap(mm, three_pages + PAGE_SIZE, PAGE_SIZE), -ENOMEM);
	assert_int_equal(sys_mprotect(mm, three_pages, PAGE_SIZE, PROT_READ), -ENOMEM);
	assert_int_equal(sys_mprotect(mm, three_pages + PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), -ENOMEM);
	assert_int_equal(sys_mprotect(mm, three_pages, 3 * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(mm->map_count, most + 1);
	/* Away from an end costs no VMA. */
	assert_int_equal(sys_munmap(mm, three_pages, PAGE_SIZE), 0);
	assert_int_equal(mm->map_count, most + 1);
	assert_int_equal(sys_munmap(mm, AREA, 2 * PAGE_SIZE), 0);
	assert_int_equal(mm->map_count, most - 1);
	assert_int_equal(sys_mprotect(mm, three_pages + PAGE_SIZE, PAGE_SIZE, READ_WRITE), 0);
	assert_int_equal(mm->map_count, most);
}

/* Row: N1. As if there were many more. */
static void there_are_not_too_many_vmas(void **state)
{
	static const struct {
		const char *policy;
		unsigned int most;
	} limits[] = {
		{ "linux-6.15", DEFAULT_MAX_MAP_COUNT }, { "linux-6.15,max_map_count=262144", 262144 },
		{ "linux-2.6.14,max_map_count=1048576", 1048576 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(limits); i++) {
		struct mm_struct *mm = world_mm(limits[i].policy);

		assert_int_equal(max_map_count(&mm->pt.policy), limits[i].most);
		map_at(mm, AREA - 2 * PGDIR_SIZE, 3 * PAGE_SIZE, READ_WRITE);
		fill_with_vmas(mm, 4);
		mm->map_count += limits[i].most - 4;
		at_the_limit(mm, AREA - 2 * PGDIR_SIZE);
		mm->map_count -= limits[i].most - 4;
		mm_exit(mm);
	}
}

/* And with so many. */
static void so_many_vmas_there_can_be(void **state)
{
	struct mm_struct *mm;

	(void)state;
	if (FAULTLINE_PLAIN_ALLOC || FAULTLINE_LEVELS != 4)
		skip();
	mm = world_mm("linux-6.15");
	map_at(mm, AREA - 2 * PGDIR_SIZE, 3 * PAGE_SIZE, READ_WRITE);
	fill_with_vmas(mm, DEFAULT_MAX_MAP_COUNT);
	at_the_limit(mm, AREA - 2 * PGDIR_SIZE);
	mm_exit(mm);
}

/* ---- MAP_GROWSDOWN ---- */

#define STACK	(AREA + 4096 * PAGE_SIZE)	/* where it begins */

static struct mm_struct *mm_with_stack(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	assert_int_equal(map(mm, STACK, 2 * PAGE_SIZE, ANON | MAP_FIXED | MAP_GROWSDOWN), STACK);
	return mm;
}

static bool faults_at(struct mm_struct *mm, unsigned long addr)
{
	return !do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE);
}

static unsigned long stack_start(struct mm_struct *mm)
{
	return vma_tree_find(&mm->tree, STACK)->vm_start;
}

/* Row: V2. */
static void a_fault_below_a_stack_extends_it(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_stack(world_policies[i]);

		assert_true(faults_at(mm, STACK) && stack_start(mm) == STACK);
		assert_true(faults_at(mm, STACK - 3 * PAGE_SIZE + 5));
		assert_int_equal(stack_start(mm), STACK - 3 * PAGE_SIZE);
		assert_int_equal(vma_tree_find(&mm->tree, STACK)->vm_pgoff, (STACK >> PAGE_SHIFT) - 3);
		assert_true(mm->total_vm == 5 && mm->map_count == 1);
		assert_false(faults_at(mm, STACK + 2 * PAGE_SIZE));
		assert_true(faults_at(mm, STACK + 2 * PAGE_SIZE - STACK_LIMIT));
		assert_false(faults_at(mm, STACK + PAGE_SIZE - STACK_LIMIT));
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

/* Row: V2. */
static void a_stack_keeps_its_distance(void **state)
{
	struct mm_struct *mm = mm_with_stack("linux-6.15");
	const unsigned long below = STACK - 300 * PAGE_SIZE;

	(void)state;
	map_at(mm, below, PAGE_SIZE, PROT_READ);
	assert_true(faults_at(mm, below + PAGE_SIZE + STACK_GUARD_GAP));
	assert_false(faults_at(mm, below + STACK_GUARD_GAP));
	assert_int_equal(sys_mprotect(mm, below, PAGE_SIZE, PROT_NONE), 0);
	assert_true(faults_at(mm, below + STACK_GUARD_GAP));
	assert_true(faults_at(mm, below + PAGE_SIZE));
	assert_int_equal(stack_start(mm), below + PAGE_SIZE);
	mm_exit(mm);
}

/* Row: V2. */
static void no_search_ends_in_a_guard_gap(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	long stack = map(mm, 0, PAGE_SIZE, ANON | MAP_GROWSDOWN), at;

	(void)state;
	at = map(mm, 0, PAGE_SIZE, ANON);
	assert_true(at == stack - (long)(STACK_GUARD_GAP + PAGE_SIZE));
	assert_true(map(mm, (unsigned long)stack - STACK_GUARD_GAP, PAGE_SIZE, ANON) == at - (long)PAGE_SIZE);
	assert_true(map(mm, (unsigned long)stack - PAGE_SIZE, PAGE_SIZE, ANON | MAP_FIXED) > 0);
	mm_exit(mm);
}

static void unmap_stack(void *mm)
{
	BUG_ON(sys_munmap(mm, STACK, 2 * PAGE_SIZE));
}

static void extend_stack(void *mm)
{
	BUG_ON(do_user_addr_fault(mm, STACK - 2 * PAGE_SIZE, FAULT_FLAG_WRITE));
}

/* Row: V2. */
static void a_stack_is_looked_up_again(void **state)
{
	struct mm_struct *mm = mm_with_stack("linux-6.15");

	(void)state;
	needs_checks();
	meanwhile("expand.unlocked", extend_stack, mm);
	assert_true(faults_at(mm, STACK - PAGE_SIZE));
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(stack_start(mm), STACK - 2 * PAGE_SIZE);
	assert_int_equal(sys_munmap(mm, STACK - 2 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	meanwhile("expand.unlocked", unmap_stack, mm);
	assert_false(faults_at(mm, STACK - PAGE_SIZE));
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(mm->map_count, 0);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal),
		cmocka_unit_test(both_ends_of_the_address_space),
		cmocka_unit_test(mappings_without_a_place_go_down_from_the_top),
		cmocka_unit_test(the_highest_hole_is_filled),
		cmocka_unit_test(a_hint_is_taken_if_it_is_free),
		cmocka_unit_test(a_name_keeps_neighbours_apart),
		cmocka_unit_test(there_are_not_too_many_vmas),
		cmocka_unit_test(so_many_vmas_there_can_be),
		cmocka_unit_test(a_fault_below_a_stack_extends_it),
		cmocka_unit_test(a_stack_keeps_its_distance),
		cmocka_unit_test(no_search_ends_in_a_guard_gap),
		cmocka_unit_test(a_stack_is_looked_up_again),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
