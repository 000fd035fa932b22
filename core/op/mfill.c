/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mfill.c - fills in pages for a userfaultfd. Source: mm/userfaultfd.c. */
#include <errno.h>
#include <string.h>

#include "core/mm/anon_vma.h"
#include "core/mm/filemap.h"
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

enum mfill_kind { FILL_COPY, FILL_ZEROPAGE, FILL_CONTINUE };

/* (T) all of it */
struct mfill {
	struct userfaultfd_ctx *ctx;
	struct mm_struct *mm;
	struct vm_area_struct *vma;	/* of the whole range, while locked */
	bool mmap_locked;		/* by mmap_lock; else by the VMA lock */
	enum mfill_kind kind;
	const char *src;		/* FILL_COPY: contents of the next page */
	bool wp;			/* write-protected */
};

DEFINE_KNOCKOUT(UFFD_FILL_RECHECK,
	.name = "uffd:fill-recheck",
	.removes = "the check, under the PTL, that nothing is mapped where a userfaultfd fills in a page",
	.breaks = "another thread's page is overwritten, and leaks",
	.detected_by = "page and counter accounting at rest",
	.hunt = "explore uffd_copy_vs_uffd_copy");

/* ---- the VMA ---- */

/*
 * An anon_vma is prepared under mmap_lock, registered or not; and locks of files rank above the VMA lock. Source:
 * mm/userfaultfd.c, uffd_lock_vma().
 */
static int lock_vma(struct mfill *fill, unsigned long addr)
{
	fill->mmap_locked = false;
	fill->vma = lock_vma_under_rcu(fill->mm, addr);
	if (fill->vma && vma_is_anonymous(fill->vma) && vma_anon_vma(fill->vma))
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
	bool zero = fill->kind == FILL_ZEROPAGE && !(fill->vma->vm_flags & VM_SHARED);

	return pte_none(pte) || (!zero && pte_is_guard(pte));
}

/* The entry of @addr, locked, in which nothing is mapped. Returns 0, -EEXIST, -ENOMEM; -EAGAIN: its table has gone. */
static int lock_empty_pte(struct mfill *fill, unsigned long addr, pte_t **ptepp, spinlock_t **ptlp)
{
	struct mm_pgtable *pt = &fill->mm->pt;
	pmd_t *pmdp = pmd_alloc_path(pt, addr), pmd;

	if (!pmdp || pte_alloc(pt, pmdp))
		return -ENOMEM;
	SYNCPOINT("uffd.before_ptl");
	*ptepp = pte_offset_map_lock(pt, pmdp, addr, ptlp);
	if (!*ptepp) {
		pmd = pmdp_get(pmdp);	/* once: a table may come, and go */
		return pmd_present(pmd) && !pmd_is_table(pmd) ? -EEXIST : -EAGAIN;
	}
	if (pte_gives_way(fill, ptep_get(*ptepp)) || KNOCKED_OUT(UFFD_FILL_RECHECK))
		return 0;
	pte_unmap_unlock(pt, *ptlp);
	return -EEXIST;
}

/* A file's own page is only writable in a shared mapping; but its entry is dirty in any. Locking: the PTL. */
static pte_t map_filled(struct mfill *fill, unsigned long addr, struct folio *folio)
{
	pte_t pte = pte_mkdirty(mk_pte(&folio->page, fill->vma->vm_page_prot));
	bool cached = page_type(&folio->page) == PAGE_FILE;

	if (cached) {
		folio_mark_dirty(folio);
		folio_add_file_rmap_ptes(folio, &folio->page, 1, fill->vma);
	} else {
		folio_add_new_anon_rmap(folio, fill->vma, addr, RMAP_EXCLUSIVE);
	}
	mm_count(&fill->mm->pt, cached ? MM_FILEPAGES : MM_ANONPAGES, 1);
	if (fill->vma->vm_flags & VM_WRITE && (!cached || fill->vma->vm_flags & VM_SHARED))
		pte = pte_mkwrite(pte);
	return fill->wp ? pte_mkuffd_wp(pte) : pte;
}

/*
 * Maps @folio, of which the caller's reference goes to the entry; NULL: the zero page. Source: mm/userfaultfd.c,
 * mfill_atomic_install_pte().
 */
static int install_pte(struct mfill *fill, unsigned long addr, struct folio *folio)
{
	struct mm_pgtable *pt = &fill->mm->pt;
	spinlock_t *ptl;
	pte_t *ptep;
	int err;
	RETRY_LOOP(100000, "a table freed where a userfaultfd fills in a page");

	while ((err = lock_empty_pte(fill, addr, &ptep, &ptl)) == -EAGAIN)
		RETRY();
	if (err)
		return err;
	set_pte(ptep, folio ? map_filled(fill, addr, folio) :
			      pte_mkspecial(mk_pte(zero_page, fill->vma->vm_page_prot)));
	pte_unmap_unlock(pt, ptl);
	count_event(EV_UFFD_FILLED);
	return 0;
}

/* A new folio with the next contents. NULL without memory. */
static struct folio *new_folio(struct mfill *fill, enum page_type type)
{
	bool zero = fill->kind == FILL_ZEROPAGE;
	struct folio *folio = folio_alloc(0, (unsigned int)type | (zero ? ALLOC_ZERO : 0));

	if (folio && !zero) {
		memcpy(page_payload(&folio->page), fill->src, machine.payload);
		fill->src += machine.payload;
	}
	return folio;
}

/* Source: mm/userfaultfd.c, mfill_atomic_pte_copy(). */
static int fill_anon_page(struct mfill *fill, unsigned long addr)
{
	struct folio *folio = new_folio(fill, PAGE_ANON);
	int err;

	if (!folio)
		return -ENOMEM;
	err = install_pte(fill, addr, folio);
	if (err)
		folio_put(folio);
	return err;
}

/* ---- one page of a file: as a fault, under the folio's lock, so that truncation finds it mapped ---- */

/* Adds a new folio, and maps it. Locking: mmap_lock. Source: mm/shmem.c, shmem_mfill_atomic_pte(). */
static int fill_file_page(struct mfill *fill, unsigned long addr)
{
	struct address_space *mapping = &fill->vma->vm_file->mapping;
	unsigned long index = linear_page_index(fill->vma, addr);
	struct folio *folio = new_folio(fill, PAGE_FILE);
	int err = -EFAULT;

	if (!folio)
		return -ENOMEM;
	down_read(&mapping->invalidate_lock);
	BUG_ON(!folio_trylock(folio));
	folio_add_lru_vma(folio, fill->vma);
	if (index < i_size_read(mapping))
		err = filemap_add_folio(mapping, folio, index);
	up_read(&mapping->invalidate_lock);
	if (!err) {
		err = install_pte(fill, addr, folio);
		if (err)
			filemap_remove_folio(folio);
	}
	folio_unlock(folio);
	if (err)
		folio_put(folio);
	return err;
}

/* Maps what the file has there. Locking: mmap_lock. Source: mm/userfaultfd.c, mfill_atomic_pte_continue(). */
static int continue_page(struct mfill *fill, unsigned long addr)
{
	struct address_space *mapping = &fill->vma->vm_file->mapping;
	unsigned long index = linear_page_index(fill->vma, addr);
	struct folio *folio = index < i_size_read(mapping) ? filemap_lock_folio(mapping, index) : NULL;
	int err;

	if (!folio)
		return -EFAULT;
	err = install_pte(fill, addr, folio);
	folio_unlock(folio);
	if (err)
		folio_put(folio);
	return err;
}

static int fill_page(struct mfill *fill, unsigned long addr)
{
	if (fill->kind == FILL_CONTINUE)
		return continue_page(fill, addr);
	if (fill->vma->vm_flags & VM_SHARED)
		return fill_file_page(fill, addr);
	return fill->kind == FILL_ZEROPAGE ? install_pte(fill, addr, NULL) : fill_anon_page(fill, addr);
}

/* ---- a range ---- */

/* Locking: the VMA's, or mmap_lock, and the userfaultfd's map_changing_lock. */
static long fill_pages(struct mfill *fill, unsigned long start, unsigned long len)
{
	unsigned long addr = start;
	int err = 0;

	if ((fill->wp && !(fill->vma->vm_flags & VM_UFFD_WP)) ||
	    (fill->kind == FILL_CONTINUE && !vma_is_shmem(fill->vma)))
		return -EINVAL;
	for (; !err && addr < start + len; addr += err ? 0 : PAGE_SIZE)
		err = fill_page(fill, addr);
	return addr == start ? err : (long)(addr - start);
}

static long fill_range(struct mfill *fill, unsigned long start, unsigned long len)
{
	long done = lock_vma(fill, start);

	if (!done && (!fill->vma || !fill->vma->vm_uffd || fill->vma->vm_end - start < len))
		done = -ENOENT;
	if (!done && !uffd_fill_begin(fill->ctx))
		done = -EAGAIN;
	if (!done) {
		done = fill_pages(fill, start, len);
		uffd_fill_end(fill->ctx);
	}
	unlock_vma(fill);
	return done;
}

/* Source: mm/userfaultfd.c, mfill_atomic(). */
static long mfill(struct userfaultfd_ctx *ctx, struct mfill fill, unsigned long start, unsigned long len,
		  unsigned long mode)
{
	unsigned long known = UFFDIO_COPY_MODE_DONTWAKE | (fill.kind == FILL_COPY ? UFFDIO_COPY_MODE_WP : 0);
	long done = uffd_validate_range(start, len);

	if (uffd_mmap_changing(ctx))
		return -EAGAIN;
	if (done || (mode & ~known))
		return -EINVAL;
	fill.ctx = ctx;
	fill.mm = uffd_mm(ctx);
	fill.wp = mode & UFFDIO_COPY_MODE_WP;
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
	return mfill(ctx, (struct mfill){ .kind = FILL_COPY, .src = src }, dst, len, mode);
}

long userfaultfd_zeropage(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long len, unsigned long mode)
{
	OPERATION("uffd zeropage", uffd_mm(ctx), dst);
	return mfill(ctx, (struct mfill){ .kind = FILL_ZEROPAGE }, dst, len, mode);
}

long userfaultfd_continue(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len, unsigned long mode)
{
	OPERATION("uffd continue", uffd_mm(ctx), start);
	return mfill(ctx, (struct mfill){ .kind = FILL_CONTINUE }, start, len, mode);
}
