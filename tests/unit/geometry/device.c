/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device: drivers map raw frames, in shared and private mappings of their files (rows P1 and P3). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/mremap.h"
#include "core/op/protect.h"
#include "core/op/truncate.h"
#include "tests/lib/scene/device_scene.h"

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

/* ---- remap_pfn_range() ---- */

/* Row: P1. */
static void p1_shared_entries_write_to_the_frames(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct device d = { .mm = world_mm(policies[p]) };
		struct mm_struct *child;

		open_raw(&d, &mem_device);
		assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
		assert_int_equal(vma_at(d.mm, AT)->vm_flags, VM_READ | VM_WRITE | VM_SHARED | VM_DONTEXPAND | VM_IO |
								   VM_RESERVED | VM_DONTDUMP | VM_PFNMAP);
		for (unsigned long i = 0; i < PAGES; i++) {
			assert_int_equal(pte_pfn(entry(&d, i)), d.frames.first + i);
			assert_true(pte_special(entry(&d, i)) && pte_write(entry(&d, i)));
			assert_null(vm_normal_page(vma_at(d.mm, AT), AT + i * PAGE_SIZE, entry(&d, i)));
		}
		assert_int_equal(do_user_addr_fault(d.mm, AT, FAULT_FLAG_WRITE), 0);
		assert_int_equal(pte_pfn(entry(&d, 0)), d.frames.first);
		assert_int_equal(mm_counter_sum(&d.mm->pt, MM_ANONPAGES), 0);
		/* A child's entries are of the same frames, and writable too. */
		assert_int_equal(sys_fork(d.mm, &child), 0);
		assert_true(pte_write(tree_pte(child, AT)) && pte_write(entry(&d, 0)));
		assert_at_rest(d.mm, child);
		mm_exit(child);
		/* Rights come and go with the VMA. */
		assert_int_equal(sys_mprotect(d.mm, AT, BYTES, PROT_READ), 0);
		assert_false(pte_write(entry(&d, 1)));
		assert_int_equal(do_user_addr_fault(d.mm, AT, FAULT_FLAG_WRITE), VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
		assert_int_equal(sys_mprotect(d.mm, AT, BYTES, RW), 0);
		assert_true(pte_write(entry(&d, 1)));
		close_device(&d);
	}
}

static int map_two_parts(struct file *file, struct vm_area_struct *vma)
{
	const struct device_frames *frames = file->private_data;
	unsigned long part = 2 * PAGE_SIZE;
	int err = remap_pfn_range(vma, vma->vm_start + PAGE_SIZE, frames->first + 5, part);

	return err ? err : remap_pfn_range(vma, vma->vm_end - part, frames->first + 2, part);
}

/* A driver without faults: what it does not map is not there. */
/* Row: P1. */
static void p1_a_part_is_mapped_in_shared_mappings_only(void **state)
{
	static const struct vm_operations_struct ops = { .mmap = map_two_parts };
	struct device d = { .mm = world_mm("linux-6.15") };

	(void)state;
	open_raw(&d, &ops);
	assert_int_equal(map(&d, AT, RW, MAP_PRIVATE), -EINVAL);
	assert_int_equal(d.mm->map_count, 0);
	assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
	assert_int_equal(vma_at(d.mm, AT)->vm_pgoff, d.frames.first);
	assert_true(pte_none(entry(&d, 0)) && pte_none(entry(&d, 3)));
	assert_int_equal(pte_pfn(entry(&d, 1)), d.frames.first + 5);
	assert_int_equal(pte_pfn(entry(&d, 2)), d.frames.first + 6);
	assert_int_equal(pte_pfn(entry(&d, PAGES - 1)), d.frames.first + 3);
	assert_at_rest(d.mm);
	assert_int_equal(do_user_addr_fault(d.mm, AT, 0), VM_FAULT_SIGBUS);
	assert_int_equal(do_user_addr_fault(d.mm, AT + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(sys_mprotect(d.mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	close_device(&d);
}

/* Row: P1. */
static void p1_a_private_mapping_has_its_place_by_its_first_frame(void **state)
{
	struct device d = { .mm = world_mm("linux-6.15") };

	(void)state;
	open_raw(&d, &mem_device);
	assert_int_equal(map(&d, AT, RW, MAP_PRIVATE), AT);
	assert_int_equal(vma_at(d.mm, AT)->vm_pgoff, d.frames.first);
	assert_false(pte_write(entry(&d, 2)));
	assert_int_equal(do_user_addr_fault(d.mm, AT + 2 * PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_true(payload_is(pte_page(entry(&d, 2)), 0x12));
	assert_int_equal(mm_counter_sum(&d.mm->pt, MM_ANONPAGES), 1);
	assert_at_rest(d.mm);
	assert_int_equal(sys_mmap_device(d.mm, AT + 64 * PAGE_SIZE, BYTES, RW, MAP_PRIVATE, d.file, d.frames.first + 1),
			 -EINVAL);
	assert_int_equal(sys_mmap_device(d.mm, AT, 0, RW, MAP_PRIVATE, d.file, 0), -EINVAL);
	assert_int_equal(sys_mmap_device(d.mm, AT, BYTES, RW, MAP_PRIVATE, d.file, -1ul), -EOVERFLOW);
	assert_int_equal(sys_ftruncate(d.file, 0), -EINVAL);
	close_device(&d);
}

/* ---- faults ---- */

/* Rows: P1, P3, L7. */
static void a_fault_maps_one_frame(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct device d = { .mm = world_mm(policies[p]) };
		uint64_t inserted = events_total(EV_VM_INSERT_PFN);
		struct page *page;

		open_at(&d, &pfn_device, BEYOND);
		assert_int_equal(map(&d, AT, RW, MAP_PRIVATE), -EINVAL);
		assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
		assert_int_equal(do_user_addr_fault(d.mm, AT, 0), 0);
		assert_int_equal(do_user_addr_fault(d.mm, AT + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
		assert_int_equal(events_total(EV_VM_INSERT_PFN) - inserted, 2);
		assert_int_equal(pte_pfn(entry(&d, 1)), BEYOND + 1);
		assert_true(pte_special(entry(&d, 0)) && pte_write(entry(&d, 0)) && pte_none(entry(&d, 2)));
		assert_int_equal(get_user_pages_fast(d.mm, AT, 1, 0, &page), -EFAULT);
		assert_int_equal(sys_madvise(d.mm, AT, BYTES, MADV_DONTNEED), -EINVAL);
		assert_int_equal(sys_mremap(d.mm, AT, BYTES, BYTES + PAGE_SIZE, MREMAP_MAYMOVE, 0), -EFAULT);
		/* A mapping of more than the device has. */
		assert_int_equal(sys_mmap_device(d.mm, AT + BYTES, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, d.file,
						 BEYOND + PAGES),
				 AT + BYTES);
		assert_int_equal(do_user_addr_fault(d.mm, AT + BYTES, 0), VM_FAULT_SIGBUS);
		assert_int_equal(d.mm->map_count, 2);
		close_device(&d);
	}
}

/* Row: P3. */
static void zap_vma_ptes_unmaps_raw_mappings_only(void **state)
{
	struct device d = { .mm = world_mm("linux-6.15") };
	struct vm_area_struct *vma;

	(void)state;
	open_at(&d, &pfn_device, BEYOND);
	assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
	vma = vma_at(d.mm, AT);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_int_equal(do_user_addr_fault(d.mm, AT + i * PAGE_SIZE, 0), 0);
	mmap_read_lock(d.mm);
	zap_vma_ptes(vma, AT + PAGE_SIZE, 2 * PAGE_SIZE);
	zap_vma_ptes(vma, AT + PAGE_SIZE, BYTES);	/* not in the VMA as a whole */
	mmap_read_unlock(d.mm);
	assert_true(!pte_none(entry(&d, 0)) && pte_none(entry(&d, 1)) && pte_none(entry(&d, 2)) &&
		    !pte_none(entry(&d, 3)));
	assert_int_equal(do_user_addr_fault(d.mm, AT + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(pte_pfn(entry(&d, 1)), BEYOND + 1);
	close_device(&d);
}

/* ---- unmapping by file ---- */

/* Row: P3. */
static void unmap_by_file_finds_raw_entries_and_keeps_copies(void **state)
{
	struct device d = { .mm = world_mm("linux-6.15") };
	const unsigned long private = AT + PUD_SIZE;
	struct mm_struct *child;

	(void)state;
	open_raw(&d, &mem_device);
	assert_int_equal(map(&d, AT, RW, MAP_SHARED), AT);
	assert_int_equal(map(&d, private, RW, MAP_PRIVATE), private);
	assert_int_equal(do_user_addr_fault(d.mm, private + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(sys_fork(d.mm, &child), 0);
	unmap_mapping_range(&d.file->mapping, d.frames.first, 2, false);
	assert_true(pte_none(entry(&d, 0)) && pte_none(entry(&d, 1)) && !pte_none(entry(&d, 2)));
	assert_true(pte_none(tree_pte(child, AT)) && pte_none(tree_pte(child, private)));
	assert_true(!pte_none(tree_pte(d.mm, private + PAGE_SIZE)) && !pte_none(tree_pte(child, private + PAGE_SIZE)));
	assert_int_equal(do_user_addr_fault(d.mm, AT, 0), VM_FAULT_SIGBUS);
	assert_int_equal(do_user_addr_fault(d.mm, private, FAULT_FLAG_WRITE), VM_FAULT_SIGBUS);
	unmap_mapping_range(&d.file->mapping, d.frames.first, PAGES, true);
	assert_true(pte_none(tree_pte(d.mm, private + PAGE_SIZE)) && pte_none(tree_pte(child, private + PAGE_SIZE)));
	assert_true(pte_none(entry(&d, PAGES - 1)));
	assert_int_equal(mm_counter_sum(&d.mm->pt, MM_ANONPAGES), 0);
	assert_at_rest(d.mm, child);
	mm_exit(child);
	close_device(&d);
}

/* Row: P3. */
static void unmap_by_file_finds_pages_of_mixed_mappings(void **state)
{
	struct device d = { .mm = world_mm("linux-6.15") };
	struct page *pages = driver_pages(&d);

	(void)state;
	assert_int_equal(map(&d, AT, RW, MAP_PRIVATE), AT);
	assert_int_equal(do_user_addr_fault(d.mm, AT, 0), 0);
	assert_int_equal(do_user_addr_fault(d.mm, AT + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	unmap_mapping_range(&d.file->mapping, d.frames.first, PAGES, false);
	assert_true(pte_none(entry(&d, 0)) && !pte_none(entry(&d, 1)));
	assert_int_equal(page_ref_count(pages), 1);
	unmap_mapping_range(&d.file->mapping, d.frames.first, PAGES, true);
	assert_true(pte_none(entry(&d, 1)));
	assert_int_equal(do_user_addr_fault(d.mm, AT + PAGE_SIZE, 0), 0);
	assert_ptr_equal(pte_page(entry(&d, 1)), &pages[1]);
	close_device(&d);
	put_page(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(p1_shared_entries_write_to_the_frames, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(p1_a_part_is_mapped_in_shared_mappings_only, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(p1_a_private_mapping_has_its_place_by_its_first_frame,
						world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_fault_maps_one_frame, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(zap_vma_ptes_unmaps_raw_mappings_only, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(unmap_by_file_finds_raw_entries_and_keeps_copies, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(unmap_by_file_finds_pages_of_mixed_mappings, world_up_with_words,
						world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
