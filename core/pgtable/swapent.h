/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swapent.h - entries that are neither none nor present: a type and its payload.
 *
 * Bits 58-62 are the type, bit 57 marks a swapped page as exclusive, bits 56 and 55 mark the old entry of a page under
 * migration as dirty and as accessed, bit 54 the old entry as soft-dirty, bit 53 as write-protected by a userfaultfd,
 * bits 12-51 are the payload; present and protnone are clear. Source: include/linux/swapops.h.
 */
#ifndef FAULTLINE_CORE_PGTABLE_SWAPENT_H
#define FAULTLINE_CORE_PGTABLE_SWAPENT_H

#include "core/pgtable/pmd_leaf.h"
#include "core/phys/folio.h"

#define SWAPENT_TYPE_SHIFT	58
#define SWAPENT_EXCLUSIVE	(1UL << 57)
#define SWAPENT_DIRTY		(1UL << 56)
#define SWAPENT_YOUNG		(1UL << 55)
#define SWAPENT_SOFT_DIRTY	(1UL << 54)
#define SWAPENT_UFFD_WP		(1UL << 53)

enum swapent_type {
	SWAPENT_GUARD = 1,		/* a guard region: any access is fatal; no payload */
	SWAPENT_SWAP,			/* swapped out; the slot */
	SWAPENT_POISON,			/* hwpoisoned; its pfn */
	SWAPENT_MIGRATION_READ,		/* under migration; the old pfn. It was mapped read-only */
	SWAPENT_MIGRATION_READ_EXCLUSIVE,	/* the same, and was exclusive */
	SWAPENT_MIGRATION_WRITE,	/* it was writable: an anonymous one is exclusive */
	SWAPENT_DEVICE_READ,		/* in device memory, inaccessible to processors; its pfn. Counted as mapped */
	SWAPENT_DEVICE_WRITE,		/* the same, and the device may write to it */
};

static inline pte_t make_swapent(enum swapent_type type, uint64_t payload)
{
	return __pte(((uint64_t)type << SWAPENT_TYPE_SHIFT) | (payload << PAGE_SHIFT));
}

static inline bool pte_is_swapent(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}

static inline enum swapent_type swapent_type(pte_t pte)
{
	return (enum swapent_type)(pte.val >> SWAPENT_TYPE_SHIFT);
}

/* The slot or the pfn. */
static inline unsigned long swapent_payload(pte_t pte)
{
	return entry_pfn(pte.val);
}

static inline bool pte_is_guard(pte_t pte)
{
	return pte_is_swapent(pte) && swapent_type(pte) == SWAPENT_GUARD;
}

static inline bool pte_swp_soft_dirty(pte_t pte)
{
	return pte.val & SWAPENT_SOFT_DIRTY;
}

static inline pte_t pte_swp_mksoft_dirty(pte_t pte)
{
	return __pte(pte.val | SWAPENT_SOFT_DIRTY);
}

static inline pte_t pte_swp_clear_soft_dirty(pte_t pte)
{
	return __pte(pte.val & ~SWAPENT_SOFT_DIRTY);
}

static inline bool pte_swp_uffd_wp(pte_t pte)
{
	return pte.val & SWAPENT_UFFD_WP;
}

static inline pte_t pte_swp_mkuffd_wp(pte_t pte)
{
	return __pte(pte.val | SWAPENT_UFFD_WP);
}

static inline pte_t pte_swp_clear_uffd_wp(pte_t pte)
{
	return __pte(pte.val & ~SWAPENT_UFFD_WP);
}

/* Without the bits that track writes. */
static inline pte_t pte_swp_clear_tracking(pte_t pte)
{
	return pte_swp_clear_uffd_wp(pte_swp_clear_soft_dirty(pte));
}

/* Either of both kinds, which is not none. */
static inline bool pte_uffd_wp_any(pte_t pte)
{
	return pte_present(pte) ? pte_uffd_wp(pte) : pte_swp_uffd_wp(pte);
}

/* ---- swapped out ---- */

static inline pte_t make_swap_pte(unsigned long slot, bool exclusive)
{
	return __pte(make_swapent(SWAPENT_SWAP, slot).val | (exclusive ? SWAPENT_EXCLUSIVE : 0));
}

static inline bool pte_is_swap(pte_t pte)
{
	return pte_is_swapent(pte) && swapent_type(pte) == SWAPENT_SWAP;
}

static inline bool pte_swp_exclusive(pte_t pte)
{
	return pte.val & SWAPENT_EXCLUSIVE;
}

static inline pte_t pte_swp_clear_exclusive(pte_t pte)
{
	return __pte(pte.val & ~SWAPENT_EXCLUSIVE);
}

/* ---- under migration ---- */

static inline pte_t make_migration_pte(unsigned long pfn, bool write, bool exclusive)
{
	return make_swapent(write ? SWAPENT_MIGRATION_WRITE :
			    exclusive ? SWAPENT_MIGRATION_READ_EXCLUSIVE : SWAPENT_MIGRATION_READ, pfn);
}

/* @pte, a migration entry: the old entry was accessed, or dirty. Source: include/linux/swapops.h. */
static inline pte_t migration_pte_mkyoung(pte_t pte)
{
	return __pte(pte.val | SWAPENT_YOUNG);
}

static inline pte_t migration_pte_mkdirty(pte_t pte)
{
	return __pte(pte.val | SWAPENT_DIRTY);
}

static inline bool migration_pte_young(pte_t pte)
{
	return pte.val & SWAPENT_YOUNG;
}

static inline bool migration_pte_dirty(pte_t pte)
{
	return pte.val & SWAPENT_DIRTY;
}

/* The same migration entry, for a page that is not to be written to: @exclusive if it stays one mm's own. */
static inline pte_t migration_pte_wrprotect(pte_t pte, bool exclusive)
{
	return __pte(make_migration_pte(swapent_payload(pte), false, exclusive).val |
		     (pte.val & (SWAPENT_YOUNG | SWAPENT_DIRTY | SWAPENT_SOFT_DIRTY | SWAPENT_UFFD_WP)));
}

/*
 * The folio that an entry with a pfn names. Locking: the PTL: it is under migration, and locked, or in device memory,
 * and mapped. Source: include/linux/swapops.h.
 */
static inline struct folio *pfn_swap_entry_folio(pte_t pte)
{
	return page_folio(pfn_to_page(swapent_payload(pte)));
}

static inline bool pte_is_migration(pte_t pte)
{
	return pte_is_swapent(pte) && swapent_type(pte) >= SWAPENT_MIGRATION_READ &&
	       swapent_type(pte) <= SWAPENT_MIGRATION_WRITE;
}

static inline bool migration_pte_write(pte_t pte)
{
	return swapent_type(pte) == SWAPENT_MIGRATION_WRITE;
}

static inline bool migration_pte_exclusive(pte_t pte)
{
	return swapent_type(pte) == SWAPENT_MIGRATION_WRITE || swapent_type(pte) == SWAPENT_MIGRATION_READ_EXCLUSIVE;
}

/* ---- a leaf under migration: the entry that a PTE would have, and ENTRY_HUGE; it maps nothing ---- */

/* Source: include/linux/swapops.h. */
static inline pte_t pmd_to_swp_entry(pmd_t pmd)
{
	return __pte(pmd.val & ~ENTRY_HUGE);
}

/* Source: include/linux/swapops.h. */
static inline pmd_t swp_entry_to_pmd(pte_t entry)
{
	return __pmd(entry.val | ENTRY_HUGE);
}

/* Source: include/linux/swapops.h. */
static inline bool is_pmd_migration_entry(pmd_t pmd)
{
	return pmd_trans_huge(pmd) && pte_is_migration(pmd_to_swp_entry(pmd));
}

/* ---- in device memory ---- */

static inline pte_t make_device_private_pte(unsigned long pfn, bool write)
{
	return make_swapent(write ? SWAPENT_DEVICE_WRITE : SWAPENT_DEVICE_READ, pfn);
}

static inline bool pte_is_device_private(pte_t pte)
{
	return pte_is_swapent(pte) &&
	       (swapent_type(pte) == SWAPENT_DEVICE_READ || swapent_type(pte) == SWAPENT_DEVICE_WRITE);
}

/* The same entry; the device may not write to it. */
static inline pte_t device_private_pte_wrprotect(pte_t pte)
{
	return __pte(make_device_private_pte(swapent_payload(pte), false).val |
		     (pte.val & (SWAPENT_SOFT_DIRTY | SWAPENT_UFFD_WP)));
}

static inline bool device_private_pte_write(pte_t pte)
{
	return swapent_type(pte) == SWAPENT_DEVICE_WRITE;
}

#endif
