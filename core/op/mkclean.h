/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkclean.h - entries of shared mappings made clean and read-only, so that the next write is noticed: rows A9 of file pages.
 *
 * Private mappings are passed over: what is written there never goes to the file.
 */
#ifndef FAULTLINE_CORE_OP_MKCLEAN_H
#define FAULTLINE_CORE_OP_MKCLEAN_H

#include "core/mm/filemap.h"
#include "core/mm/i_mmap.h"

/*
 * folio_mkclean - no entry that maps @folio is dirty or allows writes any more. Returns how many did. 0 for a folio that is not mapped
 * or in no file. Locking: the folio lock, so that none becomes so again; takes i_mmap_rwsem. Source: mm/rmap.c.
 */
int folio_mkclean(struct folio *folio);

/*
 * mapping_wrprotect_range - the same for the frames @pfn … @pfn + @nr - 1 wherever they are mapped as pages @pgoff … of @mapping;
 * they need not be in its page cache. Returns how many entries changed, 0 for a @mapping of NULL. Takes i_mmap_rwsem.
 * Source: mm/rmap.c.
 */
int mapping_wrprotect_range(struct address_space *mapping, unsigned long pgoff, unsigned long pfn, unsigned long nr);

/*
 * pfn_mkclean_range - the same in one VMA, which maps the file from any page on, @pgoff among them or not. Returns how many entries
 * changed. Locking: mmap_lock or i_mmap_rwsem. Source: mm/rmap.c.
 */
int pfn_mkclean_range(unsigned long pfn, unsigned long nr, unsigned long pgoff, struct vm_area_struct *vma);

/*
 * filemap_writeback - every folio of @file that is dirty is written to the device, one after the other. On return the device holds
 * what each page held at some moment since the call. Returns the number of folios written. Locking: none held.
 * Source: mm/page-writeback.c, folio_clear_dirty_for_io(), write_cache_pages().
 */
unsigned long filemap_writeback(struct file *file);

#endif
