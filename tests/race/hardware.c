/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hardware.c - a processor that sets accessed and dirty bits by itself, outside every lock, against all that changes
 * entries: a dirty bit it has set is there until the check takes it away.
 *
 * One thread is the processor. It cleans entries under the PTL, writes through them as a page walk of hardware does, by
 * one compare-and-exchange of an entry that allows it, and checks later that the entry still has them. No other thread
 * cleans those. Of a shared mapping, which write-back cleans, it checks that a dirty or writable entry maps a dirty
 * folio. Storms at full speed, and schedules, which switch between any two accesses of an entry.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/mapped_entry.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/hardware.h"
#include "tests/lib/storm/processor_storm.h"

#define SHARED	(AREA + 4 * PMD_SIZE)

static struct processor_storm storm;
static bool dirtied[PAGES];		/* (T) the processor's */
static uint64_t writes, looks;		/* (T) the processor's */
static struct file *file;		/* (C) while threads run: its pages are mapped at SHARED */
static uint64_t shared_writes;		/* (T) the processor's */

/* ---- the processor ---- */

static void write_page(unsigned long page)
{
	if (hardware_write(storm.mm, addr_of(page))) {
		dirtied[page] = true;
		writes++;
	} else if (!do_user_addr_fault(storm.mm, addr_of(page), FAULT_FLAG_WRITE)) {
		dirtied[page] = true;
	}
}

static void clean_pte(unsigned long page)
{
	struct mapped_entry entry;
	unsigned long addr = addr_of(page), at = addr;
	uint64_t *word;

	mmap_read_lock(storm.mm);
	if (mapped_entry_lock(&entry, &storm.mm->pt, addr)) {
		pmd_t *pmdp = pmd_find_next(&storm.mm->pt, &at, addr + PAGE_SIZE);

		word = entry.leaf ? &pmdp->val : (uint64_t *)pte_offset(pmdp_get(pmdp), addr);
		if (load_relaxed(word) & ENTRY_PRESENT)
			fetch_and_acq_rel(word, ~ENTRY_DIRTY);
		for (unsigned long i = 0; i < PAGES; i++)
			dirtied[i] &= i != page && !(entry.leaf && (addr_of(i) & PMD_MASK) == (addr & PMD_MASK));
		mapped_entry_unlock(&entry);
	}
	mmap_read_unlock(storm.mm);
}

static void look(unsigned long page)
{
	struct mapped_entry entry;

	mmap_read_lock(storm.mm);
	if (dirtied[page] && mapped_entry_lock(&entry, &storm.mm->pt, addr_of(page))) {
		if (!entry_says_dirty(entry.pte))
			BUG("the entry at %lx is %016lx: the dirty bit was lost", addr_of(page),
			    (unsigned long)entry.pte.val);
		mapped_entry_unlock(&entry);
		looks++;
	}
	mmap_read_unlock(storm.mm);
}

/* Whatever the processor sets, an entry of a shared mapping that is dirty or writable maps a dirty folio. */
static void write_shared(unsigned long page)
{
	unsigned long addr = SHARED + page * PAGE_SIZE;
	struct mapped_entry entry;

	if (hardware_write(storm.mm, addr))
		shared_writes++;
	else
		do_user_addr_fault(storm.mm, addr, FAULT_FLAG_WRITE);
	mmap_read_lock(storm.mm);
	if (mapped_entry_lock(&entry, &storm.mm->pt, addr)) {
		if ((pte_dirty(entry.pte) || pte_write(entry.pte)) &&
		    !folio_test_dirty(page_folio(pte_page(entry.pte))))
			BUG("the entry at %lx is %016lx: its folio is clean", addr, (unsigned long)entry.pte.val);
		mapped_entry_unlock(&entry);
	}
	mmap_read_unlock(storm.mm);
}

static void process(void)
{
	unsigned long page = below(PAGES), dice = below(10);

	if (dice >= 8)
		write_shared(page);
	else if (dice < 2)
		clean_pte(page);
	else if (dice < 6)
		write_page(page);
	else
		look(page);
}

/* ---- all that changes entries ---- */

/* The entry's accessed bit goes, and a read brings it back. */
static void age(unsigned long page)
{
	struct folio *folio = NULL;
	struct mapped_entry entry;
	unsigned long flags;

	mmap_read_lock(storm.mm);
	if (mapped_entry_lock(&entry, &storm.mm->pt, addr_of(page))) {
		if (pte_accessible(entry.pte)) {
			folio = page_folio(pte_page(entry.pte));
			folio_get(folio);
		}
		mapped_entry_unlock(&entry);
	}
	mmap_read_unlock(storm.mm);
	if (!folio)
		return;
	folio_referenced(folio, false, &flags);
	folio_put(folio);
	do_user_addr_fault(storm.mm, addr_of(page), 0);
}

static void disturb(void)
{
	unsigned long page = below(PAGES), pages = 1 + below(PAGES - page);

	switch (below(16)) {
	case 0 ... 3:
		protect(storm.mm, below(4) ? addr_of(page) : SHARED + page * PAGE_SIZE, pages);
		break;
	case 4 ... 7:
		sys_migrate_range(storm.mm, addr_of(page), pages * PAGE_SIZE, (unsigned int)below(2));
		break;
	case 8:
		fork_and_exit(storm.mm);
		break;
	case 9:
		collapse_one(storm.mm);
		break;
	case 10 ... 12:
		filemap_writeback(file);
		break;
	default:
		age(page);
		break;
	}
}

static void begin(void)
{
	file = file_create(PAGES, PAGES, 0, 1);
	BUG_ON(!file);
	BUG_ON(sys_mmap_file(storm.mm, SHARED, PAGES * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, file, 0) !=
	       (long)SHARED);
	for (unsigned long i = 0; i < PAGES; i++)
		dirtied[i] = false;
}

static void look_at_all(void)
{
	for (unsigned long i = 0; i < PAGES; i++)
		look(i);
}

static void end(void)
{
	file_put(file);
}

static struct processor_storm storm = {
	.policy = "linux-6.15",
	.rounds = 20000,
	.begin = begin,
	.process = process,
	.disturb = disturb,
	.look = look_at_all,
	.end = end,
};

static void no_dirty_bit_is_lost(void **state)
{
	static const struct wanted wanted[] = {
		COUNTED(writes, 1000), COUNTED(looks, 1000), COUNTED(shared_writes, 1000), MET(EV_MIGRATE, 100),
		MET(EV_FORK, 10),      MET(EV_COW_COPY, 1),  MET(EV_FILE_CLEANED, 100),
	};
	struct storms storms = STORMS(wanted, test_rounds(8));

	(void)state;
	writes = looks = shared_writes = 0;
	while (another_storm(&storms))
		processor_storm(&storm, storms.seed, false);
}

static void no_schedule_loses_one(void **state)
{
	static const struct wanted wanted[] = {
		COUNTED(writes, 100), COUNTED(looks, 100), COUNTED(shared_writes, 100),
		MET(EV_MIGRATE, 10),  MET(EV_FORK, 1),	   MET(EV_FILE_CLEANED, 10),
	};
	struct storms storms = STORMS(wanted, test_rounds(200));

	(void)state;
	needs_checks();
	writes = looks = shared_writes = 0;
	while (another_storm(&storms))
		processor_storm(&storm, storms.seed, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_dirty_bit_is_lost),
		cmocka_unit_test(no_schedule_loses_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
