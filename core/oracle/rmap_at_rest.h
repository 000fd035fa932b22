/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmap_at_rest.h - what must hold of the reverse map while nobody uses it. */
#ifndef FAULTLINE_CORE_ORACLE_RMAP_AT_REST_H
#define FAULTLINE_CORE_ORACLE_RMAP_AT_REST_H

#include "core/mm/mm_types.h"
#include "core/oracle/complaint.h"

/*
 * rmap_at_rest - @mms are all @nr address spaces there are, and their page tables are well formed. Complains unless
 *   the anon_vmas are what the VMAs say: see census_take()
 *   every anonymous page that is mapped points to one of them, and lies where its index says
 *   an rmap walk from each folio finds each entry that maps a page of it, once, and nothing else
 *   no folio is locked
 * Locking: no other thread is in core, RCU callbacks have run.
 */
void rmap_at_rest(struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint);

#endif
