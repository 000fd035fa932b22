/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz.c - what the files of tests/fuzz share. */
#include "tests/lib/harness/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_broken(const char *file, int line, const char *rule)
{
	dprintf(STDERR_FILENO, "%s:%d: broken rule: %s\n", file, line, rule);
	abort();
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("input", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	HOLDS(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}
