/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swapent.h - entries that are neither none nor present: a type, and what it needs.
 *
 * Bits 58-62 hold the type, bits 12-51 the payload; present and protnone are clear.
 * Source: include/linux/swapops.h.
 */
#ifndef FAULTLINE_CORE_PGTABLE_SWAPENT_H
#define FAULTLINE_CORE_PGTABLE_SWAPENT_H

#include "core/pgtable/pgtable.h"

#define SWAPENT_TYPE_SHIFT	58

enum swapent_type {
	SWAPENT_GUARD = 1,	/* a guard region: any touch is fatal; no payload */
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

static inline bool pte_is_guard(pte_t pte)
{
	return pte_is_swapent(pte) && swapent_type(pte) == SWAPENT_GUARD;
}

#endif
