/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_knockouts.c - `faultline knockouts`: each knock-out until a detector fires, and as long with nothing disabled. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/matrix.h"
#include "bench/cmd/commands.h"
#include "bench/ground/progress.h"
#include "bench/run/unknown.h"
#include "core/faultline.h"

struct knockouts_options {
	double seconds, clean_seconds;	/* clean_seconds < 0: as long as the hunts took */
	uint64_t kills;
	char *how, *out;
	bool plot;
};

enum { OPT_SECONDS = 1, OPT_CLEAN, OPT_KILLS, OPT_HOW, OPT_OUT, OPT_PLOT };

static const struct poptOption options[] = {
	{ "seconds", 0, POPT_ARG_STRING, NULL, OPT_SECONDS, "give up on a knock-out after TIME (default: 60s)",
	  "TIME" },
	{ "clean-seconds", 0, POPT_ARG_STRING, NULL, OPT_CLEAN,
	  "run intact for TIME (default: as long as the hunts took)", "TIME" },
	{ "kills", 0, POPT_ARG_STRING, NULL, OPT_KILLS, "detect each N times, report the median (default: 3)", "N" },
	{ "how", 0, POPT_ARG_STRING, NULL, OPT_HOW, "run this instead, as in 'stress WORKLOAD --noise 100'", "HOW" },
	{ "out", 'o', POPT_ARG_STRING, NULL, OPT_OUT, "write the matrix to FILE as JSON", "FILE" },
	{ "plot", 0, POPT_ARG_NONE, NULL, OPT_PLOT, "draw plots/knockouts from the file of --out", NULL },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	struct knockouts_options *wanted = target;

	switch (option) {
	case OPT_SECONDS:
		return take_time("--seconds", text, 0.1, 1e6, &wanted->seconds);
	case OPT_CLEAN:
		return take_time("--clean-seconds", text, 0, 1e6, &wanted->clean_seconds);
	case OPT_KILLS:
		return read_number(text, 1, MAX_KILLS, &wanted->kills) ? 0 :
		       complain("invalid number of kills '%s': give 1 to %d", text, MAX_KILLS);
	case OPT_HOW:
		return keep_text(&wanted->how, text);
	case OPT_OUT:
		return keep_text(&wanted->out, text);
	default:
		wanted->plot = true;
		return 0;
	}
}

/* ---- which ---- */
static void add_hunt(struct campaign *campaign, const struct knockouts_options *wanted, const struct knockout *knockout)
{
	campaign->hunts[campaign->nr++] = (struct hunt){
		.name = knockout->name,
		.how = wanted->how ? wanted->how : knockout->hunt,
		.patience = wanted->seconds,
		.nr_kills = (unsigned int)wanted->kills,
	};
}

static int choose(struct campaign *campaign, const struct knockouts_options *wanted, const struct command_line *line)
{
	const struct knockout *knockout;
	int status = 0;

	campaign->hunts = calloc(knockout_count() + line->nr_words, sizeof(*campaign->hunts));
	if (!campaign->hunts)
		return fail("out of memory");
	for (unsigned int i = 0; i < line->nr_words; i++) {
		knockout = knockout_find(line->words[i]);
		if (!knockout)
			return unknown_knockout(line->words[i]);
		add_hunt(campaign, wanted, knockout);
	}
	for (unsigned int i = 0; !line->nr_words && (knockout = knockout_get(i)); i++)
		add_hunt(campaign, wanted, knockout);
	for (unsigned int i = 0; !status && i < campaign->nr; i++)
		status = hunt_ready(&campaign->hunts[i]);
	return status;
}

/* ---- the campaign ---- */
static void print_hunt(const struct hunt *hunt)
{
	printf("%s: %s", hunt->name, verdict_name(hunt->verdict));
	for (unsigned int i = 0; i < hunt->nr_kills; i++)
		printf("%s %s in %.2f s", i ? "," : ":", hunt->kills[i].detector, hunt->kills[i].seconds);
	if (hunt->verdict == SURVIVED && hunt->disabled)
		printf(", disabled %llu times", (unsigned long long)hunt->disabled);
	if (hunt->verdict == SURVIVED)
		printf(" in %.0f s", hunt->seconds);
	putchar('\n');
	fflush(stdout);
}

static int hunt_all(struct campaign *campaign)
{
	int status = 0;

	for (unsigned int i = 0; !status && i < campaign->nr; i++) {
		status = hunt_run(&campaign->hunts[i]);
		if (!status)
			print_hunt(&campaign->hunts[i]);
	}
	return status;
}

/* No hunt before has the same HOW. */
static bool another_way(const struct campaign *campaign, unsigned int index)
{
	for (unsigned int i = 0; i < index; i++)
		if (!strcmp(campaign->hunts[i].how, campaign->hunts[index].how))
			return false;
	return true;
}

static int run_clean(struct campaign *campaign, double seconds)
{
	unsigned int ways = 0, runs;
	double begin = now_seconds(), hunted = 0;
	int status = 0;

	for (unsigned int i = 0; i < campaign->nr; i++) {
		hunted += campaign->hunts[i].seconds;
		ways += another_way(campaign, i);
	}
	if (seconds < 0)
		seconds = hunted;
	for (unsigned int i = 0; !status && seconds > 0 && i < campaign->nr; i++) {
		if (!another_way(campaign, i))
			continue;
		status = hunt_clean(campaign->hunts[i].how, seconds / ways, &runs);
		campaign->clean_runs += runs;
	}
	campaign->clean_seconds = now_seconds() - begin;
	campaign->clean = !status;
	return status;
}

/* A detector that fires in clean runs voids all results; the matrix is printed nevertheless. */
static int report(const struct campaign *campaign, const struct knockouts_options *wanted, int argc, const char **argv)
{
	struct results facts = { 0 };
	int status = 0;

	matrix_print(stdout, campaign);
	if (wanted->out)
		status = matrix_write(wanted->out, campaign, argc, argv, &facts);
	if (!status && wanted->plot)
		status = plot_knockouts(campaign, &facts);
	results_free(&facts);
	if (!status && matrix_alive(campaign))
		status = fail("%u of %u knock-outs not killed", matrix_alive(campaign), campaign->nr);
	return status;
}

static int run_campaign(struct knockouts_options *wanted, const struct command_line *line, int argc, const char **argv)
{
	struct campaign campaign = { .nr = 0 };
	int status, reported, error = topology_load(NULL);

	if (error)
		return fail("cannot read the topology: %s", strerror(-error));
	status = choose(&campaign, wanted, line);
	if (!status)
		status = hunt_all(&campaign);
	if (!status) {
		status = run_clean(&campaign, wanted->clean_seconds);
		reported = report(&campaign, wanted, argc, argv);
		status = status ? status : reported;
	}
	free(campaign.hunts);
	topology_free();
	return status;
}

static int run_knockouts(int argc, const char **argv)
{
	struct knockouts_options wanted = { .seconds = 60, .clean_seconds = -1, .kills = 3 };
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] [KNOCKOUT...]", take, &wanted);

	if (!status) {
		if (!syncpoint_get(0))
			status = complain(
				"this build has no knock-outs; use build/check/faultline (cmake --preset check)");
		else if (wanted.plot && !wanted.out)
			status = complain("--plot draws what --out writes");
		else
			status = run_campaign(&wanted, &line, argc, argv);
		command_line_free(&line);
	}
	free(wanted.how);
	free(wanted.out);
	return status;
}

const struct command knockouts_command = {
	.name = "knockouts",
	.arguments = "[KNOCKOUT...]",
	.what = "disable each knock-out and time its detection",
	.run = run_knockouts,
};
