/* SPDX-License-Identifier: GPL-2.0-or-later */
/* schedule_step.c - each sync point is a step of the schedule. */
#include "core/probe/schedule.h"
#include "core/probe/syncpoint.h"

#if FAULTLINE_CHECK
static void step_at(const struct syncpoint *point)
{
	SCHEDULE_STEP(point->name);
}

static const struct syncpoint_subscriber schedule_step = { .hit = step_at };
SYNCPOINT_SUBSCRIBER(schedule_step);
#endif
