/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy on write: when a page is reused and when it is copied, by writes and by unsharing faults, and what each mm
 * reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/anon_vma.h"
#include "core/mm/mmap_lock.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/madvise.h"
#include "core/op/protect.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/fault_scene.h"

#define READABLE (ENTRY_PRESENT | ENTRY_ACCESSED)
#define WRITABLE (READABLE | ENTRY_WRITE | ENTRY_DIRTY)
#define MINE	0x5a

static uint64_t copies, reuses;

static void count_from_here(void)
{
	copies = events_total(EV_COW_COPY);
	reuses = events_total(EV_COW_REUSE);
}

static void assert_cows(unsigned int copied, unsigned int reused)
{
	assert_int_equal(events_total(EV_COW_COPY) - copies, copied);
	assert_int_equal(events_total(EV_COW_REUSE) - reuses, reused);
}

static uint8_t *bytes_at(struct mm_struct *mm, unsigned long addr)
{
	return page_payload(pte_page(tree_pte(mm, addr)));
}

static bool holds(struct mm_struct *mm, unsigned long addr, int byte)
{
	return !machine.payload || (bytes_at(mm, addr)[0] == byte && bytes_at(mm, addr)[machine.payload - 1] == byte);
}

/* One page at AREA, full of MINE, under @policy. */
static struct scene scene_with_page(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);

	assert_int_equal(do_write(&s, AREA), 0);
	memset(page_payload(page_at(&s, AREA)), MINE, machine.payload);
	return s;
}

static struct mm_struct *child_of(const struct scene *s)
{
	struct mm_struct *child;

	assert_int_equal(sys_fork(s->mm, &child), 0);
	count_from_here();
	return child;
}

static vm_fault_t unshare_at(struct mm_struct *mm, unsigned long addr)
{
	vm_fault_t ret;

	mmap_read_lock(mm);
	ret = handle_mm_fault(vma_tree_find(&mm->tree, addr), addr, FAULT_FLAG_UNSHARE);
	mmap_read_unlock(mm);
	return ret;
}

static uint64_t bits_at(struct mm_struct *mm, unsigned long addr)
{
	return pte_bits(tree_pte(mm, addr));
}

static void assert_page(struct mm_struct *mm, unsigned long addr, int mappings, bool exclusive, bool write)
{
	struct page *page = pte_page(tree_pte(mm, addr));

	assert_int_equal(page_mapcount(page), mappings);
	assert_int_equal(PageAnonExclusive(page), exclusive);
	assert_int_equal(pte_write(tree_pte(mm, addr)), write);
}

static void end(struct scene *s, struct mm_struct *child)
{
	assert_true(tree_counters_right(s->mm));
	mm_exit(s->mm);
	if (child) {
		assert_true(tree_counters_right(child));
		mm_exit(child);
	}
}

/* The first to write gets a copy, the last one keeps the page. */
static void copied_then_reused(const char *policy, bool child_first)
{
	struct scene s = scene_with_page(policy);
	struct mm_struct *child = child_of(&s), *first = child_first ? child : s.mm, *last = child_first ? s.mm : child;
	struct page *page = page_at(&s, AREA);

	assert_page(s.mm, AREA, 2, false, false);
	assert_int_equal(do_user_addr_fault(first, AREA, FAULT_FLAG_WRITE), 0);
	assert_cows(1, 0);
	assert_page(first, AREA, 1, true, true);
	assert_page(last, AREA, 1, false, false);
	assert_ptr_not_equal(pte_page(tree_pte(first, AREA)), page);
	assert_true(holds(first, AREA, MINE));
	memset(bytes_at(first, AREA), 1, machine.payload);
	assert_int_equal(do_user_addr_fault(last, AREA, FAULT_FLAG_WRITE), 0);
	assert_cows(1, 1);
	assert_ptr_equal(pte_page(tree_pte(last, AREA)), page);
	assert_page(last, AREA, 1, true, true);
	assert_true(holds(last, AREA, MINE) && holds(first, AREA, 1));
	assert_ptr_equal(folio_anon_vma(page_folio(page)), vma_tree_find(&last->tree, AREA)->anon_vma);
	assert_int_equal(folio_ref_count(page_folio(page)), 1);
	end(&s, child);
}

static void copied_for_the_child(const char *policy)
{
	copied_then_reused(policy, true);
}

static void copied_for_the_parent(const char *policy)
{
	copied_then_reused(policy, false);
}

/*
 * An exclusive page is never copied, whatever its references; any other page is copied while it has another reference.
 */
static void references_count_unless_exclusive(const char *policy)
{
	struct scene s = scene_with_page(policy);
	struct page *page = page_at(&s, AREA);

	count_from_here();
	get_page(page);
	put_bits(&s, AREA, READABLE | ENTRY_DIRTY);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_cows(0, 1);
	assert_ptr_equal(page_at(&s, AREA), page);
	share(&s, AREA);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_cows(1, 1);
	assert_ptr_not_equal(page_at(&s, AREA), page);
	put_page(page);
	end(&s, NULL);
}

/* The folio is locked by another thread: its anon_vma cannot change now, so the page is copied. */
static void a_locked_folio_is_copied(const char *policy)
{
	struct scene s = scene_with_page(policy);
	struct page *page = page_at(&s, AREA);

	count_from_here();
	share(&s, AREA);
	store_relaxed(&page->flags, load_relaxed(&page->flags) | PG_LOCKED);
	get_page(page);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_cows(1, 0);
	store_relaxed(&page->flags, load_relaxed(&page->flags) & ~PG_LOCKED);
	put_page(page);
	end(&s, NULL);
}

/* An unsharing fault sees to it that the page is this mm's alone, and allows no more than before. */
static void unsharing(const char *policy)
{
	struct scene s = scene_with_page(policy);
	struct mm_struct *child = child_of(&s);
	struct page *page = page_at(&s, AREA);

	assert_int_equal(unshare_at(child, AREA), 0);
	assert_cows(1, 0);
	assert_page(child, AREA, 1, true, false);
	assert_int_equal(bits_at(child, AREA), READABLE);
	assert_true(holds(child, AREA, MINE));
	assert_int_equal(unshare_at(child, AREA), 0);		/* already exclusive: nothing to do */
	assert_cows(1, 1);
	assert_page(s.mm, AREA, 1, false, false);
	assert_int_equal(unshare_at(s.mm, AREA), 0);		/* no other user: made exclusive in place */
	assert_cows(1, 2);
	assert_ptr_equal(page_at(&s, AREA), page);
	assert_page(s.mm, AREA, 1, true, false);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_page(s.mm, AREA, 1, true, true);
	assert_cows(1, 3);
	assert_int_equal(unshare_at(s.mm, AREA), 0);		/* writable: exclusive long since */
	assert_cows(1, 3);
	end(&s, child);
}

/* An empty entry gets a read fault first; the shared zero page is replaced by a zeroed page, mapped read-only. */
static void unsharing_zeroes(const char *policy)
{
	struct scene s = scene_with_page(policy);
	const unsigned long addr = AREA + PAGE_SIZE;

	count_from_here();
	assert_int_equal(unshare_at(s.mm, addr), 0);
	assert_ptr_equal(page_at(&s, addr), zero_page);
	assert_int_equal(unshare_at(s.mm, addr), 0);
	assert_ptr_not_equal(page_at(&s, addr), zero_page);
	assert_int_equal(bits_at(s.mm, addr), READABLE);
	assert_page(s.mm, addr, 1, true, false);
	assert_true(holds(s.mm, addr, 0));
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 2);
	assert_cows(0, 0);
	end(&s, NULL);
}

/* mprotect gives write back at once to a page that is this mm's alone, and to no other. */
static void protecting(const char *policy)
{
	struct scene s = scene_with_page(policy);
	struct mm_struct *child;

	assert_int_equal(do_read(&s, AREA + PAGE_SIZE), 0);
	assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ), 0);
	assert_page(s.mm, AREA, 1, true, false);
	assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(bits_at(s.mm, AREA), WRITABLE);
	assert_false(pte_write(tree_pte(s.mm, AREA + PAGE_SIZE)));	/* the zero page */
	assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_NONE), 0);
	assert_int_equal(bits_at(s.mm, AREA), ENTRY_PROTNONE | ENTRY_ACCESSED | ENTRY_DIRTY);
	assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(bits_at(s.mm, AREA), WRITABLE);
	child = child_of(&s);
	assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ), 0);
	assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ | PROT_WRITE), 0);
	assert_page(s.mm, AREA, 2, false, false);
	end(&s, child);
}

#if FAULTLINE_CHECK
/* A copy that can't be made leaves both as they are. */
static void no_memory(const char *policy)
{
	struct scene s = scene_with_page(policy);
	struct mm_struct *child = child_of(&s);
	struct page *page = page_at(&s, AREA);

	inject_alloc_failure(1);
	assert_int_equal(do_user_addr_fault(child, AREA, FAULT_FLAG_WRITE), VM_FAULT_OOM);
	inject_alloc_failure(1);
	assert_int_equal(unshare_at(child, AREA), VM_FAULT_OOM);
	inject_alloc_failure(0);
	assert_ptr_equal(pte_page(tree_pte(child, AREA)), page);
	assert_int_equal(page_ref_count(page), 2);
	assert_page(child, AREA, 2, false, false);
	assert_cows(0, 0);
	end(&s, child);
}

/* No memory for the anon_vma, or for its chain: nothing is mapped, and the same fault works later. */
static void no_memory_for_an_anon_vma(const char *policy)
{
	unsigned int failed = 0;

	for (unsigned int nth = 1; ; nth++) {
		struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
		vm_fault_t ret;

		assert_int_equal(do_read(&s, AREA), 0);
		inject_alloc_failure(nth);
		ret = do_write(&s, AREA);
		inject_alloc_failure(0);
		if (ret) {
			assert_int_equal(ret, VM_FAULT_OOM);
			assert_ptr_equal(page_at(&s, AREA), zero_page);
			assert_int_equal(do_write(&s, AREA), 0);
			failed++;
		}
		end(&s, NULL);
		if (!ret)
			break;
	}
	assert_int_equal(failed, 3);	/* anon_vma, chain, page */
}
#endif

/* Row: L7. */
static void each_way(void **state)
{
	static void (*const ways[])(const char *policy) = {
		copied_for_the_child,
		copied_for_the_parent,
		references_count_unless_exclusive,
		a_locked_folio_is_copied,
		unsharing,
		unsharing_zeroes,
		protecting,
#if FAULTLINE_CHECK
		no_memory,
		no_memory_for_an_anon_vma,
#endif
	};
	static const char *const policies[] = { "linux-6.15", "linux-6.4,anon_vma=call_rcu", "linux-2.6.14" };

	world_start(4096, *(unsigned int *)*state);
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++)
		for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++)
			ways[way](policies[p]);
	assert_true(world_stop());
}

static struct page *being_copied;
static bool it_stayed;

static void unmap_it(void *arg)
{
	struct mm_struct *mm = arg;

	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_DONTNEED));
	it_stayed = page_type(being_copied) == PAGE_ANON && page_ref_count(being_copied) == 2;
}

/* The page goes while it is copied: its memory stays until the copy is made, and is given back. */
static void a_page_being_copied_stays(void **state)
{
	struct mm_struct *child;
	struct scene s;

	(void)state;
	needs_checks();
	s = scene_with_page("linux-6.15,reclaim=off");
	being_copied = page_at(&s, AREA);
	child = child_of(&s);
	meanwhile("cow.before_copy", unmap_it, s.mm);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(it_stayed);
	assert_cows(0, 0);
	assert_page(s.mm, AREA, 1, true, true);
	assert_page(child, AREA, 1, false, false);
	end(&s, child);
}

/* One thread keeps mmap_lock for write, and releases it once the other thread's fault waits for it. */
static void hold_or_fault(void *arg, unsigned int index)
{
	static unsigned int step;
	struct scene *s = arg;

	if (index) {
		step_await(&step, 1);
		BUG_ON(do_write(s, AREA));
	} else {
		mmap_write_lock(s->mm);
		step_reach(&step, 1);
		while (events_total(EV_FAULT_RETRY) == 0)
			cpu_relax();
		mmap_write_unlock(s->mm);
	}
	frame_drain_cpu();
}

/*
 * Under the VMA lock an anon_vma is made only if mmap_lock is to be had at once; else the fault is done again under
 * that.
 */
static void an_anon_vma_needs_mmap_lock(void **state)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);

	(void)state;
	events_reset();
	threads_run(2, hold_or_fault, &s);
	assert_int_equal(events_total(EV_FAULT_RETRY), 1);
	assert_int_equal(events_total(EV_FAULT_MMAP_LOCK), 1);
	assert_int_equal(events_total(EV_FAULT_VMA_LOCK), 0);
	assert_page(s.mm, AREA, 1, true, true);
	end(&s, NULL);
}

static unsigned int payloads[] = { 0, 64, 4096 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "each_way_without_contents", each_way, NULL, NULL, &payloads[0] },
		{ "each_way_with_one_line_a_page", each_way, NULL, NULL, &payloads[1] },
		{ "each_way_with_whole_pages", each_way, NULL, NULL, &payloads[2] },
		cmocka_unit_test_setup_teardown(a_page_being_copied_stays, world_up, world_down),
		cmocka_unit_test_setup_teardown(an_anon_vma_needs_mmap_lock, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
