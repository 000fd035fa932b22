/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp_space.h - spaces whose memory comes in huge pages, whatever the policy says of them. */
#ifndef FAULTLINE_WORKLOADS_LIB_THP_SPACE_H
#define FAULTLINE_WORKLOADS_LIB_THP_SPACE_H

#include <errno.h>

#include "workloads/lib/space_calls.h"

/*
 * As a workload's setup: @open under run->policy with huge pages always. -EOPNOTSUPP where the geometry, or the live
 * kernel, has none.
 */
static inline int thp_space_open(struct workload_run *run, int (*open)(struct workload_run *run))
{
	int err;

	run->policy.thp = THP_ALWAYS;
	err = THP_POSSIBLE ? open(run) : -EOPNOTSUPP;
	if (err || !space_is_live(run->data) || live_space_is_huge(run->data))
		return err;
	space_close(run);
	return workload_skip(run, "no huge page comes where MADV_HUGEPAGE asks for them");
}

#endif
