/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bad_entry.c - entries of PMD tables that become corrupt, beside faults, zaps, walks, pins and forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>

#include "core/mm/pagewalk.h"
#include "core/mm/vma.h"
#include "core/op/fault.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/op/exit.h"
#include "core/pgtable/pgalloc.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"

#define AT	PGDIR_SIZE
#define TABLES	8u
#define LEN	(TABLES * PMD_SIZE)

static struct mm_struct *mm;
static unsigned int busy;		/* (A) threads that find entries, left */
static unsigned long planted;		/* (A) */

static int pass(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)ptep, (void)addr, (void)next, (void)walk;
	return 0;
}

static void walk(void)
{
	static const struct mm_walk_ops ops = { .pte_entry = pass };

	mmap_read_lock(mm);
	BUG_ON(walk_page_range(mm, AT, AT + LEN, &ops, NULL));
	mmap_read_unlock(mm);
}

static void fork_once(void)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(mm, &child));
	mm_exit(child);
}

/* What is not empty is no entry to plant in: its lock keeps others from populating it meanwhile. */
static void plant(struct rng *rng)
{
	static const uint64_t values[] = { ENTRY_WRITE, ENTRY_TABLE | ENTRY_SPECIAL, ENTRY_TABLE & ~ENTRY_WRITE };
	unsigned long addr = AT + rng_below(rng, TABLES) * PMD_SIZE;
	pmd_t *pmdp;

	mmap_read_lock(mm);
	pmdp = pmd_find_next(&mm->pt, &addr, AT + LEN);
	if (pmdp) {
		spinlock_t *ptl = pmd_lock(&mm->pt, pmdp);
		uint64_t none = 0;

		if (try_cmpxchg_relaxed(&pmdp->val, &none, values[rng_below(rng, ARRAY_SIZE(values))]))
			fetch_add_relaxed(&planted, 1ul);
		spin_unlock(ptl);
	}
	mmap_read_unlock(mm);
}

static void find(struct rng *rng)
{
	unsigned long table = AT + rng_below(rng, TABLES) * PMD_SIZE, addr = table + rng_below(rng, 4) * PAGE_SIZE;
	struct page *page;

	switch (rng_below(rng, 6)) {
	case 0:
		walk();
		break;
	case 1:
		if (pin_user_pages_fast(mm, addr, 1, FOLL_WRITE, &page) == 1)
			unpin_user_page(page);
		break;
	case 2:
		if (rng_below(rng, 8) == 0)
			fork_once();
		break;
	case 3:
	case 4:
		BUG_ON(sys_madvise(mm, table, PMD_SIZE, MADV_DONTNEED));
		break;
	default:
		BUG_ON(do_user_addr_fault(mm, addr, rng_below(rng, 2) ? FAULT_FLAG_WRITE : 0));
	}
}

static void plant_or_find(void *arg, unsigned int index)
{
	struct rng rng;

	(void)arg;
	rng_init(&rng, test_seed() + index);
	if (index == 0) {
		while (load_acquire(&busy)) {
			plant(&rng);
			rcu_quiescent();
		}
	} else {
		for (unsigned int i = 0; i < test_rounds(20000); i++) {
			find(&rng);
			rcu_quiescent();
		}
		fetch_sub_release(&busy, 1u);
	}
	frame_drain_cpu();
}

/* Each is reported once, by the one thread that cleared it; and no table or page is lost. */
static void every_bad_entry_is_reported_once(void **state)
{
	(void)state;
	mm = world_mm("linux-6.15,reclaim=on");
	BUG_ON(sys_mmap(mm, AT, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	BUG_ON(do_user_addr_fault(mm, AT, FAULT_FLAG_WRITE));
	store_relaxed(&busy, 4u);
	threads_run(5, plant_or_find, NULL);
	walk();
	assert_true(planted > 0);
	assert_int_equal(bad_ptes(NULL), planted);
	bad_ptes_reset();
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_bad_entry_is_reported_once, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
