/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_levels.h - the part of the page walker that its entry points share: from the root table down. */
#ifndef FAULTLINE_CORE_MM_WALK_LEVELS_H
#define FAULTLINE_CORE_MM_WALK_LEVELS_H

#include "core/mm/pagewalk.h"

/*
 * walk_pgd_range - walks the tables over [@addr, @end), not empty, with the callbacks of @walk; VMAs are the caller's
 * concern. Returns 0, a callback's stop or error, -ENOMEM. Locking: that of the entry point. Source: mm/pagewalk.c.
 */
int walk_pgd_range(unsigned long addr, unsigned long end, struct mm_walk *walk);
/* False if @ops installs entries, which public walks reject. Source: mm/pagewalk.c, check_ops_safe(). */
bool check_ops_valid(const struct mm_walk_ops *ops);

#endif
