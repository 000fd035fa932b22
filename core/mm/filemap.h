/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filemap.h - the page cache: the folios of a file.
 *
 * Lookups take no lock:
 *
 *   remove                                          look up
 *   (A1) clear the slot                             (B1) read the slot
 *   (A2) drop its reference; the last one frees     (B2) take a reference, unless there is none: back off
 *   (A3) the frame is reused                        (B3) re-read the slot; another folio: drop it, back off
 *
 * B2 may succeed on the frame's next life, after A3: then B3 finds the slot changed, because A1 came before A2, and
 * B2's acquire reads a release that comes after that (page-ref). If the slot is unchanged, the folio was in it, and
 * cannot be freed any more. It can still be removed: a caller that relies on its place takes its lock, and checks its
 * mapping.
 *
 * Reclaim removes a folio only while no other thread has a reference, and never loses a write through one:
 *
 *   remove_mapping()                                a reference's holder
 *   (A1) freeze: 2 references become 0, else keep   (B1) write to the page
 *   (A2) dirty: give them back, keep                (B2) mark the folio dirty
 *   (A3) clear the slot                             (B3) drop the reference
 *
 * If B3 comes after A1, A1 fails. Else it comes before, and A2 finds B2's mark (ref-drop). Lookups wait from A1 to A3,
 * a few instructions; they take a reference from none (B2 above).
 *
 * Struct pages are never freed and the slots live as long as the file: so nothing here needs RCU, unlike slots that
 * are nodes of a tree. Source: mm/filemap.c.
 */
#ifndef FAULTLINE_CORE_MM_FILEMAP_H
#define FAULTLINE_CORE_MM_FILEMAP_H

#include "core/base/event.h"
#include "core/mm/address_space.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

DECLARE_EVENT(FILEMAP_RETRY);
DECLARE_KNOCKOUT(AROUND_LOCK);

/*
 * filemap_get_folio - the folio of page @index, with a reference; NULL if there is none. It may be locked, under
 * read-in, and may be removed at any time. Locking: a reference to the file. Source: mm/filemap.c.
 */
struct folio *filemap_get_folio(struct address_space *mapping, unsigned long index) __must_check;

/*
 * True if a folio is at @index. Stale at once, unless a lock prevents changes. Source: mm/filemap.c,
 * filemap_range_has_page().
 */
static inline bool filemap_has_folio(const struct address_space *mapping, unsigned long index)
{
	return load_relaxed(&mapping->slots[index >> mapping->order]);
}

/*
 * filemap_lock_folio - the same, locked, in the file and read in; may wait for its lock. Source:
 * include/linux/pagemap.h.
 */
struct folio *filemap_lock_folio(struct address_space *mapping, unsigned long index) __must_check;

/*
 * next_uptodate_folio - the first folio with a page in [*@index, @end) that needs no waiting: its lock is free, so it
 * is read in, and it is neither frozen nor truncated. It is locked, with a reference, in the file and below i_size;
 * *@index is its first page in the range. NULL: there is none. Locking: a reference to the file, @end is at most the
 * most pages it can have; any locks, spinlocks too. Source: mm/filemap.c.
 */
struct folio *next_uptodate_folio(struct address_space *mapping, unsigned long *index, unsigned long end) __must_check;

/* Drops the lock of a folio that next_uptodate_folio() returned. Locking: the folio lock. */
static inline void unlock_uptodate(struct folio *folio)
{
	if (!KNOCKED_OUT(AROUND_LOCK))
		folio_unlock(folio);
}

/*
 * filemap_add_folio - adds @folio, new and locked, to the cache at @index; the cache takes a reference of its own.
 * Returns 0, or -EEXIST if the slot is in use. Locking: the folio lock; invalidate_lock, and @index lies below i_size.
 * Source: mm/filemap.c.
 */
int filemap_add_folio(struct address_space *mapping, struct folio *folio, unsigned long index) __must_check;

/* The same where another lock excludes truncation: the fault mutex of a place in a file of huge pages. */
int __filemap_add_folio(struct address_space *mapping, struct folio *folio, unsigned long index) __must_check;

/*
 * filemap_remove_folio - removes @folio, and drops the cache's reference; the caller has another. It is unmapped.
 * Locking: the folio lock. Source: mm/filemap.c.
 */
void filemap_remove_folio(struct folio *folio);

/*
 * remove_mapping - removes @folio, clean and without other references than the cache's and the caller's, which is its
 * last then. False, and it stays: it is dirty, or has others, such as those of entries that map it. Locking: the folio
 * lock, and it is in its file. Source: mm/vmscan.c, __remove_mapping().
 */
bool remove_mapping(struct folio *folio) __must_check;

/*
 * folio_migrate_mapping - puts @to, new, locked and of the same order, in the place of @from in its file: its index,
 * its slot, and whether it is dirty; the cache's reference is to @to then. @from still names its file, for rmap walks,
 * until filemap_forget_folio(). False, with nothing done: it has other references than the cache's and the caller's.
 * Locking: the locks of both; @from is in its file, and its contents are copied. Source: mm/migrate.c.
 */
bool folio_migrate_mapping(struct folio *to, struct folio *from) __must_check;
/* @folio, which another has replaced, belongs to no file. Locking: the folio lock. Source: mm/migrate.c. */
void filemap_forget_folio(struct folio *folio);

/*
 * Reads a folio in from the file's device; one of shared memory it clears. Locking: the folio lock. Source:
 * mm/filemap.c, filemap_read_folio().
 */
void filemap_read_folio(struct folio *folio);

/*
 * truncate_inode_pages - removes all folios from page @first on, waiting for the lock of each. They are unmapped.
 * truncate_inode_pages_range() - the same below page @end; @unmap, if not NULL, is called with each mapped one, locked.
 * Locking: invalidate_lock for write, or no other thread can reach the file. Source: mm/truncate.c.
 */
void truncate_inode_pages_range(struct address_space *mapping, unsigned long first, unsigned long end,
				void (*unmap)(struct folio *folio));

static inline void truncate_inode_pages(struct address_space *mapping, unsigned long first)
{
	truncate_inode_pages_range(mapping, first, mapping->max_pages, NULL);
}

/* ---- dirty folios ---- */

/*
 * True if the file's device lacks a write. Stale at once, unless the folio lock and the PTLs of its entries are held.
 * Source: include/linux/page-flags.h.
 */
static inline bool folio_test_dirty(const struct folio *folio)
{
	/* ORDER[folio-dirty:B] as in folio_test_clear_dirty(); pairs with ORDER[folio-dirty:A]. */
	return load_acquire(&folio->page.flags) & PG_DIRTY;
}

/*
 * Returns true if it was clean. Locking: the folio lock, the PTL of an entry that maps it, or a reference that is
 * dropped later. Source: mm/page-writeback.c.
 */
static inline bool folio_mark_dirty(struct folio *folio)
{
	/*
	 * ORDER[folio-dirty:A] after the writes through a pin, whose holder marks the folio. Pairs with
	 * ORDER[folio-dirty:B]. Writes through entries are ordered by their PTL, in folio_mkclean().
	 */
	return !(fetch_or_acq_rel(&folio->page.flags, PG_DIRTY) & PG_DIRTY);
}

/* Returns true if it was dirty. Locking: the folio lock. */
static inline bool folio_test_clear_dirty(struct folio *folio)
{
	/*
	 * ORDER[folio-dirty:B] before the contents are written back. Pairs with ORDER[folio-dirty:A]. Weaker: the
	 * contents are read before the write whose mark is cleared, and the write never reaches the file.
	 */
	return fetch_and_acq_rel(&folio->page.flags, ~PG_DIRTY) & PG_DIRTY;
}

/* Writes the first word of each page of @folio to the file's device. Locking: the folio lock. */
void filemap_write_folio(struct folio *folio);

/* ---- errors ---- */

/* Contents of the file were lost. Locking: a folio of it is locked. Source: include/linux/pagemap.h. */
static inline void mapping_set_error(struct address_space *mapping)
{
	store_relaxed(&mapping->error, true);
}

/* Returns -EIO once after contents were lost, else 0. Locking: none. Source: mm/filemap.c. */
int filemap_check_errors(struct address_space *mapping);

#endif
