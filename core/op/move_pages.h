/* SPDX-License-Identifier: GPL-2.0-or-later */
/* move_pages.h - moves single pages to given nodes, or reports their nodes. Source: mm/migrate.c. */
#ifndef FAULTLINE_CORE_OP_MOVE_PAGES_H
#define FAULTLINE_CORE_OP_MOVE_PAGES_H

#include "core/mm/mm_types.h"

/* Linux's own numbers. Source: include/uapi/linux/mempolicy.h. */
#ifndef MPOL_MF_MOVE
#define MPOL_MF_MOVE		2	/* only pages that no other mm maps */
#define MPOL_MF_MOVE_ALL	4	/* all pages */
#endif

/*
 * sys_move_pages - as move_pages(2): for each of the @count @addrs, moves its page to that node of @nodes, and stores
 * its node, or an error, to @status:
 *   -EFAULT  no mapping, or the zero page, or a raw one        -ENOENT  no page is mapped there
 *   -EACCES  others map it too, without MPOL_MF_MOVE_ALL       -EBUSY   it is in use otherwise: see migrate_folio()
 *   -ENOMEM  the node has no frame
 * With @nodes NULL no page is moved, and @status has the nodes of the pages. Returns the number of pages not moved
 * because of the last two errors; -EINVAL (@flags), -ENODEV (no such node; earlier @addrs are done). Locking: none
 * held.
 */
long sys_move_pages(struct mm_struct *mm, unsigned long count, const unsigned long *addrs, const int *nodes,
		    int *status, unsigned int flags);

#endif
