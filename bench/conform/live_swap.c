/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_swap.c - a swap file, and the process that holds it.
 *
 * The holder waits for the end of a pipe whose other end is this program's, and its agents', which end with it: that
 * comes even if the program is killed. Signals of the terminal do not reach the holder. The file has a name as long as
 * it is in use: swapon() rejects one without, and one in use cannot be unlinked.
 */
#include "bench/conform/live_swap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define SWAP_PAGE	4096

/* The first page of a swap area. Source: include/linux/swap.h, union swap_header. */
union header {
	struct {
		char boot[1024];
		uint32_t version, last_page, nr_bad_pages;
	} info;
	struct {
		char rest[SWAP_PAGE - 10];
		char magic[10];
	} end;
};

/* The program's end of the pipe, and the holder; below 0: swap is not on. No lock: one thread only. */
static int hold = -1;
static pid_t holder = -1;

bool live_has_swap(void)
{
	struct sysinfo info;

	return !sysinfo(&info) && info.totalswap;
}

/* Holes are no part of a swap area: all pages are written. */
static bool write_area(int fd)
{
	static const char zeroes[SWAP_PAGE];
	union header header = { .info = { .version = 1, .last_page = LIVE_SWAP_SIZE / SWAP_PAGE - 1 } };

	memcpy(header.end.magic, "SWAPSPACE2", sizeof(header.end.magic));
	if (write(fd, &header, sizeof(header)) != SWAP_PAGE)
		return false;
	for (unsigned long i = 1; i < LIVE_SWAP_SIZE / SWAP_PAGE; i++)
		if (write(fd, zeroes, SWAP_PAGE) != SWAP_PAGE)
			return false;
	return !fsync(fd);
}

/* Below 0: no folder has room for one. @path is its name. */
static int make_area(char *path, size_t size)
{
	const char *const folders[] = { getenv("TMPDIR"), "/tmp", "/var/tmp" };
	int fd = -1;

	for (unsigned int i = 0; fd < 0 && i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, size, "%s/faultline-swap-XXXXXX", folders[i] ? folders[i] : "/tmp");
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0 && !write_area(fd)) {
			close(fd);
			unlink(path);
			fd = -1;
		}
	}
	return fd;
}

/* The holder. */
static void hold_area(const char *path, int started, int ended)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	char byte;
	int error;

	for (unsigned int i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (int i = 0; i < 3; i++)
		close(i);
	setsid();
	error = swapon(path, 0) ? errno : 0;
	if (write(started, &error, sizeof(error)) == sizeof(error) && !error)
		while (read(ended, &byte, 1) < 0 && errno == EINTR)
			;
	if (!error)
		error = swapoff(path);
	unlink(path);
	_exit(error ? 1 : 0);
}

/* An errno. */
static int start_holder(const char *path)
{
	int started[2], ended[2], error = 0;

	if (pipe2(started, O_CLOEXEC))
		return errno;
	if (pipe2(ended, O_CLOEXEC)) {
		error = errno;
		goto out_started;
	}
	holder = fork();
	if (!holder) {
		close(ended[1]);
		hold_area(path, started[1], ended[0]);
	}
	close(ended[0]);
	close(started[1]);
	started[1] = -1;
	if (holder < 0 || read(started[0], &error, sizeof(error)) != sizeof(error))
		error = EAGAIN;
	hold = ended[1];
	if (error)
		live_swap_off();
out_started:
	close(started[0]);
	if (started[1] >= 0)
		close(started[1]);
	return error;
}

const char *live_swap_on(void)
{
	char path[4096];
	int fd = make_area(path, sizeof(path)), error;

	if (fd < 0)
		return "no file for it can be made in TMPDIR, /tmp or /var/tmp";
	close(fd);
	error = start_holder(path);
	return error ? strerror(error) : NULL;
}

bool live_swap_off(void)
{
	int status = 0;

	if (hold < 0)
		return true;
	close(hold);
	while (holder > 0 && waitpid(holder, &status, 0) < 0 && errno == EINTR)
		;
	hold = -1;
	holder = -1;
	return !status;
}
