/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.c - swap and migration with a knock-out, step by step: the contents of pages, or the oracle, detect it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/op/split_folio.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

/* Returns false and prints why when page 0 holds another value. */
static bool holds(struct mm_struct *mm, uint64_t word)
{
	uint64_t found = read_word(mm, 0);

	if (found != word)
		fprintf(stderr, "the page holds %lu, not %lu", (unsigned long)found, (unsigned long)word);
	return found == word;
}

/* Another page in the same slot, by an equal entry. */
static void drop_write_and_page_out(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, PAGE_SIZE, MADV_DONTNEED));
	write_word(arg, 0, 200);
	page_out(arg, 0);
	BUG_ON(!swapped(arg, 0));
}

static bool the_slot_is_reused_during_swap_in(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	uint64_t changed = events_total(EV_SWAP_CHANGED);
	pte_t before;
	bool good;

	page_out(mm, 0);
	before = pte_at(mm, 0);
	meanwhile("swapin.got_folio", drop_write_and_page_out, mm);
	BUG_ON(!pte_is_swap(before));
	good = holds(mm, 200);
	BUG_ON(meanwhile_ran() != 1);
	BUG_ON(good && events_total(EV_SWAP_CHANGED) != changed + 1);
	mm_exit(mm);
	return good;
}

static bool a_reference_holder_writes_during_swap_out(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct folio *held = folio_at(mm, 0);
	bool good;

	folio_get(held);
	page_out(mm, 0);
	*(uint64_t *)page_payload(&held->page) = 300;
	good = holds(mm, 300);
	folio_put(held);
	mm_exit(mm);
	return good;
}

static bool a_reference_holder_writes_during_migration(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct folio *held = folio_at(mm, 0);
	bool good;

	folio_get(held);
	sys_migrate_range(mm, AREA, PAGE_SIZE, !page_to_nid(&held->page));
	*(uint64_t *)page_payload(&held->page) = 400;
	good = holds(mm, 400);
	folio_put(held);
	mm_exit(mm);
	return good;
}

static bool fork_of_a_swapped_page(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1), *child;
	bool good;

	page_out(mm, 0);
	BUG_ON(sys_fork(mm, &child));
	good = rests((struct mm_struct *[]){ mm, child }, 2);
	mm_exit(child);
	mm_exit(mm);
	return good;
}

/* A reference to a tail counts at its head, though the page is no longer a tail of it. */
static bool a_reference_to_a_part_is_dropped_after_a_split(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", 4);
	struct page *page = pte_page(pte_at(mm, 2));
	bool good;

	get_page(page);
	page_out(mm, 0);
	put_page(page);
	good = holds(mm, 100) && read_word(mm, 2) == 102 && rests(&mm, 1);
	mm_exit(mm);
	return good;
}

/*
 * ---- a fault that finds a migration entry while its folio is split, and waits while a page of it is migrated alone
 * ----
 */

/* Lock key: (C) const while the fault runs (S) written at a step */
static struct {
	struct mm_struct *mm;		/* (C) */
	const struct cpu *splitter;	/* (C) */
	unsigned int step;		/* (S) 1: the fault has read the entry; 2: it may lock it */
} split_scene;

static void hold_fault(void *unused)
{
	(void)unused;
	if (this_cpu == split_scene.splitter || load_acquire(&split_scene.step))
		return;
	step_reach(&split_scene.step, 1);
	step_await(&split_scene.step, 2);
}

static void touch_the_tail(void *unused, unsigned int index)
{
	(void)unused;
	(void)index;
	BUG_ON(do_user_addr_fault(split_scene.mm, page_addr(1), FAULT_FLAG_WRITE));
	frame_drain_cpu();
}

static struct folio *begin_migration(struct folio *folio)
{
	folio_get(folio);
	folio_lock(folio);
	try_to_migrate(folio, 0);
	return folio;
}

static void end_migration(struct folio *folio)
{
	remove_migration_ptes(folio, folio);
	folio_unlock(folio);
	folio_put(folio);
}

static bool a_fault_waits_across_a_split(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", 4);
	uint64_t waits = events_total(EV_MIGRATE_WAIT);
	struct test_threads *fault;
	struct folio *folio = folio_at(mm, 0);
	bool good;

	split_scene.mm = mm;
	split_scene.splitter = this_cpu;
	store_relaxed(&split_scene.step, 0u);
	BUG_ON(syncpoint_hook("fault.before_ptl", hold_fault, NULL));
	begin_migration(folio);
	fault = threads_start(1, touch_the_tail, NULL);
	step_await(&split_scene.step, 1);
	remove_migration_ptes(folio, folio);
	BUG_ON(split_folio(folio));
	folio_unlock(folio);
	folio_put(folio);
	folio = begin_migration(folio_at(mm, 1));
	step_reach(&split_scene.step, 2);
	while (events_total(EV_MIGRATE_WAIT) == waits)
		cpu_relax();
	end_migration(folio);
	threads_join(fault);
	BUG_ON(syncpoint_hook(NULL, NULL, NULL));
	good = read_word(mm, 1) == 101 && rests(&mm, 1);
	mm_exit(mm);
	return good;
}

static struct page *device_page;

static void write_500(void *arg)
{
	write_word(arg, 0, 500);
}

/* An mm with a page that was freed and paged out; @fn was called when reclaim had found it clean. */
static struct mm_struct *mm_paged_out_across(void (*fn)(void *mm))
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_FREE));
	meanwhile("reclaim.lazily_freed", fn, mm);
	page_out(mm, 0);
	BUG_ON(meanwhile_ran() != 1);
	return mm;
}

static bool a_write_comes_before_a_freed_page_is_dropped(void)
{
	struct mm_struct *mm = mm_paged_out_across(write_500);
	bool good = holds(mm, 500);

	mm_exit(mm);
	return good;
}

static void get_for_a_device(void *mm)
{
	BUG_ON(get_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &device_page) != 1);
}

/* As direct IO that reads from a disk: the write comes after the page-out, and before the reference is dropped. */
static bool a_device_writes_to_a_freed_page(void)
{
	struct mm_struct *mm = mm_paged_out_across(get_for_a_device);
	bool good;

	*(uint64_t *)page_payload(device_page) = 600;
	folio_clear_lazyfree(page_folio(device_page));
	put_page(device_page);
	good = holds(mm, 600);
	mm_exit(mm);
	return good;
}

static const struct knocked_steps scenes[] = {
	{ { "swap:recheck", { "holds 100, not 200" } }, the_slot_is_reused_during_swap_in },
	{ { "swap:freeze", { "holds 100, not 300" } }, a_reference_holder_writes_during_swap_out },
	{ { "migrate:freeze", { "holds 100, not 400" } }, a_reference_holder_writes_during_migration },
	{ { "migration-wait:folio", { "assertion failed: locked" } }, a_fault_waits_across_a_split },
	{ { "split:freeze", { "old < (uint32_t)nr" } }, a_reference_to_a_part_is_dropped_after_a_split },
	{ { "lazyfree:dirty", { "holds 0, not 500" } }, a_write_comes_before_a_freed_page_is_dropped },
	{ { "lazyfree:refs", { "holds 0, not 600" } }, a_device_writes_to_a_freed_page },
	{ { "fork:swap-exclusive", { "is exclusive to one of 2 entries" } }, fork_of_a_swapped_page },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), two_nodes_up);
}
