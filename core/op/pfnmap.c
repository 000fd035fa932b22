/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfnmap.c - maps raw frames, and copies them. */
#include "core/op/pfnmap.h"

#include <errno.h>

#include "core/mm/device.h"
#include "core/mm/huge_memory.h"
#include "core/mm/i_mmap.h"
#include "core/mm/pagewalk.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/mmap.h"
#include "core/op/munmap.h"
#include "core/op/uffd_event.h"
#include "core/op/vm_fault.h"
#include "core/op/vm_insert.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/operation.h"

/* Lock key: (T) this thread only */
struct remap {
	unsigned long first;	/* (T) address of the range */
	unsigned long pfn;	/* (T) its frame */
	unsigned long left;	/* (T) frames not mapped yet */
};

/* Without test_walk, a walk skips VM_PFNMAP VMAs. */
static int walk_it(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	(void)start, (void)end, (void)walk;
	return 0;
}

static int install_raw(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	struct remap *remap = walk->private;
	pte_t pte = pte_mkspecial(pfn_pte(remap->pfn + ((addr - remap->first) >> PAGE_SHIFT), walk->vma->vm_page_prot));

	(void)next;
	*ptep = vma_inserts_writable(walk->vma) ? pte_mkwrite(pte) : pte;
	remap->left--;
	return 0;
}

/* An existing entry, such as an emptied table, stays. Source: mm/huge_memory.c, insert_pud(). */
static int install_raw_pud(struct vm_area_struct *vma, unsigned long addr, unsigned long *left)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	p4d_t *p4dp = p4d_alloc(pt, pgd_offset(pt->pgd, addr), addr);
	pud_t *pudp = p4dp ? pud_alloc(pt, p4dp, addr) : NULL;

	if (!pudp)
		return -ENOMEM;
	spin_lock(&pt->page_table_lock);
	if (pud_none(pudp_get(pudp))) {
		set_pud_at(pudp, mk_raw_pud(vma_raw_pfn(vma, addr), vma->vm_page_prot));
		*left -= PUD_SIZE >> PAGE_SHIFT;
	}
	spin_unlock(&pt->page_table_lock);
	return 0;
}

/*
 * Leaves for as much of @vma as possible, with thp=always. They are set here only; faults may split them, and map the
 * frames again one by one: a driver's fault could not.
 */
static int install_raw_puds(struct vm_area_struct *vma, unsigned long *left)
{
	unsigned long addr = ALIGN_UP(vma->vm_start, PUD_SIZE);
	int err = 0;

	if (!THP_POSSIBLE || vma->vm_mm->pt.policy.thp != THP_ALWAYS || vma->vm_file)
		return 0;
	if (!IS_ALIGNED(vma_raw_pfn(vma, addr), PUD_SIZE >> PAGE_SHIFT))
		return 0;
	for (; !err && addr < vma->vm_end && vma->vm_end - addr >= PUD_SIZE; addr += PUD_SIZE)
		err = install_raw_pud(vma, addr, left);
	return err;
}

/*
 * A private VMA keeps its first frame in vm_pgoff, which is its place among the VMAs of its file. Locking: mmap_lock
 * for write, @vma write-locked.
 */
static void set_raw_vma(struct vm_area_struct *vma, unsigned long pfn)
{
	vma_set_flags(vma, vma->vm_flags | VM_IO | VM_RESERVED | VM_DONTDUMP | VM_PFNMAP);
	if (!is_cow_mapping(vma->vm_flags))
		return;
	vma_file_pre_update(vma);
	vma->vm_pgoff = pfn;
	vma_file_post_update(vma);
}

/* Source: mm/memory.c, remap_pfn_range_internal(), remap_pfn_range_notrack(). */
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long size)
{
	static const struct mm_walk_ops ops = {
		.test_walk = walk_it, .install_pte = install_raw, .walk_lock = PGWALK_WRLOCK_VERIFY,
	};
	struct remap remap = { .first = addr, .pfn = pfn, .left = size >> PAGE_SHIFT };
	bool cow = is_cow_mapping(vma->vm_flags);
	int err = 0;

	if (!size || !IS_ALIGNED(addr | size, PAGE_SIZE) || addr < vma->vm_start || addr >= vma->vm_end ||
	    size > vma->vm_end - addr || !pfn_modify_allowed(pfn, remap.left))
		return -EINVAL;
	if (cow && size != vma->vm_end - vma->vm_start)
		return -EINVAL;
	set_raw_vma(vma, pfn);
	if (cow)
		err = install_raw_puds(vma, &remap.left);
	if (!err)
		err = walk_page_range_mm(vma->vm_mm, addr, addr + size, &ops, &remap);
	BUG_ON(!err && remap.left);
	if (err)
		zap_vma_ptes(vma, addr, size);
	return err;
}

long sys_mmap_pfn(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, unsigned long pfn)
{
	OPERATION("mmap_pfn", mm, addr);
	struct vma_kind kind = { .flags = prot_to_vm_flags(prot) | VM_IO | VM_RESERVED | VM_DONTDUMP | VM_PFNMAP };
	struct uffd_unmaps unmaps = STAILQ_HEAD_INITIALIZER(unmaps);
	long at;
	int err;

	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len || (flags & MAP_TYPE) != MAP_PRIVATE || !pfn_modify_allowed(pfn, len >> PAGE_SHIFT))
		return -EINVAL;
	count_event(EV_MMAP);
	mmap_write_lock(mm);
	at = do_mmap(mm, addr, len, flags, kind, &unmaps);
	if (at >= 0) {
		struct vm_area_struct *vma = vma_lookup(mm, (unsigned long)at);

		vma_start_write(vma);
		err = remap_pfn_range(vma, (unsigned long)at, pfn, len);
		if (err) {
			BUG_ON(do_munmap_locked(mm, (unsigned long)at, (unsigned long)at + len, &unmaps));
			at = err;
		}
	}
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&unmaps);
	return at;
}

/* ---- faults ---- */

/* A write then continues with the copy. */
vm_fault_t do_raw_page(struct vm_fault *vmf)
{
	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	set_pte(vmf->ptep, pte_mkspecial(pfn_pte(vma_raw_pfn(vmf->vma, vmf->addr), vmf->vma->vm_page_prot)));
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE) ? FAULT_AGAIN : 0;
}

/* ---- frames ---- */

/* Each frame has its own type: they are not one folio. */
struct page *alloc_raw_frames(unsigned int order)
{
	struct page *pages = alloc_pages(order, PAGE_RESERVED);

	for (unsigned long i = 1; pages && i < 1ul << order; i++) {
		store_relaxed(&pages[i]._mapcount, -1);
		store_relaxed(&pages[i].flags, 0);
		page_set_type(pages + i, PAGE_RESERVED);
	}
	return pages;
}

void free_raw_frames(struct page *pages, unsigned int order)
{
	for (unsigned long i = 1; i < 1ul << order; i++)
		page_set_type(pages + i, PAGE_FREE);
	free_pages(pages, order);
}

void copy_raw_payload(struct page *to, unsigned long pfn)
{
	if (pfn_valid(pfn))
		copy_payload(to, pfn_to_page(pfn));
}
