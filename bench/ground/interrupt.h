/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupt.h - SIGINT, SIGTERM and SIGHUP: no unfinished file is left, and no measurement is lost.
 *
 * By default a signal removes the unfinished files and ends the program. A command that measures defers: the first
 * signal is noted, and the command stops at its next step, keeps what there is and exits with 128 + the signal. The
 * second one ends the program at once.
 */
#ifndef FAULTLINE_BENCH_GROUND_INTERRUPT_H
#define FAULTLINE_BENCH_GROUND_INTERRUPT_H

#include <stdbool.h>

#define UNFINISHED_FILES	16	/* at a time */

/* Installs the handlers. A signal that is ignored, as by nohup, stays ignored. */
void interrupt_catch(void);
/* From here on the first signal is noted alone. */
void interrupt_defer(void);
/* The signal that was noted; 0: none. Any thread may ask. */
int interrupted(void);
/* Its name, as "SIGINT"; NULL: none. */
const char *interrupt_name(void);
/* @status, or what a shell takes for the noted signal: 128 + its number. */
int interrupt_status(int status);

/*
 * @path, which stays allocated, is removed when a signal ends the program. False: there are UNFINISHED_FILES already.
 */
bool interrupt_removes(const char *path);
/* Not any more. */
void interrupt_keeps(const char *path);

#endif
