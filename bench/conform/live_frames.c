/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_frames.c - what the live kernel shows its administrator about frames, in /proc/kpagecount and kpageflags.
 *
 * PageAnonExclusive has no bit of its own there: it is PG_owner_2, which KPF_OWNER_2 shows (bit 34), and means the
 * exclusive mark in anonymous pages only (KPF_ANON). On 6.18 all pages of a large folio show the bit of its first
 * one: of the others, once entries map them one by one, the mark is not known. The zero page and the huge one have
 * KPF_ZERO_PAGE and a count of 0.
 */
#include "bench/conform/live_frames.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/ground/progress.h"

#define KPF(bit)	(UINT64_C(1) << (bit))
enum { KPF_WRITEBACK = 8, KPF_ANON = 12, KPF_COMPOUND_TAIL = 16, KPF_ZERO_PAGE = 24, KPF_OWNER_2 = 34 };

/* Frames whose numbers are so close are read by one call. */
#define RUN_MAX		16
/* A device that takes longer has failed. */
#define WRITEBACK_SECONDS	2

/* No lock: the controller's only. */
static int counts_fd = -1, flags_fd = -1;

/* What was read since live_frames_forget(): processes of a tree share most frames. */
#define SEEN_SIZE	256
static struct { uint32_t frame, age; uint64_t count, flags; } seen[SEEN_SIZE];
static uint32_t age;

bool live_frames_open(void)
{
	uint64_t word;

	counts_fd = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (counts_fd >= 0 && flags_fd >= 0 && pread(flags_fd, &word, sizeof(word), 0) == sizeof(word))
		return true;
	live_frames_close();
	return false;
}

void live_frames_close(void)
{
	close(counts_fd);
	close(flags_fd);
	counts_fd = flags_fd = -1;
}

void live_frames_forget(void)
{
	age++;
}

/* Of frames in a row. */
static bool read_words(int fd, uint32_t frame, unsigned int nr, uint64_t *words)
{
	size_t size = nr * sizeof(words[0]);

	return pread(fd, words, size, (off_t)(frame - 1) * (off_t)sizeof(words[0])) == (ssize_t)size;
}

static bool under_writeback(uint32_t frame)
{
	uint64_t flags = 0;

	return frame && read_words(flags_fd, frame, 1, &flags) && flags & KPF(KPF_WRITEBACK);
}

/* A call for no pages drains the batches first. Source: mm/migrate.c, do_pages_move(). */
void live_frames_settle(const struct page_state *pages, long nr)
{
	static const int node;
	const double limit = now_seconds() + WRITEBACK_SECONDS;
	int status;

	for (long i = 0; i < nr; i++)
		while (under_writeback(pages[i].frame) && now_seconds() < limit)
			sched_yield();
	syscall(SYS_move_pages, 0, 0ul, NULL, &node, &status, 0);
}

unsigned long live_frames_collapsed(void)
{
	int fd = open("/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed", O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return size > 0 ? strtoul(text, NULL, 10) : 0;
}

static void show(struct page_state *page, uint64_t count, uint64_t flags)
{
	if (flags & KPF(KPF_ZERO_PAGE)) {
		page->bits |= PAGE_ZEROES;
		return;
	}
	page->mapcount = (uint16_t)count;
	if (flags & KPF(KPF_COMPOUND_TAIL) && !(page->bits & PAGE_HUGE))
		page->unknown |= PAGE_ANON_EXCLUSIVE;
	if (flags & KPF(KPF_ANON) && flags & KPF(KPF_OWNER_2))
		page->bits |= PAGE_ANON_EXCLUSIVE;
}

/* How many pages from @pages on are in frames in a row. */
static unsigned int run_length(const struct page_state *pages, long left)
{
	unsigned int nr = 1;

	while (nr < RUN_MAX && nr < left && pages[nr].frame == pages[0].frame + nr)
		nr++;
	return nr;
}

static bool show_seen(struct page_state *page)
{
	unsigned int slot = page->frame % SEEN_SIZE;

	if (seen[slot].frame != page->frame || seen[slot].age != age)
		return false;
	show(page, seen[slot].count, seen[slot].flags);
	return true;
}

static void read_run(struct page_state *pages, unsigned int nr)
{
	uint64_t counts[RUN_MAX], flags[RUN_MAX];

	if (!read_words(counts_fd, pages->frame, nr, counts) || !read_words(flags_fd, pages->frame, nr, flags))
		return;
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int slot = pages[i].frame % SEEN_SIZE;

		seen[slot].frame = pages[i].frame;
		seen[slot].age = age;
		seen[slot].count = counts[i];
		seen[slot].flags = flags[i];
		show(&pages[i], counts[i], flags[i]);
	}
}

void live_frames_look(struct page_state *pages, long nr)
{
	for (long i = 0, step; i < nr; i += step) {
		step = 1;
		if (!pages[i].frame || show_seen(&pages[i]))
			continue;
		step = run_length(&pages[i], nr - i);
		read_run(&pages[i], (unsigned int)step);
	}
}
