/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_storm.c - threads that do everything to one file and a few address spaces that map it. */
#include "core/op/memory_failure.h"
#include "tests/lib/storm/file_storm.h"

#include <stdio.h>

#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/storm/storm_stop.h"

#define MMS	2u
#define MOST_PAGES	(2 * HPAGE_PMD_NR)
#define AREAS	3ul			/* shared, private, and where ranges are moved to; as far apart as these two */
#define STRIDE	(PRIVATE_AT - SHARED_AT)

/* (C) while threads run */
struct file_storm_run {
	const struct file_storm *storm;
	struct mm_struct *mm[MMS];
	struct file *file;
	unsigned long pages;		/* of the file */
};

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

/* (T) a range of pages of one mm, in one area */
struct target {
	struct mm_struct *mm;
	unsigned long area, page, pages, start, len;
};

static struct target pick(const struct file_storm_run *run)
{
	struct target t = { .mm = run->mm[below(MMS)], .area = below(AREAS), .page = below(run->pages) };

	t.pages = 1 + below(min(run->pages - t.page, 8ul));
	/* all of the area, where a huge page can be mapped as one */
	if (!below(run->storm->order ? 4 : 32)) {
		t.page = 0;
		t.pages = run->pages;
	}
	t.start = SHARED_AT + t.area * STRIDE + t.page * PAGE_SIZE;
	t.len = t.pages * PAGE_SIZE;
	return t;
}

static void fault(const struct target *t)
{
	do_user_addr_fault(t->mm, t->start, below(2) ? FAULT_FLAG_WRITE : 0);
}

static void truncate(const struct file_storm_run *run)
{
	unsigned long folios = run->pages >> run->storm->order;

	sys_ftruncate(run->file, (below(2) ? folios : below(folios)) << run->storm->order);
}

/* Shared or private, sometimes of other pages than its neighbours. */
static void map(const struct file_storm_run *run, const struct target *t)
{
	sys_mmap_file(t->mm, t->start, t->len, below(4) ? RW : PROT_READ,
		      MAP_FIXED | (below(2) ? MAP_SHARED : MAP_PRIVATE), run->file,
		      below(4) ? t->page : below(run->pages));
}

static void move(const struct target *t)
{
	unsigned long to = SHARED_AT + (t->area + 1) % AREAS * STRIDE + t->page * PAGE_SIZE;

	sys_mremap(t->mm, t->start, t->len, t->len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static void fork_and_exit(const struct file_storm_run *run, const struct target *t)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(t->mm, &child));
	for (unsigned int i = 0; i < 4; i++)
		do_user_addr_fault(child, SHARED_AT + below(AREAS) * STRIDE + below(run->pages) * PAGE_SIZE,
				   below(2) ? FAULT_FLAG_WRITE : 0);
	mm_exit(child);
}

static void reference(const struct file_storm_run *run, const struct target *t)
{
	struct folio *folio = filemap_get_folio(&run->file->mapping, t->page);
	unsigned long flags;

	if (!folio)
		return;
	folio_referenced(folio, false, &flags);
	folio_put(folio);
}

/* Any page of the file that is in memory, mapped or not. */
static void reclaim(const struct file_storm_run *run)
{
	struct folio *folio = filemap_get_folio(&run->file->mapping, below(run->pages));

	if (folio)
		reclaim_folio(folio);
}

/* The same, to any node, or within its own. */
static void migrate(const struct file_storm_run *run)
{
	struct folio *folio = filemap_get_folio(&run->file->mapping, below(run->pages));

	if (folio)
		migrate_folio(folio, (unsigned int)below(machine.nr_nodes));
}

/* The same: it is hwpoisoned. */
static void poison(const struct file_storm_run *run)
{
	struct folio *folio = filemap_get_folio(&run->file->mapping, below(run->pages));

	if (!folio)
		return;
	memory_failure(folio);
	folio_put(folio);
}

/* Pins some pages of a range for a moment. */
static void pin(const struct target *t)
{
	struct page *pages[8];
	unsigned int write = below(2) ? FOLL_WRITE : 0;
	long nr = pin_user_pages_fast(t->mm, t->start, min(t->pages, 8ul), write, pages);

	if (nr <= 0)
		return;
	if (write)
		unpin_user_pages_dirty_lock(pages, (unsigned long)nr);
	else
		unpin_user_pages(pages, (unsigned long)nr);
}

static void shape_op(const struct file_storm_run *run)
{
	struct target t = pick(run);
	unsigned long dice = below(100);

	if (dice < 43)
		fault(&t);
	else if (dice < 46)
		migrate(run);
	else if (dice < 47)
		poison(run);
	else if (dice < 51)
		reclaim(run);
	else if (dice < 55)
		pin(&t);
	else if (dice < 63)
		truncate(run);
	else if (dice < 70)
		map(run, &t);
	else if (dice < 74)
		sys_munmap(t.mm, t.start, t.len);
	else if (dice < 79)
		move(&t);
	else if (dice < 83)
		sys_mprotect(t.mm, t.start, t.len, below(2) ? RW : PROT_READ);
	else if (dice < 86)
		sys_madvise(t.mm, t.start, t.len, MADV_DONTNEED);
	else if (dice < 90)
		filemap_writeback(run->file);
	else if (dice < 93)
		unmap_mapping_range(&run->file->mapping, t.page, t.pages, below(2));
	else if (dice < 96)
		reference(run, &t);
	else
		fork_and_exit(run, &t);
}

/* A device that writes to it. */
static void store_by_pin(struct mm_struct *mm, unsigned long addr, uint64_t word)
{
	struct page *page;

	BUG_ON(pin_user_pages_fast(mm, addr, 1, FOLL_WRITE, &page) != 1);
	store_relaxed((uint64_t *)page_payload(page), word);
	unpin_user_pages_dirty_lock(&page, 1);
}

/* Thread 0 writes back, reclaims and migrates; the others count up in pages of their own, by either mm, or by pins. */
static void data_op(const struct file_storm_run *run, unsigned int index, uint64_t *written)
{
	unsigned int writers = run->storm->threads - 1;
	unsigned long page;

	if (!index) {
		switch (below(4)) {
		case 0:
			filemap_writeback(run->file);
			break;
		case 1:
			reclaim(run);
			break;
		default:
			migrate(run);
		}
		return;
	}
	page = below(run->pages / writers) * writers + index - 1;
	(below(4) ? store_word : store_by_pin)(run->mm[below(MMS)], SHARED_AT + page * PAGE_SIZE, ++written[page]);
}

/* ---- cuts ---- */

static int no_leaf_here(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	unsigned long end = *(const unsigned long *)walk->private;
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);

	(void)next;
	if (!ptl)
		return 0;
	if (linear_page_index(walk->vma, addr) >= end)
		BUG("%lx maps the huge page %lx, beyond the end of its file at %lx", addr,
		    linear_page_index(walk->vma, addr), end);
	spin_unlock(ptl);
	walk->action = ACTION_CONTINUE;
	return 0;
}

static int nothing_here(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	unsigned long end = *(const unsigned long *)walk->private;

	(void)next;
	if (pte_present(ptep_get(ptep)) && linear_page_index(walk->vma, addr) >= end)
		BUG("%lx maps page %lx, beyond the end of its file at %lx", addr, linear_page_index(walk->vma, addr),
		    end);
	return 0;
}

static void check_cut(struct mm_struct *mm, unsigned long end)
{
	static const struct mm_walk_ops ops = { .pmd_entry = no_leaf_here,
						.pte_entry = nothing_here,
						.walk_lock = PGWALK_RDLOCK };

	mmap_read_lock(mm);
	walk_page_range(mm, SHARED_AT, SHARED_AT + AREAS * STRIDE, &ops, &end);
	mmap_read_unlock(mm);
}

/* Thread 0 alone changes the size: until the next change truncated pages stay away. */
static void cut_op(const struct file_storm_run *run, unsigned int index)
{
	unsigned long end = below(run->pages >> run->storm->order) << run->storm->order;
	struct target t;

	if (index) {
		t = pick(run);
		if (below(4))
			do_user_addr_fault(t.mm, t.start, below(4) ? FAULT_FLAG_WRITE : 0);
		else
			(below(2) ? reclaim : migrate)(run);
		return;
	}
	BUG_ON(sys_ftruncate(run->file, end));
	for (unsigned int i = 0; i < MMS; i++)
		check_cut(run->mm[i], end);
	BUG_ON(sys_ftruncate(run->file, run->pages));
}

static uint64_t last_written[MOST_PAGES];	/* each by its thread alone */

static void storm_thread(void *arg, unsigned int index)
{
	const struct file_storm_run *run = arg;

	for (unsigned long i = 0; i < run->storm->rounds; i++) {
		if (run->storm->kind == FILE_STORM_DATA)
			data_op(run, index, last_written);
		else if (run->storm->kind == FILE_STORM_CUTS)
			cut_op(run, index);
		else
			shape_op(run);
		rcu_quiescent();
	}
	frame_drain_cpu();
}

static bool check_data(const struct file_storm_run *run, char *why, size_t why_size)
{
	filemap_writeback(run->file);
	for (unsigned long i = 0; i < run->pages; i++)
		if (last_written[i] && run->file->device[i] != last_written[i]) {
			snprintf(why, why_size, "page %lu was written %lu times, but the device has lost the last", i,
				 (unsigned long)last_written[i]);
			return false;
		}
	return true;
}

static void set_up(struct file_storm_run *run)
{
	const struct machine_config config = { 2, 32768, run->storm->kind == FILE_STORM_DATA ? CACHE_LINE : 0 };

	run_seed = run->storm->seed;
	BUG_ON(faultline_start(&config));
	BUG_ON(cpu_register(0, MEM_LOCAL, run->storm->seed));
	run->pages = max(32ul, 2ul << run->storm->order);
	run->file = file_create(run->pages, run->pages, run->storm->order, run->storm->seed);
	BUG_ON(!run->file);
	for (unsigned int i = 0; i < MMS; i++) {
		run->mm[i] = mm_create(&run->storm->policy);
		BUG_ON(!run->mm[i]);
		map_file_at(run->mm[i], SHARED_AT, run->pages, RW, MAP_SHARED, run->file, 0);
		map_file_at(run->mm[i], PRIVATE_AT, run->pages, RW, MAP_PRIVATE, run->file, 0);
	}
	for (unsigned long i = 0; i < run->pages; i++)
		last_written[i] = 0;
}

bool file_storm_run(const struct file_storm *storm, char *why, size_t why_size)
{
	struct file_storm_run run = { .storm = storm };
	bool good;

	set_up(&run);
	syncpoint_noise(storm->noise);
	threads_run(storm->threads, storm_thread, &run);
	syncpoint_noise(0);
	rcu_barrier();
	good = oracle_at_rest(run.mm, MMS, why, why_size) &&
	       (storm->kind != FILE_STORM_DATA || check_data(&run, why, why_size));
	for (unsigned int i = 0; good && i < MMS; i++)
		mm_exit(run.mm[i]);
	if (good)
		file_put(run.file);
	return storm_stop(good, why, why_size);
}
