/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expand_stack.h - MAP_GROWSDOWN: a VMA that a fault below it extends. Source: mm/mmap_lock.c, mm/vma.c. */
#ifndef FAULTLINE_CORE_OP_EXPAND_STACK_H
#define FAULTLINE_CORE_OP_EXPAND_STACK_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(EXPAND_STACK);

#define STACK_LIMIT	(8ul << 20)	/* bytes of a VMA that grows, as RLIMIT_STACK's default */

/*
 * lock_mm_and_find_vma - the VMA that contains @addr, or that grows to contain it, with mmap_lock held for read; NULL
 * if there is none, or it must not grow, with nothing locked: too near to accessible memory below, beyond STACK_LIMIT,
 * below MMAP_MIN_ADDR; no memory. Growing takes mmap_lock for write, as since Linux 6.5. Locking: none held. Source:
 * mm/mmap_lock.c.
 */
struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm, unsigned long addr);

#endif
