/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.c - a machine, one cpu and a policy for a test. */
#include "tests/lib/harness/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/host/rcu.h"
#include "core/pgtable/pgalloc.h"
#include "core/policy/policy.h"
#include "core/probe/detector.h"

const char *const world_policies[] = {
	"linux-2.6.14",
	"linux-2.6.15",
	"linux-3.13",
	"linux-6.4",
	"linux-6.15",
	"linux-6.19",
	"linux-6.15,pte_ptl=mm,pmd_ptl=mm,spin=futex",
	"linux-6.15,pte_ptl=mm,pmd_ptl=pmd,vma_lock=refcnt_mm",
	"linux-6.15,pte_ptl=pmd,pmd_ptl=mm,vma_lock=none",
	"linux-6.15,pte_ptl=pmd,pmd_ptl=pmd,vma_lock=rwsem,tables=shootdown",
	"linux-6.15,pte_ptl=pte,pmd_ptl=mm,spin=ticket,downgrade=off",
};
const unsigned int nr_world_policies = ARRAY_SIZE(world_policies);

/* Frames withheld from the allocator, linked by pt_next: in blocks of a table's size, and the remainder. */
static struct page *taken_tables, *taken_singles;

void world_start(unsigned long frames, unsigned int payload)
{
	world_start_nodes(1, frames, payload);
}

void world_start_nodes(unsigned int nodes, unsigned long frames, unsigned int payload)
{
	const struct machine_config config = { nodes, frames, payload };

	BUG_ON(faultline_start(&config));
	BUG_ON(cpu_register(0, MEM_LOCAL, test_seed()));
}

bool world_stop(void)
{
	struct leaks leaks;
	unsigned long faults;

	rcu_barrier();
	faults = detectors_at_end(stderr);
	frame_drain_cpu();
	leaks = faultline_stop();
	cpu_unregister();
	if (!leaks.frames && !leaks.vmas && !leaks.anon_vmas && !leaks.slots && !leaks.committed &&
	    !leaks.bytes)
		return !faults;
	fprintf(stderr, "leaked: %lu frames, %lu VMAs, %lu anon_vmas and chains, %lu swap slots, %lu accounted pages, "
		"%zu bytes\n",
		leaks.frames, leaks.vmas, leaks.anon_vmas, leaks.slots, leaks.committed, leaks.bytes);
	return false;
}

int world_up(void **state)
{
	(void)state;
	world_start(16384, 0);
	return 0;
}

int world_up_with_words(void **state)
{
	(void)state;
	world_start(16384, CACHE_LINE);
	return 0;
}

static void exit_with_failure(void)
{
	fflush(NULL);
	_exit(EXIT_FAILURE);
}

int teardown(bool clean)
{
	static bool failed;

	if (clean)
		return 0;
	if (!failed)
		BUG_ON(atexit(exit_with_failure));
	failed = true;
	return -1;
}

int world_down(void **state)
{
	(void)state;
	return teardown(world_stop());
}

unsigned int test_rounds(unsigned int n)
{
	const char *scale = getenv("FAULTLINE_TEST_SCALE");
	double rounds = (FAULTLINE_PLAIN_ALLOC ? n / 8.0 : n) * (scale ? strtod(scale, NULL) : 1.0);

	return rounds < 1.0 ? 1 : (unsigned int)rounds;
}

uint64_t test_seed(void)
{
	const char *seed = getenv("FAULTLINE_TEST_SEED");

	return seed ? strtoull(seed, NULL, 0) : 1;
}

struct mm_policy world_policy(const char *text)
{
	struct mm_policy policy;
	char why[128];

	if (policy_parse(text, &policy, why, sizeof(why)))
		BUG("%s", why);
	return policy;
}

struct mm_struct *world_mm(const char *policy)
{
	struct mm_policy parsed = world_policy(policy);
	struct mm_struct *mm = mm_create(&parsed);

	BUG_ON(!mm);
	return mm;
}

/* Takes every block of @order there is. */
static void grab(unsigned int order, struct page **list)
{
	struct page *page;

	while ((page = alloc_pages(order, PAGE_USED))) {
		page->pt_next = *list;
		*list = page;
	}
}

static bool give_one(struct page **list)
{
	struct page *page = *list;

	if (!page)
		return false;
	*list = page->pt_next;
	free_pages(page, load_relaxed(&page->order));
	return true;
}

void world_take_frames(unsigned long left)
{
	rcu_barrier();
	grab(TABLE_ORDER, &taken_tables);
	grab(0, &taken_singles);
	for (left >>= TABLE_ORDER; left; left--)
		BUG_ON(!give_one(&taken_tables));
}

void world_give_frames(void)
{
	while (give_one(&taken_singles) || give_one(&taken_tables))
		;
}
