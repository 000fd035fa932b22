/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - an address space of a running program: VMAs and runs of populated pages.
 *
 * Three text formats, by what stands in each line:
 *
 *   layout   as `faultline capture` writes it: a VMA is "START-END PERMS OFFSET [NAME]" in hexadecimal; under it
 *            "+ FIRST_VPN COUNT FLAGS" for each run of populated pages (p present, s swapped, f file or shared
 *            anonymous, x mapped exclusively). Lines that begin with '#' and empty lines are skipped.
 *   maps     /proc/PID/maps: device and inode follow the offset. It has no populated pages: see layout_populate().
 *   smaps    /proc/PID/smaps: "KEY: NUMBER kB" lines under each VMA. Rss and the hugetlb sizes are its populated pages,
 *   one run
 *            from the VMA's start on, since smaps counts pages and does not locate them. Swap and all other keys are
 *            ignored.
 *
 * Paths are cut to their base names. Lines may end in CR LF; the last one needs no end.
 *
 * Source: fs/proc/task_mmu.c, show_map_vma() and __show_smap().
 */
#ifndef FAULTLINE_WORKLOADS_LIB_LAYOUT_H
#define FAULTLINE_WORKLOADS_LIB_LAYOUT_H

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

/* Which pages are populated. */
enum layout_populate {
	POPULATE_DEFAULT,		/* RSS if the file has populated pages, else FIRST_TOUCH */
	POPULATE_NONE,
	POPULATE_ALL,			/* all pages of all VMAs but those without any permission */
	POPULATE_RSS,			/* those the file has */
	POPULATE_FIRST_TOUCH,		/* the first page of each VMA but those without any permission */
};

struct layout {
	char *name;			/* the file's base name without ".layout", printable; "_" for other bytes */
	unsigned int nr_vmas, nr_runs;
	struct layout_vma *vmas;	/* ascending, disjoint */
	struct layout_run *runs;
	uint64_t nr_pages;		/* populated pages in all runs */
	bool has_pages;			/* the file has populated pages, or counts none */
	enum layout_populate populate;	/* what the runs are: never DEFAULT */
};

/*
 * layout_load - reads @path, with the populated pages that the file has. Returns 0, or -errno with one line in @why:
 * "FILE:LINE: reason" for malformed input (-EINVAL). layout_free() takes it back.
 */
int layout_load(const char *path, struct layout **layout, char *why, size_t why_size);
void layout_free(struct layout *layout);

/* What a path in maps is cut to: its last part; names in brackets stay. */
const char *layout_base_name(const char *path);

/*
 * layout_populate - replaces the runs of @layout, just loaded, by those that @how says. Returns 0, -ENOMEM, or
 * -ENODATA: RSS of a file that has no populated pages.
 */
int layout_populate(struct layout *layout, enum layout_populate how);
/* "rss" …, as the option --populate takes it. */
const char *layout_populate_name(enum layout_populate how);
/* False when @name is none of these. */
bool layout_populate_by_name(const char *name, enum layout_populate *how);

#endif
