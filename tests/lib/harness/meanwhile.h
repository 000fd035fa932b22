/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meanwhile.h - interleavings played step by step: at a sync point of this thread, another one does something. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_MEANWHILE_H
#define FAULTLINE_TESTS_LIB_HARNESS_MEANWHILE_H

#include "core/probe/syncpoint.h"

/*
 * The next time the calling thread passes @point, a second thread, which is a cpu, does @fn(@arg) from start to end; at
 * later hits nothing happens, until it is asked for again. Needs FAULTLINE_CHECK. Dies when there is no such point.
 */
void meanwhile(const char *point, void (*fn)(void *arg), void *arg);
/* The same at hit number @nth from now (1: the next). */
void meanwhile_at(const char *point, unsigned int nth, void (*fn)(void *arg), void *arg);
/* The same at each hit, for @times times. */
void meanwhile_each(const char *point, unsigned int times, void (*fn)(void *arg), void *arg);
/* Takes the hook away. Returns how often @fn ran since it was set. */
unsigned int meanwhile_ran(void);

#endif
