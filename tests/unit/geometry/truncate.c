/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate: what goes with the end of a file, and what other threads do meanwhile, step by step. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/madvise.h"
#include "core/op/mlock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"

#define PAGE(n)	((n) * PAGE_SIZE)
#define CUT	16ul		/* pages left */

struct scene {
	struct file *file;
	struct mm_struct *mm;
};

static struct scene scene_of(const char *policy)
{
	struct scene s = { .file = scene_file() };

	s.mm = file_mm(policy, s.file);
	return s;
}

static void end(struct scene *s)
{
	assert_at_rest(s->mm);
	mm_exit(s->mm);
	file_put(s->file);
}

static void what_is_beyond_goes_from_everywhere(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct scene s = scene_of(world_policies[p]);
		uint64_t word;

		for (unsigned long i = 0; i < FILE_PAGES; i++) {
			store_word(s.mm, SHARED_AT + PAGE(i), 1);
			if (i % 2)
				store_word(s.mm, PRIVATE_AT + PAGE(i), 2);
			else
				load_word(s.mm, PRIVATE_AT + PAGE(i));
		}
		assert_int_equal(sys_ftruncate(s.file, CUT), 0);
		assert_int_equal(s.file->mapping.nrpages, CUT);
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), CUT / 2);
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_FILEPAGES), CUT + CUT / 2);
		assert_int_equal(access_word(s.mm, SHARED_AT + PAGE(CUT), &word, false), VM_FAULT_SIGBUS);
		assert_int_equal(access_word(s.mm, PRIVATE_AT + PAGE(CUT), &word, true), VM_FAULT_SIGBUS);
		assert_int_equal(load_word(s.mm, PRIVATE_AT + PAGE(CUT - 1)), 2);
		assert_at_rest(s.mm);
		assert_int_equal(sys_ftruncate(s.file, FILE_PAGES), 0);
		assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(CUT)), 0);
		assert_int_equal(load_word(s.mm, PRIVATE_AT + PAGE(CUT + 1)), 0);
		assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(CUT - 1)), 1);
		end(&s);
	}
}

/* Row: A9. Folios of one page, and of four, of which the ends of the hole cut some. */
static void a_hole_is_zero_in_memory_and_on_the_device(void **state)
{
	(void)state;
	for (unsigned int order = 0; order <= 2; order += 2) {
		struct scene s = { .file = file_create(FILE_PAGES, 2 * FILE_PAGES, order, FILE_SEED) };

		s.mm = file_mm("linux-6.15", s.file);
		for (unsigned long i = 0; i < FILE_PAGES; i++)
			store_word(s.mm, SHARED_AT + PAGE(i), 1 + i);
		store_word(s.mm, PRIVATE_AT + PAGE(5), 99);
		load_word(s.mm, PRIVATE_AT + PAGE(6));
		filemap_writeback(s.file);
		assert_int_equal(sys_madvise(s.mm, SHARED_AT + PAGE(2), PAGE(9), MADV_REMOVE), 0);
		assert_int_equal(s.file->mapping.nrpages, order ? FILE_PAGES - 4 : FILE_PAGES - 9);
		assert_at_rest(s.mm);
		filemap_writeback(s.file);
		for (unsigned long i = 0; i < FILE_PAGES; i++) {
			assert_int_equal(s.file->device[i], i >= 2 && i < 11 ? 0 : 1 + i);
			assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(i)), s.file->device[i]);
		}
		assert_int_equal(load_word(s.mm, PRIVATE_AT + PAGE(5)), 99);
		assert_int_equal(load_word(s.mm, PRIVATE_AT + PAGE(6)), 0);
		store_word(s.mm, SHARED_AT + PAGE(3), 7);
		assert_int_equal(load_word(s.mm, PRIVATE_AT + PAGE(3)), 7);
		assert_int_equal(sys_mlock(s.mm, SHARED_AT, PAGE(1)), 0);
		assert_int_equal(sys_madvise(s.mm, SHARED_AT, PAGE(1), MADV_REMOVE), -EINVAL);
		assert_int_equal(sys_munlock(s.mm, SHARED_AT, PAGE(1)), 0);
		assert_int_equal(sys_ftruncate(s.file, CUT), 0);
		assert_int_equal(file_punch_hole(s.file, CUT + 1, 4 * FILE_PAGES), 0);
		assert_int_equal(i_size_read(&s.file->mapping), CUT);
		end(&s);
	}
}

static void it_refuses_what_cannot_be(void **state)
{
	struct file *file = scene_file(), *large = file_create(FILE_PAGES, FILE_PAGES, 2, FILE_SEED);

	(void)state;
	assert_int_equal(sys_ftruncate(file, 2 * FILE_PAGES + 1), -EFBIG);
	assert_int_equal(sys_ftruncate(large, 5), -EINVAL);
	assert_int_equal(i_size_read(&file->mapping), FILE_PAGES);
	assert_int_equal(sys_ftruncate(file, 2 * FILE_PAGES), 0);
	assert_int_equal(i_size_read(&file->mapping), 2 * FILE_PAGES);
	file_put(file);
	file_put(large);
}

static void shared_alone_and_private_copies_stay(void **state)
{
	struct scene s = scene_of(SINGLE_FAULTS);

	(void)state;
	store_word(s.mm, PRIVATE_AT, 2);
	load_word(s.mm, PRIVATE_AT + PAGE(1));
	load_word(s.mm, SHARED_AT);
	unmap_mapping_range(&s.file->mapping, 0, 1, false);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 1);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_FILEPAGES), 1);	/* page 1 is not in the range */
	unmap_mapping_range(&s.file->mapping, 0, FILE_PAGES, true);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_FILEPAGES), 0);
	assert_int_equal(load_word(s.mm, PRIVATE_AT), file_seeded_word(FILE_SEED, 0));
	end(&s);
}

/* ---- a truncation in the middle of a fault ---- */

static void cut(void *arg)
{
	BUG_ON(sys_ftruncate(arg, CUT));
}

/* What is there before, the access, and where the truncation comes. */
static const struct {
	const char *point;
	unsigned long at;
	bool cached, mapped, write;
} steps[] = {
	{ "file_fault.before_create", SHARED_AT, false, false, false },
	{ "file_fault.before_create", PRIVATE_AT, false, false, true },
	{ "filemap.found", SHARED_AT, true, false, false },
	{ "file_fault.before_lock", SHARED_AT, true, false, false },
	{ "file_fault.before_lock", SHARED_AT, true, false, true },
	{ "file_fault.before_lock", PRIVATE_AT, true, false, true },
	{ "fault.before_ptl", SHARED_AT, true, true, true },
	{ "file_fault.before_mkwrite", SHARED_AT, true, true, true },
	{ "cow.before_copy", PRIVATE_AT, true, true, true },
};

static void a_truncation_meanwhile_ends_in_sigbus(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		struct scene s = scene_of(SINGLE_FAULTS);
		unsigned long addr = steps[i].at + PAGE(CUT + 3);

		if (steps[i].mapped)
			load_word(s.mm, addr);
		if (steps[i].cached)
			load_word(s.mm, SHARED_AT + PAGE(CUT + 3) + PRIVATE_AT - steps[i].at);
		meanwhile(steps[i].point, cut, s.file);
		assert_int_equal(do_user_addr_fault(s.mm, addr, steps[i].write ? FAULT_FLAG_WRITE : 0),
				 VM_FAULT_SIGBUS);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(s.file->mapping.nrpages, 0);
		end(&s);
	}
}

/* ---- faults in the middle of a truncation ---- */

static struct scene meant;

static void write_copies(void *arg)
{
	(void)arg;
	for (unsigned long i = CUT; i < FILE_PAGES; i++)
		do_user_addr_fault(meant.mm, PRIVATE_AT + PAGE(i), FAULT_FLAG_WRITE);
}

static void write_shared(void *arg)
{
	(void)arg;
	for (unsigned long i = CUT; i < FILE_PAGES; i++)
		do_user_addr_fault(meant.mm, SHARED_AT + PAGE(i), FAULT_FLAG_WRITE);
}

/* Whatever is mapped anew between its steps is gone when it is done; after the first step nothing is. */
static void faults_meanwhile_leave_nothing(void **state)
{
	static const char *const points[] = { "truncate.size", "unmap_mapping.vma", "truncate.unmapped",
					      "truncate.removed" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(points); i++) {
		meant = scene_of("linux-6.15");
		for (unsigned long page = 0; page < FILE_PAGES; page++)
			load_word(meant.mm, PRIVATE_AT + PAGE(page));
		meanwhile(points[i / 2], i % 2 ? write_copies : write_shared, NULL);
		assert_int_equal(sys_ftruncate(meant.file, CUT), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(mm_counter_sum(&meant.mm->pt, MM_ANONPAGES), 0);
		end(&meant);
	}
}

/* Under the VMA lock a lock that is held is not waited for: it is tried again under mmap_lock. */
static void try_while_locked(void *arg)
{
	struct scene *s = arg;

	BUG_ON(handle_mm_fault(vma_tree_find(&s->mm->tree, PRIVATE_AT), PRIVATE_AT, FAULT_FLAG_VMA_LOCK) !=
	       VM_FAULT_RETRY);
}

static void under_the_vma_lock_nothing_is_waited_for(void **state)
{
	struct scene s;

	(void)state;
	needs_checks();
	s = scene_of("linux-6.15,vma_lock=none");
	meanwhile("file_fault.mapped", try_while_locked, &s);	/* with the folio locked */
	assert_int_equal(do_user_addr_fault(s.mm, SHARED_AT, FAULT_FLAG_WRITE), 0);
	assert_int_equal(meanwhile_ran(), 1);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_beyond_goes_from_everywhere, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_hole_is_zero_in_memory_and_on_the_device, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(it_refuses_what_cannot_be, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(shared_alone_and_private_copies_stay, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_truncation_meanwhile_ends_in_sigbus, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(faults_meanwhile_leave_nothing, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(under_the_vma_lock_nothing_is_waited_for, world_up_with_words,
						world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
