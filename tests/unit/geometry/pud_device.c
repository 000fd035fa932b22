/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pud_device: a device's memory, mapped by a leaf of a PUD table and counted: its faults, readers and unmapping. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/mm/pagewalk.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/hmm_mirror.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/op/truncate.h"
#include "core/oracle/mirror.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/pud_scene.h"

#define FEW	(3 * PAGE_SIZE)
#define MIDDLE	(PLACE + 5 * PMD_SIZE + 7 * PAGE_SIZE)
#define NTH	((MIDDLE - PLACE) >> PAGE_SHIFT)

static struct pud_device d;

static int up(void **state)
{
	(void)state;
	world_start(PUD_FRAMES, 0);
	return 0;
}

static void open_device(int prot)
{
	pud_device_open(&d, &dax_device, prot);
}

static void close_all(void)
{
	assert_at_rest(d.mm);
	mm_exit(d.mm);
	pud_device_close(&d);
}

static vm_fault_t touch(unsigned long addr, bool write)
{
	return do_user_addr_fault(d.mm, addr, write ? FAULT_FLAG_WRITE : 0);
}

static long file_pages(struct mm_struct *mm)
{
	return mm_counter_sum(&mm->pt, MM_FILEPAGES);
}

/* ---- faults ---- */

/* Rows: A3, L7. */
static void one_leaf_maps_a_whole_folio(void **state)
{
	uint64_t set = events_total(EV_PUD_INSERT);

	(void)state;
	needs_thp();
	open_device(RW);
	assert_int_equal(sys_mmap_device(d.mm, PLACE + 2 * PUD_SIZE, PUD_SIZE, RW, MAP_PRIVATE, d.file, d.frames.first),
			 -EINVAL);
	assert_int_equal(touch(MIDDLE, false), 0);
	assert_true(has_pud_leaf(d.mm) && pud_write(pud_at(d.mm, PLACE)));
	assert_int_equal(pud_pfn(pud_at(d.mm, PLACE)), d.frames.first);
	assert_int_equal(folio_entire_mapcount(d.folio), 1);
	assert_true(folio_mapcount(d.folio) == 1 && folio_ref_count(d.folio) == 2);
	assert_int_equal(page_mapcount(d.pages + NTH), 0);
	assert_int_equal(file_pages(d.mm), (long)HPAGE_PUD_NR);
	assert_int_equal(touch(PLACE, true), 0);
	assert_int_equal(events_total(EV_PUD_INSERT) - set, 1);
	close_all();
}

/* Where the folio does not fit, its pages are mapped one by one. */
/* Rows: A3, L7. */
static void a_part_is_mapped_by_small_entries(void **state)
{
	(void)state;
	needs_thp();
	open_device(RW);
	assert_int_equal(sys_munmap(d.mm, PLACE + PUD_SIZE - PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(touch(MIDDLE, true), 0);
	assert_false(has_pud_leaf(d.mm));
	assert_int_equal(pte_pfn(tree_pte(d.mm, MIDDLE)), d.frames.first + NTH);
	assert_true(page_mapcount(d.pages + NTH) == 1 && folio_entire_mapcount(d.folio) == 0);
	assert_int_equal(touch(PLACE + PUD_SIZE - PAGE_SIZE, false), VM_FAULT_SIGSEGV | VM_FAULT_BADMAP);
	close_all();
}

/* ---- what finds its pages ---- */

/* Row: W12. */
static void a_page_is_found_at_its_level(void **state)
{
	struct folio_walk fw;
	struct vm_area_struct *vma;

	(void)state;
	needs_thp();
	open_device(RW);
	touch(PLACE, false);
	mmap_read_lock(d.mm);
	vma = vma_lookup(d.mm, MIDDLE);
	assert_ptr_equal(folio_walk_start(&fw, vma, MIDDLE, 0), d.folio);
	assert_true(fw.level == LEVEL_PUD && fw.page == d.pages + NTH);
	assert_ptr_equal(fw.ptl, &d.mm->pt.page_table_lock);
	folio_walk_end(&fw, vma);
	mmap_read_unlock(d.mm);
	assert_true(has_pud_leaf(d.mm));
	close_all();
}

/* Row: L6. */
static void gup_fast_takes_its_pages(void **state)
{
	uint64_t leaves = events_total(EV_GUP_LEAF);
	struct page *pages[5];

	(void)state;
	needs_thp();
	open_device(RW);
	assert_int_equal(get_user_pages_fast(d.mm, MIDDLE, 5, FOLL_FAST_ONLY, pages), 0);
	touch(PLACE, false);
	assert_int_equal(get_user_pages_fast(d.mm, MIDDLE, 5, FOLL_WRITE | FOLL_FAST_ONLY, pages), 5);
	for (unsigned long i = 0; i < 5; i++) {
		assert_ptr_equal(pages[i], d.pages + NTH + i);
		put_page(pages[i]);
	}
	/* No further than the leaf. */
	assert_int_equal(pin_user_pages_fast(d.mm, PLACE + PUD_SIZE - FEW, 5, FOLL_FAST_ONLY, pages), 3);
	assert_ptr_equal(pages[2], d.pages + HPAGE_PUD_NR - 1);
	assert_true(d.pages->_pincount == 3 && folio_ref_count(d.folio) == 5);
	unpin_user_pages(pages, 3);
	assert_int_equal(events_total(EV_GUP_LEAF) - leaves, 2);
	close_all();
}

/* Those are left to the slow path, which knows the VMA. */
/* Row: L6. */
static void long_pins_take_its_pages(void **state)
{
	struct page *page;

	(void)state;
	needs_thp();
	open_device(RW);
	touch(PLACE, false);
	for (unsigned int flags = FOLL_LONGTERM; flags; flags = flags & FOLL_WRITE ? 0 : flags | FOLL_WRITE) {
		assert_int_equal(pin_user_pages_fast(d.mm, MIDDLE, 1, flags | FOLL_FAST_ONLY, &page), 0);
		assert_int_equal(pin_user_pages_fast(d.mm, MIDDLE, 1, flags, &page), 1);
		assert_ptr_equal(page, d.pages + NTH);
		unpin_user_page(page);
	}
	assert_true(has_pud_leaf(d.mm) && !d.pages->_pincount);
	close_all();
}

/* Row: L6. */
static void a_read_only_leaf_is_not_pinned_for_writing(void **state)
{
	struct page *page;

	(void)state;
	needs_thp();
	open_device(PROT_READ);
	touch(PLACE, false);
	assert_true(has_pud_leaf(d.mm) && !pud_write(pud_at(d.mm, PLACE)));
	assert_int_equal(pin_user_pages_fast(d.mm, MIDDLE, 1, FOLL_WRITE | FOLL_FAST_ONLY, &page), 0);
	assert_int_equal(pin_user_pages_fast(d.mm, MIDDLE, 1, FOLL_WRITE, &page), -EFAULT);
	assert_int_equal(pin_user_pages_fast(d.mm, MIDDLE, 1, FOLL_FAST_ONLY, &page), 1);
	unpin_user_page(page);
	close_all();
}

static void drop_all(void *unused)
{
	(void)unused;
	BUG_ON(sys_munmap(d.mm, PLACE, PUD_SIZE));
	frame_drain_cpu();
}

/* Before the pages are pinned, and after. */
/* Row: L6. */
static void gup_fast_backs_off_from_an_unmapped_leaf(void **state)
{
	static const char *const points[] = { "gup.read_leaf", "gup.pinned_leaf" };
	struct page *pages[2];

	(void)state;
	needs_thp();
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		open_device(RW);
		touch(PLACE, false);
		meanwhile(points[i], drop_all, NULL);
		assert_int_equal(pin_user_pages_fast(d.mm, MIDDLE, 2, FOLL_FAST_ONLY, pages), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_true(!d.pages->_pincount && folio_ref_count(d.folio) == 1);
		close_all();
	}
}

/* ---- snapshots ---- */

/* Rows: H1, H2, H4. */
static void a_snapshot_says_device_and_order(void **state)
{
	const hmm_pfn_t flags = HMM_PFN_READ | HMM_PFN_WRITE | HMM_PFN_DEVICE | hmm_pfn_flags_order(HPAGE_PUD_ORDER);
	struct hmm_mirror mirror;
	char why[256] = "";
	hmm_pfn_t pfns[3];

	(void)state;
	needs_thp();
	open_device(RW);
	touch(PLACE, false);
	assert_int_equal(hmm_mirror_create(&mirror, d.mm, MIDDLE, MIDDLE + FEW), 0);
	mmap_read_lock(d.mm);
	assert_int_equal(hmm_vma_get_pfns(vma_lookup(d.mm, PLACE), MIDDLE, MIDDLE + FEW, pfns), 0);
	mmap_read_unlock(d.mm);
	for (unsigned long i = 0; i < 3; i++) {
		assert_int_equal(pfns[i], hmm_pfn_from_pfn(d.frames.first + NTH + i) | flags);
		assert_int_equal(hmm_pfn_to_map_order(pfns[i]), HPAGE_PUD_ORDER);
		assert_ptr_equal(hmm_pfn_to_page(pfns[i]), d.pages + NTH + i);
	}
	hmm_mirror_fill(&mirror, MIDDLE, MIDDLE + FEW);
	assert_int_equal(oracle_mirror(&mirror, MIDDLE, MIDDLE + FEW, why, sizeof(why)), 3);
	/* Another part of the leaf: all of it is unmapped. */
	assert_int_equal(sys_munmap(d.mm, PLACE, PAGE_SIZE), 0);
	assert_int_equal(*hmm_mirror_entry(&mirror, MIDDLE), 0);
	assert_int_equal(oracle_mirror(&mirror, MIDDLE, MIDDLE + FEW, why, sizeof(why)), 0);
	/* Mapped by a small entry, which does not say whose it is. */
	assert_int_equal(touch(MIDDLE, true), 0);
	hmm_mirror_fill(&mirror, MIDDLE, MIDDLE + FEW);
	assert_int_equal(*hmm_mirror_entry(&mirror, MIDDLE),
			 hmm_pfn_from_pfn(d.frames.first + NTH) | HMM_PFN_READ | HMM_PFN_WRITE);
	hmm_mirror_destroy(&mirror);
	close_all();
}

/* ---- what unmaps it ---- */

static long unmap(void)
{
	return sys_munmap(d.mm, MIDDLE, PAGE_SIZE);
}

static long protect(void)
{
	return sys_mprotect(d.mm, MIDDLE, PAGE_SIZE, PROT_READ);
}

static long move(void)
{
	return sys_mremap(d.mm, MIDDLE, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, 5 * PGDIR_SIZE) < 0;
}

static int see(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)ptep, (void)addr, (void)next, (void)walk;
	return 0;
}

static long walk(void)
{
	static const struct mm_walk_ops ops = { .pte_entry = see };
	long err;

	mmap_read_lock(d.mm);
	err = walk_page_range(d.mm, MIDDLE, MIDDLE + PAGE_SIZE, &ops, NULL);
	mmap_read_unlock(d.mm);
	return err;
}

static long unmap_by_file(void)
{
	unmap_mapping_range(&d.file->mapping, d.frames.first + NTH, 1, true);
	return 0;
}

static long unmap_all_by_file(void)
{
	unmap_mapping_range(&d.file->mapping, d.frames.first, HPAGE_PUD_NR, true);
	return 0;
}

static long unmap_all(void)
{
	return sys_munmap(d.mm, PLACE, PUD_SIZE);
}

/* Rows: A3, W11. */
static void what_changes_a_part_unmaps_it(void **state)
{
	static long (*const change[])(void) = {
		unmap, protect, move, walk, unmap_by_file, unmap_all_by_file, unmap_all,
	};

	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(change); i++) {
		open_device(RW);
		touch(PLACE, false);
		assert_true(has_pud_leaf(d.mm));
		assert_int_equal(change[i](), 0);
		assert_true(!has_pud_leaf(d.mm) && !folio_mapped(d.folio) && !file_pages(d.mm));
		assert_int_equal(folio_ref_count(d.folio), 1);
		touch(PLACE, true);
		assert_int_equal(has_pud_leaf(d.mm),
				 change[i] == walk || change[i] == unmap_by_file || change[i] == unmap_all_by_file);
		close_all();
	}
}

/* Row: A5. */
static void a_child_maps_it_by_a_fault(void **state)
{
	struct mm_struct *child;

	(void)state;
	needs_thp();
	open_device(RW);
	touch(PLACE, false);
	assert_false(folio_maybe_mapped_shared(d.folio));
	assert_int_equal(sys_fork(d.mm, &child), 0);
	assert_true(has_pud_leaf(d.mm) && !has_pud_leaf(child));
	assert_int_equal(do_user_addr_fault(child, MIDDLE, FAULT_FLAG_WRITE), 0);
	assert_true(has_pud_leaf(child) && folio_entire_mapcount(d.folio) == 2);
	assert_true(folio_maybe_mapped_shared(d.folio));
	assert_at_rest(d.mm, child);
	mm_exit(child);
	assert_false(folio_maybe_mapped_shared(d.folio));
	close_all();
}

/* ---- races ---- */

static void touch_too(void *unused)
{
	(void)unused;
	BUG_ON(touch(MIDDLE, true));
	frame_drain_cpu();
}

/* Row: L7. */
static void of_two_faults_one_sets_the_leaf(void **state)
{
	uint64_t raced = events_total(EV_PUD_FAULT_RACED);

	(void)state;
	needs_thp();
	needs_checks();
	open_device(RW);
	meanwhile("pud_insert.before_lock", touch_too, NULL);
	assert_int_equal(touch(PLACE, false), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(events_total(EV_PUD_FAULT_RACED) - raced, 1);
	assert_true(folio_mapcount(d.folio) == 1 && folio_ref_count(d.folio) == 2);
	close_all();
}

static bool no_leaf_now;

static vm_fault_t sometimes(struct vm_fault *vmf, unsigned int order)
{
	return no_leaf_now ? VM_FAULT_FALLBACK : dax_device.huge_fault(vmf, order);
}

static void set_the_leaf(void *unused)
{
	no_leaf_now = false;
	touch_too(unused);
}

/* Row: L7. */
static void a_fault_finds_a_leaf_where_it_makes_a_table(void **state)
{
	struct vm_operations_struct ops = dax_device;

	(void)state;
	needs_thp();
	needs_checks();
	ops.huge_fault = sometimes;
	pud_device_open(&d, &ops, RW);
	no_leaf_now = true;
	meanwhile("pud_fault.before_table", set_the_leaf, NULL);
	assert_int_equal(touch(PLACE, true), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(has_pud_leaf(d.mm));
	close_all();
}

/* ---- counts ---- */

/* Row: A4. */
static void smaller_folios_are_not_counted_at_this_level(void **state)
{
	struct vm_area_struct *vma;
	struct page *small;

	(void)state;
	needs_thp();
	open_device(RW);
	small = alloc_driver_pages(2);
	assert_non_null(small);
	mmap_read_lock(d.mm);
	vma = vma_lookup(d.mm, PLACE);
	assert_dies("order", folio_add_file_rmap_pud(page_folio(small), small, vma));
	assert_dies("folio_page_idx", folio_add_file_rmap_pud(d.folio, d.pages + HPAGE_PMD_NR, vma));
	assert_dies("order", folio_add_file_rmap_pmd(page_folio(small), small, vma));
	mmap_read_unlock(d.mm);
	put_page(small);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_leaf_maps_a_whole_folio, up, world_down),
		cmocka_unit_test_setup_teardown(a_part_is_mapped_by_small_entries, up, world_down),
		cmocka_unit_test_setup_teardown(a_page_is_found_at_its_level, up, world_down),
		cmocka_unit_test_setup_teardown(gup_fast_takes_its_pages, up, world_down),
		cmocka_unit_test_setup_teardown(long_pins_take_its_pages, up, world_down),
		cmocka_unit_test_setup_teardown(a_read_only_leaf_is_not_pinned_for_writing, up, world_down),
		cmocka_unit_test_setup_teardown(gup_fast_backs_off_from_an_unmapped_leaf, up, world_down),
		cmocka_unit_test_setup_teardown(a_snapshot_says_device_and_order, up, world_down),
		cmocka_unit_test_setup_teardown(what_changes_a_part_unmaps_it, up, world_down),
		cmocka_unit_test_setup_teardown(a_child_maps_it_by_a_fault, up, world_down),
		cmocka_unit_test_setup_teardown(of_two_faults_one_sets_the_leaf, up, world_down),
		cmocka_unit_test_setup_teardown(a_fault_finds_a_leaf_where_it_makes_a_table, up, world_down),
		cmocka_unit_test_setup_teardown(smaller_folios_are_not_counted_at_this_level, up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
