/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_look.c - what an agent sees of its own window, by /proc/self/maps and pagemap, mincore() and reads. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/conform/agent_run.h"

/* The ioctl()s of maps and pagemap, which the C library's headers may not have yet. Source: include/uapi/linux/fs.h. */
struct map_query {
	uint64_t size, flags, addr;
	uint64_t start, end, vma_flags, page_size, offset, inode;
	uint32_t dev_major, dev_minor, name_size, build_id_size;
	uint64_t name, build_id;
};
#define MAP_QUERY	_IOWR('f', 17, struct map_query)
struct page_region {
	uint64_t start, end, categories;
};
struct scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN		_IOWR('f', 16, struct scan)
#define SCAN_HUGE	(1u << 6)
enum { QUERY_READ = 1, QUERY_WRITE = 2, QUERY_EXEC = 4, QUERY_SHARED = 8, QUERY_COVERING_OR_NEXT = 16 };

#define UNTOUCHED_PAGES	64

/* Each process has its own; written by agent_open_proc(). */
static int maps_fd = -1, pagemap_fd = -1;

/* Of the files of a sequence, by number; written by agent_know_files(). */
static uint64_t inodes[NR_FILES + 1];

void agent_know_files(const struct agent_files *files)
{
	memcpy(inodes, files->inodes, sizeof(inodes));
}

/* The VMA that covers @addr, or else the next one. False: there is none. */
static bool query(unsigned long addr, struct map_query *map)
{
	*map = (struct map_query){ .size = sizeof(*map), .flags = QUERY_COVERING_OR_NEXT, .addr = addr };
	return !syscall(SYS_ioctl, maps_fd, MAP_QUERY, map);
}

bool agent_can_query(void)
{
	struct map_query map;

	return query(0, &map);
}

bool agent_is_free(unsigned long start, unsigned long end)
{
	struct map_query map;

	return !query(start, &map) || map.start >= end;
}

/* ---- the program's memory ---- */

/* Unmaps rows of pages in [@start, @end) that were never touched. Words of pagemap are read a chunk at a time. */
static void drop_untouched(unsigned long start, unsigned long end)
{
	uint64_t words[UNTOUCHED_PAGES];
	const unsigned long chunk = UNTOUCHED_PAGES * WINDOW_PAGE;

	for (; start + chunk <= end; start += chunk) {
		uint64_t any = 0;

		if (syscall(SYS_pread64, pagemap_fd, words, sizeof(words), start / WINDOW_PAGE * sizeof(words[0])) < 0)
			return;
		for (unsigned int i = 0; i < UNTOUCHED_PAGES; i++)
			any |= words[i];
		if (!any)
			syscall(SYS_munmap, start, chunk);
	}
}

/* What agents use of the program: its file and the C library's, errno, the stack, and exchanges. */
struct used {
	uint64_t inodes[2];
	uint64_t addrs[3];
};

static bool is_used(const struct used *used, const struct map_query *map)
{
	for (unsigned int i = 0; i < sizeof(used->addrs) / sizeof(used->addrs[0]); i++)
		if (used->addrs[i] >= map->start && used->addrs[i] < map->end)
			return true;
	return map->inode && (map->inode == used->inodes[0] || map->inode == used->inodes[1]);
}

static uint64_t inode_at(uint64_t addr)
{
	struct map_query map;

	return query(addr, &map) ? map.inode : 0;
}

void agent_drop_unused(const struct agent_sight *sight)
{
	struct used used = {
		.inodes = { inode_at((uint64_t)agent_drop_unused), inode_at((uint64_t)syscall) },
		.addrs = { (uint64_t)&errno, (uint64_t)&used, (uint64_t)sight },
	};
	uint64_t data_end = 0;	/* of a file: what is anonymous there are its zeroes */
	struct map_query map;

	for (uint64_t addr = 0; query(addr, &map); addr = map.end) {
		if (is_used(&used, &map))
			data_end = map.inode ? map.end : 0;
		else if (map.inode || map.start != data_end)
			syscall(SYS_munmap, map.start, map.end - map.start);
		if (!map.inode)
			drop_untouched(map.start, map.end);
	}
}

bool agent_open_proc(void)
{
	agent_details_begin();
	if (syscall(SYS_chdir, "/proc/self"))
		return false;
	maps_fd = agent_open("maps", maps_fd, O_RDONLY);
	pagemap_fd = agent_open("pagemap", pagemap_fd, O_RDONLY);
	return maps_fd >= 0 && pagemap_fd >= 0;
}

long agent_clear_refs(void)
{
	int fd = agent_open("clear_refs", -1, O_WRONLY);
	long ret = fd < 0 || syscall(SYS_write, fd, "4", 1ul) < 0 ? -errno : 0;

	syscall(SYS_close, fd);
	return ret;
}

/* ---- VMAs ---- */
static struct vma_state vma_of(const struct map_query *map, unsigned long start, long pages)
{
	struct vma_state vma = {
		.first = map->start < start ? 0 : (long)((map->start - start) / WINDOW_PAGE),
		.end = (long)((map->end - start) / WINDOW_PAGE),
		.prot = (unsigned char)((map->vma_flags & QUERY_READ ? PROT_READ : 0) |
					(map->vma_flags & QUERY_WRITE ? PROT_WRITE : 0) |
					(map->vma_flags & QUERY_EXEC ? PROT_EXEC : 0)),
		.shared = map->vma_flags & QUERY_SHARED,
	};

	if (vma.end > pages)
		vma.end = pages;
	for (unsigned int i = 1; i <= NR_FILES; i++)
		if (map->inode && map->inode == inodes[i])
			vma.file = i;
	if (vma.file)
		vma.pgoff = (long)(map->offset / WINDOW_PAGE);
	return vma;
}

static void look_at_vmas(unsigned long start, long pages, struct agent_sight *sight)
{
	unsigned long end = start + (unsigned long)pages * WINDOW_PAGE;
	struct map_query map = { .end = start };

	sight->nr_vmas = 0;
	while (map.end < end && sight->nr_vmas < WINDOW_PAGES_MAX && query(map.end, &map) && map.start < end)
		sight->vmas[sight->nr_vmas++] = vma_of(&map, start, pages);
}

/* ---- pages ---- */

/* mincore() fails where nothing is mapped: it is asked for what is mapped in one piece. */
static void look_at_core(unsigned long start, long pages, struct agent_sight *sight)
{
	memset(sight->incore, 0, (size_t)pages);
	for (unsigned int i = 0, next; i < sight->nr_vmas; i = next) {
		long first = sight->vmas[i].first, end = sight->vmas[i].end;

		for (next = i + 1; next < sight->nr_vmas && sight->vmas[next].first == end; next++)
			end = sight->vmas[next].end;
		syscall(SYS_mincore, start + (unsigned long)first * WINDOW_PAGE,
			(unsigned long)(end - first) * WINDOW_PAGE, sight->incore + first);
	}
}

static void look_at_leaves(unsigned long start, long pages, struct agent_sight *sight)
{
	struct page_region regions[WINDOW_PAGES_MAX / LEAF_PAGES];
	struct scan scan = {
		.size = sizeof(scan),
		.start = start,
		.end = start + (unsigned long)pages * WINDOW_PAGE,
		.vec = (uint64_t)regions,
		.vec_len = WINDOW_PAGES_MAX / LEAF_PAGES,
		.category_mask = SCAN_HUGE,
		.return_mask = SCAN_HUGE,
	};
	long nr = syscall(SYS_ioctl, pagemap_fd, SCAN, &scan);

	memset(sight->huge, 0, (size_t)pages);
	for (long i = 0; i < nr; i++)
		memset(sight->huge + (regions[i].start - start) / WINDOW_PAGE, 1,
		       (regions[i].end - regions[i].start) / WINDOW_PAGE);
}

void agent_look(long pages, struct agent_sight *sight, bool thorough)
{
	unsigned long start = window_start(pages), size = (unsigned long)pages * sizeof(sight->map[0]);

	if (!sight->vmas_known)
		look_at_vmas(start, pages, sight);
	sight->vmas_known = true;
	look_at_core(start, pages, sight);
	if (syscall(SYS_pread64, pagemap_fd, sight->map, size, start / WINDOW_PAGE * sizeof(sight->map[0])) < 0)
		memset(sight->map, 0, size);
	if (pages >= LEAF_PAGES)
		look_at_leaves(start, pages, sight);
	if (thorough)
		agent_details(pages, sight);
	sight->detailed = thorough;
}
