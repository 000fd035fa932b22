/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scratch.c - names of files that tests make. */
#include "tests/lib/harness/scratch.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/faultline.h"

char *scratch_name(char *path, const char *what)
{
	const char *folder = getenv("TMPDIR");
	int length = snprintf(path, PATH_MAX, "%s/faultline-%s-XXXXXX", folder && *folder ? folder : "/tmp", what);

	BUG_ON(length >= PATH_MAX);
	return path;
}
