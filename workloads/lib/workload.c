/* SPDX-License-Identifier: GPL-2.0-or-later */
/* workload.c - the workloads that registered themselves, by name. */
#include "workloads/lib/workload.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_WORKLOADS	256

static const struct workload *workloads[MAX_WORKLOADS];	/* (C) once main() runs, ascending by name */
static unsigned int nr;

unsigned int nr_workloads(void)
{
	return nr;
}

const struct workload *workload_get(unsigned int index)
{
	return index < nr ? workloads[index] : NULL;
}

const struct workload *workload_find(const char *name)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(workloads[i]->name, name))
			return workloads[i];
	return NULL;
}

bool workload_matches(const struct workload *workload, const char *const *globs, unsigned int nr_globs)
{
	for (unsigned int i = 0; i < nr_globs; i++)
		if (!fnmatch(globs[i], workload->name, 0))
			return true;
	return !nr_globs;
}

void workload_register(const struct workload *workload)
{
	unsigned int i = nr;

	BUG_ON(nr == MAX_WORKLOADS || workload_find(workload->name));
	BUG_ON(!workload->nr_roles || workload->nr_roles > WORKLOAD_MAX_ROLES || workload->nr_axes > WORKLOAD_MAX_AXES);
	for (; i && strcmp(workloads[i - 1]->name, workload->name) > 0; i--)
		workloads[i] = workloads[i - 1];
	workloads[i] = workload;
	nr++;
}

int workload_skip(struct workload_run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(run->skipped, sizeof(run->skipped), fmt, ap);
	va_end(ap);
	return -EOPNOTSUPP;
}

void workload_stand_for(const struct workload_run *run, unsigned int index)
{
	if (run->nodes)
		cpu_stand_for(run->nodes[index % run->threads]);
}
