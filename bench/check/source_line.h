/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source_line.h - the function and the line of an instruction of this program. */
#ifndef FAULTLINE_BENCH_CHECK_SOURCE_LINE_H
#define FAULTLINE_BENCH_CHECK_SOURCE_LINE_H

#include <stddef.h>

#include "core/faultline.h"

#if FAULTLINE_EXPLORE
#include <elfutils/libdwfl.h>

/* The debugging information of this program; NULL: there is none. */
Dwarf *source_dwarf(void);
#endif

/* What is unknown is NULL. */
struct source_place {
	char *function;
	const char *file;		/* without folders */
	int line;
	char *text;			/* of the line, where the source is on this machine */
};

/* Of the call that returns to @pc. Lives until some thousand others were looked up. */
const struct source_place *source_place(const void *pc);
/* The name of the variable at @address, how far behind its begin that is, and its size; NULL: none. */
const char *source_symbol(const void *address, size_t *offset, size_t *size);

/* Writes "FUNCTION FILE:LINE" of the call that returns to @pc; what is unknown is missing, or @pc itself. */
void source_line(const void *pc, char *text, size_t size);

#endif
