/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mfill.c - fills in pages for a userfaultfd. Source: mm/userfaultfd.c. */
#include <errno.h>
#include <string.h>

#include "core/mm/anon_vma.h"
#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/uffd_queue.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/probe/operation.h"
#include "core/probe/retry.h"

DEFINE_EVENT(UFFD_FILLED, "pages filled in for a userfaultfd");

/* (T) all of it */
struct mfill {
	struct mm_struct *mm;
	struct vm_area_struct *vma;	/* of the whole range, while locked */
	bool mmap_locked;		/* by mmap_lock; else by the VMA lock */
	const char *src;		/* contents of the next page; NULL: the zero page */
	bool wp;			/* write-protected */
};

DEFINE_KNOCKOUT(UFFD_FILL_RECHECK,
	.name = "uffd:fill-recheck",
	.removes = "the check, under the PTL, that nothing is mapped where a userfaultfd fills in a page",
	.breaks = "another thread's page is overwritten, and leaks",
	.detected_by = "page and counter accounting at rest",
	.hunt = "explore uffd_copy_vs_uffd_copy");

/* ---- the VMA ---- */

/* An anon_vma is prepared under mmap_lock, registered or not. Source: mm/userfaultfd.c, uffd_lock_vma(). */
static int lock_vma(struct mfill *fill, unsigned long addr)
{
	fill->mmap_locked = false;
	fill->vma = lock_vma_under_rcu(fill->mm, addr);
	if (fill->vma && (vma_anon_vma(fill->vma) || (fill->vma->vm_flags & VM_SHARED)))
		return 0;
	if (fill->vma)
		vma_end_read(fill->mm, fill->vma);
	fill->mmap_locked = true;
	mmap_read_lock(fill->mm);
	fill->vma = vma_lookup(fill->mm, addr);
	if (fill->vma && !(fill->vma->vm_flags & VM_SHARED) && anon_vma_prepare(fill->vma))
		return -ENOMEM;
	return 0;
}

static void unlock_vma(struct mfill *fill)
{
	if (fill->mmap_locked)
		mmap_read_unlock(fill->mm);
	else
		vma_end_read(fill->mm, fill->vma);
}

/* ---- one page ---- */

/* A guard region gives way to a page, not to the zero page. Source: mm/userfaultfd.c, include/linux/swapops.h. */
static bool pte_gives_way(const struct mfill *fill, pte_t pte)
{
	return pte_none(pte) || (fill->src && pte_is_guard(pte));
}

/* The entry of @addr, locked, in which nothing is mapped. Returns 0, -EEXIST, -ENOMEM; -EAGAIN: its table has gone. */
static int lock_empty_pte(struct mfill *fill, unsigned long addr, pte_t **ptepp, spinlock_t **ptlp)
{
	struct mm_pgtable *pt = &fill->mm->pt;
	pmd_t *pmdp = pmd_alloc_path(pt, addr);

	if (!pmdp || pte_alloc(pt, pmdp))
		return -ENOMEM;
	SYNCPOINT("uffd.before_ptl");
	*ptepp = pte_offset_map_lock(pt, pmdp, addr, ptlp);
	if (!*ptepp)
		return pmd_present(pmdp_get(pmdp)) && !pmd_is_table(pmdp_get(pmdp)) ? -EEXIST : -EAGAIN;
	if (pte_gives_way(fill, ptep_get(*ptepp)) || KNOCKED_OUT(UFFD_FILL_RECHECK))
		return 0;
	pte_unmap_unlock(pt, *ptlp);
	return -EEXIST;
}

/* Source: mm/userfaultfd.c, mfill_atomic_install_pte(). */
static int install_pte(struct mfill *fill, unsigned long addr, struct folio *folio)
{
	pte_t *ptep, pte = mk_pte(folio ? &folio->page : zero_page, fill->vma->vm_page_prot);
	struct mm_pgtable *pt = &fill->mm->pt;
	spinlock_t *ptl;
	int err;
	RETRY_LOOP(100000, "a table freed where a userfaultfd fills in a page");

	while ((err = lock_empty_pte(fill, addr, &ptep, &ptl)) == -EAGAIN)
		RETRY();
	if (err)
		return err;
	if (folio) {
		folio_add_new_anon_rmap(folio, fill->vma, addr, RMAP_EXCLUSIVE);
		mm_count(pt, MM_ANONPAGES, 1);
		pte = pte_mkdirty(pte);
		pte = fill->vma->vm_flags & VM_WRITE ? pte_mkwrite(pte) : pte;
		set_pte(ptep, fill->wp ? pte_mkuffd_wp(pte) : pte);
	} else {
		set_pte(ptep, pte_mkspecial(pte));
	}
	pte_unmap_unlock(pt, ptl);
	count_event(EV_UFFD_FILLED);
	return 0;
}

/* Source: mm/userfaultfd.c, mfill_atomic_pte_copy(). */
static int fill_page(struct mfill *fill, unsigned long addr)
{
	struct folio *folio;
	int err;

	if (!fill->src)
		return install_pte(fill, addr, NULL);
	folio = folio_alloc(0, PAGE_ANON);
	if (!folio)
		return -ENOMEM;
	memcpy(page_payload(&folio->page), fill->src, machine.payload);
	fill->src += machine.payload;
	err = install_pte(fill, addr, folio);
	if (err)
		folio_put(folio);
	return err;
}

/* ---- a range ---- */

static long fill_range(struct mfill *fill, unsigned long start, unsigned long len)
{
	unsigned long addr = start;
	int err = lock_vma(fill, start);

	if (!err && (!fill->vma || !fill->vma->vm_uffd || fill->vma->vm_end - start < len))
		err = -ENOENT;
	if (!err && fill->wp && !(fill->vma->vm_flags & VM_UFFD_WP))
		err = -EINVAL;
	for (; !err && addr < start + len; addr += err ? 0 : PAGE_SIZE)
		err = fill_page(fill, addr);
	unlock_vma(fill);
	return addr == start ? err : (long)(addr - start);
}

/* Source: mm/userfaultfd.c, mfill_atomic(). */
static long mfill(struct userfaultfd_ctx *ctx, unsigned long start, const char *src, unsigned long len,
		  unsigned long mode)
{
	struct mfill fill = { .mm = uffd_mm(ctx), .src = src, .wp = mode & UFFDIO_COPY_MODE_WP };
	long done = uffd_validate_range(start, len);

	if (done || (mode & ~(UFFDIO_COPY_MODE_DONTWAKE | (src ? UFFDIO_COPY_MODE_WP : 0))))
		return -EINVAL;
	if (!mmget_not_zero(fill.mm))
		return -ESRCH;
	done = fill_range(&fill, start, len);
	mmput(fill.mm);
	SYNCPOINT("uffd.filled");
	if (done > 0 && !(mode & UFFDIO_COPY_MODE_DONTWAKE))
		uffd_wake_range(ctx, start, start + (unsigned long)done);
	return done;
}

long userfaultfd_copy(struct userfaultfd_ctx *ctx, unsigned long dst, const void *src, unsigned long len,
		      unsigned long mode)
{
	OPERATION("uffd copy", uffd_mm(ctx), dst);
	return mfill(ctx, dst, src, len, mode);
}

long userfaultfd_zeropage(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long len, unsigned long mode)
{
	OPERATION("uffd zeropage", uffd_mm(ctx), dst);
	return mfill(ctx, dst, NULL, len, mode);
}
