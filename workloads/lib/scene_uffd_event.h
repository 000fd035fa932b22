/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_uffd_event.h - scenes of a userfaultfd whose user reads events, and operations that are reported to it. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_UFFD_EVENT_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_UFFD_EVENT_H

#include "workloads/lib/scene_uffd.h"

/* All pages are registered, and empty; the user asked for events of forks, mremap(), madvise(), munmap(); or all. */
int scene_uffd_event_fork(struct workload_run *run);
int scene_uffd_event_remap(struct workload_run *run);
int scene_uffd_event_remove(struct workload_run *run);
int scene_uffd_event_unmap(struct workload_run *run);
int scene_uffd_event_all(struct workload_run *run);

/*
 * Fills in the first page once, unless an event is outstanding; reads one event; and checks that the page, if it was
 * filled in, is where the event says.
 */
int64_t scene_uffd_fill_and_read(struct worker *worker);
int64_t scene_uffd_read_two(struct worker *worker);	/* events */
int64_t scene_uffd_fork(struct worker *worker);		/* and the child's exit */

#endif
