/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contents.c - what pages hold. */
#include "workloads/lib/contents.h"

#include <errno.h>

/* Locking: mmap_lock, or the lock of the VMA; there is one. */
static int access_locked(struct mm_struct *mm, unsigned long addr, bool write, page_fn *fn, void *arg)
{
	struct mapped_entry entry;
	int err = -ENOENT;

	if (!mapped_entry_lock(&entry, &mm->pt, addr))
		return -ENOENT;
	if (pte_accessible(entry.pte))
		err = write && !pte_write(entry.pte) ? -EAGAIN : fn(pte_page(entry.pte), addr, arg);
	mapped_entry_unlock(&entry);
	return err;
}

static int access_page(struct mm_struct *mm, unsigned long addr, bool write, page_fn *fn, void *arg)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);
	int err;

	/*
	 * As a program does, which knows no lock: not kept out by who changes the address space elsewhere, or copies
	 * it.
	 */
	if (vma) {
		err = access_locked(mm, addr, write, fn, arg);
		vma_end_read(mm, vma);
		return err;
	}
	/* Without a VMA nothing keeps the tables: munmap() frees them under mmap_lock for read. */
	mmap_read_lock(mm);
	err = vma_lookup(mm, addr) ? access_locked(mm, addr, write, fn, arg) : -ENOENT;
	mmap_read_unlock(mm);
	return err;
}

int access_payload(struct mm_struct *mm, unsigned long addr, page_fn *fn, void *arg)
{
	return access_page(mm, addr, false, fn, arg);
}

int access_payload_to_write(struct mm_struct *mm, unsigned long addr, page_fn *fn, void *arg)
{
	return access_page(mm, addr, true, fn, arg);
}

/* A payload is looked at in its first and its last word: clearing and copying work from end to end. */
static uint64_t *first_word(const struct page *page)
{
	return page_payload(page);
}

static uint64_t *last_word(const struct page *page)
{
	return first_word(page) + machine.payload / sizeof(uint64_t) - 1;
}

static int holds(const struct page *page, uint64_t mark)
{
	return !machine.payload || (*first_word(page) == mark && *last_word(page) == mark) ? 0 : -EUCLEAN;
}

/* A page of this address, and no other's. */
static bool is_own(struct page *page, unsigned long addr)
{
	struct folio *folio = page_folio(page);

	return page_type(page) == PAGE_ANON && folio->page.index + folio_page_idx(folio, page) == addr >> PAGE_SHIFT &&
	       folio_precise_page_mapcount(folio, page) == 1;
}

void contents_put(struct page *page, uint64_t mark)
{
	if (machine.payload)
		*first_word(page) = *last_word(page) = mark;
}

static int mark_page(struct page *page, unsigned long addr, void *arg)
{
	const uint64_t *mark = arg;

	if (!is_own(page, addr) || holds(page, 0))
		return -EUCLEAN;
	contents_put(page, *mark);
	return 0;
}

static int expect_page(struct page *page, unsigned long addr, void *arg)
{
	const uint64_t *mark = arg;

	return is_own(page, addr) ? holds(page, *mark) : -EUCLEAN;
}

static int zero_in_page(struct page *page, unsigned long addr, void *arg)
{
	(void)addr, (void)arg;
	return holds(page, 0);
}

int contents_mark(struct mm_struct *mm, unsigned long addr, uint64_t mark)
{
	return access_payload(mm, addr, mark_page, &mark);
}

int contents_expect(struct mm_struct *mm, unsigned long addr, uint64_t mark)
{
	return access_payload(mm, addr, expect_page, &mark);
}

int contents_zero(struct mm_struct *mm, unsigned long addr)
{
	return access_payload(mm, addr, zero_in_page, NULL);
}

static int write_page(struct page *page, unsigned long addr, void *arg)
{
	struct folio *folio = page_folio(page);
	const uint64_t *mark = arg;

	(void)addr;
	if (page_type(page) != PAGE_ANON || folio_precise_page_mapcount(folio, page) != 1 ||
	    !PageAnonExclusive(folio_entire_mapcount(folio) ? &folio->page : page))
		return -EUCLEAN;
	if (machine.payload)
		*first_word(page) = *last_word(page) = *mark;
	return 0;
}

static int read_page(struct page *page, unsigned long addr, void *arg)
{
	uint64_t *mark = arg;

	(void)addr;
	*mark = machine.payload ? *first_word(page) : 0;
	return holds(page, *mark);
}

int contents_write(struct mm_struct *mm, unsigned long addr, uint64_t mark)
{
	return access_payload_to_write(mm, addr, write_page, &mark);
}

int contents_read(struct mm_struct *mm, unsigned long addr, uint64_t *mark)
{
	return access_payload(mm, addr, read_page, mark);
}
