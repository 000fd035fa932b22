/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assert.c - ends a run on a broken invariant. */
#include "core/base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void (*die_hook)(const char *detector, const char *text);
bool slow_checks;
uint64_t run_seed;
_Thread_local int die_cpu = -1;

void die(const char *detector, const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (die_hook)
		die_hook(detector, text);
	fprintf(stderr, "faultline: broken invariant: %s\n  at %s:%d, cpu %d, seed %llu\n  detector: %s\n", text, file,
		line, die_cpu, (unsigned long long)run_seed, detector);
	fflush(stderr);
	abort();
}
