/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detection.c - the detector that fired first. */
#include "bench/check/detection.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/faultline.h"

static const struct {
	const char *name, *what, *words;
} detections[] = {
#define DETECTION(id, name, what, words) [DETECTION_##id] = { name, what, words },
#include "bench/check/detection.def"
#undef DETECTION
};

static unsigned int first = NR_DETECTIONS;	/* (A) */

const char *detection_name(enum detection detection)
{
	return detections[detection].name;
}

const char *detection_what(enum detection detection)
{
	return detections[detection].what;
}

enum detection detection_of_text(const char *text)
{
	for (enum detection i = 0; i < NR_DETECTIONS; i++)
		if (detections[i].words && strstr(text, detections[i].words))
			return i;
	return DETECTION_BUG;
}

void detection_note(enum detection detection)
{
	unsigned int none = NR_DETECTIONS;

	try_cmpxchg_relaxed(&first, &none, detection);
}

/* snprintf() of numbers and short strings takes no lock and no memory. */
void detection_print(void)
{
	unsigned int detection = load_relaxed(&first);
	const struct knockout_info *info;
	char line[256];
	ssize_t written;

	if (detection == NR_DETECTIONS)
		return;
	snprintf(line, sizeof(line), DETECTION_LINE "%s\n", detections[detection].name);
	written = write(STDERR_FILENO, line, strlen(line));
	for (unsigned int i = 0; (info = knockout_info(i)); i++) {
		if (!knockout_hits(i))
			continue;
		snprintf(line, sizeof(line), DISABLED_LINE "%llu times %s\n",
			 (unsigned long long)knockout_hits(i), info->name);
		written = write(STDERR_FILENO, line, strlen(line));
	}
	(void)written;
}
