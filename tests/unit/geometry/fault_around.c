/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_around: which pages a read fault of a file maps beside its own, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/zap.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"

#define PAGE(n)	((n) * PAGE_SIZE)
#define ALL	(~0ull)			/* FILE_PAGES bits */

static struct file *file;
static struct mm_struct *mm;

static void begin(const char *policy)
{
	file = scene_file();
	mm = file_mm(policy, file);
}

static void end(void)
{
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

/* Page i of the file is in the page cache for each bit i of @pages, and nothing is mapped. */
static void cache(uint64_t pages)
{
	struct mm_struct *other = world_mm(SINGLE_FAULTS);

	map_file_at(other, SHARED_AT, FILE_PAGES, RW, MAP_SHARED, file, 0);
	for (unsigned long i = 0; i < FILE_PAGES; i++)
		if (pages >> i & 1)
			load_word(other, SHARED_AT + PAGE(i));
	mm_exit(other);
}

/* Bits @first to @end - 1. */
static uint64_t range(unsigned int first, unsigned int end)
{
	return (end == 64 ? ALL : (1ull << end) - 1) & ~((1ull << first) - 1);
}

/* Bit i is set if page i from @addr on is present. */
static uint64_t present(unsigned long addr)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < 64; i++)
		pages |= (uint64_t)pte_present(tree_pte(mm, addr + PAGE(i))) << i;
	return pages;
}

static void read_at(unsigned long addr)
{
	assert_int_equal(do_user_addr_fault(mm, addr, 0), 0);
}

static struct folio *folio_of(unsigned long addr)
{
	return page_folio(pte_page(tree_pte(mm, addr)));
}

/* ---- which pages ---- */

/* Row: L7. */
static void a_read_maps_the_window_of_its_policy(void **state)
{
	static const struct {
		const char *policy;
		uint64_t pages;
	} windows[] = {
		{ "linux-3.13", 1ull << 37 }, { "linux-6.4", 0xffffull << 32 }, { "linux-6.15", 0xffffull << 32 },
		{ "linux-6.15,around=4k", 1ull << 37 }, { "linux-6.15,around=8k", 3ull << 36 },
		{ "linux-2.6.14,around=32k", 0xffull << 32 }, { "linux-6.15,around=256k", ALL },
	};

	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(windows); i++) {
		unsigned long at = i % 2 ? PRIVATE_AT : SHARED_AT;

		begin(windows[i / 2].policy);
		cache(ALL);
		read_at(at + PAGE(37));
		assert_int_equal(present(at), windows[i / 2].pages);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), __builtin_popcountll(windows[i / 2].pages));
		end();
	}
}

/* Row: L7. As the entry of the fault itself; a write then is a fault of its own. */
static void entries_around_are_read_only_clean_and_young(void **state)
{
	const uint64_t before = events_total(EV_FAULT_AROUND), mapped = events_total(EV_FILE_MAP);

	(void)state;
	begin("linux-6.15");
	cache(ALL);
	read_at(SHARED_AT + PAGE(5));
	assert_int_equal(events_total(EV_FAULT_AROUND) - before, 15);
	assert_int_equal(events_total(EV_FILE_MAP) - mapped, 64 + 16);
	for (unsigned int i = 0; i < 16; i++) {
		pte_t pte = tree_pte(mm, SHARED_AT + PAGE(i));

		assert_ptr_equal(pte_page(pte), &folio_of(SHARED_AT + PAGE(i))->page);
		assert_int_equal(folio_of(SHARED_AT + PAGE(i))->page.index, i);
		assert_true(pte_young(pte) && !pte_write(pte) && !pte_dirty(pte));
		assert_int_equal(folio_mapcount(folio_of(SHARED_AT + PAGE(i))), 1);
		assert_int_equal(folio_ref_count(folio_of(SHARED_AT + PAGE(i))), 2);
		assert_false(folio_test_locked(folio_of(SHARED_AT + PAGE(i))));
	}
	store_word(mm, SHARED_AT + PAGE(6), 1);
	assert_true(folio_test_dirty(folio_of(SHARED_AT + PAGE(6))));
	assert_false(folio_test_dirty(folio_of(SHARED_AT + PAGE(7))));
	store_word(mm, SHARED_AT + PAGE(40), 1);
	assert_int_equal(present(SHARED_AT), range(0, 16) | range(40, 41));
	store_word(mm, PRIVATE_AT + PAGE(40), 1);
	assert_int_equal(present(PRIVATE_AT), range(40, 41));
	end();
}

/*
 * Row: L7. A window that is clipped where the VMA begins is as long as others; at the end of a VMA, a PTE table or a
 * file it is shorter.
 */
static void the_window_is_clipped(void **state)
{
	static const struct {
		unsigned long at, pages, pgoff, read;	/* in pages, from PRIVATE_AT on */
		uint64_t mapped;			/* from page @at on */
	} cases[] = {
		{ 0, 64, 0, 63, 0xffffull << 48 },
		{ 5, 50, 0, 2, 0xffff },				/* from the start of the VMA */
		{ 5, 50, 9, 2, 0xffff },
		{ 5, 50, 0, 11, 0xffffull << 11 },
		{ 5, 50, 0, 49, 0x7full << 43 },			/* to its end */
		{ 5, 3, 7, 1, 7 },					/* both */
		{ PTRS_PER_PTE - 8, 20, 0, 0, 0xff },			/* to the end of the table */
		{ PTRS_PER_PTE - 8, 20, 0, 8, 0xfffull << 8 },		/* from the start of the next */
		{ 0, 64, 44, 17, 0xfull << 16 },			/* to the end of the file */
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long at = PRIVATE_AT + PAGE(cases[i].at);

		begin("linux-6.15");
		cache(ALL);
		BUG_ON(sys_munmap(mm, PRIVATE_AT, PAGE(FILE_PAGES)));
		map_file_at(mm, at, cases[i].pages, RW, MAP_PRIVATE, file, cases[i].pgoff);
		read_at(at + PAGE(cases[i].read));
		assert_int_equal(present(at), cases[i].mapped);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), __builtin_popcountll(cases[i].mapped));
		end();
	}
}

/* ---- what is left alone ---- */

/* Row: L7. Its own page is read in, others are not. */
static void pages_outside_the_cache_are_not_read(void **state)
{
	(void)state;
	begin("linux-6.15");
	cache(range(2, 7) | range(30, 40));
	read_at(SHARED_AT + PAGE(9));
	assert_int_equal(present(SHARED_AT), range(2, 7) | range(9, 10));
	assert_int_equal(file->mapping.nrpages, 16);
	/* What a first fault has mapped is not mapped, or counted, again. */
	cache(range(0, 2));
	read_at(SHARED_AT + PAGE(1));
	assert_int_equal(present(SHARED_AT), range(0, 7) | range(9, 10));
	assert_int_equal(folio_mapcount(folio_of(SHARED_AT + PAGE(3))), 1);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 8);
	end();
}

static struct folio *cached(unsigned long index)
{
	struct folio *folio = filemap_get_folio(&file->mapping, index);

	BUG_ON(!folio);
	return folio;
}

/* Row: L7. A folio that is locked is under read-in or on its way out; one that is frozen, about to leave. */
static void folios_in_use_are_skipped(void **state)
{
	struct folio *locked, *frozen;

	(void)state;
	begin("linux-6.15");
	cache(ALL);
	locked = cached(3);
	frozen = cached(4);
	folio_lock(locked);
	folio_put(frozen);
	BUG_ON(!folio_ref_freeze(frozen, 1));
	read_at(SHARED_AT + PAGE(5));
	assert_int_equal(present(SHARED_AT), range(0, 16) & ~range(3, 5));
	folio_ref_unfreeze(frozen, 1);
	folio_unlock(locked);
	assert_int_equal(folio_ref_count(locked), 2);
	folio_put(locked);
	end();
}

/* Row: L7. */
static void other_entries_stay(void **state)
{
	(void)state;
	BUG_ON(swap_on(8));
	begin("linux-6.15");
	cache(ALL);
	store_word(mm, PRIVATE_AT + PAGE(1), 41);
	store_word(mm, PRIVATE_AT + PAGE(2), 42);
	BUG_ON(sys_madvise(mm, PRIVATE_AT + PAGE(2), PAGE_SIZE, MADV_PAGEOUT));
	BUG_ON(sys_madvise(mm, PRIVATE_AT + PAGE(3), PAGE_SIZE, MADV_GUARD_INSTALL));
	assert_int_equal(tree_count(mm).swap, 1);
	read_at(PRIVATE_AT + PAGE(5));
	assert_int_equal(present(PRIVATE_AT), range(0, 16) & ~range(2, 4));
	assert_true(tree_count(mm).swap == 1 && tree_count(mm).guard == 1);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 13);
	assert_int_equal(load_word(mm, PRIVATE_AT + PAGE(1)), 41);
	assert_int_equal(load_word(mm, PRIVATE_AT + PAGE(2)), 42);
	assert_int_equal(do_user_addr_fault(mm, PRIVATE_AT + PAGE(3), 0), VM_FAULT_SIGSEGV);
	end();
}

/* Row: L7. A large folio is counted in runs; the pages that lie outside the window are not mapped. */
static void large_folios_are_mapped_in_runs(void **state)
{
	struct folio *folio;

	(void)state;
	file = file_create(FILE_PAGES, FILE_PAGES, 3, FILE_SEED);
	mm = world_mm("linux-6.15");
	map_file_at(mm, PRIVATE_AT + PAGE(16), 20, RW, MAP_PRIVATE, file, 5);
	map_file_at(mm, SHARED_AT, FILE_PAGES, RW, MAP_SHARED, file, 0);
	cache(range(0, 1) | range(8, 9) | range(16, 17));
	store_word(mm, PRIVATE_AT + PAGE(16 + 6), 1);		/* page 11 */
	read_at(PRIVATE_AT + PAGE(16 + 3));
	assert_int_equal(present(PRIVATE_AT), range(16, 32));	/* pages 5 to 20 */
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 15);
	folio = folio_of(PRIVATE_AT + PAGE(16 + 3));
	assert_int_equal(folio->page.index, 8);
	assert_int_equal(folio_mapcount(folio), 7);
	assert_int_equal(folio_ref_count(folio), 8);
	assert_int_equal(folio_mapcount(folio_of(PRIVATE_AT + PAGE(16))), 3);
	assert_int_equal(folio_mapcount(folio_of(PRIVATE_AT + PAGE(16 + 11))), 5);
	assert_at_rest(mm);
	BUG_ON(sys_ftruncate(file, 8));
	assert_int_equal(present(PRIVATE_AT), range(16, 19));
	end();
}

/* ---- something else happens meanwhile ---- */

/* Row: L7. It waits for nothing, so the VMA lock is enough; its own page needs mmap_lock if it is locked. */
static void it_runs_under_the_vma_lock(void **state)
{
	uint64_t before;

	(void)state;
	begin("linux-6.15");
	cache(ALL);
	before = events_total(EV_FAULT_VMA_LOCK);
	read_at(SHARED_AT + PAGE(5));
	assert_int_equal(events_total(EV_FAULT_VMA_LOCK) - before, 1);
	assert_int_equal(present(SHARED_AT), range(0, 16));
	end();
}

static void drop_the_table(void *arg)
{
	(void)arg;
	BUG_ON(sys_madvise(mm, SHARED_AT, PMD_SIZE, MADV_DONTNEED));
}

/* Row: L7. The fault starts again at the PMD entry. */
static void the_table_may_go_meanwhile(void **state)
{
	uint64_t before = events_total(EV_PTE_TABLE_RECLAIM);

	(void)state;
	needs_checks();
	begin("linux-6.15");
	BUG_ON(sys_munmap(mm, SHARED_AT, PAGE(FILE_PAGES)));
	map_file_at(mm, SHARED_AT, PTRS_PER_PTE, RW, MAP_SHARED, file, 0);
	cache(ALL);
	read_at(SHARED_AT + PAGE(40));
	meanwhile("fault_around.before_ptl", drop_the_table, NULL);
	read_at(SHARED_AT + PAGE(5));
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(events_total(EV_PTE_TABLE_RECLAIM) - before, 1);
	assert_int_equal(present(SHARED_AT), range(0, 16));
	end();
}

static void install_a_guard(void *arg)
{
	(void)arg;
	BUG_ON(sys_madvise(mm, SHARED_AT + PAGE(5), PAGE_SIZE, MADV_GUARD_INSTALL));
}

/* Rows: L7, G1. At the address itself, which was empty when the fault began. */
static void a_guard_installed_meanwhile_is_fatal(void **state)
{
	(void)state;
	needs_checks();
	begin("linux-6.15");
	cache(ALL);
	meanwhile("fault_around.before_ptl", install_a_guard, NULL);
	assert_int_equal(do_user_addr_fault(mm, SHARED_AT + PAGE(5), 0), VM_FAULT_SIGSEGV);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(present(SHARED_AT), range(0, 16) & ~range(5, 6));
	end();
}

static void truncate_all(void *arg)
{
	(void)arg;
	BUG_ON(sys_ftruncate(file, 0));
}

/* Row: L7. A folio that leaves the file before its lock is taken. */
static void a_truncated_folio_is_not_mapped(void **state)
{
	(void)state;
	needs_checks();
	begin("linux-6.15");
	cache(ALL);
	meanwhile("filemap.before_trylock", truncate_all, NULL);
	assert_int_equal(do_user_addr_fault(mm, SHARED_AT + PAGE(1), 0), VM_FAULT_SIGBUS);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(present(SHARED_AT), 0);
	end();
}

/* The first step of a truncation, which goes on later. */
static void reduce_the_size(void *arg)
{
	(void)arg;
	store_release(&file->mapping.i_size, 4ul);
}

/* Row: L7. Folios that truncation has yet to remove are not mapped from there on. */
static void a_size_reduced_meanwhile_counts(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int nth = 1; nth < 10; nth++) {
		begin("linux-6.15");
		cache(ALL);
		meanwhile_at("filemap.before_trylock", nth, reduce_the_size, NULL);
		read_at(SHARED_AT + PAGE(1));
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(present(SHARED_AT), range(0, max(4u, nth - 1)));
		BUG_ON(sys_ftruncate(file, FILE_PAGES));
		BUG_ON(sys_ftruncate(file, 4));
		assert_int_equal(present(SHARED_AT), range(0, 4));
		end();
	}
}

static void read_it(void *arg)
{
	(void)arg;
	BUG_ON(do_user_addr_fault(mm, SHARED_AT + PAGE(5), 0));
}

/* Row: L7. */
static void two_faults_map_each_page_once(void **state)
{
	(void)state;
	needs_checks();
	begin("linux-6.15");
	cache(ALL);
	meanwhile("fault_around.before_ptl", read_it, NULL);
	read_at(SHARED_AT + PAGE(5));
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(present(SHARED_AT), range(0, 16));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 16);
	end();
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, world_up_with_words, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_read_maps_the_window_of_its_policy), TEST(entries_around_are_read_only_clean_and_young),
		TEST(the_window_is_clipped), TEST(pages_outside_the_cache_are_not_read),
		TEST(folios_in_use_are_skipped), TEST(other_entries_stay), TEST(large_folios_are_mapped_in_runs),
		TEST(it_runs_under_the_vma_lock), TEST(the_table_may_go_meanwhile),
		TEST(a_guard_installed_meanwhile_is_fatal), TEST(a_truncated_folio_is_not_mapped),
		TEST(a_size_reduced_meanwhile_counts), TEST(two_faults_map_each_page_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
