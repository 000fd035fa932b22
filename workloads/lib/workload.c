/* SPDX-License-Identifier: GPL-2.0-or-later */
/* workload.c - the workloads that registered themselves, by name. */
#include "workloads/lib/workload.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_WORKLOADS	256

/* (C) once main() runs, ascending by name */
static struct list {
	const struct workload *all[MAX_WORKLOADS];
	unsigned int nr;
} workloads, scenarios;

unsigned int nr_workloads(void)
{
	return workloads.nr;
}

unsigned int nr_scenarios(void)
{
	return scenarios.nr;
}

const struct workload *workload_get(unsigned int index)
{
	return index < workloads.nr ? workloads.all[index] : NULL;
}

const struct workload *scenario_get(unsigned int index)
{
	return index < scenarios.nr ? scenarios.all[index] : NULL;
}

static const struct workload *find(const struct list *list, const char *name)
{
	for (unsigned int i = 0; i < list->nr; i++)
		if (!strcmp(list->all[i]->name, name))
			return list->all[i];
	return NULL;
}

const struct workload *workload_find(const char *name)
{
	return find(&workloads, name);
}

const struct workload *scenario_find(const char *name)
{
	return find(&scenarios, name);
}

bool workload_matches(const struct workload *workload, const char *const *globs, unsigned int nr_globs)
{
	for (unsigned int i = 0; i < nr_globs; i++)
		if (!fnmatch(globs[i], workload->name, 0))
			return true;
	return !nr_globs;
}

static void add(struct list *list, const struct workload *workload)
{
	unsigned int i = list->nr;

	BUG_ON(list->nr == MAX_WORKLOADS || workload_find(workload->name) || scenario_find(workload->name));
	BUG_ON(!workload->nr_roles || workload->nr_roles > WORKLOAD_MAX_ROLES || workload->nr_axes > WORKLOAD_MAX_AXES);
	for (; i && strcmp(list->all[i - 1]->name, workload->name) > 0; i--)
		list->all[i] = list->all[i - 1];
	list->all[i] = workload;
	list->nr++;
}

void workload_register(const struct workload *workload)
{
	add(&workloads, workload);
}

void scenario_register(const struct workload *scenario)
{
	add(&scenarios, scenario);
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
