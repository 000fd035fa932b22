/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.c - from the process's clocks, and the states of its threads. */
#include "bench/ground/pace.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/faultline.h"

static double seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double cpu_of_others(void)
{
	return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

/*
 * On a processor, or waiting for one. The state follows the name, which ends in the line's last parenthesis. Source:
 * proc(5).
 */
static bool is_runnable(const char *thread)
{
	char path[64], line[512] = "";
	const char *name_end;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/self/task/%.16s/stat", thread);
	stat = fopen(path, "re");
	if (!stat)
		return false;
	if (!fgets(line, sizeof(line), stat))
		*line = '\0';
	fclose(stat);
	name_end = strrchr(line, ')');
	return name_end && !strncmp(name_end, ") R", 3);
}

/* Other threads of this process that are. */
static unsigned int runnable_others(void)
{
	DIR *threads = opendir("/proc/self/task");
	const struct dirent *thread;
	unsigned int nr = 0;

	while (threads && (thread = readdir(threads)))
		if (*thread->d_name != '.' && atoi(thread->d_name) != gettid())
			nr += is_runnable(thread->d_name);
	if (threads)
		closedir(threads);
	return nr;
}

double pace_of(double wall, double cpu, unsigned int runnable, unsigned int pus)
{
	double processors = min(runnable, pus), had = runnable ? cpu / processors : wall;

	return min(wall, had);
}

void pace_begin(struct pace *pace)
{
	*pace = (struct pace){ seconds_of(CLOCK_MONOTONIC), cpu_of_others() };
}

double pace_seconds(struct pace *pace)
{
	struct pace before = *pace;

	pace_begin(pace);
	return pace_of(pace->wall - before.wall, pace->cpu - before.cpu, runnable_others(), topology_pus());
}
