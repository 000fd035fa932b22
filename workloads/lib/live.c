/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.c - memory of the live kernel. */
#include "workloads/lib/live.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
	live_drop(worker);
}

void live_drop(struct worker *worker)
{
	live_advise(worker, MADV_DONTNEED);
}

int live_map_file(struct worker *worker, int fd, int flags)
{
	void *memory = mmap(NULL, live_size(worker), PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	worker->data = memory;
	madvise(memory, live_size(worker), MADV_NOHUGEPAGE);
	live_populate(worker);
	return 0;
}

int live_map_memfd(struct worker *worker)
{
	int fd = memfd_create("faultline", MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = ftruncate(fd, (off_t)live_size(worker)) ? -errno : live_map_file(worker, fd, MAP_SHARED);
	close(fd);
	return err;
}

int live_knows(struct workload_run *run, int advice, const char *name)
{
	void *page = mmap(NULL, FRAME_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = 0;

	if (page == MAP_FAILED)
		return -errno;
	if (madvise(page, FRAME_SIZE, advice))
		err = workload_skip(run, "%s: %s", name, strerror(errno));
	munmap(page, FRAME_SIZE);
	return err;
}

int64_t live_advise(struct worker *worker, int advice)
{
	return madvise(worker->data, live_size(worker), advice) ? -errno : worker->run->choice[0];
}
