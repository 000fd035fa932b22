/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkclean.h - makes entries of shared mappings clean and read-only, so that the next write faults: rows A9 of file
 * pages.
 *
 * Private mappings are skipped: writes to them never go to the file.
 */
#ifndef FAULTLINE_CORE_OP_MKCLEAN_H
#define FAULTLINE_CORE_OP_MKCLEAN_H

#include "core/base/event.h"
#include "core/mm/filemap.h"
#include "core/mm/i_mmap.h"

DECLARE_EVENT(FILE_WRITE);
DECLARE_EVENT(FILE_CLEANED);

/*
 * folio_mkclean - makes all entries that map @folio clean and read-only. Returns the number of changed entries. 0 for
 * a folio that is unmapped or in no file. Locking: the folio lock, which excludes new writable entries; takes
 * i_mmap_rwsem. Source: mm/rmap.c.
 */
int folio_mkclean(struct folio *folio);

/*
 * mapping_wrprotect_range - the same for the frames @pfn … @pfn + @nr - 1 where they are mapped as pages @pgoff … of
 * @mapping; they need not be in its page cache. Returns the number of changed entries, 0 for a @mapping of NULL. Takes
 * i_mmap_rwsem. Source: mm/rmap.c.
 */
int mapping_wrprotect_range(struct address_space *mapping, unsigned long pgoff, unsigned long pfn, unsigned long nr);

/*
 * pfn_mkclean_range - the same in one VMA, which maps the file from any page on, @pgoff among them or not. Returns the
 * number of changed entries. Locking: mmap_lock or i_mmap_rwsem. Source: mm/rmap.c.
 */
int pfn_mkclean_range(unsigned long pfn, unsigned long nr, unsigned long pgoff, struct vm_area_struct *vma);

/*
 * folio_write_one - makes @folio clean, and writes it to its file's device, if it is dirty. Returns true if it was.
 * Locking: the folio lock, and it is in its file; takes i_mmap_rwsem if it is mapped. Source: mm/page-writeback.c,
 * folio_clear_dirty_for_io().
 */
bool folio_write_one(struct folio *folio);

/*
 * filemap_writeback - writes every dirty folio of @file to the device, one after the other. On return the device has
 * the contents that each page had at some moment since the call. Returns the number of folios written.
 * filemap_writeback_range() - the same of those with pages from @first on, below @end. Locking: none held. Source:
 * mm/page-writeback.c, folio_clear_dirty_for_io(), write_cache_pages().
 */
unsigned long filemap_writeback(struct file *file);
unsigned long filemap_writeback_range(struct file *file, unsigned long first, unsigned long end);

#endif
