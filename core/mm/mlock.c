/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mlock.c - counts the locked VMAs that map a folio. */
#include "core/mm/mlock.h"

#include "core/mm/page_vma_mapped.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(MLOCK_FOLIO, "folios mlocked by a first VMA");
DEFINE_EVENT(MUNLOCK_FOLIO, "folios no longer mlocked by any VMA");
DEFINE_EVENT(MLOCK_MISSED, "changes of entries during mlock() or munlock(), by which a folio may be missed");

static unsigned long missed;	/* (A) */

unsigned long mlock_missed(void)
{
	return load_relaxed(&missed);
}

void mlock_init(void)
{
	store_relaxed(&missed, 0ul);
}

static void note_missed(void)
{
	count_event(EV_MLOCK_MISSED);
	fetch_add_relaxed(&missed, 1ul);
}

void mlock_folio(struct folio *folio)
{
	if (!fetch_add_relaxed(&folio->page.mlock_count, 1))
		count_event(EV_MLOCK_FOLIO);
}

void munlock_folio(struct folio *folio)
{
	int old = load_relaxed(&folio->page.mlock_count);
	RETRY_LOOP(10000, "exchange: a folio's mlock count");

	do {
		BUG_ON(old < 0);
		if (!old)
			return;
	} while (unlikely(!try_cmpxchg_relaxed(&folio->page.mlock_count, &old, old - 1) && RETRIED()));
	if (old == 1)
		count_event(EV_MUNLOCK_FOLIO);
}

void mlock_new_folio(struct folio *folio)
{
	store_relaxed(&folio->page.mlock_count, 1);
	count_event(EV_MLOCK_FOLIO);
}

DEFINE_KNOCKOUT(MLOCK_IO,
	.name = "mlock:vma-io",
	.removes = "the check whether mlock() is counting a VMA's entries, when another thread sets one",
	.breaks = "a folio counted twice, which is never reclaimed",
	.detected_by = "mlock counts at rest",
	.hunt = "explore mlock_vs_migrate",
	.mirrors = "mm/munlock: mlock_vma_page() check against VM_SPECIAL");

/* Entries of device memory are not present: mlock() and munlock() skip them. */
void mlock_locked_vma_folio(struct folio *folio, unsigned long vm_flags)
{
	if (folio_is_device_private(folio))
		return;
	if ((vm_flags & VM_IO) && !KNOCKED_OUT(MLOCK_IO))
		note_missed();
	else
		mlock_folio(folio);
}

DEFINE_KNOCKOUT(RMAP_MUNLOCK,
	.name = "rmap:munlock",
	.removes = "uncounting a folio when a locked VMA unmaps it",
	.breaks = "a folio that is never reclaimed",
	.detected_by = "the check of mlock counts of freed folios, and at rest",
	.hunt = HUNT_JUMBLE);

void munlock_locked_vma_folio(struct folio *folio, unsigned long vm_flags)
{
	if (KNOCKED_OUT(RMAP_MUNLOCK))
		return;
	if (vm_flags & VM_IO)
		note_missed();
	munlock_folio(folio);
}

bool mlock_mapped_folio(struct folio *folio, struct page_vma_mapped_walk *pvmw)
{
	for (unsigned long nr = 1; pvmw->pte && nr < pvmw->nr_pages; nr++)
		if (!page_vma_mapped_walk(pvmw))
			return false;
	if (!(pvmw->flags & PVMW_PGTABLE_CROSSED) && !folio_test_mlocked(folio))
		mlock_vma_folio(folio, pvmw->vma);
	page_vma_mapped_walk_done(pvmw);
	return true;
}
