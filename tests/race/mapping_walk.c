/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapping_walk.c - walks by file, which hold no lock of the mm, beside mprotect, mremap, madvise and faults in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/i_mmap.h"
#include "core/mm/pagewalk.h"
#include "core/op/mremap.h"
#include "core/op/protect.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"

#define AWAY	(SHARED_AT + PGDIR_SIZE)

static struct file *file;
static struct mm_struct *mm;
static unsigned int walking;		/* (A) walkers left */
static uint64_t met;			/* (A) entries */

static int count_entry(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	if (pte_present(ptep_get(ptep)))
		fetch_add_relaxed(&met, 1u);
	return 0;
}

static void walk_by_file(void)
{
	static const struct mm_walk_ops ops = { .pte_entry = count_entry };

	for (unsigned int i = 0; i < test_rounds(20000); i++) {
		i_mmap_lock_read(&file->mapping);
		BUG_ON(walk_page_mapping(&file->mapping, 0, FILE_PAGES, &ops, NULL));
		i_mmap_unlock_read(&file->mapping);
		rcu_quiescent();
	}
	fetch_sub_release(&walking, 1u);
}

static void change_the_vma(void)
{
	const unsigned long len = FILE_PAGES * PAGE_SIZE;

	while (load_acquire(&walking)) {
		BUG_ON(sys_mprotect(mm, SHARED_AT, len, PROT_READ));
		BUG_ON(sys_mprotect(mm, SHARED_AT, PAGE_SIZE, PROT_READ | PROT_WRITE));
		BUG_ON(sys_mprotect(mm, SHARED_AT, len, PROT_READ | PROT_WRITE));
		BUG_ON(sys_madvise(mm, SHARED_AT, PAGE_SIZE, MADV_NOHUGEPAGE));
		BUG_ON(sys_madvise(mm, SHARED_AT, PAGE_SIZE, MADV_HUGEPAGE));
		BUG_ON(sys_mremap(mm, SHARED_AT, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, AWAY) != (long)AWAY);
		BUG_ON(sys_mremap(mm, AWAY, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, SHARED_AT) != (long)SHARED_AT);
		BUG_ON(do_user_addr_fault(mm, SHARED_AT, FAULT_FLAG_WRITE));
		rcu_quiescent();
	}
}

static void one_side(void *arg, unsigned int index)
{
	(void)arg;
	if (index)
		walk_by_file();
	else
		change_the_vma();
	frame_drain_cpu();
}

static void a_walk_by_file_reads_what_may_change(void **state)
{
	(void)state;
	file = scene_file();
	mm = file_mm("linux-6.15", file);
	assert_int_equal(load_word(mm, PRIVATE_AT), load_word(mm, SHARED_AT));
	store_relaxed(&walking, 2u);
	threads_run(3, one_side, NULL);
	assert_true(load_relaxed(&met) > 0);
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_walk_by_file_reads_what_may_change, world_up_with_words, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
