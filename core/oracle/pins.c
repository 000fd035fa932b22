/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pins.c - the in-flight check of pins. */
#include "core/oracle/pins.h"

#include <stdio.h>

#include "core/mm/mapped_entry.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/rmap.h"
#include "core/op/gup.h"
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
	if (machine.payload && watch->slot < PIN_SLOTS)
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
	watch->ready = PageAnonExclusive(watch->page) || PageAnonExclusive(&page_folio(watch->page)->page);
	if (flags & FOLL_WRITE)
		watched_write(watch);
	SYNCPOINT("pins.held");
	return 1;
}

static bool unmapped_meanwhile(const struct pin_watch *watch)
{
	return watch->unmaps && load_acquire(&watch->unmaps->begun) != watch->unmaps_ended;
}

/* Said of one moment, when nobody changes the entry; NULL when all is well. Locking: mmap_lock. */
static const char *wrong_mapping(const struct pin_watch *watch)
{
	struct folio *folio = page_folio(watch->page);
	const char *wrong = NULL;
	struct mapped_entry entry;
	bool there = mapped_entry_lock(&entry, &watch->mm->pt, watch->addr);

	if (!pte_present(entry.pte) || pte_page(entry.pte) != watch->page) {
		if (!unmapped_meanwhile(watch))
			wrong = "is not mapped at its address any more";
	} else if (!PageAnonExclusive(entry.owner)) {
		wrong = "is not exclusive";
	} else if (folio_precise_page_mapcount(folio, watch->page) != 1) {
		wrong = "is mapped a second time";
	}
	if (there)
		mapped_entry_unlock(&entry);
	return wrong;
}

static const char *wrong_page(const struct pin_watch *watch)
{
	if (page_life(watch->page) != watch->life || page_type(watch->page) != PAGE_ANON)
		return "was freed";
	if (!watch->ready && !unmapped_meanwhile(watch))
		return "was not exclusive when it was pinned";
	if (!folio_maybe_dma_pinned(page_folio(watch->page)))
		return "is not counted as pinned";
	if (machine.payload && watch->stamp && watch->slot < PIN_SLOTS && load_acquire(word_of(watch->page, watch->slot)) != watch->stamp)
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
	struct mapped_entry entry;
	uint64_t latest = 0;

	if (!mapped_entry_lock(&entry, &mm->pt, addr))
		return 0;
	if (pte_present(entry.pte))
		for (unsigned int slot = 0; slot < PIN_SLOTS; slot++)
			latest = max(latest, load_acquire(word_of(pte_page(entry.pte), slot)));
	mapped_entry_unlock(&entry);
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
