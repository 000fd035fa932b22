/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_case.c - names and numbers of profile.json. */
#include "bench/draw/profile_case.h"

#include <math.h>
#include <string.h>

#include "bench/draw/plot.h"
#include "core/faultline.h"

#define POLICY		"/policy:"
#define LONGEST_NAME	512

const char *profile_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

double profile_number(const json_t *object, const char *key)
{
	return fmin(fmax(json_number_value(json_object_get(object, key)), 0), MOST_COUNTED);
}

unsigned int profile_threads(const json_t *one)
{
	return (unsigned int)fmin(profile_number(one, "threads"), 1e9);
}

const char *profile_workload(const json_t *one)
{
	static char workload[LONGEST_NAME];
	const char *name = profile_text(one, "name");

	snprintf(workload, sizeof(workload), "%.*s", (int)min(strcspn(name, "/"), sizeof(workload)), name);
	return workload;
}

const char *profile_policy(const json_t *one)
{
	static char policy[LONGEST_NAME];
	const char *found = strstr(profile_text(one, "name"), POLICY);

	found = found ? found + strlen(POLICY) : "";
	snprintf(policy, sizeof(policy), "%.*s", (int)min(strcspn(found, "/"), sizeof(policy)), found);
	return policy;
}

/* Parts of the name that are neither. */
static const char *choices_of(const json_t *one)
{
	static char choices[LONGEST_NAME];
	char name[LONGEST_NAME], *next = NULL;

	snprintf(name, sizeof(name), "%s", profile_text(one, "name"));
	choices[0] = '\0';
	strtok_r(name, "/", &next);
	for (const char *part = strtok_r(NULL, "/", &next); part; part = strtok_r(NULL, "/", &next))
		if (strncmp(part, &POLICY[1], strlen(POLICY) - 1)) {
			size_t length = strlen(choices);

			snprintf(choices + length, sizeof(choices) - length, "%s%s", length ? " " : "", part);
		}
	return choices;
}

void profile_put_cells(struct html *page, const json_t *one)
{
	html_cell(page, "%s", profile_workload(one));
	html_cell(page, "%s", choices_of(one));
	html_cell(page, "%s", profile_policy(one));
	html_number(page, profile_threads(one), "%u", profile_threads(one));
}

const char *profile_colour(const json_t *one)
{
	const char *policy = profile_policy(one);

	for (unsigned int i = 0; i < nr_policy_presets; i++)
		if (!strcmp(policy, policy_presets[i].name))
			return plot_policy_colour(i, nr_policy_presets);
	return "#66a61e";
}
