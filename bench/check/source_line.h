/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source_line.h - the function and the line of an instruction of this program. */
#ifndef FAULTLINE_BENCH_CHECK_SOURCE_LINE_H
#define FAULTLINE_BENCH_CHECK_SOURCE_LINE_H

#include <stddef.h>

/* Writes "FUNCTION FILE:LINE" of the call that returns to @pc; what is unknown is missing, or @pc itself. */
void source_line(const void *pc, char *text, size_t size);

#endif
