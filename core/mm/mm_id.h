/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_id.h - a small number for each mm, which identifies an mm's mappings of a large folio. Source: mm_id_t,
 * include/linux/mm_types.h.
 */
#ifndef FAULTLINE_CORE_MM_MM_ID_H
#define FAULTLINE_CORE_MM_MM_ID_H

#include "core/phys/frame.h"

#define NR_MM_IDS	65536u	/* one more than the bound of mms at one time: what 16 bits hold */

/* A unique number until it is freed; 0 if none is left. Locking: none needed. */
mm_id_t mm_id_alloc(void);
void mm_id_free(mm_id_t id);

#endif
