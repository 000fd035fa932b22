/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostmem.h - memory of the host for one worker: for what bounds other workloads, and for what asks the live kernel. */
#ifndef FAULTLINE_WORKLOADS_LIB_HOSTMEM_H
#define FAULTLINE_WORKLOADS_LIB_HOSTMEM_H

#include "workloads/lib/workload.h"

enum host_pages { HOST_SMALL_PAGES, HOST_HUGE_PAGES };

/*
 * host_map - worker->data becomes @size bytes of private anonymous memory, 2 MiB aligned, not touched, with pages of
 * the kind asked for where the kernel has them. Returns 0 or -errno. host_unmap() takes them back.
 */
int host_map(struct worker *worker, size_t size, enum host_pages pages);
void host_unmap(struct worker *worker, size_t size);

/* Writes one byte to each page of @size bytes. */
void host_touch(char *memory, size_t size);

#endif
