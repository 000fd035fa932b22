/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * space.h - the address space a workload runs in: one mm, with regions of equal size, each one VMA; or one mm for each
 * worker; or, for WORKLOAD_LIVE, this process's own (space_calls.h).
 *
 * Regions begin at multiples of PUD_SIZE, so no two share a PTE or PMD table, and their names keep them from merging.
 * The first failure of any worker is reported on stderr and kept: every later op and the check report it too.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_SPACE_H
#define FAULTLINE_WORKLOADS_LIB_SPACE_H

#include "workloads/lib/axes.h"
#include "workloads/lib/workload.h"

#define TABLE_PAGES	((unsigned long)PTRS_PER_PTE)	/* pages that one PTE table maps */

/* Lock key: (C) const while workers run (A) atomic */
struct space {
	const struct workload_run *run;	/* (C) */
	const struct space_calls *calls;	/* (C) whose it is: the core's, or the live kernel's, which has no mm */
	struct mm_struct *mm;		/* (C) shared, or the first worker's */
	struct mm_struct **mms;		/* (C) all of them */
	unsigned int nr_mms;		/* (C) 1, or one for each worker */
	unsigned int nr;		/* (C) regions of each mm */
	unsigned long pages;		/* (C) of each region */
	unsigned long base;		/* (C) the first byte of the first region */
	unsigned long stride;		/* (C) bytes from the start of one region to that of the next */
	void *reserved;			/* (C) of the live kernel: where its regions are, and */
	int pagemap;			/* (C) its /proc/self/pagemap; 0 or less: there is none */
	struct file *file;		/* (C) what its regions map (file_space.h), with a reference; NULL: none */
	union space_file {		/* (C) of each worker (space_open_files()); NULL: none */
		struct file *file;
		int fd;			/* of the live kernel; -1: none */
	} *files;
	int error;			/* (A) the first failure, -errno; 0 for none */
};

/*
 * space_open_mm - run->data becomes a space without regions; space_open_mms - one with @nr mms. space_open - with @nr
 * regions, of @pages pages each, empty, readable and writable. All return 0 or -ENOMEM, space_open() -EOPNOTSUPP too
 * when the geometry has no room for them. space_close() takes back everything, and is fine after a failure.
 */
int space_open_mms(struct workload_run *run, unsigned int nr);
int space_open_mm(struct workload_run *run);
int space_open(struct workload_run *run, unsigned int nr, unsigned long pages);
void space_close(struct workload_run *run);
/* space_open_room - the same with room for the regions, and nothing mapped there. */
int space_open_room(struct workload_run *run, unsigned int nr, unsigned long pages);
/*
 * space_open_warm - the same as space_open(), and the host has backed as many frames as all regions hold. Its first
 * touch of each would cost ten times the clearing.
 */
int space_open_warm(struct workload_run *run, unsigned int nr, unsigned long pages);
/* As a workload's setup: a warm region of choice[0] pages for each worker. */
int space_open_memory(struct workload_run *run);
/*
 * space_open_populated - @mms mms, each with one region of choice[0] * @every pages, of which the first of each @every
 * are written to. As space_open().
 * space_open_processes() - as a workload's setup, one for each worker.
 */
int space_open_populated(struct workload_run *run, unsigned int mms, unsigned long every);
int space_open_processes(struct workload_run *run);
/*
 * space_open_zero - a region of @pages pages for each worker, the zero page in each slot whose number @every divides:
 * all that takes memory are the tables. space_open_full() - as a workload's setup, of choice[0] pages, with every slot.
 */
int space_open_zero(struct workload_run *run, unsigned long pages, unsigned long every);
int space_open_full(struct workload_run *run);
/*
 * As a workload's check: no worker failed, and the oracle finds nothing wrong. 0 or -errno, with the reason on stderr.
 */
int space_check(struct workload_run *run);

static inline struct space *space_of(const struct worker *worker)
{
	return worker->run->data;
}

/* The mm that a worker works in. */
static inline struct mm_struct *space_mm(const struct worker *worker)
{
	struct space *space = space_of(worker);

	return space->mms[worker->index % space->nr_mms];
}

/* The first byte of region @i. */
static inline unsigned long space_region(const struct space *space, unsigned int i)
{
	return space->base + i * space->stride;
}

/* Keeps and reports the first failure. Returns the one kept; @error is -errno. */
int space_fail(struct space *space, int error, const char *fmt, ...) __printf(3, 4) __cold;

/* ---- pages ---- */

/* A fault at @addr that has to succeed. Returns 0 or -errno. */
int space_fault(struct space *space, struct mm_struct *mm, unsigned long addr, unsigned int flags);
/* The same, but with TLBs an access, which faults only where it finds no translation. */
int space_use(struct space *space, struct mm_struct *mm, unsigned long addr, unsigned int flags);
/* A write fault for each of @pages pages, @step bytes apart, that have to succeed. Returns 0 or -errno. */
int space_populate(struct space *space, struct mm_struct *mm, unsigned long addr, unsigned long pages,
		   unsigned long step);
/*
 * space_touch - one write fault for each of @pages pages, @step bytes apart, none of them mapped before. While
 * checking, each page must come zeroed, is marked, and all marks are looked at again at the end. Returns @pages or
 * -errno.
 */
int64_t space_touch(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step);
/*
 * space_drop - MADV_DONTNEED over the same pages, at once where they are neighbours. While checking, some of them are
 * then read, and must be zero. Returns 0 or -errno.
 */
int space_drop(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step);
/*
 * Both for the worker's own region, whose pages come by faults @step bytes apart; space_touch_own() returns all pages
 * of it.
 */
int64_t space_touch_own(struct worker *worker, unsigned long step);
void space_drop_own(struct worker *worker);
/*
 * space_map_unmap - @rounds times: a mapping of @pages pages wherever there is room, all touched if @touch, gone again.
 * Returns @rounds or -errno.
 */
int64_t space_map_unmap(struct worker *worker, unsigned int rounds, unsigned long pages, bool touch);

/* ---- walks ---- */

/* walk_page_range_mm() under mmap_lock for read. */
int space_walk(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
	       void *private);
/* Maps the zero page into each of @pages slots, @step bytes apart, that is empty. Returns 0 or -errno. */
int space_map_zero(struct space *space, unsigned long addr, unsigned long pages, unsigned long step);

#endif
