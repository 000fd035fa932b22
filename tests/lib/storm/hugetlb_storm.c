/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_storm.c - threads that fault, zap, protect, walk and fork memory of huge pages from a pool that has few. */
#include "tests/lib/storm/hugetlb_storm.h"

#include <errno.h>
#include <stdio.h>

#include "core/host/rcu.h"
#include "core/mm/pagewalk.h"
#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/op/mincore.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/threads.h"

#define SPARE		4	/* unreserved huge pages, for forks, and to replace pinned ones */

/* Bytes of a huge page. */
static unsigned long size_of(const struct hugetlb_storm *storm)
{
	return storm->giants ? PUD_SIZE : PMD_SIZE;
}

/* Of the mapping. */
static unsigned long nr_pages(const struct hugetlb_storm *storm)
{
	return storm->giants ? HUGETLB_STORM_GIANTS : HUGETLB_STORM_PAGES;
}

static unsigned long any_page(const struct hugetlb_storm *storm)
{
	return AREA + rng_below(&this_cpu->rng, nr_pages(storm)) * size_of(storm);
}

static unsigned long any_place(const struct hugetlb_storm *storm)
{
	return any_page(storm) + rng_below(&this_cpu->rng, size_of(storm) / PAGE_SIZE) * PAGE_SIZE;
}

static void touch(struct hugetlb_storm *storm, struct mm_struct *mm)
{
	vm_fault_t ret = do_user_addr_fault(mm, any_place(storm), rng_below(&this_cpu->rng, 2) ? FAULT_FLAG_WRITE : 0);

	if (ret & VM_FAULT_SIGBUS)
		fetch_add_relaxed(mm == storm->mm ? &storm->refused : &storm->forks_refused, 1ul);
	else
		BUG_ON(ret && ret != (VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS));
}

static int see_entry(pmd_t *pmdp, unsigned long hmask, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct hugetlb_storm *storm = walk->private;

	(void)addr, (void)next;
	BUG_ON(hmask != ~(size_of(storm) - 1));
	if (pmd_trans_huge(pmdp_get(pmdp)))
		fetch_add_relaxed(&storm->walked, 1ul);
	return 0;
}

static void walk(struct hugetlb_storm *storm)
{
	static const struct mm_walk_ops ops = { .hugetlb_entry = see_entry, .walk_lock = PGWALK_RDLOCK };

	mmap_read_lock(storm->mm);
	BUG_ON(walk_page_range(storm->mm, AREA, AREA + nr_pages(storm) * size_of(storm), &ops, storm));
	mmap_read_unlock(storm->mm);
}

static void protect(const struct hugetlb_storm *storm)
{
	BUG_ON(sys_mprotect(storm->mm, any_page(storm), size_of(storm),
			    rng_below(&this_cpu->rng, 3) ? READ_WRITE : PROT_READ));
}

/* A child that does a little, and goes. */
static void fork_and_exit(struct hugetlb_storm *storm)
{
	struct mm_struct *child;
	int err = sys_fork(storm->mm, &child);

	BUG_ON(err && err != -ENOMEM);
	if (err)
		return;
	for (unsigned int i = 0; i < 4; i++)
		touch(storm, child);
	mm_exit(child);
}

/* It may write through the pin: the huge page is not reused before the pin is released. */
static void pin(const struct hugetlb_storm *storm)
{
	struct page *pages[2];
	long got = pin_user_pages_fast(storm->mm, any_place(storm), 2, FOLL_WRITE, pages);

	for (long i = 0; i < got; i++)
		BUG_ON(!folio_test_hugetlb(page_folio(pages[i])) || !PageAnonExclusive(&page_folio(pages[i])->page));
	if (got > 0)
		unpin_user_pages(pages, (unsigned long)got);
}

/* All folios that are mapped, or what fits into a batch. */
static void migrate(const struct hugetlb_storm *storm)
{
	struct folio_batch batch = { .next = AREA };

	migrate_next_batch(storm->mm, &batch, AREA + nr_pages(storm) * size_of(storm), false);
	for (unsigned int i = 0; i < batch.nr; i++)
		migrate_folio(batch.folios[i], 0);
}

static void work(void *arg, unsigned int index)
{
	struct hugetlb_storm *storm = arg;

	(void)index;
	for (unsigned int i = 0; i < storm->rounds; i++) {
		switch (rng_below(&this_cpu->rng, storm->pins ? 13 : storm->forks ? 10 : 9)) {
		case 0:
			if (storm->forks && !storm->pins)
				break;	/* huge pages of a live child would not be reserved again */
			BUG_ON(sys_madvise(storm->mm, any_page(storm), size_of(storm), MADV_DONTNEED));
			break;
		case 1:
			walk(storm);
			break;
		case 2:
			protect(storm);
			break;
		case 9:
			fork_and_exit(storm);
			break;
		case 10:
		case 11:
			pin(storm);
			break;
		case 12:
			migrate(storm);
			break;
		default:
			touch(storm, storm->mm);
		}
		rcu_quiescent();
	}
	frame_drain_cpu();
}

bool hugetlb_storm(struct hugetlb_storm *storm, const char *policy, unsigned int threads, unsigned int noise)
{
	unsigned long pool = nr_pages(storm) + (!storm->pins ? 0 : storm->giants ? 1 : SPARE);
	bool right;

	storm->mm = world_mm(policy);
	(storm->giants ? gigantic_pool_of : pool_of)(pool);
	BUG_ON((storm->giants ? map_gigantic : map_huge)(storm->mm, AREA, nr_pages(storm), MAP_FIXED) != (long)AREA);
	syncpoint_noise(noise);
	threads_run(threads, work, storm);
	syncpoint_noise(0);
	right = rests(&storm->mm, 1);
	if (!right)
		fprintf(stderr, "policy %s\n", policy);
	if (!storm->pins && storm->refused) {
		fprintf(stderr, "policy %s: %lu faults were refused what was reserved for them\n", policy,
			storm->refused);
		right = false;
	}
	mm_exit(storm->mm);
	if (hugetlb_pool_resize(HPAGE_PMD_ORDER, 0)) {
		fprintf(stderr, "policy %s: the pool has lost huge pages\n", policy);
		right = false;
	}
	return right;
}
