/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * khugepaged.h - scans address spaces for memory to put into huge pages: a pass of any thread, or a thread that makes
 * them.
 *
 * Address spaces are scanned once khugepaged_enable() was called (mm/khugepaged.h). Of files it makes no huge pages: it
 * retracts the tables of those there are, as MADV_COLLAPSE, so that a fault maps a leaf.
 *
 * Source: mm/khugepaged.c.
 */
#ifndef FAULTLINE_CORE_OP_KHUGEPAGED_H
#define FAULTLINE_CORE_OP_KHUGEPAGED_H

#include "core/base/event.h"
#include "core/mm/khugepaged.h"
#include "core/op/collapse_control.h"

DECLARE_EVENT(KHUGEPAGED_COLLAPSED);
DECLARE_EVENT(KHUGEPAGED_FULL_SCAN);
DECLARE_EVENT(KHUGEPAGED_BUSY);

/*
 * khugepaged_do_scan - a pass: scans pages_to_scan pages on from the cursor, at most once through all address spaces,
 * and skips those whose mmap_lock would have to be waited for. Returns the number of ranges that it collapsed. One
 * thread at a time. Locking: none held. Source: mm/khugepaged.c.
 */
unsigned long khugepaged_do_scan(void);

/* The number of ranges that scans left with @result, since the machine began. Locking: any. */
unsigned long khugepaged_results(enum scan_result result);

/*
 * khugepaged_start - starts a thread that makes a pass each @millisecs while there are address spaces to scan; 0: one
 * after the other. Returns 0 or -errno. khugepaged_stop() - ends it, after its pass. Locking: none held. Source:
 * mm/khugepaged.c, khugepaged(), start_stop_khugepaged().
 */
int khugepaged_start(unsigned int millisecs) __must_check;
void khugepaged_stop(void);

#endif
