/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma_churn.c - the anon_vmas of one family of processes made, taken away and looked up.
 *
 * Children are forked from a parent of four pages, or from each other, and each writes to one page, which from then on
 * belongs to an anon_vma of its own. Unlinkers end them, and the anon_vmas with them. A lookup holds only a reference
 * to such a page, mapped or not, as reclaim does. Processes and pages are in slots: a worker that takes one out of its
 * slot owns it.
 */
#include "workloads/lib/process.h"

#include <errno.h>

#include "workloads/lib/contents.h"

#define PARENT_PAGES	4ul
#define CHILDREN	64	/* slots */
#define FOLIOS		64	/* slots */
#define OP_FORKS	16
#define OP_LOOKUPS	10000	/* about as long as the forks */

enum { CLONE, UNLINK, LOOKUP };

/* (A) all of it: by exchange */
static struct mm_struct *children[CHILDREN];
static struct folio *folios[FOLIOS];

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	if (index == threads - 1)
		return LOOKUP;
	return index == threads - 2 ? UNLINK : CLONE;
}

/* ---- slots ---- */

static struct mm_struct *take_child(struct worker *worker)
{
	return xchg_acq_rel(&children[rng_below(&worker->rng, CHILDREN)], NULL);
}

/* Puts @child, or nothing, into a slot; who stood there ends. */
static void put_child(struct worker *worker, struct mm_struct *child)
{
	struct mm_struct *old = xchg_acq_rel(&children[rng_below(&worker->rng, CHILDREN)], child);

	if (old)
		mm_exit(old);
}

static void put_folio(struct worker *worker, struct folio *folio)
{
	struct folio *old = xchg_acq_rel(&folios[rng_below(&worker->rng, FOLIOS)], folio);

	if (old)
		folio_put(old);
}

static void empty_folio_slots(void)
{
	for (unsigned int i = 0; i < FOLIOS; i++) {
		if (folios[i])
			folio_put(folios[i]);
		folios[i] = NULL;
	}
}

/* ---- roles ---- */

static int hold_folio(struct page *page, unsigned long addr, void *arg)
{
	struct folio **folio = arg;

	(void)addr;
	*folio = page_folio(page);
	folio_get(*folio);
	return 0;
}

/* A child of the parent, or of a child, which writes to one page. */
static int clone_one(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long addr = space_region(space, 0) + (rng_below(&worker->rng, PARENT_PAGES) << PAGE_SHIFT);
	struct mm_struct *child = NULL, *parent = rng_below(&worker->rng, 4) ? NULL : take_child(worker);
	struct folio *folio = NULL;
	int err = sys_fork(parent ? parent : space->mm, &child);

	if (parent)
		put_child(worker, parent);
	if (err)
		return space_fail(space, err, "fork failed: %d", err);
	if (process_write(worker, child, addr, 1, 1) < 0) {
		mm_exit(child);
		return space->error;
	}
	if (!access_payload(child, addr, hold_folio, &folio))
		put_folio(worker, folio);
	put_child(worker, child);
	return 0;
}

static int64_t clone_some(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned int i = 0; !err && i < OP_FORKS; i++)
		err = clone_one(worker);
	return err ? err : OP_FORKS;
}

/* Goes on until it has met as many as a cloner makes in an op, or has looked in vain at as many slots as there are. */
static int64_t unlink_some(struct worker *worker)
{
	int64_t ended = 0;

	for (unsigned int tries = 0; tries < CHILDREN && ended < OP_FORKS; tries++) {
		struct mm_struct *child = take_child(worker);

		if (!child) {
			yield_core();	/* to the cloners */
			continue;
		}
		mm_exit(child);
		ended++;
	}
	return ended;
}

/*
 * While @folio is mapped, and its anon_vma locked, some VMA of it has the folio's place. Locking: the anon_vma's lock.
 */
static int expect_linked(struct worker *worker, struct folio *folio, struct anon_vma *anon_vma)
{
	unsigned long index = folio->page.index;
	bool mapped = folio_mapped(folio);

	if (anon_vma_interval_tree_iter_first(&anon_vma->tree, index, index) || !mapped)
		return 0;
	return space_fail(space_of(worker), -EUCLEAN, "pfn %lu is mapped, and its anon_vma has no VMA there",
			  folio_pfn(folio));
}

static int look_up(struct worker *worker, struct folio *folio)
{
	struct anon_vma *anon_vma;
	int err = 0;

	if (rng_below(&worker->rng, 8) == 0) {
		anon_vma = folio_get_anon_vma(folio);
		if (anon_vma)
			put_anon_vma(anon_vma);
		return 0;
	}
	anon_vma = folio_lock_anon_vma_read(folio, NULL);
	if (!anon_vma)
		return 0;
	if (worker->run->checking)
		err = expect_linked(worker, folio, anon_vma);
	anon_vma_unlock_read(anon_vma);
	return err;
}

static int64_t look_up_some(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned int i = 0; !err && i < OP_LOOKUPS; i++) {
		struct folio *folio = xchg_acq_rel(&folios[rng_below(&worker->rng, FOLIOS)], NULL);

		if (!folio)
			continue;
		err = look_up(worker, folio);
		put_folio(worker, folio);
	}
	return err ? err : OP_LOOKUPS;
}

/* ---- a run ---- */

static void close_all(struct workload_run *run)
{
	for (unsigned int i = 0; i < CHILDREN; i++) {
		if (children[i])
			mm_exit(children[i]);
		children[i] = NULL;
	}
	empty_folio_slots();
	space_close(run);
}

/* Every slot has a child, of one generation. */
static int setup(struct workload_run *run)
{
	struct worker first = { .run = run };
	int err = space_open(run, 1, PARENT_PAGES);

	if (err)
		return err;
	if (process_write(&first, space_of(&first)->mm, space_region(run->data, 0), PARENT_PAGES, 1) < 0)
		err = ((struct space *)run->data)->error;
	for (unsigned int i = 0; !err && i < CHILDREN; i++)
		err = sys_fork(space_of(&first)->mm, &children[i]);
	if (err)
		close_all(run);
	return err;
}

/* The processes that are left, and the parent; no other process holds the pages. */
static int check(struct workload_run *run)
{
	struct space *space = run->data;
	struct mm_struct *mms[CHILDREN + 1];
	unsigned int nr = 0;
	char why[256];

	empty_folio_slots();
	rcu_barrier();
	mms[nr++] = space->mm;
	for (unsigned int i = 0; i < CHILDREN; i++)
		if (children[i])
			mms[nr++] = children[i];
	if (!oracle_at_rest(mms, nr, why, sizeof(why)))
		return space_fail(space, -EUCLEAN, "%s", why);
	return space->error;
}

WORKLOAD(anon_vma_churn,
	.what = "one family: some fork a small process that writes to a page, one ends them, the last: from such pages "
		"to their anon_vmas",
	.item = "anon_vma",
	.min_threads = 3,
	.nr_roles = 3,
	.roles = { [CLONE] = { "cloner", clone_some, NULL }, [UNLINK] = { "unlinker", unlink_some, NULL },
		   [LOOKUP] = { "looker", look_up_some, NULL } },
	.role_of = role_of,
	.setup = setup,
	.check = check,
	.teardown = close_all)
