/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.c - memory of the live kernel. */
#include "workloads/live.h"

#include <errno.h>
#include <sys/mman.h>

int live_map(struct worker *worker)
{
	return host_map(worker, live_size(worker), HOST_SMALL_PAGES);
}

void live_unmap(struct worker *worker)
{
	host_unmap(worker, live_size(worker));
}

void live_populate(struct worker *worker)
{
	host_touch(worker->data, live_size(worker));
}

void live_empty(struct worker *worker)
{
	live_populate(worker);
	live_advise(worker, MADV_DONTNEED);
}

int64_t live_advise(struct worker *worker, int advice)
{
	return madvise(worker->data, live_size(worker), advice) ? -errno : worker->run->choice[0];
}
