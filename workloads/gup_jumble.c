/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_jumble.c - a few pages pinned for reading and writing, while others fork, share, drop, protect and write to them:
 * so that pins meet every operation that could free their page, or share it.
 */
#include "workloads/lib/space.h"

#include <errno.h>
#include <sys/mman.h>

#define PAGES	4ul	/* the last half may be dropped */
#define RW	(PROT_READ | PROT_WRITE)

enum { PINNER, FORKER, SHARER, WRITER };

/* (A) what became of each page; see oracle/pins.h */
static struct unmap_count unmaps[PAGES];

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	static const unsigned int last[] = { FORKER, SHARER, WRITER };

	return threads - index <= ARRAY_SIZE(last) ? last[threads - index - 1] : PINNER;
}

static int setup(struct workload_run *run)
{
	return space_open(run, 1, PAGES);
}

static unsigned long any_page(struct worker *worker)
{
	return rng_below(&worker->rng, PAGES);
}

static unsigned long page_addr(struct worker *worker, unsigned long page)
{
	return space_region(space_of(worker), 0) + (page << PAGE_SHIFT);
}

/* An array without elements stays as it is. */
static int64_t pin_nothing(struct worker *worker)
{
	struct space *space = space_of(worker);
	struct page *behind = NULL;
	long got = pin_user_pages_fast(space->mm, page_addr(worker, any_page(worker)), 0, FOLL_FAST_ONLY, &behind);

	return got || behind ? space_fail(space, -EUCLEAN, "%ld of 0 pages were pinned", got) : 1;
}

static int64_t pin_one(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long page = any_page(worker);
	struct pin_check check = { .mm = space->mm, .addr = page_addr(worker, page),
				   .slot = min(worker->role_index, PIN_SLOTS), .unmaps = &unmaps[page] };
	unsigned int flags = rng_below(&worker->rng, 3) ? FOLL_WRITE : FOLL_LONGTERM;
	char why[256];
	long got = checked_pin(&check, flags);

	if (got < 0 && got != -EFAULT)	/* the right to write may be gone for a while */
		return space_fail(space, (int)got, "the page at %#lx could not be pinned", check.addr);
	if (got != 1)
		return 1;
	if (flags & FOLL_WRITE)
		checked_write(&check);
	return checked_unpin(&check, why, sizeof(why)) ? 1 : space_fail(space, -EUCLEAN, "%s", why);
}

static int64_t pin(struct worker *worker)
{
	return rng_below(&worker->rng, 64) ? pin_one(worker) : pin_nothing(worker);
}

static int64_t fork_look_exit(struct worker *worker)
{
	struct space *space = space_of(worker);
	struct mm_struct *child;
	int err = sys_fork(space->mm, &child);
	char why[256];
	uint64_t now;

	if (err)
		return space_fail(space, err, "fork failed");
	now = pin_clock();
	user_access(child, page_addr(worker, any_page(worker)), FAULT_FLAG_WRITE);
	if (!pin_check_child(child, page_addr(worker, 0), page_addr(worker, PAGES), now, why, sizeof(why)))
		err = space_fail(space, -EUCLEAN, "%s", why);
	mm_exit(child);
	return err ? err : 1;
}

/* No worker writes to a shared page, until the next write fault makes it exclusive to one. */
static int64_t share(struct worker *worker)
{
	struct page *page;
	uint64_t held;
	int err = 0;

	if (share_page(space_mm(worker), page_addr(worker, any_page(worker)), &page))
		return 1;
	for (unsigned int i = 0; !err && i < PIN_SLOTS && machine.payload; i++) {
		const uint64_t *word = (const uint64_t *)page_payload(page) + i;

		held = load_acquire(word);
		SYNCPOINT("gup_jumble.shared");
		if (load_acquire(word) != held)
			err = space_fail(space_of(worker), -EUCLEAN, "a page was written to while it was shared");
	}
	put_page(page);
	return err ? err : 1;
}

static void drop(struct worker *worker)
{
	unsigned long page = PAGES / 2 + rng_below(&worker->rng, PAGES / 2);

	unmap_begin(&unmaps[page]);
	sys_madvise(space_mm(worker), page_addr(worker, page), PAGE_SIZE, MADV_DONTNEED);
	unmap_end(&unmaps[page]);
}

static int64_t change(struct worker *worker)
{
	struct mm_struct *mm = space_mm(worker);
	unsigned long addr = page_addr(worker, any_page(worker));

	switch (rng_below(&worker->rng, 8)) {
	case 0:
		drop(worker);
		break;
	case 1:
		sys_mprotect(mm, addr, PAGE_SIZE, PROT_READ);
		sys_mprotect(mm, addr, PAGE_SIZE, RW);
		break;
	default:
		user_access(mm, addr, FAULT_FLAG_WRITE);
		break;
	}
	return 1;
}

WORKLOAD(gup_jumble,
	.what = "pins for reading and writing; the last three workers: fork and exit, share pages, drop, protect and "
		"write",
	.item = "operation",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 4,
	.nr_roles = 4,
	.roles = { [PINNER] = { "pinner", pin, NULL }, [FORKER] = { "forker", fork_look_exit, NULL },
		   [SHARER] = { "sharer", share, NULL }, [WRITER] = { "writer", change, NULL } },
	.role_of = role_of,
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
