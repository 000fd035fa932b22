/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_file.c - files of huge pages from the pool: their reservations, and their page cache. */
#include "core/mm/hugetlb_file.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/lock/spinlock.h"
#include "core/mm/hugetlb.h"
#include "core/probe/knockout.h"

/* Lock key: (L) lock */
static struct {
	spinlock_t lock;
	struct file *first;		/* (L) all files of huge pages */
} files = { .lock = { .kind = SPIN_TTAS, .rank = RANK_HUGETLB } };

static unsigned long pages_per_place(const struct address_space *mapping)
{
	return 1ul << mapping->order;
}

static size_t regions_size(const struct address_space *mapping)
{
	return ((mapping->max_pages >> mapping->order) + 63) / 64 * sizeof(*mapping->regions);
}

struct file *file_create_hugetlb(unsigned long pages, unsigned long max_pages, unsigned int order)
{
	struct file *file;

	if (!THP_POSSIBLE || !size_to_hstate(PAGE_SIZE << order))
		return NULL;
	file = file_create_empty(pages, max_pages, order);
	if (!file)
		return NULL;
	file->mapping.regions = node_zalloc(file->node, regions_size(&file->mapping), CACHE_LINE);
	if (!file->mapping.regions) {
		file_put(file);
		return NULL;
	}
	spin_lock(&files.lock);
	file->next_hugetlb = files.first;
	files.first = file;
	spin_unlock(&files.lock);
	return file;
}

void hugetlb_file_release(struct file *file)
{
	struct address_space *mapping = &file->mapping;
	struct file **link = &files.first;

	for (unsigned long index = 0; index < mapping->max_pages; index += pages_per_place(mapping))
		hugetlb_unreserve_page(mapping, index, filemap_has_folio(mapping, index));
	spin_lock(&files.lock);
	while (*link != file)
		link = &(*link)->next_hugetlb;
	*link = file->next_hugetlb;
	spin_unlock(&files.lock);
	node_free(mapping->regions, file->node, regions_size(mapping));
	mapping->regions = NULL;
}

/* ---- reservations ---- */

static uint64_t *word_of(const struct address_space *mapping, unsigned long index)
{
	return &mapping->regions[(index >> mapping->order) / 64];
}

static uint64_t bit_of(const struct address_space *mapping, unsigned long index)
{
	return 1ul << ((index >> mapping->order) % 64);
}

static bool has_region(const struct address_space *mapping, unsigned long index)
{
	return load_relaxed(word_of(mapping, index)) & bit_of(mapping, index);
}

/* Sets the bit; true if it was clear. */
static bool add_region(struct address_space *mapping, unsigned long index)
{
	return !(fetch_or_relaxed(word_of(mapping, index), bit_of(mapping, index)) & bit_of(mapping, index));
}

int hugetlb_reserve_pages(struct address_space *mapping, unsigned long index, unsigned long nr)
{
	unsigned long end = index + nr * pages_per_place(mapping), wanted = 0, added = 0;

	assert_rwsem_held_write(&mapping->invalidate_lock);
	if (end > mapping->max_pages)
		return -ENOMEM;
	for (unsigned long at = index; at < end; at += pages_per_place(mapping))
		wanted += !has_region(mapping, at);
	if (!hugetlb_pool_reserve(mapping->order, wanted))
		return -ENOMEM;
	SYNCPOINT("hugetlb_file.reserved");
	for (unsigned long at = index; at < end; at += pages_per_place(mapping))
		added += add_region(mapping, at);
	hugetlb_pool_unreserve(mapping->order, wanted - added);
	return 0;
}

void hugetlb_unreserve_page(struct address_space *mapping, unsigned long index, bool cached)
{
	if ((fetch_and_relaxed(word_of(mapping, index), ~bit_of(mapping, index)) & bit_of(mapping, index)) && !cached)
		hugetlb_pool_unreserve(mapping->order, 1);
}

unsigned long hugetlb_file_reserved(const struct address_space *mapping)
{
	unsigned long reserved = 0;

	for (unsigned long index = 0; index < mapping->max_pages; index += pages_per_place(mapping))
		reserved += has_region(mapping, index) && !filemap_has_folio(mapping, index);
	return reserved;
}

unsigned long hugetlb_files_reserved(unsigned int order)
{
	unsigned long reserved = 0;

	spin_lock(&files.lock);
	for (const struct file *file = files.first; file; file = file->next_hugetlb)
		reserved += file->mapping.order == order ? hugetlb_file_reserved(&file->mapping) : 0;
	spin_unlock(&files.lock);
	return reserved;
}

/* ---- the page cache ---- */

struct folio *alloc_hugetlb_file_folio(struct address_space *mapping, unsigned long index, bool *reserved)
{
	struct folio *folio;

	*reserved = has_region(mapping, index);
	folio = hugetlb_take_counted(mapping->order, *reserved);
	if (folio)
		hugetlb_pool_set_type(folio, PAGE_FILE);
	return folio;
}

DEFINE_KNOCKOUT(HUGETLB_FILE_COMMIT,
	.name = "hugetlb:file-commit",
	.removes = "the drop of a reservation for a place to which a fault adds a huge page meanwhile",
	.breaks = "a reserved huge page that no place has",
	.detected_by = "the count of reservations at rest",
	.hunt = "test knockout.hugetlb_file");

void hugetlb_add_to_page_cache(struct address_space *mapping, struct folio *folio, unsigned long index, bool reserved)
{
	BUG_ON(!folio_trylock(folio) || __filemap_add_folio(mapping, folio, index));
	folio_mark_dirty(folio);
	folio_unlock(folio);
	SYNCPOINT("hugetlb_file.added");
	if (!reserved && !add_region(mapping, index) && !KNOCKED_OUT(HUGETLB_FILE_COMMIT))
		hugetlb_pool_unreserve(mapping->order, 1);	/* (B3) */
}
