/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shared_area.c - areas whose owners write to them while others take their pages away. */
#include "workloads/lib/shared_area.h"

#include <errno.h>
#include <stdlib.h>

#include "workloads/lib/gup_pages.h"

#define PARTS	(AREA_PAGES / AREA_PART)

/* Workers are owners and takers in turn. */
static unsigned int nr_owners(const struct workload_run *run)
{
	return (run->threads + 1) / 2;
}

int area_open(struct workload_run *run)
{
	return gup_open_regions(run, nr_owners(run), AREA_PAGES);
}

int area_open_swap(struct workload_run *run)
{
	struct space *space;
	int err = area_open(run);

	if (err)
		return err;
	space = run->data;
	err = swap_on(space->nr * AREA_PAGES);
	if (err)
		space_close(run);
	return err;
}

void area_close_swap(struct workload_run *run)
{
	space_close(run);
	BUG_ON(swap_off());
}

int area_enter(struct worker *worker)
{
	if (worker->role != OWNER)
		return 0;
	worker->data = calloc(PARTS, sizeof(uint64_t));
	return worker->data ? 0 : -ENOMEM;
}

void area_leave(struct worker *worker)
{
	free(worker->data);
	worker->data = NULL;
}

static struct area_part part_of(const struct worker *worker, unsigned int region, unsigned long part)
{
	unsigned long start = space_region(space_of(worker), region) + part * AREA_PART * PAGE_SIZE;

	return (struct area_part){ 2 * region, start, start + AREA_PART * PAGE_SIZE };
}

struct area_part area_any(struct worker *worker)
{
	return part_of(worker, (unsigned int)rng_below(&worker->rng, nr_owners(worker->run)),
		       rng_below(&worker->rng, PARTS));
}

struct area_part area_own(struct worker *worker)
{
	return part_of(worker, worker->role_index, rng_below(&worker->rng, PARTS));
}

int64_t area_write(struct worker *worker)
{
	struct area_part part = area_own(worker);
	unsigned long i = (part.start - space_region(space_of(worker), worker->role_index)) / (part.end - part.start);
	uint64_t *when = worker->data;
	int err = process_expect(worker, space_mm(worker), part.start, AREA_PART, when[i]);

	when[i] = (when[i] + 1) & 0xffff;
	return err ? err : process_write(worker, space_mm(worker), part.start, AREA_PART, when[i]);
}

int64_t area_migrate(struct worker *worker, struct area_part part)
{
	struct folio_batch batch = { .next = part.start };
	struct mm_struct *mm = space_mm(worker);
	int64_t moved = 0;
	bool more = true;

	while (more && !load_relaxed(&space_of(worker)->error)) {
		mmap_read_lock(mm);
		more = folio_batch_fill(&batch, vma_lookup(mm, part.start), part.end);
		mmap_read_unlock(mm);
		for (unsigned int i = 0; i < batch.nr; i++) {
			int64_t pages = (int64_t)folio_nr_pages(batch.folios[i]);
			unsigned int nid = (unsigned int)rng_below(&worker->rng, machine.nr_nodes);

			moved += migrate_folio(batch.folios[i], nid) ? 0 : pages;
		}
	}
	return moved;
}

int64_t area_page_out(struct mm_struct *mm, struct area_part part)
{
	struct vm_area_struct *vma;
	int64_t done;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, part.start);
	done = (int64_t)reclaim_range(vma, part.start, part.end);
	mmap_read_unlock(mm);
	return done;
}
