/* SPDX-License-Identifier: GPL-2.0-or-later */
/* account.c - the pages that mappings may come to need. */
#include "core/mm/account.h"

#include <sys/mman.h>

#include "core/mm/anon_vma.h"

struct committed_share vm_committed_as[NR_CPUS];

unsigned long vm_memory_committed(void)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < nr_cpus_used(); i++)
		sum += load_relaxed(&vm_committed_as[i].pages);
	return sum;
}

void vm_committed_reset(void)
{
	for (unsigned int i = 0; i < NR_CPUS; i++)
		store_relaxed(&vm_committed_as[i].pages, 0ul);
}

unsigned long account_mapping(struct vma_kind kind, int map_flags)
{
	if (map_flags & MAP_NORESERVE)
		return kind.flags | VM_NORESERVE;
	return (kind.flags & (VM_WRITE | VM_SHARED | VM_HUGETLB)) == VM_WRITE ? kind.flags | VM_ACCOUNT : kind.flags;
}

unsigned long account_protection(const struct vm_area_struct *vma, unsigned long flags)
{
	if ((flags & VM_WRITE) &&
	    !(vma->vm_flags & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE)))
		return flags | VM_ACCOUNT;
	return flags & VM_WRITE || !vma_is_anonymous(vma) || vma_anon_vma(vma) ? flags : flags & ~VM_ACCOUNT;
}
