/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complaint.c - the first violation that an oracle finds, as text. */
#include "core/oracle/complaint.h"

#include <stdarg.h>
#include <stdio.h>

void disagree(struct complaint *complaint, const char *fmt, ...)
{
	va_list ap;

	if (complaint->made)
		return;
	complaint->made = true;
	va_start(ap, fmt);
	vsnprintf(complaint->why, complaint->size, fmt, ap);
	va_end(ap);
}
