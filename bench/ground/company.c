/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * company.c - the load of others from /proc/stat less this process's own; other runs by records that they lock.
 *
 * Each run holds a write lock on one byte of a file that all runs of a user share: the byte's number is that of its
 * alternation, or its process id. Whether another byte is locked shows by a lock that would span all bytes (F_GETLK):
 * the kernel drops locks of processes that end, however they do. The run that began first does not see one that begins
 * and ends meanwhile; the later one sees it.
 */
#include "bench/ground/company.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/faultline.h"

#define FIELDS	8	/* of /proc/stat: user nice system idle iowait irq softirq steal */

/* Lock key: (T) main thread */
static struct {
	int records;		/* (T) descriptor of the file; -1 without */
	off_t own;		/* (T) the byte of this run */
	double busy, total;	/* (T) seconds of all processors */
	double used;		/* (T) seconds of this process */
	bool beside;		/* (T) */
	bool has_partner;	/* (T) whose share is not that of others, and is not known here */
} company = { .records = -1 };

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double used_here(void)
{
	struct rusage self = { 0 };

	getrusage(RUSAGE_SELF, &self);
	return seconds_of(self.ru_utime) + seconds_of(self.ru_stime);
}

static void read_processors(double *busy, double *total)
{
	unsigned long long ticks[FIELDS] = { 0 };
	FILE *file = fopen("/proc/stat", "re");

	*busy = *total = 0;
	if (file && fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1], &ticks[2],
			   &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) == FIELDS)
		for (int i = 0; i < FIELDS; i++) {
			const double seconds = (double)ticks[i] / (double)sysconf(_SC_CLK_TCK);

			*total += seconds;
			*busy += i == 3 || i == 4 ? 0 : seconds;
		}
	if (file)
		fclose(file);
}

/* Another byte than this run's is locked. */
static bool others_measure(void)
{
	struct flock before = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = company.own };
	struct flock after = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = company.own + 1 };

	if (company.records < 0)
		return false;
	return (company.own && !fcntl(company.records, F_GETLK, &before) && before.l_type != F_UNLCK) ||
	       (!fcntl(company.records, F_GETLK, &after) && after.l_type != F_UNLCK);
}

void company_socket(const char *partner, char *path)
{
	const char *slash = strrchr(partner, '/'), *name = slash ? slash + 1 : partner;
	char folder[PATH_MAX], real[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash + 1 - partner) : 1, slash ? partner : ".");
	if (!realpath(folder, real))
		strcpy(real, folder);
	if (snprintf(path, PATH_MAX, "%s/%s", real, name) >= PATH_MAX)
		path[0] = '\0';
}

/* Bytes of alternations lie above those of all process ids. */
static off_t byte_of(const char *partner)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */
	char path[PATH_MAX];

	if (!partner)
		return getpid();
	company_socket(partner, path);
	for (const char *c = path; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return (off_t)hash + INT32_MAX;
}

/* Partners lock the same byte for reading, so that neither keeps the other out. */
static void begin_record(const char *records, const char *partner)
{
	struct flock own = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };

	company.records = open(records, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (company.records < 0)
		return;
	own.l_start = company.own = byte_of(partner);
	fcntl(company.records, F_SETLK, &own);
}

void company_begin(const char *partner)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/shm/faultline-runs.%u", (unsigned int)getuid());
	company_begin_in(path, partner);
}

void company_begin_in(const char *records, const char *partner)
{
	begin_record(records, partner);
	company.has_partner = partner;
	company.beside = others_measure();
	company.used = used_here();
	read_processors(&company.busy, &company.total);
}

struct company company_end(void)
{
	struct company found = { .beside = company.beside || others_measure() };
	const double used = used_here() - company.used;
	double busy, total;

	read_processors(&busy, &total);
	busy -= company.busy;
	total -= company.total;
	if (total > 0 && !company.has_partner)
		found.share = max(0.0, min(1.0, (busy - used) / total));
	if (company.records >= 0)
		close(company.records);
	company.records = -1;
	return found;
}
