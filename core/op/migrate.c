/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate.c - moves pages to other frames. */
#include "core/op/migrate.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/filemap.h"
#include "core/mm/ksm.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vma.h"
#include "core/op/hugetlb_migrate.h"
#include "core/op/split_folio.h"
#include "core/op/try_to_unmap.h"
#include "core/pgtable/swapent.h"
#include "core/phys/deferred_split.h"
#include "core/phys/folio_lock.h"
#include "core/phys/hugetlb_pool.h"
#include "core/phys/lru.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MIGRATE, "folios moved to another frame");
DEFINE_EVENT(MIGRATE_LARGE, "large folios moved as a whole");
DEFINE_EVENT(MIGRATE_FILE, "folios of files moved to another frame");
DEFINE_EVENT(MIGRATE_KEPT, "folios that could not be moved");
DEFINE_EVENT(DEVICE_IN, "pages moved to the memory of a device");

DEFINE_KNOCKOUT(MIGRATE_FREEZE,
	.name = "migrate:freeze",
	.removes = "the check for other references before a folio's contents are copied",
	.breaks = "writes through a reference are lost",
	.detected_by = "the contents of pages",
	.hunt = "test knockout.swap");

static void copy_folio(struct folio *to, struct folio *from)
{
	for (unsigned long i = 0; i < folio_nr_pages(from); i++)
		copy_payload(folio_page(to, i), folio_page(from, i));
}

/* No entry of a large folio is missed that is about to be set. */
static void unmap_for_migration(struct folio *folio)
{
	if (unlikely(folio_test_hugetlb(folio)))
		hugetlb_unmap_for_migration(folio);
	else
		try_to_migrate(folio, TTU_BATCH_FLUSH | (folio_test_large(folio) ? TTU_SYNC : 0));
	try_to_unmap_flush();
	SYNCPOINT("migrate.unmapped");
}

/*
 * Moves contents and identity. A new folio is not locked: the migrator's reference keeps it from being taken for
 * exclusive, swapped out or moved before all its entries are restored. False: @from has extra references. @anon_vma is
 * NULL for a merged folio; then both are locked.
 */
static bool move_contents(struct folio *to, struct folio *from, struct anon_vma *anon_vma)
{
	bool frozen = !folio_mapped(from) && folio_ref_freeze(from, 1);

	if (!frozen && (folio_mapped(from) || !KNOCKED_OUT(MIGRATE_FREEZE)))
		return false;
	folio_unqueue_deferred_split(from);
	copy_folio(to, from);
	to->page.index = from->page.index;
	if (unlikely(folio_test_lazyfree(from)))
		folio_mark_lazyfree(to);
	if (unlikely(folio_test_dirty(from)))
		folio_mark_dirty(to);
	if (unlikely(folio_test_hugetlb(from)))
		hugetlb_pool_move(to, from);
	if (likely(anon_vma))
		folio_set_anon_mapping(to, anon_vma);
	else
		folio_migrate_ksm(to, from);
	if (frozen)
		folio_ref_unfreeze(from, 1);
	return true;
}

static bool move_anon(struct folio *to, struct folio *from, struct anon_vma *anon_vma)
{
	bool moved;

	unmap_for_migration(from);
	moved = move_contents(to, from, anon_vma);
	SYNCPOINT("migrate.copied");
	if (moved)
		folio_migrate_lru(to, from);
	remove_migration_ptes(from, moved ? to : from);
	return moved;
}

/* The walk that restores its entries starts at the new folio, which names the node then. */
static __noinline bool migrate_ksm(struct folio *to, struct folio *from)
{
	bool moved;

	BUG_ON(!folio_trylock(to));
	moved = move_anon(to, from, NULL);
	folio_unlock(to);
	return moved;
}

static bool migrate_anon(struct folio *to, struct folio *from)
{
	struct anon_vma *anon_vma;
	bool moved;

	if (folio_test_swapcache(from))
		return false;
	if (unlikely(folio_test_ksm(from)))
		return !folio_is_device_private(to) && migrate_ksm(to, from);
	anon_vma = folio_get_anon_vma(from);
	if (!anon_vma)
		return false;
	moved = move_anon(to, from, anon_vma);
	put_anon_vma(anon_vma);
	return moved;
}

/* ---- folios of files ---- */

DEFINE_KNOCKOUT(MIGRATE_FILE_COUNT,
	.name = "migrate-file:count",
	.removes = "the check for other references before the contents of a file's folio are copied",
	.breaks = "a write through a reference, dropped before the folio is replaced, is lost",
	.detected_by = "the contents of files",
	.hunt = "test knockout.taken_file");

/*
 * Copies the contents, and only then freezes the references: the holder of a reference that was taken before the first
 * check may write; a later one has it from the page cache, and needs the folio lock to write. Source: mm/migrate.c,
 * __migrate_folio().
 */
static bool move_file_contents(struct folio *to, struct folio *from)
{
	if ((folio_mapped(from) || folio_ref_count(from) != 2) && !KNOCKED_OUT(MIGRATE_FILE_COUNT))
		return false;
	copy_folio(to, from);
	SYNCPOINT("migrate_file.copied");
	return folio_migrate_mapping(to, from);
}

DEFINE_KNOCKOUT(MIGRATE_FILE_LOCK,
	.name = "migrate-file:lock",
	.removes = "the lock of the new folio, until the entries that map it are back",
	.breaks = "a folio that was truncated, or cleaned, meanwhile is mapped and writable again",
	.detected_by = "the check of rmap counts, and files at rest",
	.hunt = "test knockout.file");

/* The new folio is locked before lookups find it, until all entries map it. */
static bool migrate_file(struct folio *to, struct folio *from)
{
	struct rwsem *place;
	bool moved;

	if (!folio_mapping(from))	/* truncated */
		return false;
	BUG_ON(!folio_trylock(to));
	place = hugetlb_migrate_begin(to, from);
	unmap_for_migration(from);
	moved = move_file_contents(to, from);
	if (moved && unlikely(folio_test_hugetlb(from)))
		hugetlb_pool_move(to, from);
	hugetlb_migrate_end(place);
	if (KNOCKED_OUT(MIGRATE_FILE_LOCK))
		folio_unlock(to);
	SYNCPOINT("migrate.copied");
	if (moved)
		folio_migrate_lru(to, from);
	remove_migration_ptes(from, moved ? to : from);
	if (moved)
		filemap_forget_folio(from);
	if (!KNOCKED_OUT(MIGRATE_FILE_LOCK))
		folio_unlock(to);
	if (moved)
		count_event(EV_MIGRATE_FILE);
	return moved;
}

int migrate_folio_locked(struct folio *to, struct folio *from)
{
	return (folio_test_anon(from) ? migrate_anon : migrate_file)(to, from) ? 0 : -EBUSY;
}

static bool can_be_moved(const struct folio *folio, bool to_device)
{
	if (folio_test_hugetlb(folio))
		return !to_device;
	if (folio_test_anon(folio))
		return !folio_is_device_private(folio);
	return page_type(&folio->page) == PAGE_FILE && !to_device;
}

/* A folio of @folio's size to move to, with a reference. */
static struct folio *alloc_migration_target(const struct folio *folio, unsigned int nid, unsigned int alloc_flags)
{
	unsigned int order = folio_order(folio);
	struct page *page;

	if (unlikely(folio_test_hugetlb(folio)))
		return hugetlb_pool_take_node(order, nid);
	if (alloc_flags != PAGE_DEVICE)
		alloc_flags |= folio_test_anon(folio) ? PAGE_ANON : PAGE_FILE;
	page = alloc_pages_node(nid, order, alloc_flags | (order ? ALLOC_COMPOUND : 0));
	return page ? page_folio(page) : NULL;
}

/* @alloc_flags: PAGE_DEVICE for device memory, which takes small anonymous folios only; else without a type. */
static int move_folio(struct folio *folio, unsigned int nid, unsigned int alloc_flags)
{
	bool to_device = alloc_flags == PAGE_DEVICE;
	struct folio *to;
	int err = -EBUSY;

	if (!can_be_moved(folio, to_device) || (to_device && folio_test_large(folio)))
		return -EBUSY;
	to = alloc_migration_target(folio, nid, alloc_flags);
	if (!to)
		return -ENOMEM;
	if (folio_trylock(folio)) {
		err = migrate_folio_locked(to, folio);
		folio_unlock(folio);
	}
	folio_put(to);
	return err;
}

/* The same of one that is isolated: it is put back, unless it was moved. */
static int move_isolated(struct folio *folio, unsigned int nid, unsigned int alloc_flags)
{
	int err = move_folio(folio, nid, alloc_flags);

	if (err)
		folio_putback_lru(folio);
	return err;
}

static void count_moved(struct folio *folio, int err)
{
	if (err)
		count_event(EV_MIGRATE_KEPT);
	else
		count_event(EV_MIGRATE);
	if (!err && folio_test_large(folio))
		count_event(EV_MIGRATE_LARGE);
}

/* Moves the @nr pages of a folio that was split, and drops the references to them. Returns as move_or_split(). */
static int move_parts(struct folio *folio, unsigned long nr, unsigned int nid, long *pages)
{
	int ret = 0, err;

	for (unsigned long i = 0; i < nr; i++) {
		struct folio *part = page_folio(folio_page(folio, i));

		if (folio_mapped(part)) {	/* else it is freed */
			err = move_isolated(part, nid, ALLOC_THISNODE);
			count_moved(part, err);
			*pages += !err;
			ret = err ? err : ret;
		}
		folio_put(part);
	}
	return ret;
}

/* Returns as split_folio_to_list(). The caller's reference keeps other threads from splitting it. */
static int try_split_folio(struct folio *folio)
{
	int err;

	if (!folio_trylock(folio))
		return -EBUSY;
	err = split_folio_to_list(folio);
	folio_unlock(folio);
	return err;
}

/*
 * Moves @folio, and drops the reference. A large one is moved as a whole, unless that needs memory that no node has in
 * one piece, or moves pages that are not mapped: then its pages are moved one by one. Returns 0, or the last error; and
 * adds the number of moved pages to *@pages. Source: mm/migrate.c, migrate_pages_batch().
 */
static int move_or_split(struct folio *folio, unsigned int nid, long *pages)
{
	unsigned long nr = folio_nr_pages(folio);
	bool splits = folio_test_anon(folio) && folio_test_large(folio) && !folio_test_hugetlb(folio);
	int err;

	if (!folio_isolate_lru(folio)) {
		count_moved(folio, -EBUSY);
		folio_put(folio);
		return -EBUSY;
	}
	if (splits && folio_partially_mapped(folio) && !try_split_folio(folio))
		return move_parts(folio, nr, nid, pages);
	err = move_folio(folio, nid, ALLOC_THISNODE);
	if (splits && err == -ENOMEM && !try_split_folio(folio))
		return move_parts(folio, nr, nid, pages);
	count_moved(folio, err);
	*pages += err ? 0 : (long)nr;
	if (err)
		folio_putback_lru(folio);
	folio_put(folio);
	return err;
}

int migrate_folio(struct folio *folio, unsigned int nid)
{
	OPERATION("migrate", folio, 0);
	long pages = 0;

	return move_or_split(folio, nid, &pages);
}

int migrate_folio_to_device(struct folio *folio)
{
	int err = -EBUSY;

	if (folio_isolate_lru(folio))
		err = move_isolated(folio, page_to_nid(&folio->page), PAGE_DEVICE);
	if (err)
		count_event(EV_MIGRATE_KEPT);
	else
		count_event(EV_DEVICE_IN);
	folio_put(folio);
	return err;
}

/* ---- to the node of a processor ---- */

/* Shared memory is anonymous in this respect. */
static bool folio_is_file_lru(struct folio *folio)
{
	struct address_space *mapping = folio_test_anon(folio) ? NULL : folio_mapping(folio);

	return mapping && !shmem_mapping(mapping);
}

int migrate_misplaced_folio_prepare(struct folio *folio, const struct vm_area_struct *vma)
{
	if (unlikely(folio_is_file_lru(folio))) {
		if ((vma->vm_flags & VM_EXEC) && folio_maybe_mapped_shared(folio))
			return -EACCES;
		if (folio_test_dirty(folio))
			return -EAGAIN;
	}
	if (!folio_isolate_lru(folio))
		return -EAGAIN;
	folio_get(folio);
	return 0;
}

int migrate_misplaced_folio(struct folio *folio, unsigned int nid)
{
	int err = move_isolated(folio, nid, ALLOC_THISNODE);

	count_moved(folio, err);
	folio_put(folio);
	return err ? -EAGAIN : 0;
}

/* ---- a range ---- */

bool migrate_next_batch(struct mm_struct *mm, struct folio_batch *batch, unsigned long end, bool small)
{
	struct vm_area_struct *vma;
	bool more = true;

	mmap_read_lock(mm);
	vma = find_vma_intersection(mm, batch->next, end);
	if (vma) {
		batch->next = max(batch->next, vma->vm_start);
		if (!(small ? folio_batch_fill_small : folio_batch_fill)(batch, vma, min(end, vma->vm_end)))
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
		more = migrate_next_batch(mm, &batch, end, false);
		for (unsigned int i = 0; i < batch.nr; i++) {
			if (page_to_nid(&batch.folios[i]->page) == nid)
				folio_put(batch.folios[i]);
			else
				move_or_split(batch.folios[i], nid, &moved);
		}
	} while (more);
	return moved;
}
