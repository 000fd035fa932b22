/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault.h - page faults. Source: mm/memory.c; arch/x86/mm/fault.c. */
#ifndef FAULTLINE_CORE_OP_FAULT_H
#define FAULTLINE_CORE_OP_FAULT_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(FAULT);
DECLARE_EVENT(FAULT_VMA_LOCK);
DECLARE_EVENT(FAULT_MMAP_LOCK);
DECLARE_EVENT(FAULT_SPURIOUS);
DECLARE_EVENT(FAULT_RETRY);
DECLARE_EVENT(FAULT_LARGE);
DECLARE_EVENT(FAULT_SMALLER);
DECLARE_EVENT(THP_FAULT);
DECLARE_EVENT(THP_FAULT_ZERO);
DECLARE_EVENT(THP_FALLBACK);
DECLARE_EVENT(COW_REUSE);
DECLARE_EVENT(COW_COPY);
DECLARE_EVENT(PAGE_ALLOC);
DECLARE_EVENT(FILE_READ);
DECLARE_EVENT(FILE_MAP);
DECLARE_EVENT(FAULT_AROUND);
DECLARE_EVENT(FILE_MAP_HUGE);
DECLARE_EVENT(FILE_COW);
DECLARE_EVENT(FILE_MKWRITE);
DECLARE_EVENT(FILE_GONE);
DECLARE_EVENT(FAULT_SWAP);
DECLARE_EVENT(FAULT_SWAP_LARGE);
DECLARE_EVENT(SWAP_CHANGED);
DECLARE_EVENT(MIGRATE_WAIT);
DECLARE_EVENT(FAULT_POISON);

/* 0 handled, else one of: */
typedef unsigned int vm_fault_t;
#define VM_FAULT_OOM		0x01u	/* memory ran out */
#define VM_FAULT_SIGSEGV	0x02u	/* the access is fatal: alone a guard region, or with one of */
#define VM_FAULT_BADMAP		0x04u	/* no VMA there (SEGV_MAPERR) */
#define VM_FAULT_BADACCESS	0x08u	/* the VMA does not allow it (SEGV_ACCERR) */
#define VM_FAULT_SIGBUS		0x20u	/* beyond i_size of the mapped file; no huge page is left; a reaped mm */
#define VM_FAULT_HWPOISON	0x40u	/* the page is hwpoisoned */
#define VM_FAULT_RETRY		0x10u	/* under the VMA lock only: retry under mmap_lock; or with the next one */
/* With VM_FAULT_RETRY: a userfaultfd was waited for, and the fault's lock dropped before: start over. */
#define VM_FAULT_DROPPED	0x80u

enum fault_flags {
	FAULT_FLAG_WRITE = 1,
	FAULT_FLAG_UNSHARE = 2,		/* the page must become exclusive, and stays read-only; not with WRITE */
	FAULT_FLAG_VMA_LOCK = 4,	/* the caller holds the VMA lock instead of mmap_lock */
	/* With WRITE, in a private VMA that allows no writes: the page becomes exclusive, the entry stays read-only. */
	FAULT_FLAG_FORCE = 8,
	/* The fault may drop its lock to wait for a userfaultfd; without, it fails there with VM_FAULT_SIGBUS. */
	FAULT_FLAG_ALLOW_RETRY = 16,
};

/*
 * do_user_addr_fault - an access to @addr that found no translation, or one without the permission. Tries under the
 * VMA lock, then under mmap_lock. On 0 the address was accessible at some moment since the call. Locking: none held.
 * Source: arch/x86/mm/fault.c.
 */
vm_fault_t do_user_addr_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags);

/*
 * handle_mm_fault - the same in @vma, which contains @addr and, without FAULT_FLAG_FORCE, allows the access. A mapped
 * page stays if there is nothing to do; FAULT_FLAG_UNSHARE without a mapped page is a read. VM_FAULT_RETRY only with
 * FAULT_FLAG_VMA_LOCK or FAULT_FLAG_ALLOW_RETRY. Locking: mmap_lock; with FAULT_FLAG_VMA_LOCK @vma's lock instead.
 * Source: mm/memory.c.
 */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags);

#endif
