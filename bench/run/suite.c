/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suite.c - expands choices into cases. */
#include "bench/run/suite.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"
#include "bench/run/layout_limits.h"
#include "bench/run/unknown.h"

/* Where one combination stands in each list of choices. */
struct point {
	unsigned int policy, layout, payload, axis[WORKLOAD_MAX_AXES];
};

/* The value chosen for an axis; NULL when all of its values are wanted. */
static const int64_t *chosen_value(const struct workload_axis *axis, const struct choices *choices)
{
	for (unsigned int i = 0; i < choices->nr_axes; i++)
		if (!strcmp(choices->axes[i].key, axis->key))
			return &choices->axes[i].value;
	return NULL;
}

/* How long the lists are for one workload; 1 where it does not care. */
static struct point extent_of(const struct workload *workload, const struct choices *choices,
			      const struct suite_defaults *defaults)
{
	struct point extent = {
		.policy = workload->flags & (WORKLOAD_LIMIT | WORKLOAD_LIVE) ? 1 : choices->nr_policies,
		.layout = workload->flags & WORKLOAD_LAYOUT ? choices->nr_layouts : 1,
		.payload = workload->flags & WORKLOAD_PAYLOAD ? choices->nr_payloads : 1,
	};

	for (unsigned int i = 0; i < WORKLOAD_MAX_AXES; i++)
		extent.axis[i] = i < workload->nr_axes && !defaults->first_axis_values && !defaults->last_axis_values &&
						 !chosen_value(&workload->axes[i], choices) ?
					 workload->axes[i].nr :
					 1;
	return extent;
}

/* The next combination; false after the last one. The later an entry, the faster it changes. */
static bool next_point(struct point *point, const struct point *extent)
{
	unsigned int *digits[] = { &point->axis[1], &point->axis[0], &point->payload, &point->layout, &point->policy };
	const unsigned int bounds[] = {
		extent->axis[1], extent->axis[0], extent->payload, extent->layout, extent->policy,
	};

	for (size_t i = 0; i < ARRAY_SIZE(digits); i++) {
		if (++*digits[i] < bounds[i])
			return true;
		*digits[i] = 0;
	}
	return false;
}

/* Values not chosen by option that differ from the first of their list. */
static unsigned int deviations(const struct point *point, const struct suite_defaults *defaults)
{
	unsigned int nr = (defaults->policies && point->policy) + (defaults->layouts && point->layout) +
			  (defaults->payloads && point->payload);

	for (unsigned int i = 0; i < WORKLOAD_MAX_AXES; i++)
		nr += point->axis[i] != 0;
	return nr;
}

static void __printf(3, 4) append(char *text, size_t size, const char *fmt, ...)
{
	size_t length = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + length, size - length, fmt, ap);
	va_end(ap);
}

static char *case_name(const struct run_case *what)
{
	char name[1024];

	snprintf(name, sizeof(name), "%s", what->workload->name);
	if (what->policy)
		append(name, sizeof(name), "/policy:%s", what->policy->name);
	for (unsigned int i = 0; i < what->workload->nr_axes; i++)
		append(name, sizeof(name), "/%s:%lld", what->workload->axes[i].key, (long long)what->choice[i]);
	if (what->layout)
		append(name, sizeof(name), "/layout:%s", what->layout->name);
	if (what->layout && what->layout->populate != POPULATE_RSS)
		append(name, sizeof(name), "/populate:%s", layout_populate_name(what->layout->populate));
	if (what->payload)
		append(name, sizeof(name), "/payload:%u", what->payload);
	places_append_name(&what->places, name, sizeof(name));
	return strdup(name);
}

int suite_add(struct suite *suite, const struct run_case *what)
{
	struct run_case *grown = suite->cases;

	if (suite->nr == suite->room) {
		suite->room = suite->room ? suite->room * 2 : 64;
		grown = realloc(suite->cases, suite->room * sizeof(*grown));
		if (!grown)
			return fail("out of memory");
		suite->cases = grown;
	}
	suite->cases[suite->nr] = *what;
	suite->cases[suite->nr].name = case_name(what);
	return suite->cases[suite->nr++].name ? 0 : fail("out of memory");
}

/* The thread counts of one combination. A workload that needs more than all of them gets what it needs. */
static int add_threads(struct suite *suite, struct run_case *what, const struct choices *choices, bool all)
{
	unsigned int least = max(1u, what->workload->min_threads), nr = suite->nr;
	int status = 0;

	for (unsigned int i = 0; !status && i < choices->nr_threads; i++) {
		what->threads = choices->threads[i];
		if (what->threads >= least && (all || what->threads <= topology_pus()))
			status = suite_add(suite, what);
	}
	what->threads = least;
	return status || suite->nr > nr ? status : suite_add(suite, what);
}

static unsigned int value_of(const struct workload_axis *axis, unsigned int at, const struct suite_defaults *defaults)
{
	return defaults->last_axis_values ? axis->nr - 1 : at;
}

static int add_workload(struct suite *suite, const struct workload *workload, const struct choices *choices,
			const struct suite_defaults *defaults)
{
	struct point point = { 0 }, extent = extent_of(workload, choices, defaults);
	bool policies = !(workload->flags & (WORKLOAD_LIMIT | WORKLOAD_LIVE));
	int status = 0;

	do {
		unsigned int unasked = deviations(&point, defaults);
		struct run_case what = {
			.workload = workload,
			.policy = policies ? &choices->policies[point.policy] : NULL,
			.layout = workload->flags & WORKLOAD_LAYOUT ? choices->layouts[point.layout] : NULL,
			.payload = workload->flags & WORKLOAD_PAYLOAD ? choices->payloads[point.payload] : 0,
			.places = choices->places,
		};

		for (unsigned int i = 0; i < workload->nr_axes; i++) {
			const int64_t *chosen = chosen_value(&workload->axes[i], choices);

			what.choice[i] =
				chosen ?
					*chosen :
					workload->axes[i].values[value_of(&workload->axes[i], point.axis[i], defaults)];
		}
		if (unasked <= 1)
			status = add_threads(suite, &what, choices, !defaults->threads || !unasked);
	} while (!status && next_point(&point, &extent));
	return status;
}

/* Some axis of a wanted workload takes the chosen value. */
static bool axis_exists(const struct axis_choice *chosen, const char *const *globs, unsigned int nr_globs)
{
	for (unsigned int w = 0; w < nr_workloads(); w++) {
		const struct workload *workload = workload_get(w);

		for (unsigned int i = 0; workload_matches(workload, globs, nr_globs) && i < workload->nr_axes; i++) {
			const struct workload_axis *axis = &workload->axes[i];

			for (unsigned int v = 0; !strcmp(axis->key, chosen->key) && v < axis->nr; v++)
				if (axis->values[v] == chosen->value)
					return true;
		}
	}
	return false;
}

static bool matches_some(const char *glob)
{
	for (unsigned int i = 0; i < nr_workloads(); i++)
		if (!fnmatch(glob, workload_get(i)->name, 0))
			return true;
	return false;
}

static bool takes_layout(const struct workload *workload, const char *glob)
{
	return (workload->flags & WORKLOAD_LAYOUT) && workload_matches(workload, &glob, 1);
}

/* Layouts are for workloads that run on one: each pattern has to name such. */
static int check_layouts(const struct choices *choices, const char *const *globs, unsigned int nr_globs)
{
	unsigned int takers = 0;
	int status = 0;

	for (unsigned int i = 0; i < max(nr_globs, 1u); i++) {
		const char *glob = nr_globs ? globs[i] : "*";
		unsigned int before = takers;

		for (unsigned int w = 0; w < nr_workloads(); w++)
			takers += takes_layout(workload_get(w), glob);
		if (choices->layouts_given && takers == before)
			return complain("'%s' takes no layout (workloads named *_layout do)", glob);
	}
	for (unsigned int i = 0; !status && takers && i < choices->nr_layouts; i++)
		status = layout_limits_check(choices->layouts[i], choices);
	return status;
}

int suite_add_scenario(struct suite *suite, const struct choices *choices, const struct workload *scenario)
{
	int status = 0;

	for (unsigned int p = 0; !status && p < choices->nr_policies; p++) {
		const struct run_case what = {
			.workload = scenario, .policy = &choices->policies[p], .places = choices->places,
			.payload = choices->payloads[0], .threads = scenario->nr_roles,
		};

		status = suite_add(suite, &what);
	}
	return status;
}

int suite_build(struct suite *suite, const struct choices *choices, const struct suite_defaults *defaults,
		const char *const *globs, unsigned int nr_globs)
{
	int status = 0;

	for (unsigned int i = 0; i < nr_globs; i++)
		if (!matches_some(globs[i]) && !(defaults->scenarios && scenario_find(globs[i])))
			return unknown_workload(globs[i]);
	for (unsigned int i = 0; i < choices->nr_axes; i++)
		if (!axis_exists(&choices->axes[i], globs, nr_globs))
			return unknown_axis(&choices->axes[i], globs, nr_globs);
	if (!nr_workloads())
		return complain("no workloads in this build");
	status = check_layouts(choices, globs, nr_globs);
	for (unsigned int i = 0; !status && i < nr_workloads(); i++)
		if (workload_matches(workload_get(i), globs, nr_globs))
			status = add_workload(suite, workload_get(i), choices, defaults);
	for (unsigned int i = 0; !status && defaults->scenarios && i < nr_globs; i++)
		if (scenario_find(globs[i]))
			status = suite_add_scenario(suite, choices, scenario_find(globs[i]));
	return status;
}

void suite_repeat(struct suite *suite, unsigned int repetitions)
{
	for (unsigned int i = 0; i < suite->nr; i++)
		suite->cases[i].repetitions = repetitions;
}

void suite_free(struct suite *suite)
{
	for (unsigned int i = 0; i < suite->nr; i++)
		free(suite->cases[i].name);
	free(suite->cases);
}
