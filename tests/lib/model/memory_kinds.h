/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_kinds.h - the same kinds of memory, of ours and of the running kernel, at one address. */
#ifndef FAULTLINE_TESTS_LIB_MODEL_MEMORY_KINDS_H
#define FAULTLINE_TESTS_LIB_MODEL_MEMORY_KINDS_H

#include "core/faultline.h"

#define KIND_AT		0x20000000ul	/* low, where nothing else is; a huge page begins there */
#define KIND_MAPPED	(2 * PMD_SIZE)

enum memory_kind { NOTHING, FRESH, WRITTEN, READ_ONLY, NO_ACCESS, HUGE_LEAF, GUARDED, HOLE, FILE_PRIVATE, FILE_SHARED,
		   HUGE_POOL, RAW, LOCKED, NR_MEMORY_KINDS };

/* Around tests: a file on each side, as long as a huge page, and raw frames. Dies without them. */
void memory_kinds_up(void);
void memory_kinds_down(void);

/* Address and size of what is mapped, on either side: raw frames of the running kernel are those of [vvar]. */
unsigned long our_kind_at(enum memory_kind kind, unsigned long *size);
unsigned long live_kind_at(enum memory_kind kind, unsigned long *size);
/* A new mm with such memory, with huge pages where they are asked for. */
struct mm_struct *our_kind(enum memory_kind kind);
/* Maps it; to be unmapped by live_munmap(). False: the kernel has none; a message says so. */
bool live_kind(enum memory_kind kind);

#endif
