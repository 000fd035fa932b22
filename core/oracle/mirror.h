/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirror.h - whether what a device has of an mm is what the mm's page tables say, at any time. */
#ifndef FAULTLINE_CORE_ORACLE_MIRROR_H
#define FAULTLINE_CORE_ORACLE_MIRROR_H

#include "core/op/hmm_mirror.h"

/*
 * oracle_snapshot - compares the entries of a snapshot of [@start, @end) in @vma, each that is VALID, with the page
 * tables: the same frame, and no right that those do not give. Returns how many were compared; -EINVAL when one
 * differs, told in @why. Locking: mmap_lock, and what keeps the range from invalidations: hmm_vma_range_lock(), or the
 * lock of the mirror that has them.
 */
long oracle_snapshot(struct vm_area_struct *vma, unsigned long start, unsigned long end, const hmm_pfn_t *pfns, char *why,
		     size_t why_size);

/* The same for the entries that @mirror has of [@start, @end). Locking: none held. */
long oracle_mirror(struct hmm_mirror *mirror, unsigned long start, unsigned long end, char *why, size_t why_size);

#endif
