/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_uffd.h - set-ups and operations of scenes whose pages are registered with a userfaultfd. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_UFFD_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_UFFD_H

#include "workloads/lib/scene.h"

/* All pages are registered, and empty; or the first two are written. */
int scene_uffd(struct workload_run *run);
int scene_uffd_written(struct workload_run *run);
/* Two are written, and the third is registered. The second is, of two tables, and what is moved there in the other. */
int scene_uffd_third(struct workload_run *run);
int scene_uffd_tables(struct workload_run *run);
/* A page of one region, with a reference, and another region, which is registered. */
int scene_uffd_apart(struct workload_run *run);
/* As scene_uffd_third(), and the fourth is registered; the first is swapped out, and its slot has the folio. */
int scene_uffd_cached(struct workload_run *run);

/*
 * All pages are registered for write protection, and the first two are written; with TLBs; with swap; the first is
 * swapped out; or protected.
 */
int scene_uffd_wp(struct workload_run *run);
int scene_uffd_wp_tlb(struct workload_run *run);
int scene_uffd_wp_swap(struct workload_run *run);
int scene_uffd_wp_swapped(struct workload_run *run);
int scene_uffd_wp_protected(struct workload_run *run);
/* As a check: as scene_check(); and the first page, if it is there, is protected. */
int scene_uffd_wp_check(struct workload_run *run);

/*
 * All pages are of shared memory, registered for missing pages, and nothing is there. The file has the first page, it
 * is not mapped, and all are registered for minor faults. The same in a private, read-only mapping; the page is mapped.
 */
int scene_uffd_shmem(struct workload_run *run);
int scene_uffd_minor(struct workload_run *run);
int scene_uffd_minor_private(struct workload_run *run);

int64_t scene_uffd_copy(struct worker *worker);		/* reads a fault, if any waits, and fills in the first page */
int64_t scene_uffd_drop_copy(struct worker *worker);	/* MADV_DONTNEED first */
int64_t scene_uffd_unregister(struct worker *worker);	/* all pages */
int64_t scene_uffd_release(struct worker *worker);
int64_t scene_uffd_move(struct worker *worker);		/* the first page, to what is registered */
int64_t scene_uffd_move_or_fill(struct worker *worker);	/* the same; the page is there then */
int64_t scene_uffd_move_unmap(struct worker *worker);	/* the same from the first region, which is then unmapped */
int64_t scene_uffd_look_up(struct worker *worker);	/* from the folio to its anon_vma */
int64_t scene_uffd_wait(struct worker *worker);		/* a write there */
int64_t scene_uffd_renew(struct worker *worker);	/* MADV_DONTNEED of the first page, and a write */
int64_t scene_uffd_reuse_slot(struct worker *worker);	/* the first page, to the fourth; another one to swap */
int64_t scene_uffd_mremap(struct worker *worker);	/* the third page of the second table, to the first one */

int64_t scene_uffd_continue(struct worker *worker);	/* reads a fault, if any waits, and maps the first page */
int64_t scene_uffd_drop_continue(struct worker *worker);	/* MADV_DONTNEED first */
int64_t scene_uffd_force_write(struct worker *worker);	/* to the private mapping: the file stays as it is */
int64_t scene_uffd_protect(struct worker *worker);	/* the first page */
int64_t scene_uffd_resolve(struct worker *worker);	/* no longer */
int64_t scene_uffd_protect_resolve(struct worker *worker);
int64_t scene_uffd_write_twice(struct worker *worker);

#endif
