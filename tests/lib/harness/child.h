/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.h - something that is expected to die, run in a process of its own. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_CHILD_H
#define FAULTLINE_TESTS_LIB_HARNESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#define CHILD_SECONDS	100	/* of an idle machine, and of processor time */

/*
 * child_ends_well - runs @fn(@arg) in a forked child whose standard error is caught. Returns true when it returned
 * true: then the child ended well. Else what it said last is in @said: it died, was reported by a sanitizer, returned
 * false, or has taken CHILD_SECONDS. Locking: called while the process has one thread and nothing of core is running.
 */
bool child_ends_well(bool (*fn)(void *arg), void *arg, char *said, size_t said_size);
/* The same with another limit than CHILD_SECONDS. */
bool child_ends_within(unsigned int seconds, bool (*fn)(void *arg), void *arg, char *said, size_t said_size);

#endif
