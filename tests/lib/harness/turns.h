/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turns.h - threads of a test that run one at a time, as a plan says: interleavings of any length, with hand-overs. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_TURNS_H
#define FAULTLINE_TESTS_LIB_HARNESS_TURNS_H

#include "core/probe/schedule.h"

/*
 * @n workers, cpus of node 0, run @fn(@arg, 0 … @n-1) under the schedule of @plan, from its begin to its end; the
 * callbacks they queue have run when it returns. The caller may be a cpu. Needs FAULTLINE_CHECK.
 */
void turns_run(const struct schedule_plan *plan, unsigned int n, void (*fn)(void *arg, unsigned int index), void *arg);

#endif
