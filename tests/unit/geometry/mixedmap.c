/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mixedmap: drivers map their pages, counted, and raw frames beside them; accesses and writes noted (rows P2 to P4). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/rmap.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/mkclean.h"
#include "core/op/protect.h"
#include "core/op/vm_fault.h"
#include "core/phys/page_flags.h"
#include "tests/lib/scene/device_scene.h"

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

/* ---- VM_MIXEDMAP ---- */

/* Rows: P2, P3. */
static void a_page_of_a_driver_is_counted_as_a_files(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct device d = { .mm = world_mm(policies[p]) };
		struct page *pages = driver_pages(&d), *got;
		struct mm_struct *child;

		assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
		assert_int_equal(do_user_addr_fault(d.mm, AT + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
		assert_true(!pte_special(entry(&d, 1)) && pte_write(entry(&d, 1)));
		assert_ptr_equal(vm_normal_page(vma_at(d.mm, AT), AT + PAGE_SIZE, entry(&d, 1)), &pages[1]);
		assert_int_equal(page_ref_count(pages), 2);
		assert_int_equal(page_mapcount(&pages[1]), 1);
		assert_int_equal(mm_counter_sum(&d.mm->pt, MM_FILEPAGES), 1);
		assert_int_equal(sys_fork(d.mm, &child), 0);
		assert_int_equal(page_mapcount(&pages[1]), 2);
		assert_at_rest(d.mm, child);
		mm_exit(child);
		assert_int_equal(get_user_pages_fast(d.mm, AT + PAGE_SIZE, 1, FOLL_WRITE, &got), 1);
		assert_ptr_equal(got, &pages[1]);
		put_page(got);
		assert_int_equal(pin_user_pages_fast(d.mm, AT, 1, FOLL_WRITE | FOLL_LONGTERM, &got), 1);
		assert_ptr_equal(got, &pages[0]);
		unpin_user_page(got);
		assert_int_equal(sys_madvise(d.mm, AT, BYTES, MADV_DONTNEED), 0);
		assert_int_equal(page_ref_count(pages), 1);
		assert_int_equal(mm_counter_sum(&d.mm->pt, MM_FILEPAGES), 0);
		close_device(&d);
		assert_int_equal(page_ref_count(pages), 1);
		put_page(pages);
	}
}

/* Row: P4. */
static void a_private_write_copies_a_page_of_a_driver(void **state)
{
	struct device d = { .mm = world_mm("linux-6.15") };
	struct page *pages = driver_pages(&d), *got;

	(void)state;
	assert_int_equal(map(&d, AT, RW, MAP_PRIVATE), AT);
	assert_int_equal(do_user_addr_fault(d.mm, AT, 0), 0);
	assert_true(pte_page(entry(&d, 0)) == &pages[0] && !pte_write(entry(&d, 0)));
	assert_int_equal(do_user_addr_fault(d.mm, AT, FAULT_FLAG_WRITE), 0);
	assert_int_equal(do_user_addr_fault(d.mm, AT + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_true(payload_is(pte_page(entry(&d, 1)), 0x21) && pte_write(entry(&d, 1)));
	assert_int_equal(mm_counter_sum(&d.mm->pt, MM_ANONPAGES), 2);
	assert_int_equal(mm_counter_sum(&d.mm->pt, MM_FILEPAGES), 0);
	assert_int_equal(page_ref_count(pages), 1);
	/* A long-term pin for reading gets a copy, too: later writes must be visible through it. */
	assert_int_equal(pin_user_pages_fast(d.mm, AT + 2 * PAGE_SIZE, 1, FOLL_LONGTERM, &got), 1);
	assert_ptr_not_equal(got, &pages[2]);
	unpin_user_page(got);
	close_device(&d);
	put_page(pages);
}

/* The same frames, raw: nothing is counted, whether they have struct pages or not. */
/* Rows: P2, P3, L6. */
static void raw_frames_of_mixed_mappings_are_not_counted(void **state)
{
	const unsigned long none = 0;

	(void)state;
	for (unsigned int kind = 0; kind < 2; kind++) {
		struct device d = { .mm = world_mm("linux-6.15") };
		struct page *got;

		if (kind == none)
			open_at(&d, &mixed_device, BEYOND);
		else
			open_raw(&d, &mixed_device);
		assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
		assert_int_equal(do_user_addr_fault(d.mm, AT, FAULT_FLAG_WRITE), 0);
		assert_true(pte_special(entry(&d, 0)) && pte_write(entry(&d, 0)));
		assert_null(vm_normal_page(vma_at(d.mm, AT), AT, entry(&d, 0)));
		assert_int_equal(get_user_pages_fast(d.mm, AT, 1, FOLL_WRITE, &got), -EFAULT);
		assert_int_equal(get_user_pages_fast(d.mm, AT, 1, FOLL_FAST_ONLY, &got), 0);
		assert_int_equal(pin_user_pages_unlocked(d.mm, AT + PAGE_SIZE, 1, 0, &got), -EFAULT);
		assert_int_equal(mm_counter_sum(&d.mm->pt, MM_FILEPAGES), 0);
		assert_int_equal(map(&d, AT + PUD_SIZE, RW, MAP_PRIVATE), AT + PUD_SIZE);
		assert_int_equal(do_user_addr_fault(d.mm, AT + PUD_SIZE, FAULT_FLAG_WRITE), 0);
		assert_true(payload_is(pte_page(tree_pte(d.mm, AT + PUD_SIZE)), kind == none ? 0 : 0x10));
		/* A private copy may be got for writing, the raw frame beside it not at all. */
		assert_int_equal(get_user_pages_fast(d.mm, AT + PUD_SIZE + PAGE_SIZE, 1, 0, &got), -EFAULT);
		assert_int_equal(get_user_pages_fast(d.mm, AT + PUD_SIZE + PAGE_SIZE, 1, FOLL_WRITE, &got), 1);
		put_page(got);
		assert_int_equal(mm_counter_sum(&d.mm->pt, MM_ANONPAGES), 2);
		close_device(&d);
	}
}

/* Pages inserted when the VMA is made; errors of a driver's calls. */
static int insert_first(struct file *file, struct vm_area_struct *vma)
{
	const struct device_frames *frames = file->private_data;

	return vm_insert_page(vma, vma->vm_start, pfn_to_page(frames->first));
}

/* Row: P2. */
static void vm_insert_page_marks_the_vma(void **state)
{
	static const struct vm_operations_struct ops = { .mmap = insert_first };
	struct device d = { .mm = world_mm("linux-6.15") };
	struct page *pages = driver_pages(&d), *anon = alloc_page(PAGE_USED);
	struct vm_area_struct *vma;

	(void)state;
	file_put(d.file);
	open_at(&d, &ops, page_to_pfn(pages));
	assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
	vma = vma_at(d.mm, AT);
	assert_int_equal(vma->vm_flags, VM_READ | VM_WRITE | VM_SHARED | VM_DONTEXPAND | VM_MIXEDMAP);
	mmap_read_lock(d.mm);
	assert_int_equal(vm_insert_page(vma, AT, &pages[1]), -EBUSY);
	assert_int_equal(vm_insert_page(vma, AT + BYTES, &pages[1]), -EFAULT);
	assert_int_equal(vm_insert_page(vma, AT + PAGE_SIZE, anon), -EINVAL);
	assert_int_equal(vm_insert_pfn(vma, AT, BEYOND), -EBUSY);
	assert_int_equal(vm_insert_pfn(vma, AT + BYTES, BEYOND), -EFAULT);
	assert_int_equal(vm_insert_pfn(vma, AT + PAGE_SIZE, -1ul), -EINVAL);
	assert_int_equal(vmf_insert_mixed(vma, AT + PAGE_SIZE, page_to_pfn(zero_page)), VM_FAULT_SIGBUS);
	assert_int_equal(vmf_insert_mixed(vma, AT, BEYOND), VM_FAULT_NOPAGE);
	assert_ptr_equal(pte_page(entry(&d, 0)), &pages[0]);
	mmap_read_unlock(d.mm);
	free_page(anon);
	close_device(&d);
	put_page(pages);
}

/* ---- drivers that keep count of writes ---- */

static unsigned int asked;

static vm_fault_t ask(struct vm_fault *vmf)
{
	asked++;
	if (linear_page_index(vmf->vma, vmf->addr) == BEYOND + 2)
		return VM_FAULT_SIGBUS;
	if (linear_page_index(vmf->vma, vmf->addr) == BEYOND + 3)
		return vmf_insert_mixed_mkwrite(vmf->vma, vmf->addr, BEYOND + 3);
	return 0;
}

/* Rows: P3, A9. */
static void a_driver_may_keep_count_of_writes(void **state)
{
	struct vm_operations_struct ops = mixed_device;
	struct device d = { .mm = world_mm("linux-6.15") };

	(void)state;
	ops.pfn_mkwrite = ask;
	asked = 0;
	open_at(&d, &ops, BEYOND);
	assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
	assert_int_equal(do_user_addr_fault(d.mm, AT, 0), 0);
	assert_false(pte_write(entry(&d, 0)));
	assert_int_equal(asked, 0);
	assert_int_equal(do_user_addr_fault(d.mm, AT, FAULT_FLAG_WRITE), 0);
	assert_int_equal(do_user_addr_fault(d.mm, AT + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(do_user_addr_fault(d.mm, AT + 2 * PAGE_SIZE, FAULT_FLAG_WRITE), VM_FAULT_SIGBUS);
	assert_int_equal(do_user_addr_fault(d.mm, AT + 3 * PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(asked, 4);
	for (unsigned long i = 0; i < 4; i++)
		assert_int_equal(pte_write(entry(&d, i)) && pte_dirty(entry(&d, i)), i != 2);
	/* The driver stores what was written, and wants to know of the next write: the entries are raw. */
	assert_int_equal(mapping_wrprotect_range(&d.file->mapping, BEYOND, BEYOND, PAGES), 3);
	assert_false(pte_write(entry(&d, 0)) || pte_dirty(entry(&d, 1)));
	assert_int_equal(sys_mprotect(d.mm, AT, BYTES, PROT_READ), 0);
	assert_int_equal(sys_mprotect(d.mm, AT, BYTES, RW), 0);
	assert_false(pte_write(entry(&d, 0)));
	assert_int_equal(do_user_addr_fault(d.mm, AT, FAULT_FLAG_WRITE), 0);
	assert_int_equal(asked, 5);
	/* Dirty: the driver knows. */
	assert_int_equal(sys_mprotect(d.mm, AT, BYTES, PROT_READ), 0);
	assert_int_equal(sys_mprotect(d.mm, AT, BYTES, RW), 0);
	assert_true(pte_write(entry(&d, 0)));
	close_device(&d);
}

/* ---- FOLL_TOUCH ---- */

static void forget(struct folio *folio)
{
	fetch_and_relaxed(&folio->page.flags, ~(PG_REFERENCED | PG_DIRTY));
}

/* Row: L6. */
static void a_page_that_gup_returns_is_accessed_and_dirty(void **state)
{
	struct device d = { .mm = world_mm("linux-6.15") };
	struct page *pages = driver_pages(&d), *got;
	struct folio *folio = page_folio(pages);

	(void)state;
	assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
	assert_int_equal(get_user_pages_unlocked(d.mm, AT, 1, 0, &got), 1);
	assert_int_equal(load_relaxed(&folio->page.flags) & (PG_REFERENCED | PG_DIRTY), PG_REFERENCED);
	put_page(got);
	forget(folio);
	assert_int_equal(get_user_pages_unlocked(d.mm, AT, 1, FOLL_WRITE, &got), 1);
	assert_int_equal(load_relaxed(&folio->page.flags) & (PG_REFERENCED | PG_DIRTY), PG_REFERENCED | PG_DIRTY);
	put_page(got);
	forget(folio);
	/* Without a lock nothing is marked dirty: the caller does that when it has written. */
	assert_int_equal(get_user_pages_fast(d.mm, AT, 1, FOLL_WRITE | FOLL_FAST_ONLY, &got), 1);
	assert_int_equal(load_relaxed(&folio->page.flags) & (PG_REFERENCED | PG_DIRTY), PG_REFERENCED);
	put_page(got);
	close_device(&d);
	put_page(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_page_of_a_driver_is_counted_as_a_files, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(a_private_write_copies_a_page_of_a_driver, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(raw_frames_of_mixed_mappings_are_not_counted, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(vm_insert_page_marks_the_vma, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_driver_may_keep_count_of_writes, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_page_that_gup_returns_is_accessed_and_dirty, world_up_with_words,
						world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
