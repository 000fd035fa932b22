/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complaint.h - the first thing an oracle finds wrong, in words; later ones often follow from it and are dropped. */
#ifndef FAULTLINE_CORE_ORACLE_COMPLAINT_H
#define FAULTLINE_CORE_ORACLE_COMPLAINT_H

#include "core/base/compiler.h"

/* Lock key: (T) this thread only */
struct complaint {
	char *why;		/* (T) where the words go */
	size_t size;		/* (T) */
	bool made;		/* (T) */
};

/* Makes it. Not named as what the command line does about its words: both are in one program. */
void disagree(struct complaint *complaint, const char *fmt, ...) __printf(2, 3);

#endif
