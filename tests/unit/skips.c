/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * skips.c - what a kernel refuses is skipped, and says why: every workload of the live kernel under a filter that
 * refuses the calls it is about, each in a process of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/faultline.h"
#include "tests/lib/harness/world.h"
#include "workloads/lib/workload.h"

#define TEST_PAGES	1024

struct refusal {
	const char *workload, *says;
	long call;
	int argument, value;	/* only with that value of that argument; -1: always */
};

static const struct refusal refusals[] = {
	{ "live_guard_install", "MADV_GUARD_INSTALL: ", SYS_madvise, 2, MADV_GUARD_INSTALL },
	{ "live_guard_remove", "MADV_GUARD_INSTALL: ", SYS_madvise, 2, MADV_GUARD_INSTALL },
	{ "live_populate_read", "MADV_POPULATE_READ: ", SYS_madvise, 2, MADV_POPULATE_READ },
	{ "live_populate_write", "MADV_POPULATE_WRITE: ", SYS_madvise, 2, MADV_POPULATE_WRITE },
	{ "live_collapse", "MADV_COLLAPSE: ", SYS_madvise, 2, MADV_COLLAPSE },
	{ "live_thp_fault", "no huge page", SYS_madvise, 2, MADV_HUGEPAGE },
	{ "live_move_pages", "move_pages: ", SYS_move_pages, -1, 0 },
	{ "live_pagemap_scan", "PAGEMAP_SCAN: ", SYS_ioctl, -1, 0 },
	{ "live_pagemap_read", "no /proc/self/pagemap", SYS_openat, -1, 0 },
	{ "live_gup", "vmsplice: ", SYS_vmsplice, -1, 0 },
};

/* From here on this process's kernel answers that call with EPERM. */
static bool refuse(const struct refusal *refusal)
{
	const bool always = refusal->argument < 0;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refusal->call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (uint32_t)offsetof(struct seccomp_data, args[always ? 0 : refusal->argument])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refusal->value, 0, always ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* In a child: 0, the workload is skipped and says so; 2, no filters here; 1, anything else. */
static int skipped(const struct refusal *refusal)
{
	const struct workload *workload = workload_find(refusal->workload);
	struct workload_run run = { .workload = workload, .policy = policy_default()->policy, .threads = 1, .seed = 1 };
	int err;

	if (!refuse(refusal))
		return 2;
	for (unsigned int i = 0; i < workload->nr_axes; i++)
		run.choice[i] = min(workload->axes[i].values[0], TEST_PAGES);
	err = workload->setup(&run);
	if (err == -EOPNOTSUPP && !strncmp(run.skipped, refusal->says, strlen(refusal->says)))
		return 0;
	fprintf(stderr, "%s: error %d, says '%s'\n", workload->name, err, run.skipped);
	return 1;
}

static int in_child(const struct refusal *refusal)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(skipped(refusal));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void refused_calls_are_reported(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(refusals); i++) {
		int status = in_child(&refusals[i]);

		if (status == 2)
			skip();
		assert_int_equal(status, 0);
	}
}

/* Each workload of the live kernel that names a twin names one of the core. */
static void twins_exist(void **state)
{
	unsigned int nr = 0;

	(void)state;
	for (unsigned int i = 0; i < nr_workloads(); i++) {
		const struct workload *live = workload_get(i), *core;

		if (!(live->flags & WORKLOAD_LIVE)) {
			assert_null(live->twin_of);
			continue;
		}
		core = live->twin_of ? workload_find(live->twin_of) : NULL;
		if (!core || core->flags & (WORKLOAD_LIVE | WORKLOAD_LIMIT) || strcmp(core->item, live->item) ||
		    core->nr_roles != live->nr_roles || core->min_threads != live->min_threads)
			fail_msg("%s is no twin of %s", live->name, live->twin_of ? live->twin_of : "anything");
		for (unsigned int a = 0; a < live->nr_axes; a++)
			assert_string_equal(live->axes[a].key, core->axes[a].key);
		nr++;
	}
	assert_true(nr >= 25);
}

static int start(void **state)
{
	(void)state;
	world_start(1ul << 14, 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins_exist),
		cmocka_unit_test_setup_teardown(refused_calls_are_reported, start, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
