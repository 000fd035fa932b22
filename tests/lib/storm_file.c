/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_file.c - the file of a storm. */
#include "tests/lib/storm_file.h"

#include "tests/lib/storm_mms.h"

static uint64_t seed_of_file;		/* (C) while threads run */

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

struct file *storm_file_create(unsigned long pages, uint64_t seed)
{
	struct file *file = file_create(pages, pages, 0, seed);

	BUG_ON(!file);
	seed_of_file = seed;
	return file;
}

void storm_file_map(struct file *file, struct mm_struct *mm, unsigned long window, unsigned long start, unsigned long len, int prot)
{
	unsigned long pgoff = ((start - window) >> PAGE_SHIFT) + (below(4) ? 0 : below(4));

	sys_mmap_file(mm, start, len, prot, MAP_FIXED | (below(3) ? MAP_SHARED : MAP_PRIVATE), file, pgoff);
}

void storm_file_cut(struct file *file)
{
	unsigned long most = file->mapping.max_pages;

	BUG_ON(sys_ftruncate(file, below(2) ? most : below(most)));
}

static bool look(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, below(2) ? PVMW_SYNC : 0);

	(void)arg;
	while (page_vma_mapped_walk(&pvmw)) {
		pte_t pte = ptep_get(pvmw.pte);

		BUG_ON(pte_page(pte) != &folio->page || (pte_write(pte) && !folio_test_dirty(folio)));
	}
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

void storm_file_check(const struct file *file, unsigned long index, uint64_t word)
{
	if (word && index < file->mapping.max_pages && word != file_seeded_word(seed_of_file, index))
		storm_word_check_index(index, word);
}
