/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * current_operation.h - the nested operations that each cpu is in, for the watchdog's report. Nothing in builds without
 * FAULTLINE_CHECK.
 */
#ifndef FAULTLINE_CORE_PROBE_CURRENT_OPERATION_H
#define FAULTLINE_CORE_PROBE_CURRENT_OPERATION_H

#include <stdio.h>

#include "core/base/compiler.h"

#if FAULTLINE_CHECK
/*
 * Prints the operations of cpu @id, outermost first, appended to the current line; nothing outside of operations.
 * Locking: none. A running cpu gives a mix of old and new values; a stuck cpu's do not change.
 */
void operations_print(FILE *out, unsigned int id);
#else
static inline void operations_print(FILE *out, unsigned int id) { (void)out, (void)id; }
#endif

#endif
