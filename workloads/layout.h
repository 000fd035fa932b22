/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - an address space as captured from a running program: VMAs and runs of populated pages.
 *
 * Text format: a VMA is a /proc/PID/maps line without device and inode, "START-END PERMS OFFSET [NAME]" in hexadecimal;
 * under it, "+ FIRST_VPN COUNT FLAGS" for each run of populated pages (p present, s swapped, f file or shared anonymous,
 * x mapped exclusively). Lines that begin with '#' and empty lines are skipped.
 */
#ifndef FAULTLINE_WORKLOADS_LAYOUT_H
#define FAULTLINE_WORKLOADS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum layout_run_flags { RUN_PRESENT = 1, RUN_SWAPPED = 2, RUN_FILE = 4, RUN_EXCLUSIVE = 8 };

struct layout_run {
	uint64_t first_vpn;		/* pages of 4096 bytes */
	uint64_t count;
	unsigned int flags;
};

struct layout_vma {
	uint64_t start, end;		/* bytes */
	bool read, write, exec, shared;
	uint64_t offset;
	char *name;			/* "" when anonymous */
	unsigned int first_run, nr_runs;	/* into layout.runs */
};

struct layout {
	char *name;			/* the file's base name without ".layout" */
	unsigned int nr_vmas, nr_runs;
	struct layout_vma *vmas;	/* ascending, disjoint */
	struct layout_run *runs;
	uint64_t nr_pages;		/* populated pages in all runs */
};

/*
 * layout_load - reads @path. Returns 0, or -errno with one line in @why: "FILE:LINE: reason" for malformed input
 * (-EINVAL). layout_free() takes it back.
 */
int layout_load(const char *path, struct layout **layout, char *why, size_t why_size);
void layout_free(struct layout *layout);

#endif
