/* SPDX-License-Identifier: GPL-2.0-or-later */
/* operation.c - the current operations of each cpu. */
#include "core/probe/operation.h"

#include "core/base/assert.h"
#include "core/base/cpu.h"

#if FAULTLINE_CHECK
#define MAX_NESTED	8	/* deeper ones are not printed */

/* Lock key: (A) atomic: written by its cpu, read by any */
struct operation {
	const char *name;	/* (A) */
	const void *on;		/* (A) */
	unsigned long at;	/* (A) */
};

static struct operations {
	unsigned int nr;	/* (A) */
	struct operation nested[MAX_NESTED];
} __cacheline_aligned operations[NR_CPUS];

bool operation_show(const char *name, const void *on, unsigned long at)
{
	struct operations *mine = this_cpu ? &operations[this_cpu->id] : NULL;
	unsigned int nr;

	if (!mine)
		return false;
	nr = load_relaxed(&mine->nr);
	if (nr < MAX_NESTED) {
		store_relaxed(&mine->nested[nr].name, name);
		store_relaxed(&mine->nested[nr].on, on);
		store_relaxed(&mine->nested[nr].at, at);
	}
	store_release(&mine->nr, nr + 1);
	return true;
}

void operation_hide(void)
{
	struct operations *mine = &operations[this_cpu->id];

	store_release(&mine->nr, load_relaxed(&mine->nr) - 1);
}

/* A running cpu gives a mix of old and new values; a stuck cpu's do not change. */
void operations_print(FILE *out, unsigned int id)
{
	unsigned int nr = min(load_acquire(&operations[id].nr), (unsigned int)MAX_NESTED);

	for (unsigned int i = 0; i < nr; i++) {
		const struct operation *operation = &operations[id].nested[i];

		fprintf(out, "%s %s of %p", i ? "," : ", in", load_relaxed(&operation->name),
			load_relaxed(&operation->on));
		if (load_relaxed(&operation->at))
			fprintf(out, " at 0x%lx", load_relaxed(&operation->at));
	}
}
#endif
