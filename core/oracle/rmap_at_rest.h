/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmap_at_rest.h - invariants of the quiescent reverse map. */
#ifndef FAULTLINE_CORE_ORACLE_RMAP_AT_REST_H
#define FAULTLINE_CORE_ORACLE_RMAP_AT_REST_H

#include "core/mm/mm_types.h"
#include "core/oracle/complaint.h"

/*
 * rmap_at_rest - @mms are all existing address spaces, @nr of them, and their page tables are well formed. Complains
 * unless
 *   the anon_vmas agree with the VMAs: see census_take()
 *   every mapped anonymous page points to one of them, and lies where its index says
 *   an rmap walk from each folio finds each entry that maps a page of it, once, and no other
 *   no folio is locked
 * Locking: no other thread is in core, RCU callbacks have run.
 */
void rmap_at_rest(struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint);

#endif
