/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detector.h - who saw that something is wrong, told in a line that programs can read. */
#ifndef FAULTLINE_BENCH_DETECTOR_H
#define FAULTLINE_BENCH_DETECTOR_H

#include <stdbool.h>

enum detector {
#define DETECTOR(id, name, what, words) DETECTOR_##id,
#include "bench/detector.def"
#undef DETECTOR
	NR_DETECTORS
};

const char *detector_name(enum detector detector);
const char *detector_what(enum detector detector);
/* Whose a broken invariant is, by its text. */
enum detector detector_of_text(const char *text);

/* What begins the line on stderr, before the name; and the one for each knock-out, before how often it was left out and its name. */
#define DETECTOR_LINE	"seen by: "
#define LEFT_OUT_LINE	"left out: "

/* @detector saw something. The first one counts, since others often see what follows from it. */
void detector_saw(enum detector detector);
/* Both kinds of lines, when something was seen. Of use in signal handlers. */
void detector_tell(void);

#endif
