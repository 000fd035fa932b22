/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkclean: entries made clean, folios written back, what is written meanwhile; walk_page_mapping and rmap walks of
 * files.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/rmap_walk.h"
#include "core/op/msync.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"

#define PAGE(n)	((n) * PAGE_SIZE)

static struct folio *folio_at(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pte_page(tree_pte(mm, addr)));
}

static int mkclean(struct folio *folio)
{
	int cleaned;

	folio_lock(folio);
	cleaned = folio_mkclean(folio);
	folio_unlock(folio);
	return cleaned;
}

static bool clean(struct mm_struct *mm, unsigned long addr)
{
	pte_t pte = tree_pte(mm, addr);

	return pte_present(pte) && !pte_write(pte) && !pte_dirty(pte);
}

/* Row: A9. */
static void every_shared_entry_becomes_clean(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct file *file = scene_file();
		struct mm_struct *mms[] = { file_mm(world_policies[p], file), file_mm(world_policies[p], file) };
		struct folio *folio;

		store_word(mms[0], SHARED_AT, 1);
		store_word(mms[1], SHARED_AT, 2);
		store_word(mms[1], PRIVATE_AT, 3);
		store_word(mms[0], SHARED_AT + PAGE(1), 4);
		folio = folio_at(mms[0], SHARED_AT);
		assert_int_equal(mkclean(folio), 2);
		assert_int_equal(mkclean(folio), 0);
		assert_true(clean(mms[0], SHARED_AT) && clean(mms[1], SHARED_AT));
		assert_true(pte_write(tree_pte(mms[1], PRIVATE_AT)));
		assert_true(pte_write(tree_pte(mms[0], SHARED_AT + PAGE(1))));
		assert_true(pte_young(tree_pte(mms[0], SHARED_AT)));
		assert_true(folio_test_dirty(folio));
		assert_true(rests(mms, 2));
		mm_exit(mms[0]);
		mm_exit(mms[1]);
		file_put(file);
	}
}

/* Row: A9. */
static void frames_are_cleaned_by_where_they_are_mapped(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);
	unsigned long pfn[2];

	(void)state;
	for (unsigned long i = 0; i < 8; i++)
		store_word(mm, SHARED_AT + PAGE(i), i);
	for (unsigned long i = 0; i < 2; i++)
		pfn[i] = folio_pfn(folio_at(mm, SHARED_AT + PAGE(2 + i)));
	assert_int_equal(mapping_wrprotect_range(NULL, 2, pfn[0], 1), 0);
	assert_int_equal(mapping_wrprotect_range(&file->mapping, 2, pfn[0], 0), 0);	/* no pages */
	assert_int_equal(mapping_wrprotect_range(&file->mapping, 0, pfn[0], 0), 0);
	assert_int_equal(mapping_wrprotect_range(&file->mapping, 2, pfn[0], 1), 1);
	assert_true(clean(mm, SHARED_AT + PAGE(2)));
	/* that frame is not that page */
	assert_int_equal(mapping_wrprotect_range(&file->mapping, 4, pfn[1], 1), 0);
	mmap_read_lock(mm);
	assert_int_equal(pfn_mkclean_range(pfn[1], 0, 3, vma_lookup(mm, SHARED_AT)), 0);
	assert_int_equal(pfn_mkclean_range(pfn[1], 1, 3, vma_lookup(mm, SHARED_AT)), 1);
	assert_int_equal(pfn_mkclean_range(pfn[1], 1, 3, vma_lookup(mm, PRIVATE_AT)), 0);
	assert_int_equal(pfn_mkclean_range(pfn[1], 1, FILE_PAGES, vma_lookup(mm, SHARED_AT)), 0);
	mmap_read_unlock(mm);
	assert_true(clean(mm, SHARED_AT + PAGE(3)) && !clean(mm, SHARED_AT + PAGE(4)));
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

static void what_was_written_reaches_the_device_once(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);

	(void)state;
	assert_int_equal(filemap_writeback(file), 0);
	store_word(mm, SHARED_AT + PAGE(1), 41);
	store_word(mm, SHARED_AT + PAGE(2), 42);
	store_word(mm, PRIVATE_AT + PAGE(3), 43);
	load_word(mm, SHARED_AT + PAGE(4));
	assert_int_equal(filemap_writeback(file), 2);
	assert_int_equal(filemap_writeback(file), 0);
	assert_int_equal(file->device[1], 41);
	assert_int_equal(file->device[2], 42);
	assert_int_equal(file->device[3], file_seeded_word(FILE_SEED, 3));
	assert_true(clean(mm, SHARED_AT + PAGE(1)));
	assert_at_rest(mm);
	store_word(mm, SHARED_AT + PAGE(1), 44);
	assert_at_rest(mm);
	assert_int_equal(filemap_writeback(file), 1);
	assert_int_equal(file->device[1], 44);
	store_word(mm, SHARED_AT + PAGE(1), 45);
	store_word(mm, SHARED_AT + PAGE(2), 46);
	assert_int_equal(sys_msync(mm, SHARED_AT + PAGE(1), PAGE(1), MS_ASYNC), 0);
	assert_int_equal(sys_msync(mm, PRIVATE_AT + PAGE(1), PAGE(1), MS_SYNC), 0);
	assert_int_equal(file->device[1], 44);
	mapping_set_error(&file->mapping);
	assert_int_equal(sys_msync(mm, SHARED_AT + PAGE(1), PAGE(1), MS_SYNC), -EIO);
	assert_int_equal(sys_msync(mm, SHARED_AT + PAGE(1), PAGE(1), MS_SYNC), 0);
	assert_int_equal(file->device[1], 45);
	assert_int_equal(file->device[2], 42);
	mm_exit(mm);
	file_put(file);
}

static struct mm_struct *writer;

static void write_there(void *arg)
{
	store_word(writer, SHARED_AT, (uint64_t)(uintptr_t)arg);
}

/*
 * A fault takes the folio lock: so this one, which needs none, must come before the folio is locked, or its try fails.
 */
static void write_if_allowed(void *arg)
{
	pte_t pte = tree_pte(writer, SHARED_AT);

	if (pte_write(pte))
		*(uint64_t *)page_payload(pte_page(pte)) = (uint64_t)(uintptr_t)arg;
}

/* Whatever was written is on the device, or its folio is dirty. */
static void a_write_meanwhile_is_not_lost(void **state)
{
	static const struct {
		const char *point;
		void (*fn)(void *);
	} steps[] = { { "pvmw.before_ptl", write_if_allowed }, { "rmap_walk.vma", write_if_allowed },
		      { "writeback.clean", write_if_allowed }, { "filemap.found", write_there } };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		struct file *file = scene_file();

		writer = file_mm("linux-6.15", file);
		store_word(writer, SHARED_AT, 1);
		meanwhile(steps[i].point, steps[i].fn, (void *)2);
		assert_int_equal(filemap_writeback(file), 1);
		assert_int_equal(meanwhile_ran(), 1);
		assert_true(file->device[0] == load_word(writer, SHARED_AT) ||
			    folio_test_dirty(folio_at(writer, SHARED_AT)));
		assert_at_rest(writer);
		mm_exit(writer);
		file_put(file);
	}
}

/* ---- walks ---- */

struct seen {
	unsigned int ptes, present, holes, vmas, tests;
	int test_says, pte_says;
};

static int see_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	(void)addr, (void)next;
	BUG_ON(walk->mm != walk->vma->vm_mm);
	seen->ptes++;
	seen->present += pte_present(ptep_get(pte));
	return seen->pte_says;
}

static int see_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	(void)depth;
	seen->holes += (unsigned int)((next - addr) >> PAGE_SHIFT);
	return 0;
}

static int see_vma(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	BUG_ON(start != walk->vma->vm_start || end != walk->vma->vm_end);
	seen->tests++;
	return seen->test_says;
}

static int pre_vma(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	BUG_ON(start < walk->vma->vm_start || end > walk->vma->vm_end);
	seen->vmas++;
	return 0;
}

static int never(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)ptep, (void)walk;
	return -EIO;
}

static const struct mm_walk_ops sees = {
	.pte_entry = see_pte, .pte_hole = see_hole, .test_walk = see_vma, .pre_vma = pre_vma,
};

static int walk(struct file *file, unsigned long first, unsigned long nr, const struct mm_walk_ops *ops,
		struct seen *seen)
{
	int ret;

	i_mmap_lock_read(&file->mapping);
	ret = walk_page_mapping(&file->mapping, first, nr, ops, seen);
	i_mmap_unlock_read(&file->mapping);
	return ret;
}

/* Over every VMA that maps some of the pages, cut to them (W9). */
/* Row: W9. */
static void a_walk_by_file_goes_where_it_is_mapped(void **state)
{
	const struct mm_walk_ops installs = { .install_pte = never };
	struct file *file = scene_file();
	struct mm_struct *mms[] = { file_mm(SINGLE_FAULTS, file), world_mm(SINGLE_FAULTS) };
	struct seen seen = { 0 };

	(void)state;
	map_file_at(mms[1], SHARED_AT, 8, PROT_READ, MAP_SHARED, file, 20);
	load_word(mms[0], SHARED_AT + PAGE(22));
	store_word(mms[0], PRIVATE_AT + PAGE(23), 1);
	load_word(mms[1], SHARED_AT + PAGE(2));
	assert_int_equal(walk(file, 22, 2, &sees, &seen), 0);
	assert_true(seen.vmas == 3 && seen.tests == 3 && seen.present == 3 && seen.ptes == 6 && seen.holes == 0);
	seen = (struct seen){ 0 };
	assert_int_equal(walk(file, 26, 4, &sees, &seen), 0);
	assert_true(seen.vmas == 3 && seen.ptes + seen.holes == 2 + 4 + 4);
	seen = (struct seen){ 0 };
	assert_int_equal(walk(file, FILE_PAGES, 4, &sees, &seen), 0);
	assert_true(seen.vmas == 0 && seen.tests == 0);
	/* To the end of all numbers, and from the last one. */
	seen = (struct seen){ 0 };
	assert_int_equal(walk(file, 26, ~0ul, &sees, &seen), 0);
	assert_true(seen.vmas == 3 && seen.ptes + seen.holes == 2 + 2 * (FILE_PAGES - 26));
	seen = (struct seen){ 0 };
	assert_int_equal(walk(file, ~0ul, ~0ul, &sees, &seen), 0);
	assert_int_equal(walk(file, ~0ul - 1, 1, &sees, &seen), 0);
	assert_true(seen.vmas == 0 && seen.tests == 0);
	seen = (struct seen){ .test_says = 1 };
	assert_int_equal(walk(file, 0, FILE_PAGES, &sees, &seen), 0);
	assert_true(seen.tests == 1 && seen.vmas == 0);
	seen = (struct seen){ .test_says = -EIO };
	assert_int_equal(walk(file, 0, FILE_PAGES, &sees, &seen), -EIO);
	seen = (struct seen){ .pte_says = 5 };
	assert_int_equal(walk(file, 0, FILE_PAGES, &sees, &seen), 5);
	assert_int_equal(seen.ptes, 1);
	assert_int_equal(walk(file, 0, FILE_PAGES, &installs, &seen), -EINVAL);
	assert_int_equal(walk(file, 0, 0, &sees, &seen), -EINVAL);
	mm_exit(mms[0]);
	mm_exit(mms[1]);
	file_put(file);
}

/* Row: W9. */
static void a_walk_by_file_asserts_its_lock(void **state)
{
	static struct file *file;
	static struct seen seen;

	(void)state;
	needs_checks();
	file = scene_file();
	assert_dies("held", walk_page_mapping(&file->mapping, 0, 1, &sees, &seen));
	file_put(file);
}

static bool count_vma(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	(void)folio, (void)vma, (void)addr;
	++*(unsigned int *)arg;
	return true;
}

static void walk_while_held(void *arg)
{
	struct file *file = arg;
	struct folio *folio = filemap_lock_folio(&file->mapping, 0);
	unsigned int vmas = 0;
	struct rmap_walk_control rwc = { .arg = &vmas, .try_lock = true, .rmap_one = count_vma };

	rmap_walk(folio, &rwc);
	BUG_ON(vmas || !rwc.contended);
	folio_unlock(folio);
	folio_put(folio);
}

/* Never waits with try_lock, and also runs for a caller that holds the lock (A8). */
/* Row: A8. */
static void rmap_walks_of_files(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);
	unsigned long there = SHARED_AT + 16 * PMD_SIZE + PAGE(1);
	unsigned int vmas = 0;
	struct rmap_walk_control rwc = { .arg = &vmas, .rmap_one = count_vma };
	struct folio *folio;

	(void)state;
	needs_checks();
	load_word(mm, SHARED_AT);
	load_word(mm, PRIVATE_AT);
	meanwhile("mremap.ptls", walk_while_held, file);
	BUG_ON(sys_mremap(mm, SHARED_AT, PAGE(1), PAGE(1), MREMAP_MAYMOVE | MREMAP_FIXED, there) != (long)there);
	assert_int_equal(meanwhile_ran(), 1);
	assert_at_rest(mm);
	folio = filemap_lock_folio(&file->mapping, 0);
	rmap_walk(folio, &rwc);
	assert_int_equal(vmas, 2);
	i_mmap_lock_read(&file->mapping);
	rmap_walk_locked(folio, &rwc);
	i_mmap_unlock_read(&file->mapping);
	assert_int_equal(vmas, 4);
	folio_unlock(folio);
	folio_put(folio);
	mm_exit(mm);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_shared_entry_becomes_clean, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(frames_are_cleaned_by_where_they_are_mapped, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(what_was_written_reaches_the_device_once, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(a_write_meanwhile_is_not_lost, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_walk_by_file_goes_where_it_is_mapped, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(a_walk_by_file_asserts_its_lock, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(rmap_walks_of_files, world_up_with_words, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
