/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_gup: pages of files got and pinned: whose page it is, who may write for how long, what is written reaches the
 * file.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"

#define PAGE(n)	((n) * PAGE_SIZE)

typedef long (*gup_fn)(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
		       struct page **pages);

/* With an entry there GUP-fast does it; the slow path must say the same. */
static const gup_fn pins[] = { pin_user_pages_fast, pin_user_pages_unlocked };

struct scene {
	struct file *file;
	struct mm_struct *mm;
};

static struct scene begin(void)
{
	struct scene s = { .file = scene_file() };

	s.mm = file_mm("linux-6.15", s.file);
	return s;
}

static void end(struct scene *s)
{
	assert_at_rest(s->mm);
	mm_exit(s->mm);
	file_put(s->file);
}

static struct page *mapped_at(struct mm_struct *mm, unsigned long addr)
{
	return pte_page(tree_pte(mm, addr));
}

static uint64_t *word_of(struct page *page)
{
	return page_payload(page);
}

/*
 * Rows: L6, A6. A short pin for reading takes what is there, in either mapping, and without a lock when it is mapped.
 */
static void a_short_read_pins_the_file_s_page(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(pins); i++) {
		unsigned long addr = (i % 2 ? PRIVATE_AT : SHARED_AT) + PAGE(3);
		struct scene s = begin();
		struct page *page;

		for (unsigned int mapped = 0; mapped < 2; mapped++) {
			uint64_t fast = events_total(EV_GUP_FAST);

			assert_int_equal(pins[i / 2](s.mm, addr, 1, 0, &page), 1);
			assert_ptr_equal(page, mapped_at(s.mm, addr));
			assert_int_equal(page_type(page), PAGE_FILE);
			assert_int_equal(*word_of(page), file_seeded_word(FILE_SEED, 3));
			assert_int_equal(folio_ref_count(page_folio(page)), 2 + GUP_PIN_COUNTING_BIAS);
			assert_int_equal(events_total(EV_GUP_FAST) - fast,
					 mapped && pins[i / 2] == pin_user_pages_fast);
			unpin_user_page(page);
		}
		end(&s);
	}
}

/*
 * Row: A6. A pin for reading that lasts sees what its mm writes later: in a private mapping that is a copy, made
 * before.
 */
static void a_long_term_read_pins_the_future_page(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4 * ARRAY_SIZE(pins); i++) {
		bool private = i % 2, mapped = i / 2 % 2;
		unsigned long addr = private ? PRIVATE_AT : SHARED_AT;
		struct scene s = begin();
		struct page *page;

		if (mapped)
			load_word(s.mm, addr);
		assert_int_equal(pins[i / 4](s.mm, addr, 1, FOLL_LONGTERM, &page), 1);
		assert_int_equal(page_type(page), private ? PAGE_ANON : PAGE_FILE);
		assert_false(pte_write(tree_pte(s.mm, addr)));
		store_word(s.mm, addr, 42);
		assert_int_equal(*word_of(page), 42);
		assert_ptr_equal(page, mapped_at(s.mm, addr));
		assert_int_equal(load_word(s.mm, SHARED_AT), private ? file_seeded_word(FILE_SEED, 0) : 42);
		unpin_user_page(page);
		end(&s);
	}
}

/* Written back between the pin and the write: the entry is clean again, but who writes says so when it is done. */
static void what_is_written_through_a_pin_reaches_the_file(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(pins); i++) {
		struct scene s = begin();
		struct page *page;

		assert_int_equal(pins[i](s.mm, SHARED_AT, 1, FOLL_WRITE, &page), 1);
		assert_true(pte_write(tree_pte(s.mm, SHARED_AT)) && folio_test_dirty(page_folio(page)));
		assert_int_equal(filemap_writeback(s.file), 1);
		assert_false(pte_write(tree_pte(s.mm, SHARED_AT)) || folio_test_dirty(page_folio(page)));
		*word_of(page) = 42;
		assert_int_equal(filemap_writeback(s.file), 0);
		unpin_user_pages_dirty_lock(&page, 1);
		assert_int_equal(load_word(s.mm, PRIVATE_AT), 42);
		assert_int_equal(filemap_writeback(s.file), 1);
		assert_int_equal(s.file->device[0], 42);
		end(&s);
	}
}

static void no_long_term_pin_writes_to_a_file(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(pins); i++) {
		struct scene s = begin();
		struct page *page;

		store_word(s.mm, SHARED_AT, 1);
		assert_int_equal(pins[i](s.mm, SHARED_AT, 1, FOLL_WRITE | FOLL_LONGTERM, &page), -EFAULT);
		assert_int_equal(pins[i](s.mm, PRIVATE_AT, 1, FOLL_WRITE | FOLL_LONGTERM, &page), 1);
		assert_int_equal(page_type(page), PAGE_ANON);
		*word_of(page) = 2;
		assert_int_equal(load_word(s.mm, PRIVATE_AT), 2);
		assert_int_equal(load_word(s.mm, SHARED_AT), 1);
		unpin_user_pages_dirty_lock(&page, 1);		/* nothing of a file */
		end(&s);
	}
}

/* Pinned pages outlive the truncation of their file. */
static void a_pinned_page_outlives_its_place_in_the_file(void **state)
{
	struct scene s = begin();
	struct page *page, *none;
	unsigned long life;

	(void)state;
	assert_int_equal(pin_user_pages_fast(s.mm, SHARED_AT + PAGE(8), 1, FOLL_WRITE, &page), 1);
	life = page_life(page);
	assert_int_equal(sys_ftruncate(s.file, 4), 0);
	assert_int_equal(pin_user_pages_fast(s.mm, SHARED_AT + PAGE(8), 1, 0, &none), -EFAULT);
	assert_int_equal(page_life(page), life);
	assert_int_equal(folio_ref_count(page_folio(page)), GUP_PIN_COUNTING_BIAS);
	assert_int_equal(sys_ftruncate(s.file, FILE_PAGES), 0);
	assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(8)), 0);
	assert_ptr_not_equal(mapped_at(s.mm, SHARED_AT + PAGE(8)), page);
	unpin_user_pages_dirty_lock(&page, 1);
	assert_int_equal(filemap_writeback(s.file), 0);
	end(&s);
}

static void cut(void *arg)
{
	BUG_ON(sys_ftruncate(arg, 4));
}

/* Row: L6. */
static void a_truncation_meanwhile_leaves_nothing_to_pin(void **state)
{
	static const char *const points[] = { "gup.read_pte", "gup.read_small", "gup.pinned" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		struct scene s = begin();
		struct page *page;

		load_word(s.mm, SHARED_AT + PAGE(8));
		meanwhile(points[i], cut, s.file);
		assert_int_equal(pin_user_pages_fast(s.mm, SHARED_AT + PAGE(8), 1, 0, &page), -EFAULT);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(s.file->mapping.nrpages, 0);
		end(&s);
	}
}

/*
 * Rows: A5, A6. The child of an mm that pinned its copy gets one of its own; the file's pages are shared, pinned or
 * not.
 */
static void fork_with_pins(void **state)
{
	struct scene s = begin();
	struct mm_struct *mms[2] = { s.mm };
	struct page *copy, *file_page;

	(void)state;
	assert_int_equal(pin_user_pages_fast(s.mm, PRIVATE_AT, 1, FOLL_LONGTERM, &copy), 1);
	assert_int_equal(pin_user_pages_fast(s.mm, PRIVATE_AT + PAGE(1), 1, 0, &file_page), 1);
	assert_int_equal(sys_fork(s.mm, &mms[1]), 0);
	assert_ptr_equal(mapped_at(s.mm, PRIVATE_AT), copy);
	assert_ptr_not_equal(mapped_at(mms[1], PRIVATE_AT), copy);
	assert_ptr_equal(mapped_at(mms[1], PRIVATE_AT + PAGE(1)), file_page);
	unpin_user_page(copy);
	unpin_user_page(file_page);
	assert_true(rests(mms, 2));
	mm_exit(mms[1]);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_short_read_pins_the_file_s_page, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_long_term_read_pins_the_future_page, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(what_is_written_through_a_pin_reaches_the_file, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(no_long_term_pin_writes_to_a_file, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_pinned_page_outlives_its_place_in_the_file, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(a_truncation_meanwhile_leaves_nothing_to_pin, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(fork_with_pins, world_up_with_words, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
