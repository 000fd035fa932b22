/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_folder.c - makes, names and finds the folders of runs. */
#include "bench/data/run_folder.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/ground/command.h"

#define MOST_RUNS_A_SECOND	100

static bool joined(char *path, size_t size, const char *folder, const char *name)
{
	return snprintf(path, size, "%s/%s", folder, name) < (int)size;
}

static int too_long(const char *path)
{
	return complain("%s: %s", path, strerror(ENAMETOOLONG));
}

#define HOST_PREFIX	"host-"

/* Names in RESULTS_FOLDER that are no host's, and those that a host of such a name gets instead. */
static bool is_reserved(const char *host)
{
	static const char *const names[] = { "latest", ("latest" UNFINISHED), "reference", "README.md" };

	while (!strncmp(host, HOST_PREFIX, strlen(HOST_PREFIX)))
		host += strlen(HOST_PREFIX);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(host, names[i]))
			return true;
	return false;
}

/* The host's name as one folder's: letters, digits, '.' and '-', and no leading dot. */
static void host_folder(char *path, size_t size)
{
	char host[256] = "", folder[sizeof(host) + sizeof(HOST_PREFIX)];

	if (gethostname(host, sizeof(host) - 1) || !*host)
		strcpy(host, "unknown");
	for (char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c) && (*c != '.' || c == host))
			*c = '-';
	snprintf(folder, sizeof(folder), "%s%s", is_reserved(host) ? HOST_PREFIX : "", host);
	joined(path, size, RESULTS_FOLDER, folder);
}

static int make_folder(const char *path)
{
	return mkdir(path, 0777) && errno != EEXIST ? complain("%s: %s", path, strerror(errno)) : 0;
}

/* Runs that begin in the same second are distinguished by a number. */
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

/*
 * A link that readers find whole, the old one or the new one. What a killed process left under the name beside it goes.
 * When another process takes ours for such a one, its link comes after ours, which need not be there any more.
 */
static int replace_link(const char *target, const char *link)
{
	char fresh[PATH_MAX + sizeof(UNFINISHED)];

	snprintf(fresh, sizeof(fresh), "%s" UNFINISHED, link);
	while (symlink(target, fresh))
		if (errno != EEXIST || (unlink(fresh) && errno != ENOENT))
			return fail("%s: %s", fresh, strerror(errno));
	return rename(fresh, link) && errno != ENOENT ? fail("%s: %s", link, strerror(errno)) : 0;
}

int run_folder_keep(const char *path, enum run_rank rank)
{
	char link[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int status = rank == RUN_ASIDE ? 0 : replace_link(path + strlen(RESULTS_FOLDER "/"), LATEST_RUN);

	if (status || rank < RUN_FIRST_BASELINE)
		return status;
	if (snprintf(link, sizeof(link), "%.*s/baseline", (int)(slash - path), path) >= (int)sizeof(link))
		return too_long(path);
	return rank == RUN_BASELINE || access(link, F_OK) ? replace_link(slash + 1, link) : 0;
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

/* The run that @out is a file of: RESULTS_FOLDER/HOST/TIME/FILE. */
static void find_folder(struct run_output *output, const char *out)
{
	const char *slash = strrchr(out, '/');
	unsigned int slashes = 0;

	for (const char *c = out; *c; c++)
		slashes += *c == '/';
	if (slashes == 3 && !strncmp(out, RESULTS_FOLDER "/", strlen(RESULTS_FOLDER "/")))
		snprintf(output->folder, sizeof(output->folder), "%.*s", (int)(slash - out), out);
}

int run_output_begin(struct run_output *output, const char *out, const char *name)
{
	char path[PATH_MAX];
	int status;

	output->folder[0] = '\0';
	if (out) {
		find_folder(output, out);
		return out_file_begin(&output->file, out);
	}
	status = run_folder_new(output->folder, sizeof(output->folder));
	if (status)
		return status;
	if (!joined(path, sizeof(path), output->folder, name))
		return too_long(output->folder);
	return out_file_begin(&output->file, path);
}

int run_output_end(struct run_output *output, int status, enum run_rank rank)
{
	status = out_file_end(&output->file, status);
	if (!*output->folder)
		return status;
	if (!status)
		return run_folder_keep(output->folder, rank);
	rmdir(output->folder);		/* unless it holds other files */
	return status;
}
