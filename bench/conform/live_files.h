/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_files.h - what the live side's processes share: the files of a sequence, and places for pins.
 *
 * Files are made by memfd_create(): they are in the page cache from the first write on, nothing is read ahead or
 * written back at a time of the kernel's choice, msync() waits for no disk, and a hole is filled page by page. In
 * pagemap they are files like others (bit 61); their pages count as shared memory in RSS.
 */
#ifndef FAULTLINE_BENCH_CONFORM_LIVE_FILES_H
#define FAULTLINE_BENCH_CONFORM_LIVE_FILES_H

#include "bench/conform/agent.h"

/* Returns NULL, or why this system has none. */
const char *live_files_open(struct agent_files *files);
void live_files_close(struct agent_files *files);
/* The file is as at first. */
void live_file_renew(const struct agent_files *files, unsigned int file);
/* Returns 0, or -errno. */
long live_file_truncate(const struct agent_files *files, unsigned int file, long pages);
void live_unpin(const struct agent_files *files, unsigned int pin);

#endif
