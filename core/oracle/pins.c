/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pins.c - the in-flight check of pins. */
#include "core/oracle/pins.h"

#include <stdio.h>

#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/op/gup.h"
#include "core/pgtable/pgalloc.h"
#include "core/phys/folio.h"
#include "core/phys/page_flags.h"

static uint64_t stamps;		/* (A) handed out */

uint64_t pin_clock(void)
{
	return load_acquire(&stamps);
}

/* One of the words that stamps are written to; they are in the line of payload that every page has, if it has any. */
static uint64_t *word_of(const struct page *page, unsigned int slot)
{
	return (uint64_t *)page_payload(page) + slot;
}

void watched_write(struct pin_watch *watch)
{
	watch->stamp = fetch_add_acq_rel(&stamps, 1ul) + 1;
	if (machine.payload)
		store_release(word_of(watch->page, watch->slot), watch->stamp);
}

long watched_pin(struct pin_watch *watch, unsigned int flags)
{
	long got;

	watch->stamp = 0;
	watch->unmaps_ended = watch->unmaps ? load_acquire(&watch->unmaps->ended) : 0;
	got = pin_user_pages_fast(watch->mm, watch->addr, 1, flags, &watch->page);
	if (got <= 0)
		return got;
	if (watch->page == zero_page) {
		unpin_user_page(zero_page);
		return 0;
	}
	watch->life = page_life(watch->page);
	if (flags & FOLL_WRITE)
		watched_write(watch);
	SYNCPOINT("pins.held");
	return 1;
}

/* The entry at @addr, its PTL held, until pte_unmap_unlock(); NULL where there is no table. Locking: mmap_lock. */
static pte_t *lock_entry(struct mm_struct *mm, unsigned long addr, spinlock_t **ptl)
{
	unsigned long found = addr;
	pmd_t *pmdp = pmd_find_next(&mm->pt, &found, addr + PAGE_SIZE);
	pte_t *ptep = NULL;

	while (pmdp && !ptep && !pmd_none(pmdp_get(pmdp)))
		ptep = pte_offset_map_lock(&mm->pt, pmdp, addr, ptl);
	return ptep;
}

/* Said of one moment, when nobody changes the entry; NULL when all is well. Locking: mmap_lock. */
static const char *wrong_mapping(const struct pin_watch *watch)
{
	const char *wrong = NULL;
	spinlock_t *ptl;
	pte_t *ptep = lock_entry(watch->mm, watch->addr, &ptl), pte = ptep ? ptep_get(ptep) : __pte(0);

	if (!pte_present(pte) || pte_page(pte) != watch->page) {
		if (!watch->unmaps || load_acquire(&watch->unmaps->begun) == watch->unmaps_ended)
			wrong = "is not mapped at its address any more";
	} else if (!PageAnonExclusive(watch->page)) {
		wrong = "is not exclusive";
	} else if (page_mapcount(watch->page) != 1) {
		wrong = "is mapped a second time";
	}
	if (ptep)
		pte_unmap_unlock(&watch->mm->pt, ptl);
	return wrong;
}

static const char *wrong_page(const struct pin_watch *watch)
{
	if (page_life(watch->page) != watch->life || page_type(watch->page) != PAGE_ANON)
		return "was freed";
	if (!folio_maybe_dma_pinned(page_folio(watch->page)))
		return "is not counted as pinned";
	if (machine.payload && watch->stamp && load_acquire(word_of(watch->page, watch->slot)) != watch->stamp)
		return "lost what was written through the pin";
	return NULL;
}

bool watched_unpin(struct pin_watch *watch, char *why, size_t why_size)
{
	const char *wrong = wrong_page(watch);

	if (!wrong) {
		mmap_read_lock(watch->mm);
		wrong = wrong_mapping(watch);
		mmap_read_unlock(watch->mm);
	}
	if (wrong) {
		snprintf(why, why_size, "pfn %lu, pinned for %s at %lx, %s", page_to_pfn(watch->page),
			 watch->stamp ? "writing" : "reading", watch->addr, wrong);
		return false;
	}
	unpin_user_page(watch->page);
	return true;
}

/* The latest stamp in the page mapped at @addr; 0 if none is. Locking: mmap_lock. */
static uint64_t latest_stamp(struct mm_struct *mm, unsigned long addr)
{
	uint64_t latest = 0;
	spinlock_t *ptl;
	pte_t *ptep = lock_entry(mm, addr, &ptl);

	if (!ptep)
		return 0;
	if (pte_present(ptep_get(ptep)))
		for (unsigned int slot = 0; slot < PIN_SLOTS; slot++)
			latest = max(latest, load_acquire(word_of(pte_page(ptep_get(ptep)), slot)));
	pte_unmap_unlock(&mm->pt, ptl);
	return latest;
}

bool pin_check_child(struct mm_struct *mm, unsigned long start, unsigned long end, uint64_t now, char *why, size_t why_size)
{
	uint64_t latest = 0;
	unsigned long addr;

	if (!machine.payload)
		return true;
	mmap_read_lock(mm);
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		latest = latest_stamp(mm, addr);
		if (latest > now)
			break;
	}
	mmap_read_unlock(mm);
	if (addr < end)
		snprintf(why, why_size, "a child sees at %lx stamp %lu, written through a pin of its parent after the fork at %lu",
			 addr, (unsigned long)latest, (unsigned long)now);
	return addr >= end;
}
