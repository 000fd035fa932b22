/* SPDX-License-Identifier: GPL-2.0-or-later */
/* taken_file_scene.h - a file and an mm that maps it, for tests of operations that take pages from the page cache. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_TAKEN_FILE_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_TAKEN_FILE_SCENE_H

#include "tests/lib/scene/file_scene.h"

#define PAGE(n)	((n) * PAGE_SIZE)

struct taken_file {
	struct file *file;
	struct mm_struct *mm;
};

/* As file_scene.h has them. */
static inline struct taken_file taken_file_begin(const char *policy)
{
	struct taken_file t = { .file = scene_file() };

	t.mm = file_mm(policy, t.file);
	return t;
}

/* Two folios of that order; shared in whole, and private from page 1 on, at its place. */
static inline struct taken_file taken_file_begin_large(unsigned int order)
{
	unsigned long pages = 2ul << order;
	struct taken_file t = { .file = file_create(pages, pages, order, FILE_SEED), .mm = world_mm("linux-6.15") };

	BUG_ON(!t.file);
	map_file_at(t.mm, SHARED_AT, pages, RW, MAP_SHARED, t.file, 0);
	map_file_at(t.mm, PRIVATE_AT + PAGE(1), pages - 1, RW, MAP_PRIVATE, t.file, 1);
	return t;
}

#define taken_file_end(t) do { \
	assert_at_rest((t)->mm); \
	mm_exit((t)->mm); \
	file_put((t)->file); \
} while (0)

/* The folio of page @index, in memory, with a reference. */
static inline struct folio *cached(struct file *file, unsigned long index)
{
	struct folio *folio = filemap_get_folio(&file->mapping, index);

	BUG_ON(!folio);
	return folio;
}

static inline long file_pages(const struct mm_struct *mm)
{
	return mm_counter_sum(&mm->pt, MM_FILEPAGES);
}

static inline unsigned char in_core(struct mm_struct *mm, unsigned long addr)
{
	unsigned char there = 2;

	BUG_ON(sys_mincore(mm, addr, PAGE_SIZE, &there));
	return there;
}

#endif
