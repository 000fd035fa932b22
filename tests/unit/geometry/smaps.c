/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smaps.c - what smaps counts of each kind of page, and the locks that its readers hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/op/migrate.h"
#include "core/op/smaps.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/hugetlb_scene.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES(n)	((uint64_t)(n) * PAGE_SIZE)
#define BY_VMA		"linux-6.17,maps=vma_smaps"

static struct mem_size_stats stats_at(struct mm_struct *mm, unsigned long addr)
{
	struct smaps_vma vma;

	memset(&vma, 0xff, sizeof(vma));
	assert_int_equal(sys_smaps(mm, addr, &vma, 1), 1);
	assert_true(vma.line.start <= addr && addr < vma.line.end);
	return vma.stats;
}

static bool same(const struct mem_size_stats *one, const struct mem_size_stats *other)
{
	return !memcmp(one, other, sizeof(*one));
}

/* Of @pages anonymous pages, written to and mapped by this mm alone. */
static struct mem_size_stats private_dirty(unsigned long pages)
{
	uint64_t size = PAGES(pages), pss = size << PSS_SHIFT;

	return (struct mem_size_stats){
		.resident = size, .pss = pss, .pss_anon = pss, .pss_dirty = pss, .private_dirty = size,
		.referenced = size, .anonymous = size,
	};
}

/* Row: V1. The zero page and guards are not counted. */
static void pages_of_one_mm_and_of_two(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_words(world_policies[i], 4), *child;
		struct mem_size_stats stats, expected = private_dirty(3);

		BUG_ON(sys_madvise(mm, page_addr(5), PAGE_SIZE, MADV_GUARD_INSTALL));
		BUG_ON(do_user_addr_fault(mm, page_addr(6), 0));
		page_out(mm, 2);
		expected.swap = PAGES(1);
		expected.swap_pss = PAGES(1) << PSS_SHIFT;
		stats = stats_at(mm, AREA);
		assert_true(same(&stats, &expected));
		BUG_ON(sys_fork(mm, &child));
		stats = stats_at(mm, AREA);
		assert_true(stats.resident == PAGES(3) && stats.shared_dirty == PAGES(3) && !stats.private_dirty);
		assert_true(stats.pss == (PAGES(3) << PSS_SHIFT) / 2 && stats.pss_dirty == stats.pss);
		assert_true(stats.swap == PAGES(1) && stats.swap_pss == (PAGES(1) << PSS_SHIFT) / 2);
		write_word(child, 0, 7);
		stats = stats_at(child, AREA);
		assert_true(stats.private_dirty == PAGES(1) && stats.shared_dirty == PAGES(2));
		mm_exit(child);
		stats = stats_at(mm, AREA);
		assert_true(same(&stats, &expected));
		mm_exit(mm);
	}
}

/* Row: V1. */
static void pages_of_files(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm(SINGLE_FAULTS, file);
	struct mem_size_stats stats;

	(void)state;
	load_word(mm, PRIVATE_AT);
	load_word(mm, PRIVATE_AT + PAGE_SIZE);
	stats = stats_at(mm, PRIVATE_AT);
	assert_true(stats.private_clean == PAGES(2) && stats.pss_file == PAGES(2) << PSS_SHIFT);
	assert_true(!stats.anonymous && !stats.pss_anon && !stats.pss_shmem && !stats.pss_dirty);
	store_word(mm, SHARED_AT, 1);
	stats = stats_at(mm, SHARED_AT);
	assert_true(stats.shared_dirty == PAGES(1) && stats.pss_file == (PAGES(1) << PSS_SHIFT) / 2);
	store_word(mm, PRIVATE_AT, 2);
	stats = stats_at(mm, PRIVATE_AT);
	assert_true(stats.anonymous == PAGES(1) && stats.private_dirty == PAGES(1) && stats.private_clean == PAGES(1));
	assert_true(stats.resident == PAGES(2) && stats.pss_anon == stats.pss_file);
	stats = stats_at(mm, SHARED_AT);
	assert_true(stats.private_dirty == PAGES(1) && !stats.shared_dirty);
	mm_exit(mm);
	file_put(file);
}

/* Row: V1. */
static void shared_locked_and_freed_memory(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 4);
	struct mem_size_stats stats;

	(void)state;
	BUG_ON(sys_madvise(mm, AREA, 2 * PAGE_SIZE, MADV_FREE));
	stats = stats_at(mm, AREA);
	assert_true(stats.lazyfree == PAGES(2) && stats.anonymous == PAGES(4) && stats.referenced == PAGES(2));
	assert_true(stats.private_clean == PAGES(2) && stats.private_dirty == PAGES(2) && !stats.pss_locked);
	write_word(mm, 1, 7);
	stats = stats_at(mm, AREA);
	assert_true(stats.lazyfree == PAGES(1) && stats.private_dirty == PAGES(3));
	BUG_ON(sys_mlock(mm, AREA, LEN));
	stats = stats_at(mm, AREA);
	assert_true(stats.resident == LEN && stats.pss_locked == stats.pss);
	assert_int_equal(sys_mmap(mm, SHARED_AT, PAGES(4), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0), SHARED_AT);
	store_word(mm, SHARED_AT, 1);
	stats = stats_at(mm, SHARED_AT);
	assert_true(stats.private_dirty == PAGES(1) && stats.pss_shmem == PAGES(1) << PSS_SHIFT);
	assert_true(!stats.anonymous && !stats.pss_file && !stats.pss_anon);
	mm_exit(mm);
}

static void count_what_migrates(void *mm)
{
	struct mem_size_stats stats = stats_at(mm, AREA);

	assert_true(pte_is_migration(pte_at(mm, 0)) && !folio_mapped(folio_at(mm, 0)));
	assert_true(stats.resident == PAGES(1) && stats.pss == PAGES(1) << PSS_SHIFT && !stats.swap);
	assert_true(stats.private_dirty + stats.private_clean == PAGES(1));
}

/* Row: V1. Nothing maps a page under migration, which counts as mapped once. */
static void a_page_under_migration(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	(void)state;
	needs_checks();
	meanwhile("migrate.unmapped", count_what_migrates, mm);
	assert_int_equal(sys_migrate_range(mm, AREA, PAGE_SIZE, 1), 1);
	assert_int_equal(meanwhile_ran(), 1);
	mm_exit(mm);
}

/* Row: V1. */
static void huge_leaves(void **state)
{
	struct mm_struct *mm, *child;
	struct mem_size_stats stats;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", 0);
	put_leaf(mm, AREA);
	stats = stats_at(mm, AREA);
	assert_true(stats.anonymous_thp == PMD_SIZE && stats.resident == PMD_SIZE && stats.private_dirty == PMD_SIZE);
	BUG_ON(sys_fork(mm, &child));
	split_leaf(mm, AREA);
	stats = stats_at(mm, AREA);
	assert_true(!stats.anonymous_thp && stats.resident == PMD_SIZE && stats.shared_dirty == PMD_SIZE);
	stats = stats_at(child, AREA);
	assert_true(stats.anonymous_thp == PMD_SIZE && stats.pss == (PMD_SIZE << PSS_SHIFT) / 2);
	mm_exit(child);
	mm_exit(mm);
}

/* Row: V1. Those of hugetlb are in two lines of their own. */
static void huge_pages_of_the_pool(void **state)
{
	struct mm_struct *mm, *child;
	struct mem_size_stats stats;

	(void)state;
	needs_leaves();
	mm = hugetlb_mm("linux-6.15", 2, 2);
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	stats = stats_at(mm, AREA);
	assert_true(stats.private_hugetlb == PMD_SIZE && !stats.shared_hugetlb && !stats.resident && !stats.pss);
	BUG_ON(sys_fork(mm, &child));
	stats = stats_at(mm, AREA);
	assert_true(stats.shared_hugetlb == PMD_SIZE && !stats.private_hugetlb);
	mm_exit(child);
	mm_exit(mm);
	pool_of(0);
}

static void protect_another(void *mm)
{
	BUG_ON(sys_mprotect(mm, AREA + 2 * LEN, PAGE_SIZE, PROT_READ));
}

/* Row: V1. While one VMA is read, another changes; the reader finds each as it is by then. */
static void a_writer_waits_for_one_vma_at_most(void **state)
{
	struct mm_struct *mm = mm_with_words(BY_VMA, 2);
	struct smaps_vma vmas[4];

	(void)state;
	needs_checks();
	BUG_ON(sys_mmap(mm, AREA + 2 * LEN, 2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	meanwhile("smaps.vma", protect_another, mm);
	assert_int_equal(sys_smaps(mm, 0, vmas, 4), 3);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(vmas[0].line.start == AREA && vmas[0].stats.resident == PAGES(2));
	assert_true(vmas[1].line.end == AREA + 2 * LEN + PAGE_SIZE && !(vmas[1].line.flags & VM_WRITE));
	assert_true(vmas[2].line.start == vmas[1].line.end && !vmas[2].stats.resident);
	assert_int_equal(sys_smaps(mm, vmas[2].line.end, vmas, 4), 0);
	mm_exit(mm);
}

/* Row: V1. The policy decides; without VMA locks there is only mmap_lock. */
static void the_policy_chooses_the_lock(void **state)
{
	static const struct { const char *policy; bool mmap_lock; } cases[] = {
		{ "linux-6.15", true }, { "linux-6.17", true }, { BY_VMA, false },
		{ "linux-6.15,maps=vma_smaps", false }, { "linux-2.6.14,maps=vma_smaps", true },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mm_struct *mm = mm_with_words(cases[i].policy, 1);
		struct maps_reader reader = maps_start(mm, mm->pt.policy.maps_lock == MAPS_VMA_LOCK_SMAPS);

		assert_non_null(maps_next(&reader, AREA));
		assert_int_equal(rwsem_is_locked(&mm->mmap_lock), cases[i].mmap_lock);
		maps_stop(&reader);
		assert_false(rwsem_is_locked(&mm->mmap_lock));
		BUG_ON(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ));	/* nor is the VMA */
		mm_exit(mm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_one_mm_and_of_two),
		cmocka_unit_test(pages_of_files),
		cmocka_unit_test(shared_locked_and_freed_memory),
		cmocka_unit_test(a_page_under_migration),
		cmocka_unit_test(huge_leaves),
		cmocka_unit_test(huge_pages_of_the_pool),
		cmocka_unit_test(a_writer_waits_for_one_vma_at_most),
		cmocka_unit_test(the_policy_chooses_the_lock),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
