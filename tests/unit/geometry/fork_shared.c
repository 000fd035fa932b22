/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork_shared: what a shared mapping maps is copied as it is: fork takes no rights from it, on either side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/op/fork.h"
#include "core/op/madvise.h"
#include "core/op/mkclean.h"
#include "tests/lib/scene/file_scene.h"

#define PAGE(n)	((unsigned long)(n) * PAGE_SIZE)

/*
 * Row: L8. A guard has fork copy the entries of a shared mapping. Those of a private one beside it lose the right to
 * write.
 */
static void shared_entries_stay_writable(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file), *child;
	uint64_t faults;
	pte_t pte;

	(void)state;
	store_word(mm, SHARED_AT, 1);
	store_word(mm, PRIVATE_AT, 2);
	BUG_ON(sys_madvise(mm, SHARED_AT + PAGE(1), PAGE_SIZE, MADV_GUARD_INSTALL));
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_true(pte_write(tree_pte(mm, SHARED_AT)));
	assert_false(pte_write(tree_pte(mm, PRIVATE_AT)) || pte_write(tree_pte(child, PRIVATE_AT)));
	pte = tree_pte(child, SHARED_AT);
	assert_true(pte_write(pte) && !pte_dirty(pte) && !pte_young(pte));
	faults = events_total(EV_FAULT_VMA_LOCK) + events_total(EV_FAULT_MMAP_LOCK);
	store_word(child, SHARED_AT, 3);
	assert_int_equal(load_word(mm, SHARED_AT), 3);
	assert_int_equal(events_total(EV_FAULT_VMA_LOCK) + events_total(EV_FAULT_MMAP_LOCK), faults);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
	file_put(file);
}

/* Row: A9. Writing the page back takes the right from both. */
static void a_child_is_cleaned_too(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file), *child;

	(void)state;
	store_word(mm, SHARED_AT, 1);
	BUG_ON(sys_madvise(mm, SHARED_AT + PAGE(1), PAGE_SIZE, MADV_GUARD_INSTALL));
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(filemap_writeback(file), 1);
	assert_false(pte_write(tree_pte(mm, SHARED_AT)) || pte_write(tree_pte(child, SHARED_AT)));
	store_word(child, SHARED_AT, 4);
	assert_int_equal(filemap_writeback(file), 1);
	assert_at_rest(mm, child);
	mm_exit(mm);
	mm_exit(child);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_entries_stay_writable),
		cmocka_unit_test(a_child_is_cleaned_too),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
