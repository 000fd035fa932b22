/* SPDX-License-Identifier: GPL-2.0-or-later */
/* installed.c - where this program and its files are. */
#include "bench/ground/installed.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/ground/command.h"
#include "faultline_build.h"

int own_path(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size);

	if (length < 0 || (size_t)length == size)
		return fail("/proc/self/exe: %s", strerror(length < 0 ? errno : ENAMETOOLONG));
	path[length] = '\0';
	return 0;
}

int own_folder(char *path, size_t size)
{
	int status = own_path(path, size);

	if (!status)
		strrchr(path, '/')[1] = '\0';
	return status;
}

const char *layout_folder(void)
{
	static char installed[2 * PATH_MAX];
	char folder[PATH_MAX];

	if (own_folder(folder, sizeof(folder)))
		return FAULTLINE_SOURCE_DIR "/workloads/layouts/";
	snprintf(installed, sizeof(installed), "%s" FAULTLINE_BUILD_LAYOUTS, folder);
	return access(installed, F_OK) ? FAULTLINE_SOURCE_DIR "/workloads/layouts/" : installed;
}
