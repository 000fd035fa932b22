/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_at_rest.h - what must hold of files while nobody uses them. */
#ifndef FAULTLINE_CORE_ORACLE_FILE_AT_REST_H
#define FAULTLINE_CORE_ORACLE_FILE_AT_REST_H

#include "core/mm/mm_types.h"
#include "core/oracle/complaint.h"

/*
 * file_at_rest - @mms are all @nr address spaces there are. Complains unless
 *   every folio of a file is in the slot that its index says, and lies below i_size; nrpages is their sum
 *   every VMA of a file is in the file's interval tree, by the pages it maps, and nothing else is
 *   no lock of a file is held
 * Files that nothing maps are looked at as far as their folios lead. Locking: no other thread is in core.
 */
void file_at_rest(struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint);

#endif
