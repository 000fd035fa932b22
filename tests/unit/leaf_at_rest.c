/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leaf_at_rest.c - what the oracle says of huge leaves: nothing of one that is right, and of each mutant its own word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/phys/page_flags.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/leaf_scene.h"

#define AREA	(2 * PGDIR_SIZE)
#define LEN	(2 * PMD_SIZE)

/* A parent with a huge page, and one it shares with its child; @own is the first. */
struct family {
	struct mm_struct *mm[2];
	struct folio *own, *shared;
	char why[256];
};

static void begin(struct family *f)
{
	f->mm[0] = world_mm("linux-6.15");
	map_at(f->mm[0], AREA, LEN, READ_WRITE);
	f->shared = put_leaf(f->mm[0], AREA + PMD_SIZE);
	assert_int_equal(sys_fork(f->mm[0], &f->mm[1]), 0);
	f->own = put_leaf(f->mm[0], AREA);
}

static void end(struct family *f)
{
	mm_exit(f->mm[1]);
	mm_exit(f->mm[0]);
}

static bool at_rest(struct family *f)
{
	rcu_barrier();
	f->why[0] = '\0';
	return oracle_at_rest(f->mm, 2, f->why, sizeof(f->why));
}

static void is_wrong(struct family *f, const char *words)
{
	if (at_rest(f) || !strstr(f->why, words))
		fail_msg("'%s' expected, it says '%s'", words, f->why);
}

static void nothing_is_wrong(void **state)
{
	struct family f;

	(void)state;
	begin(&f);
	if (!at_rest(&f))
		fail_msg("%s", f.why);
	split_leaf(f.mm[1], AREA + PMD_SIZE);	/* by a leaf here, by PTEs there */
	if (!at_rest(&f))
		fail_msg("%s", f.why);
	end(&f);
}

/* Rows: A3, A4 */
static void entries(void **state)
{
	uint64_t *entry, *shared, val;
	struct family f;

	(void)state;
	begin(&f);
	entry = &pmdp_at(f.mm[0], AREA)->val;
	shared = &pmdp_at(f.mm[0], AREA + PMD_SIZE)->val;
	val = *entry;
	wrong_when(&f, *entry, val & ~(ENTRY_PRESENT | ENTRY_WRITE), "bad leaf");
	wrong_when(&f, *entry, val | 1UL << 58, "bad leaf");
	wrong_when(&f, *entry, val | ENTRY_SPECIAL, "deposits");	/* raw frames have none */
	wrong_when(&f, *entry,
		   pmd_mkspecial(mk_huge_pmd(&get_huge_zero_folio()->page, ENTRY_PRESENT | ENTRY_WRITE)).val,
		   "special leaf");
	wrong_when(&f, *entry, val + PAGE_SIZE, "no huge page");
	wrong_when(&f, *entry, *shared, "has index");
	wrong_when(&f, *shared, *shared | ENTRY_WRITE, "which is not exclusive");
	wrong_when(&f, vma_tree_find(&f.mm[0]->tree, AREA)->vm_flags, VM_READ, "its VMA does not");
	*entry = 0;
	wrong_when(&f, entry[LEN / PMD_SIZE], val, "as a whole");	/* beyond the VMA */
	*entry = val;
	end(&f);
}

/* Row: A3 */
static void counts(void **state)
{
	struct page *large, *holder, *table;
	struct family f;

	(void)state;
	begin(&f);
	large = folio_large(f.own);
	wrong_when(&f, large->entire_mapcount, 1, "by leaves");
	wrong_when(&f, large->large_mapcount, 1, "by leaves");
	wrong_when(&f, large->mapped_shared, true, "is marked shared");
	wrong_when(&f, f.own->page._refcount, 2, "references");
	wrong_when(&f, f.own->page._mapcount, 0, "mappings");
	wrong_when(&f, f.shared->page.flags, PG_ANON_EXCLUSIVE, "is exclusive, but 2 entries");
	wrong_when(&f, f.own->page.index, f.own->page.index + 1, "has index");
	holder = table_page(pmdp_at(f.mm[0], AREA));
	table = holder->pt_deposit;
	wrong_when(&f, holder->pt_deposit, table->pt_next, "deposits");
	wrong_when(&f, table->level, LEVEL_PMD, "is no PTE table");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_wrong),
		cmocka_unit_test(entries),
		cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
