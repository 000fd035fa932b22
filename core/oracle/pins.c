/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pins.c - the in-flight check of pins. */
#include "core/oracle/pins.h"

#include <stdio.h>

#include "core/mm/mapped_entry.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/gup.h"
#include "core/phys/folio.h"
#include "core/phys/page_flags.h"
#include "core/probe/race.h"

static uint64_t stamps;		/* (A) the last one used */

uint64_t pin_clock(void)
{
	/* ORDER[pin-clock:B] before later writes are judged; pairs with ORDER[pin-clock:A]. */
	return load_acquire(&stamps);
}

/* One of the words for stamps; they are in the line of payload that every page has, if it has any. */
static uint64_t *word_of(const struct page *page, unsigned int slot)
{
	return (uint64_t *)page_payload(page) + slot;
}

void checked_write(struct pin_check *check)
{
	/*
	 * ORDER[pin-clock:A] before the stamp is written: a page that has it shows that the clock had it. Pairs with
	 * ORDER[pin-clock:B].
	 * ORDER[pin-stamp:A] after the number is taken; pairs with ORDER[pin-stamp:B].
	 */
	check->stamp = fetch_add_acq_rel(&stamps, 1ul) + 1;
	if (machine.payload && check->slot < PIN_SLOTS)
		store_release(word_of(check->page, check->slot), check->stamp);
}

long checked_pin(struct pin_check *check, unsigned int flags)
{
	long got;

	check->stamp = 0;
	/*
	 * ORDER[unmap-count:B] before the page is pinned: an unmap counted here changed its entries before. Pairs with
	 * ORDER[unmap-count:A].
	 */
	check->unmaps_ended = check->unmaps ? load_acquire(&check->unmaps->ended) : 0;
	got = pin_user_pages_fast(check->mm, check->addr, 1, flags, &check->page);
	if (got <= 0)
		return got;
	if (check->page == zero_page) {
		unpin_user_page(zero_page);
		return 0;
	}
	check->life = page_life(check->page);
	check->ready = PageAnonExclusive(check->page) || PageAnonExclusive(&page_folio(check->page)->page);
	if (flags & FOLL_WRITE)
		checked_write(check);
	SYNCPOINT("pins.held");
	return 1;
}

static bool unmapped_meanwhile(const struct pin_check *check)
{
	/*
	 * ORDER[unmap-count:B] after the entry was read under its lock: if an unmap changed it, that one has begun.
	 * Pairs with ORDER[unmap-count:A].
	 */
	return check->unmaps && load_acquire(&check->unmaps->begun) != check->unmaps_ended;
}

/* Checks one moment without concurrent changes of the entry; NULL if all is well. Locking: mmap_lock. */
static const char *wrong_mapping(const struct pin_check *check)
{
	struct folio *folio = page_folio(check->page);
	const char *wrong = NULL;
	struct mapped_entry entry = { .pte = __pte(0) };
	/* Without a VMA nothing keeps the tables: munmap() frees them under mmap_lock for read. */
	bool there = vma_lookup(check->mm, check->addr) &&
		     mapped_entry_lock(&entry, &check->mm->pt, check->addr);

	if (!pte_present(entry.pte) || pte_page(entry.pte) != check->page) {
		if (!unmapped_meanwhile(check))
			wrong = "is not mapped at its address any more";
	} else if (!PageAnonExclusive(entry.owner)) {
		wrong = "is not exclusive";
	} else if (folio_precise_page_mapcount(folio, check->page) != 1) {
		wrong = "is mapped a second time";
	}
	if (there)
		mapped_entry_unlock(&entry);
	return wrong;
}

static const char *wrong_page(const struct pin_check *check)
{
	if (page_life(check->page) != check->life || page_type(check->page) != PAGE_ANON)
		return "was freed";
	if (!check->ready && !unmapped_meanwhile(check))
		return "was not exclusive when it was pinned";
	if (!folio_maybe_dma_pinned(page_folio(check->page)))
		return "is not counted as pinned";
	/* ORDER[pin-stamp:B] the stamp of a write through the pin; pairs with ORDER[pin-stamp:A]. */
	if (machine.payload && check->stamp && check->slot < PIN_SLOTS &&
	    load_acquire(word_of(check->page, check->slot)) != check->stamp)
		return "lost a write through the pin";
	return NULL;
}

bool checked_unpin(struct pin_check *check, char *why, size_t why_size)
{
	const char *wrong = wrong_page(check);

	if (!wrong) {
		mmap_read_lock_seen(check->mm);
		race_see_all();
		wrong = wrong_mapping(check);
		mmap_read_unlock_seen(check->mm);
	}
	if (wrong) {
		snprintf(why, why_size, "pfn %lu, pinned for %s at %lx, %s", page_to_pfn(check->page),
			 check->stamp ? "writing" : "reading", check->addr, wrong);
		return false;
	}
	unpin_user_page(check->page);
	return true;
}

/* The latest stamp in the page mapped at @addr; 0 if there is none. Locking: mmap_lock. */
static uint64_t latest_stamp(struct mm_struct *mm, unsigned long addr)
{
	struct mapped_entry entry;
	uint64_t latest = 0;

	if (!mapped_entry_lock(&entry, &mm->pt, addr))
		return 0;
	if (pte_present(entry.pte))
		/* ORDER[pin-stamp:B] as in wrong_page(); pairs with ORDER[pin-stamp:A]. */
		for (unsigned int slot = 0; slot < PIN_SLOTS; slot++)
			latest = max(latest, load_acquire(word_of(pte_page(entry.pte), slot)));
	mapped_entry_unlock(&entry);
	return latest;
}

bool pin_check_child(struct mm_struct *mm, unsigned long start, unsigned long end, uint64_t now, char *why,
		     size_t why_size)
{
	uint64_t latest = 0;
	unsigned long addr;

	if (!machine.payload)
		return true;
	mmap_read_lock_seen(mm);
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		latest = latest_stamp(mm, addr);
		if (latest > now)
			break;
	}
	mmap_read_unlock_seen(mm);
	if (addr < end)
		snprintf(why, why_size,
			 "a child sees at %lx stamp %lu, written through a pin of its parent after the fork at %lu",
			 addr, (unsigned long)latest, (unsigned long)now);
	return addr >= end;
}
