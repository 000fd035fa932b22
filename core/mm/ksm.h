/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ksm.h - folios merged by KSM: by their contents, and with all places where they may be mapped.
 *
 * rmap item     a page of an mm that KSM has visited, by address
 * stable node   one merged folio; the folio's mapping names it, instead of an anon_vma
 * stable tree   the nodes, by a checksum of their contents, which do not change
 * unstable tree rmap items of pages that are not merged, by their checksum at the last visit
 *
 * A merged folio may be mapped by mms that have no anon_vma in common. Its node has an rmap item for each, with an
 * anon_vma, referenced, and a page index. A folio is mapped at a new place in one of three ways, and each is covered:
 * KSM adds the item before it sets the entry; fork links the copy of a VMA to all anon_vmas of the VMA; and mremap()
 * keeps anon_vmas and page indices. An item that its mm needs no more stays, without the mm, while its anon_vma still
 * leads to entries of the folio.
 *
 * A node is no reference to its folio: a lookup by the node checks that the frame is still its folio's, and frees the
 * node if not (ksm_get_folio()).
 *
 * Source: mm/ksm.c.
 */
#ifndef FAULTLINE_CORE_MM_KSM_H
#define FAULTLINE_CORE_MM_KSM_H

#include "core/base/event.h"
#include "core/mm/anon_vma.h"

DECLARE_EVENT(KSM_STALE);
DECLARE_EVENT(KSM_LEFT);

/*
 * Conservation: an item has an anon_vma, with a reference, exactly while it is on a node's list.
 *
 * Lock key: (K) ksm_thread_mutex (C) const while it is on a list (F) the lock of the node's folio, and (K) to change;
 * without a folio, (K)
 */
struct ksm_rmap_item {
	RB_ENTRY(ksm_rmap_item) rb;		/* (K) of all items with an mm, by mm and address */
	RB_ENTRY(ksm_rmap_item) unstable_rb;	/* (K) */
	TAILQ_ENTRY(ksm_rmap_item) same_folio;	/* (F) */
	struct mm_struct *mm;			/* (F) NULL: its mm needs it no more, but relatives do */
	unsigned long address;			/* (C) from creation */
	uint64_t checksum;			/* (K) of the page at the last visit; 0 before */
	bool unstable;				/* (K) it is in the unstable tree */
	struct ksm_stable_node *node;		/* (K) NULL: not merged */
	struct anon_vma *anon_vma;		/* (C) */
	unsigned long index;			/* (C) of the page in it */
};

TAILQ_HEAD(ksm_rmap_item_list, ksm_rmap_item);

/* Lock key: as above; (A) atomic, written under the locks of both folios */
struct ksm_stable_node {
	RB_ENTRY(ksm_stable_node) rb;		/* (K) */
	uint64_t checksum;			/* (C) */
	unsigned long kpfn;			/* (A) the folio's frame */
	struct ksm_rmap_item_list items;	/* (F) */
};

/*
 * The node of @folio; NULL if it is not merged, or has been moved to another frame. Stable under the folio lock.
 * Source: mm/ksm.c.
 */
static inline struct ksm_stable_node *folio_stable_node(const struct folio *folio)
{
	/* ORDER[folio-mapping:B] before the node is read; pairs with ORDER[folio-mapping:A]. */
	unsigned long mapping = (unsigned long)load_acquire(&folio->page.mapping);

	return (mapping & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_KSM ?
		(struct ksm_stable_node *)(mapping & ~PAGE_MAPPING_FLAGS) : NULL;
}

/* ksm_thread_mutex: one thread at a time merges. Locking: none held. Source: mm/ksm.c. */
void ksm_lock(void);
void ksm_unlock(void);

/* ---- the rest needs ksm_lock(), unless it says otherwise ---- */

/* The item of the page at @address in @mm, a new one if there is none; NULL without memory. */
struct ksm_rmap_item *ksm_item(struct mm_struct *mm, unsigned long address);
/*
 * ksm_remove_item - @item's mm needs it no more: frees it, unless its anon_vma leads to entries of a merged folio.
 * ksm_forget() - the same for all of @mm in [@start, @end). Locking: no folio lock. Source: mm/ksm.c,
 * remove_rmap_item_from_tree(), remove_trailing_rmap_items().
 */
void ksm_remove_item(struct ksm_rmap_item *item);
void ksm_forget(struct mm_struct *mm, unsigned long start, unsigned long end);
/*
 * ksm_wait_for_scan - the caller has dropped the last user of an mm: on return no scan is in it that began before.
 * ksm_test_exit() - for scans: the mm has no users, so that it must not be used. Locking: none held; ksm_lock().
 * Source: mm/ksm.c, __ksm_exit().
 */
void ksm_wait_for_scan(void);
static inline bool ksm_test_exit(const struct mm_struct *mm)
{
	return !load_relaxed(&mm->mm_users);
}

/* An mm exits, with all unmapped: ksm_forget() for all of it. Locking: none held. Source: mm/ksm.c. */
void ksm_exit(struct mm_struct *mm);

/* Takes @item out of the unstable tree, if it is there. */
void ksm_unstable_remove(struct ksm_rmap_item *item);
/* Another item in the unstable tree with @item's checksum; if there is none, NULL, and @item is in it. */
struct ksm_rmap_item *ksm_unstable_search_insert(struct ksm_rmap_item *item);

/* The folio of the node with that checksum, with a reference; NULL if there is none. Source: stable_tree_search(). */
struct folio *ksm_stable_search(uint64_t checksum);
/*
 * ksm_get_folio - @node's folio, with a reference. NULL: it was freed, and so is @node. Source: mm/ksm.c.
 */
struct folio *ksm_get_folio(struct ksm_stable_node *node);
/*
 * ksm_make_node - merges @folio with none yet: its contents, which have @checksum, can't be written to any more. The
 * first item is @item, by the folio's anon_vma. False without memory, or if a folio with that checksum is merged
 * already. Locking: the folio lock. Source: mm/ksm.c, stable_tree_insert().
 */
bool ksm_make_node(struct folio *folio, struct ksm_rmap_item *item, uint64_t checksum) __must_check;
/*
 * ksm_append - adds @item to @node: VMAs linked to @anon_vma may map its folio at page @index. Locking: the lock of
 * @node's folio; a VMA linked to @anon_vma that stays. Source: mm/ksm.c, stable_tree_append().
 */
void ksm_append(struct ksm_stable_node *node, struct ksm_rmap_item *item, struct anon_vma *anon_vma,
		unsigned long index);

/* ---- users of merged folios: not under ksm_lock() ---- */

/*
 * ksm_item_needed - true if @item, of @folio's node, leads to entries of @folio, or to swap entries that a fault turns
 * into such, and no other item leads to the same. Locking: the folio lock.
 */
bool ksm_item_needed(const struct ksm_rmap_item *item, struct folio *folio);
/* rmap_walk() of a merged folio. Locking: the folio lock. Source: mm/ksm.c. */
void rmap_walk_ksm(struct folio *folio, struct rmap_walk_control *rwc);
/*
 * folio_migrate_ksm - @to, which has the contents of @from, takes its node over. Locking: both folio locks; @from's
 * references are frozen. Source: mm/ksm.c.
 */
void folio_migrate_ksm(struct folio *to, struct folio *from);

/* ---- all of them; locking: the calling thread is the only one in core ---- */
void ksm_start(void);
/* Frees all nodes and items. */
void ksm_stop(void);
/* The number of nodes; and calls @fn for each item of each. For oracles. */
unsigned long ksm_nr_nodes(void);
void ksm_each_item(void (*fn)(const struct ksm_rmap_item *item, void *arg), void *arg);

#endif
