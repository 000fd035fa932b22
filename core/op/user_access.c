/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user_access.c - accesses through the TLB, and the faults of those that find no translation. */
#include "core/op/user_access.h"

#include "core/probe/retry.h"

vm_fault_t user_access_page(struct mm_struct *mm, unsigned long addr, unsigned int flags, tlb_use_fn *use, void *arg)
{
	bool write = flags & FAULT_FLAG_WRITE;
	vm_fault_t ret = 0;
	RETRY_LOOP(100000, "an access, faulting again and again");

	/* What a fault maps may be gone before the access comes again. */
	while (tlb_access(&mm->pt, addr, write, use, arg)) {
		ret = do_user_addr_fault(mm, addr, flags);
		if (ret)
			return ret;
		RETRY();
	}
	return 0;
}
