/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.c - scenarios of processes that share pages. */
#include "workloads/lib/scene_fork.h"

SCENARIO(fork_vs_write,
	.what = "a page is written while a fork shares it",
	.nr_roles = 2,
	.roles = { { "fork", scene_fork, NULL }, { "write", scene_write, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fork_vs_fork,
	.what = "two forks of one process",
	.nr_roles = 2,
	.roles = { { "fork", scene_fork, NULL }, { "fork again", scene_fork, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fork_vs_exit,
	.what = "a fork of a process, and the exit of its first child",
	.nr_roles = 2,
	.roles = { { "fork", scene_fork, NULL }, { "exit", scene_exit, NULL } },
	.setup = scene_forked,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(cow_vs_cow,
	.what = "parent and child write to the page that they share",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write in the child", scene_write, NULL } },
	.setup = scene_family,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(cow_vs_cow_threads,
	.what = "two threads write to a page that a child shares",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write again", scene_write, NULL } },
	.setup = scene_forked,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(cow_vs_exit,
	.what = "a write to a shared page, and the exit of the child that shares it",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "exit", scene_exit, NULL } },
	.setup = scene_forked,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(exit_vs_rmap_walk,
	.what = "a walk to the entries of a page of a process that exits",
	.nr_roles = 2,
	.roles = { { "look for references", scene_referenced, NULL }, { "exit", scene_exit, NULL } },
	.setup = scene_heir,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(anon_vma_vs_unlink,
	.what = "from a folio to its anon_vma, which an exit unlinks",
	.nr_roles = 2,
	.roles = { { "look up", scene_look_up, NULL }, { "exit", scene_exit, NULL } },
	.setup = scene_heir,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(anon_vma_vs_reuse,
	.what = "from a folio to its anon_vma, which an exit frees, and a fork uses again",
	.nr_roles = 2,
	.roles = { { "look up", scene_look_up, NULL }, { "exit and fork", scene_exit_fork, NULL } },
	.setup = scene_heir,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(exit_vs_mrelease,
	.what = "the memory of a killed process is released while it exits",
	.nr_roles = 2,
	.roles = { { "exit", scene_exit, NULL }, { "release", scene_mrelease, NULL } },
	.setup = scene_killed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(exit_vs_remote_read,
	.what = "a page of a process is read as a user of its mm, while it exits",
	.nr_roles = 2,
	.roles = { { "exit", scene_exit, NULL }, { "read remotely", scene_read_killed, NULL } },
	.setup = scene_killed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(mrelease_vs_read,
	.what = "a page of a killed process is released while it is read",
	.nr_roles = 2,
	.roles = { { "release", scene_mrelease, NULL }, { "read", scene_read_killed, NULL } },
	.setup = scene_killed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fork_vs_two_writes,
	.what = "pages of two tables are written one after the other while a fork shares them",
	.nr_roles = 2,
	.roles = { { "fork", scene_fork_moment, NULL }, { "write both", scene_write_in_order, NULL } },
	.setup = scene_two_tables,
	.check = scene_check,
	.teardown = scene_close)
