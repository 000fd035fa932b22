/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hunt.c - one knock-out, until a detector fires. */
#include "bench/check/hunt.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/data/statistics.h"
#include "bench/ground/child.h"
#include "bench/ground/command.h"
#include "bench/ground/installed.h"
#include "bench/ground/progress.h"
#include "core/faultline.h"

#define MAX_WORDS	40
#define RUN_SECONDS	"0.5"	/* of work, unless the line has another time: the quiescent oracle runs only after it */
/* seconds that a run may take longer than its work and still come to its end by itself */
#define GRACE		60
#define CLEAN_SEED	1000000u

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "killed", "survived", "not exercised", "hung" };

	return names[verdict];
}

double hunt_median(const struct hunt *hunt)
{
	double times[MAX_KILLS];

	for (unsigned int i = 0; i < hunt->nr_kills; i++)
		times[i] = hunt->kills[i].seconds;
	sort_values(times, hunt->nr_kills);
	return median_of(times, hunt->nr_kills);
}

/* ---- a run ---- */

/* One line split into words, with room for more. */
struct run {
	char line[512], program[PATH_MAX + 64], seed[24];
	char *argv[MAX_WORDS];
	unsigned int nr;
	bool stress;
	double limit;		/* seconds */
};

static void add_word(struct run *run, const char *word)
{
	BUG_ON(run->nr + 1 >= MAX_WORDS);
	run->argv[run->nr++] = (char *)word;
	run->argv[run->nr] = NULL;
}

static bool has_word(const struct run *run, const char *word)
{
	for (unsigned int i = 0; i < run->nr; i++)
		if (!strcmp(run->argv[i], word))
			return true;
	return false;
}

static void add_stress_words(struct run *run, const char *knockout)
{
	if (!has_word(run, "--seconds")) {
		add_word(run, "--seconds");
		add_word(run, RUN_SECONDS);
	}
	if (knockout) {
		add_word(run, "--knockout");
		add_word(run, knockout);
	}
	add_word(run, "--seed");
	add_word(run, run->seed);
}

static int invalid_way(const char *how)
{
	return complain("invalid way to detect '%s': give stress WORKLOAD..., test NAME or model NAME", how);
}

/* @knockout: NULL for a clean run. */
static int run_init(struct run *run, const char *how, const char *knockout)
{
	char folder[PATH_MAX], *next = NULL, *kind, *word;
	int status = own_folder(folder, sizeof(folder));

	*run = (struct run){ .limit = GRACE };
	snprintf(run->line, sizeof(run->line), "%s", how);
	kind = strtok_r(run->line, " ", &next);
	word = kind ? strtok_r(NULL, " ", &next) : NULL;
	if (status || !word)
		return status ? status : invalid_way(how);
	run->stress = !strcmp(kind, "stress");
	if (run->stress) {
		status = own_path(run->program, sizeof(run->program));
		if (status)
			return status;
		add_word(run, run->program);
		add_word(run, kind);
		for (; word && run->nr < MAX_WORDS - 8; word = strtok_r(NULL, " ", &next))
			add_word(run, word);
		add_stress_words(run, knockout);
	} else if (!strcmp(kind, "test") || !strcmp(kind, "model")) {
		snprintf(run->program, sizeof(run->program), "%stests/%s%s", folder, kind[0] == 'm' ? "models/" : "",
			 word);
		add_word(run, run->program);
	} else {
		return invalid_way(how);
	}
	return 0;
}

/* ---- its output ---- */

/* The rest of the last line that begins with @words. */
static bool line_with(const char *said, const char *words, char *rest, size_t size)
{
	const char *found = NULL;

	for (const char *at = said; (at = strstr(at, words)); at++)
		if (at == said || at[-1] == '\n')
			found = at + strlen(words);
	if (found)
		snprintf(rest, size, "%.*s", (int)strcspn(found, "\n"), found);
	return found;
}

static uint64_t times_disabled(const char *said, const char *name)
{
	unsigned long long times;
	char line[128], disabled[64];

	for (const char *at = said; (at = strstr(at, DISABLED_LINE)); at += strlen(DISABLED_LINE)) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (sscanf(line, DISABLED_LINE "%llu times %63s", &times, disabled) == 2 && !strcmp(disabled, name))
			return times;
	}
	return 0;
}

/* Sanitizers report before other detectors, and end the run. */
static const char *detector_of(const struct child *child, char *name, size_t size)
{
	if (strstr(child->said, FAULTLINE_TSAN ? "WARNING: ThreadSanitizer: " : "ERROR: AddressSanitizer: "))
		return DETECTION_SANITIZER;
	return line_with(child->said, DETECTION_LINE, name, size) ? name : DETECTION_CRASH;
}

static void note_kill(struct hunt *hunt, const char *detector, double seconds, uint64_t seed)
{
	struct kill *kill = &hunt->kills[hunt->nr_kills++];

	*kill = (struct kill){ .seconds = seconds, .seed = seed };
	snprintf(kill->detector, sizeof(kill->detector), "%s", detector);
}

/* ---- hunting ---- */

/* Another run. Returns 0 with *@done when it was the last one that is needed; or an exit status. */
static int try_once(struct hunt *hunt, struct run *run, uint64_t seed, double begin, bool *done)
{
	uint64_t times;
	struct child child;
	char name[sizeof(hunt->kills->detector)];
	int status;

	snprintf(run->seed, sizeof(run->seed), "%llu", (unsigned long long)seed);
	status = child_run(run->argv, run->limit + hunt->patience, &child);
	if (status)
		return status;
	times = times_disabled(child.said, hunt->name);
	hunt->disabled += times;
	*done = child.late || child.status;
	if (child.status == EXIT_MISUSE)
		status = fail("%s cannot be run: %.*s", hunt->how, (int)strcspn(child.said, "\n"), child.said);
	else if (*done)
		hunt->verdict = child.late ? HUNG : times || FAULTLINE_PLAIN_ALLOC ? KILLED : NOT_EXERCISED;
	if (*done && hunt->verdict == KILLED)
		note_kill(hunt, detector_of(&child, name, sizeof(name)), now_seconds() - begin, seed);
	free(child.said);
	return status;
}

static int hunt_by_stress(struct hunt *hunt, struct run *run, unsigned int wanted)
{
	uint64_t seed = 0;

	while (hunt->nr_kills < wanted) {
		double begin = now_seconds();
		bool done = false;

		while (!done) {
			int status = try_once(hunt, run, ++seed, begin, &done);

			if (status)
				return status;
			if (!done && now_seconds() - begin >= hunt->patience) {
				hunt->verdict = hunt->disabled ? SURVIVED : NOT_EXERCISED;
				return 0;
			}
		}
		if (hunt->verdict != KILLED)
			return 0;
	}
	return 0;
}

/* Once: it does the same each time. */
static int hunt_by_test(struct hunt *hunt, struct run *run)
{
	struct child child;
	int status = child_run(run->argv, GRACE + hunt->patience, &child);

	if (status)
		return status;
	hunt->verdict = child.late ? HUNG : child.status ? SURVIVED : KILLED;
	if (hunt->verdict == KILLED)
		note_kill(hunt, !strncmp(hunt->how, "model", 5) ? DETECTION_MODEL : DETECTION_TEST, child.seconds, 0);
	free(child.said);
	return 0;
}

int hunt_ready(const struct hunt *hunt)
{
	struct run run;
	int status = run_init(&run, hunt->how, hunt->name);

	if (status || !access(run.program, X_OK))
		return status;
	return complain("knock-out '%s' is detected by %s, which is not built: configure with -DBUILD_TESTING=ON "
			"(cmake --preset check)", hunt->name, run.program);
}

int hunt_run(struct hunt *hunt)
{
	unsigned int wanted = hunt->nr_kills;
	double begin = now_seconds();
	struct run run;
	int status = run_init(&run, hunt->how, hunt->name);

	hunt->nr_kills = 0;
	if (!status)
		status = run.stress ? hunt_by_stress(hunt, &run, wanted) : hunt_by_test(hunt, &run);
	hunt->seconds = now_seconds() - begin;
	return status;
}

int hunt_clean(const char *how, double seconds, unsigned int *runs)
{
	double end = now_seconds() + seconds;
	struct child child = { .late = false };
	struct run run;
	int status = run_init(&run, how, NULL);

	for (*runs = 0; !status && run.stress && now_seconds() < end; (*runs)++) {
		snprintf(run.seed, sizeof(run.seed), "%u", CLEAN_SEED + *runs);
		status = child_run(run.argv, GRACE + seconds, &child);
		if (!status && (child.late || child.status)) {
			fprintf(stderr, "%s", child.said);
			status = fail("with nothing disabled, '%s' %s, seed %s", how, child.late ? "hangs" : "fails",
				      run.seed);
		}
		free(child.said);
	}
	return status;
}
