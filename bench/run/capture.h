/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture.h - writes down the address space of a running process; workloads/lib/layout.h has the format. */
#ifndef FAULTLINE_BENCH_RUN_CAPTURE_H
#define FAULTLINE_BENCH_RUN_CAPTURE_H

#include <stdio.h>
#include <sys/types.h>

/*
 * capture_process - writes the layout of process @pid to @out. It runs on meanwhile: the VMAs are read again at the
 * end, and all of it once more when they changed. Returns 0; 1 when they changed each time and the layout mixes two
 * moments; or -errno: -ESRCH when it is not there or gone, -ENODATA when it has no memory of its own (a kernel thread,
 * or dead),
 * -EACCES or -EPERM when it is another user's.
 */
int capture_process(pid_t pid, FILE *out);

#endif
