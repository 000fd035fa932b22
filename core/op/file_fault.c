/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_fault.c - page faults where a file is mapped: reads, shares, makes writable or copies its pages.
 *
 * Against truncation, which reduces i_size, unmaps the rest, and removes it folio by folio:
 *
 *   truncate                                        fault
 *   (A1) i_size is reduced                          (B1) the page lies below i_size, else SIGBUS
 *   (A2) unmap the pages beyond                     (B2) find the folio, or read it in; lock it
 *   (A3) for each folio beyond: lock it; unmap it   (B3) it is no longer in its file: restart, at B1
 *        if it is mapped; remove it; unlock         (B4) map it; unlock
 *   (A4) unmap the pages beyond once more: copies
 *
 * If B2 locks before A3 does, A3 finds the folio mapped. If it locks after A3, B3 finds it removed, and B1 the new
 * size. A missing folio is read in under invalidate_lock, which truncation holds from A1 to A4: so none is added after
 * A3. A copy is mapped under the lock of the folio it was made from (B4), or instead of its entry: A4 comes after
 * both.
 *
 * Against cleaning (mkclean.c): a folio of a shared mapping with a writable entry is dirty. The entry is changed and
 * the folio dirtied under the folio lock, under which it is also cleaned.
 *
 * A read first maps what needs no waiting, of its own page and those around it: see fault_around.c.
 *
 * Under the VMA lock alone no folio lock is waited for, as it ranks above: the fault retries under mmap_lock. Source:
 * mm/filemap.c, filemap_fault(); mm/memory.c, do_fault().
 */
#include "core/op/vm_fault.h"

#include "core/mm/filemap.h"
#include "core/mm/mm.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(FILE_READ, "folios of files read in");
DEFINE_EVENT(FILE_MAP, "pages of files mapped by faults");
DEFINE_EVENT(FILE_MAP_HUGE, "huge pages of files mapped as one");
DEFINE_EVENT(FILE_COW, "pages of files copied by a first write");
DEFINE_EVENT(FILE_MKWRITE, "pages of files made writable by faults");
DEFINE_EVENT(FILE_GONE, "faults that found their folio truncated");

static bool lock_invalidate(const struct vm_fault *vmf, struct address_space *mapping)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return down_read_trylock(&mapping->invalidate_lock);
	down_read(&mapping->invalidate_lock);
	return true;
}

DEFINE_KNOCKOUT(FILE_CREATE_SIZE,
	.name = "file:size-recheck",
	.removes = "the check, under invalidate_lock, that a page to read is within i_size",
	.breaks = "a page beyond the end of its file",
	.detected_by = "the check in filemap_add_folio()",
	.hunt = HUNT_CUTS);

/* Adds a new folio to the file, locked and read in; FAULT_AGAIN if the slot is in use. Source: mm/filemap.c. */
static vm_fault_t filemap_create_folio(struct vm_fault *vmf, unsigned long index, struct folio **foliop)
{
	struct address_space *mapping = vmf_mapping(vmf);
	struct folio *folio = folio_alloc(mapping->order, PAGE_FILE);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (!folio)
		return VM_FAULT_OOM;
	SYNCPOINT("file_fault.before_create");
	if (!lock_invalidate(vmf, mapping)) {
		folio_put(folio);
		return VM_FAULT_RETRY;
	}
	BUG_ON(!folio_trylock(folio));
	folio_add_lru_vma(folio, vmf->vma);
	if (index < i_size_read(mapping) || KNOCKED_OUT(FILE_CREATE_SIZE))
		ret = filemap_add_folio(mapping, folio, index) ? FAULT_AGAIN : 0;
	if (!ret)
		filemap_read_folio(folio);
	else
		folio_unlock(folio);
	up_read(&mapping->invalidate_lock);
	if (ret) {
		folio_put(folio);
		return ret;
	}
	count_event(EV_FILE_READ);
	*foliop = folio;
	return 0;
}

DEFINE_KNOCKOUT(FILE_TRUNCATED,
	.name = "file:truncated-recheck",
	.removes = "the re-check, once a folio is locked, that it is still in its file",
	.breaks = "a truncated page is mapped",
	.detected_by = "the check of rmap counts, and files at rest",
	.hunt = "explore truncate_vs_cached",
	.mirrors = "mm: fix fault vs invalidate race for linear mappings");

/*
 * Of shared memory: its userfaultfd decides that the folio is mapped, or what is in one that is not there. Source:
 * mm/shmem.c, shmem_get_folio_gfp(). Locking: a reference to @folio, dropped, if there is one.
 */
static __noinline vm_fault_t wait_for_user(struct vm_fault *vmf, struct folio *folio)
{
	if (folio)
		folio_put(folio);
	return handle_userfault(vmf, folio ? VM_UFFD_MINOR : VM_UFFD_MISSING);
}

/* The folio of the address, locked, with a reference. Returns 0, or the fault's result. Source: mm/filemap.c. */
static vm_fault_t filemap_fault(struct vm_fault *vmf, struct folio **foliop)
{
	struct address_space *mapping = vmf_mapping(vmf);
	unsigned long index = linear_page_index(vmf->vma, vmf->addr);
	struct folio *folio;

	if (unlikely(index >= i_size_read(mapping)))
		return VM_FAULT_SIGBUS;
	folio = filemap_get_folio(mapping, index);
	if (unlikely(vmf->vma->vm_flags & (folio ? VM_UFFD_MINOR : VM_UFFD_MISSING)))
		return wait_for_user(vmf, folio);
	if (unlikely(!folio))
		return filemap_create_folio(vmf, index, foliop);
	SYNCPOINT("file_fault.before_lock");
	if (unlikely(!folio_lock_or_retry(vmf, folio)))
		return VM_FAULT_RETRY;
	if (unlikely(folio_mapping(folio) != mapping && !KNOCKED_OUT(FILE_TRUNCATED))) {
		count_event(EV_FILE_GONE);
		folio_unlock(folio);
		folio_put(folio);
		return FAULT_AGAIN;
	}
	*foliop = folio;
	return 0;
}

static struct page *folio_page_of(const struct vm_fault *vmf, struct folio *folio)
{
	return folio_page(folio, linear_page_index(vmf->vma, vmf->addr) - folio->page.index);
}

DEFINE_KNOCKOUT(FILE_DIRTY,
	.name = "file:mkwrite-dirty",
	.removes = "dirtying a folio when an entry allows writes to it",
	.breaks = "a write that never reaches the file",
	.detected_by = "the device's contents, and the check of zapped entries",
	.hunt = HUNT_CUTS);

/* Makes the entry writable. Locking: the folio lock, the PTL. */
static void dirty_entry(struct vm_fault *vmf, struct folio *folio, pte_t pte)
{
	if (!KNOCKED_OUT(FILE_DIRTY))
		folio_mark_dirty(folio);
	set_pte(vmf->ptep, mark_access(vmf, pte));
	count_event(EV_FILE_MKWRITE);
}

/*
 * A first read, or a first write to a shared mapping: maps the file's own page. Source: mm/memory.c,
 * do_shared_fault().
 */
static vm_fault_t do_map_fault(struct vm_fault *vmf)
{
	struct folio *folio;
	vm_fault_t ret = filemap_fault(vmf, &folio);
	struct page *page;
	pte_t pte;

	if (unlikely(ret))
		return ret;
	if (!lock_and_compare_none(vmf)) {
		folio_unlock(folio);
		folio_put(folio);
		return FAULT_AGAIN;
	}
	page = folio_page_of(vmf, folio);
	pte = mk_pte(page, vmf->vma->vm_page_prot);
	folio_add_file_rmap_ptes(folio, page, 1, vmf->vma);
	mm_count(vmf->pt, MM_FILEPAGES, 1);
	if (vmf->flags & FAULT_FLAG_WRITE)
		dirty_entry(vmf, folio, pte);
	else
		set_pte(vmf->ptep, pte);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	SYNCPOINT("file_fault.mapped");
	folio_unlock(folio);
	count_event(EV_FILE_MAP);
	return 0;	/* the reference is the entry's now */
}

/*
 * Maps @folio, a huge page of a file, by *vmf->pmdp, none, which owns the caller's reference from then on. Locking: the
 * folio lock. Source: mm/memory.c.
 */
static vm_fault_t do_set_pmd(struct vm_fault *vmf, struct folio *folio)
{
	pmd_t pmd = mk_huge_pmd(&folio->page, vmf->vma->vm_page_prot);

	if (!lock_and_compare_none_pmd(vmf))
		return FAULT_AGAIN;
	if (vmf->flags & FAULT_FLAG_WRITE)
		folio_mark_dirty(folio);
	folio_add_file_rmap_pmd(folio, &folio->page, vmf->vma);
	set_pmd_at(vmf->pmdp, mark_access_pmd(vmf, pmd));
	mm_count(vmf->pt, MM_FILEPAGES, HPAGE_PMD_NR);
	spin_unlock(vmf->ptl);
	count_event(EV_FILE_MAP_HUGE);
	return 0;
}

vm_fault_t do_huge_fault(struct vm_fault *vmf)
{
	struct folio *folio;
	vm_fault_t ret = filemap_fault(vmf, &folio);

	if (unlikely(ret))
		return ret;
	ret = do_set_pmd(vmf, folio);
	SYNCPOINT("file_fault.mapped_huge");
	folio_unlock(folio);
	if (unlikely(ret))
		folio_put(folio);
	return ret;
}

/* A first write to a private mapping: maps a copy. Source: mm/memory.c. */
static vm_fault_t do_cow_fault(struct vm_fault *vmf)
{
	vm_fault_t ret = vmf_anon_prepare(vmf);
	struct folio *folio, *copy;

	if (unlikely(ret))
		return ret;
	copy = folio_alloc(0, PAGE_ANON);
	if (unlikely(!copy))
		return VM_FAULT_OOM;
	ret = filemap_fault(vmf, &folio);
	if (unlikely(ret))
		goto no_folio;
	copy_payload(&copy->page, folio_page_of(vmf, folio));
	SYNCPOINT("file_fault.copied");
	if (lock_and_compare_none(vmf)) {
		map_new_folio(vmf, copy, vmf->addr, 1);
		mm_count(vmf->pt, MM_ANONPAGES, 1);
		pte_unmap_unlock(vmf->pt, vmf->ptl);
		count_event(EV_FILE_COW);
	} else {
		ret = FAULT_AGAIN;
	}
	folio_unlock(folio);
	folio_put(folio);
	if (!ret)
		return 0;
no_folio:
	folio_put(copy);
	return ret;
}

vm_fault_t do_fault(struct vm_fault *vmf)
{
	if (unlikely(vmf->vma->vm_file->ops))
		return do_device_fault(vmf);
	if ((vmf->flags & FAULT_FLAG_WRITE) && !(vmf->vma->vm_flags & VM_SHARED))
		return do_cow_fault(vmf);
	if (!(vmf->flags & FAULT_FLAG_WRITE) && vmf->pt->policy.around_order &&
	    likely(!(vmf->vma->vm_flags & VM_UFFD_MINOR)) && do_fault_around(vmf))
		return 0;
	return do_map_fault(vmf);
}

/* Source: mm/memory.c, wp_page_shared(), do_page_mkwrite(). */
vm_fault_t wp_page_shared(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(pte_page(vmf->orig));
	vm_fault_t ret = 0;

	if (!(vmf->flags & FAULT_FLAG_WRITE)) {		/* nothing to unshare */
		pte_unmap_unlock(vmf->pt, vmf->ptl);
		return 0;
	}
	folio_get(folio);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	SYNCPOINT("file_fault.before_mkwrite");
	if (unlikely(!folio_lock_or_retry(vmf, folio)))
		return VM_FAULT_RETRY;
	/* If the folio was truncated, it is unmapped: the entry has changed. */
	if (lock_and_compare(vmf)) {
		dirty_entry(vmf, folio, pte_mkyoung(vmf->orig));
		pte_unmap_unlock(vmf->pt, vmf->ptl);
	} else {
		ret = FAULT_AGAIN;
	}
	folio_unlock(folio);
	folio_put(folio);
	return ret;
}
