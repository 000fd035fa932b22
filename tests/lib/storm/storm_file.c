/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_file.c - the file of a storm. */
#include "tests/lib/storm/storm_file.h"

#include "tests/lib/storm/storm_mms.h"

/* (C) while threads run */
static uint64_t seed_of_file;
static unsigned long pages_of_file;		/* 0: there is none */

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

struct file *storm_file_create(unsigned long pages, unsigned int order, uint64_t seed)
{
	struct file *file = file_create(pages, pages, order, seed);

	BUG_ON(!file);
	seed_of_file = seed;
	pages_of_file = pages;
	return file;
}

void storm_file_drop(struct file *file)
{
	pages_of_file = 0;
	file_put(file);
}

void storm_file_map(struct file *file, struct mm_struct *mm, unsigned long window, unsigned long start,
		    unsigned long len, int prot)
{
	unsigned long pgoff = ((start - window) >> PAGE_SHIFT) + (below(4) ? 0 : below(4));

	sys_mmap_file(mm, start, len, prot, MAP_FIXED | (below(3) ? MAP_SHARED : MAP_PRIVATE), file, pgoff);
}

void storm_file_cut(struct file *file)
{
	unsigned int order = file->mapping.order;
	unsigned long most = file->mapping.max_pages >> order;

	if (below(3))
		BUG_ON(sys_ftruncate(file, (below(2) ? most : below(most)) << order));
	else
		BUG_ON(file_punch_hole(file, below(file->mapping.max_pages), 1 + below(16)));
}

/* Through an entry, PTE or leaf, that allows writes its folio is known to be written to. Locking: the PTL. */
static bool right(const struct page_vma_mapped_walk *pvmw, const struct folio *folio)
{
	bool write = pvmw->pte ? pte_write(ptep_get(pvmw->pte)) : pmd_write(pmdp_get(pvmw->pmd));
	const struct page *page = pvmw->pte ? pte_page(ptep_get(pvmw->pte)) : pmd_page(pmdp_get(pvmw->pmd));

	return page_folio((struct page *)page) == folio && (!write || folio_test_dirty(folio));
}

static bool look(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, below(2) ? PVMW_SYNC : 0);

	(void)arg;
	while (page_vma_mapped_walk(&pvmw))
		BUG_ON(!right(&pvmw, folio));
	return true;
}

void storm_file_rmap(struct file *file, unsigned long index)
{
	struct folio *folio = index < i_size_read(&file->mapping) ? filemap_lock_folio(&file->mapping, index) : NULL;
	struct rmap_walk_control rwc = { .rmap_one = look, .try_lock = below(4) == 0 };

	if (!folio)
		return;
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	folio_put(folio);
}

bool storm_file_has(unsigned long index)
{
	return index < pages_of_file;
}

void storm_file_check(unsigned long index, uint64_t word)
{
	if (word && word != file_seeded_word(seed_of_file, index))
		storm_word_check_index(index, word);
}
