/* SPDX-License-Identifier: GPL-2.0-or-later */
/* patience.c - compares the runnable threads of a process group with those of all others, as /proc shows them. */
#include "tests/lib/harness/patience.h"

#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct demand {
	pid_t group;
	unsigned int ours, others;	/* runnable threads */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One thread: /proc/PID/task/TID/stat is "TID (NAME) STATE PARENT GROUP …", and NAME may hold anything. */
static void count_thread(struct demand *demand, const char *process, const char *thread)
{
	char path[64], line[512], *after;
	char state;
	int group;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%.15s/task/%.15s/stat", process, thread);
	stat = fopen(path, "re");
	if (!stat)
		return;		/* it has ended */
	if (fgets(line, sizeof(line), stat) && (after = strrchr(line, ')')) &&
	    sscanf(after + 1, " %c %*d %d", &state, &group) == 2 && state == 'R' && atoi(thread) != gettid()) {
		if (group == demand->group)
			demand->ours++;
		else
			demand->others++;
	}
	fclose(stat);
}

static void for_each_number(const char *folder, void (*fn)(struct demand *, const char *, const char *),
			    struct demand *demand, const char *process)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			fn(demand, process ? process : entry->d_name, entry->d_name);
	if (dir)
		closedir(dir);
}

static void count_process(struct demand *demand, const char *process, const char *unused)
{
	char tasks[64];

	(void)unused;
	snprintf(tasks, sizeof(tasks), "/proc/%.15s/task", process);
	for_each_number(tasks, count_thread, demand, process);
}

static double at_least_one(double n)
{
	return n > 1 ? n : 1;
}

double machine_slowdown(pid_t group)
{
	struct demand demand = { .group = group };
	double cpus = 1, ours, all;
	cpu_set_t allowed;

	if (!sched_getaffinity(0, sizeof(allowed), &allowed))
		cpus = CPU_COUNT(&allowed);
	for_each_number("/proc", count_process, &demand, NULL);
	ours = at_least_one(demand.ours);
	all = ours + demand.others;
	/* Alone they would have min(@ours, @cpus) processors; now they have their part of what @all share. */
	return at_least_one(all / cpus) / at_least_one(ours / cpus);
}

void patience_begin(struct patience *patience, double seconds, pid_t group)
{
	*patience = (struct patience){ .left = seconds, .last = now(), .slowdown = 1, .group = group };
}

bool patience_over(struct patience *patience)
{
	double passed = now() - patience->last;

	if (passed * 1000 < PATIENCE_STEP_MS && passed < patience->left)
		return false;
	patience->last += passed;
	patience->elapsed += passed;
	patience->left -= passed / patience->slowdown;
	patience->slowdown = machine_slowdown(patience->group);
	return patience->left <= 0;
}
