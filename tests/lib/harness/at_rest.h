/* SPDX-License-Identifier: GPL-2.0-or-later */
/* at_rest.h - the oracle's reports about quiescent address spaces. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_AT_REST_H
#define FAULTLINE_TESTS_LIB_HARNESS_AT_REST_H

#include "core/oracle/at_rest.h"

/* True when all that can be said of @mms, all @nr there are, holds; else says on stderr what does not. */
bool rests(struct mm_struct *const *mms, unsigned int nr);

/* Fails the test unless these rest. Includes cmocka.h first, as every test does. */
#define assert_at_rest(...) do { \
	struct mm_struct *mms_[] = { __VA_ARGS__ }; \
	assert_true(rests(mms_, ARRAY_SIZE(mms_))); \
} while (0)

/* For tests of the oracle: changes a word, expects the test's is_wrong() to report it, and restores the word. */
#define wrong_when(f, lvalue, value, words) do { \
	__typeof__(lvalue) saved_ = (lvalue); \
	(lvalue) = (value); \
	is_wrong((f), (words)); \
	(lvalue) = saved_; \
} while (0)

#endif
