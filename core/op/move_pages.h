/* SPDX-License-Identifier: GPL-2.0-or-later */
/* move_pages.h - single pages moved to the nodes asked for, or asked where they are. Source: mm/migrate.c. */
#ifndef FAULTLINE_CORE_OP_MOVE_PAGES_H
#define FAULTLINE_CORE_OP_MOVE_PAGES_H

#include "core/mm/mm_types.h"

/* Linux's own numbers. Source: include/uapi/linux/mempolicy.h. */
#ifndef MPOL_MF_MOVE
#define MPOL_MF_MOVE		2	/* only pages that no other mm maps */
#define MPOL_MF_MOVE_ALL	4	/* all pages */
#endif

/*
 * sys_move_pages - as move_pages(2): for each of the @count @addrs, moves its page to that node of @nodes, and says in @status
 * where it is now, or why it is not there:
 *   -EFAULT  no mapping, or the page of zeroes, or a raw one    -ENOENT  no page is mapped there
 *   -EACCES  others map it too, without MPOL_MF_MOVE_ALL        -EBUSY   it is in use otherwise: see migrate_folio()
 *   -ENOMEM  the node has no frame
 * With @nodes NULL nothing moves, and @status says where pages are. Returns how many could not be moved for the last two reasons;
 * -EINVAL (@flags), -ENODEV (no such node; what comes before in @addrs is done). Locking: none held.
 */
long sys_move_pages(struct mm_struct *mm, unsigned long count, const unsigned long *addrs, const int *nodes, int *status,
		    unsigned int flags);

#endif
