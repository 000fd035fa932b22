/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_space.h - a space whose regions map a file, and what its pages may hold.
 *
 * While a run is checked each write leaves a mark: the page of the file, where it was written, and a count. So a page
 * holds
 *
 *   the file's first contents, or zeroes after it was truncated there and grew again
 *   or a mark of this page: of a shared mapping; in a private mapping, of the mapping itself too
 *
 * and neither another page's contents, nor another mapping's private ones. Words are written and read as they are, one
 * at a time, since others write to a shared page at the same time.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_FILE_SPACE_H
#define FAULTLINE_WORKLOADS_LIB_FILE_SPACE_H

#include "workloads/lib/space.h"

/*
 * file_space_open - a space with room for @nr regions of @pages pages, and a file of @file_pages in folios of 1 <<
 * @order pages, none of them in memory. file_space_map - region @region maps the file from page @pgoff on; @flags are
 * MAP_SHARED or MAP_PRIVATE. file_space_warm() - the file's pages are in memory, and the host has backed what writes
 * will need; nothing is mapped. All return 0 or -errno.
 */
int file_space_open(struct workload_run *run, unsigned int nr, unsigned long pages, unsigned long file_pages,
		    unsigned int order);
int file_space_map(struct space *space, unsigned int region, int flags, unsigned long pgoff);
int file_space_warm(struct space *space);
/*
 * As a workload's setup but for @flags: a warm file, of which each worker has a region of choice[0] pages: with
 * MAP_SHARED its own part of the file, with MAP_PRIVATE all the same.
 */
int file_space_open_warm(struct workload_run *run, int flags);

/* As a prepare: nothing is mapped in the worker's own region. */
void file_space_drop(struct worker *worker);
/*
 * file_space_touch - as an op: a first access to each page of the worker's own region, a write if choice[1]. As on a
 * processor, a page that another one's fault has mapped is read without a fault. While checking, what the pages hold
 * is looked at, and written to. file_space_read() - the same, always a read. Both return the pages or -errno.
 */
int64_t file_space_touch(struct worker *worker);
int64_t file_space_read(struct worker *worker);

/*
 * file_space_fault_anywhere - as an op: faults, to read or to write, anywhere in the regions, @nr of them. Pages come
 * and go: while checking, what is found is looked at, and written to. VM_FAULT_SIGBUS is an answer where others @cut
 * the file off. Returns @nr or -errno.
 */
int64_t file_space_fault_anywhere(struct worker *worker, unsigned int nr, bool cut);

/* The mark of write number @count to page @index of the file, in region @region. Its number only. */
uint64_t file_space_mark(const struct space *space, unsigned int region, unsigned long index, uint32_t count);
/*
 * One access as by a processor, without a fault: page @page of @region holds what it may, and @mark after that, if not
 * 0. Returns 0;
 * -ENOENT, nothing is mapped; -EAGAIN, not to be written to; -EUCLEAN, reported on stderr. With payload 0 only the
 * entry is checked.
 */
int file_space_access(struct space *space, unsigned int region, unsigned long page, uint64_t mark);
/* The same through a pin, with the fault that it needs, of a shared mapping. Returns 0, -EUCLEAN, or as pinning. */
int file_space_access_pinned(struct space *space, unsigned int region, unsigned long page, uint64_t mark);

#endif
