/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_huge_scene.h - an mm with an anonymous huge page, each page of which has a word, and two nodes. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_MIGRATE_HUGE_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_MIGRATE_HUGE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/fork.h"
#include "tests/lib/scene/migrator_scene.h"
#include "tests/lib/scene/thp_scene.h"

#define WORD(i)	(1000ul + (i))

static struct mm_struct *mm;	/* with a huge page at AREA */
static struct mm_struct *child;	/* NULL: none */

static inline int up(void **state)
{
	(void)state;
	BUG_ON(faultline_start(&(struct machine_config){ 2, 8192, CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	return 0;
}

/* Every page has a word of its own. */
static inline void begin(void)
{
	mm = mm_with_area(THP_POLICY);
	child = NULL;
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE) || !is_huge(mm, AREA));
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		*(uint64_t *)page_payload(folio_page(huge_folio(mm, AREA), i)) = WORD(i);
}

static inline void finish(void)
{
	if (child) {
		assert_at_rest(mm, child);
		mm_exit(child);
	}
	assert_at_rest(mm);
	mm_exit(mm);
}

static inline struct test_threads *begin_migrator(void)
{
	struct folio *folio = huge_folio(mm, AREA);

	folio_get(folio);
	return start_migrator_of(folio);
}

static inline long anon(struct mm_struct *of)
{
	return mm_counter_sum(&of->pt, MM_ANONPAGES);
}

static inline bool exclusive(void)
{
	return PageAnonExclusive(pmd_page(leaf_at(mm, AREA)));
}

/* Each of @of's pages from @addr on has its word, if it is mapped: @nr are. */
static inline void check_words(struct mm_struct *of, unsigned long addr, unsigned long nr)
{
	unsigned long found = 0;

	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++) {
		pte_t pte = is_huge(of, addr) ? __pte(0) : tree_pte(of, addr + PAGE(i));
		struct page *page = NULL;

		if (is_huge(of, addr))
			page = pmd_page(leaf_at(of, addr)) + i;
		else if (pte_present(pte) && !pte_special(pte))
			page = pte_page(pte);
		if (page)
			assert_int_equal(*(uint64_t *)page_payload(page), WORD(i));
		found += page != NULL;
	}
	assert_int_equal(found, nr);
}

#define up_and_down(test)	cmocka_unit_test_setup_teardown(test, up, world_down)

#endif
