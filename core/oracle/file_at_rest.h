/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_at_rest.h - invariants of quiescent files. */
#ifndef FAULTLINE_CORE_ORACLE_FILE_AT_REST_H
#define FAULTLINE_CORE_ORACLE_FILE_AT_REST_H

#include "core/mm/mm_types.h"
#include "core/oracle/complaint.h"

/*
 * file_at_rest - @mms are all existing address spaces, @nr of them. Complains unless
 *   every folio of a file is in the slot of its index, and lies below i_size; nrpages is their sum
 *   every VMA of a file is in the file's interval tree, by the pages it maps, and the tree has no others
 *   no lock of a file is held
 * Unmapped files are checked as far as they are reachable from their folios. Locking: no other thread is in core.
 */
void file_at_rest(struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint);

#endif
