/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detection.h - which detector fired, printed as a line that programs can parse. */
#ifndef FAULTLINE_BENCH_CHECK_DETECTION_H
#define FAULTLINE_BENCH_CHECK_DETECTION_H

#include <stdbool.h>

enum detection {
#define DETECTION(id, name, what, words) DETECTION_##id,
#include "bench/check/detection.def"
#undef DETECTION
	NR_DETECTIONS
};

const char *detection_name(enum detection detection);
const char *detection_what(enum detection detection);
/* The detector of a broken invariant, by the invariant's text. */
enum detection detection_of_text(const char *text);

/* Prefixes of lines on stderr: of the detector's name, and of each disabled knock-out's count and name. */
#define DETECTION_LINE	"detected by: "
#define DISABLED_LINE	"disabled: "

/* Records that @detection fired. The first one counts, since others often detect only its consequences. */
void detection_note(enum detection detection);
/* Prints both kinds of lines if a detector fired. Async-signal-safe. */
void detection_print(void);

#endif
