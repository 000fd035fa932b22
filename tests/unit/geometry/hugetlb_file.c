/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of huge pages from the pool: shared and private mappings, reservations, and fork. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/hugetlb_file.h"
#include "core/mm/rmap.h"
#include "core/op/madvise.h"
#include "core/op/mremap.h"
#include "core/op/protect.h"
#include "core/op/truncate.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define POLICY	"linux-6.15"
#define OTHER	(AREA + 16 * PMD_SIZE)

/* ---- reservations ---- */

/* Row: L7. */
static void the_file_has_the_reservations(void **state)
{
	struct file *file;
	struct mm_struct *mm;

	(void)state;
	if (!THP_POSSIBLE) {
		assert_null(file_create_hugetlb(HPAGE_PMD_NR, HPAGE_PMD_NR, HPAGE_PMD_ORDER));
		return;
	}
	pool_of(4);
	file = huge_file(0, 8);
	mm = shared_huge_mm(POLICY, file, 3);
	assert_int_equal(i_size_read(&file->mapping), 3 * HUGE);	/* a writable mapping lets it grow */
	assert_true(pool_is(4, 3));
	assert_int_equal(map_huge_file(mm, OTHER, 2, MAP_SHARED, file, 1), OTHER);
	assert_true(pool_is(4, 3));	/* the same places */
	assert_int_equal(map_huge_file(mm, OTHER, 4, MAP_SHARED, file, 1), -ENOMEM);
	assert_int_equal(map_huge_file(mm, OTHER, 2, MAP_SHARED, file, 7), -ENOMEM);
	assert_int_equal(map_huge_file(mm, OTHER, 2, MAP_PRIVATE, file, 0), -ENOMEM);
	assert_int_equal(sys_mmap_file(mm, OTHER, PMD_SIZE, READ_WRITE, MAP_SHARED | MAP_FIXED, file, 1), -EINVAL);
	assert_true(pool_is(4, 3));
	assert_int_equal(sys_munmap(mm, AREA, 3 * PMD_SIZE), 0);
	assert_int_equal(sys_munmap(mm, OTHER, 2 * PMD_SIZE), 0);
	assert_true(pool_is(4, 3));	/* they outlive mappings, not truncation */
	assert_int_equal(sys_ftruncate(file, HUGE), 0);
	assert_true(pool_is(4, 1));
	assert_int_equal(map_huge_file(mm, OTHER, 2, MAP_PRIVATE, file, 0), OTHER);
	assert_true(pool_is(4, 3));	/* a private mapping has its own */
	assert_int_equal(map_huge_file(mm, AREA, 3, MAP_SHARED | MAP_NORESERVE, file, 4), AREA);
	assert_true(pool_is(4, 3));
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), VM_FAULT_SIGBUS);	/* all are reserved */
	assert_int_equal(huge_write(mm, OTHER), 0);
	assert_int_equal(huge_write(mm, OTHER + PMD_SIZE), 0);
	assert_true(pool_is(1, 1));
	end_of_file(file, mm);
}

/* An mm with both pages of a new file, of a pool of three. */
static struct mm_struct *mm_without_reservations(struct file **file)
{
	struct mm_struct *mm = world_mm(POLICY);

	pool_of(3);
	*file = huge_file(2, 2);
	assert_int_equal(map_huge_file(mm, AREA, 2, MAP_SHARED | MAP_NORESERVE, *file, 0), AREA);
	return mm;
}

static void map_it_elsewhere(void *file)
{
	struct mm_struct *mm = shared_huge_mm(POLICY, file, 2);

	BUG_ON(!pool_is(2, 2));		/* the first place is counted as reserved, although a fault is filling it */
	mm_exit(mm);
}

/* Row: L7. */
static void a_place_is_not_reserved_twice(void **state)
{
	struct mm_struct *mm;
	struct file *file;

	(void)state;
	needs_huge_pages();
	if (!FAULTLINE_CHECK)
		skip();
	mm = mm_without_reservations(&file);
	meanwhile("hugetlb_file.added", map_it_elsewhere, file);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(pool_is(2, 1));
	end_of_file(file, mm);
}

static void fault_there(void *mm)
{
	BUG_ON(huge_write(mm, AREA));
}

/* The other way round. Row: L7. */
static void nor_while_a_mapping_is_made(void **state)
{
	struct mm_struct *mm, *other;
	struct file *file;

	(void)state;
	needs_huge_pages();
	if (!FAULTLINE_CHECK)
		skip();
	mm = mm_without_reservations(&file);
	meanwhile("hugetlb_file.reserved", fault_there, mm);
	other = shared_huge_mm(POLICY, file, 2);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(pool_is(2, 1));
	end_of_file(file, mm, other);
}

/* ---- faults ---- */

/* Row: L7. */
static void all_shared_mappings_see_each_write(void **state)
{
	struct mm_struct *mm, *other, *child;
	struct folio *folio;
	struct file *file;

	(void)state;
	needs_huge_pages();
	pool_of(3);
	file = huge_file(2, 2);
	mm = shared_huge_mm(POLICY, file, 2);
	other = shared_huge_mm(POLICY, file, 2);
	assert_int_equal(huge_read(mm, AREA + PMD_SIZE), 0);
	assert_true(pmd_write(huge_at(mm, AREA + PMD_SIZE)));	/* at once: no writeback wants to know */
	assert_int_equal(*huge_byte(mm, AREA + PMD_SIZE), 0);
	*huge_byte(mm, AREA + PMD_SIZE) = 7;
	folio = huge_folio_at(mm, AREA + PMD_SIZE);
	assert_ptr_equal(folio_mapping(folio), &file->mapping);
	assert_int_equal(folio->page.index, HUGE);
	assert_true(folio_test_dirty(folio) && folio_test_hugetlb(folio));
	assert_int_equal(huge_write(other, AREA + PMD_SIZE), 0);
	assert_ptr_equal(huge_folio_at(other, AREA + PMD_SIZE), folio);
	assert_int_equal(folio_entire_mapcount(folio), 2);
	child = fork_mm(other);
	assert_true(pmd_none(huge_at(child, AREA + PMD_SIZE)));		/* a fault maps it again */
	assert_int_equal(huge_read(child, AREA + PMD_SIZE + PAGE_SIZE), 0);
	assert_ptr_equal(huge_folio_at(child, AREA + PMD_SIZE), folio);
	assert_int_equal(*huge_byte(child, AREA + PMD_SIZE), 7);
	assert_int_equal(sys_munmap(mm, AREA, 2 * PMD_SIZE), 0);
	assert_int_equal(folio_entire_mapcount(folio), 2);
	assert_true(folio_maybe_mapped_shared(folio));
	assert_true(pool_is(2, 1));
	end_of_file(file, mm, other, child);
}

/* Row: L7. */
static void a_private_mapping_copies(void **state)
{
	struct mm_struct *mm, *child;
	struct folio *folio, *copy;
	struct file *file;

	(void)state;
	needs_huge_pages();
	pool_of(6);
	file = huge_file(2, 2);
	mm = shared_huge_mm(POLICY, file, 2);
	assert_int_equal(huge_write(mm, AREA), 0);
	folio = huge_folio_at(mm, AREA);
	*huge_byte(mm, AREA + PAGE_SIZE) = 5;
	assert_int_equal(map_huge_file(mm, OTHER, 2, MAP_PRIVATE, file, 0), OTHER);
	assert_true(pool_is(5, 3));
	assert_int_equal(huge_read(mm, OTHER), 0);
	assert_ptr_equal(huge_folio_at(mm, OTHER), folio);
	assert_true(!pmd_write(huge_at(mm, OTHER)));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_HUGETLBPAGES), HUGE);
	/* It is copied even if no other mapping has it. */
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(huge_write(mm, OTHER), 0);
	assert_int_equal(huge_read(mm, AREA), 0);
	copy = huge_folio_at(mm, OTHER);
	assert_true(copy != folio && folio_test_anon(copy) && PageAnonExclusive(&copy->page));
	assert_int_equal(*huge_byte(mm, OTHER + PAGE_SIZE), 5);
	*huge_byte(mm, OTHER + PAGE_SIZE) = 6;
	assert_int_equal(*huge_byte(mm, AREA + PAGE_SIZE), 5);
	assert_true(pool_is(4, 2));
	/* Where the file has none, the private mapping does not add one. */
	assert_int_equal(huge_read(mm, OTHER + PMD_SIZE), 0);
	assert_true(folio_test_anon(huge_folio_at(mm, OTHER + PMD_SIZE)));
	assert_int_equal(file->mapping.nrpages, HUGE);
	assert_int_equal(sys_madvise(mm, OTHER, PMD_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(huge_read(mm, OTHER), 0);
	assert_int_equal(*huge_byte(mm, OTHER + PAGE_SIZE), 5);
	child = fork_mm(mm);
	assert_ptr_equal(huge_folio_at(child, OTHER), folio);	/* as is copied what its anon_vma has */
	assert_ptr_equal(huge_folio_at(child, OTHER + PMD_SIZE), huge_folio_at(mm, OTHER + PMD_SIZE));
	assert_int_equal(huge_write(child, OTHER), 0);
	assert_true(huge_folio_at(child, OTHER) != folio);
	end_of_file(file, mm, child);
}

static void zap_the_private_one(void *mm)
{
	BUG_ON(sys_madvise(mm, OTHER, PMD_SIZE, MADV_DONTNEED));
}

/* A child has no hugetlb VMA lock: its leaf is zapped while it is copied. Row: L7. */
static void a_copy_too_late_goes_back(void **state)
{
	struct mm_struct *mm, *child;
	struct file *file;

	(void)state;
	needs_huge_pages();
	if (!FAULTLINE_CHECK)
		skip();
	pool_of(4);
	file = huge_file(1, 1);
	mm = shared_huge_mm(POLICY, file, 1);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(map_huge_file(mm, OTHER, 1, MAP_PRIVATE, file, 0), OTHER);
	child = fork_mm(mm);
	assert_int_equal(huge_read(child, OTHER), 0);
	meanwhile_at("fault.before_pmd_lock", 2, zap_the_private_one, child);
	assert_int_equal(huge_write(child, OTHER), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(folio_test_anon(huge_folio_at(child, OTHER)));
	assert_true(pool_is(2, 1));
	end_of_file(file, mm, child);
}

/* Row: L7. */
static void rights_follow_the_vma(void **state)
{
	struct mm_struct *mm;
	struct file *file;

	(void)state;
	needs_huge_pages();
	pool_of(2);
	file = huge_file(2, 2);
	mm = shared_huge_mm(POLICY, file, 2);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(sys_mprotect(mm, AREA, PMD_SIZE, PROT_READ), 0);
	assert_true(!pmd_write(huge_at(mm, AREA)));
	assert_true(huge_write(mm, AREA) & VM_FAULT_SIGSEGV);
	assert_int_equal(sys_mprotect(mm, AREA, PMD_SIZE, READ_WRITE), 0);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_true(pmd_write(huge_at(mm, AREA)));
	assert_int_equal(sys_mremap(mm, AREA, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, OTHER), OTHER);
	assert_true(pmd_write(huge_at(mm, OTHER)) && pmd_none(huge_at(mm, AREA)));
	assert_ptr_equal(folio_mapping(huge_folio_at(mm, OTHER)), &file->mapping);
	assert_int_equal(huge_write(mm, AREA), VM_FAULT_SIGSEGV | VM_FAULT_BADMAP);
	assert_int_equal(sys_mremap(mm, OTHER, 0, PMD_SIZE, MREMAP_MAYMOVE, 0), -EINVAL);
	end_of_file(file, mm);
}

/* ---- memory runs out ---- */

#if FAULTLINE_CHECK
static long with_failure(struct mm_struct *mm, struct mm_struct **child, struct file *file, unsigned int nth,
			 unsigned int what)
{
	long ret;

	inject_alloc_failure(nth);
	switch (what) {
	case 0:
		ret = map_huge_file(mm, OTHER, 2, MAP_SHARED, file, 0);
		break;
	case 1:
		ret = huge_write(mm, OTHER);
		break;
	default:
		ret = sys_fork(mm, child);
	}
	inject_alloc_failure(0);
	return ret;
}

/* Row: L7. */
static void what_fails_can_be_done_again(void **state)
{
	static const long good[] = { OTHER, 0, 0 };
	struct mm_struct *mm, *child = NULL;
	unsigned int failed[3] = { 0 };
	struct file *file;

	(void)state;
	needs_huge_pages();
	pool_of(4);
	file = huge_file(2, 2);
	mm = world_mm(POLICY);
	for (unsigned int what = 0; what < ARRAY_SIZE(failed); what++)
		for (unsigned int nth = 1; with_failure(mm, &child, file, nth, what) != good[what]; nth++) {
			failed[what]++;
			assert_at_rest(mm);
		}
	assert_true(failed[0] >= 2 && failed[2] >= 2);
	inject_alloc_failure(1);	/* all tables are there: of the pool */
	assert_int_equal(huge_write(mm, OTHER + PMD_SIZE), VM_FAULT_SIGBUS);
	inject_alloc_failure(0);
	assert_int_equal(huge_write(mm, OTHER + PMD_SIZE), 0);
	assert_true(pool_is(2, 0));
	end_of_file(file, mm, child);
}
#endif

/* Shared memory without a file has one of its own, which its last mapping takes with it. Row: L7. */
static void shared_memory_has_a_file_of_its_own(void **state)
{
	const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED;
	struct mm_struct *mm, *child;

	(void)state;
	needs_huge_pages();
	mm = world_mm(POLICY);
	pool_of(3);
	assert_int_equal(sys_mmap(mm, AREA, 4 * PMD_SIZE, READ_WRITE, flags, 0), -ENOMEM);
	assert_int_equal(sys_mmap(mm, AREA, 2 * PMD_SIZE, READ_WRITE, flags | MAP_POPULATE, 0), AREA);
	assert_true(pool_is(1, 0));
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(huge_write(child, AREA), 0);
	*huge_byte(child, AREA) = 77;
	assert_int_equal(huge_read(mm, AREA), 0);
	assert_int_equal(*huge_byte(mm, AREA), 77);
	assert_at_rest(mm, child);
	mm_exit(mm);
	assert_true(pool_is(1, 0));
	mm_exit(child);
	assert_true(pool_is(3, 0));
	pool_of(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_memory_has_a_file_of_its_own),
		cmocka_unit_test(the_file_has_the_reservations),
		cmocka_unit_test(a_place_is_not_reserved_twice),
		cmocka_unit_test(nor_while_a_mapping_is_made),
		cmocka_unit_test(all_shared_mappings_see_each_write),
		cmocka_unit_test(a_private_mapping_copies),
		cmocka_unit_test(a_copy_too_late_goes_back),
		cmocka_unit_test(rights_follow_the_vma),
#if FAULTLINE_CHECK
		cmocka_unit_test(what_fails_can_be_done_again),
#endif
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
