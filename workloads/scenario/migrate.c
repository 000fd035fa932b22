/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate.c - scenarios of pages under migration, and notifiers. */
#include "workloads/lib/scene_ksm.h"
#include "workloads/lib/scene_mirror.h"
#include "workloads/lib/scene_mlock.h"

SCENARIO(migrate_vs_write,
	.what = "a page is moved under a write",
	.nr_roles = 2,
	.roles = { { "migrate", scene_migrate, NULL }, { "write", scene_write, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(migrate_vs_waiters,
	.what = "a page is moved under faults of two threads, which wait for it",
	.nr_roles = 3,
	.roles = { { "migrate", scene_migrate, NULL }, { "write", scene_write, NULL }, { "read", scene_read, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(migrate_vs_three_waiters,
	.what = "a page is moved under faults of three threads, which wait for it",
	.nr_roles = 4,
	.roles = { { "migrate", scene_migrate, NULL }, { "write", scene_write, NULL }, { "read", scene_read, NULL },
		   { "write too", scene_write, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(migrate_vs_migrate,
	.what = "two threads move a page",
	.nr_roles = 2,
	.roles = { { "migrate", scene_migrate, NULL }, { "migrate again", scene_migrate, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(migrate_vs_fork,
	.what = "a page is moved while a fork shares it",
	.nr_roles = 2,
	.roles = { { "migrate", scene_migrate, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(migrate_vs_munmap,
	.what = "a page is moved while it is unmapped",
	.nr_roles = 2,
	.roles = { { "migrate", scene_migrate, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(move_pages_vs_munmap,
	.what = "move_pages() looks for a page that is unmapped",
	.nr_roles = 2,
	.roles = { { "move", scene_move_page, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(mremap_vs_rmap_walk,
	.what = "a walk to the entries of a page whose VMA moves",
	.nr_roles = 2,
	.roles = { { "look for references", scene_referenced, NULL }, { "move", scene_move, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(migrate_vs_mremap,
	.what = "a page is moved while its VMA moves",
	.nr_roles = 2,
	.roles = { { "migrate", scene_migrate, NULL }, { "move", scene_move, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hmm_vs_dontneed,
	.what = "a snapshot of a page that is dropped",
	.nr_roles = 2,
	.roles = { { "snapshot", scene_snapshot, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_mirrored,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hmm_vs_fork,
	.what = "a snapshot of a page that a fork shares",
	.nr_roles = 2,
	.roles = { { "snapshot", scene_snapshot, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_mirrored,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hmm_vs_munmap,
	.what = "a snapshot of a page that is unmapped",
	.nr_roles = 2,
	.roles = { { "snapshot", scene_snapshot, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_mirrored,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(ksm_vs_migrate,
	.what = "equal pages are merged while one is moved",
	.nr_roles = 2,
	.roles = { { "merge", scene_merge, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_mergeable,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(ksm_scan_vs_migrate,
	.what = "merged pages are scanned again while they are moved",
	.nr_roles = 2,
	.roles = { { "scan", scene_merge, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_merged,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(ksm_vs_write,
	.what = "equal pages are merged under a write",
	.nr_roles = 2,
	.roles = { { "merge", scene_merge, NULL }, { "write", scene_write, NULL } },
	.setup = scene_mergeable,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(mremap_vs_mirror,
	.what = "a page is moved while a device uses it by a mirror",
	.nr_roles = 2,
	.roles = { { "move", scene_move, NULL }, { "use", scene_mirror_use, NULL } },
	.setup = scene_mirror,
	.check = scene_check,
	.teardown = scene_mirror_close)

SCENARIO(munlock_vs_migrate,
	.what = "a locked page is unlocked while it is moved",
	.nr_roles = 2,
	.roles = { { "unlock", scene_unlock, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_locked,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(mlock_vs_migrate,
	.what = "a page is locked while it is moved",
	.nr_roles = 2,
	.roles = { { "lock", scene_lock, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)
