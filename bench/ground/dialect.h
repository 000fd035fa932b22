/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialect.h - writes text of a language that is evaluated, with foreign text and numbers in it.
 *
 * The format is a literal of this program and is written as it is. What its conversions write comes from files or
 * command lines, and goes through the language's own functions: a text stays a text, a number a finite number,
 * whatever they are.
 */
#ifndef FAULTLINE_BENCH_GROUND_DIALECT_H
#define FAULTLINE_BENCH_GROUND_DIALECT_H

#include <stdarg.h>
#include <stdio.h>

#define TEXT_REPLACEMENT	0xfffdu	/* U+FFFD REPLACEMENT CHARACTER */

/* How a language takes a text and a number that is finite; others are never passed to @put_real. */
struct dialect {
	void (*put_text)(FILE *out, const char *text);
	void (*put_real)(FILE *out, const char *conversion, double number);
	const char *not_finite;		/* is written in place of infinities and NaN */
};

/*
 * dialect_print - @fmt as printf() takes it, with the conversions %s, %d, %u, %lu, %zu, %g, %f and %%; flags, width
 * and precision (also .*) are taken for numbers. Callers wrap it in macros that accept literals alone.
 */
void dialect_print(FILE *out, const struct dialect *dialect, const char *fmt, va_list ap);

/*
 * text_next - the next character of *@text, which is moved behind it; 0 at the end. Bytes that are no UTF-8, and
 * characters that no XML may contain, come as TEXT_REPLACEMENT.
 */
unsigned int text_next(const char **text);
/* @character as UTF-8. */
void text_put(FILE *out, unsigned int character);
/* A line break, a tab, or another control character. */
int text_is_control(unsigned int character);
/*
 * @text within one line, and as no terminal takes it for a command: line breaks and tabs become spaces, other controls
 * are replaced.
 */
void text_put_plain(FILE *out, const char *text);

#endif
