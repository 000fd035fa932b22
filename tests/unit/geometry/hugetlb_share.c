/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PMD tables of huge pages that mappings of one file share: when they do, and what makes them stop. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/hugetlb_share.h"
#include "core/mm/notifier.h"
#include "core/mm/pagewalk.h"
#include "core/mm/rmap.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/mremap.h"
#include "core/op/protect.h"
#include "core/op/truncate.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define POLICY	"linux-6.15"
#define ALL	((unsigned long)PTRS_PER_PMD)	/* huge pages of a PUD entry */
#define FLAGS	(MAP_SHARED | MAP_NORESERVE)
#define OTHER	(AREA + 2 * PUD_SIZE)

static struct file *file;

static struct mm_struct *mapped_mm(const char *policy, unsigned long nr)
{
	struct mm_struct *mm = world_mm(policy);

	BUG_ON(map_huge_file(mm, AREA, nr, FLAGS, file, 0) != (long)AREA);
	return mm;
}

static void begin(void)
{
	pool_of(4);
	file = huge_file(2 * ALL, 2 * ALL);
}

static struct page *table_at(struct mm_struct *mm, unsigned long addr)
{
	return pfn_to_page(entry_pfn(tree_value(mm->pt.pgd, LEVEL_PUD, addr)));
}

static bool share(struct mm_struct *a, struct mm_struct *b)
{
	return table_at(a, AREA) == table_at(b, AREA);
}

/* Row: L2. */
static void a_fault_links_the_table_of_another_mm(void **state)
{
	struct mm_struct *mm, *other, *child;
	struct folio *folio;

	(void)state;
	needs_huge_pages();
	begin();
	mm = mapped_mm(POLICY, ALL);
	other = mapped_mm(POLICY, ALL);
	assert_int_equal(huge_write(mm, AREA), 0);
	folio = huge_folio_at(mm, AREA);
	assert_int_equal(huge_read(other, AREA + PMD_SIZE), 0);
	assert_true(share(mm, other));
	assert_int_equal(table_at(mm, AREA)->pt_share_count, 1);
	assert_ptr_equal(huge_folio_at(other, AREA), folio);	/* without a fault */
	assert_int_equal(folio_entire_mapcount(folio), 1);
	assert_int_equal(folio_ref_count(folio), 2);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_UPPER_TABLES), mm_counter_sum(&other->pt, MM_UPPER_TABLES));
	child = fork_mm(mm);
	assert_int_equal(huge_read(child, AREA), 0);
	assert_int_equal(table_at(mm, AREA)->pt_share_count, 2);
	assert_at_rest(mm, other, child);
	mm_exit(mm);
	assert_int_equal(table_at(child, AREA)->pt_share_count, 1);
	assert_int_equal(folio_entire_mapcount(folio), 1);
	mm_exit(child);
	assert_ptr_equal(huge_folio_at(other, AREA), folio);
	end_of_file(file, other);
}

/* Neither a part of a range, nor another place, nor other permissions, nor one lock for all tables. Row: L1. */
static void others_do_not_share(void **state)
{
	struct mm_struct *mm, *part, *shifted, *reader, *coarse;

	(void)state;
	needs_huge_pages();
	begin();
	mm = mapped_mm(POLICY, ALL);
	part = mapped_mm(POLICY, ALL - 1);
	shifted = world_mm(POLICY);
	assert_int_equal(map_huge_file(shifted, AREA, ALL, FLAGS, file, 1), AREA);
	reader = mapped_mm(POLICY, ALL);
	assert_int_equal(sys_mprotect(reader, AREA, PUD_SIZE, PROT_READ), 0);
	coarse = mapped_mm("linux-6.15,pte_ptl=mm,pmd_ptl=mm", ALL);
	assert_int_equal(huge_read(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(huge_read(part, AREA + PMD_SIZE), 0);
	assert_int_equal(huge_read(shifted, AREA), 0);
	assert_int_equal(huge_read(reader, AREA + PMD_SIZE), 0);
	assert_int_equal(huge_read(coarse, AREA + PMD_SIZE), 0);
	assert_int_equal(folio_entire_mapcount(huge_folio_at(mm, AREA + PMD_SIZE)), 5);
	assert_true(!share(mm, part) && !share(mm, shifted) && !share(mm, reader) && !share(mm, coarse));
	end_of_file(file, mm, part, shifted, reader, coarse);
}

/* One that changes a mapping of its own: none of it is left in @mm; all of it is in @other. */
static void unshared_by(void (*change)(struct mm_struct *mm))
{
	struct mm_struct *mm, *other;
	struct folio *folio;

	begin();
	other = mapped_mm(POLICY, ALL);
	mm = mapped_mm(POLICY, ALL);
	assert_int_equal(huge_write(other, AREA), 0);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	assert_true(share(mm, other));
	folio = huge_folio_at(other, AREA);
	change(mm);
	assert_false(share(mm, other));
	assert_int_equal(table_at(other, AREA)->pt_share_count, 0);
	assert_true(huge_folio_at(other, AREA) == folio && pmd_write(huge_at(other, AREA)) &&
		    !pmd_none(huge_at(other, AREA + PMD_SIZE)));
	end_of_file(file, mm, other);
}

static void unmap_one(struct mm_struct *mm)
{
	assert_int_equal(sys_munmap(mm, AREA + 5 * PMD_SIZE, PMD_SIZE), 0);
	assert_int_equal(huge_read(mm, AREA), 0);	/* a table of its own */
}

static void zap_one(struct mm_struct *mm)
{
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED), 0);
}

static void protect_one(struct mm_struct *mm)
{
	assert_int_equal(sys_mprotect(mm, AREA, PMD_SIZE, PROT_READ), 0);
	assert_true(huge_write(mm, AREA) & VM_FAULT_SIGSEGV);
}

static void protect_all(struct mm_struct *mm)
{
	assert_int_equal(sys_mprotect(mm, AREA, PUD_SIZE, PROT_READ), 0);
	assert_int_equal(huge_read(mm, AREA), 0);
	assert_true(!pmd_write(huge_at(mm, AREA)));
}

static void move_it(struct mm_struct *mm)
{
	assert_int_equal(sys_mremap(mm, AREA, PUD_SIZE, PUD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, OTHER), OTHER);
	assert_true(pmd_none(huge_at(mm, AREA)) && pmd_none(huge_at(mm, OTHER)));
}

static void split_it(struct mm_struct *mm)
{
	assert_int_equal(sys_madvise(mm, AREA + PMD_SIZE, PMD_SIZE, MADV_NOHUGEPAGE), 0);
}

/* Rows: L2, L8. */
static void what_changes_a_mapping_unshares_first(void **state)
{
	(void)state;
	needs_huge_pages();
	unshared_by(unmap_one);
	unshared_by(zap_one);
	unshared_by(protect_one);
	unshared_by(protect_all);
	unshared_by(move_it);
	unshared_by(split_it);
}

/* Row: L8. */
static void truncation_unshares_and_unmaps(void **state)
{
	struct mm_struct *mm, *other;

	(void)state;
	needs_huge_pages();
	begin();
	mm = mapped_mm(POLICY, ALL);
	other = mapped_mm(POLICY, ALL);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(huge_read(other, AREA), 0);
	assert_int_equal(sys_ftruncate(file, HUGE), 0);
	assert_true(pmd_none(huge_at(mm, AREA + PMD_SIZE)) && pmd_none(huge_at(other, AREA + PMD_SIZE)));
	assert_int_equal(file->mapping.nrpages, HUGE);
	assert_int_equal(huge_read(mm, AREA), 0);
	assert_int_equal(huge_read(other, AREA), 0);
	assert_true(share(mm, other));
	end_of_file(file, mm, other);
}

static void fault_there(void *mm)
{
	BUG_ON(huge_read(mm, AREA));
}

/* A VMA whose tables are about to be freed is not one to share them with. Row: L8. */
static void a_table_about_to_be_freed_is_not_shared(void **state)
{
	struct mm_struct *mm, *other;

	(void)state;
	needs_huge_pages();
	if (!FAULTLINE_CHECK)
		skip();
	begin();
	mm = mapped_mm(POLICY, ALL);
	other = mapped_mm(POLICY, ALL);
	assert_int_equal(huge_write(mm, AREA), 0);
	meanwhile("munmap.zapped", fault_there, other);
	assert_int_equal(sys_munmap(mm, AREA, PUD_SIZE), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(table_at(other, AREA)->pt_share_count, 0);
	end_of_file(file, mm, other);
}

/* Row: H4. */
static void invalidations_span_what_unsharing_unmaps(void **state)
{
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	unsigned long start = AREA + PMD_SIZE, end = AREA + 2 * PMD_SIZE;

	(void)state;
	needs_huge_pages();
	begin();
	mm = mapped_mm(POLICY, ALL + 1);
	vma = vma_tree_find(&mm->tree, AREA);
	adjust_range_if_pmd_sharing_possible(vma, &start, &end);
	assert_true(start == AREA && end == AREA + PUD_SIZE);
	start = AREA + PUD_SIZE;
	end = start + PMD_SIZE;
	adjust_range_if_pmd_sharing_possible(vma, &start, &end);
	assert_true(start == AREA + PUD_SIZE && end == start + PMD_SIZE);
	end_of_file(file, mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_links_the_table_of_another_mm),
		cmocka_unit_test(others_do_not_share),
		cmocka_unit_test(what_changes_a_mapping_unshares_first),
		cmocka_unit_test(truncation_unshares_and_unmaps),
		cmocka_unit_test(a_table_about_to_be_freed_is_not_shared),
		cmocka_unit_test(invalidations_span_what_unsharing_unmaps),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
