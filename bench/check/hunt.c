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
#define RUN_SECONDS	0.5	/* of work, unless the line has another time: the quiescent oracle runs only after it */
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

/* What the first word of HOW stands for. */
struct way {
	const char *kind;
	const char *program;	/* from this one's folder; NULL: this one */
	const char *command;	/* of faultline; NULL: a test program, which enables the knock-out itself */
	const char *options;	/* of that command, always */
	bool seeded;		/* runs differ by their seed; else all are alike */
	const char *built_by;	/* what configures it */
};

#if FAULTLINE_EXPLORE
#define EXPLORER	NULL
#else
#define EXPLORER	"../explore/faultline"
#endif

static const struct way ways[] = {
	{ "stress", NULL, "stress", NULL, true, NULL },
	{ "serial", EXPLORER, "stress", "--serial --no-shrink", true, "cmake --preset explore" },
	{ "explore", EXPLORER, "explore", NULL, false, "cmake --preset explore" },
	{ "test", "tests/", NULL, NULL, false, "-DBUILD_TESTING=ON (cmake --preset check)" },
	{ "model", "tests/models/", NULL, NULL, false, "-DBUILD_TESTING=ON (cmake --preset check)" },
};

/* One line split into words, with room for more. */
struct run {
	const struct way *way;
	char line[512], options[64], program[2 * PATH_MAX], seconds[24], seed[24];
	char *argv[MAX_WORDS];
	unsigned int nr;
	double limit;		/* seconds */
};

static void add_word(struct run *run, const char *word)
{
	BUG_ON(run->nr + 1 >= MAX_WORDS);
	run->argv[run->nr++] = (char *)word;
	run->argv[run->nr] = NULL;
}

/* Those of @line, which it cuts; no more than leave room for the others. */
static void add_words(struct run *run, char *line)
{
	char *next = NULL, *word = strtok_r(line, " ", &next);

	for (; word && run->nr < MAX_WORDS - 12; word = strtok_r(NULL, " ", &next))
		add_word(run, word);
}

static bool has_word(const struct run *run, const char *word)
{
	for (unsigned int i = 0; i < run->nr; i++)
		if (!strcmp(run->argv[i], word))
			return true;
	return false;
}

static void add_option(struct run *run, const char *option, const char *value)
{
	if (value && !has_word(run, option)) {
		add_word(run, option);
		add_word(run, value);
	}
}

static int invalid_way(const char *how)
{
	return complain("invalid way to detect '%s': give stress WORKLOAD..., serial WORKLOAD..., explore SCENARIO..., "
			"test NAME or model NAME", how);
}

static const struct way *way_of(const char *how)
{
	size_t length = strcspn(how, " ");

	for (unsigned int i = 0; how[length] && i < ARRAY_SIZE(ways); i++)
		if (!strncmp(ways[i].kind, how, length) && !ways[i].kind[length])
			return &ways[i];
	return NULL;
}

static int find_program(struct run *run, const char *rest)
{
	char folder[PATH_MAX];
	int status;

	if (!run->way->program)
		return own_path(run->program, sizeof(run->program));
	status = own_folder(folder, sizeof(folder));
	if (!status)
		snprintf(run->program, sizeof(run->program), "%s%s%s", folder, run->way->program,
			 run->way->command ? "" : rest);
	return status;
}

/* @knockout: NULL for a clean run. @patience: seconds that a run without a seed may work. */
static int run_init(struct run *run, const char *how, const char *knockout, double patience)
{
	const struct way *way = way_of(how);
	int status;

	*run = (struct run){ .way = way, .limit = GRACE };
	if (!way)
		return invalid_way(how);
	snprintf(run->line, sizeof(run->line), "%s", how + strlen(way->kind) + 1);
	status = find_program(run, run->line);
	if (status)
		return status;
	add_word(run, run->program);
	if (!way->command)
		return 0;
	snprintf(run->options, sizeof(run->options), "%s", way->options ? way->options : "");
	snprintf(run->seconds, sizeof(run->seconds), "%g", way->seeded ? RUN_SECONDS : patience);
	add_word(run, way->command);
	add_words(run, run->line);
	add_words(run, run->options);
	add_option(run, "--seconds", run->seconds);
	add_option(run, "--knockout", knockout);
	add_option(run, "--seed", way->seeded ? run->seed : NULL);
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

static int hunt_by_seeds(struct hunt *hunt, struct run *run, unsigned int wanted)
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

/* A test passes when it is detected, and checks that it was disabled. */
static void judge_test(struct hunt *hunt, const struct child *child)
{
	hunt->verdict = child->late ? HUNG : child->status ? SURVIVED : KILLED;
	if (hunt->verdict == KILLED)
		note_kill(hunt, !strncmp(hunt->how, "model", 5) ? DETECTION_MODEL : DETECTION_TEST, child->seconds, 0);
}

static void judge_exploration(struct hunt *hunt, const struct child *child)
{
	char name[sizeof(hunt->kills->detector)];

	hunt->disabled = times_disabled(child->said, hunt->name);
	if (child->late)
		hunt->verdict = HUNG;
	else if (child->status)
		hunt->verdict = hunt->disabled ? KILLED : NOT_EXERCISED;
	else
		hunt->verdict = strstr(child->said, "faultline explore: never reached: ") ? NOT_EXERCISED : SURVIVED;
	if (hunt->verdict == KILLED)
		note_kill(hunt, detector_of(child, name, sizeof(name)), child->seconds, 0);
}

/* It does the same each time. */
static int hunt_once(struct hunt *hunt, struct run *run)
{
	struct child child;
	int status = child_run(run->argv, GRACE + hunt->patience, &child);

	if (status)
		return status;
	if (run->way->command && child.status == EXIT_MISUSE)
		status = fail("%s cannot be run: %.*s", hunt->how, (int)strcspn(child.said, "\n"), child.said);
	else if (run->way->command)
		judge_exploration(hunt, &child);
	else
		judge_test(hunt, &child);
	free(child.said);
	return status;
}

int hunt_ready(const struct hunt *hunt)
{
	struct run run;
	int status = run_init(&run, hunt->how, hunt->name, hunt->patience);

	if (status || !access(run.program, X_OK))
		return status;
	return complain("knock-out '%s' is detected by %s, which is not built: configure with %s", hunt->name,
			run.program, run.way->built_by);
}

int hunt_run(struct hunt *hunt)
{
	unsigned int wanted = hunt->nr_kills;
	double begin = now_seconds();
	struct run run;
	int status = run_init(&run, hunt->how, hunt->name, hunt->patience);

	hunt->nr_kills = 0;
	if (!status)
		status = run.way->seeded ? hunt_by_seeds(hunt, &run, wanted) : hunt_once(hunt, &run);
	hunt->seconds = now_seconds() - begin;
	return status;
}

int hunt_clean(const char *how, double seconds, unsigned int *runs)
{
	double end = now_seconds() + seconds;
	struct child child;
	struct run run;
	int status = run_init(&run, how, NULL, seconds);
	bool more = !status && run.way->command;

	for (*runs = 0; more; (*runs)++) {
		snprintf(run.seed, sizeof(run.seed), "%u", CLEAN_SEED + *runs);
		status = child_run(run.argv, GRACE + seconds, &child);
		if (status)
			break;
		if (child.late || child.status) {
			fprintf(stderr, "%s", child.said);
			status = fail("with nothing disabled, '%s' %s, seed %s", how, child.late ? "hangs" : "fails",
				      run.seed);
		}
		free(child.said);
		more = !status && run.way->seeded && now_seconds() < end;
	}
	return status;
}
