/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_stop.h - the end of every storm. */
#ifndef FAULTLINE_TESTS_LIB_STORM_STORM_STOP_H
#define FAULTLINE_TESTS_LIB_STORM_STORM_STOP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Stops the simulated machine. True if @good, and nothing leaked; *@why says what, if @good. Locking: a registered cpu,
 * which is not registered afterwards; no other thread is in core.
 */
bool storm_stop(bool good, char *why, size_t why_size);

#endif
