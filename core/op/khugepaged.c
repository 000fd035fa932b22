/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged.c - a pass through the address spaces that may have huge pages. */
#include "core/op/khugepaged.h"

#include "core/mm/mmap_lock.h"
#include "core/mm/vma.h"
#include "core/op/collapse_file.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(KHUGEPAGED_COLLAPSED, "ranges collapsed by khugepaged");
DEFINE_EVENT(KHUGEPAGED_FULL_SCAN, "times that khugepaged has scanned all address spaces");
DEFINE_EVENT(KHUGEPAGED_BUSY, "address spaces that khugepaged skipped: mmap_lock was held");

#define SCAN_EVENT(name, what) \
	DECLARE_EVENT(SCAN_##name); \
	DEFINE_EVENT(SCAN_##name, "khugepaged: " what);
SCAN_RESULTS(SCAN_EVENT)

#define SCAN_EVENT_OF(name, what)	[SCAN_##name] = EV_SCAN_##name,
static struct event *const events[NR_SCAN_RESULTS] = { SCAN_RESULTS(SCAN_EVENT_OF) };

unsigned long khugepaged_results(enum scan_result result)
{
	return events_total(events[result]);
}

/* Lock key: (T) this thread only */
struct pass {
	struct collapse_control cc;	/* (T) */
	unsigned int pages;		/* (T) to scan */
	unsigned int progress;		/* (T) */
	unsigned long collapsed;	/* (T) */
	enum scan_result result;	/* (T) of the last range */
};

static bool over(const struct pass *pass)
{
	return pass->progress >= pass->pages;
}

/* Returns whether mmap_lock is still held. Locking: mmap_lock for read. Source: mm/khugepaged.c. */
static bool scan_range(struct pass *pass, struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;
	bool mmap_locked = vma_is_anonymous(vma);

	if (mmap_locked) {
		pass->result = hpage_collapse_scan_pmd(vma, addr, &mmap_locked, &pass->cc);
	} else {
		mmap_read_unlock(mm);
		pass->result = collapse_file(mm, addr, &pass->cc);
	}
	count_own(events[pass->result]->here(), 1);
	if (pass->result == SCAN_SUCCEED)
		pass->collapsed++;
	khugepaged_scan.address += PMD_SIZE;
	pass->progress += HPAGE_PMD_NR;
	return mmap_locked;
}

/* What ends the scan of a VMA. */
enum scan_end {
	END_OF_VMA,
	END_OF_MM,		/* or the mm has no users */
	END_OF_PASS,
	END_UNLOCKED,		/* mmap_lock was dropped */
};

/* Locking: mmap_lock for read, which it may drop. Source: mm/khugepaged.c, khugepaged_scan_mm_slot(). */
static enum scan_end scan_vma(struct pass *pass, struct vm_area_struct *vma)
{
	unsigned long start = ALIGN_UP(vma->vm_start, PMD_SIZE), end = ALIGN_DOWN(vma->vm_end, PMD_SIZE);

	if (!collapse_allowed(&pass->cc, vma) || !thp_vma_collapsible(vma, vma->vm_flags) ||
	    khugepaged_scan.address > end) {
		pass->progress++;
		return END_OF_VMA;
	}
	khugepaged_scan.address = max(khugepaged_scan.address, start);
	while (khugepaged_scan.address < end) {
		if (hpage_collapse_test_exit(vma->vm_mm))
			return END_OF_MM;
		SYNCPOINT("khugepaged.tested");
		if (!scan_range(pass, vma, khugepaged_scan.address))
			return END_UNLOCKED;
		khugepaged_assert_mapped(vma->vm_mm);
		if (over(pass))
			return END_OF_PASS;
	}
	return END_OF_VMA;
}

/* Locking: mmap_lock for read, which it may drop. */
static enum scan_end scan_mm(struct pass *pass, struct mm_struct *mm)
{
	enum scan_end ended = END_OF_VMA;
	struct vm_area_struct *vma;

	if (hpage_collapse_test_exit(mm))
		return END_OF_MM;
	for (unsigned long addr = khugepaged_scan.address; ended == END_OF_VMA; ) {
		vma = find_vma(mm, addr);
		if (!vma)
			return END_OF_MM;
		addr = vma->vm_end;
		ended = scan_vma(pass, vma);
	}
	return ended;
}

/* The address space of the cursor, or the first one. Source: mm/khugepaged.c. */
static void khugepaged_scan_mm_slot(struct pass *pass, struct mm_slot *slot)
{
	enum scan_end ended = END_OF_MM;	/* not waited for, but skipped */
	struct mm_struct *mm = slot->mm;

	pass->result = SCAN_FAIL;
	if (!mmap_read_trylock(mm)) {
		count_event(EV_KHUGEPAGED_BUSY);
	} else {
		pass->progress++;
		ended = scan_mm(pass, mm);
		if (ended != END_UNLOCKED)
			mmap_read_unlock(mm);
	}
	SYNCPOINT("khugepaged.unlocked");
	if (khugepaged_scan_leave(slot, ended == END_OF_MM))
		count_event(EV_KHUGEPAGED_FULL_SCAN);
}

unsigned long khugepaged_do_scan(void)
{
	OPERATION("khugepaged", NULL, 0);
	const struct khugepaged_settings *settings = khugepaged_settings();
	struct pass pass = { .cc = { true, settings->limits }, .pages = settings->pages_to_scan };
	unsigned int heads = 0;
	struct mm_slot *slot;

	if (!THP_POSSIBLE)
		return 0;
	do {
		heads += khugepaged_at_head();
		slot = heads < 2 ? khugepaged_scan_slot() : NULL;
		if (slot)
			khugepaged_scan_mm_slot(&pass, slot);
	} while (slot && !over(&pass) && pass.result != SCAN_ALLOC_HUGE_PAGE_FAIL);
	count_events(EV_KHUGEPAGED_COLLAPSED, pass.collapsed);
	return pass.collapsed;
}
