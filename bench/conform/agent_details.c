/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent_details.c - what takes an agent longer to see of itself: VmFlags and sizes of /proc/self/smaps, counts of
 * /proc/self/status. The window lies below all else, so that smaps is read until it is passed.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/conform/agent_run.h"
#include "core/faultline.h"

#define PAGE_KIB	(WINDOW_PAGE / 1024)
/* The kernel looks at no more VMAs than the bytes that are read at a time show: it has a page for them. */
#define VMA_SIZE	860
#define VMAS_AT_A_TIME	4u
#define STATUS_SIZE	512

static const struct { char word[3]; unsigned int bit; } words[] = {
	{ "lo", VMA_LOCKED }, { "lf", VMA_LOCKONFAULT }, { "sl", VMA_SEALED }, { "dc", VMA_DONTFORK },
	{ "wf", VMA_WIPEONFORK }, { "dd", VMA_DONTDUMP }, { "hg", VMA_HUGE }, { "nh", VMA_NOHUGE },
	{ "mg", VMA_MERGEABLE }, { "ac", VMA_ACCOUNT }, { "nr", VMA_NORESERVE }, { "sr", VMA_SEQUENTIAL },
	{ "rr", VMA_RANDOM }, { "gd", VMA_GROWSDOWN }, { "mr", VMA_MAYREAD }, { "mw", VMA_MAYWRITE },
	{ "me", VMA_MAYEXEC }, { "ms", VMA_MAYSHARE }, { "dp", VMA_DROPPABLE }, { "sd", VMA_SOFTDIRTY },
};

/* In the order of smaps. */
static const struct { const char *name; enum size_kind kind; } sizes[] = {
	{ "Pss:", SIZE_PSS }, { "Pss_Dirty:", SIZE_PSS_DIRTY }, { "Shared_Clean:", SIZE_SHARED },
	{ "Shared_Dirty:", SIZE_SHARED }, { "Private_Clean:", SIZE_PRIVATE }, { "Private_Dirty:", SIZE_PRIVATE },
	{ "Anonymous:", SIZE_ANONYMOUS }, { "AnonHugePages:", SIZE_ANON_HUGE },
	{ "ShmemPmdMapped:", SIZE_SHMEM_HUGE }, { "FilePmdMapped:", SIZE_FILE_HUGE }, { "Swap:", SIZE_SWAP },
	{ "SwapPss:", SIZE_SWAP_PSS }, { "Locked:", SIZE_LOCKED },
};

int agent_open(const char *path, int old, int flags)
{
	if (old >= 0)
		syscall(SYS_close, old);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

/* A file of /proc/self, which shows what is now each time that it is read from its beginning. */
struct proc_file {
	const char *path;
	int fd;
};

/* Each process has its own: opened when it first looks. */
static struct proc_file smaps = { "smaps", -1 }, status = { "status", -1 };

/* Its lines, one at a time. */
struct lines {
	int fd;
	size_t from, to;	/* what is left in the buffer */
	size_t offset;		/* in the file */
	char buffer[WINDOW_PAGE];
};

/* What an agent reads is in its own memory, which it must not allocate. */
static struct lines lines;

static void lines_begin(struct proc_file *file)
{
	if (file->fd < 0)
		file->fd = agent_open(file->path, -1, O_RDONLY);
	lines.fd = file->fd;
	lines.from = lines.to = lines.offset = 0;
}

static bool read_more(size_t size)
{
	long nr;

	memmove(lines.buffer, lines.buffer + lines.from, lines.to - lines.from);
	lines.to -= lines.from;
	lines.from = 0;
	size = min(size, sizeof(lines.buffer) - lines.to);
	nr = syscall(SYS_pread64, lines.fd, lines.buffer + lines.to, size, lines.offset);
	if (nr <= 0)
		return false;
	lines.to += (size_t)nr;
	lines.offset += (size_t)nr;
	return true;
}

/* The next line, without its end; NULL after the last one. Reads @size bytes at a time. */
static const char *next_line(size_t size)
{
	char *line, *end;

	while (!(end = memchr(lines.buffer + lines.from, '\n', lines.to - lines.from)))
		if (!read_more(size))
			return NULL;
	*end = '\0';
	line = lines.buffer + lines.from;
	lines.from = (size_t)(end - lines.buffer) + 1;
	return line;
}

/* The number at @text, in hexadecimal or decimal digits; behind it: *@rest. */
static unsigned long number(const char *text, unsigned int base, const char **rest)
{
	static const char digits[] = "0123456789abcdef";
	unsigned long n = 0;
	const char *digit;

	while (*text && (digit = memchr(digits, *text, base)) != NULL) {
		n = n * base + (unsigned long)(digit - digits);
		text++;
	}
	*rest = text;
	return n;
}

static unsigned int flags_of(const char *text)
{
	unsigned int flags = 0;

	for (; text[0] && text[1]; text += 2 + (text[2] == ' '))
		for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (text[0] == words[i].word[0] && text[1] == words[i].word[1])
				flags |= words[i].bit;
	return flags;
}

/* The number behind @key in KiB; @otherwise, if @line is another. */
static long count_of(const char *line, const char *key, long otherwise)
{
	size_t length = strlen(key);

	if (*line != *key || strncmp(line, key, length))
		return otherwise;
	for (line += length; *line == ' ' || *line == '\t';)
		line++;
	return (long)number(line, 10, &line);
}

/* @next: the first of the lines that may still come of this VMA. */
static void add_size(const char *line, unsigned int *next, long *sums)
{
	for (unsigned int i = *next; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		long size = count_of(line, sizes[i].name, -1);

		if (size < 0)
			continue;
		sums[sizes[i].kind] += size;
		*next = i + 1;
		return;
	}
}

/* VMAs come in the same order as they were looked at. */
static void look_at_vmas(unsigned long start, struct agent_sight *sight)
{
	static const char key[] = "VmFlags: ";
	const char *line, *rest;
	unsigned int i = 0, next = 0;
	bool inside = false;

	memset(sight->sizes, 0, sizeof(sight->sizes));
	if (!sight->nr_vmas)
		return;
	lines_begin(&smaps);
	while (i < sight->nr_vmas && (line = next_line(min(sight->nr_vmas - i, VMAS_AT_A_TIME) * VMA_SIZE))) {
		/* Words begin with a capital letter. */
		if (*line < 'A' || *line > 'Z') {
			number(line, 16, &rest);
			inside = number(rest + 1, 16, &rest) > start;
			next = 0;
		} else if (inside && *line == key[0] && !strncmp(line, key, sizeof(key) - 1)) {
			sight->vmas[i++].vm_flags = flags_of(line + sizeof(key) - 1);
		} else if (inside) {
			add_size(line, &next, sight->sizes);
		}
	}
}

static long pages_of(const char *line, const char *key, long otherwise)
{
	long kib = count_of(line, key, -1);

	return kib < 0 ? otherwise : (long)(kib / PAGE_KIB);
}

static void look_at_counts(struct agent_sight *sight)
{
	const char *line;

	sight->locked = sight->total = -1;
	lines_begin(&status);
	while (sight->locked < 0 && (line = next_line(STATUS_SIZE))) {
		sight->total = pages_of(line, "VmSize:", sight->total);
		sight->locked = pages_of(line, "VmLck:", sight->locked);
	}
}

void agent_details(long pages, struct agent_sight *sight)
{
	look_at_vmas(window_start(pages), sight);
	look_at_counts(sight);
}

static void forget(struct proc_file *file)
{
	if (file->fd >= 0)
		syscall(SYS_close, file->fd);
	file->fd = -1;
}

void agent_details_begin(void)
{
	forget(&smaps);
	forget(&status);
}

void agent_details_prepare(void)
{
	memset(&lines, 0, sizeof(lines));
}
