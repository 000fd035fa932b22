/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.h - copies an address space, and shares its pages until one is written to. Source: kernel/fork.c, dup_mm(). */
#ifndef FAULTLINE_CORE_OP_FORK_H
#define FAULTLINE_CORE_OP_FORK_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(FORK);

/*
 * sys_fork - makes *@child a copy of @parent at one moment of the call, under the same policy; mm_exit() frees it.
 * It has no VMAs with VM_DONTCOPY, and no pages and guards of those with VM_WIPEONFORK. Returns 0, or -ENOMEM, with no
 * child, and nothing of @parent changed except write permissions that faults restore. Waits until the fork was read,
 * if a userfaultfd of @parent asked for that (uffd_event.h). Locking: none held; others may use @parent meanwhile.
 */
int sys_fork(struct mm_struct *parent, struct mm_struct **child);

#endif
