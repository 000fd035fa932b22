/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dies.h - assert that a statement ends in die(), and with which words. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_DIES_H
#define FAULTLINE_TESTS_LIB_HARNESS_DIES_H

#include <setjmp.h>
#include <stdbool.h>

/*
 * gcc warns of locals that change between one assert_dies() and the next: each calls setjmp() anew, so they are right.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wclobbered"
#endif

/* For assert_dies(): from here on die() in this thread jumps to the buffer returned. */
jmp_buf *dies_begin(void);
/* Ends it. True when die() was called with a text that contains @text. */
bool dies_end(const char *text);
/* The detector that the last death in this thread named. */
const char *died_by(void);

/*
 * Fails the test unless @statement dies with a text that contains @text. Locals that @statement changes are lost.
 * Includes cmocka.h first, as every test does.
 */
#define assert_dies(text, statement) do { \
	if (setjmp(*dies_begin()) == 0) { \
		statement; \
	} \
	assert_true(dies_end(text)); \
} while (0)

/* For tests of checks that builds without FAULTLINE_CHECK do not make. */
#define needs_checks() do { \
	if (!FAULTLINE_CHECK) \
		skip(); \
} while (0)

#endif
