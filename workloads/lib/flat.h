/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flat.h - as many entries as full tables hold, in one flat array: what no walk can be faster over. */
#ifndef FAULTLINE_WORKLOADS_LIB_FLAT_H
#define FAULTLINE_WORKLOADS_LIB_FLAT_H

#include "workloads/lib/space.h"

/* As worker_setup and worker_teardown: worker->data becomes choice[0] present entries, a multiple of TABLE_PAGES. */
int flat_fill(struct worker *worker);
void flat_free(struct worker *worker);

#endif
