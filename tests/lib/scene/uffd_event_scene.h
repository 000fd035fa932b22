/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_event_scene.h - an mm with a userfaultfd that asked for events, and a thread whose event is read. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_UFFD_EVENT_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_UFFD_EVENT_SCENE_H

#include <errno.h>

#include "core/lock/wait.h"
#include "core/op/userfaultfd.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	4ul	/* registered, from AREA on; the first and third are written */
#define SIZE	(PAGES * PAGE_SIZE)
#define MOVED	(2 * AREA)
#define MISSING	UFFDIO_REGISTER_MODE_MISSING
#define WP	UFFDIO_REGISTER_MODE_WP
#define MAX_PAYLOAD	4096

static const char *policy = "linux-6.15";
static struct mm_struct *mm;
static struct userfaultfd_ctx *uffd;

static inline struct userfaultfd_ctx *open_uffd(uint64_t features, unsigned long start, unsigned long len,
						unsigned long mode)
{
	struct userfaultfd_ctx *ctx = userfaultfd_create(mm);

	assert_non_null(ctx);
	assert_int_equal(userfaultfd_api(ctx, features), 0);
	assert_int_equal(userfaultfd_register(ctx, start, len, mode), 0);
	return ctx;
}

static inline void begin(uint64_t features, unsigned long mode)
{
	events_reset();
	mm = mm_with_words(policy, 0);
	write_word(mm, 0, 100);
	write_word(mm, 2, 102);
	uffd = open_uffd(features, AREA, SIZE, mode);
}

static inline void finish(void)
{
	assert_at_rest(mm);
	userfaultfd_release(uffd);
	mm_exit(mm);
}

static inline long fill(struct userfaultfd_ctx *ctx, unsigned long addr, uint64_t word)
{
	uint64_t contents[MAX_PAYLOAD / sizeof(word)] = { word };

	return userfaultfd_copy(ctx, addr, contents, PAGE_SIZE, 0);
}

/* ---- an operation that waits ---- */

static struct waiting {
	long (*op)(void);
	unsigned int nth;		/* allocation that fails; 0: none */
	long ret;
	unsigned int done;
	struct mm_struct *child;
	struct test_threads *thread;
} waiting;

static inline void run_op(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	inject_alloc_failure(waiting.nth);
	waiting.ret = waiting.op();
	inject_alloc_failure(0);
	step_reach(&waiting.done, 1);
}

/* A call that changes nothing: no memory of that length. */
static inline bool event_outstanding(void)
{
	long ret = userfaultfd_zeropage(uffd, AREA, 0, 0);

	assert_true(ret == -EINVAL || ret == -EAGAIN);
	return ret == -EAGAIN;
}

/* A round of waiting, of which @ms is the number. */
static inline void wait_round(unsigned int *ms)
{
	const unsigned int never = 0;

	assert_false(step_within(&never, 1, 1));
	assert_true((*ms)++ < TEST_PATIENCE_MS);
}

/* Until its event is outstanding, and mmap_lock is dropped. */
static inline void start(long (*op)(void))
{
	unsigned int ms = 0;

	waiting = (struct waiting){ .op = op };
	waiting.thread = threads_start(1, run_op, NULL);
	while (!event_outstanding())
		wait_round(&ms);
	mmap_read_lock(mm);
	mmap_read_unlock(mm);
}

static inline struct userfaultfd_ctx *read_one(struct uffd_msg *msg)
{
	struct userfaultfd_ctx *child;
	unsigned int ms = 0;

	while (userfaultfd_read_msg(uffd, msg, &child))
		wait_round(&ms);
	return child;
}

static inline void end(long ret)
{
	step_await(&waiting.done, 1);
	threads_join(waiting.thread);
	assert_int_equal(waiting.ret, ret);
	assert_false(event_outstanding());
}

static inline void await_range(unsigned int event, unsigned long from, unsigned long to)
{
	struct uffd_msg msg;

	assert_null(read_one(&msg));
	assert_int_equal(msg.event, event);
	assert_int_equal(msg.arg.remove.start, from);
	assert_int_equal(msg.arg.remove.end, to);
}

static inline void await_remap(unsigned long from, unsigned long to, unsigned long len)
{
	struct uffd_msg msg;

	assert_null(read_one(&msg));
	assert_int_equal(msg.event, UFFD_EVENT_REMAP);
	assert_int_equal(msg.arg.remap.from, from);
	assert_int_equal(msg.arg.remap.to, to);
	assert_int_equal(msg.arg.remap.len, len);
}

static inline void assert_none(void)
{
	struct userfaultfd_ctx *child;
	struct uffd_msg msg;

	assert_int_equal(userfaultfd_read_msg(uffd, &msg, &child), -EAGAIN);
}

static inline long do_fork(void)
{
	return sys_fork(mm, &waiting.child);
}

#endif
