/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapped_entry.h - reads the entry of one address, PTE or leaf, under its lock: for checks of a program's view. */
#ifndef FAULTLINE_CORE_MM_MAPPED_ENTRY_H
#define FAULTLINE_CORE_MM_MAPPED_ENTRY_H

#include "core/pgtable/pgalloc.h"

/* Lock key: (T) this thread only */
struct mapped_entry {
	struct mm_pgtable *pt;		/* (T) */
	pte_t pte;			/* (T) for a leaf: the equivalent PTE */
	struct page *owner;		/* (T) the page with its PageAnonExclusive; undefined if none is mapped */
	bool leaf;			/* (T) */
	spinlock_t *ptl;		/* (T) held */
};

/*
 * mapped_entry_lock - true: *@entry is the entry at @addr, maybe none, its lock held until mapped_entry_unlock().
 * False: there is no table. Locking: mmap_lock or the VMA lock.
 */
bool mapped_entry_lock(struct mapped_entry *entry, struct mm_pgtable *pt, unsigned long addr);
/* Drops the lock that mapped_entry_lock() returned with. */
void mapped_entry_unlock(const struct mapped_entry *entry);

#endif
