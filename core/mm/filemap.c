/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filemap.c - the page cache: looks up, adds, removes, reads and writes folios. */
#include "core/mm/filemap.h"

#include <errno.h>

#include "core/lock/wait.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(FILEMAP_RETRY, "page cache look-ups repeated: the slot changed, or its folio was frozen");

static struct folio **slot_of(struct address_space *mapping, unsigned long index)
{
	return &mapping->slots[index >> mapping->order];
}

DEFINE_KNOCKOUT(FILEMAP_RECHECK,
	.name = "filemap:recheck",
	.removes = "the re-read of a page cache slot once its folio is referenced",
	.breaks = "a reference to another owner's page",
	.detected_by = "knockout.filemap",
	.hunt = "test knockout.filemap");

/* Takes a reference to @folio, which was found in @slot, if it still is there. */
static bool try_get_in_slot(struct folio **slot, struct folio *folio)
{
	/* ORDER[page-ref:B] inside: the reference comes before the re-read; pairs with ORDER[page-ref:A]. */
	if (!folio_try_get(folio))
		return false;
	if (likely(load_acquire(slot) == folio || KNOCKED_OUT(FILEMAP_RECHECK)))
		return true;
	folio_put(folio);
	return false;
}

struct folio *filemap_get_folio(struct address_space *mapping, unsigned long index)
{
	struct folio **slot = slot_of(mapping, index), *folio;
	unsigned int rounds = 0;
	RETRY_LOOP(100000, "a page cache look-up");

	BUG_ON(index >= mapping->max_pages);
	/* ORDER[page-cache:B] a folio's fields are read after its slot; pairs with ORDER[page-cache:A]. */
	while ((folio = load_acquire(slot))) {
		SYNCPOINT("filemap.found");
		if (try_get_in_slot(slot, folio))
			return folio;
		count_event(EV_FILEMAP_RETRY);
		if (unlikely(++rounds % SPIN_ROUNDS == 0))
			yield_core();	/* the thread that has frozen it may need this core */
		RETRY();
	}
	return NULL;
}

DEFINE_KNOCKOUT(AROUND_LOCK,
	.name = "fault-around:lock",
	.removes = "the trylock of a folio that fault-around maps",
	.breaks = "a page is mapped that truncation has unmapped, and removes",
	.detected_by = "the check of rmap counts, and the check in filemap_remove_folio()",
	.hunt = "test knockout.fault_around");

DEFINE_KNOCKOUT(AROUND_RECHECK,
	.name = "fault-around:recheck",
	.removes = "the re-check, once fault-around has locked a folio, that it is in its file and below i_size",
	.breaks = "a truncated page is mapped",
	.detected_by = "the check of rmap counts",
	.hunt = "test knockout.fault_around");

/*
 * Locks @folio, found in @slot for page @index, with a reference. False: it is locked, frozen, no longer in its file,
 * or beyond i_size, and to be skipped. A folio whose lock is free is read in: filemap_create_folio() adds it locked.
 */
static bool lock_uptodate(struct address_space *mapping, struct folio **slot, struct folio *folio, unsigned long index)
{
	if ((folio_test_locked(folio) && !KNOCKED_OUT(AROUND_LOCK)) || !try_get_in_slot(slot, folio))
		return false;
	SYNCPOINT("filemap.before_trylock");
	if (KNOCKED_OUT(AROUND_LOCK) || folio_trylock(folio)) {
		if (likely((folio_mapping(folio) == mapping && index < i_size_read(mapping)) ||
			   KNOCKED_OUT(AROUND_RECHECK)))
			return true;
		unlock_uptodate(folio);
	}
	folio_put(folio);
	return false;
}

struct folio *next_uptodate_folio(struct address_space *mapping, unsigned long *index, unsigned long end)
{
	unsigned long i = *index;
	struct folio *folio;

	while (i < end) {
		struct folio **slot = slot_of(mapping, i);

		/* ORDER[page-cache:B] as in filemap_get_folio(); pairs with ORDER[page-cache:A]. */
		folio = load_acquire(slot);
		if (folio && lock_uptodate(mapping, slot, folio, i)) {
			*index = i;
			return folio;
		}
		i = ALIGN_DOWN(i, 1ul << mapping->order) + (1ul << mapping->order);
	}
	return NULL;
}

struct folio *filemap_lock_folio(struct address_space *mapping, unsigned long index)
{
	struct folio *folio;
	RETRY_LOOP_PROFILED(100000, "a folio truncated before it was locked");

	while ((folio = filemap_get_folio(mapping, index))) {
		folio_lock(folio);
		if (likely(folio_mapping(folio) == mapping))
			return folio;
		folio_unlock(folio);
		folio_put(folio);
		RETRY();
	}
	return NULL;
}

int __filemap_add_folio(struct address_space *mapping, struct folio *folio, unsigned long index)
{
	struct folio *none = NULL;

	assert_folio_locked(folio);
	BUG_ON(folio_order(folio) != mapping->order);
	folio->page.index = ALIGN_DOWN(index, 1ul << mapping->order);
	/* ORDER[folio-mapping:A] after the index is set; pairs with ORDER[folio-mapping:B]. */
	store_release(&folio->page.mapping, mapping);
	folio_get(folio);
	/* ORDER[page-cache:A] after all stores that initialise the folio; pairs with ORDER[page-cache:B]. */
	if (likely(try_cmpxchg_acq_rel(slot_of(mapping, index), &none, folio))) {
		fetch_add_relaxed(&mapping->nrpages, folio_nr_pages(folio));
		return 0;
	}
	/* ORDER[folio-mapping:A] as in filemap_remove_folio(); pairs with ORDER[folio-mapping:B]. */
	store_release(&folio->page.mapping, NULL);
	folio_put(folio);
	return -EEXIST;
}

int filemap_add_folio(struct address_space *mapping, struct folio *folio, unsigned long index)
{
	assert_rwsem_held(&mapping->invalidate_lock);
	BUG_ON(index >= i_size_read(mapping));
	return __filemap_add_folio(mapping, folio, index);
}

/*
 * Removes @folio from its slot; the slot's reference is left to the caller. The folio in its slot keeps the file
 * (file_put()): nothing of the file is used once it is clear. Locking: the folio lock.
 */
static void clear_slot(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);
	struct folio *was;

	fetch_sub_relaxed(&mapping->nrpages, folio_nr_pages(folio));
	/* ORDER[page-cache:A] after the folio was unmapped and last changed; pairs with ORDER[page-cache:B]. */
	was = xchg_acq_rel(slot_of(mapping, folio->page.index), NULL);
	BUG_ON(was != folio);
	/*
	 * ORDER[folio-mapping:A] after its slot is cleared: a lookup finds another; pairs with ORDER[folio-mapping:B].
	 */
	store_release(&folio->page.mapping, NULL);
}

void filemap_remove_folio(struct folio *folio)
{
	assert_folio_locked(folio);
	ASSERT(!folio_mapped(folio));
	clear_slot(folio);
	folio_put(folio);
}

DEFINE_KNOCKOUT(REMOVE_FREEZE,
	.name = "remove-mapping:freeze",
	.removes = "the check for other references before a folio is reclaimed from its file",
	.breaks = "a write through a reference never reaches the file",
	.detected_by = "the contents of files",
	.hunt = "test knockout.taken_file");

DEFINE_KNOCKOUT(REMOVE_DIRTY,
	.name = "remove-mapping:dirty",
	.removes = "the re-check, once references are frozen, that a folio to reclaim is clean",
	.breaks = "a write through a reference, dropped since, never reaches the file",
	.detected_by = "the contents of files",
	.hunt = "test knockout.taken_file");

bool remove_mapping(struct folio *folio)
{
	bool frozen = folio_ref_freeze(folio, 2);	/* the cache's and the caller's */

	assert_folio_locked(folio);
	if (!frozen && !KNOCKED_OUT(REMOVE_FREEZE))
		return false;
	if (frozen && folio_test_dirty(folio) && !KNOCKED_OUT(REMOVE_DIRTY)) {
		folio_ref_unfreeze(folio, 2);
		return false;
	}
	clear_slot(folio);
	if (frozen)
		folio_ref_unfreeze(folio, 1);
	else
		folio_put(folio);
	return true;
}

DEFINE_KNOCKOUT(MIGRATE_FILE_FREEZE,
	.name = "migrate-file:freeze",
	.removes = "the check for other references before another folio takes a folio's place in its file",
	.breaks = "a write through a reference never reaches the file",
	.detected_by = "the contents of files",
	.hunt = "test knockout.taken_file");

bool folio_migrate_mapping(struct folio *to, struct folio *from)
{
	struct address_space *mapping = folio_mapping(from);
	bool frozen = folio_ref_freeze(from, 2);	/* the cache's and the caller's */
	struct folio *was;

	assert_folio_locked(to);
	assert_folio_locked(from);
	if (!frozen && !KNOCKED_OUT(MIGRATE_FILE_FREEZE))
		return false;
	to->page.index = from->page.index;
	if (folio_test_clear_dirty(from))
		folio_mark_dirty(to);
	/* ORDER[folio-mapping:A] as in filemap_add_folio(); pairs with ORDER[folio-mapping:B]. */
	store_release(&to->page.mapping, mapping);
	folio_get(to);
	/* ORDER[page-cache:A] after the contents were copied, and @to is dirty; pairs with ORDER[page-cache:B]. */
	was = xchg_acq_rel(slot_of(mapping, from->page.index), to);
	BUG_ON(was != from);
	if (frozen)
		folio_ref_unfreeze(from, 1);
	else
		folio_put(from);
	return true;
}

void filemap_forget_folio(struct folio *folio)
{
	assert_folio_locked(folio);
	/* ORDER[folio-mapping:A] as in clear_slot(); pairs with ORDER[folio-mapping:B]. */
	store_release(&folio->page.mapping, NULL);
}

void truncate_inode_pages_range(struct address_space *mapping, unsigned long first, unsigned long end,
				void (*unmap)(struct folio *folio))
{
	unsigned long step = 1ul << mapping->order;
	struct folio *folio;

	BUG_ON(!IS_ALIGNED(first, step));
	for (unsigned long index = first; index < end; index += step) {
		/*
		 * ORDER[page-cache:B] as in filemap_get_folio(): a folio that reclaim has removed was written back
		 * before. Pairs with ORDER[page-cache:A].
		 */
		if (!load_acquire(slot_of(mapping, index)))
			continue;
		folio = filemap_lock_folio(mapping, index);
		if (!folio)
			continue;
		SYNCPOINT("truncate.locked");
		if (folio_mapped(folio) && unmap)
			unmap(folio);
		SYNCPOINT("truncate.before_remove");
		folio_test_clear_dirty(folio);
		filemap_remove_folio(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
}

/* ---- the device ---- */

static uint64_t *device_word(const struct folio *folio, unsigned long n)
{
	return &mapping_file(folio_mapping(folio))->device[folio->page.index + n];
}

void filemap_read_folio(struct folio *folio)
{
	bool zeroes = shmem_mapping(folio_mapping(folio));

	assert_folio_locked(folio);
	for (unsigned long n = 0; n < folio_nr_pages(folio); n++) {
		uint64_t *payload = page_payload(folio_page(folio, n)), word = zeroes ? 0 : *device_word(folio, n);

		for (unsigned int i = 0; i < machine.payload / sizeof(*payload); i++)
			payload[i] = word;
	}
}

void filemap_write_folio(struct folio *folio)
{
	assert_folio_locked(folio);
	for (unsigned long n = 0; machine.payload && n < folio_nr_pages(folio); n++)
		/* A device may write to it. */
		*device_word(folio, n) = load_relaxed((uint64_t *)page_payload(folio_page(folio, n)));
}

/* ---- errors ---- */

int filemap_check_errors(struct address_space *mapping)
{
	bool lost = true;

	return load_relaxed(&mapping->error) && try_cmpxchg_relaxed(&mapping->error, &lost, false) ? -EIO : 0;
}
