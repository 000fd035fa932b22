/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect_check.h - one line of an expectation against what a side answered. */
#ifndef FAULTLINE_BENCH_CONFORM_EXPECT_CHECK_H
#define FAULTLINE_BENCH_CONFORM_EXPECT_CHECK_H

#include "bench/conform/side.h"

bool result_is_known(const char *text);
/* @expected NULL: any but an error. False: @told, of @size bytes, says what came instead. */
bool result_is(long result, const char *expected, char *told, size_t size);

/*
 * The rest of a line vmas or pages, of a window of @pages, against @state. Bits that the side does not know are not
 * compared. Returns NULL, or what is wrong with the line; @told stays empty if all is as expected.
 */
typedef const char *check_fn(const struct side *side, const struct process_state *state, long pages, const char *line,
			     char *told, size_t size);
check_fn check_vmas, check_pages;

#endif
