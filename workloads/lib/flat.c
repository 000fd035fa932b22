/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flat.c - a flat array of entries. */
#include "workloads/lib/flat.h"

#include "workloads/lib/hostmem.h"

static size_t array_size(const struct worker *worker)
{
	return (size_t)worker->run->choice[0] * sizeof(pte_t);
}

/* With small pages, as the frames that hold page tables have. */
int flat_fill(struct worker *worker)
{
	int err = host_map(worker, array_size(worker), HOST_SMALL_PAGES);
	pte_t *entries = worker->data;

	for (int64_t i = 0; !err && i < worker->run->choice[0]; i++)
		entries[i] = __pte(ENTRY_PRESENT);
	return err;
}

void flat_free(struct worker *worker)
{
	host_unmap(worker, array_size(worker));
}
