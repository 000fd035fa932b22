/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_space.c - the live kernel's side of space_calls.h.
 *
 * All regions lie in one reservation, as far apart as in the core. Addresses that a
 * workload unmaps there are free for any other mmap(): to map them again takes MAP_FIXED_NOREPLACE, and workers
 * allocate nothing while they run.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workloads/lib/hostmem.h"
#include "workloads/lib/space_calls.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define MOST_TRIES	1000

static char *at(unsigned long addr)
{
	return (char *)addr;
}

/* ---- calls ---- */

/* As a system call returns it. */
static long result_of(long ret)
{
	return ret == -1 ? -errno : ret;
}

/*
 * Others may be using the range replaced. A sanitizer would take this for a write of all of it, so it does not see the
 * call.
 */
static long live_mmap(struct worker *worker, unsigned long addr, unsigned long len, int prot, int flags)
{
	int fd = flags & MAP_ANONYMOUS ? -1 : space_of(worker)->files[worker->index].fd;

	if (flags & MAP_FIXED)
		return result_of(syscall(SYS_mmap, addr, len, (long)prot, (long)(flags | MAP_NORESERVE), (long)fd, 0l));
	return result_of((long)mmap(at(addr), len, prot, flags | MAP_NORESERVE, fd, 0));
}

static int live_munmap(struct worker *worker, unsigned long addr, unsigned long len)
{
	(void)worker;
	return (int)result_of(munmap(at(addr), len));
}

static int live_mprotect(struct worker *worker, unsigned long addr, unsigned long len, int prot)
{
	(void)worker;
	return (int)result_of(mprotect(at(addr), len, prot));
}

/* -EAGAIN: MADV_COLLAPSE of a page with a transient reference from elsewhere in the kernel. */
static int live_madvise(struct worker *worker, unsigned long addr, unsigned long len, int advice)
{
	int err = 0;

	(void)worker;
	for (unsigned int tries = 0; tries < MOST_TRIES; tries++) {
		err = (int)result_of(madvise(at(addr), len, advice));
		if (err != -EAGAIN)
			break;
		sched_yield();
	}
	return err;
}

static long live_mremap(struct worker *worker, unsigned long addr, unsigned long len, unsigned long to)
{
	(void)worker;
	return result_of((long)mremap(at(addr), len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at(to)));
}

/* Sanitizers replace mlock() and munlock() by functions that do nothing, so they do not see these calls. */
static int lock_range(unsigned long addr, unsigned long len)
{
	return (int)result_of(syscall(SYS_mlock, addr, len));
}

static int live_mlock(struct worker *worker, unsigned long addr, unsigned long len)
{
	(void)worker;
	return lock_range(addr, len);
}

static int live_munlock(struct worker *worker, unsigned long addr, unsigned long len)
{
	(void)worker;
	return (int)result_of(syscall(SYS_munlock, addr, len));
}

static int live_mincore(struct worker *worker, unsigned long addr, unsigned long len, unsigned char *vec)
{
	(void)worker;
	return (int)result_of(mincore(at(addr), len, vec));
}

/* The kernel's words have more bits than ours; PM_PRESENT is the same. */
static int live_pagemap(struct worker *worker, unsigned long addr, unsigned long pages, uint64_t *map)
{
	const ssize_t size = (ssize_t)(pages * sizeof(*map));
	ssize_t got =
		pread(space_of(worker)->pagemap, map, (size_t)size, (off_t)((addr >> FRAME_SHIFT) * sizeof(*map)));

	return got == size ? 0 : got < 0 ? -errno : -EIO;
}

static long live_move_pages(struct worker *worker, unsigned long count, const unsigned long *addrs, const int *nodes,
			    int *status)
{
	(void)worker;
	return result_of(syscall(SYS_move_pages, 0l, count, addrs, nodes, status, (long)MPOL_MF_MOVE));
}

/* (T) all of it: what was read so far of maps or smaps */
struct maps_text {
	struct maps_line *lines;
	uint64_t *rss;			/* NULL: maps */
	unsigned int nr, most;
};

/* "START-END perms …", or "KEY: …", of the last one, where a key begins with a capital letter. */
static void parse_line(struct maps_text *maps, const char *text)
{
	static const char key[] = "Rss:";
	char *next;

	if (*text < 'A' || *text > 'Z') {
		struct maps_line *line = &maps->lines[maps->nr++];

		*line = (struct maps_line){ .start = strtoul(text, &next, 16) };
		line->end = strtoul(next + 1, NULL, 16);
	} else if (maps->rss && maps->nr && !strncmp(text, key, sizeof(key) - 1)) {
		maps->rss[maps->nr - 1] = strtoul(text + sizeof(key) - 1, NULL, 10) << 10;
	}
}

static int read_maps(const char *path, struct maps_text *maps)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t kept = 0;
	char text[2 * PAGE_SIZE + 1];
	ssize_t got = -1;

	while (fd >= 0 && maps->nr < maps->most && (got = read(fd, text + kept, PAGE_SIZE)) > 0) {
		const char *at = text, *newline;

		text[kept + (size_t)got] = '\0';
		for (; maps->nr < maps->most && (newline = strchr(at, '\n')); at = newline + 1)
			parse_line(maps, at);
		kept = strlen(at);
		memmove(text, at, kept);
	}
	if (fd >= 0)
		close(fd);
	return got < 0 ? -errno : maps->nr == maps->most ? -ENOSPC : (int)maps->nr;
}

static int live_maps(struct worker *worker, struct maps_line *lines, unsigned int most)
{
	(void)worker;
	return read_maps("/proc/self/maps", &(struct maps_text){ .lines = lines, .most = most });
}

static int live_smaps(struct worker *worker, struct maps_line *lines, uint64_t *rss, unsigned int most)
{
	(void)worker;
	return read_maps("/proc/self/smaps", &(struct maps_text){ .lines = lines, .rss = rss, .most = most });
}

static int live_ftruncate(struct worker *worker, unsigned long pages)
{
	return (int)result_of(ftruncate(space_of(worker)->files[worker->index].fd, (off_t)(pages << FRAME_SHIFT)));
}

/* ---- accesses ---- */

static int64_t live_access(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step,
			   bool write)
{
	char *memory = at(addr);

	(void)worker;
	for (unsigned long i = 0; write && i < pages; i++)
		store_relaxed(&memory[i * step], 1);
	for (unsigned long i = 0; !write && i < pages; i++)
		(void)load_relaxed(&memory[i * step]);
	return (int64_t)pages;
}

static int64_t live_touch_checked(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step)
{
	for (unsigned long i = 0; i < pages; i++) {
		uint64_t *word = (uint64_t *)at(addr + i * step);

		if (load_relaxed(word))
			return space_fail(space_of(worker), -EUCLEAN, "the page at %#lx was not fresh",
					  addr + i * step);
		store_relaxed(word, addr + i);
	}
	for (unsigned long i = 0; i < pages; i++)
		if (load_relaxed((uint64_t *)at(addr + i * step)) != addr + i)
			return space_fail(space_of(worker), -EUCLEAN, "the page at %#lx lost what was written to it",
					  addr + i * step);
	return (int64_t)pages;
}

static int live_expect_zero(struct worker *worker, unsigned long addr)
{
	if (!load_relaxed((uint64_t *)at(addr)))
		return 0;
	return space_fail(space_of(worker), -EUCLEAN, "the page at %#lx was dropped, and is not zero", addr);
}

const struct space_calls live_calls = {
	.mmap = live_mmap, .munmap = live_munmap, .mprotect = live_mprotect, .madvise = live_madvise,
	.mremap = live_mremap, .mlock = live_mlock, .munlock = live_munlock,
	.mincore = live_mincore, .pagemap = live_pagemap, .move_pages = live_move_pages, .ftruncate = live_ftruncate,
	.maps = live_maps, .smaps = live_smaps,
	.access = live_access, .touch_checked = live_touch_checked, .expect_zero = live_expect_zero,
};

/* ---- set-up ---- */

/* From the first region on, and as much before it, so that it can be aligned. */
static size_t reserved(const struct space *space)
{
	return (space->nr + 1) * space->stride;
}

int live_space_reserve(struct space *space)
{
	char *p = mmap(NULL, reserved(space), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	space->reserved = p;
	space->base = ALIGN_UP((unsigned long)p, PUD_SIZE);
	space->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	prctl(PR_SET_THP_DISABLE, space->run->policy.thp == THP_NEVER, 0, 0, 0);
	return 0;
}

int live_space_map(struct space *space)
{
	for (unsigned int i = 0; i < space->nr; i++) {
		char *region = at(space_region(space, i));

		if (mmap(region, space->pages << FRAME_SHIFT, READ_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
			return -errno;
		if (space->run->policy.thp != THP_NEVER)
			madvise(region, space->pages << FRAME_SHIFT, MADV_HUGEPAGE);
	}
	return 0;
}

void live_space_warm(struct space *space)
{
	const size_t size = space->pages << FRAME_SHIFT;

	for (unsigned int i = 0; i < space->nr; i++)
		host_touch(at(space_region(space, i)), size);
	for (unsigned int i = 0; i < space->nr; i++)
		madvise(at(space_region(space, i)), size, MADV_DONTNEED);
}

int live_space_try(struct space *space, int advice)
{
	char *region = at(space_region(space, 0));
	const size_t size = min(space->pages << FRAME_SHIFT, PMD_SIZE);
	int err;

	host_touch(region, size);
	err = (int)result_of(madvise(region, size, advice));
	return err ? err : live_space_map(space);
}

int live_space_try_mlock(struct space *space)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < space->nr; i++)
		err = lock_range(space_region(space, i), space->pages << FRAME_SHIFT);
	return err ? err : live_space_map(space);
}

bool live_space_is_huge(struct space *space)
{
	unsigned char second = 0;
	char *region = at(space_region(space, 0));

	host_touch(region, FRAME_SIZE);
	return !mincore(region + FRAME_SIZE, FRAME_SIZE, &second) && second & 1 && !live_space_map(space);
}

/* Every page is in memory: written to once, and kept. */
static bool fill_file(int fd, size_t size)
{
	return !ftruncate(fd, (off_t)size) && !fallocate(fd, 0, 0, (off_t)size);
}

/* Every page is written, in memory and on the disk. */
static bool write_file(int fd, size_t size)
{
	static const char page[FRAME_SIZE];

	for (size_t at = 0; at < size; at += FRAME_SIZE)
		if (pwrite(fd, page, FRAME_SIZE, (off_t)at) != (ssize_t)FRAME_SIZE)
			return false;
	return !fsync(fd);
}

static int make_file(size_t size, bool on_disk)
{
	int fd = on_disk ? open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR)
			 : memfd_create("faultline", MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	if ((on_disk ? write_file : fill_file)(fd, size))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int live_space_files(struct space *space, unsigned long pages, bool on_disk)
{
	for (unsigned int i = 0; i < space->run->threads; i++)
		space->files[i].fd = -1;
	for (unsigned int i = 0; i < space->run->threads; i++) {
		int fd = make_file(pages << FRAME_SHIFT, on_disk);

		if (fd < 0)
			return fd;
		space->files[i].fd = fd;
	}
	return 0;
}

void live_space_release(struct space *space)
{
	for (unsigned int i = 0; space->files && i < space->run->threads; i++)
		if (space->files[i].fd >= 0)
			close(space->files[i].fd);
	if (space->pagemap > 0)
		close(space->pagemap);
	if (space->reserved)
		munmap(space->reserved, reserved(space));
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
}
