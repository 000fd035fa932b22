/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse_file.h - maps huge pages of files by a leaf instead of PTEs, and retracts PTE tables. Source:
 * mm/khugepaged.c.
 */
#ifndef FAULTLINE_CORE_OP_COLLAPSE_FILE_H
#define FAULTLINE_CORE_OP_COLLAPSE_FILE_H

#include "core/mm/mm_types.h"

/*
 * collapse_file - maps the huge page of a file that @mm maps at @addr by PTEs by a leaf, read-only, and frees its
 * table. Every other mm that maps it loses its table, if it maps only the huge page, and faults it in again. Returns
 * 0; -EINVAL if the VMA, its place or its file's folios do not allow it, no page of it is in memory, something else is
 * mapped there, or the policy keeps tables (shootdown, without reclaim).
 * Locking: none held. Source: mm/khugepaged.c, collapse_pte_mapped_thp(), retract_page_tables().
 */
int collapse_file(struct mm_struct *mm, unsigned long addr);

#endif
