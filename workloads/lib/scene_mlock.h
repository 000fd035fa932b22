/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_mlock.h - scenes of locked memory. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_MLOCK_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_MLOCK_H

#include "workloads/lib/scene.h"

int scene_locked(struct workload_run *run);	/* as scene_written(); the first page by mlock() */

int64_t scene_lock(struct worker *worker);	/* mlock(): the page is in memory; munlock() */
int64_t scene_unlock(struct worker *worker);	/* munlock() */

#endif
