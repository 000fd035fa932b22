/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_around.c - pages mapped around a read's address with a knock-out, step by step: the named detector fires. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"

static struct file *file;
static struct mm_struct *mm;

/* All pages are in the page cache, and none is mapped. */
static void begin(void)
{
	file = scene_file();
	mm = file_mm("linux-6.15", file);
	BUG_ON(sys_madvise(mm, SHARED_AT, FILE_PAGES << PAGE_SHIFT, MADV_POPULATE_READ));
	BUG_ON(sys_madvise(mm, SHARED_AT, FILE_PAGES << PAGE_SHIFT, MADV_DONTNEED));
}

static bool end(void)
{
	bool good = rests(&mm, 1);

	mm_exit(mm);
	file_put(file);
	return good;
}

static void read_page_1(void *arg)
{
	(void)arg;
	do_user_addr_fault(mm, SHARED_AT + PAGE_SIZE, 0);
}

static void truncate(void *arg)
{
	(void)arg;
	BUG_ON(sys_ftruncate(file, 0));
}

static void truncate_if_unlocked(void *arg)
{
	struct folio *first = filemap_get_folio(&file->mapping, 0);
	bool locked = folio_test_locked(first);

	(void)arg;
	folio_put(first);
	if (!locked)
		truncate(NULL);
}

/* A truncation waits for the lock of a page that is about to be mapped. */
static bool a_neighbour_is_removed_before_it_is_mapped(void)
{
	begin();
	meanwhile("fault_around.before_ptl", truncate_if_unlocked, NULL);
	read_page_1(NULL);
	BUG_ON(meanwhile_ran() != 1);
	return end();
}

static bool a_neighbour_is_removed_before_its_lock_is_taken(void)
{
	begin();
	meanwhile("filemap.before_trylock", truncate, NULL);
	read_page_1(NULL);
	BUG_ON(meanwhile_ran() != 1);
	return end();
}

static bool a_neighbour_is_a_private_copy(void)
{
	begin();
	store_word(mm, PRIVATE_AT, 1);
	load_word(mm, PRIVATE_AT + PAGE_SIZE);
	return end();
}

static const struct knocked_steps scenes[] = {
	{ { "fault-around:lock", { "folio_mapping(folio) != NULL" } }, a_neighbour_is_removed_before_it_is_mapped },
	{ { "fault-around:recheck", { "folio_mapping(folio) != NULL" } },
	  a_neighbour_is_removed_before_its_lock_is_taken },
	{ { "fault-around:none", { "count", "entries" } }, a_neighbour_is_a_private_copy },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), world_up_with_words);
}
