/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirror_exit: a mirror beside the exit of its mm and after it; accesses through mirrors; cookies of snapshots. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/folio_referenced.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/mirror_scene.h"

static void look(struct page *page, void *arg)
{
	(void)page, (void)arg;
}

static int use(struct hmm_mirror *mirror, unsigned long i)
{
	return hmm_mirror_use(mirror, page_addr(i), false, look, NULL);
}

static struct mm_struct *mirrored_mm(struct hmm_mirror *mirror)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);

	assert_int_equal(hmm_mirror_create(mirror, mm, AREA, AREA + LEN), 0);
	hmm_mirror_fill(mirror, AREA, AREA + LEN);
	assert_int_equal(mirrored(mirror, 2), 2);
	return mm;
}

static bool is_empty(struct hmm_mirror *mirror)
{
	return !*hmm_mirror_entry(mirror, AREA) && !*hmm_mirror_entry(mirror, page_addr(1));
}

/* Row: H4. */
static void a_mirror_outlives_its_mm(void **state)
{
	struct hmm_mirror mirror;
	struct mm_struct *mm = mirrored_mm(&mirror);

	(void)state;
	assert_false(mirror.released);
	mm_exit(mm);
	assert_true(mirror.released && is_empty(&mirror));
	hmm_mirror_fill(&mirror, AREA, AREA + LEN);
	assert_true(is_empty(&mirror));
	assert_int_equal(mirrored(&mirror, 2), 0);
	assert_int_equal(use(&mirror, 0), -EFAULT);
	hmm_mirror_destroy(&mirror);
}

static void destroy(void *mirror)
{
	assert_true(((struct hmm_mirror *)mirror)->released && is_empty(mirror));
	hmm_mirror_destroy(mirror);
	frame_drain_cpu();
}

/* Between the release and the end of the exit, which then frees the mm. */
/* Row: H4. */
static void a_mirror_ends_beside_the_exit(void **state)
{
	struct hmm_mirror mirror;
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = mirrored_mm(&mirror);
	meanwhile("exit.released", destroy, &mirror);
	mm_exit(mm);
	assert_int_equal(meanwhile_ran(), 1);
}

static void use_in_vain(void *mirror)
{
	assert_int_equal(use(mirror, 0), -EFAULT);
	frame_drain_cpu();
}

/* The VMA is still there, and its pages are unmapped. */
/* Rows: H4, L9. */
static void a_device_does_not_fault_in_what_ends(void **state)
{
	struct hmm_mirror mirror;
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = mirrored_mm(&mirror);
	meanwhile("exit.unmapped", use_in_vain, &mirror);
	mm_exit(mm);
	assert_int_equal(meanwhile_ran(), 1);
	hmm_mirror_destroy(&mirror);
}

/* ---- accesses ---- */

static void make_old(struct mm_struct *mm, unsigned long i)
{
	pte_t *ptep = (pte_t *)tree_entry(mm->pt.pgd, LEVEL_PTE, page_addr(i));

	pte_init(ptep, pte_mkold(ptep_get(ptep)));
}

/* Rows: A9, H4. */
static void uses_of_a_mirror_are_accesses(void **state)
{
	struct hmm_mirror mirror;
	struct mm_struct *mm = mirrored_mm(&mirror);
	struct folio *folio = folio_at(mm, 0);
	unsigned long flags;

	(void)state;
	make_old(mm, 0);
	assert_int_equal(folio_referenced(folio, false, &flags), 0);
	assert_int_equal(use(&mirror, 0), 0);
	assert_int_equal(folio_referenced(folio, false, &flags), 1);
	assert_int_equal(folio_referenced(folio, false, &flags), 0);
	assert_int_equal(use(&mirror, 1), 0);
	assert_false(mmu_notifier_test_young(mm, page_addr(0)));
	assert_true(mmu_notifier_test_young(mm, page_addr(1)) && mmu_notifier_test_young(mm, page_addr(1)));
	assert_false(mmu_notifier_clear_young(mm, AREA, page_addr(1)));
	assert_true(mmu_notifier_clear_young(mm, AREA, AREA + 2 * LEN));
	assert_false(mmu_notifier_clear_flush_young(mm, AREA, AREA + LEN));
	/* No translation is dropped. */
	assert_int_equal(mirrored(&mirror, 2), 2);
	hmm_mirror_destroy(&mirror);
	assert_false(mmu_notifier_test_young(mm, AREA));
	mm_exit(mm);
}

/* ---- cookies ---- */

static void drop_first(void *mm, unsigned int index)
{
	(void)index;
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
	frame_drain_cpu();
}

/* Row: H3. */
static void a_cookie_is_valid_until_an_invalidation(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct hmm_range first, second;

	(void)state;
	assert_int_equal(mmu_notifier_register(mm), 0);
	mmap_read_lock(mm);
	assert_true(hmm_vma_range_monitor_start(&first, vma_lookup(mm, AREA), AREA, page_addr(1)));
	assert_true(hmm_vma_range_monitor_start(&second, vma_lookup(mm, AREA), page_addr(1), page_addr(2)));
	assert_true(hmm_vma_check_cookie(&first) && hmm_vma_check_cookie(&first));
	threads_run(1, drop_first, mm);
	assert_true(!hmm_vma_check_cookie(&first) && hmm_vma_check_cookie(&second));
	mmap_read_unlock(mm);
	assert_false(hmm_vma_range_monitor_end(&first));
	assert_true(hmm_vma_range_monitor_end(&second));
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_mirror_outlives_its_mm, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_mirror_ends_beside_the_exit, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_device_does_not_fault_in_what_ends, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(uses_of_a_mirror_are_accesses, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_cookie_is_valid_until_an_invalidation, swap_world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
