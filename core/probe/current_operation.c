/* SPDX-License-Identifier: GPL-2.0-or-later */
/* current_operation.c - the current operations of each cpu. */
#include "core/probe/current_operation.h"

#if FAULTLINE_CHECK
#include "core/base/cpu.h"
#include "core/probe/operation.h"

#define MAX_NESTED	8	/* deeper ones are not printed */

/* Lock key: (A) atomic: written by its cpu, read by any */
struct current_operation {
	const char *name;	/* (A) */
	const void *on;		/* (A) */
	unsigned long at;	/* (A) */
};

static struct current_operations {
	unsigned int nr;	/* (A) */
	struct current_operation nested[MAX_NESTED];
} __cacheline_aligned operations[NR_CPUS];

static void operation_begins(const struct operation_event *event)
{
	struct current_operations *mine = this_cpu ? &operations[this_cpu->id] : NULL;
	unsigned int nr;

	if (!mine)
		return;
	nr = load_relaxed(&mine->nr);
	if (nr < MAX_NESTED) {
		store_relaxed(&mine->nested[nr].name, event->site->name);
		store_relaxed(&mine->nested[nr].on, event->on);
		store_relaxed(&mine->nested[nr].at, event->at);
	}
	store_release(&mine->nr, nr + 1);
}

/* A thread that became a cpu in the middle of an operation has none to end. */
static void operation_ends(const struct operation_event *event)
{
	struct current_operations *mine = this_cpu ? &operations[this_cpu->id] : NULL;

	(void)event;
	if (mine && load_relaxed(&mine->nr))
		store_release(&mine->nr, load_relaxed(&mine->nr) - 1);
}

static const struct operation_subscriber current_operation = {
	.begins = operation_begins,
	.ends = operation_ends,
};
OPERATION_SUBSCRIBER(current_operation);

void operations_print(FILE *out, unsigned int id)
{
	unsigned int nr = min(load_acquire(&operations[id].nr), (unsigned int)MAX_NESTED);

	for (unsigned int i = 0; i < nr; i++) {
		const struct current_operation *operation = &operations[id].nested[i];

		fprintf(out, "%s %s of %p", i ? "," : ", in", load_relaxed(&operation->name),
			load_relaxed(&operation->on));
		if (load_relaxed(&operation->at))
			fprintf(out, " at 0x%lx", load_relaxed(&operation->at));
	}
}
#endif
