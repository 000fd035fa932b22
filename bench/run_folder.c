/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_folder.c - makes, names and finds the folders of runs. */
#include "bench/run_folder.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/command.h"

#define MOST_RUNS_A_SECOND	100

static bool joined(char *path, size_t size, const char *folder, const char *name)
{
	return snprintf(path, size, "%s/%s", folder, name) < (int)size;
}

static int too_long(const char *path)
{
	return complain("%s: %s", path, strerror(ENAMETOOLONG));
}

/* The host's name as one folder's: letters, digits, '.' and '-', and no leading dot. */
static void host_folder(char *path, size_t size)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) || !*host)
		strcpy(host, "unknown");
	for (char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c) && (*c != '.' || c == host))
			*c = '-';
	joined(path, size, RESULTS_FOLDER, host);
}

static int make_folder(const char *path)
{
	return mkdir(path, 0777) && errno != EEXIST ? complain("%s: %s", path, strerror(errno)) : 0;
}

/* Runs that begin in the same second are told apart by a number. */
static int make_run(const char *host, const char *when, char *path, size_t size)
{
	for (int i = 1; i <= MOST_RUNS_A_SECOND; i++) {
		char number[16] = "";

		if (i > 1)
			snprintf(number, sizeof(number), "-%d", i);
		if (snprintf(path, size, "%s/%s%s", host, when, number) >= (int)size)
			return too_long(host);
		if (!mkdir(path, 0777))
			return 0;
		if (errno != EEXIST)
			break;
	}
	return complain("%s: %s", path, strerror(errno));
}

int run_folder_new(char *path, size_t size)
{
	char host[PATH_MAX], when[32];
	time_t now = time(NULL);
	struct tm utc;
	int status;

	host_folder(host, sizeof(host));
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	status = make_folder(RESULTS_FOLDER);
	if (!status)
		status = make_folder(host);
	return status ? status : make_run(host, when, path, size);
}

/* A link that readers find whole, the old one or the new one. */
static int replace_link(const char *target, const char *link)
{
	char fresh[PATH_MAX + 16];

	snprintf(fresh, sizeof(fresh), "%s.%d", link, (int)getpid());
	if (!symlink(target, fresh) && !rename(fresh, link))
		return 0;
	return fail("%s: %s", link, strerror(errno));
}

int run_folder_keep(const char *path, bool baseline)
{
	char link[PATH_MAX], measured[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int status = replace_link(path + strlen(RESULTS_FOLDER "/"), LATEST_RUN);

	if (status)
		return status;
	if (snprintf(link, sizeof(link), "%.*s/baseline", (int)(slash - path), path) >= (int)sizeof(link) ||
	    !joined(measured, sizeof(measured), path, "bench.json"))
		return too_long(path);
	if (baseline || (access(link, F_OK) && !access(measured, F_OK)))
		status = replace_link(slash + 1, link);
	return status;
}

/* The folder that @link stands for, by its own name: the link may be another run's tomorrow. */
static int follow(const char *link, char *path, size_t size, const char *what)
{
	const char *slash = strrchr(link, '/');
	char target[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	if (length < 0)
		return complain("%s: no %s yet: faultline bench makes one", link, what);
	target[length] = '\0';
	if (snprintf(path, size, "%.*s/%s", (int)(slash - link), link, target) >= (int)size)
		return too_long(link);
	return access(path, F_OK) ? complain("%s: the run that it names is gone", link) : 0;
}

int run_folder_latest(char *path, size_t size)
{
	return follow(LATEST_RUN, path, size, "run");
}

int run_folder_baseline(char *path, size_t size)
{
	char host[PATH_MAX / 2], link[PATH_MAX];

	host_folder(host, sizeof(host));
	joined(link, sizeof(link), host, "baseline");
	return follow(link, path, size, "baseline of this host");
}

bool run_folder_file(const char *run, const char *name, char *path, size_t size)
{
	struct stat what;

	if (!stat(run, &what) && S_ISDIR(what.st_mode))
		return joined(path, size, run, name);
	return snprintf(path, size, "%s", run) < (int)size;
}

/* A file that cannot be written is told before anything is measured. */
static int begin_file(struct run_output *output)
{
	FILE *file;

	snprintf(output->unfinished, sizeof(output->unfinished), "%s.tmp", output->path);
	file = fopen(output->unfinished, "we");
	if (!file)
		return complain("%s: %s", output->path, strerror(errno));
	fclose(file);
	return 0;
}

int run_output_begin(struct run_output *output, const char *out, const char *name)
{
	int status;

	output->folder[0] = '\0';
	if (out) {
		if (snprintf(output->path, sizeof(output->path), "%s", out) >= (int)sizeof(output->path))
			return too_long(out);
	} else {
		status = run_folder_new(output->folder, sizeof(output->folder));
		if (status)
			return status;
		if (!joined(output->path, sizeof(output->path), output->folder, name))
			return too_long(output->folder);
	}
	return begin_file(output);
}

int run_output_end(struct run_output *output, int status, bool baseline)
{
	if (!status && rename(output->unfinished, output->path))
		status = fail("%s: %s", output->path, strerror(errno));
	if (!status)
		return *output->folder ? run_folder_keep(output->folder, baseline) : 0;
	unlink(output->unfinished);
	if (*output->folder)
		rmdir(output->folder);
	return status;
}
