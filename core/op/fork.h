/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.h - an address space copied, its pages shared until somebody writes. Source: kernel/fork.c, dup_mm(). */
#ifndef FAULTLINE_CORE_OP_FORK_H
#define FAULTLINE_CORE_OP_FORK_H

#include "core/mm/mm_types.h"

/*
 * sys_fork - *@child becomes a copy of @parent as it was at one moment of the call, under the same policy; mm_exit() takes it
 * back. Returns 0, or -ENOMEM, with no child, and nothing of @parent changed but what may be written without a fault.
 * Locking: none held; others may use @parent meanwhile.
 */
int sys_fork(struct mm_struct *parent, struct mm_struct **child);

#endif
