/* SPDX-License-Identifier: GPL-2.0-or-later */
/* failure.h - what a failing run of `stress` prints, and how it ends: the detector, and a command that repeats it. */
#ifndef FAULTLINE_BENCH_CHECK_FAILURE_H
#define FAULTLINE_BENCH_CHECK_FAILURE_H

/* Takes over @command, the line printed from now on: the caller's of malloc(). NULL: none. No other thread runs. */
void failure_repeat_with(char *command);
/* The line, or NULL. */
const char *failure_repeat_command(void);

/* Prints @detector and the line. Async-signal-safe. */
void failure_print(const char *detector);
/* For the watchdog: prints its name and the line, and ends the process with EXIT_CHECK_FAILED. */
void failure_stuck(void);
/* From now on BUG()s and crashes print their detector and the line, and end the process likewise. */
void failures_catch(void);

#endif
