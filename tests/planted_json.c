/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planted_json.c - replaces strings or a number of a JSON file by another, for tests of its readers.
 *
 * planted_json FILE strings|numbers INDEX TEXT: writes FILE to standard output with TEXT in place of the INDEX-th
 * string, counted from 0, or as the INDEX-th number. INDEX may be "names": all strings with a slash, as benchmarks
 * have. Of these the workload is replaced, and a policy and a layout are added. Exit status 3: INDEX is past the last
 * one.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct plan {
	bool numbers, names;
	long left;		/* until it is this one's turn; below 0: it was */
	const char *text;
};

static json_t *replacement(const struct plan *plan, const json_t *old)
{
	const char *was = json_string_value(old), *rest = was ? strchr(was, '/') : NULL;

	if (plan->numbers)
		return json_loads(plan->text, JSON_DECODE_ANY, NULL);
	return rest ? json_sprintf("%s%s/policy:%s/layout:%s", plan->text, rest, plan->text,
				   plan->text) : json_string(plan->text);
}

static bool is_next(struct plan *plan, const json_t *value)
{
	const char *text = json_string_value(value);

	if (plan->names)
		return text && strchr(text, '/');
	return (plan->numbers ? json_is_number(value) : text != NULL) && plan->left >= 0 && !plan->left--;
}

static void visit(struct plan *plan, json_t *value)
{
	const char *key;
	json_t *inner;
	size_t i;

	json_object_foreach(value, key, inner)
		if (is_next(plan, inner))
			json_object_set_new(value, key, replacement(plan, inner));
		else
			visit(plan, inner);
	json_array_foreach(value, i, inner)
		if (is_next(plan, inner))
			json_array_set_new(value, i, replacement(plan, inner));
		else
			visit(plan, inner);
}

int main(int argc, char **argv)
{
	struct plan plan = { .left = 0 };
	json_error_t error;
	json_t *root = argc == 5 ? json_load_file(argv[1], 0, &error) : NULL;

	if (!root)
		return 2;
	plan.numbers = !strcmp(argv[2], "numbers");
	plan.names = !strcmp(argv[3], "names");
	plan.left = strtol(argv[3], NULL, 10);
	plan.text = argv[4];
	visit(&plan, root);
	if (!plan.names && plan.left >= 0)
		return 3;
	json_dumpf(root, stdout, JSON_INDENT(1));
	json_decref(root);
	return 0;
}
