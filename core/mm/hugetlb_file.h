/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_file.h - files of huge pages from the pool, as of hugetlbfs: the page cache is all that they have.
 *
 * A place of the file is a huge page's part of it, and index its number of pages. A bit for each place says that a huge
 * page of the pool is meant for it: reserved by a mapping, or in the page cache. So a place is in one of three states:
 *
 *   no bit             nothing is reserved; a fault takes a huge page that is not reserved, if there is one
 *   bit, empty slot    the pool has one huge page more reserved; a fault takes that one
 *   bit, folio         the huge page is in the file, until truncation
 *
 * Shared mappings set bits, and do not clear them: truncation does, and the last reference to the file. A mapping
 * reserves while a fault may add a huge page to the same place. Both reserve or take first, and then set the bit; the
 * second one finds it set, and drops the reservation that is then not needed:
 *
 *   reserve                                     fault
 *   (A1) count the places without a bit         (B1) no bit: take a huge page that is not reserved
 *   (A2) reserve that many                      (B2) add it to the page cache
 *   (A3) set their bits; the ones that were     (B3) set the bit; it was set (A3 came before): drop A2's
 *        set (B3 came before): drop them             reservation
 *
 * Source: mm/hugetlb.c, hugetlb_reserve_pages(), hugetlb_unreserve_pages(); fs/hugetlbfs/inode.c.
 */
#ifndef FAULTLINE_CORE_MM_HUGETLB_FILE_H
#define FAULTLINE_CORE_MM_HUGETLB_FILE_H

#include "core/mm/filemap.h"
#include "core/pgtable/geometry.h"
#include "core/phys/hugetlb_pool.h"

/* True if the pages of @mapping are huge pages of the pool. Constant false in geometries without PMD tables. */
static inline bool mapping_is_hugetlb(const struct address_space *mapping)
{
	return THP_POSSIBLE && mapping->regions;
}

/* Source: include/linux/hugetlb.h. */
static inline bool is_file_hugepages(const struct file *file)
{
	return mapping_is_hugetlb(&file->mapping);
}

/*
 * file_create_hugetlb - a file of @pages pages that can grow to @max_pages, both of whole huge pages of 1 << @order
 * pages, a size in hstates[]; it contains zeroes. Returns as file_create(); NULL also in geometries without PMD tables.
 * Source: mm/hugetlb.c, hugetlb_file_setup().
 */
struct file *file_create_hugetlb(unsigned long pages, unsigned long max_pages, unsigned int order);

/*
 * hugetlb_reserve_pages - reserves huge pages for the places from page @index on, @nr of them. 0; -ENOMEM: the pool has
 * too few, or the file cannot grow so far; then none is reserved. Locking: invalidate_lock for write. Source:
 * mm/hugetlb.c.
 */
int hugetlb_reserve_pages(struct address_space *mapping, unsigned long index, unsigned long nr);
/*
 * hugetlb_unreserve_page - clears the bit of the place @index, which is empty; @cached: it had a folio until now.
 * Locking: the fault mutex of the place, or no other thread can reach the file. Source: mm/hugetlb.c,
 * hugetlb_unreserve_pages().
 */
void hugetlb_unreserve_page(struct address_space *mapping, unsigned long index, bool cached);
/* Number of places that are reserved and empty. Locking: no concurrent faults, mappings or truncation. */
unsigned long hugetlb_file_reserved(const struct address_space *mapping);
/* The sum over all files of huge pages of 1 << @order pages. Locking: as above, and no file is created or freed. */
unsigned long hugetlb_files_reserved(unsigned int order);

/*
 * alloc_hugetlb_file_folio - a huge page for the place @index, which is empty: the reserved one, *@reserved, or else
 * one without a reservation; contents undefined. NULL if there is none. hugetlb_add_to_page_cache() - adds it there,
 * dirty, since the file has no other copy; the page cache takes a reference of its own. Locking: the fault mutex of the
 * place, held from one to the other. Source: mm/hugetlb.c.
 */
struct folio *alloc_hugetlb_file_folio(struct address_space *mapping, unsigned long index, bool *reserved);
void hugetlb_add_to_page_cache(struct address_space *mapping, struct folio *folio, unsigned long index, bool reserved);

/*
 * Drops the reservations of @file; its folios stay. Locking: no other thread can reach it. Source:
 * fs/hugetlbfs/inode.c, hugetlbfs_evict_inode().
 */
void hugetlb_file_release(struct file *file);

#endif
