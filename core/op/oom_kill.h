/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oom_kill.h - frees the memory of killed processes before they exit: process_mrelease(2), and what the thread
 * oom_reaper does. Source: mm/oom_kill.c.
 */
#ifndef FAULTLINE_CORE_OP_OOM_KILL_H
#define FAULTLINE_CORE_OP_OOM_KILL_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(OOM_REAP);
DECLARE_EVENT(OOM_SKIP);

/*
 * The process is killed, as by SIGKILL: it will exit, so that its memory may be reaped. Locking: any; a reference to
 * the struct (mmgrab()), as for those below. Source: mm/oom_kill.c, task_will_free_mem().
 */
void mm_kill(struct mm_struct *mm);

/*
 * sys_process_mrelease - as process_mrelease(2): unmaps all private memory of @mm but hugetlb and drivers' memory,
 * beside its threads, and beside its exit; faults where it was end in VM_FAULT_SIGBUS from then on. Returns 0, also if
 * it has exited or is about to; -EINVAL for @flags, or if it was not killed.
 * oom_reap_task_mm - the same for a thread that must not wait: false if mmap_lock is not free, or @mm was not killed.
 * Locking: none held. Source: mm/oom_kill.c.
 */
int sys_process_mrelease(struct mm_struct *mm, unsigned int flags);
bool oom_reap_task_mm(struct mm_struct *mm);

#endif
