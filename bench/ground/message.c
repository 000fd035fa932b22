/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message.c - prints messages, whatever they quote. */
#include "bench/ground/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/ground/dialect.h"

const char *program_name = "faultline";

/* What a message quotes comes from files and command lines. */
static void say(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	fprintf(stderr, "%s: ", program_name);
	text_put_plain(stderr, text);
	fputc('\n', stderr);
	free(text);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

int complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return EXIT_MISUSE;
}

int fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return EXIT_CHECK_FAILED;
}

int complain_text(const char *text)
{
	return complain("%s", text);
}
