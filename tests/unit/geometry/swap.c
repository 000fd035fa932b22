/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap: pages swapped out and in, shared, pinned, poisoned; entries copied and dropped; what the device counts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/anon_vma.h"
#include "core/op/memory_failure.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/op/reclaim.h"
#include "core/op/try_to_unmap.h"
#include "core/pgtable/mmu_gather.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/swap_scene.h"

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

static void a_device_of_slots(void **state)
{
	struct folio *folio, *same;
	unsigned long slot;

	(void)state;
	assert_int_equal(swap_on(1), -EBUSY);
	assert_int_equal(swap_off(), 0);
	assert_int_equal(swap_on(0), -EINVAL);
	assert_int_equal(swap_on(1ul << 40), -EINVAL);
	assert_int_equal(swap_on(2), 0);
	assert_int_equal(nr_swap_slots(), 2);
	folio = folio_alloc(0, PAGE_ANON);
	assert_true(folio && folio_trylock(folio));
	assert_false(folio_test_swapcache(folio));
	slot = folio_alloc_swap(folio);
	assert_true(slot && folio_test_swapcache(folio));
	assert_int_equal(folio_ref_count(folio), 2);
	assert_int_equal(folio_alloc_swap(folio), slot);	/* it is in one already */
	assert_int_equal(nr_swap_used(), 1);
	swap_duplicate(slot);
	same = swap_cache_get(slot, NULL);
	assert_ptr_equal(same, folio);
	assert_false(swap_writeout(slot, folio));	/* it has another reference; the share is gone */
	folio_put(same);
	*(uint64_t *)page_payload(&folio->page) = 7;
	assert_true(swap_writeout(slot, folio));
	assert_int_equal(nr_swap_used(), 1);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_false(folio_test_swapcache(folio));
	assert_null(swap_cache_get(slot, NULL));
	*(uint64_t *)page_payload(&folio->page) = 8;
	same = swap_cache_get(slot, folio);
	assert_ptr_equal(same, folio);
	assert_int_equal(*(uint64_t *)page_payload(&folio->page), 7);
	assert_int_equal(folio_ref_count(folio), 3);
	folio_put(same);
	swap_duplicate(slot);
	assert_true(swap_free_mapped(slot, folio));
	assert_false(swap_free_mapped(slot, same + 1));
	swap_free(slot);
	assert_int_equal(nr_swap_used(), 0);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_null(swap_cache_get(slot, folio));	/* no entry has a share in it */
	folio_unlock(folio);
	folio_put(folio);
}

/* Rows: A9, L7. */
static void out_and_in(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct mm_struct *mm = mm_with_words(policies[p], 4);
		unsigned long frames;

		rcu_barrier();		/* tables of the mm before are free */
		frames = machine_free_frames();
		assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_PAGEOUT), 0);
		for (unsigned long i = 0; i < 4; i++)
			assert_true(swapped(mm, i) && pte_swp_exclusive(pte_at(mm, i)));
		assert_int_equal(machine_free_frames(), frames + 4);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_SWAPENTS), 4);
		assert_int_equal(nr_swap_used(), 4);
		assert_at_rest(mm);
		/* A read brings it back read-only and exclusive: a later write needs no copy. A write does both. */
		assert_int_equal(read_word(mm, 0), 100);
		assert_false(pte_write(pte_at(mm, 0)));
		assert_true(PageAnonExclusive(pte_page(pte_at(mm, 0))));
		write_word(mm, 0, 200);
		assert_int_equal(do_user_addr_fault(mm, page_addr(1), FAULT_FLAG_WRITE), 0);
		assert_true(pte_write(pte_at(mm, 1)));
		assert_int_equal(read_word(mm, 1), 101);
		assert_int_equal(nr_swap_used(), 2);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 2);
		assert_at_rest(mm);
		assert_int_equal(sys_madvise(mm, page_addr(2), PAGE_SIZE, MADV_DONTNEED), 0);
		assert_int_equal(nr_swap_used(), 1);
		assert_int_equal(read_word(mm, 2), 0);
		page_out(mm, 0);
		assert_int_equal(read_word(mm, 0), 200);
		assert_at_rest(mm);
		mm_exit(mm);
		assert_int_equal(nr_swap_used(), 0);
	}
}

/* One slot for both; each gets the same frame back, and writes to a copy of its own. */
static void shared_pages(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct mm_struct *mm = mm_with_words(policies[p], 2), *child;

		assert_int_equal(sys_fork(mm, &child), 0);
		page_out(child, 0);
		assert_true(swapped(mm, 0) && swapped(child, 0));
		assert_true(pte_same(pte_at(mm, 0), pte_at(child, 0)) && !pte_swp_exclusive(pte_at(mm, 0)));
		assert_int_equal(nr_swap_used(), 1);
		assert_at_rest(mm, child);
		assert_int_equal(read_word(child, 0), 100);
		assert_at_rest(mm, child);
		assert_int_equal(read_word(mm, 0), 100);
		assert_ptr_equal(folio_at(mm, 0), folio_at(child, 0));
		assert_int_equal(nr_swap_used(), 0);
		write_word(child, 0, 300);
		assert_int_equal(read_word(mm, 0), 100);
		assert_at_rest(mm, child);
		/* Out again, and the child's copy is gone: what the parent gets is its own. */
		page_out(mm, 0);
		mm_exit(child);
		assert_int_equal(do_user_addr_fault(mm, page_addr(0), FAULT_FLAG_WRITE), 0);
		assert_int_equal(read_word(mm, 0), 100);
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

/* Of a slot that was shared: a read leaves it to a later write, which needs no copy, unless its VMA is locked. */
static void the_last_share_is_exclusive_once_it_is_needed(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 3), *child;
	struct folio *folio;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	for (unsigned long i = 0; i < 3; i++)
		page_out(child, i);
	mm_exit(mm);
	assert_int_equal(nr_swap_used(), 3);
	assert_int_equal(read_word(child, 0), 100);
	assert_int_equal(nr_swap_used(), 2);
	folio = folio_at(child, 0);
	assert_false(PageAnonExclusive(pte_page(pte_at(child, 0))));
	write_word(child, 0, 200);
	assert_ptr_equal(folio_at(child, 0), folio);
	assert_true(PageAnonExclusive(pte_page(pte_at(child, 0))));
	assert_int_equal(do_user_addr_fault(child, page_addr(1), FAULT_FLAG_WRITE), 0);
	assert_true(PageAnonExclusive(pte_page(pte_at(child, 1))) && pte_write(pte_at(child, 1)));
	assert_int_equal(sys_mprotect(child, page_addr(2), PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(sys_mlock2(child, page_addr(2), PAGE_SIZE, 0), 0);
	assert_true(PageAnonExclusive(pte_page(pte_at(child, 2))));
	assert_at_rest(child);
	mm_exit(child);
}

/* The child is the first to bring it back, and the parent's rmap walk must still find both. */
static void a_shared_page_is_found_through_the_root(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1), *child, *grandchild;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_fork(child, &grandchild), 0);
	page_out(mm, 0);
	assert_true(swapped(mm, 0) && swapped(child, 0) && swapped(grandchild, 0));
	assert_int_equal(read_word(grandchild, 0), 100);
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(read_word(child, 0), 100);
	page_out(grandchild, 0);
	assert_true(swapped(mm, 0) && swapped(child, 0) && swapped(grandchild, 0));
	assert_at_rest(mm, child, grandchild);
	mm_exit(mm);
	mm_exit(child);
	write_word(grandchild, 0, 5);
	assert_at_rest(grandchild);
	mm_exit(grandchild);
}

static void fork_copies_swap_entries(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 3), *child;

	(void)state;
	page_out(mm, 0);
	page_out(mm, 1);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_true(swapped(mm, 0) && !pte_swp_exclusive(pte_at(mm, 0)) && pte_same(pte_at(mm, 0), pte_at(child, 0)));
	assert_int_equal(mm_counter_sum(&child->pt, MM_SWAPENTS), 2);
	assert_at_rest(mm, child);
	write_word(mm, 0, 400);
	assert_int_equal(read_word(child, 0), 100);
	write_word(child, 1, 500);
	assert_int_equal(read_word(mm, 1), 101);
	assert_at_rest(mm, child);
	mm_exit(mm);
	mm_exit(child);
	assert_int_equal(nr_swap_used(), 0);
}

/* Pinned: stays mapped. Referenced: is unmapped, and comes back as it is, with what was written meanwhile. */
static void pages_in_use_stay(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct folio *pinned = folio_at(mm, 0), *held = folio_at(mm, 1);
	uint64_t left_mapped = events_total(EV_UNMAP_PINNED);

	(void)state;
	folio_ref_add(pinned, GUP_PIN_COUNTING_BIAS);
	page_out(mm, 0);
	assert_ptr_equal(folio_at(mm, 0), pinned);
	assert_true(pte_write(pte_at(mm, 0)) && PageAnonExclusive(&pinned->page));
	assert_int_equal(events_total(EV_UNMAP_PINNED) - left_mapped, 1);
	folio_put_refs(pinned, GUP_PIN_COUNTING_BIAS);
	folio_get(held);
	page_out(mm, 1);
	assert_true(swapped(mm, 1));
	*(uint64_t *)page_payload(&held->page) = 600;
	assert_int_equal(read_word(mm, 1), 600);
	assert_ptr_equal(folio_at(mm, 1), held);
	folio_put(held);
	assert_at_rest(mm);
	folio_get(held);
	page_out(mm, 1);
	folio_put(held);
	assert_true(folio_ref_count(held) == 1 && !folio_mapped(held));	/* in the cache alone */
	assert_at_rest(mm);
	mm_exit(mm);
}

static void no_slot_no_memory(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", SLOTS + 2);

	(void)state;
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_PAGEOUT), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 2);
	assert_int_equal(nr_swap_used(), SLOTS);
	assert_at_rest(mm);
	if (FAULTLINE_CHECK) {
		inject_alloc_failure(1);
		assert_int_equal(do_user_addr_fault(mm, AREA, 0), VM_FAULT_OOM);
		inject_alloc_failure(0);
		assert_true(swapped(mm, 0));
	}
	for (unsigned long i = 0; i < SLOTS + 2; i++)
		assert_int_equal(read_word(mm, i), 100 + i);
	mm_exit(mm);
	assert_int_equal(swap_off(), 0);
	mm = mm_with_words("linux-6.15", 1);
	page_out(mm, 0);
	assert_true(pte_present(pte_at(mm, 0)));
	mm_exit(mm);
}

static void entries_move_and_split(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 3);
	const unsigned long to = AREA + 16 * PMD_SIZE;

	(void)state;
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_PAGEOUT), 0);
	assert_int_equal(sys_mremap(mm, page_addr(1), PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	assert_at_rest(mm);
	assert_int_equal(do_user_addr_fault(mm, to, 0), 0);
	assert_int_equal(*(uint64_t *)page_payload(pte_page(tree_pte(mm, to))), 101);
	assert_int_equal(sys_mprotect(mm, page_addr(2), PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(read_word(mm, 2), 102);
	assert_false(pte_write(pte_at(mm, 2)));
	assert_at_rest(mm);
	mm_exit(mm);
}

/* A VMA that is locked in memory keeps its pages, unless that is to be ignored; a lock that is held is not taken. */
/* Row: A9. */
static void flags_of_try_to_unmap(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct folio *folio = folio_at(mm, 0);
	struct anon_vma *anon_vma;
	uint64_t flushes;
	unsigned long slot;

	(void)state;
	lock_in_memory(mm);
	folio_get(folio);
	assert_int_equal(reclaim_folio(folio), -EBUSY);
	assert_true(pte_write(pte_at(mm, 0)));
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_PAGEOUT), -EINVAL);
	folio_get(folio);
	folio_lock(folio);
	slot = folio_alloc_swap(folio);
	anon_vma = folio_anon_vma(folio);
	anon_vma_lock_read(anon_vma);
	flushes = events_total(EV_TLB_FLUSH);
	try_to_unmap(folio, TTU_IGNORE_MLOCK | TTU_RMAP_LOCKED | TTU_SYNC | TTU_BATCH_FLUSH | TTU_SPLIT_HUGE_PMD);
	assert_int_equal(events_total(EV_TLB_FLUSH), flushes);
	try_to_unmap_flush();
	try_to_unmap_flush();
	assert_int_equal(events_total(EV_TLB_FLUSH), flushes + 1);
	anon_vma_unlock_read(anon_vma);
	assert_true(swapped(mm, 0) && !folio_mapped(folio));
	assert_true(swap_writeout(slot, folio));
	folio_unlock(folio);
	folio_put(folio);
	assert_int_equal(read_word(mm, 0), 100);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void poison_is_fatal_wherever_it_is_mapped(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2), *child, *late;
	struct folio *folio = folio_at(mm, 0), *held = folio_at(mm, 1);

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	folio_get(folio);
	assert_int_equal(memory_failure(folio), 0);
	assert_int_equal(sys_fork(mm, &late), 0);
	assert_int_equal(do_user_addr_fault(mm, AREA, 0), VM_FAULT_HWPOISON);
	assert_int_equal(do_user_addr_fault(child, AREA, FAULT_FLAG_WRITE), VM_FAULT_HWPOISON);
	assert_int_equal(do_user_addr_fault(late, AREA, 0), VM_FAULT_HWPOISON);
	assert_int_equal(folio_ref_count(folio), 1);
	folio_put(folio);
	assert_at_rest(mm, child, late);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(read_word(mm, 0), 0);
	mm_exit(late);
	mm_exit(child);
	/* It has another reference: the entries become hwpoison entries, the frame stays allocated. */
	folio_ref_add(held, 2);
	assert_int_equal(memory_failure(held), -EBUSY);
	folio_put_refs(held, 2);
	assert_int_equal(do_user_addr_fault(mm, page_addr(1), 0), VM_FAULT_HWPOISON);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* What the oracle is there to see. */
static void the_oracle_sees_slots_miscounted(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	char why[256] = "";
	unsigned long slot;

	(void)state;
	page_out(mm, 0);
	slot = swapent_payload(pte_at(mm, 0));
	swap_duplicate(slot);
	assert_false(oracle_at_rest(&mm, 1, why, sizeof(why)));
	swap_free(slot);
	mm_count(&mm->pt, MM_SWAPENTS, 1);
	assert_false(oracle_at_rest(&mm, 1, why, sizeof(why)));
	mm_count(&mm->pt, MM_SWAPENTS, -1);
	*tree_entry(mm->pt.pgd, LEVEL_PTE, AREA) = make_migration_pte(3, false, false).val;
	assert_false(oracle_at_rest(&mm, 1, why, sizeof(why)));
	*tree_entry(mm->pt.pgd, LEVEL_PTE, AREA) = make_swap_pte(slot, true).val;
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_device_of_slots, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(out_and_in, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(shared_pages, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(the_last_share_is_exclusive_once_it_is_needed, swap_world_up,
						world_down),
		cmocka_unit_test_setup_teardown(a_shared_page_is_found_through_the_root, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(fork_copies_swap_entries, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(pages_in_use_stay, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(no_slot_no_memory, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(entries_move_and_split, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(flags_of_try_to_unmap, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(poison_is_fatal_wherever_it_is_mapped, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(the_oracle_sees_slots_miscounted, swap_world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
