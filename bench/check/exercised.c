/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exercised.c - the coverage of a run. */
#include "bench/check/exercised.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"

#include "bench/check/detection.h"
#include "core/faultline.h"

void exercised_reset(void)
{
	events_reset();
	syncpoints_reset();
	lockstat_reset();
	detectors_reset();
}

static void print_disabled(FILE *out)
{
	const struct knockout *knockout;

	for (unsigned int i = 0; (knockout = knockout_get(i)); i++)
		if (knockout_hits(i))
			fprintf(out, DISABLED_LINE "%llu times %s\n", (unsigned long long)knockout_hits(i),
				knockout->name);
}

void exercised_never_disabled(char *const *names, unsigned int nr, uint64_t (*times)(unsigned int index))
{
	const struct knockout *knockout;

	for (unsigned int n = 0; n < nr; n++)
		for (unsigned int i = 0; (knockout = knockout_get(i)); i++)
			if (!strcmp(knockout->name, names[n]) && !times(i))
				fail("never reached: %s", names[n]);
}

static void print_waits(FILE *out)
{
	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++) {
		if (!lockstat_total(rank, LOCKSTAT_WAIT))
			continue;
		fprintf(out, "  %s:", lockrank_name(rank));
		for (enum lockstat what = 0; what < NR_LOCKSTATS; what++)
			fprintf(out, "%s %llu %s", what ? "," : "", (unsigned long long)lockstat_total(rank, what),
				lockstat_name(what));
		fputc('\n', out);
	}
}

/* A sync point or an event by name: a sync point may stand in several places. */
struct passed {
	const char *name;
	uint64_t hits;
};

static int by_name(const void *a, const void *b)
{
	const struct passed *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static bool passed_syncpoint(unsigned int index, struct passed *passed)
{
	const struct syncpoint *point = syncpoint_get(index);

	if (point)
		*passed = (struct passed){ point->name, load_relaxed(&point->hits) };
	return point;
}

static bool passed_event(unsigned int index, struct passed *passed)
{
	const struct event *event = event_get(index);

	if (event)
		*passed = (struct passed){ event->name, events_total(event) };
	return event;
}

/* All that @get has, ordered, each name once; to be freed. */
static struct passed *gather(bool (*get)(unsigned int index, struct passed *passed), unsigned int *nr)
{
	struct passed *points, last;
	unsigned int places = 0;

	while (get(places, &last))
		places++;
	*nr = 0;
	points = calloc(places + 1, sizeof(*points));
	if (!points)
		return NULL;
	for (unsigned int i = 0; i < places; i++)
		get(i, &points[i]);
	qsort(points, places, sizeof(*points), by_name);
	for (unsigned int i = 0; i < places; i++)
		if (*nr && !strcmp(points[*nr - 1].name, points[i].name))
			points[*nr - 1].hits += points[i].hits;
		else
			points[(*nr)++] = points[i];
	return points;
}

static void print_events(FILE *out)
{
	unsigned int nr;
	struct passed *events = gather(passed_event, &nr);

	for (unsigned int i = 0; i < nr; i++)
		if (events[i].hits)
			fprintf(out, "  %14llu  %s\n", (unsigned long long)events[i].hits, events[i].name);
	free(events);
}

static void print_syncpoints(FILE *out)
{
	unsigned int nr, hit = 0;
	struct passed *points = gather(passed_syncpoint, &nr);

	for (unsigned int i = 0; i < nr; i++) {
		if (!points[i].hits)
			continue;
		fprintf(out, "  %14llu  at %s\n", (unsigned long long)points[i].hits, points[i].name);
		hit++;
	}
	if (nr) {
		fprintf(out, "  %u of %u sync points hit%s", hit, nr, hit < nr ? "; not:" : "");
		for (unsigned int i = 0; i < nr; i++)
			if (!points[i].hits)
				fprintf(out, " %s", points[i].name);
		fputc('\n', out);
	}
	free(points);
}

static void print_detectors(FILE *out)
{
	struct detector *detector;

	for (unsigned int i = 0; (detector = detector_get(i)); i++)
		if (detector->report && detector_is_on(detector))
			detector->report(out, load_relaxed(&detector->in_full));
}

void exercised_print(FILE *out)
{
	fputs("exercised:\n", out);
	print_disabled(out);
	print_events(out);
	print_waits(out);
	print_syncpoints(out);
	print_detectors(out);
}

/* ---- what must be hit ---- */
#define MAX_DEMANDS	16

static char *demands[MAX_DEMANDS];
static unsigned int nr_demands;

static bool names(const char *pattern, const char *point)
{
	return !fnmatch(pattern + (pattern[0] == '!'), point, 0);
}

static bool is_demanded(const char *point)
{
	for (unsigned int i = nr_demands; i-- > 0;)
		if (names(demands[i], point))
			return demands[i][0] != '!';
	return false;
}

int exercised_demand(const char *pattern)
{
	unsigned int i = 0;

	while (syncpoint_get(i) && !names(pattern, syncpoint_get(i)->name))
		i++;
	if (!syncpoint_get(i))
		return -ENOENT;
	if (nr_demands == MAX_DEMANDS)
		return -ENOSPC;
	demands[nr_demands] = strdup(pattern);
	return demands[nr_demands] ? nr_demands++, 0 : -ENOMEM;
}

unsigned int exercised_missing(void)
{
	unsigned int nr, missing = 0;
	struct passed *points = gather(passed_syncpoint, &nr);

	for (unsigned int i = 0; i < nr; i++) {
		if (points[i].hits || !is_demanded(points[i].name))
			continue;
		fail("not exercised: %s", points[i].name);
		missing++;
	}
	free(points);
	return missing;
}
