/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scene.h - set-ups and operations that scenarios are put together from: a few pages at the begin of region 0, and
 * sometimes a second process, or a folio with a reference.
 *
 * Operations are done once, and are of a page: the first one, or the second where the name says so. Faults may end in
 * a signal where others unmap; what must never happen is a violation that the core's assertions and oracles detect, or
 * a page with contents that were not written to it.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_H

#include "workloads/lib/space.h"

#define SCENE_PAGES	4ul
#define SCENE_ORDER	2u	/* a folio of all of them */

/* ---- set-ups; scene_close() takes each down ---- */
/*
 * Anonymous memory: empty; the first page is written; the second too; with swap; with a notifier; the first is swapped
 * out.
 */
int scene_empty(struct workload_run *run);
int scene_smaps_written(struct workload_run *run);	/* scene_written() under the same policy */
int scene_neighbours(struct workload_run *run);		/* the first page is a VMA of its own */
int scene_maps_vma_lock(struct workload_run *run);	/* and readers of maps and smaps lock a VMA at a time */
int scene_stack(struct workload_run *run);	/* the last page is mapped alone, and grows */
int scene_half(struct workload_run *run);
int scene_written(struct workload_run *run);
int scene_swap(struct workload_run *run);
int scene_mirrored(struct workload_run *run);
int scene_swapped(struct workload_run *run);
int scene_freed(struct workload_run *run);	/* by MADV_FREE */
/* Written, and shared with a second process by fork. Workers are of the two in turn; or all of the first. */
int scene_family(struct workload_run *run);
int scene_forked(struct workload_run *run);
/* The second process has copied a page, and the scene has its folio. */
int scene_heir(struct workload_run *run);
/* The second process has written to the page, and was killed; the scene has a reference to its struct. */
int scene_killed(struct workload_run *run);
/* The first process's page is swapped out, and shared by the second, whose workers are in turn. */
int scene_family_swapped(struct workload_run *run);
/* The file's pages are not in memory; are; and each is mapped, and dirty. One is private. */
int scene_file(struct workload_run *run);
int scene_file_read(struct workload_run *run);
int scene_file_cached(struct workload_run *run);	/* and not mapped */
int scene_file_dirty(struct workload_run *run);
int scene_family_file_closed(struct workload_run *run);	/* the VMAs of two processes in turn have it alone */
int scene_file_private(struct workload_run *run);
int scene_file_read_only(struct workload_run *run);	/* and private */
/* The file is a huge page, of which a page is mapped; also by a second process, whose workers are in turn. */
int scene_file_huge(struct workload_run *run);
int scene_file_leaf(struct workload_run *run);		/* all pages are mapped at once */
int scene_family_file_huge(struct workload_run *run);
int scene_family_file_huge_private(struct workload_run *run);
/* The same as scene_written(), with TLBs. */
int scene_tlb(struct workload_run *run);
/* A huge page's room: mapped by pages, one of them written; by a huge page. */
int scene_collapsible(struct workload_run *run);
int scene_collapsible_vma_lock(struct workload_run *run);	/* the same; madvise() locks the VMA, if it may */
int scene_huge(struct workload_run *run);
void scene_close(struct workload_run *run);

/* As a check: as space_check(), without the second process if it has ended. */
int scene_check(struct workload_run *run);

/* ---- operations ---- */
int64_t scene_read(struct worker *worker);
int64_t scene_read_twice(struct worker *worker);
int64_t scene_write(struct worker *worker);
int64_t scene_write_second(struct worker *worker);
int64_t scene_pin(struct worker *worker);
int64_t scene_pin_to_read(struct worker *worker);
int64_t scene_pin_none(struct worker *worker);		/* no pages at all */
int64_t scene_pin_file(struct worker *worker);
int64_t scene_force_write(struct worker *worker);	/* as a debugger, to a private mapping of a file */
int64_t scene_direct_read(struct worker *worker);	/* a device writes to the page by a reference */
int64_t scene_unmap(struct worker *worker);		/* all pages */
int64_t scene_unmap_second(struct worker *worker);	/* splits the VMA */
int64_t scene_drop(struct worker *worker);		/* MADV_DONTNEED */
int64_t scene_drop_table(struct worker *worker);
int64_t scene_reuse(struct worker *worker);		/* the same, and a write to the second */
int64_t scene_guard(struct worker *worker);
int64_t scene_protect(struct worker *worker);		/* all pages, to read, and to write again */
int64_t scene_protect_page(struct worker *worker);	/* the same: splits the VMA, and merges it again */
int64_t scene_move(struct worker *worker);		/* all pages, by mremap() */
int64_t scene_extend(struct worker *worker);		/* a mapping behind, which merges */
int64_t scene_page_out(struct worker *worker);
int64_t scene_read_page_out(struct worker *worker);
int64_t scene_migrate(struct worker *worker);
int64_t scene_move_page(struct worker *worker);		/* move_pages(), to its node's next */
int64_t scene_fork(struct worker *worker);		/* and the child's exit */
int64_t scene_exit_fork(struct worker *worker);	/* the same, and a fork of the first process */
int64_t scene_exit(struct worker *worker);		/* of the second process */
int64_t scene_mrelease(struct worker *worker);		/* process_mrelease() of the killed process */
int64_t scene_read_killed(struct worker *worker);	/* as a user of it, if it has any left */
int64_t scene_referenced(struct worker *worker);	/* a walk of the reverse map */
int64_t scene_look_up(struct worker *worker);		/* from the folio to its anon_vma */
int64_t scene_snapshot(struct worker *worker);		/* of HMM */
int64_t scene_truncate(struct worker *worker);		/* and extend */
int64_t scene_clean(struct worker *worker);		/* write back */
int64_t scene_reclaim_file(struct worker *worker);
int64_t scene_reclaim_reuse(struct worker *worker);	/* the same, and a read of the second */
int64_t scene_collapse(struct worker *worker);
int64_t scene_walk(struct worker *worker);
int64_t scene_smaps(struct worker *worker);
int64_t scene_maps(struct worker *worker);		/* all pages are mapped all the time */

#endif
