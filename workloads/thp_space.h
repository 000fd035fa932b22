/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp_space.h - spaces whose memory comes in huge pages, whatever the policy says of them. */
#ifndef FAULTLINE_WORKLOADS_THP_SPACE_H
#define FAULTLINE_WORKLOADS_THP_SPACE_H

#include <errno.h>

#include "workloads/space.h"

/* As a workload's setup: @open under run->policy with huge pages always. -EOPNOTSUPP where the geometry has none. */
static inline int thp_space_open(struct workload_run *run, int (*open)(struct workload_run *run))
{
	run->policy.thp = THP_ALWAYS;
	return THP_POSSIBLE ? open(run) : -EOPNOTSUPP;
}

#endif
