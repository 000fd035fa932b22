/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - scenarios of pages of files. */
#include "workloads/lib/scene.h"

SCENARIO(file_unmap_vs_unmap,
	.what = "two processes unmap a file, whose last reference goes with the second one's VMA",
	.nr_roles = 2,
	.roles = { { "unmap", scene_unmap, NULL }, { "unmap there", scene_unmap, NULL } },
	.setup = scene_family_file_closed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(file_fault_vs_fault,
	.what = "two threads read a page that is not in memory",
	.nr_roles = 2,
	.roles = { { "read", scene_read, NULL }, { "read again", scene_read, NULL } },
	.setup = scene_file,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(truncate_vs_write,
	.what = "a file is truncated under a write",
	.nr_roles = 2,
	.roles = { { "truncate", scene_truncate, NULL }, { "write", scene_write, NULL } },
	.setup = scene_file,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(truncate_vs_mapped,
	.what = "a file is truncated while its page is read anew",
	.nr_roles = 2,
	.roles = { { "truncate", scene_truncate, NULL }, { "read", scene_read, NULL } },
	.setup = scene_file_dirty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(truncate_vs_private,
	.what = "a file is truncated under a write to a private mapping",
	.nr_roles = 2,
	.roles = { { "truncate", scene_truncate, NULL }, { "write", scene_write, NULL } },
	.setup = scene_file_private,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(write_back_vs_write,
	.what = "a file is written back under a write",
	.nr_roles = 2,
	.roles = { { "clean", scene_clean, NULL }, { "write", scene_write, NULL } },
	.setup = scene_file_dirty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(reclaim_vs_fault,
	.what = "a page of a file is reclaimed under a read",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim_file, NULL }, { "read", scene_read, NULL } },
	.setup = scene_file_read,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(write_back_vs_fault,
	.what = "a dirty page of a file is written back and reclaimed under a read, which reads it in again",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim_file, NULL }, { "read", scene_read, NULL } },
	.setup = scene_file_dirty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(reuse_vs_fault,
	.what = "a page of a file is reclaimed under a read, and its frame used for the next page",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim_reuse, NULL }, { "read", scene_read, NULL } },
	.setup = scene_file_read,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(reclaim_vs_truncate,
	.what = "a page of a file is reclaimed and truncated",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim_file, NULL }, { "truncate", scene_truncate, NULL } },
	.setup = scene_file_read,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_truncate,
	.what = "a page of a file is pinned while it is truncated",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin_file, NULL }, { "truncate", scene_truncate, NULL } },
	.setup = scene_file_dirty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(forced_write_vs_dontneed,
	.what = "a debugger writes to a private, read-only mapping of a file, whose pages are dropped",
	.nr_roles = 2,
	.roles = { { "write by force", scene_force_write, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_file_read_only,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(truncate_vs_cached,
	.what = "a file is truncated under a write to a page that is in memory",
	.nr_roles = 2,
	.roles = { { "truncate", scene_truncate, NULL }, { "write", scene_write, NULL } },
	.setup = scene_file_cached,
	.check = scene_check,
	.teardown = scene_close)
