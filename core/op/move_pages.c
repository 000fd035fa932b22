/* SPDX-License-Identifier: GPL-2.0-or-later */
/* move_pages.c - moves single pages to given nodes. */
#include "core/op/move_pages.h"

#include <errno.h>

#include "core/mm/folio_walk.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/migrate.h"

/*
 * Stores the folio at @addr, with a reference, to *@folio. Returns its node, or an error, without a reference.
 * Locking: mmap_lock. Source: mm/migrate.c, add_folio_for_migration(), do_pages_stat_array().
 */
static int get_folio(struct mm_struct *mm, unsigned long addr, struct folio **folio)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct folio_walk fw;
	int ret;

	if (!vma || (vma->vm_flags & VM_PFNMAP))
		return -EFAULT;
	*folio = folio_walk_start(&fw, vma, addr & PAGE_MASK, FW_ZEROPAGE);
	if (!*folio)
		return -ENOENT;
	ret = fw.page ? (int)page_to_nid(fw.page) : -EFAULT;
	if (fw.page)
		folio_get(*folio);
	folio_walk_end(&fw, vma);
	return ret;
}

static int where_is(struct mm_struct *mm, unsigned long addr, struct folio **folio)
{
	int ret;

	mmap_read_lock(mm);
	ret = get_folio(mm, addr, folio);
	mmap_read_unlock(mm);
	return ret;
}

/* Returns @nid, or the error. */
static int move_page(struct mm_struct *mm, unsigned long addr, int nid, bool shared_too)
{
	struct folio *folio;
	int ret = where_is(mm, addr, &folio);

	if (ret < 0)
		return ret;
	if (ret == nid || (folio_maybe_mapped_shared(folio) && !shared_too)) {
		folio_put(folio);
		return ret == nid ? nid : -EACCES;
	}
	ret = migrate_folio(folio, (unsigned int)nid);
	return ret ? ret : nid;
}

long sys_move_pages(struct mm_struct *mm, unsigned long count, const unsigned long *addrs, const int *nodes,
		    int *status, unsigned int flags)
{
	struct folio *folio;
	long left = 0;

	if (flags & ~(unsigned int)(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	for (unsigned long i = 0; i < count; i++) {
		if (nodes) {
			if (nodes[i] < 0 || nodes[i] >= (int)machine.nr_nodes)
				return -ENODEV;
			status[i] = move_page(mm, addrs[i], nodes[i], flags & MPOL_MF_MOVE_ALL);
			left += status[i] == -EBUSY || status[i] == -ENOMEM;
		} else {
			status[i] = where_is(mm, addrs[i], &folio);
			if (status[i] >= 0)
				folio_put(folio);
		}
	}
	return left;
}
