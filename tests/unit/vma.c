/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma: how VMAs are found, split and joined, and where their memory comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/host/typesafe.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"

#define AREA	(16 * PMD_SIZE)
#define PAGE(n)	(AREA + (n) * PAGE_SIZE)

static const struct vma_kind readable = { .flags = VM_READ };

/* An mm with a readable VMA over pages 4 to 7 of the area; mmap_lock is held for write until the end. */
static struct mm_struct *begin(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	map_at(mm, PAGE(4), 4 * PAGE_SIZE, PROT_READ);
	mmap_write_lock(mm);
	assert_int_equal(vma_tree_reserve(&mm->tree, 8), 0);
	return mm;
}

static void end(struct mm_struct *mm)
{
	mmap_write_unlock(mm);
	mm_exit(mm);
}

static bool spans(const struct vm_area_struct *vma, unsigned long first, unsigned long past)
{
	return vma->vm_start == PAGE(first) && vma->vm_end == PAGE(past) && vma->vm_pgoff == PAGE(first) >> PAGE_SHIFT;
}

/* Row: L5. */
static void the_ways_to_find_one(void **state)
{
	struct mm_struct *mm = begin();
	struct vm_area_struct *vma = find_vma(mm, 0);

	(void)state;
	assert_true(spans(vma, 4, 8));
	assert_ptr_equal(find_vma(mm, PAGE(8) - 1), vma);
	assert_null(find_vma(mm, PAGE(8)));
	assert_null(vma_lookup(mm, PAGE(4) - 1));
	assert_ptr_equal(vma_lookup(mm, PAGE(4)), vma);
	assert_null(vma_lookup(mm, PAGE(8)));
	assert_null(find_vma_intersection(mm, PAGE(0), PAGE(4)));
	assert_ptr_equal(find_vma_intersection(mm, PAGE(0), PAGE(4) + 1), vma);
	assert_null(find_vma_intersection(mm, PAGE(8), PAGE(9)));
	assert_null(find_vma_before(mm, PAGE(8) - 1));
	assert_ptr_equal(find_vma_before(mm, PAGE(8)), vma);
	end(mm);
}

static void finding_needs_mmap_lock(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	needs_checks();
	assert_dies("should be held", find_vma(mm, 0));
	assert_dies("should be held", find_vma_before(mm, 0));
	mm_exit(mm);
}

static void a_split_makes_two_of_one_kind(void **state)
{
	struct mm_struct *mm = begin();
	struct vm_area_struct *vma = find_vma(mm, 0), *below = split_vma(mm, vma, PAGE(5));

	(void)state;
	assert_true(spans(below, 4, 5) && spans(vma, 5, 8));
	assert_int_equal(below->vm_flags, vma->vm_flags);
	assert_true(below->vm_page_prot == vma->vm_page_prot);
	assert_true(vma_is_write_locked(below) && vma_is_write_locked(vma));
	assert_int_equal(mm->map_count, 2);
	assert_int_equal(mm->total_vm, 4);
	assert_ptr_equal(vma_merge_neighbours(mm, below), vma);
	assert_true(spans(vma, 4, 8));
	assert_int_equal(mm->map_count, 1);
	assert_int_equal(mm->total_vm, 4);
	end(mm);
}

static void a_split_is_strictly_inside(void **state)
{
	struct mm_struct *mm = begin();
	struct vm_area_struct *vma = find_vma(mm, 0);

	(void)state;
	assert_dies("vm_start", split_vma(mm, vma, PAGE(4)));
	assert_dies("vm_end", split_vma(mm, vma, PAGE(8)));
	end(mm);
}

static void a_split_without_memory_changes_nothing(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = begin();
	inject_alloc_failure(1);
	assert_null(split_vma(mm, find_vma(mm, 0), PAGE(5)));
	inject_alloc_failure(0);
	assert_true(spans(find_vma(mm, 0), 4, 8));
	assert_int_equal(mm->map_count, 1);
	end(mm);
}

/* A new range beside the VMA, by its kind and place. */
static void neighbours_of_the_same_kind_grow(void **state)
{
	const struct vma_kind other = { .flags = VM_READ | VM_WRITE }, named = { .flags = VM_READ, .name = 3 };
	struct mm_struct *mm = begin();
	struct vm_area_struct *vma = find_vma(mm, 0);

	(void)state;
	assert_null(vma_expand(mm, PAGE(8), PAGE(9), other));
	assert_null(vma_expand(mm, PAGE(3), PAGE(4), named));
	assert_null(vma_expand(mm, PAGE(9), PAGE(10), readable));	/* does not touch */
	assert_null(vma_expand(mm, PAGE(2), PAGE(3), readable));
	assert_ptr_equal(vma_expand(mm, PAGE(8), PAGE(10), readable), vma);
	assert_true(spans(vma, 4, 10));
	assert_ptr_equal(vma_expand(mm, PAGE(3), PAGE(4), readable), vma);
	assert_true(spans(vma, 3, 10));
	assert_int_equal(mm->map_count, 1);
	assert_int_equal(mm->total_vm, 7);
	assert_ptr_equal(find_vma(mm, PAGE(9)), vma);
	end(mm);
}

static void a_range_between_two_joins_them(void **state)
{
	struct mm_struct *mm = begin();
	struct vm_area_struct *low = find_vma(mm, 0), *high, *joined;
	unsigned long live = typesafe_live(vma_cache_refcnt);

	(void)state;
	high = vma_alloc(mm, PAGE(10), PAGE(12), readable);
	vma_link(mm, high);
	assert_int_equal(mm->map_count, 2);
	joined = vma_expand(mm, PAGE(8), PAGE(10), readable);
	assert_true(joined == low || joined == high);
	assert_true(spans(joined, 4, 12));
	assert_int_equal(mm->map_count, 1);
	assert_int_equal(mm->total_vm, 8);
	assert_int_equal(typesafe_live(vma_cache_refcnt), live);
	end(mm);
}

static void only_what_touches_and_is_alike_is_joined(void **state)
{
	struct mm_struct *mm = begin();
	struct vm_area_struct *vma = find_vma(mm, 0);
	struct vm_area_struct *unlike = vma_alloc(mm, PAGE(8), PAGE(9), (struct vma_kind){ .flags = VM_WRITE });
	struct vm_area_struct *apart = vma_alloc(mm, PAGE(1), PAGE(3), readable);

	(void)state;
	vma_link(mm, unlike);
	vma_link(mm, apart);
	assert_ptr_equal(vma_merge_neighbours(mm, vma), vma);
	assert_int_equal(mm->map_count, 3);
	vma_set_flags(unlike, VM_READ);
	vma = vma_merge_neighbours(mm, vma);
	assert_true(spans(vma, 4, 9));
	assert_int_equal(mm->map_count, 2);
	end(mm);
}

static void flags_give_the_bits_of_entries(void **state)
{
	struct mm_struct *mm = begin();
	struct vm_area_struct *vma = find_vma(mm, 0);

	(void)state;
	assert_true(vma->vm_page_prot == (ENTRY_PRESENT | ENTRY_ACCESSED));
	vma_set_flags(vma, 0);
	assert_true(vma->vm_page_prot == (ENTRY_PROTNONE | ENTRY_ACCESSED));
	vma_set_flags(vma, VM_WRITE);
	assert_true(vma->vm_page_prot == (ENTRY_PRESENT | ENTRY_ACCESSED));	/* write comes with the fault */
	end(mm);
}

/* Memory that was reference-counted once stays so, with the same wake-ups; the other designs share the rest. */
static void each_design_has_its_memory(void **state)
{
	struct typesafe_cache *const caches[] = { vma_cache_refcnt, vma_cache_refcnt_mm, vma_cache_plain };
	static const struct { const char *policy; unsigned int cache; } designs[] = {
		{ "linux-6.15", 0 }, { "linux-6.15,vma_lock=refcnt_mm", 1 }, { "linux-6.4", 2 }, { "linux-3.13", 2 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(designs); i++) {
		struct mm_struct *mm = world_mm(designs[i].policy);
		unsigned long live[ARRAY_SIZE(caches)];

		for (unsigned int c = 0; c < ARRAY_SIZE(caches); c++)
			live[c] = typesafe_live(caches[c]);
		map_at(mm, AREA, PAGE_SIZE, PROT_READ);
		for (unsigned int c = 0; c < ARRAY_SIZE(caches); c++)
			assert_int_equal(typesafe_live(caches[c]) - live[c], c == designs[i].cache);
		mm_exit(mm);
		rcu_barrier();
		for (unsigned int c = 0; c < ARRAY_SIZE(caches); c++)
			assert_int_equal(typesafe_live(caches[c]), live[c]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ways_to_find_one),
		cmocka_unit_test(finding_needs_mmap_lock),
		cmocka_unit_test(a_split_makes_two_of_one_kind),
		cmocka_unit_test(a_split_is_strictly_inside),
		cmocka_unit_test(a_split_without_memory_changes_nothing),
		cmocka_unit_test(neighbours_of_the_same_kind_grow),
		cmocka_unit_test(a_range_between_two_joins_them),
		cmocka_unit_test(only_what_touches_and_is_alike_is_joined),
		cmocka_unit_test(flags_give_the_bits_of_entries),
		cmocka_unit_test(each_design_has_its_memory),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
