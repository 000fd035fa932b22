/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_list.c - `faultline list`: everything that can be chosen by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/commands.h"
#include "bench/run/choices.h"
#include "core/faultline.h"
#include "workloads/lib/workload.h"

static int list_workloads(void)
{
	for (unsigned int i = 0; i < nr_workloads(); i++) {
		const struct workload *workload = workload_get(i);

		printf("%-28s %-10s %s", workload->name, workload->item, workload->what);
		if (workload->twin_of)
			printf("; twin of %s", workload->twin_of);
		puts("");
	}
	return EXIT_DONE;
}

static int list_policies(void)
{
	struct policy_key key;

	for (unsigned int i = 0; i < nr_policy_presets; i++) {
		const struct policy_preset *preset = &policy_presets[i];
		char fields[300];

		policy_describe(&preset->policy, fields, sizeof(fields));
		printf("%-14s %s%s\n%14s %s\n", preset->name, preset->what, preset->is_default ? " (the default)" : "",
		       "", fields);
	}
	puts("A policy is a preset, or a release of Linux since 3.0, which behaves as the preset before it (linux-7.0\n"
	     "as linux-6.19), or either with changes: NAME,key=value,... where the keys are");
	for (unsigned int i = 0; policy_key(i, &key); i++) {
		printf("  %-9s  %s: ", key.key, key.what);
		for (unsigned int v = 0; v < POLICY_VALUES && key.values[v]; v++)
			printf("%s%s", v ? ", " : "", key.values[v]);
		puts("");
	}
	return EXIT_DONE;
}

/* One a line. */
static void print_titles(const char *titles)
{
	while (*titles) {
		size_t length = strcspn(titles, "\n");

		printf("  Linux    %.*s\n", (int)length, titles);
		titles += length + (titles[length] == '\n');
	}
}

static int list_knockouts(void)
{
	const struct knockout *knockout;

	for (unsigned int i = 0; (knockout = knockout_get(i)); i++) {
		printf("%s\n  removes      %s\n  breaks       %s\n  detected by  %s\n  hunted by    %s\n",
		       knockout->name, knockout->removes, knockout->breaks, knockout->detected_by, knockout->hunt);
		if (knockout->mirrors)
			print_titles(knockout->mirrors);
	}
	puts("Bugs that Linux had are named by the upstream commit that fixed them.");
	return EXIT_DONE;
}

static int list_locking(void)
{
	lockrank_print(stdout);
	return EXIT_DONE;
}

static int list_layouts(void)
{
	struct choices choices;
	int status;

	choices_init(&choices);
	status = choices_add_shipped_layouts(&choices);
	for (unsigned int i = 0; i < choices.nr_layouts; i++) {
		const struct layout *layout = choices.layouts[i];

		printf("%-12s %u VMAs, %llu populated pages in %u runs\n", layout->name, layout->nr_vmas,
		       (unsigned long long)layout->nr_pages, layout->nr_runs);
	}
	choices_free(&choices);
	return status;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Prints what @name_at returns until it returns NULL, in order. A sync point may stand in several places: once. */
static int print_sorted(const char *(*name_at)(unsigned int index))
{
	const char **names;
	size_t nr = 0;

	while (name_at((unsigned int)nr))
		nr++;
	names = calloc(nr, sizeof(*names));
	if (!names)
		return fail("out of memory");
	for (size_t i = 0; i < nr; i++)
		names[i] = name_at((unsigned int)i);
	qsort(names, nr, sizeof(*names), compare_names);
	for (size_t i = 0; i < nr; i++)
		if (!i || strcmp(names[i], names[i - 1]))
			puts(names[i]);
	free(names);
	return EXIT_DONE;
}

static const char *syncpoint_name(unsigned int index)
{
	const struct syncpoint *point = syncpoint_get(index);

	return point ? point->name : NULL;
}

static int list_syncpoints(void)
{
	if (!syncpoint_get(0))
		return complain("this build has no sync points; use build/check/faultline (cmake --preset check)");
	return print_sorted(syncpoint_name);
}

static const char *event_name(unsigned int index)
{
	const struct event *event = event_get(index);

	return event ? event->name : NULL;
}

static int list_events(void)
{
	return print_sorted(event_name);
}

static int list_detectors(void)
{
	const struct detector *detector;

	if (!detector_get(0))
		return complain("this build has no detectors; use build/check/faultline (cmake --preset check)");
	for (unsigned int i = 0; (detector = detector_get(i)); i++)
		printf("%-12s %s\n", detector->name, detector->what);
	return EXIT_DONE;
}

/* In the order of the option values; the first is what is listed unasked. */
static int (*const lists[])(void) = {
	list_workloads, list_policies, list_knockouts, list_locking,
	list_layouts, list_syncpoints, list_events, list_detectors,
};

static const struct poptOption options[] = {
	{ "policies", 0, POPT_ARG_NONE, NULL, 1, "print policies: presets, keys and their values", NULL },
	{ "knockouts", 0, POPT_ARG_NONE, NULL, 2, "print knock-outs: what each removes, breaks and mirrors", NULL },
	{ "locking", 0, POPT_ARG_NONE, NULL, 3, "print the lock order and each lock, as Markdown", NULL },
	{ "layouts", 0, POPT_ARG_NONE, NULL, 4, "print the shipped address-space layouts", NULL },
	{ "syncpoints", 0, POPT_ARG_NONE, NULL, 5, "print sync points, where check builds inject delays", NULL },
	{ "events", 0, POPT_ARG_NONE, NULL, 6, "print the event counters", NULL },
	{ "detectors", 0, POPT_ARG_NONE, NULL, 7, "print the detectors of check builds", NULL },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	int *wanted = target;

	(void)text;
	if (*wanted)
		return complain("more than one list: give one option (see %s --help)", program_name);
	*wanted = option;
	return 0;
}

static int run_list(int argc, const char **argv)
{
	struct command_line line;
	int wanted = 0, status = command_line_read(&line, argc, argv, options, "[OPTION...]", take, &wanted);

	if (status)
		return status;
	status = refuse_words(&line);
	status = status ? status : lists[wanted]();
	command_line_free(&line);
	return status;
}

const struct command list_command = {
	.name = "list",
	.arguments = "",
	.what = "print workloads, policies, knock-outs, locks, layouts ...",
	.run = run_list,
};
