/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address_space.h - a simulated file: its page cache, the VMAs that map it, and the contents of its device.
 *
 * file            VMAs and openers hold references to it; its size is in pages
 * address_space   the part that memory management uses: the page cache and the VMAs that map it
 * page cache      one slot for each possible folio of the file; all folios are of one order
 * device          one word for each page: a page that is read in is filled with it, and is written back to it; a file
 *                 of huge pages of the pool has none
 *
 * Source: include/linux/fs.h, struct address_space, struct file.
 */
#ifndef FAULTLINE_CORE_MM_ADDRESS_SPACE_H
#define FAULTLINE_CORE_MM_ADDRESS_SPACE_H

#include "core/lock/rwsem.h"
#include "core/mm/interval_tree.h"
#include "core/phys/folio.h"

#define AS_MM_ALL_LOCKS	1u	/* in flags: mm_take_all_locks() holds i_mmap_rwsem */

/*
 * Conservation: a folio is in slots[index >> order] exactly while its mapping is this one; the slot holds a reference
 * to it. Each such folio lies below i_size, except during truncation. nrpages = the pages of all of them. A VMA of the
 * file is in i_mmap, with its range, from before it has entries until all are cleared.
 *
 * Lock key: (C) const after creation (A) atomic (I) i_mmap_rwsem (T) invalidate_lock: held for write to change it
 * (L) mm_all_locks_mutex
 */
struct address_space {
	struct folio **slots;		/* (A) set under invalidate_lock for read, cleared under the folio lock */
	unsigned long max_pages;	/* (C) the largest i_size */
	unsigned int order;		/* (C) of its folios */
	uint32_t flags;			/* (L) AS_* */
	unsigned long i_size;		/* (A) pages; changed by (T) */
	unsigned long nrpages;		/* (A) */
	bool error;			/* (A) contents were lost, and no thread knows: AS_EIO in Linux */
	struct rwsem invalidate_lock;	/* see lockrank.def */
	struct rwsem i_mmap_rwsem __cacheline_aligned;	/* see lockrank.def */
	struct interval_tree i_mmap;	/* (I) the VMAs that map it, by vm_pgoff */
	uint64_t *regions;		/* (C) the array; (A) its words: see hugetlb_file.h; NULL: another file */
};

struct vm_operations_struct;

/*
 * Lock key: (C) const after creation (A) atomic (F) the lock of the word's folio; without a folio, invalidate_lock (L)
 * the lock of the list, in hugetlb_file.c
 */
struct file {
	struct address_space mapping;	/* has its own lock key */
	uint32_t refcount;		/* (A) openers and VMAs */
	unsigned int node;		/* (C) NUMA node of its own memory */
	uint64_t *device;		/* (C) the array; (F) its words; NULL: shared memory, a driver's, huge pages */
	unsigned long accounted;	/* (C) its pages that are accounted: see account.h */
	uint32_t id;			/* (C) the number of the file, in order of creation */
	struct file *next_hugetlb;	/* (L) list of all files of huge pages */
	const struct vm_operations_struct *ops;	/* (C) its driver; NULL: its pages are in the page cache */
	void *private_data;		/* (C) the driver's */
};

static inline struct file *mapping_file(const struct address_space *mapping)
{
	return container_of(mapping, struct file, mapping);
}

/*
 * file_create - a file of @pages pages that can grow to @max_pages, in folios of 1 << @order pages, which divides
 * both. Page i contains file_seeded_word(@seed, i). One reference, the caller's. Returns NULL without memory.
 */
struct file *file_create(unsigned long pages, unsigned long max_pages, unsigned int order, uint64_t seed);
/* The same without a device; file_create_hugetlb() is for callers. */
struct file *file_create_empty(unsigned long pages, unsigned long max_pages, unsigned int order);
/*
 * file_create_shmem - the file of shared anonymous memory: @pages pages of zeroes, in small folios, which stay in the
 * page cache while they are dirty. @accounted: all of them are, while the file exists. Returns as file_create(); NULL
 * also if the machine has less memory and swap. Source: mm/shmem.c, shmem_zero_setup(), shmem_acct_size().
 */
struct file *file_create_shmem(unsigned long pages, bool accounted);
/*
 * file_create_device - a file whose pages are a driver's: see device.h. It has no size, page cache or contents. Returns
 * as file_create().
 */
struct file *file_create_device(const struct vm_operations_struct *ops, void *private_data);
/* The contents of page @index of a new file. Never 0, which is the contents of pages added when the file grows. */
uint64_t file_seeded_word(uint64_t seed, unsigned long index);

/* True if it is the file of shared anonymous memory. Source: include/linux/shmem_fs.h. */
static inline bool shmem_mapping(const struct address_space *mapping)
{
	const struct file *file = mapping_file(mapping);

	return !file->device && !file->ops && !mapping->regions;
}

/* Takes a reference. Locking: another reference, which stays meanwhile. Source: include/linux/fs.h, get_file(). */
static inline void file_get(struct file *file)
{
	uint32_t old = fetch_add_relaxed(&file->refcount, 1u);

	BUG_ON(!old);
}

/* Drops a reference; the last one frees the file and its folios. Locking: no folio lock; may wait for them. */
void file_put(struct file *file);

/*
 * In pages; may be stale unless invalidate_lock is held.
 *
 * ORDER[i-size:B] before a page below it is looked up. Pairs with ORDER[i-size:A] in truncate.c.
 */
static inline unsigned long i_size_read(const struct address_space *mapping)
{
	return load_acquire(&mapping->i_size);
}

/* ---- folios ---- */

/*
 * The mapping of @folio; NULL for an anonymous folio, and for a truncated one. Stable under the folio lock. Source:
 * include/linux/pagemap.h, folio_mapping().
 */
static inline struct address_space *folio_mapping(const struct folio *folio)
{
	/* ORDER[folio-mapping:B] before the file is read through it; pairs with ORDER[folio-mapping:A]. */
	unsigned long mapping = (unsigned long)load_acquire(&folio->page.mapping);

	return mapping & PAGE_MAPPING_ANON ? NULL : (struct address_space *)mapping;
}

#endif
