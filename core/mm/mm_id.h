/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm_id.h - a small number for each mm, by which a large folio tells whose its mappings are. Source: mm_id_t, include/linux/mm_types.h. */
#ifndef FAULTLINE_CORE_MM_MM_ID_H
#define FAULTLINE_CORE_MM_MM_ID_H

#include "core/base/compiler.h"

#define NR_MM_IDS	65536u	/* one more than the mms there can be at one time */

/* A number that no other mm has until it is given back; 0 when there is none. Locking: none needed. */
uint32_t mm_id_alloc(void);
void mm_id_free(uint32_t id);

#endif
