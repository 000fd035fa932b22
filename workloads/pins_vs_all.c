/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pins_vs_all.c - a few pages that all workers share: written through pins and through faults, migrated, swapped out,
 * put into a huge page and split from it, and shared with children, all at once.
 *
 * Each writer has a word of its own in every page, and writes it in every way there is. What it wrote last it finds:
 * through a pin, and at the address after the unpin, whatever frame the page has moved to meanwhile.
 */
#include "workloads/lib/space.h"

#include <errno.h>
#include <stdlib.h>

#include "workloads/lib/contents.h"
#include "workloads/lib/process.h"

#define PAGES	16ul
#define REGION	(THP_POSSIBLE ? HPAGE_PMD_NR : PAGES)	/* pages: the first PAGES of a huge page, where there is one */
#define WORDS	(CACHE_LINE / sizeof(uint64_t))	/* of a page's payload; writers beyond have none, and are not checked */

enum { PINNER, WRITER, MIGRATOR, SWAPPER, COLLAPSER, FORKER, NR_ROLES };

static int open_pages(struct workload_run *run)
{
	int err = space_open(run, 1, REGION);

	if (err)
		return err;
	err = swap_on(4 * PAGES);
	if (err)
		space_close(run);
	return err;
}

static void close_pages(struct workload_run *run)
{
	space_close(run);
	BUG_ON(swap_off());
}

/* What the worker wrote last, page by page. */
static int enter(struct worker *worker)
{
	worker->data = calloc(PAGES, sizeof(uint64_t));
	return worker->data ? 0 : -ENOMEM;
}

static void leave(struct worker *worker)
{
	free(worker->data);
	worker->data = NULL;
}

static unsigned long page_addr(struct worker *worker, unsigned long page)
{
	return space_region(space_of(worker), 0) + (page << PAGE_SHIFT);
}

static bool has_word(const struct worker *worker)
{
	return worker->index < WORDS && machine.payload >= CACHE_LINE;
}

/* (T) one page as one worker sees it */
struct look {
	struct worker *worker;
	unsigned long page;
	bool write;
};

/*
 * The word holds what was written last; a @write counts it up. Locking: a pin, or the PTL of an entry that allows it.
 */
static int look_at(struct page *page, unsigned long addr, void *arg)
{
	const struct look *look = arg;
	uint64_t *last = (uint64_t *)look->worker->data + look->page, *word, now;

	if (!has_word(look->worker))
		return 0;
	word = (uint64_t *)page_payload(page) + look->worker->index;
	now = load_relaxed(word);
	if (now != *last)
		return space_fail(space_of(look->worker), -EUCLEAN,
				  "the page at %#lx holds %lu of worker %u, which wrote %lu", addr, (unsigned long)now,
				  look->worker->index, (unsigned long)*last);
	if (look->write)
		store_relaxed(word, ++*last);
	return 0;
}

/* As a program does it: a fault for as long as the entry does not allow it. */
static int access_word(struct look *look)
{
	struct mm_struct *mm = space_mm(look->worker);
	unsigned long addr = page_addr(look->worker, look->page);
	int err;

	for (;;) {
		err = look->write ? access_payload_to_write(mm, addr, look_at, look) :
				    access_payload(mm, addr, look_at, look);
		if (err != -ENOENT && err != -EAGAIN)
			return err;
		err = space_fault(space_of(look->worker), mm, addr, look->write ? FAULT_FLAG_WRITE : 0);
		if (err)
			return err;
	}
}

static int64_t pin(struct worker *worker)
{
	struct look look = { worker, rng_below(&worker->rng, PAGES), true };
	unsigned long addr = page_addr(worker, look.page);
	unsigned int flags = FOLL_WRITE | (rng_below(&worker->rng, 4) ? 0 : FOLL_LONGTERM);
	struct page *page;
	long got = pin_user_pages_fast(space_mm(worker), addr, 1, flags, &page);
	int err;

	if (got != 1)
		return space_fail(space_of(worker), got < 0 ? (int)got : -EFAULT,
				  "the page at %#lx could not be pinned", addr);
	err = look_at(page, addr, &look);
	SYNCPOINT("pins_vs_all.pinned");
	if (!err)
		err = look_at(page, addr, &look);
	unpin_user_page(page);
	look.write = false;
	if (!err)
		err = access_word(&look);
	return err ? err : 1;
}

static int64_t write_page(struct worker *worker)
{
	struct look look = { worker, rng_below(&worker->rng, PAGES), true };
	int err = access_word(&look);

	return err ? err : 1;
}

static int64_t migrate(struct worker *worker)
{
	unsigned long addr = page_addr(worker, rng_below(&worker->rng, PAGES / 2));
	struct folio_batch batch = { .next = addr };
	unsigned int nid = (unsigned int)rng_below(&worker->rng, machine.nr_nodes);

	migrate_next_batch(space_mm(worker), &batch, addr + PAGES / 2 * PAGE_SIZE, false);
	for (unsigned int i = 0; i < batch.nr; i++)
		migrate_folio(batch.folios[i], nid);
	return 1;
}

static void page_out(struct worker *worker, struct mm_struct *mm)
{
	unsigned long addr = page_addr(worker, rng_below(&worker->rng, PAGES));

	mmap_read_lock(mm);
	reclaim_range(vma_lookup(mm, addr), addr, addr + PAGE_SIZE);
	mmap_read_unlock(mm);
}

static int64_t swap(struct worker *worker)
{
	page_out(worker, space_mm(worker));
	return 1;
}

/* A page that no writer has is dropped: the leaf is split, and its huge page can be swapped out and migrated again. */
static int64_t collapse(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long addr = page_addr(worker, 0);
	int err = THP_POSSIBLE ? sys_madvise(space->mm, addr, PMD_SIZE, MADV_COLLAPSE) : 0;

	if (err && err != -EAGAIN && err != -EINVAL)	/* pinned or swapped out meanwhile; nothing is mapped there */
		return space_fail(space, err, "MADV_COLLAPSE at %#lx failed", addr);
	if (!THP_POSSIBLE || rng_below(&worker->rng, 2))
		return 1;
	addr = page_addr(worker, PAGES + rng_below(&worker->rng, REGION - PAGES));
	err = sys_madvise(space->mm, addr, PAGE_SIZE, MADV_DONTNEED);
	return err ? space_fail(space, err, "MADV_DONTNEED at %#lx failed", addr) : 1;
}

/* The child shares what is not pinned, gets a page of its own by a write, and swaps out one that both have. */
static int64_t fork_and_exit(struct worker *worker)
{
	struct mm_struct *child = process_fork(worker);
	int err;

	if (!child)
		return load_relaxed(&space_of(worker)->error);
	err = space_fault(space_of(worker), child, page_addr(worker, rng_below(&worker->rng, PAGES)), FAULT_FLAG_WRITE);
	page_out(worker, child);
	mm_exit(child);
	return err ? err : 1;
}

WORKLOAD(pins_vs_all,
	.what = "workers in turn: write through pins, write by faults, migrate, swap out, collapse, fork and exit, "
		"over the same few pages",
	.item = "operation",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = NR_ROLES,
	.nr_roles = NR_ROLES,
	.roles = { [PINNER] = { "pinner", pin, NULL }, [WRITER] = { "writer", write_page, NULL },
		   [MIGRATOR] = { "migrator", migrate, NULL }, [SWAPPER] = { "swapper", swap, NULL },
		   [COLLAPSER] = { "collapser", collapse, NULL }, [FORKER] = { "forker", fork_and_exit, NULL } },
	.setup = open_pages,
	.worker_setup = enter,
	.worker_teardown = leave,
	.check = space_check,
	.teardown = close_pages)
