/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_census.h - finds all anon_vmas from the VMAs, and counts them. */
#ifndef FAULTLINE_CORE_ORACLE_ANON_VMA_CENSUS_H
#define FAULTLINE_CORE_ORACLE_ANON_VMA_CENSUS_H

#include "core/mm/anon_vma.h"
#include "core/oracle/complaint.h"

/* One anon_vma, and its relations. Lock key: (T) this thread only */
struct census_entry {
	struct anon_vma *anon_vma;	/* (T) */
	const struct mm_struct *mm;	/* (T) the mm of its VMAs */
	unsigned int active;		/* (T) VMAs whose own anon_vma it is */
	unsigned int children;		/* (T) anon_vmas whose parent it is */
	unsigned int family;		/* (T) anon_vmas whose root it is, without itself */
	unsigned long chains;		/* (T) chains that link VMAs to it; 0: items keep it, or its family */
	unsigned int items;		/* (T) rmap items of KSM that name it */
};

/* Lock key: (T) this thread only */
struct census {
	struct anon_vma_chain **chain;	/* (T) all chains of VMAs, by address */
	unsigned long nr_chains;	/* (T) */
	struct census_entry *entry;	/* (T) all anon_vmas, by address */
	unsigned long nr;		/* (T) */
};

/*
 * census_take - @mms are all existing address spaces, @nr of them. Complains unless
 *   every VMA with an anon_vma has a chain to it, all its chains are its own and of one root; one without has none
 *   no anon_vma is the own one of VMAs of two mms: a fork reuses only unused ones
 *   the tree of each anon_vma has exactly the chains that name it, each with its VMA's range (ill-formed ones die)
 *   refcount, num_children and num_active_vmas equal the counts found, and no lock is held
 *   every anon_vma and every chain is reachable from the VMAs, or from rmap items of KSM, which have references
 * census_free() frees it in any case. Locking: no other thread is in core, RCU callbacks have run.
 */
void census_take(struct census *census, struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint);
void census_free(struct census *census);
/* The entry of @anon_vma; NULL if no VMA is linked to it. */
struct census_entry *census_find(const struct census *census, const struct anon_vma *anon_vma);

#endif
