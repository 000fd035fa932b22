/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tlb: hits and walks, what a flush removes and leaves, cpus that run another mm, and stale uses that are detected. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/address_space.h"
#include "core/mm/swap.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/mremap.h"
#include "core/op/user_access.h"
#include "core/pgtable/cpu_tlb.h"
#include "core/phys/zero_page.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/fault_scene.h"

#define IPI	"linux-6.15,tlb=ipi"

static int see_page(struct page *page, unsigned long addr, void *arg)
{
	*(struct page **)arg = page;
	return addr == AREA ? 0 : -EINVAL;
}

static struct mm_struct *mm_written(const char *policy, unsigned long len)
{
	struct mm_struct *mm = world_mm(policy);

	map_at(mm, AREA, len, READ_WRITE);
	for (unsigned long addr = AREA; addr < AREA + len; addr += PAGE_SIZE)
		assert_int_equal(user_access(mm, addr, FAULT_FLAG_WRITE), 0);
	return mm;
}

/* Row: T1. */
static void an_access_hits_or_walks(void **state)
{
	struct mm_struct *mm = world_mm(IPI);
	uint64_t hits = events_total(EV_TLB_HIT), fills = events_total(EV_TLB_FILL), faults = events_total(EV_FAULT);
	struct page *page = NULL;

	(void)state;
	map_at(mm, AREA, LEN, READ_WRITE);
	assert_int_equal(tlb_access(&mm->pt, AREA, false, NULL, NULL), -ENOENT);
	assert_int_equal(user_access_page(mm, AREA, 0, see_page, &page), 0);
	assert_ptr_equal(page, zero_page);
	assert_int_equal(tlb_access(&mm->pt, AREA, true, NULL, NULL), -EAGAIN);
	assert_int_equal(user_access_page(mm, AREA, FAULT_FLAG_WRITE, see_page, &page), 0);
	assert_ptr_equal(page, pte_page(tree_pte(mm, AREA)));
	assert_int_equal(events_total(EV_FAULT) - faults, 2);
	assert_int_equal(events_total(EV_TLB_FILL) - fills, 2);
	assert_int_equal(events_total(EV_TLB_HIT) - hits, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(user_access(mm, AREA + 8 * i, i & 1 ? FAULT_FLAG_WRITE : 0), 0);
	assert_int_equal(events_total(EV_TLB_HIT) - hits, 3);
	assert_int_equal(events_total(EV_FAULT) - faults, 2);
	mm_exit(mm);
}

/* A write by an entry that is cached as clean walks again, and finds what the entry allows now. Row: T1. */
static void a_walk_sets_accessed_and_dirty(void **state)
{
	struct mm_struct *mm = mm_written(IPI, PAGE_SIZE);
	uint64_t *entry = tree_entry(mm->pt.pgd, LEVEL_PTE, AREA);

	(void)state;
	fetch_and_relaxed(entry, ~(ENTRY_ACCESSED | ENTRY_DIRTY));
	flush_tlb_page(&mm->pt, AREA);
	assert_int_equal(tlb_access(&mm->pt, AREA, false, NULL, NULL), 0);
	assert_int_equal(*entry & (ENTRY_ACCESSED | ENTRY_DIRTY), ENTRY_ACCESSED);
	assert_int_equal(tlb_access(&mm->pt, AREA, true, NULL, NULL), 0);
	assert_int_equal(*entry & (ENTRY_ACCESSED | ENTRY_DIRTY), ENTRY_ACCESSED | ENTRY_DIRTY);
	mm_exit(mm);
}

/* Row: T1. */
static void a_leaf_is_one_entry(void **state)
{
	struct mm_struct *mm;
	uint64_t fills;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	mm = world_mm(IPI ",thp=always");
	map_at(mm, 4 * PMD_SIZE, PMD_SIZE, READ_WRITE);
	fills = events_total(EV_TLB_FILL);
	for (unsigned long i = 0; i < 8; i++)
		assert_int_equal(user_access(mm, 4 * PMD_SIZE + i * PMD_SIZE / 8, FAULT_FLAG_WRITE), 0);
	assert_int_equal(events_total(EV_TLB_FILL) - fills, 1);
	assert_int_equal(sys_madvise(mm, 4 * PMD_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(tlb_access(&mm->pt, 4 * PMD_SIZE, false, NULL, NULL), -ENOENT);
	assert_int_equal(tlb_access(&mm->pt, 4 * PMD_SIZE + PAGE_SIZE, true, NULL, NULL), 0);
	mm_exit(mm);
}

/* Row: T2. */
static void a_flush_removes_its_range(void **state)
{
	struct mm_struct *mm = mm_written(IPI, 4 * PAGE_SIZE);
	uint64_t hits;

	(void)state;
	flush_tlb_range(&mm->pt, AREA + PAGE_SIZE, AREA + 3 * PAGE_SIZE);
	hits = events_total(EV_TLB_HIT);
	for (unsigned long i = 0; i < 4; i++)
		assert_int_equal(tlb_access(&mm->pt, AREA + i * PAGE_SIZE, true, NULL, NULL), 0);
	assert_int_equal(events_total(EV_TLB_HIT) - hits, 2);
	mm_exit(mm);
}

/* Row: T2. */
static void what_takes_a_page_or_a_right_flushes(void **state)
{
	struct mm_struct *mm = mm_written(IPI, 4 * PAGE_SIZE), *child;
	unsigned long to = AREA + 16 * PAGE_SIZE;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(tlb_access(&mm->pt, AREA, true, NULL, NULL), -EAGAIN);
	mm_exit(child);
	assert_int_equal(user_access(mm, AREA, FAULT_FLAG_WRITE), 0);
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(tlb_access(&mm->pt, AREA, true, NULL, NULL), -EAGAIN);
	assert_int_equal(sys_mremap(mm, AREA + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to),
			 (long)to);
	assert_int_equal(tlb_access(&mm->pt, AREA + PAGE_SIZE, false, NULL, NULL), -ENOENT);
	assert_int_equal(sys_munmap(mm, AREA + 2 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(tlb_access(&mm->pt, AREA + 2 * PAGE_SIZE, false, NULL, NULL), -ENOENT);
	/* No page is freed where the zero page was mapped, and the flush is due all the same. */
	map_at(mm, to + PAGE_SIZE, PAGE_SIZE, READ_WRITE);
	assert_int_equal(user_access(mm, to + PAGE_SIZE, 0), 0);
	assert_int_equal(sys_munmap(mm, to + PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(tlb_access(&mm->pt, to + PAGE_SIZE, false, NULL, NULL), -ENOENT);
	mm_exit(mm);
}

/* ---- several mms and cpus ---- */

static void access_it(void *mm, unsigned int index)
{
	(void)index;
	assert_int_equal(tlb_access(&((struct mm_struct *)mm)->pt, AREA, false, NULL, NULL), 0);
}

/* Another thread's cpu, which has the same slot each time: its TLB stays. */
static void access_elsewhere(struct mm_struct *mm)
{
	threads_run(1, access_it, mm);
}

/* Row: T3. */
static void a_cpu_with_another_mm_is_not_interrupted(void **state)
{
	struct mm_struct *mm = mm_written(IPI, 2 * PAGE_SIZE), *other = mm_written(IPI, PAGE_SIZE);
	uint64_t sent, behind, hits;

	(void)state;
	access_elsewhere(mm);
	sent = events_total(EV_TLB_IPI);
	flush_tlb_page(&mm->pt, AREA + PAGE_SIZE);
	assert_int_equal(events_total(EV_TLB_IPI) - sent, 1);
	hits = events_total(EV_TLB_HIT);
	access_elsewhere(mm);
	access_elsewhere(other);
	access_elsewhere(mm);
	assert_int_equal(events_total(EV_TLB_HIT) - hits, 2);	/* it was tagged */
	access_elsewhere(other);
	behind = events_total(EV_TLB_BEHIND);
	flush_tlb_page(&mm->pt, AREA + PAGE_SIZE);
	assert_int_equal(events_total(EV_TLB_IPI) - sent, 1);
	hits = events_total(EV_TLB_HIT);
	access_elsewhere(mm);
	assert_int_equal(events_total(EV_TLB_BEHIND) - behind, 1);
	assert_int_equal(events_total(EV_TLB_HIT) - hits, 0);
	mm_exit(mm);
	mm_exit(other);
}

static void access_and_idle(void *mm, unsigned int index)
{
	access_it(mm, index);
	enter_lazy_tlb();
}

/* Row: T3. */
static void a_lazy_cpu_is_not_interrupted(void **state)
{
	(void)state;
	for (unsigned int lazy = 0; lazy < 2; lazy++) {
		struct mm_struct *mm = mm_written(lazy ? "linux-6.15,tlb=lazy" : IPI, 2 * PAGE_SIZE);
		uint64_t sent = events_total(EV_TLB_IPI), behind = events_total(EV_TLB_BEHIND);

		threads_run(1, access_and_idle, mm);
		flush_tlb_page(&mm->pt, AREA);
		assert_int_equal(events_total(EV_TLB_IPI) - sent, !lazy);
		access_elsewhere(mm);
		assert_int_equal(events_total(EV_TLB_BEHIND) - behind, lazy);
		flush_tlb_page(&mm->pt, AREA);
		assert_int_equal(events_total(EV_TLB_IPI) - sent, 2 - lazy);
		mm_exit(mm);
	}
}

/* Row: T3. */
static void a_broadcast_reaches_all_and_interrupts_none(void **state)
{
	struct mm_struct *mm = mm_written("linux-6.15,tlb=broadcast", 2 * PAGE_SIZE);
	struct mm_struct *other = mm_written("linux-6.15,tlb=broadcast", PAGE_SIZE);
	uint64_t sent = events_total(EV_TLB_IPI), behind = events_total(EV_TLB_BEHIND), fills;

	(void)state;
	access_elsewhere(mm);
	access_elsewhere(other);
	flush_tlb_page(&mm->pt, AREA);
	fills = events_total(EV_TLB_FILL);
	access_elsewhere(mm);
	assert_int_equal(events_total(EV_TLB_FILL) - fills, 1);
	assert_int_equal(events_total(EV_TLB_BEHIND) - behind, 0);
	assert_int_equal(events_total(EV_TLB_IPI) - sent, 0);
	mm_exit(mm);
	mm_exit(other);
}

/* Reclaim flushes each entry, or once for all of a folio's. Row: T2. */
static void a_batch_is_one_flush(void **state)
{
	static const char *const policies[] = { IPI ",anon=16k", "linux-6.15,tlb=batched,anon=16k" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct mm_struct *mm = mm_written(policies[i], 4 * PAGE_SIZE);
		uint64_t sent;

		assert_int_equal(swap_on(16), 0);
		access_elsewhere(mm);
		sent = events_total(EV_TLB_IPI);
		assert_int_equal(sys_madvise(mm, AREA, 4 * PAGE_SIZE, MADV_PAGEOUT), 0);
		assert_false(pte_present(tree_pte(mm, AREA)));
		assert_int_equal(events_total(EV_TLB_IPI) - sent, i ? 1 : 4);
		assert_int_equal(tlb_access(&mm->pt, AREA, false, NULL, NULL), -ENOENT);
		mm_exit(mm);
		assert_int_equal(swap_off(), 0);
	}
}

/* Row: T3. */
static void slots_are_used_again(void **state)
{
	struct mm_struct *mms[TLB_SLOTS + 1];
	uint64_t hits;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(mms); i++)
		mms[i] = mm_written(IPI, PAGE_SIZE);
	hits = events_total(EV_TLB_HIT);
	for (unsigned int round = 0; round < 2; round++)
		for (unsigned int i = 0; i < ARRAY_SIZE(mms); i++) {
			struct page *page;

			assert_int_equal(tlb_access(&mms[i]->pt, AREA, false, see_page, &page), 0);
			assert_ptr_equal(page, pte_page(tree_pte(mms[i], AREA)));
		}
	assert_int_equal(events_total(EV_TLB_HIT) - hits, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(mms); i++)
		mm_exit(mms[i]);
}

/* ---- the detector ---- */

/* Row: T4. */
static void stale_uses_are_detected(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15,tlb=none");
	unsigned long to = AREA + 16 * PAGE_SIZE;

	(void)state;
	needs_checks();
	map_at(mm, AREA, 2 * PAGE_SIZE, READ_WRITE);
	assert_int_equal(user_access(mm, AREA, FAULT_FLAG_WRITE), 0);
	assert_int_equal(user_access(mm, AREA + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(tlb_access(&mm->pt, AREA, false, NULL, NULL), 0);	/* reads are allowed still */
	assert_dies("by mprotect of cpu", tlb_access(&mm->pt, AREA, true, NULL, NULL));
	assert_string_equal(died_by(), "translations");
	spin_unlock(&cpu_tlbs[this_cpu->id].lock);
	BUG_ON(sys_mremap(mm, AREA + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != (long)to);
	assert_dies("by mremap of cpu", tlb_access(&mm->pt, AREA + PAGE_SIZE, false, NULL, NULL));
	spin_unlock(&cpu_tlbs[this_cpu->id].lock);
	assert_int_equal(sys_munmap(mm, AREA, PAGE_SIZE), 0);
	assert_dies("its page was freed", tlb_access(&mm->pt, AREA, false, NULL, NULL));
	spin_unlock(&cpu_tlbs[this_cpu->id].lock);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_access_hits_or_walks),
		cmocka_unit_test(a_walk_sets_accessed_and_dirty),
		cmocka_unit_test(a_leaf_is_one_entry),
		cmocka_unit_test(a_flush_removes_its_range),
		cmocka_unit_test(what_takes_a_page_or_a_right_flushes),
		cmocka_unit_test(a_cpu_with_another_mm_is_not_interrupted),
		cmocka_unit_test(a_lazy_cpu_is_not_interrupted),
		cmocka_unit_test(a_broadcast_reaches_all_and_interrupts_none),
		cmocka_unit_test(a_batch_is_one_flush),
		cmocka_unit_test(slots_are_used_again),
		cmocka_unit_test(stale_uses_are_detected),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
