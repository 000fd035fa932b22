/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate.c - moves pages to other frames. */
#include "core/op/migrate.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vma.h"
#include "core/op/try_to_unmap.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MIGRATE, "folios moved to another frame");
DEFINE_EVENT(MIGRATE_KEPT, "folios that could not be moved");
DEFINE_EVENT(DEVICE_IN, "pages moved to the memory of a device");

DEFINE_KNOCKOUT(MIGRATE_FREEZE,
	.name = "migrate:freeze",
	.removes = "the check for other references before a folio's contents are copied",
	.breaks = "writes through a reference are lost",
	.detected_by = "the contents of pages",
	.hunt = "test knockout.swap");

/*
 * Moves contents and identity. A new folio is not locked: the migrator's reference keeps it from being taken for
 * exclusive, swapped out or moved before all its entries are restored. False: @from has extra references.
 */
static bool move_contents(struct folio *to, struct folio *from, struct anon_vma *anon_vma)
{
	bool frozen = !folio_mapped(from) && folio_ref_freeze(from, 1);

	if (!frozen && (folio_mapped(from) || !KNOCKED_OUT(MIGRATE_FREEZE)))
		return false;
	copy_payload(&to->page, &from->page);
	to->page.index = from->page.index;
	folio_set_anon_mapping(to, anon_vma);
	if (frozen)
		folio_ref_unfreeze(from, 1);
	return true;
}

int migrate_folio_locked(struct folio *to, struct folio *from)
{
	struct anon_vma *anon_vma;
	bool moved;

	if (folio_test_swapcache(from))
		return -EBUSY;
	anon_vma = folio_get_anon_vma(from);
	if (!anon_vma)
		return -EBUSY;
	try_to_migrate(from, TTU_BATCH_FLUSH);
	try_to_unmap_flush();
	SYNCPOINT("migrate.unmapped");
	moved = move_contents(to, from, anon_vma);
	SYNCPOINT("migrate.copied");
	remove_migration_ptes(from, moved ? to : from);
	put_anon_vma(anon_vma);
	return moved ? 0 : -EBUSY;
}

static int move_folio(struct folio *folio, unsigned int nid, unsigned int alloc_flags)
{
	struct page *page;
	int err = -EBUSY;

	if (folio_test_large(folio) || !folio_test_anon(folio) || folio_is_device_private(folio))
		return -EBUSY;
	page = alloc_pages_node(nid, 0, alloc_flags);
	if (!page)
		return -ENOMEM;
	if (folio_trylock(folio)) {
		err = migrate_folio_locked(page_folio(page), folio);
		folio_unlock(folio);
	}
	put_page(page);
	return err;
}

int migrate_folio(struct folio *folio, unsigned int nid)
{
	OPERATION("migrate", folio, 0);
	int err = move_folio(folio, nid, PAGE_ANON | ALLOC_THISNODE);

	if (err)
		count_event(EV_MIGRATE_KEPT);
	else
		count_event(EV_MIGRATE);
	folio_put(folio);
	return err;
}

int migrate_folio_to_device(struct folio *folio)
{
	int err = move_folio(folio, page_to_nid(&folio->page), PAGE_DEVICE);

	if (err)
		count_event(EV_MIGRATE_KEPT);
	else
		count_event(EV_DEVICE_IN);
	folio_put(folio);
	return err;
}

/* ---- a range ---- */

bool migrate_next_batch(struct mm_struct *mm, struct folio_batch *batch, unsigned long end)
{
	struct vm_area_struct *vma;
	bool more = true;

	mmap_read_lock(mm);
	vma = find_vma_intersection(mm, batch->next, end);
	if (vma) {
		batch->next = max(batch->next, vma->vm_start);
		if (!folio_batch_fill(batch, vma, min(end, vma->vm_end)))
			batch->next = min(end, vma->vm_end);
		more = batch->next < end;
	}
	mmap_read_unlock(mm);
	return vma && more;
}

long sys_migrate_range(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned int nid)
{
	OPERATION("migrate_range", mm, start);
	unsigned long end = start + ALIGN_UP(len, PAGE_SIZE);
	struct folio_batch batch = { .next = start };
	long moved = 0;
	bool more;

	if (!IS_ALIGNED(start, PAGE_SIZE) || end < start || nid >= machine.nr_nodes)
		return -EINVAL;
	do {
		batch.nr = 0;
		more = migrate_next_batch(mm, &batch, end);
		for (unsigned int i = 0; i < batch.nr; i++) {
			if (page_to_nid(&batch.folios[i]->page) == nid)
				folio_put(batch.folios[i]);
			else
				moved += !migrate_folio(batch.folios[i], nid);
		}
	} while (more);
	return moved;
}
