/* SPDX-License-Identifier: GPL-2.0-or-later */
/* axes.h - the sizes that workloads share, so that their figures can be compared: pages for each worker. */
#ifndef FAULTLINE_WORKLOADS_LIB_AXES_H
#define FAULTLINE_WORKLOADS_LIB_AXES_H

/* 256 MiB: beyond every cache, and what workloads on the live kernel use. */
#define LIVE_PAGES	65536
#define LIVE_AXIS	{ "pages", 1, { LIVE_PAGES } }
/* 8 MiB. */
#define FEW_PAGES_AXIS	{ "pages", 1, { 2048 } }
/* 8 MiB, and as much as on the live kernel. */
#define MEMORY_AXIS	{ "pages", 2, { 2048, LIVE_PAGES } }
/* 8 MiB and 64 MiB: what is paid once for a fork shows in the difference. */
#define FORK_AXIS	{ "pages", 2, { 2048, 16384 } }
/* Of a child that does nothing: 0 is its fork alone, 1 its fork and its end. */
#define EXIT_AXIS	{ "exit", 2, { 0, 1 } }
/* Of a fault: 1 is a first write, 0 a first read. */
#define WRITE_AXIS	{ "write", 2, { 1, 0 } }
/* Pages that a first read of a file maps at most: 1 is without fault-around, 16 Linux's default. */
#define AROUND_AXIS	{ "around", 2, { 16, 1 } }
/* One slot in so many has a page: half of each table, and one page in each. */
#define EVERY_AXIS	{ "every", 2, { 2, 512 } }
/* Their tables take 512 KiB, 8 MiB, 128 MiB: in a core's L2 cache, in L3, beyond. */
#define TABLES_AXIS	{ "pages", 3, { 65536, 1048576, 16777216 } }

#endif
