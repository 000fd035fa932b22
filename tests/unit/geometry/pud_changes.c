/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pud_changes: a leaf of a PUD table, over a device's memory, that is changed as a whole, or left as it is. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/guard.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/protect.h"
#include "core/pgtable/swapent.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/pud_scene.h"

static struct pud_device d;

static int up(void **state)
{
	(void)state;
	world_start(PUD_FRAMES, 0);
	return 0;
}

static void open_and_touch(const struct vm_operations_struct *ops)
{
	pud_device_open(&d, ops, RW);
	BUG_ON(do_user_addr_fault(d.mm, PLACE, FAULT_FLAG_WRITE) || !has_pud_leaf(d.mm));
}

static void close_all(void)
{
	assert_at_rest(d.mm);
	mm_exit(d.mm);
	pud_device_close(&d);
}

/* ---- permissions ---- */

/* Row: A9. Of the whole VMA; the folio stays mapped, and counted, once. */
static void mprotect_of_all_changes_the_leaf(void **state)
{
	static const int prots[] = { PROT_READ, PROT_NONE, RW };
	uint64_t changed = events_total(EV_PUD_PROTECT), splits = events_total(EV_THP_SPLIT_PUD);
	struct page *page;

	(void)state;
	needs_thp();
	open_and_touch(&dax_device);
	for (unsigned int i = 0; i < ARRAY_SIZE(prots); i++) {
		assert_int_equal(sys_mprotect(d.mm, PLACE, PUD_SIZE, prots[i]), 0);
		assert_true(has_pud_leaf(d.mm) && pud_dirty(pud_at(d.mm, PLACE)));
		assert_int_equal(pud_pfn(pud_at(d.mm, PLACE)), d.frames.first);
		assert_int_equal(pud_write(pud_at(d.mm, PLACE)), prots[i] == RW);
		assert_int_equal(pud_accessible(pud_at(d.mm, PLACE)), prots[i] != PROT_NONE);
		assert_int_equal(pin_user_pages_fast(d.mm, PLACE, 1, FOLL_FAST_ONLY | FOLL_WRITE, &page),
				 prots[i] == RW);
		if (prots[i] == RW)
			unpin_user_page(page);
		assert_true(folio_mapcount(d.folio) == 1 && folio_ref_count(d.folio) == 2);
		assert_at_rest(d.mm);
	}
	assert_int_equal(events_total(EV_PUD_PROTECT) - changed, ARRAY_SIZE(prots));
	assert_int_equal(events_total(EV_THP_SPLIT_PUD), splits);
	close_all();
}

static void look(void *seen)
{
	*(pud_t *)seen = pud_at(d.mm, PLACE);
}

/* Row: A9. Meanwhile no thread may use it; but it is a leaf, for those that skip what is none. */
static void it_is_a_leaf_meanwhile(void **state)
{
	pud_t seen = { 0 };

	(void)state;
	needs_thp();
	needs_checks();
	open_and_touch(&dax_device);
	meanwhile("pud.protect.invalid", look, &seen);
	assert_int_equal(sys_mprotect(d.mm, PLACE, PUD_SIZE, PROT_READ), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(pud_trans_huge(seen) && !pud_accessible(seen) && !pud_write(seen));
	close_all();
}

/* Row: A9. A part: the VMA is split inside it, so that it is unmapped. */
static void mprotect_of_a_part_unmaps_it(void **state)
{
	(void)state;
	needs_thp();
	open_and_touch(&dax_device);
	assert_int_equal(sys_mprotect(d.mm, PLACE, PUD_SIZE / 2, PROT_READ), 0);
	assert_true(!has_pud_leaf(d.mm) && !folio_mapped(d.folio));
	close_all();
}

/* Row: T1. A cpu that reads it after the flush would keep it. */
static void it_is_none_before_the_flush(void **state)
{
	pud_t seen = { 1 };

	(void)state;
	needs_thp();
	needs_checks();
	pud_device_open_as(&d, &dax_device, RW, "linux-6.15,tlb=ipi");
	BUG_ON(do_user_addr_fault(d.mm, PLACE, FAULT_FLAG_WRITE));
	meanwhile("tlb.flush", look, &seen);
	assert_int_equal(sys_mprotect(d.mm, PLACE, PUD_SIZE / 2, PROT_READ), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(pud_none(seen));
	close_all();
}

/* ---- a pin that waits for the leaf's lock ---- */

static unsigned int step;

static void drop_or_pin(void *pinned, unsigned int index)
{
	step_await(&step, index + 1);
	if (!index)
		BUG_ON(sys_madvise(d.mm, PLACE, PUD_SIZE, MADV_DONTNEED));
	else if (pin_user_pages_fast(d.mm, PLACE, 1, FOLL_LONGTERM, pinned) != 1)
		*(struct page **)pinned = NULL;
}

static void await_waiters(const spinlock_t *lock, uint16_t nr)
{
	while ((uint16_t)(load_relaxed(&lock->next) - load_relaxed(&lock->served)) != nr + 1)
		sched_yield();
}

/* Row: L6. The zap is first in the queue, and takes the leaf that the pin has seen: it is set again, by a fault. */
static void a_pin_reads_it_under_its_lock(void **state)
{
	struct test_threads *threads;
	struct page *pinned;
	spinlock_t *lock;

	(void)state;
	needs_thp();
	step = 0;
	pud_device_open_as(&d, &dax_device, RW, "linux-6.15,spin=ticket");
	BUG_ON(do_user_addr_fault(d.mm, PLACE, FAULT_FLAG_WRITE));
	lock = &d.mm->pt.page_table_lock;
	threads = threads_start(2, drop_or_pin, &pinned);
	spin_lock(lock);
	for (unsigned int i = 1; i <= 2; i++) {
		step_reach(&step, i);
		await_waiters(lock, (uint16_t)i);
	}
	spin_unlock(lock);
	threads_join(threads);
	assert_non_null(pinned);
	assert_true(has_pud_leaf(d.mm) && folio_mapcount(d.folio) == 1);
	unpin_user_page(pinned);
	close_all();
}

/* ---- guards ---- */

static int mmap_fsdax(struct file *file, struct vm_area_struct *vma)
{
	int err = dax_device.mmap(file, vma);

	vma_set_flags(vma, vma->vm_flags & ~VM_DONTEXPAND);
	return err;
}

static bool guarded(unsigned long addr)
{
	return pte_is_guard(tree_pte(d.mm, addr));
}

/* Row: G1. In a VMA that is not special, as a file system's with DAX: none are removed from a leaf, which stays. */
static void guards_are_installed_over_no_leaf(void **state)
{
	const unsigned long part = PLACE + 5 * PMD_SIZE;
	struct vm_operations_struct fsdax = dax_device;
	uint64_t splits = events_total(EV_THP_SPLIT_PUD), retries = events_total(EV_GUARD_RETRY);

	(void)state;
	needs_thp();
	fsdax.mmap = mmap_fsdax;
	open_and_touch(&fsdax);
	assert_int_equal(sys_madvise(d.mm, PLACE, PUD_SIZE, MADV_GUARD_REMOVE), 0);
	assert_int_equal(sys_madvise(d.mm, part, PAGE_SIZE, MADV_GUARD_REMOVE), 0);
	assert_true(has_pud_leaf(d.mm) && folio_mapcount(d.folio) == 1);
	assert_int_equal(events_total(EV_THP_SPLIT_PUD), splits);
	assert_int_equal(sys_madvise(d.mm, part, 2 * PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(events_total(EV_GUARD_RETRY) - retries, 1);
	assert_true(!has_pud_leaf(d.mm) && guarded(part) && guarded(part + PAGE_SIZE) && !folio_mapped(d.folio));
	assert_int_equal(do_user_addr_fault(d.mm, part + 2 * PAGE_SIZE, 0), 0);
	assert_int_equal(pte_pfn(tree_pte(d.mm, part + 2 * PAGE_SIZE)),
			 d.frames.first + ((part - PLACE) >> PAGE_SHIFT) + 2);
	assert_int_equal(sys_madvise(d.mm, part, 2 * PAGE_SIZE, MADV_GUARD_REMOVE), 0);
	assert_false(guarded(part));
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mprotect_of_all_changes_the_leaf, up, world_down),
		cmocka_unit_test_setup_teardown(it_is_a_leaf_meanwhile, up, world_down),
		cmocka_unit_test_setup_teardown(mprotect_of_a_part_unmaps_it, up, world_down),
		cmocka_unit_test_setup_teardown(it_is_none_before_the_flush, up, world_down),
		cmocka_unit_test_setup_teardown(a_pin_reads_it_under_its_lock, up, world_down),
		cmocka_unit_test_setup_teardown(guards_are_installed_over_no_leaf, up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
