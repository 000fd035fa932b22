/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse_file.h - maps huge pages of files by a leaf instead of PTEs, and retracts PTE tables. Source:
 * mm/khugepaged.c.
 */
#ifndef FAULTLINE_CORE_OP_COLLAPSE_FILE_H
#define FAULTLINE_CORE_OP_COLLAPSE_FILE_H

#include "core/op/collapse_control.h"

/*
 * collapse_file - maps the huge page of a file that @mm maps at @addr by PTEs by a leaf, read-only, and frees its
 * table. Every other mm that maps it loses its table, if it maps only the huge page, and faults it in again. For
 * khugepaged @mm itself loses its table in the same way, and no other mm. Returns SCAN_SUCCEED; SCAN_PMD_MAPPED, a leaf
 * maps it; SCAN_PAGE_NULL, no page of it is in memory, something else is mapped there, or the policy keeps tables
 * (shootdown, without reclaim); SCAN_ADDRESS_RANGE, SCAN_VMA_NULL, SCAN_VMA_CHECK, SCAN_ANY_PROCESS.
 * Locking: none held. Source: mm/khugepaged.c, collapse_pte_mapped_thp(), retract_page_tables().
 */
enum scan_result collapse_file(struct mm_struct *mm, unsigned long addr, const struct collapse_control *cc);

#endif
