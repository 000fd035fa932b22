/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reclaim_file: folios of files that are reclaimed: their entries, what was written, and what is in use and stays. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/scene/taken_file_scene.h"
#include "tests/lib/scene/thp_scene.h"

static int up(void **state)
{
	(void)state;
	world_start(32768, CACHE_LINE);
	return 0;
}

static bool in_cache(struct file *file, unsigned long index)
{
	struct folio *folio = filemap_get_folio(&file->mapping, index);

	if (folio)
		folio_put(folio);
	return folio;
}

/* Also where others map them. */
static int page_out(struct mm_struct *mm, unsigned long addr, unsigned long pages)
{
	reclaim_at(mm, addr, PAGE(pages));
	return 0;
}

/* Row: A9. Clean ones are dropped, dirty ones written back; a fault reads them in again. Copies are not the file's. */
static void pages_of_a_file_are_written_back_and_freed(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct taken_file s = taken_file_begin(world_policies[p]);
		uint64_t reclaimed = events_total(EV_RECLAIM_FILE), written = events_total(EV_FILE_WRITE);

		load_word(s.mm, SHARED_AT + PAGE(1));
		load_word(s.mm, PRIVATE_AT + PAGE(1));
		store_word(s.mm, SHARED_AT + PAGE(2), 42);
		load_word(s.mm, PRIVATE_AT + PAGE(3));
		store_word(s.mm, PRIVATE_AT + PAGE(4), 43);
		assert_int_equal(page_out(s.mm, SHARED_AT, FILE_PAGES), 0);
		assert_int_equal(events_total(EV_RECLAIM_FILE) - reclaimed, 2);
		assert_int_equal(events_total(EV_FILE_WRITE) - written, 1);
		assert_int_equal(s.file->device[2], 42);
		assert_int_equal(file_pages(s.mm), 1);
		assert_int_equal(s.file->mapping.nrpages, 2);
		assert_true(pte_none(tree_pte(s.mm, SHARED_AT + PAGE(1))) && !in_core(s.mm, SHARED_AT + PAGE(1)));
		assert_true(pte_none(tree_pte(s.mm, PRIVATE_AT + PAGE(1))));
		assert_at_rest(s.mm);
		assert_int_equal(page_out(s.mm, PRIVATE_AT, FILE_PAGES), 0);
		assert_int_equal(file_pages(s.mm), 0);
		assert_int_equal(s.file->mapping.nrpages, 1);	/* that of page 4, which nothing maps */
		assert_int_equal(load_word(s.mm, PRIVATE_AT + PAGE(4)), 43);
		assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(2)), 42);
		assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(1)), file_seeded_word(FILE_SEED, 1));
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_SWAPENTS), 0);
		taken_file_end(&s);
	}
}

/* Row: A9. Entries of every mm go. */
static void every_entry_goes(void **state)
{
	struct taken_file s = taken_file_begin("linux-6.15");
	struct mm_struct *other = file_mm("linux-6.15", s.file), *child;

	(void)state;
	store_word(s.mm, SHARED_AT, 1);
	load_word(s.mm, PRIVATE_AT);
	BUG_ON(sys_fork(s.mm, &child));
	load_word(other, PRIVATE_AT);
	load_word(child, SHARED_AT);
	load_word(child, PRIVATE_AT);
	assert_int_equal(folio_mapcount(page_folio(pte_page(tree_pte(child, SHARED_AT)))), 5);
	assert_int_equal(page_out(child, SHARED_AT, 1), 0);
	assert_int_equal(file_pages(s.mm) + file_pages(other) + file_pages(child), 0);
	assert_false(in_cache(s.file, 0));
	assert_int_equal(load_word(other, PRIVATE_AT), 1);
	assert_at_rest(s.mm, other, child);
	mm_exit(child);
	mm_exit(other);
	taken_file_end(&s);
}

/* Pages in memory that nothing maps are reclaimed too; of truncated ones there is nothing left to reclaim. */
static void unmapped_ones_go_too(void **state)
{
	struct taken_file s = taken_file_begin("linux-6.15");
	struct folio *folio;

	(void)state;
	store_word(s.mm, SHARED_AT + PAGE(5), 5);
	assert_int_equal(sys_madvise(s.mm, SHARED_AT, PAGE(FILE_PAGES), MADV_DONTNEED), 0);
	assert_int_equal(reclaim_folio(cached(s.file, 5)), 0);
	assert_int_equal(s.file->device[5], 5);
	load_word(s.mm, SHARED_AT + PAGE(6));
	folio = cached(s.file, 6);
	folio_get(folio);
	assert_int_equal(sys_ftruncate(s.file, 6), 0);
	assert_int_equal(reclaim_folio(folio), -EBUSY);
	folio_put(folio);
	taken_file_end(&s);
}

/* Rows: A9, A6. Referenced, pinned, locked, mlocked: it stays in the file, whatever became of its entries. */
static void pages_in_use_stay(void **state)
{
	struct taken_file s = taken_file_begin("linux-6.15");
	struct folio *held, *locked;
	struct page *pinned;
	uint64_t kept = events_total(EV_RECLAIM_KEPT);

	(void)state;
	for (unsigned long i = 0; i < 4; i++)
		store_word(s.mm, SHARED_AT + PAGE(i), 10 + i);
	held = cached(s.file, 0);
	assert_int_equal(pin_user_pages_fast(s.mm, SHARED_AT + PAGE(1), 1, FOLL_WRITE, &pinned), 1);
	assert_int_equal(sys_mlock(s.mm, SHARED_AT + PAGE(3), PAGE_SIZE), 0);
	locked = cached(s.file, 2);
	folio_lock(locked);
	for (unsigned long i = 0; i < 4; i++)
		assert_int_equal(reclaim_folio(cached(s.file, i)), -EBUSY);
	assert_int_equal(events_total(EV_RECLAIM_KEPT) - kept, 4);
	assert_int_equal(s.file->mapping.nrpages, 4);
	assert_true(folio_test_dirty(page_folio(pinned)));	/* it would be written again */
	assert_int_equal(s.file->device[0], 10);		/* written, and then kept */
	*(uint64_t *)page_payload(pinned) = 21;
	folio_unlock(locked);
	unpin_user_pages_dirty_lock(&pinned, 1);
	folio_put(locked);
	folio_put(held);
	assert_int_equal(sys_munlock(s.mm, SHARED_AT + PAGE(3), PAGE_SIZE), 0);
	for (unsigned long i = 0; i < 4; i++)
		assert_int_equal(reclaim_folio(cached(s.file, i)), 0);
	assert_int_equal(s.file->device[1], 21);
	assert_int_equal(s.file->mapping.nrpages, 0);
	taken_file_end(&s);
}

/* ---- meanwhile ---- */

static struct taken_file now;
static struct folio *reference;

/* As a driver does that read into the page, without its lock. */
static void write_by_reference(void *arg)
{
	(void)arg;
	*(uint64_t *)page_payload(&reference->page) = 77;
	folio_mark_dirty(reference);
	folio_put(reference);
}

/* Row: A9. */
static void a_page_dirtied_meanwhile_stays(void **state)
{
	(void)state;
	needs_checks();
	now = taken_file_begin("linux-6.15");
	store_word(now.mm, SHARED_AT, 1);
	reference = cached(now.file, 0);
	meanwhile("reclaim.written", write_by_reference, NULL);
	assert_int_equal(reclaim_folio(cached(now.file, 0)), -EBUSY);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(in_cache(now.file, 0) && now.file->device[0] == 1);
	assert_int_equal(reclaim_folio(cached(now.file, 0)), 0);
	assert_int_equal(load_word(now.mm, SHARED_AT), 77);
	taken_file_end(&now);
}

static void take_reference(void *arg)
{
	(void)arg;
	reference = cached(now.file, 0);
}

static void a_page_found_meanwhile_stays(void **state)
{
	static const char *const points[] = { "reclaim.unmapped", "reclaim.written" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		now = taken_file_begin("linux-6.15");
		store_word(now.mm, SHARED_AT, 1);
		meanwhile(points[i], take_reference, NULL);
		assert_int_equal(reclaim_folio(cached(now.file, 0)), -EBUSY);
		assert_int_equal(meanwhile_ran(), 1);
		assert_true(in_cache(now.file, 0));
		folio_put(reference);
		taken_file_end(&now);
	}
}

static void reclaim_it(void *arg)
{
	(void)arg;
	BUG_ON(reclaim_folio(cached(now.file, 0)));
}

/* A look-up, a fault and a truncation that have found the folio's slot full, and then find it empty. */
static void a_page_reclaimed_meanwhile_is_not_found(void **state)
{
	(void)state;
	needs_checks();
	now = taken_file_begin(SINGLE_FAULTS);
	store_word(now.mm, SHARED_AT, 1);
	meanwhile("filemap.found", reclaim_it, NULL);
	assert_null(filemap_get_folio(&now.file->mapping, 0));
	assert_int_equal(meanwhile_ran(), 1);
	store_word(now.mm, SHARED_AT, 2);
	assert_int_equal(sys_madvise(now.mm, SHARED_AT, PAGE_SIZE, MADV_DONTNEED), 0);
	meanwhile("filemap.found", reclaim_it, NULL);
	assert_int_equal(load_word(now.mm, SHARED_AT), 2);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(sys_madvise(now.mm, SHARED_AT, PAGE_SIZE, MADV_DONTNEED), 0);
	meanwhile("filemap.found", reclaim_it, NULL);
	assert_int_equal(sys_ftruncate(now.file, 0), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(now.file->mapping.nrpages, 0);
	taken_file_end(&now);
}

static struct mm_struct *forked;

static void fork_it(void *arg)
{
	(void)arg;
	BUG_ON(sys_fork(now.mm, &forked));
}

/* The child has the entry before the parent loses it, or neither has it: the walk finds it. */
static void a_child_forked_meanwhile_has_no_entry(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int nth = 1; nth <= 2; nth++) {
		now = taken_file_begin("linux-6.15");
		store_word(now.mm, SHARED_AT, 1);
		load_word(now.mm, PRIVATE_AT);
		store_word(now.mm, PRIVATE_AT + PAGE(1), 1);	/* the private VMA is copied by fork */
		/* A fork takes i_mmap_rwsem for write: it must come before or after the walk. */
		meanwhile(nth == 1 ? "folio_lock.unlocked" : "reclaim.unmapped", fork_it, NULL);
		BUG_ON(nth == 1 && filemap_writeback(now.file) != 1);
		assert_int_equal(reclaim_folio(cached(now.file, 0)), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_false(in_cache(now.file, 0));
		assert_int_equal(file_pages(now.mm) + file_pages(forked), 0);
		assert_at_rest(now.mm, forked);
		mm_exit(forked);
		taken_file_end(&now);
	}
}

/* ---- large folios ---- */

/* Rows: A9, A3. Mapped by entries for each page, by a leaf, or in part. */
static void large_ones_go_as_a_whole(void **state)
{
	static const unsigned int orders[] = { 2, HPAGE_PMD_ORDER };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(orders) - !THP_POSSIBLE; i++) {
		unsigned long nr = 1ul << orders[i];
		struct taken_file s = taken_file_begin_large(orders[i]);

		store_word(s.mm, SHARED_AT + PAGE(3), 3);
		load_word(s.mm, PRIVATE_AT + PAGE(2));
		load_word(s.mm, PRIVATE_AT + PAGE(3));
		load_word(s.mm, PRIVATE_AT + PAGE(nr));
		assert_int_equal(s.file->mapping.nrpages, 2 * nr);
		assert_int_equal(is_huge(s.mm, SHARED_AT), orders[i] == HPAGE_PMD_ORDER);
		assert_int_equal(page_out(s.mm, SHARED_AT + PAGE(3), 1), 0);
		assert_int_equal(s.file->mapping.nrpages, nr);
		assert_int_equal(s.file->device[3], 3);
		assert_int_equal(file_pages(s.mm), orders[i] == HPAGE_PMD_ORDER ? (long)nr : 1);
		assert_int_equal(load_word(s.mm, PRIVATE_AT + PAGE(3)), 3);
		assert_int_equal(reclaim_folio(cached(s.file, nr)), 0);
		taken_file_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_of_a_file_are_written_back_and_freed, up, world_down),
		cmocka_unit_test_setup_teardown(every_entry_goes, up, world_down),
		cmocka_unit_test_setup_teardown(unmapped_ones_go_too, up, world_down),
		cmocka_unit_test_setup_teardown(pages_in_use_stay, up, world_down),
		cmocka_unit_test_setup_teardown(a_page_dirtied_meanwhile_stays, up, world_down),
		cmocka_unit_test_setup_teardown(a_page_found_meanwhile_stays, up, world_down),
		cmocka_unit_test_setup_teardown(a_page_reclaimed_meanwhile_is_not_found, up, world_down),
		cmocka_unit_test_setup_teardown(a_child_forked_meanwhile_has_no_entry, up, world_down),
		cmocka_unit_test_setup_teardown(large_ones_go_as_a_whole, up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
