/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complaint.h - the first violation that an oracle finds, as text; later ones often follow from it and are dropped. */
#ifndef FAULTLINE_CORE_ORACLE_COMPLAINT_H
#define FAULTLINE_CORE_ORACLE_COMPLAINT_H

#include "core/base/compiler.h"

/* Lock key: (T) this thread only */
struct complaint {
	char *why;		/* (T) buffer of the text */
	size_t size;		/* (T) */
	bool made;		/* (T) */
};

/* Makes the complaint. Its name differs from bench's complain(): both are in one program. */
void disagree(struct complaint *complaint, const char *fmt, ...) __printf(2, 3);

#endif
