/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * every_op_pages.c - what the workload every_op does to single pages: faults, pins, and what comes from a page to its
 * entries.
 */
#include "workloads/lib/every_op.h"

static void fault_read(struct every *every, struct every_part part)
{
	user_access(every->mm, part.start, 0);
}

static void fault_write(struct every *every, struct every_part part)
{
	user_access(every->mm, part.start, FAULT_FLAG_WRITE);
}

static void pin(struct every *every, struct every_part part)
{
	static const unsigned int flags[] = { 0, FOLL_WRITE, FOLL_LONGTERM, FOLL_WRITE | FOLL_LONGTERM };
	unsigned int how = flags[every_below(every, ARRAY_SIZE(flags))];

	if (every->nr_pins == EVERY_PINS)
		every_unpin_one(every, part);
	if (pin_user_pages_fast(every->mm, part.start, 1, how, &every->pins[every->nr_pins]) == 1)
		every->nr_pins++;
}

void every_unpin_one(struct every *every, struct every_part part)
{
	unsigned long which;

	(void)part;
	if (!every->nr_pins)
		return;
	which = every_below(every, every->nr_pins);
	unpin_user_pages_dirty_lock(&every->pins[which], 1);
	every->pins[which] = every->pins[--every->nr_pins];
}

void every_unpin_all(struct every *every)
{
	unpin_user_pages(every->pins, every->nr_pins);
	every->nr_pins = 0;
}

static void share(struct every *every, struct every_part part)
{
	struct page *page;

	if (!share_page(every->mm, part.start, &page))
		put_page(page);
}

/* ---- the folio at an address, with a reference ---- */
static struct folio *get_mapped(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	struct folio *folio = NULL;
	struct folio_walk fw;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && (folio = folio_walk_start(&fw, vma, addr, 0))) {
		folio_get(folio);
		folio_walk_end(&fw, vma);
	}
	mmap_read_unlock(mm);
	return folio;
}

/* Locking: a reference to @folio, and its lock. */
typedef void (*folio_fn)(struct every *every, struct folio *folio);

static void with_locked(struct every *every, struct every_part part, folio_fn fn)
{
	struct folio *folio = get_mapped(every->mm, part.start);

	if (!folio)
		return;
	folio_lock(folio);
	fn(every, folio);
	folio_unlock(folio);
	folio_put(folio);
}

static bool see_entries(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);

	(void)arg;
	while (page_vma_mapped_walk(&pvmw))
		BUG_ON(folio_mapcount(folio) < 1);
	return true;
}

static void see_all(struct every *every, struct folio *folio)
{
	struct rmap_walk_control rwc = { .rmap_one = see_entries };

	(void)every;
	rmap_walk(folio, &rwc);
}

static void walk_up(struct every *every, struct every_part part)
{
	with_locked(every, part, see_all);
}

static void split_it(struct every *every, struct folio *folio)
{
	(void)every;
	if (folio_test_large(folio) && folio_test_anon(folio) && !folio_test_hugetlb(folio))
		split_folio(folio);
}

static void split(struct every *every, struct every_part part)
{
	with_locked(every, part, split_it);
}

/* As a whole, or a part of it, by its place in the file. */
static void clean_it(struct every *every, struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);
	unsigned long nr = 1 + every_below(every, folio_nr_pages(folio));

	if (!mapping)
		return;
	if (every_below(every, 2))
		folio_mkclean(folio);
	else
		mapping_wrprotect_range(mapping, folio->page.index, folio_pfn(folio), nr);
}

static void clean(struct every *every, struct every_part part)
{
	with_locked(every, part, clean_it);
}

static void look_for_references(struct every *every, struct every_part part)
{
	struct folio *folio = get_mapped(every->mm, part.start);
	unsigned long flags;

	if (!folio)
		return;
	folio_referenced(folio, false, &flags);
	folio_put(folio);
}

static void poison(struct every *every, struct every_part part)
{
	struct folio *folio = get_mapped(every->mm, part.start);

	if (!folio)
		return;
	memory_failure(folio);
	folio_put(folio);
}

/* ---- devices ---- */
static void count_up(struct page *page, void *write)
{
	uint64_t *word = page_payload(page);

	if (machine.payload && *(bool *)write)
		store_relaxed(word, load_relaxed(word) + 1);
}

static void use_mirror(struct every *every, struct every_part part)
{
	bool write = every_below(every, 2);

	if (every->mirror)
		hmm_mirror_use(every->mirror, part.start, write, count_up, &write);
}

static void snapshot(struct every *every, struct every_part part)
{
	struct vm_area_struct *vma;
	hmm_pfn_t pfn;

	mmap_read_lock(every->mm);
	vma = vma_lookup(every->mm, part.start);
	if (vma)
		hmm_vma_get_pfns(vma, part.start, part.start + PAGE_SIZE, &pfn);
	mmap_read_unlock(every->mm);
}

#define DEED(fn, weight)	{ #fn, fn, weight, 0 }

const struct every_deed every_page_deeds[] = {
	DEED(fault_read, 25), DEED(fault_write, 40), DEED(pin, 8), { "unpin", every_unpin_one, 6, 0 }, DEED(share, 5),
	DEED(walk_up, 5), DEED(split, 3), DEED(clean, 5), DEED(look_for_references, 3), DEED(poison, 1),
	DEED(use_mirror, 8), DEED(snapshot, 2), { 0 },
};
