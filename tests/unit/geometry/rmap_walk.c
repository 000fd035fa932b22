/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap_walk.c - walks from a page to all entries that map it: after fork, copies, splits, merges, unmaps; how they end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap.h"
#include "core/mm/rmap_walk.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(2 * PGDIR_SIZE)
#define PAGES	8ul
#define LEN	(PAGES * PAGE_SIZE)
#define MAX	16u

/* Where a walk came by, in order. */
struct places {
	unsigned int nr, vmas;
	struct { struct mm_struct *mm; unsigned long addr; } at[MAX];
	unsigned int stop_after;	/* VMAs; 0: none */
	struct mm_struct *passed_over;
};

static bool note(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);
	struct places *places = arg;

	while (page_vma_mapped_walk(&pvmw)) {
		BUG_ON(places->nr == MAX);
		places->at[places->nr].mm = vma->vm_mm;
		places->at[places->nr++].addr = pvmw.address;
	}
	return ++places->vmas != places->stop_after;
}

static struct folio *folio_at(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pte_page(tree_pte(mm, addr)));
}

static struct places places_of(struct folio *folio)
{
	struct places places = { .nr = 0 };
	struct rmap_walk_control rwc = { .arg = &places, .rmap_one = note };

	folio_lock(folio);
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	assert_false(rwc.contended);
	return places;
}

static bool has(const struct places *places, const struct mm_struct *mm, unsigned long addr)
{
	for (unsigned int i = 0; i < places->nr; i++)
		if (places->at[i].mm == mm && places->at[i].addr == addr)
			return true;
	return false;
}

static struct mm_struct *mm_with_pages(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	map_at(mm, AREA, LEN, READ_WRITE);
	for (unsigned long addr = AREA; addr < AREA + LEN; addr += PAGE_SIZE)
		write_at(mm, addr);
	return mm;
}

static struct mm_struct *child_of(struct mm_struct *mm)
{
	struct mm_struct *child;

	assert_int_equal(sys_fork(mm, &child), 0);
	return child;
}

static void a_page_is_found_where_it_is(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_pages(world_policies[i]);

		for (unsigned long addr = AREA; addr < AREA + LEN; addr += PAGE_SIZE) {
			struct places places = places_of(folio_at(mm, addr));

			assert_int_equal(places.nr, 1);
			assert_true(has(&places, mm, addr));
		}
		mm_exit(mm);
	}
}

/* Up to depth 5, each from the one before; all share the page until it is written to. */
static void forks_are_found_until_they_write(void **state)
{
	struct mm_struct *mm[6] = { mm_with_pages("linux-6.15") };
	struct folio *first = folio_at(mm[0], AREA);
	struct places places;

	(void)state;
	for (unsigned int i = 1; i < 6; i++) {
		mm[i] = child_of(mm[i - 1]);
		places = places_of(first);
		assert_int_equal(places.nr, i + 1);
		for (unsigned int k = 0; k <= i; k++)
			assert_true(has(&places, mm[k], AREA));
	}
	for (unsigned int i = 5; i > 0; i--) {
		write_at(mm[i], AREA);
		assert_ptr_not_equal(folio_at(mm[i], AREA), first);
		places = places_of(folio_at(mm[i], AREA));
		assert_int_equal(places.nr, 1);
		assert_true(has(&places, mm[i], AREA));
		places = places_of(first);
		assert_int_equal(places.nr, i);
		assert_false(has(&places, mm[i], AREA));
	}
	for (unsigned int i = 0; i < 6; i++)
		mm_exit(mm[i]);
}

/* The parent goes first: its pages live on in the child, and are found there. */
static void what_a_parent_left_is_found(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15"), *child = child_of(mm);
	struct places places;

	(void)state;
	mm_exit(mm);
	places = places_of(folio_at(child, AREA + PAGE_SIZE));
	assert_int_equal(places.nr, 1);
	assert_true(has(&places, child, AREA + PAGE_SIZE));
	mm_exit(child);
}

static void splits_and_merges_lose_nothing(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15"), *child = child_of(mm);

	(void)state;
	BUG_ON(sys_mprotect(mm, AREA + 2 * PAGE_SIZE, 3 * PAGE_SIZE, PROT_READ));
	BUG_ON(sys_munmap(child, AREA + 4 * PAGE_SIZE, PAGE_SIZE));
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned long i = 0; i < PAGES; i++) {
			unsigned long addr = AREA + i * PAGE_SIZE;
			struct places places = places_of(folio_at(mm, addr));

			assert_int_equal(places.nr, i == 4 ? 1 : 2);
			assert_true(has(&places, mm, addr));
			assert_int_equal(has(&places, child, addr), i != 4);
		}
		BUG_ON(sys_mprotect(mm, AREA, LEN, READ_WRITE));
		assert_int_equal(mm->map_count, 1);
	}
	mm_exit(child);
	mm_exit(mm);
}

static void what_is_mapped_no_more_is_not_found(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15");
	struct folio *folio = folio_at(mm, AREA), *other = folio_at(mm, AREA + PAGE_SIZE);

	(void)state;
	folio_get(folio);
	folio_get(other);
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
	assert_int_equal(places_of(folio).nr, 0);
	mm_exit(mm);	/* its anon_vma goes as well */
	rcu_barrier();
	assert_int_equal(places_of(other).nr, 0);
	folio_put(folio);
	folio_put(other);
}

/* ---- how a walk begins and ends ---- */

static bool ends(struct folio *folio)
{
	(void)folio;
	return true;
}

static bool passes_over(struct vm_area_struct *vma, void *arg)
{
	return vma->vm_mm == ((struct places *)arg)->passed_over;
}

/* Row: A8. */
static void callbacks_steer_it(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15"), *child = child_of(mm), *second = child_of(mm);
	struct folio *folio = folio_at(mm, AREA);
	struct places places = { .passed_over = child };
	struct rmap_walk_control rwc = { .arg = &places, .rmap_one = note, .invalid_vma = passes_over };

	(void)state;
	folio_lock(folio);
	rmap_walk(folio, &rwc);
	assert_int_equal(places.nr, 2);
	assert_false(has(&places, child, AREA));
	places = (struct places){ .stop_after = 2 };
	rmap_walk(folio, &rwc);
	assert_int_equal(places.vmas, 2);
	places = (struct places){ .nr = 0 };
	rwc.done = ends;
	rmap_walk(folio, &rwc);
	assert_int_equal(places.vmas, 1);
	folio_unlock(folio);
	mm_exit(second);
	mm_exit(child);
	mm_exit(mm);
}

static unsigned int locked_itself;

static struct anon_vma *lock_itself(struct folio *folio, struct rmap_walk_control *rwc)
{
	(void)rwc;
	locked_itself++;
	anon_vma_lock_read(folio_anon_vma(folio));
	return folio_anon_vma(folio);
}

static struct anon_vma *find_none(struct folio *folio, struct rmap_walk_control *rwc)
{
	(void)folio, (void)rwc;
	return NULL;
}

/* Row: A8. */
static void the_lock_is_had_as_asked(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15");
	struct folio *folio = folio_at(mm, AREA);
	struct places places = { .nr = 0 };
	struct rmap_walk_control rwc = { .arg = &places, .rmap_one = note, .anon_lock = lock_itself };
	struct anon_vma *anon_vma = folio_anon_vma(folio);

	(void)state;
	folio_lock(folio);
	rmap_walk(folio, &rwc);
	assert_int_equal(locked_itself, 1);
	assert_int_equal(places.nr, 1);
	rwc.anon_lock = find_none;
	rmap_walk(folio, &rwc);
	assert_int_equal(places.nr, 1);
	anon_vma_lock_read(anon_vma);
	rmap_walk_locked(folio, &rwc);
	assert_int_equal(places.nr, 2);
	anon_vma_unlock_read(anon_vma);
	assert_false(rwc.contended);
	assert_false(rwsem_is_locked(&anon_vma->root->rwsem));
	if (FAULTLINE_CHECK) {
		assert_dies("should be held", rmap_walk_locked(folio, &rwc));
		folio_unlock(folio);
		assert_dies("should be held", rmap_walk(folio, &rwc));
		assert_dies("should be held", rmap_walk_locked(folio, &rwc));
		folio_lock(folio);
	}
	folio_unlock(folio);
	mm_exit(mm);
}

struct try_walk {
	struct folio *folio;
	bool contended;
	struct places places;
};

static void walk_without_waiting(void *arg, unsigned int index)
{
	struct try_walk *try_walk = arg;
	struct rmap_walk_control rwc = { .arg = &try_walk->places, .try_lock = true, .rmap_one = note };

	(void)index;
	folio_lock(try_walk->folio);
	rmap_walk(try_walk->folio, &rwc);
	folio_unlock(try_walk->folio);
	try_walk->contended = rwc.contended;
}

/* Row: A8. */
static void a_walk_that_does_not_wait_says_so(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15");
	struct try_walk try_walk = { .folio = folio_at(mm, AREA) };
	struct anon_vma *anon_vma = folio_anon_vma(try_walk.folio);

	(void)state;
	anon_vma_lock_write(anon_vma);
	threads_run(1, walk_without_waiting, &try_walk);
	anon_vma_unlock_write(anon_vma);
	assert_true(try_walk.contended);
	assert_int_equal(try_walk.places.vmas, 0);
	threads_run(1, walk_without_waiting, &try_walk);
	assert_false(try_walk.contended);
	assert_int_equal(try_walk.places.nr, 1);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_found_where_it_is),
		cmocka_unit_test(forks_are_found_until_they_write),
		cmocka_unit_test(what_a_parent_left_is_found),
		cmocka_unit_test(splits_and_merges_lose_nothing),
		cmocka_unit_test(what_is_mapped_no_more_is_not_found),
		cmocka_unit_test(callbacks_steer_it),
		cmocka_unit_test(the_lock_is_had_as_asked),
		cmocka_unit_test(a_walk_that_does_not_wait_says_so),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
