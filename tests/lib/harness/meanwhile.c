/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meanwhile.c - interleavings played step by step. */
#include "tests/lib/harness/meanwhile.h"

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/phys/frame.h"
#include "tests/lib/harness/threads.h"

/* Only the thread that set the hook looks at it. */
static struct {
	const struct cpu *owner;
	unsigned int skip, times, ran;
	void (*fn)(void *arg);
	void *arg;
} hook;

static void other_thread(void *arg, unsigned int index)
{
	(void)index;
	hook.fn(arg);
	frame_drain_cpu();
}

static void at_point(void *arg)
{
	(void)arg;
	if (this_cpu != hook.owner || !hook.times)
		return;
	if (hook.skip) {
		hook.skip--;
		return;
	}
	hook.times--;
	hook.ran++;
	threads_run(1, other_thread, hook.arg);
}

static void set(const char *point, unsigned int skip, unsigned int times, void (*fn)(void *arg), void *arg)
{
	hook.owner = this_cpu;
	hook.skip = skip;
	hook.times = times;
	hook.ran = 0;
	hook.fn = fn;
	hook.arg = arg;
	if (syncpoint_hook(point, at_point, NULL))
		BUG("no sync point %s", point);
}

void meanwhile(const char *point, void (*fn)(void *arg), void *arg)
{
	set(point, 0, 1, fn, arg);
}

void meanwhile_at(const char *point, unsigned int nth, void (*fn)(void *arg), void *arg)
{
	set(point, nth - 1, 1, fn, arg);
}

void meanwhile_each(const char *point, unsigned int times, void (*fn)(void *arg), void *arg)
{
	set(point, 0, times, fn, arg);
}

unsigned int meanwhile_ran(void)
{
	syncpoint_hook(NULL, NULL, NULL);
	return hook.ran;
}
