/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirror.h - compares a device's entries with the mm's page tables, at any time. */
#ifndef FAULTLINE_CORE_ORACLE_MIRROR_H
#define FAULTLINE_CORE_ORACLE_MIRROR_H

#include "core/base/event.h"
#include "core/op/hmm_mirror.h"

DECLARE_EVENT(HMM_COMPARED);

/*
 * oracle_snapshot - compares the VALID entries of a snapshot of [@start, @end) in @vma with the page tables: the same
 * frame, and no permission that those do not give. Returns the number of compared entries; -EINVAL if one differs,
 * described in @why. Locking: mmap_lock, and a lock that excludes invalidations of the range: hmm_vma_range_lock(), or
 * that of their mirror.
 */
long oracle_snapshot(struct vm_area_struct *vma, unsigned long start, unsigned long end, const hmm_pfn_t *pfns,
		     char *why, size_t why_size);

/* The same for the entries of @mirror in [@start, @end). Locking: none held. */
long oracle_mirror(struct hmm_mirror *mirror, unsigned long start, unsigned long end, char *why, size_t why_size);

#endif
