/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user_access.h - a program's accesses to its memory. */
#ifndef FAULTLINE_CORE_OP_USER_ACCESS_H
#define FAULTLINE_CORE_OP_USER_ACCESS_H

#include "core/op/fault.h"
#include "core/pgtable/tlb.h"

/*
 * user_access_page - an access to @addr through the cpu's TLB: faults until the access is possible, and calls @use
 * (NULL: nothing) as its instruction: see tlb_access(). @flags: FAULT_FLAG_WRITE or 0. Returns 0, or a fault's result;
 * then there was no access. Locking: none; @mm has a TLB.
 */
vm_fault_t user_access_page(struct mm_struct *mm, unsigned long addr, unsigned int flags, tlb_use_fn *use, void *arg);

/*
 * user_access - the access of a program that uses nothing of the page. Without TLBs there are no hits, and each access
 * is a fault. Returns and locking: as do_user_addr_fault().
 */
static inline vm_fault_t user_access(struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	if (likely(!mm->pt.policy.tlb))
		return do_user_addr_fault(mm, addr, flags);
	return user_access_page(mm, addr, flags, NULL, NULL);
}

#endif
