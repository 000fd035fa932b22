/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfnmap: raw frames mapped, recognised, left alone, and copied on a private write (rows P1 to P4). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/anon_vma.h"
#include "core/mm/folio_walk.h"
#include "core/mm/rmap.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/migrate.h"
#include "core/op/mincore.h"
#include "core/op/move_pages.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/pfnmap.h"
#include "core/op/protect.h"
#include "core/oracle/at_rest.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/fault_scene.h"

#define ORDER	3
#define PAGES	(1ul << ORDER)
#define BYTES	(PAGES * PAGE_SIZE)
#define AT	(AREA + PMD_SIZE - 4 * PAGE_SIZE)	/* over two PTE tables */

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

/* Frames kept for a device, each full of its number. */
static struct page *device_frames(void)
{
	struct page *pages = alloc_raw_frames(ORDER);

	assert_non_null(pages);
	for (unsigned long i = 0; i < PAGES; i++)
		memset(page_payload(&pages[i]), (int)(0x10 + i), machine.payload);
	return pages;
}

/* As they were; gone. */
static void device_frames_untouched(struct page *pages)
{
	for (unsigned long i = 0; i < PAGES; i++) {
		assert_int_equal(page_ref_count(&pages[i]), !i);
		assert_int_equal(page_mapcount(&pages[i]), 0);
		assert_null(load_relaxed(&pages[i].mapping));
		assert_false(PageAnonExclusive(&pages[i]));
	}
	free_raw_frames(pages, ORDER);
}

static struct mm_struct *mm_with_frames(const char *policy, unsigned long pfn, int prot)
{
	struct mm_struct *mm = world_mm(policy);

	assert_int_equal(sys_mmap_pfn(mm, AT, BYTES, prot, MAP_PRIVATE | MAP_FIXED, pfn), AT);
	return mm;
}

static struct vm_area_struct *vma_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	mmap_read_unlock(mm);
	assert_non_null(vma);
	return vma;
}

/* Row: P1. */
static void p1_flags_first_frame_and_entries(void **state)
{
	struct page *pages = device_frames();

	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct mm_struct *mm = mm_with_frames(policies[p], page_to_pfn(pages), PROT_READ | PROT_WRITE);
		const struct vm_area_struct *vma = vma_at(mm, AT);

		assert_int_equal(vma->vm_flags, VM_READ | VM_WRITE | VM_ACCOUNT | VM_IO | VM_RESERVED | VM_DONTDUMP |
							VM_PFNMAP);
		assert_int_equal(vma->vm_pgoff, page_to_pfn(pages));
		for (unsigned long i = 0; i < PAGES; i++) {
			pte_t pte = tree_pte(mm, AT + i * PAGE_SIZE);

			assert_int_equal(pte_pfn(pte), page_to_pfn(pages) + i);
			assert_true(pte_present(pte) && pte_special(pte) && !pte_write(pte));
		}
		assert_at_rest(mm);
		mm_exit(mm);
	}
	device_frames_untouched(pages);
}

static void frames_that_are_refused(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned long beyond = machine.max_pfn, top = ENTRY_PFN_MASK >> PAGE_SHIFT;
	const int fixed = MAP_PRIVATE | MAP_FIXED;
	struct vm_area_struct *vma;

	(void)state;
	assert_int_equal(sys_mmap_pfn(mm, AT, BYTES, PROT_READ, fixed, top - PAGES + 2), -EINVAL);
	assert_int_equal(sys_mmap_pfn(mm, AT, BYTES, PROT_READ, fixed, -1ul), -EINVAL);
	assert_int_equal(sys_mmap_pfn(mm, AT, 0, PROT_READ, fixed, beyond), -EINVAL);
	assert_int_equal(sys_mmap_pfn(mm, AT, BYTES, PROT_READ, MAP_SHARED | MAP_FIXED, beyond), -EINVAL);
	assert_int_equal(sys_mmap_pfn(mm, AT + 1, BYTES, PROT_READ, fixed, beyond), -EINVAL);
	assert_int_equal(mm->map_count, 0);
	assert_int_equal(sys_mmap_pfn(mm, AT, BYTES, PROT_READ, fixed, top - PAGES + 1), AT);
	assert_int_equal(sys_munmap(mm, AT, BYTES), 0);
	/* A driver that maps less than its VMA. */
	assert_int_equal(sys_mmap(mm, AT, BYTES, PROT_READ, fixed | MAP_ANONYMOUS, 0), AT);
	mmap_write_lock(mm);
	vma = vma_lookup(mm, AT);
	vma_start_write(vma);
	assert_int_equal(remap_pfn_range(vma, AT, beyond, BYTES - PAGE_SIZE), -EINVAL);
	assert_int_equal(remap_pfn_range(vma, AT + PAGE_SIZE, beyond, BYTES - PAGE_SIZE), -EINVAL);
	assert_int_equal(remap_pfn_range(vma, AT, beyond, 0), -EINVAL);
	assert_int_equal(remap_pfn_range(vma, AT, beyond, BYTES + PAGE_SIZE), -EINVAL);
	assert_int_equal(remap_pfn_range(vma, AT, top, BYTES), -EINVAL);
	assert_int_equal(vma->vm_flags, VM_READ);
	assert_int_equal(remap_pfn_range(vma, AT, beyond, BYTES), 0);
	mmap_write_unlock(mm);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: P2. */
static void p2_what_is_a_normal_page(void **state)
{
	struct page *pages = device_frames(), *other = alloc_page(PAGE_USED);
	struct mm_struct *mm = mm_with_frames("linux-6.15", page_to_pfn(pages), PROT_READ);
	struct vm_area_struct *raw = vma_at(mm, AT), *plain;
	const uint64_t prot = ENTRY_PRESENT | ENTRY_ACCESSED;

	(void)state;
	assert_int_equal(sys_mmap(mm, AREA, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0), AREA);
	plain = vma_at(mm, AREA);
	for (unsigned long i = 0; i < PAGES; i++) {
		unsigned long addr = AT + i * PAGE_SIZE;

		assert_null(vm_normal_page(raw, addr, pte_mkspecial(mk_pte(&pages[i], prot))));
		/* Not special: a copy, even in the frame that it is a copy of. */
		assert_ptr_equal(vm_normal_page(raw, addr, mk_pte(&pages[i], prot)), &pages[i]);
		assert_ptr_equal(vm_normal_page(raw, addr, mk_pte(&pages[(i + 1) % PAGES], prot)),
				 &pages[(i + 1) % PAGES]);
		assert_ptr_equal(vm_normal_page(raw, addr, mk_pte(other, prot)), other);
	}
	assert_ptr_equal(vm_normal_page(plain, AREA, mk_pte(other, prot)), other);
	assert_ptr_equal(vm_normal_page(plain, AREA, mk_pte(pages, prot)), pages);
	assert_null(vm_normal_page(plain, AREA, pte_mkspecial(mk_pte(zero_page, prot))));
	assert_null(vm_normal_page(raw, AT, pte_mkspecial(mk_pte(zero_page, prot))));
	assert_int_equal(bad_ptes(NULL), 0);
	/* A private mapping has its frames in a row. */
	assert_null(vm_normal_page(raw, AT, pte_mkspecial(mk_pte(&pages[1], prot))));
	assert_int_equal(bad_ptes(NULL), 1);
	bad_ptes_reset();
	mm_exit(mm);
	free_page(other);
	device_frames_untouched(pages);
}

/*
 * Ordinary memory is mapped raw like any other. Its owner frees a frame that is still mapped: a copy may be allocated
 * in that very frame, and is a normal page from then on.
 */
/* Rows: P1, P2, P3. */
static void p2_a_copy_in_its_own_frame_is_normal(void **state)
{
	struct page *page = alloc_page(PAGE_USED);
	struct mm_struct *mm = world_mm("linux-6.15"), *child;
	unsigned long pfn = page_to_pfn(page);

	(void)state;
	assert_int_equal(sys_mmap_pfn(mm, AT, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, pfn), AT);
	assert_int_equal(page_ref_count(page), 1);
	assert_int_equal(page_mapcount(page), 0);
	/* Tables and an anon_vma come first, so that the frame freed last is allocated next. */
	assert_int_equal(do_user_addr_fault(mm, AT, 0), 0);
	free_page(page);
	assert_int_equal(do_user_addr_fault(mm, AT, FAULT_FLAG_WRITE), 0);
	assert_int_equal(pte_pfn(tree_pte(mm, AT)), pfn);
	assert_false(pte_special(tree_pte(mm, AT)));
	assert_ptr_equal(vm_normal_page(vma_at(mm, AT), AT, tree_pte(mm, AT)), page);
	assert_int_equal(page_mapcount(page), 1);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 1);
	assert_at_rest(mm);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(page_mapcount(page), 2);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Impossible entries: reported, counted, skipped by every operation. */
/* Row: P2. */
static void p2_bad_entries_are_reported_and_do_no_harm(void **state)
{
	const uint64_t bad = (machine.max_pfn + 5) << PAGE_SHIFT | ENTRY_PRESENT | ENTRY_ACCESSED;
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);
	struct bad_pte log[BAD_PTE_LOG];
	struct mm_struct *child;
	char why[256] = "";
	unsigned long before;

	(void)state;
	for (unsigned long i = 0; i < 24; i++) {
		assert_int_equal(do_write(&s, AREA + i * PAGE_SIZE), 0);
		assert_int_equal(sys_madvise(s.mm, AREA + i * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
		store_release(tree_entry(s.mm->pt.pgd, LEVEL_PTE, AREA + i * PAGE_SIZE), bad);
	}
	store_release(tree_entry(s.mm->pt.pgd, LEVEL_PTE, AREA), bad | ENTRY_SPECIAL);
	assert_false(oracle_at_rest(&s.mm, 1, why, sizeof(why)));
	assert_int_equal(bad_ptes(NULL), 0);
	assert_int_equal(sys_fork(s.mm, &child), 0);
	assert_int_equal(bad_ptes(log), 24);
	for (unsigned long i = 0; i < BAD_PTE_LOG; i++) {
		assert_int_equal(log[i].addr, AREA + i * PAGE_SIZE);
		assert_int_equal(log[i].val, i ? bad : bad | ENTRY_SPECIAL);
		assert_int_equal(log[i].vm_start, AREA);
	}
	assert_int_equal(events_total(EV_BAD_PTE) >= 24, 1);
	/* Read it leaves as it is; a write puts a page there, of zeroes since nothing can be copied. */
	assert_int_equal(do_read(&s, AREA + PAGE_SIZE), 0);
	assert_int_equal(do_write(&s, AREA + PAGE_SIZE), 0);
	assert_int_equal(page_type(page_at(&s, AREA + PAGE_SIZE)), PAGE_ANON);
	assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ), 0);
	assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ | PROT_WRITE), 0);
	before = bad_ptes(NULL);
	assert_int_equal(sys_munmap(s.mm, AREA, LEN), 0);
	assert_int_equal(bad_ptes(NULL), before + 23);
	mm_exit(child);
	assert_int_equal(sys_mmap(s.mm, AREA, LEN, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0), AREA);
	why[0] = '\0';
	assert_false(oracle_at_rest(&s.mm, 1, why, sizeof(why)));
	assert_non_null(strstr(why, "corrupt entries"));
	bad_ptes_reset();
	assert_at_rest(s.mm);
	mm_exit(s.mm);
}

/* No operation finds a page there: neither GUP, with locks or without, nor migration. */
static void a_raw_page_is_never_returned(struct mm_struct *mm)
{
	const unsigned long addr = AT;
	struct vm_area_struct *vma = vma_at(mm, AT);
	struct folio_walk fw;
	struct page *page;
	int status;

	assert_int_equal(get_user_pages_fast(mm, AT, 1, FOLL_FAST_ONLY, &page), 0);
	assert_int_equal(get_user_pages_fast(mm, AT, 1, 0, &page), -EFAULT);
	assert_int_equal(pin_user_pages_fast(mm, AT, 1, FOLL_LONGTERM, &page), -EFAULT);
	assert_int_equal(pin_user_pages_unlocked(mm, AT, 1, 0, &page), -EFAULT);
	mmap_read_lock(mm);
	assert_null(folio_walk_start(&fw, vma, AT, FW_ZEROPAGE | FW_MIGRATION));
	mmap_read_unlock(mm);
	assert_int_equal(sys_migrate_range(mm, AT, BYTES, 0), 0);
	assert_int_equal(sys_move_pages(mm, 1, &addr, NULL, &status, 0), 0);
	assert_int_equal(status, -EFAULT);
}

/* Fork, zap, reading, protection, mincore, walks, GUP: none of them counts or frees a raw page. */
/* Rows: L6, P3. */
static void p3_raw_pages_are_left_alone(void **state)
{
	struct page *pages = device_frames();

	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct mm_struct *mm = mm_with_frames(policies[p], page_to_pfn(pages), PROT_READ | PROT_WRITE), *child;
		unsigned char vec[PAGES];

		assert_int_equal(do_user_addr_fault(mm, AT, 0), 0);
		a_raw_page_is_never_returned(mm);
		assert_int_equal(sys_fork(mm, &child), 0);
		for (unsigned long i = 0; i < PAGES; i++)
			assert_int_equal(pte_pfn(tree_pte(child, AT + i * PAGE_SIZE)), page_to_pfn(pages) + i);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES) | mm_counter_sum(&child->pt, MM_ANONPAGES), 0);
		assert_at_rest(mm, child);
		mm_exit(child);
		assert_int_equal(sys_mprotect(mm, AT, BYTES, PROT_NONE), 0);
		assert_int_equal(sys_mprotect(mm, AT, BYTES, PROT_READ | PROT_WRITE), 0);
		assert_true(!pte_write(tree_pte(mm, AT)) && pte_special(tree_pte(mm, AT)));
		assert_int_equal(sys_mincore(mm, AT, BYTES, vec), 0);
		assert_int_equal(vec[0] & vec[PAGES - 1], 1);
		assert_int_equal(sys_munmap(mm, AT + PAGE_SIZE, PAGE_SIZE), 0);
		assert_at_rest(mm);
		mm_exit(mm);
	}
	device_frames_untouched(pages);
}

static void advice_is_refused(void **state)
{
	static const int refused[] = { MADV_DONTNEED, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
				       MADV_GUARD_INSTALL, MADV_GUARD_REMOVE, MADV_COLLAPSE };
	struct mm_struct *mm = mm_with_frames("linux-6.15", machine.max_pfn, PROT_READ | PROT_WRITE);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(sys_madvise(mm, AT, BYTES, refused[i]), -EINVAL);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Neighbours of one kind stay apart, a part that is split off knows its frames, and so does one that is moved. */
static void the_rule_survives_split_and_move(void **state)
{
	struct mm_struct *mm = mm_with_frames("linux-6.15", machine.max_pfn, PROT_READ | PROT_WRITE);
	const unsigned long to = AREA + 8 * PMD_SIZE;

	(void)state;
	assert_int_equal(sys_mmap_pfn(mm, AT + BYTES, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
				      machine.max_pfn + PAGES),
			 AT + BYTES);
	assert_int_equal(mm->map_count, 2);
	assert_int_equal(sys_mprotect(mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(mm->map_count, 4);
	assert_int_equal(sys_mprotect(mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	assert_at_rest(mm);
	assert_int_equal(sys_mremap(mm, AT + 3 * PAGE_SIZE, 2 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				    to),
			 to);
	assert_int_equal(vma_at(mm, to)->vm_pgoff, machine.max_pfn + 3);
	assert_at_rest(mm);
	assert_int_equal(do_user_addr_fault(mm, to, FAULT_FLAG_WRITE), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* The address holds a normal anonymous page from then on, for fork, write and zap alike. */
/* Row: P4. */
static void p4_a_write_makes_a_copy(void **state)
{
	struct page *pages = device_frames(), *copy;

	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct mm_struct *mm = mm_with_frames(policies[p], page_to_pfn(pages), PROT_READ | PROT_WRITE), *child;
		struct vm_area_struct *vma = vma_at(mm, AT);
		unsigned long addr = AT + 3 * PAGE_SIZE;

		assert_int_equal(do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE), 0);
		copy = pte_page(tree_pte(mm, addr));
		assert_ptr_not_equal(copy, &pages[3]);
		assert_ptr_equal(vm_normal_page(vma, addr, tree_pte(mm, addr)), copy);
		assert_true(payload_is(copy, 0x13) && payload_is(&pages[3], 0x13));
		assert_true(pte_write(tree_pte(mm, addr)) && !pte_special(tree_pte(mm, addr)));
		assert_int_equal(page_ref_count(copy), 1);
		assert_int_equal(page_mapcount(copy), 1);
		assert_true(PageAnonExclusive(copy));
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 1);
		assert_int_equal(pte_pfn(tree_pte(mm, addr + PAGE_SIZE)), page_to_pfn(&pages[4]));
		memset(page_payload(copy), 0x5a, machine.payload);
		assert_int_equal(sys_fork(mm, &child), 0);
		assert_at_rest(mm, child);
		assert_int_equal(page_mapcount(copy), 2);
		assert_int_equal(do_user_addr_fault(child, addr, FAULT_FLAG_WRITE), 0);
		assert_true(payload_is(pte_page(tree_pte(child, addr)), 0x5a));
		assert_int_equal(do_user_addr_fault(child, AT, FAULT_FLAG_WRITE), 0);
		assert_true(payload_is(pte_page(tree_pte(child, AT)), 0x10));
		assert_int_equal(pte_pfn(tree_pte(mm, AT)), page_to_pfn(pages));
		assert_at_rest(mm, child);
		mm_exit(child);
		mm_exit(mm);
	}
	device_frames_untouched(pages);
}

/* Row: P4. */
static void p4_what_cannot_be_read_is_zero(void **state)
{
	struct mm_struct *mm = mm_with_frames("linux-6.15", machine.max_pfn + 7, PROT_READ | PROT_WRITE);
	struct page *dirty;

	(void)state;
	assert_int_equal(do_user_addr_fault(mm, AT, FAULT_FLAG_WRITE), 0);
	dirty = alloc_page(PAGE_USED);
	memset(page_payload(dirty), 0xee, machine.payload);
	free_page(dirty);
	assert_int_equal(do_user_addr_fault(mm, AT + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_true(payload_is(pte_page(tree_pte(mm, AT + PAGE_SIZE)), 0));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 2);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* At each allocation in turn: nothing is left behind, and the next try succeeds. */
static void memory_runs_out(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned long n = 0;
	long at;

	(void)state;
	needs_checks();
	do {
		inject_alloc_failure(++n);
		at = sys_mmap_pfn(mm, AT, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, machine.max_pfn);
		inject_alloc_failure(0);
		assert_true(at == -ENOMEM ? mm->map_count == 0 : at == (long)AT);
		assert_at_rest(mm);
	} while (at < 0);
	assert_true(n > 3);
	assert_int_equal(do_user_addr_fault(mm, AT, 0), 0);
	inject_alloc_failure(1);
	assert_int_equal(do_user_addr_fault(mm, AT, FAULT_FLAG_WRITE), VM_FAULT_OOM);
	inject_alloc_failure(0);
	assert_int_equal(pte_pfn(tree_pte(mm, AT)), machine.max_pfn);
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(p1_flags_first_frame_and_entries, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(frames_that_are_refused, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(p2_what_is_a_normal_page, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(p2_a_copy_in_its_own_frame_is_normal, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(p2_bad_entries_are_reported_and_do_no_harm, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(p3_raw_pages_are_left_alone, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(advice_is_refused, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(the_rule_survives_split_and_move, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(p4_a_write_makes_a_copy, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(p4_what_cannot_be_read_is_zero, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(memory_runs_out, world_up_with_words, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
