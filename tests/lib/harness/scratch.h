/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scratch.h - where tests make files: below TMPDIR, or /tmp without it. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_SCRATCH_H
#define FAULTLINE_TESTS_LIB_HARNESS_SCRATCH_H

#include <limits.h>

/* A name for mkstemp() or mkdtemp(), in @path of PATH_MAX bytes, which is returned; @what is the test's. */
char *scratch_name(char *path, const char *what);

#endif
