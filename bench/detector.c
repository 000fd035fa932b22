/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detector.c - who saw that something is wrong. */
#include "bench/detector.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/faultline.h"

static const struct {
	const char *name, *what, *words;
} detectors[] = {
#define DETECTOR(id, name, what, words) [DETECTOR_##id] = { name, what, words },
#include "bench/detector.def"
#undef DETECTOR
};

static unsigned int seen_by = NR_DETECTORS;	/* (A) */

const char *detector_name(enum detector detector)
{
	return detectors[detector].name;
}

const char *detector_what(enum detector detector)
{
	return detectors[detector].what;
}

enum detector detector_of_text(const char *text)
{
	for (enum detector i = 0; i < NR_DETECTORS; i++)
		if (detectors[i].words && strstr(text, detectors[i].words))
			return i;
	return DETECTOR_BUG;
}

void detector_saw(enum detector detector)
{
	unsigned int nobody = NR_DETECTORS;

	try_cmpxchg_relaxed(&seen_by, &nobody, detector);
}

/* snprintf() of numbers and short strings takes no lock and no memory. */
void detector_tell(void)
{
	unsigned int detector = load_relaxed(&seen_by);
	const struct knockout_info *info;
	char line[256];
	ssize_t written;

	if (detector == NR_DETECTORS)
		return;
	snprintf(line, sizeof(line), DETECTOR_LINE "%s\n", detectors[detector].name);
	written = write(STDERR_FILENO, line, strlen(line));
	for (unsigned int i = 0; (info = knockout_info(i)); i++) {
		if (!knockout_hits(i))
			continue;
		snprintf(line, sizeof(line), LEFT_OUT_LINE "%llu times %s\n", (unsigned long long)knockout_hits(i), info->name);
		written = write(STDERR_FILENO, line, strlen(line));
	}
	(void)written;
}
