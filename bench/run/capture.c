/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.c - from /proc/PID/maps and /proc/PID/pagemap to a layout.
 *
 * Source: Documentation/admin-guide/mm/pagemap.rst (entries of pagemap), fs/proc/task_mmu.c (lines of maps).
 */
#include "bench/run/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workloads/lib/layout.h"

#define PAGE_BITS	12
#define ATTEMPTS	3

/* An entry of pagemap. Whether a page is there may be read by its owner, the frame's number only with privileges. */
#define PM_PRESENT	(1ull << 63)
#define PM_SWAPPED	(1ull << 62)
#define PM_FILE		(1ull << 61)	/* or shared anonymous memory */
#define PM_EXCLUSIVE	(1ull << 56)
#define PM_FLAGS	(PM_PRESENT | PM_SWAPPED | PM_FILE | PM_EXCLUSIVE)

#define CHUNK		65536		/* entries read at once: half a megabyte */

struct capture {
	int pagemap;
	FILE *out;
	uint64_t *entries;		/* CHUNK of them */
	uint64_t run_first, run_end;	/* pages of the run being gathered; none when equal */
	uint64_t run_flags;
};

static void put_run(struct capture *capture)
{
	static const struct { uint64_t bit; char letter; } letters[] = {
		{ PM_PRESENT, 'p' }, { PM_SWAPPED, 's' }, { PM_FILE, 'f' }, { PM_EXCLUSIVE, 'x' },
	};

	if (capture->run_end == capture->run_first)
		return;
	fprintf(capture->out, "+ %llx %llu ", (unsigned long long)capture->run_first,
		(unsigned long long)(capture->run_end - capture->run_first));
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (capture->run_flags & letters[i].bit)
			putc(letters[i].letter, capture->out);
	putc('\n', capture->out);
	capture->run_first = capture->run_end;
}

static void add_page(struct capture *capture, uint64_t vpn, uint64_t entry)
{
	bool more = capture->run_end > capture->run_first && vpn == capture->run_end && entry == capture->run_flags;

	if (!more) {
		put_run(capture);
		capture->run_first = vpn;
		capture->run_flags = entry;
	}
	capture->run_end = vpn + 1;
}

/*
 * The runs of one VMA. Past the end of what user space can have (vsyscall), and of a process that is gone, nothing is
 * read.
 */
static int put_runs(struct capture *capture, uint64_t vpn, uint64_t end)
{
	capture->run_first = capture->run_end = 0;
	while (vpn < end) {
		uint64_t want = end - vpn < CHUNK ? end - vpn : CHUNK;
		ssize_t got = pread(capture->pagemap, capture->entries, want * 8, (off_t)(vpn * 8));

		if (got < 0)
			return errno == EINVAL ? 0 : -errno;
		if (got < 8)
			break;
		for (ssize_t i = 0; i < got / 8; i++)
			if (capture->entries[i] & (PM_PRESENT | PM_SWAPPED))
				add_page(capture, vpn + (uint64_t)i, capture->entries[i] & PM_FLAGS);
		vpn += (uint64_t)got / 8;
	}
	put_run(capture);
	return 0;
}

/* What a name in maps is cut to: a path's last part, without bytes that would end or hide a line. */
static void put_name(FILE *out, const char *name)
{
	for (name = layout_base_name(name); *name; name++)
		putc((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name, out);
}

/* One line of maps: "START-END PERMS OFFSET DEVICE INODE   NAME". */
static int put_vma(struct capture *capture, const char *line)
{
	unsigned long long start, end, offset;
	char perms[5];
	int name = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %*s %*s%n", &start, &end, perms, &offset, &name) < 4 || !name)
		return -EINVAL;
	fprintf(capture->out, "%08llx-%08llx %s %08llx ", start, end, perms, offset);
	put_name(capture->out, line + name + strspn(line + name, " "));
	putc('\n', capture->out);
	return put_runs(capture, start >> PAGE_BITS, end >> PAGE_BITS);
}

static int put_layout(struct capture *capture, char *maps)
{
	char *next = NULL;
	int error = 0;

	fputs("# /proc/PID/maps lines (path cut to its base name); under each, runs of populated pages:\n"
	      "#   + FIRST_VPN_HEX COUNT FLAGS   flags: p present, s swapped, f file or shared anon, x mapped "
	      "exclusively\n",
	      capture->out);
	for (char *line = strtok_r(maps, "\n", &next); line && !error; line = strtok_r(NULL, "\n", &next))
		error = put_vma(capture, line);
	return error;
}

static int open_of(pid_t pid, const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

/* All of /proc/PID/maps as one string, to be freed. */
static int read_maps(pid_t pid, char **maps)
{
	size_t length = 0, room = 0;
	int fd = open_of(pid, "maps");
	ssize_t got = 0;
	char *text = NULL;

	if (fd < 0)
		return fd;
	do {
		length += (size_t)got;
		if (room - length < 4096) {
			char *grown = realloc(text, room = room * 2 + 65536);

			if (!grown)
				break;
			text = grown;
		}
		got = read(fd, text + length, room - length - 1);
	} while (got > 0);
	close(fd);
	if (got || !length) {
		free(text);
		return got > 0 ? -ENOMEM : got < 0 ? -errno : -ENODATA;
	}
	text[length] = 0;
	*maps = text;
	return 0;
}

/* One attempt into @capture->out. Returns 0, 1 when the VMAs changed meanwhile, or -errno. */
static int capture_once(struct capture *capture, pid_t pid)
{
	char *maps, *before, *after;
	int error = read_maps(pid, &maps);

	if (error)
		return error;
	before = strdup(maps);
	error = before ? put_layout(capture, maps) : -ENOMEM;
	if (!error) {
		error = read_maps(pid, &after);
		if (error == -ENODATA)
			error = -ESRCH;
	}
	if (!error) {
		error = strcmp(before, after) != 0;
		free(after);
	}
	free(before);
	free(maps);
	return error;
}

static int capture_quiet(struct capture *capture, pid_t pid, FILE *out)
{
	char *text = NULL;
	size_t length;
	int error = 1;

	for (int attempt = 0; attempt < ATTEMPTS && error == 1; attempt++) {
		free(text);
		text = NULL;
		capture->out = open_memstream(&text, &length);
		if (!capture->out)
			return -errno;
		error = capture_once(capture, pid);
		if (fclose(capture->out) && error >= 0)
			error = -errno;
	}
	if (error >= 0 && fwrite(text, 1, length, out) != length)
		error = -errno;
	free(text);
	return error;
}

int capture_process(pid_t pid, FILE *out)
{
	struct capture capture = { .pagemap = open_of(pid, "pagemap") };
	int error;

	if (capture.pagemap < 0)
		return capture.pagemap;
	capture.entries = malloc(CHUNK * sizeof(*capture.entries));
	error = capture.entries ? capture_quiet(&capture, pid, out) : -ENOMEM;
	free(capture.entries);
	close(capture.pagemap);
	return error;
}
