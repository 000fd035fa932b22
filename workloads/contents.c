/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contents.c - what pages hold. */
#include "workloads/contents.h"

#include <errno.h>

/* Locking: mmap_lock. */
static int access_locked(struct mm_struct *mm, unsigned long addr, bool write, page_fn *fn, void *arg)
{
	unsigned long found = addr;
	pmd_t *pmdp = pmd_find_next(&mm->pt, &found, addr + PAGE_SIZE);
	spinlock_t *ptl;
	int err = -ENOENT;
	pte_t *ptep, pte;

	if (!pmdp)
		return -ENOENT;
	while (!(ptep = pte_offset_map_lock(&mm->pt, pmdp, addr, &ptl)))
		if (pmd_none(pmdp_get(pmdp)))
			return -ENOENT;
	pte = ptep_get(ptep);
	if (pte_accessible(pte))
		err = write && !pte_write(pte) ? -EAGAIN : fn(pte_page(pte), addr, arg);
	pte_unmap_unlock(&mm->pt, ptl);
	return err;
}

static int access_page(struct mm_struct *mm, unsigned long addr, bool write, page_fn *fn, void *arg)
{
	int err;

	mmap_read_lock(mm);
	err = access_locked(mm, addr, write, fn, arg);
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
static bool is_own(const struct page *page, unsigned long addr)
{
	return page_type(page) == PAGE_ANON && page->index == addr >> PAGE_SHIFT && page_mapcount(page) == 1;
}

static int mark_page(struct page *page, unsigned long addr, void *arg)
{
	const uint64_t *mark = arg;

	if (!is_own(page, addr) || holds(page, 0))
		return -EUCLEAN;
	if (machine.payload)
		*first_word(page) = *last_word(page) = *mark;
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
	const uint64_t *mark = arg;

	(void)addr;
	if (page_type(page) != PAGE_ANON || page_mapcount(page) != 1 || !PageAnonExclusive(page))
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
