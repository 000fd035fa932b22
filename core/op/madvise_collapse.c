/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise_collapse.c - MADV_COLLAPSE: each huge page of a range, in any VMAs. */
#include "core/op/collapse.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/vma.h"
#include "core/op/collapse_file.h"
#include "core/probe/operation.h"

DEFINE_EVENT(COLLAPSE, "ranges collapsed to a huge page by MADV_COLLAPSE");
DEFINE_EVENT(COLLAPSE_KEPT, "ranges not collapsed: extra references, or no huge page");

/* Source: mm/khugepaged.c. */
static int madvise_collapse_errno(enum scan_result result)
{
	switch (result) {
	case SCAN_SUCCEED:
	case SCAN_PMD_MAPPED:
		return 0;
	case SCAN_ALLOC_HUGE_PAGE_FAIL:
		return -ENOMEM;
	case SCAN_PAGE_COUNT:
	case SCAN_PAGE_LOCK:
	case SCAN_PTE_NON_PRESENT:
		return -EAGAIN;
	default:
		return -EINVAL;
	}
}

/* A part of the range: of one VMA, or of a gap. Lock key: (T) this thread only */
struct part {
	unsigned long start, end;	/* (T) */
	enum part_kind { PART_GAP, PART_REFUSED, PART_ANON, PART_FILE } kind;	/* (T) */
};

/* Locking: mmap_lock. */
static enum part_kind part_kind(const struct vm_area_struct *vma)
{
	if (!thp_vma_collapsible(vma, vma->vm_flags))
		return PART_REFUSED;
	if (!vma_is_anonymous(vma))
		return PART_FILE;
	return vma_anon_vma(vma) ? PART_ANON : PART_REFUSED;
}

static struct part next_part(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct part part = { start, end, PART_GAP };
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_vma(mm, start);
	if (vma && vma->vm_start <= start) {
		part.end = min(end, vma->vm_end);
		part.kind = part_kind(vma);
	} else if (vma) {
		part.end = min(end, vma->vm_start);
	}
	mmap_read_unlock(mm);
	return part;
}

static enum scan_result collapse_range(struct mm_struct *mm, unsigned long addr, enum part_kind kind)
{
	static const struct collapse_control cc;

	if (kind == PART_FILE)
		return collapse_file(mm, addr, &cc);
	mmap_read_lock(mm);
	return collapse_huge_page(mm, addr, &cc);
}

static int collapse_part(struct mm_struct *mm, const struct part *part)
{
	unsigned long start = ALIGN_UP(part->start, PMD_SIZE);
	int last = 0;

	if (part->kind == PART_REFUSED || start > ALIGN_DOWN(part->end, PMD_SIZE))
		return -EINVAL;
	for (unsigned long addr = start; addr + PMD_SIZE <= part->end; addr += PMD_SIZE) {
		int err = madvise_collapse_errno(collapse_range(mm, addr, part->kind));

		if (err)
			count_event(EV_COLLAPSE_KEPT);
		else
			count_event(EV_COLLAPSE);
		last = err ? err : last;
	}
	return last;
}

int madvise_collapse(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	OPERATION("collapse", mm, start);
	bool gap = false;
	int err = 0;

	if (!THP_POSSIBLE)
		return -EINVAL;
	while (!err && start < end) {
		struct part part = next_part(mm, start, end);

		gap |= part.kind == PART_GAP;
		err = part.kind == PART_GAP ? 0 : collapse_part(mm, &part);
		start = part.end;
	}
	return err ? err : gap ? -ENOMEM : 0;
}
