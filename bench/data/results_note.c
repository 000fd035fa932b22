/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results_note.c - adds to a file's rows what only all of a run shows: marks and noise. */
#include <errno.h>

#include <jansson.h>

#include "bench/data/results.h"
#include "bench/data/trust.h"

/* "marks" of each repetition and at the root; none where there are none. */
static void put_marks(json_t *object, unsigned int marks)
{
	json_t *names = json_array();

	for (enum mark mark = 0; mark < NR_MARKS; mark++)
		if (marks & 1u << mark)
			json_array_append_new(names, json_string(mark_name(mark)));
	if (json_array_size(names))
		json_object_set(object, "marks", names);
	json_decref(names);
}

int results_note(json_t *root, struct results *results, const struct company *company)
{
	json_t *run;
	const double floor = results_noise_floor(results);
	size_t i;

	results->others = company->share;
	results->beside = company->beside;
	trust_judge(results);
	json_array_foreach(json_object_get(root, "benchmarks"), i, run) {
		const struct result *result =
			results_by_name(results, json_string_value(json_object_get(run, "run_name")));

		if (result)
			put_marks(run, result->marks);
	}
	put_marks(root, results->marks);
	return json_object_set_new(root, "noise_floor", json_real(floor)) ||
	       json_object_set_new(root, "others_share", json_real(company->share)) ||
	       json_object_set_new(root, "other_runs", json_boolean(company->beside)) ? -ENOMEM : 0;
}
