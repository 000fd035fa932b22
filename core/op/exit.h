/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit.h - tears down an address space. Source: mm/mmap.c, exit_mmap(). */
#ifndef FAULTLINE_CORE_OP_EXIT_H
#define FAULTLINE_CORE_OP_EXIT_H

#include "core/mm/mm_types.h"

/*
 * Notifies subscribers that all goes, unmaps everything, and drops the first reference to @mm: the last one frees it
 * (mmdrop()). Locking: none held; no other thread uses @mm, now or later, except through mirrors of it, which have
 * references.
 */
void mm_exit(struct mm_struct *mm);

#endif
