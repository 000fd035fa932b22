/* SPDX-License-Identifier: GPL-2.0-or-later */
/* all_locks.c - all locks of an mm at once: each once, all of them, and none afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/all_locks.h"
#include "core/mm/anon_vma.h"
#include "core/mm/i_mmap.h"
#include "core/mm/notifier.h"
#include "core/mm/rmap_walk.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"

#define AREA	(2 * PGDIR_SIZE)
#define APART	(2 * PAGE_SIZE)		/* with a page between them that is not mapped, VMAs share no anon_vma */
#define MANY	100ul

static struct vm_area_struct *vma_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	mmap_read_unlock(mm);
	BUG_ON(!vma);
	return vma;
}

static void map_page(struct mm_struct *mm, unsigned long addr)
{
	BUG_ON(sys_mmap(mm, addr, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)addr);
	BUG_ON(do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE));
}

static struct rwsem *root_lock(struct mm_struct *mm, unsigned long addr)
{
	return anon_vma_rwsem(vma_anon_vma(vma_at(mm, addr)));
}

/*
 * A file mapped twice, both parts split, copies of some of its pages, and anonymous VMAs: one lock for the file, one
 * for each family. Row: A9.
 */
static void each_lock_is_held_once(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);
	struct rwsem *copies, *alone;
	unsigned int before;

	(void)state;
	map_page(mm, AREA);
	store_word(mm, PRIVATE_AT, 1);
	store_word(mm, PRIVATE_AT + 2 * PAGE_SIZE, 1);
	BUG_ON(sys_mprotect(mm, PRIVATE_AT + PAGE_SIZE, PAGE_SIZE, PROT_READ));
	BUG_ON(sys_mprotect(mm, SHARED_AT + PAGE_SIZE, PAGE_SIZE, PROT_READ));
	copies = root_lock(mm, PRIVATE_AT);
	alone = root_lock(mm, AREA);
	assert_ptr_equal(copies, root_lock(mm, PRIVATE_AT + 2 * PAGE_SIZE));
	assert_ptr_not_equal(copies, alone);
	for (unsigned int i = 0; i < 3; i++) {
		mmap_write_lock(mm);
		before = FAULTLINE_CHECK ? lockrank_held_count() : 0;
		mm_take_all_locks(mm);
		assert_true(rwsem_is_write_locked(&file->mapping.i_mmap_rwsem));
		assert_true(rwsem_is_write_locked(copies) && rwsem_is_write_locked(alone));
		if (FAULTLINE_CHECK)
			assert_int_equal(lockrank_held_count(), before + 4);
		mm_drop_all_locks(mm);
		assert_false(rwsem_is_locked(&file->mapping.i_mmap_rwsem));
		assert_false(rwsem_is_locked(copies) || rwsem_is_locked(alone));
		if (FAULTLINE_CHECK)
			assert_int_equal(lockrank_held_count(), before);
		mmap_write_unlock(mm);
	}
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

/* More than a thread holds otherwise. Row: A9. */
static void an_mm_of_many_vmas(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	for (unsigned long i = 0; i < MANY; i++)
		map_page(mm, AREA + i * APART);
	mmap_write_lock(mm);
	mm_take_all_locks(mm);
	for (unsigned long i = 0; i < MANY; i++) {
		struct vm_area_struct *vma = vma_lookup(mm, AREA + i * APART);

		vma_assert_write_locked(vma);
		assert_rwsem_held_write(anon_vma_rwsem(vma_anon_vma(vma)));
	}
	if (FAULTLINE_CHECK)
		assert_int_equal(lockrank_held_count(), MANY + 2);
	mm_drop_all_locks(mm);
	mmap_write_unlock(mm);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* The family of a child has its parent's lock, and locks of other families are free. Row: A9. */
static void walks_of_relatives_wait(void **state)
{
	struct mm_struct *parent = world_mm("linux-6.15"), *other = world_mm("linux-6.15"), *child;
	struct rmap_walk_control rwc = { .try_lock = true };
	struct anon_vma *anon_vma;
	struct folio *folio;

	(void)state;
	map_page(parent, AREA);
	map_page(other, AREA);
	BUG_ON(sys_fork(parent, &child));
	folio = page_folio(pte_page(tree_pte(parent, AREA)));
	mmap_write_lock(child);
	mm_take_all_locks(child);
	assert_null(folio_lock_anon_vma_read(folio, &rwc));
	assert_true(rwc.contended);
	rwc.contended = false;
	anon_vma = folio_lock_anon_vma_read(page_folio(pte_page(tree_pte(other, AREA))), &rwc);
	assert_non_null(anon_vma);
	anon_vma_unlock_read(anon_vma);
	mm_drop_all_locks(child);
	mmap_write_unlock(child);
	anon_vma = folio_lock_anon_vma_read(folio, &rwc);
	assert_non_null(anon_vma);
	anon_vma_unlock_read(anon_vma);
	assert_at_rest(parent, other, child);
	mm_exit(child);
	mm_exit(other);
	mm_exit(parent);
}

/* ---- threads that wait ---- */

static struct mm_struct *subject;
static unsigned int done;		/* step */

static void subscribe(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(mmu_notifier_register(subject));
	step_reach(&done, 1);
}

/* A walk that has found no subscriptions is over before there are any. Row: H4. */
static void the_first_subscriber_waits_for_a_walk(void **state)
{
	struct file *file = scene_file();
	struct test_threads *thread;

	(void)state;
	subject = file_mm("linux-6.15", file);
	store_relaxed(&done, 0u);
	i_mmap_lock_read(&file->mapping);
	thread = threads_start(1, subscribe, NULL);
	assert_false(step_within(&done, 1, 50));
	assert_null(load_relaxed(&subject->notifier_subscriptions));
	i_mmap_unlock_read(&file->mapping);
	threads_join(thread);
	assert_int_equal(load_acquire(&done), 1);
	assert_non_null(load_relaxed(&subject->notifier_subscriptions));
	mm_exit(subject);
	file_put(file);
}

static void take_and_drop(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	mmap_write_lock(subject);
	mm_take_all_locks(subject);
	step_reach(&done, 1);
	mm_drop_all_locks(subject);
	mmap_write_unlock(subject);
}

/* Also one that needs none of the same locks. Row: A9. */
static void a_second_taker_waits(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct test_threads *thread;

	(void)state;
	subject = world_mm("linux-6.15");
	map_page(subject, AREA);
	store_relaxed(&done, 0u);
	mmap_write_lock(mm);
	mm_take_all_locks(mm);
	thread = threads_start(1, take_and_drop, NULL);
	assert_false(step_within(&done, 1, 50));
	mm_drop_all_locks(mm);
	threads_join(thread);
	mmap_write_unlock(mm);
	mm_exit(subject);
	mm_exit(mm);
}

/* ---- the lock order ---- */

static void many_of_a_rank_need_the_outer_lock(void **state)
{
	struct rwsem outer, first, second, before;

	(void)state;
	needs_checks();
	init_rwsem(&outer, RANK_MM_ALL_LOCKS);
	init_rwsem(&first, RANK_I_MMAP_RWSEM);
	init_rwsem(&second, RANK_I_MMAP_RWSEM);
	init_rwsem(&before, RANK_VMA_LOCK);
	assert_dies("should be held for write", down_write_nest_lock(&first, &outer));
	down_write(&outer);
	down_write_nest_lock(&first, &outer);
	assert_dies("already held", down_write_nest_lock(&first, &outer));
	down_write_nest_lock(&second, &outer);
	assert_dies("is wanted while address_space.i_mmap_rwsem", down_write(&before));
	assert_int_equal(lockrank_held_count(), 3);
	assert_rwsem_held_write(&first);
	assert_rwsem_held_write(&second);
	up_write(&first);
	assert_false(lockrank_is_held(&first));
	assert_rwsem_held_write(&second);
	up_write(&second);
	up_write(&outer);
	lockrank_assert_none_held();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_lock_is_held_once, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(an_mm_of_many_vmas, world_up, world_down),
		cmocka_unit_test_setup_teardown(walks_of_relatives_wait, world_up, world_down),
		cmocka_unit_test_setup_teardown(the_first_subscriber_waits_for_a_walk, world_up, world_down),
		cmocka_unit_test_setup_teardown(a_second_taker_waits, world_up, world_down),
		cmocka_unit_test_setup_teardown(many_of_a_rank_need_the_outer_lock, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
