/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detection.c - the detector that fired first. */
#include "bench/check/detection.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/faultline.h"

static const char *first;	/* (A) */

void detection_note(const char *detector)
{
	const char *none = NULL;

	try_cmpxchg_relaxed(&first, &none, detector);
}

/* snprintf() of numbers and short strings takes no lock and no memory. */
void detection_print(void)
{
	const char *detector = load_relaxed(&first);
	const struct knockout *knockout;
	char line[256];
	ssize_t written;

	if (!detector)
		return;
	snprintf(line, sizeof(line), DETECTION_LINE "%s\n", detector);
	written = write(STDERR_FILENO, line, strlen(line));
	for (unsigned int i = 0; (knockout = knockout_get(i)); i++) {
		if (!knockout_hits(i))
			continue;
		snprintf(line, sizeof(line), DISABLED_LINE "%llu times %s\n",
			 (unsigned long long)knockout_hits(i), knockout->name);
		written = write(STDERR_FILENO, line, strlen(line));
	}
	(void)written;
}
