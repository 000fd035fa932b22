/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_gup.c - the live kernel's GUP-fast: populated pages given to a pipe by vmsplice(), which gets a reference to
 * each, and drained. What gup_read with its batches is compared with; the pipe's own work is in the figure.
 */
#include "workloads/lib/gup_pages.h"
#include "workloads/lib/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIPE_PAGES	256	/* 1 MiB: what an unprivileged pipe may hold */

/* (T) all of it; the memory first, where live_unmap() finds it */
struct live_pipe {
	int in, out, null;
	char *memory;
};

static void close_pipe(struct live_pipe *pipe)
{
	const int fds[] = { pipe->in, pipe->out, pipe->null };

	for (unsigned int i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int open_pipe(struct live_pipe *p)
{
	int fds[2], size;

	p->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (p->null < 0 || pipe2(fds, O_CLOEXEC))
		return -errno;
	p->out = fds[0];
	p->in = fds[1];
	size = fcntl(p->in, F_SETPIPE_SZ, PIPE_PAGES * 4096);
	return size < PIPE_PAGES * 4096 ? -EPERM : 0;
}

/* Containers may refuse it. Nothing goes into a pipe that is none. */
static int setup(struct workload_run *run)
{
	struct iovec vec = { 0 };

	if (vmsplice(-1, &vec, 1, 0) < 0 && errno != EBADF)
		return workload_skip(run, "vmsplice: %s", strerror(errno));
	return 0;
}

static int open_worker(struct worker *worker)
{
	struct live_pipe *pipe = malloc(sizeof(*pipe));
	int err = pipe ? live_map(worker) : -ENOMEM;

	if (err) {
		free(pipe);
		return err;
	}
	live_populate(worker);
	*pipe = (struct live_pipe){ .in = -1, .out = -1, .null = -1, .memory = worker->data };
	worker->data = pipe;
	return open_pipe(pipe);
}

static void close_worker(struct worker *worker)
{
	struct live_pipe *pipe = worker->data;

	close_pipe(pipe);
	worker->data = pipe->memory;
	free(pipe);
	live_unmap(worker);
}

/* @size bytes go in, or as many as fit, and out again, unread. Returns the bytes, or -errno. */
static ssize_t splice_some(struct live_pipe *pipe, char *from, size_t size)
{
	struct iovec vec = { from, size };
	ssize_t in = vmsplice(pipe->in, &vec, 1, SPLICE_F_NONBLOCK), left = in, out = 0;

	for (; left > 0; left -= out) {
		out = splice(pipe->out, NULL, pipe->null, NULL, (size_t)left, 0);
		if (out <= 0)
			break;
	}
	return in < 0 || out < 0 ? -errno : in;
}

static int64_t give(struct worker *worker)
{
	struct live_pipe *pipe = worker->data;
	char *from = pipe->memory, *end = from + live_size(worker);

	while (from < end) {
		ssize_t done = splice_some(pipe, from,
					   min((size_t)(end - from), (size_t)worker->run->choice[1] << FRAME_SHIFT));

		if (done <= 0)
			return done ? done : -EIO;
		from += done;
	}
	return worker->run->choice[0];
}

WORKLOAD(live_gup,
	.what = "live kernel: vmsplice() of populated pages into a pipe, so many a call, drained to /dev/null; each "
		"worker its own",
	.item = "page",
	.twin_of = "gup_read",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "give", give, NULL } },
	.nr_axes = 2,
	.axes = { MEMORY_AXIS, { "batch", 1, { GUP_MAX_BATCH } } },
	.setup = setup,
	.worker_setup = open_worker,
	.worker_teardown = close_worker)
