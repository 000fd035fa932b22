/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit.h - ends address spaces. Source: mm/mmap.c, exit_mmap(); kernel/fork.c, __mmput(). */
#ifndef FAULTLINE_CORE_OP_EXIT_H
#define FAULTLINE_CORE_OP_EXIT_H

#include "core/mm/mm_types.h"

/*
 * mmput - drops a user of @mm. The last one ends the address space: notifies subscribers, unmaps everything, and drops
 * the users' reference to the struct (mmdrop()). mm_exit() - the process ends: drops the user of mm_create(). Locking:
 * none held; the caller touches @mm afterwards only by another user or reference. Source: kernel/fork.c, kernel/exit.c,
 * exit_mm().
 */
void mmput(struct mm_struct *mm);
void mm_exit(struct mm_struct *mm);

#endif
