/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_failure.c - takes a broken page from all that map it. */
#include "core/op/memory_failure.h"

#include <errno.h>

#include "core/mm/filemap.h"
#include "core/mm/swap.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"

DEFINE_EVENT(POISON, "folios hwpoisoned");

/* Locking: the folio lock. */
static bool lose_anon_folio(struct folio *folio)
{
	if (folio_test_swapcache(folio))
		return false;
	try_to_unmap(folio, TTU_HWPOISON | TTU_IGNORE_MLOCK | TTU_SYNC);
	return !folio_mapped(folio);
}

/*
 * The file's device has what a clean page holds: its entries are cleared, and the next fault reads it in again. A dirty
 * one is lost: its entries become poison, and the file has an error to report. Source: mm/memory-failure.c,
 * hwpoison_user_mappings(), me_pagecache_clean(), me_pagecache_dirty(). Locking: the folio lock.
 */
static bool lose_file_folio(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);
	unsigned int poison = folio_test_dirty(folio) ? TTU_HWPOISON : 0;

	if (!mapping)			/* truncated */
		return false;
	try_to_unmap(folio, TTU_IGNORE_MLOCK | TTU_SYNC | poison);
	if (folio_mapped(folio))
		return false;
	if (folio_test_clear_dirty(folio))
		mapping_set_error(mapping);
	filemap_remove_folio(folio);
	return true;
}

int memory_failure(struct folio *folio)
{
	bool done;

	if (folio_test_large(folio) || folio_is_device_private(folio) ||
	    (!folio_test_anon(folio) && page_type(&folio->page) != PAGE_FILE))
		return -EBUSY;
	folio_lock(folio);
	done = folio_test_anon(folio) ? lose_anon_folio(folio) : lose_file_folio(folio);
	if (done)
		count_event(EV_POISON);
	done = done && folio_ref_count(folio) == 1;
	folio_unlock(folio);
	return done ? 0 : -EBUSY;
}
