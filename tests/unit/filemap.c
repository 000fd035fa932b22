/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filemap: files made and freed; folios added, found, removed, read in and written back; look-ups beside truncation,
 * step by step.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/filemap.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/world.h"

#define PAGES	64ul
#define SEED	7

static int payload_world_up(void **state)
{
	(void)state;
	world_start(16384, 4096);
	return 0;
}

/* The folio of page @index, added and read in. Not locked; the caller's reference is dropped. */
static struct folio *add(struct file *file, unsigned long index)
{
	struct address_space *mapping = &file->mapping;
	struct folio *folio = folio_alloc(mapping->order, PAGE_FILE);

	assert_non_null(folio);
	down_read(&mapping->invalidate_lock);
	folio_lock(folio);
	assert_int_equal(filemap_add_folio(mapping, folio, index), 0);
	filemap_read_folio(folio);
	folio_unlock(folio);
	up_read(&mapping->invalidate_lock);
	folio_put(folio);
	return folio;
}

static void truncate_all(struct file *file)
{
	down_write(&file->mapping.invalidate_lock);
	truncate_inode_pages(&file->mapping, 0);
	up_write(&file->mapping.invalidate_lock);
}

static void a_folio_is_found_until_it_is_removed(void **state)
{
	(void)state;
	for (unsigned int order = 0; order <= 4; order += 4) {
		struct file *file = file_create(PAGES, PAGES, order, SEED);
		struct folio *folio, *found;

		assert_non_null(file);
		assert_null(filemap_get_folio(&file->mapping, 17));
		folio = add(file, 17);
		assert_int_equal(folio->page.index, order ? 16 : 17);
		assert_int_equal(file->mapping.nrpages, 1ul << order);
		assert_int_equal(folio_ref_count(folio), 1);
		found = filemap_get_folio(&file->mapping, order ? 31 : 17);
		assert_ptr_equal(found, folio);
		assert_int_equal(folio_ref_count(folio), 2);
		assert_null(filemap_get_folio(&file->mapping, order ? 32 : 18));
		truncate_all(file);
		assert_null(folio_mapping(folio));
		assert_null(filemap_get_folio(&file->mapping, 17));
		assert_null(filemap_lock_folio(&file->mapping, 17));
		assert_int_equal(file->mapping.nrpages, 0);
		assert_int_equal(folio_ref_count(found), 1);
		folio_put(found);
		file_put(file);
	}
}

static void the_first_of_two_folios_counts(void **state)
{
	struct file *file = file_create(PAGES, PAGES, 0, SEED);
	struct folio *first, *second = folio_alloc(0, PAGE_FILE);

	(void)state;
	first = add(file, 3);
	down_read(&file->mapping.invalidate_lock);
	folio_lock(second);
	assert_int_equal(filemap_add_folio(&file->mapping, second, 3), -EEXIST);
	folio_unlock(second);
	up_read(&file->mapping.invalidate_lock);
	assert_int_equal(folio_ref_count(second), 1);
	assert_null(folio_mapping(second));
	folio_put(second);
	assert_ptr_equal(folio_mapping(first), &file->mapping);
	assert_int_equal(file->mapping.nrpages, 1);
	file_put(file);		/* and its folio with it: nothing leaks */
}

static uint64_t *words(struct folio *folio, unsigned long n)
{
	return page_payload(folio_page(folio, n));
}

static void contents_come_from_the_device_and_go_back(void **state)
{
	struct file *file = file_create(PAGES, PAGES, 2, SEED);
	struct folio *folio = add(file, 8);

	(void)state;
	for (unsigned long n = 0; n < 4; n++) {
		assert_int_equal(words(folio, n)[0], file_seeded_word(SEED, 8 + n));
		assert_int_equal(words(folio, n)[511], file_seeded_word(SEED, 8 + n));
	}
	words(folio, 2)[0] = 42;
	assert_true(folio_mark_dirty(folio));
	assert_false(folio_mark_dirty(folio));
	assert_true(folio_test_dirty(folio));
	folio_lock(folio);
	filemap_write_folio(folio);
	assert_true(folio_test_clear_dirty(folio));
	assert_false(folio_test_clear_dirty(folio));
	folio_unlock(folio);
	truncate_all(file);
	folio = add(file, 8);
	assert_int_equal(words(folio, 2)[0], 42);
	assert_int_equal(words(folio, 2)[511], 42);
	assert_int_equal(words(folio, 1)[0], file_seeded_word(SEED, 9));
	file_put(file);
}

static void a_file_that_cannot_be_made_leaves_nothing(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned long nth = 1; nth <= 3; nth++) {
		inject_alloc_failure(nth);
		assert_null(file_create(PAGES, PAGES, 0, SEED));
	}
	inject_alloc_failure(0);
}

/* ---- a look-up between its two looks at the slot ---- */

static void truncate_there(void *arg)
{
	truncate_all(arg);
}

/* The frame, gone from the file, is the next one its thread allocates: here as anonymous memory. */
static struct page *taken;

static void truncate_and_reuse(void *arg)
{
	truncate_all(arg);
	taken = alloc_page(PAGE_ANON);
}

static void truncate_and_replace(void *arg)
{
	struct file *file = arg;

	truncate_all(file);
	taken = alloc_page(PAGE_ANON);
	add(file, 5);
}

static void a_folio_that_goes_meanwhile_is_not_found(void **state)
{
	static void (*const fn[])(void *) = { truncate_there, truncate_and_reuse };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(fn); i++) {
		struct file *file = file_create(PAGES, PAGES, 0, SEED);
		struct folio *folio = add(file, 5);

		taken = NULL;
		meanwhile("filemap.found", fn[i], file);
		assert_null(filemap_get_folio(&file->mapping, 5));
		assert_int_equal(meanwhile_ran(), 1);
		if (taken) {
			assert_ptr_equal(taken, &folio->page);
			assert_int_equal(page_ref_count(taken), 1);
			free_page(taken);
		}
		file_put(file);
	}
}

static void another_folio_meanwhile_is_found_instead(void **state)
{
	struct file *file;
	struct folio *folio, *found;

	(void)state;
	needs_checks();
	file = file_create(PAGES, PAGES, 0, SEED);
	folio = add(file, 5);
	meanwhile("filemap.found", truncate_and_replace, file);
	found = filemap_lock_folio(&file->mapping, 5);
	assert_int_equal(meanwhile_ran(), 1);
	assert_non_null(found);
	assert_ptr_not_equal(found, folio);
	assert_ptr_equal(folio_mapping(found), &file->mapping);
	folio_unlock(found);
	folio_put(found);
	free_page(taken);
	file_put(file);
}

static void what_is_mapped_is_not_removed(void **state)
{
	static struct file *file;
	static struct folio *folio;

	(void)state;
	needs_checks();
	file = file_create(PAGES, PAGES, 0, SEED);
	folio = add(file, 5);
	page_mapcount_inc(&folio->page);
	folio_lock(folio);
	assert_dies("folio_mapped", filemap_remove_folio(folio));
	folio_unlock(folio);
	page_mapcount_dec(&folio->page);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_folio_is_found_until_it_is_removed, world_up, world_down),
		cmocka_unit_test_setup_teardown(the_first_of_two_folios_counts, world_up, world_down),
		cmocka_unit_test_setup_teardown(contents_come_from_the_device_and_go_back, payload_world_up,
						world_down),
		cmocka_unit_test_setup_teardown(a_file_that_cannot_be_made_leaves_nothing, world_up, world_down),
		cmocka_unit_test_setup_teardown(a_folio_that_goes_meanwhile_is_not_found, world_up, world_down),
		cmocka_unit_test_setup_teardown(another_folio_meanwhile_is_found_instead, world_up, world_down),
		cmocka_unit_test_setup_teardown(what_is_mapped_is_not_removed, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
