/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_thp: huge pages of files mapped as one: by which faults, and what everything else does to them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/thp_scene.h"

#define PAGE(n)	((n) * PAGE_SIZE)
#define HUGE_AT	(PRIVATE_AT + 4 * PMD_SIZE)

struct huge_file {
	struct file *file;
	struct mm_struct *mm;
};

static int up(void **state)
{
	(void)state;
	world_start(32768, CACHE_LINE);
	return 0;
}

/* Two huge pages, mapped shared and private. */
static struct huge_file begin(const char *policy)
{
	struct huge_file h = { .file = file_create(2 * HPAGE_PMD_NR, 2 * HPAGE_PMD_NR, HPAGE_PMD_ORDER, FILE_SEED) };

	BUG_ON(!h.file);
	h.mm = world_mm(policy);
	map_file_at(h.mm, SHARED_AT, 2 * HPAGE_PMD_NR, RW, MAP_SHARED, h.file, 0);
	map_file_at(h.mm, PRIVATE_AT, 2 * HPAGE_PMD_NR, RW, MAP_PRIVATE, h.file, 0);
	return h;
}

static void finish(struct huge_file *h)
{
	assert_at_rest(h->mm);
	mm_exit(h->mm);
	file_put(h->file);
}

static uint64_t seeded(unsigned long index)
{
	return file_seeded_word(FILE_SEED, index);
}

static long file_pages(const struct huge_file *h)
{
	return mm_counter_sum(&h->mm->pt, MM_FILEPAGES);
}

/* Rows: A3, L7. */
static void a_read_maps_the_huge_page(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct huge_file h = begin(world_policies[p]);
		struct folio *folio;

		assert_int_equal(load_word(h.mm, SHARED_AT + PAGE(5)), seeded(5));
		assert_int_equal(load_word(h.mm, PRIVATE_AT + PAGE(7)), seeded(7));
		assert_true(is_huge(h.mm, SHARED_AT) && is_huge(h.mm, PRIVATE_AT) &&
			    !is_huge(h.mm, SHARED_AT + PMD_SIZE));
		assert_false(pmd_write(leaf_at(h.mm, SHARED_AT)) || pmd_write(leaf_at(h.mm, PRIVATE_AT)));
		folio = huge_folio(h.mm, SHARED_AT);
		assert_ptr_equal(huge_folio(h.mm, PRIVATE_AT), folio);
		assert_int_equal(folio_ref_count(folio), 3);
		assert_int_equal(folio_entire_mapcount(folio), 2);
		assert_int_equal(folio_mapcount(folio), 2);
		assert_int_equal(file_pages(&h), 2 * HUGE);
		assert_int_equal(mm_counter_sum(&h.mm->pt, MM_PTE_TABLES), 0);
		assert_int_equal(h.file->mapping.nrpages, HUGE);
		finish(&h);
	}
}

/* Row: L7. By a first fault, and by one on a leaf that may only be read: that goes, and another comes. */
static void a_shared_write_is_to_the_huge_page(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int read_first = 0; read_first < 2; read_first++) {
		struct huge_file h = begin("linux-6.15");

		if (read_first)
			load_word(h.mm, SHARED_AT + PAGE(1));
		store_word(h.mm, SHARED_AT + PAGE(9), 42);
		assert_true(pmd_write(leaf_at(h.mm, SHARED_AT)) && pmd_dirty(leaf_at(h.mm, SHARED_AT)));
		assert_true(folio_test_dirty(huge_folio(h.mm, SHARED_AT)));
		assert_int_equal(file_pages(&h), HUGE);
		assert_int_equal(load_word(h.mm, PRIVATE_AT + PAGE(9)), 42);
		finish(&h);
	}
}

/* Row: L7. The copy is a small page; what is around it comes by PTEs from then on. */
static void a_private_write_copies_one_page(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int read_first = 0; read_first < 2; read_first++) {
		struct huge_file h = begin(SINGLE_FAULTS);

		if (read_first)
			load_word(h.mm, PRIVATE_AT + PAGE(1));
		store_word(h.mm, PRIVATE_AT + PAGE(9), 42);
		assert_false(is_huge(h.mm, PRIVATE_AT));
		assert_int_equal(mm_counter_sum(&h.mm->pt, MM_ANONPAGES), 1);
		assert_int_equal(load_word(h.mm, SHARED_AT + PAGE(9)), seeded(9));
		assert_int_equal(load_word(h.mm, PRIVATE_AT + PAGE(8)), seeded(8));
		assert_int_equal(file_pages(&h), HUGE + 1);
		finish(&h);
	}
}

/* Rows: A6, L6. */
static void pins(void **state)
{
	struct huge_file h;
	struct page *page;

	(void)state;
	needs_thp();
	h = begin("linux-6.15");
	store_word(h.mm, SHARED_AT, 1);
	load_word(h.mm, PRIVATE_AT);
	assert_int_equal(pin_user_pages_fast(h.mm, PRIVATE_AT + PAGE(3), 1, FOLL_FAST_ONLY, &page), 1);
	assert_ptr_equal(page, folio_page(huge_folio(h.mm, SHARED_AT), 3));
	unpin_user_page(page);
	assert_int_equal(pin_user_pages_fast(h.mm, SHARED_AT + PAGE(3), 1, FOLL_WRITE | FOLL_FAST_ONLY, &page), 1);
	assert_int_equal(filemap_writeback(h.file), 1);
	*(uint64_t *)page_payload(page) = 42;
	unpin_user_pages_dirty_lock(&page, 1);
	assert_int_equal(filemap_writeback(h.file), 1);
	assert_int_equal(h.file->device[3], 42);
	assert_int_equal(pin_user_pages_fast(h.mm, SHARED_AT, 1, FOLL_WRITE | FOLL_LONGTERM, &page), -EFAULT);
	assert_int_equal(pin_user_pages_fast(h.mm, PRIVATE_AT + PAGE(3), 1, FOLL_LONGTERM, &page), 1);
	assert_int_equal(page_type(page), PAGE_ANON);
	store_word(h.mm, PRIVATE_AT + PAGE(3), 43);
	assert_int_equal(*(uint64_t *)page_payload(page), 43);
	unpin_user_page(page);
	finish(&h);
}

static void elsewhere_it_is_mapped_by_ptes(void **state)
{
	struct huge_file h;

	(void)state;
	needs_thp();
	h = begin(SINGLE_FAULTS);
	map_file_at(h.mm, HUGE_AT, HPAGE_PMD_NR, RW, MAP_SHARED, h.file, 1);		/* shifted by a page */
	map_file_at(h.mm, HUGE_AT + 2 * PMD_SIZE, HPAGE_PMD_NR - 1, RW, MAP_SHARED, h.file, 0);
	BUG_ON(sys_madvise(h.mm, SHARED_AT, PMD_SIZE, MADV_NOHUGEPAGE));
	assert_int_equal(load_word(h.mm, HUGE_AT), seeded(1));
	assert_int_equal(load_word(h.mm, HUGE_AT + 2 * PMD_SIZE), seeded(0));
	assert_int_equal(load_word(h.mm, SHARED_AT), seeded(0));
	assert_false(is_huge(h.mm, HUGE_AT) || is_huge(h.mm, HUGE_AT + 2 * PMD_SIZE) || is_huge(h.mm, SHARED_AT));
	assert_int_equal(file_pages(&h), 3);
	finish(&h);
}

/* Row: A9. */
static void leaves_become_clean(void **state)
{
	struct huge_file h;

	(void)state;
	needs_thp();
	h = begin("linux-6.15");
	map_file_at(h.mm, HUGE_AT, HPAGE_PMD_NR, RW, MAP_SHARED, h.file, 1);
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		store_word(h.mm, SHARED_AT + PAGE(i), 100 + i);
	store_word(h.mm, HUGE_AT, 1);
	assert_int_equal(filemap_writeback(h.file), 1);
	assert_true(is_huge(h.mm, SHARED_AT) && !pmd_write(leaf_at(h.mm, SHARED_AT)) &&
		    !pmd_dirty(leaf_at(h.mm, SHARED_AT)));
	assert_false(pte_write(tree_pte(h.mm, HUGE_AT)));
	assert_int_equal(h.file->device[1], 1);
	for (unsigned long i = 2; i < HPAGE_PMD_NR; i++)
		assert_int_equal(h.file->device[i], 100 + i);
	assert_int_equal(filemap_writeback(h.file), 0);
	assert_at_rest(h.mm);
	store_word(h.mm, SHARED_AT + PAGE(3), 3);
	assert_int_equal(filemap_writeback(h.file), 1);
	assert_int_equal(h.file->device[3], 3);
	finish(&h);
}

static void a_truncated_file_loses_its_leaves(void **state)
{
	struct huge_file h;
	uint64_t word;

	(void)state;
	needs_thp();
	h = begin("linux-6.15");
	store_word(h.mm, SHARED_AT, 1);
	store_word(h.mm, SHARED_AT + PMD_SIZE, 1);
	load_word(h.mm, PRIVATE_AT + PMD_SIZE);
	assert_int_equal(sys_ftruncate(h.file, HPAGE_PMD_NR), 0);
	assert_int_equal(file_pages(&h), HUGE);
	assert_int_equal(access_word(h.mm, SHARED_AT + PMD_SIZE, &word, false), VM_FAULT_SIGBUS);
	assert_at_rest(h.mm);
	assert_int_equal(sys_ftruncate(h.file, 0), 0);
	assert_int_equal(file_pages(&h) + (long)h.file->mapping.nrpages, 0);
	finish(&h);
}

/* What concerns a part of it takes all of it; the rest comes back by a fault. Row: W11 */
static void a_part_takes_the_leaf(void **state)
{
	struct huge_file h;

	(void)state;
	needs_thp();
	for (unsigned int how = 0; how < 4; how++) {
		int err = -1;

		h = begin("linux-6.15");
		store_word(h.mm, SHARED_AT + PAGE(1), 1);
		switch (how) {
		case 0:
			err = sys_munmap(h.mm, SHARED_AT + PAGE(8), PAGE(8));
			break;
		case 1:
			err = sys_mprotect(h.mm, SHARED_AT + PAGE(8), PAGE(8), PROT_READ);
			break;
		case 2:
			err = sys_madvise(h.mm, SHARED_AT + PAGE(8), PAGE(8), MADV_DONTNEED);
			break;
		case 3:
			unmap_mapping_range(&h.file->mapping, 8, 8, false);
			err = 0;
			break;
		}
		assert_int_equal(err, 0);
		assert_false(is_huge(h.mm, SHARED_AT));
		assert_int_equal(file_pages(&h), 0);
		assert_int_equal(load_word(h.mm, SHARED_AT + PAGE(1)), 1);
		assert_int_equal(is_huge(h.mm, SHARED_AT), how > 1);	/* where the VMA is still large enough */
		finish(&h);
	}
}

/* Moved and protected as one; a child of the shared part gets none, and faults. */
static void as_a_whole_it_stays_one(void **state)
{
	struct huge_file h;
	struct mm_struct *child;

	(void)state;
	needs_thp();
	h = begin("linux-6.15");
	store_word(h.mm, SHARED_AT, 1);
	assert_int_equal(sys_mprotect(h.mm, SHARED_AT, 2 * PMD_SIZE, PROT_READ), 0);
	assert_true(is_huge(h.mm, SHARED_AT) && !pmd_write(leaf_at(h.mm, SHARED_AT)));
	assert_int_equal(sys_mprotect(h.mm, SHARED_AT, 2 * PMD_SIZE, RW), 0);
	assert_true(pmd_write(leaf_at(h.mm, SHARED_AT)));
	assert_int_equal(sys_mremap(h.mm, SHARED_AT, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, HUGE_AT),
			 HUGE_AT);
	assert_true(is_huge(h.mm, HUGE_AT) && !is_huge(h.mm, SHARED_AT));
	assert_at_rest(h.mm);
	store_word(h.mm, PRIVATE_AT + PMD_SIZE, 2);		/* an anon_vma: fork looks into this VMA */
	load_word(h.mm, PRIVATE_AT);
	assert_true(is_huge(h.mm, PRIVATE_AT));
	assert_int_equal(sys_fork(h.mm, &child), 0);
	assert_at_rest(h.mm, child);
	assert_int_equal(load_word(child, PRIVATE_AT), 1);
	assert_int_equal(load_word(child, PRIVATE_AT + PMD_SIZE), 2);
	assert_int_equal(load_word(child, HUGE_AT), 1);
	assert_true(is_huge(child, HUGE_AT) && is_huge(child, PRIVATE_AT));
	assert_at_rest(h.mm, child);
	mm_exit(child);
	finish(&h);
}

static struct mm_struct *other;

static void read_too(void *arg)
{
	(void)arg;
	load_word(other, SHARED_AT + PAGE(2));
}

static void cut(void *arg)
{
	BUG_ON(sys_ftruncate(arg, 0));
}

static void others_come_first(void **state)
{
	struct huge_file h;

	(void)state;
	needs_thp();
	needs_checks();
	h = begin("linux-6.15");
	other = h.mm;
	load_word(h.mm, PRIVATE_AT);
	meanwhile("file_fault.before_lock", read_too, NULL);
	assert_int_equal(do_user_addr_fault(h.mm, SHARED_AT, 0), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(file_pages(&h), 2 * HUGE);
	meanwhile("file_fault.before_create", cut, h.file);
	assert_int_equal(do_user_addr_fault(h.mm, SHARED_AT + PMD_SIZE, FAULT_FLAG_WRITE), VM_FAULT_SIGBUS);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(file_pages(&h), 0);
	finish(&h);
}

static void memory_that_runs_out(void **state)
{
	struct huge_file h;

	(void)state;
	needs_thp();
	needs_checks();
	for (unsigned long fails = 1; fails < 6; fails++) {
		h = begin("linux-6.15");
		inject_alloc_failure(fails);
		if (do_user_addr_fault(h.mm, SHARED_AT, FAULT_FLAG_WRITE))
			assert_int_equal(do_user_addr_fault(h.mm, SHARED_AT, FAULT_FLAG_WRITE), 0);
		inject_alloc_failure(0);
		assert_true(is_huge(h.mm, SHARED_AT));
		finish(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_read_maps_the_huge_page, up, world_down),
		cmocka_unit_test_setup_teardown(a_shared_write_is_to_the_huge_page, up, world_down),
		cmocka_unit_test_setup_teardown(a_private_write_copies_one_page, up, world_down),
		cmocka_unit_test_setup_teardown(pins, up, world_down),
		cmocka_unit_test_setup_teardown(elsewhere_it_is_mapped_by_ptes, up, world_down),
		cmocka_unit_test_setup_teardown(leaves_become_clean, up, world_down),
		cmocka_unit_test_setup_teardown(a_truncated_file_loses_its_leaves, up, world_down),
		cmocka_unit_test_setup_teardown(a_part_takes_the_leaf, up, world_down),
		cmocka_unit_test_setup_teardown(as_a_whole_it_stays_one, up, world_down),
		cmocka_unit_test_setup_teardown(others_come_first, up, world_down),
		cmocka_unit_test_setup_teardown(memory_that_runs_out, up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
