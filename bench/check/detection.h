/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detection.h - which detector fired, printed as a line that programs can parse. */
#ifndef FAULTLINE_BENCH_CHECK_DETECTION_H
#define FAULTLINE_BENCH_CHECK_DETECTION_H

/* Names of the program's own detectors, and of what surrounds it; those of the core are arguments of die(). */
#define DETECTION_FLIGHT	"in flight"	/* comparisons while workloads run: contents, pins, mirrors */
#define DETECTION_REFUSED	"refused"	/* a failed operation that must not fail */
#define DETECTION_REST		"at rest"	/* the oracle of all quiescent address spaces, files and frames */
#define DETECTION_FRAMES	"frames"	/* numbers of free frames before and after a run */
#define DETECTION_WATCHDOG	"watchdog"	/* nothing moves */
#define DETECTION_CRASH		"crash"		/* an access to unmapped memory */
#define DETECTION_SANITIZER	"sanitizer"	/* a report of ThreadSanitizer or AddressSanitizer */
#define DETECTION_TEST		"test"		/* a test program, step by step */
#define DETECTION_MODEL		"model"		/* a pattern explored under the C11 memory model */

/* Prefixes of lines on stderr: of the detector's name, and of each disabled knock-out's count and name. */
#define DETECTION_LINE	"detected by: "
#define DISABLED_LINE	"disabled: "

/*
 * Records that @detector fired, by its name, which stays in memory. The first one counts, since others often detect
 * only its consequences.
 */
void detection_note(const char *detector);
/* Prints both kinds of lines if a detector fired. Async-signal-safe. */
void detection_print(void);

#endif
