/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_files.c - what the live side's processes share: the files of a sequence, and places for pins. */
#include "bench/conform/live_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* A place for a buffer for each pin; -1: this system has none, or refuses. */
static int open_ring(void)
{
	struct io_uring_params params = { 0 };
	struct io_uring_rsrc_register places = { .nr = NR_PINS, .flags = IORING_RSRC_REGISTER_SPARSE };
	int ring = (int)syscall(SYS_io_uring_setup, 1u, &params);

	if (ring >= 0 && syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS2, &places, sizeof(places))) {
		close(ring);
		ring = -1;
	}
	return ring;
}

static const char *open_file(struct agent_files *files, unsigned int number)
{
	struct stat stat;

	files->fds[number] = memfd_create("conform", MFD_CLOEXEC);
	if (files->fds[number] < 0 || fstat(files->fds[number], &stat))
		return "no file in memory can be made";
	files->inodes[number] = stat.st_ino;
	live_file_renew(files, number);
	return NULL;
}

const char *live_files_open(struct agent_files *files)
{
	const char *why = NULL;

	memset(files, 0, sizeof(*files));
	for (unsigned int i = 1; !why && i <= NR_FILES; i++)
		why = open_file(files, i);
	for (unsigned int i = 0; !why && i < NR_PINS; i++)
		if (pipe2(files->pipes[i], O_CLOEXEC | O_NONBLOCK))
			why = "no pipe can be made";
	files->ring = open_ring();
	if (why)
		live_files_close(files);
	return why;
}

void live_files_close(struct agent_files *files)
{
	for (unsigned int i = 1; i <= NR_FILES; i++)
		if (files->fds[i] > 0)
			close(files->fds[i]);
	for (unsigned int i = 0; i < NR_PINS; i++)
		for (unsigned int end = 0; end < 2; end++)
			if (files->pipes[i][end])
				close(files->pipes[i][end]);
	if (files->ring >= 0)
		close(files->ring);
}

/* A page at a time: its folios are small. */
void live_file_renew(const struct agent_files *files, unsigned int file)
{
	unsigned char page[WINDOW_PAGE];

	live_file_truncate(files, file, 0);
	for (long i = 0; i < FILE_PAGES; i++) {
		memset(page, file_byte(file, i), sizeof(page));
		while (pwrite(files->fds[file], page, sizeof(page), i * (long)sizeof(page)) < 0 && errno == EINTR)
			;
	}
}

long live_file_truncate(const struct agent_files *files, unsigned int file, long pages)
{
	return ftruncate(files->fds[file], pages * (long)WINDOW_PAGE) ? -errno : 0;
}

void live_unpin(const struct agent_files *files, unsigned int pin)
{
	const struct iovec none = { 0 };
	struct io_uring_rsrc_update2 update = { .offset = pin, .nr = 1, .data = (uint64_t)&none };
	char page[WINDOW_PAGE];

	while (read(files->pipes[pin][0], page, sizeof(page)) > 0)
		;
	if (files->ring >= 0)
		syscall(SYS_io_uring_register, files->ring, IORING_REGISTER_BUFFERS_UPDATE, &update, sizeof(update));
}
