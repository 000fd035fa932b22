/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unknown.c - offers all names of a kind, and complains. */
#include "bench/run/unknown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"
#include "bench/ground/suggest.h"

static int complain_of(const char *what, struct suggestion *near, const char *list)
{
	return complain("unknown %s '%s'%s (see faultline list%s)", what, near->word, suggestion_text(near, ""), list);
}

int unknown_workload(const char *pattern)
{
	struct suggestion near = suggestion_begin(pattern);

	for (unsigned int i = 0; i < nr_workloads(); i++)
		suggestion_offer(&near, workload_get(i)->name);
	return complain_of("workload", &near, "");
}

int unknown_knockout(const char *name)
{
	struct suggestion near = suggestion_begin(name);
	const struct knockout *knockout;

	for (unsigned int i = 0; (knockout = knockout_get(i)); i++)
		suggestion_offer(&near, knockout->name);
	return complain_of("knock-out", &near, " --knockouts");
}

int unknown_syncpoint(const char *name)
{
	struct suggestion near = suggestion_begin(name);

	for (unsigned int i = 0; syncpoint_get(i); i++)
		suggestion_offer(&near, syncpoint_get(i)->name);
	return complain_of("sync point", &near, " --syncpoints");
}

int unknown_detector(const char *name)
{
	struct suggestion near = suggestion_begin(name);

	for (unsigned int i = 0; detector_get(i); i++)
		suggestion_offer(&near, detector_get(i)->name);
	return complain_of("detector", &near, " --detectors");
}

/* ---- policies ---- */
static struct suggestion near_preset(const char *word)
{
	struct suggestion near = suggestion_begin(word);

	for (unsigned int i = 0; i < nr_policy_presets; i++)
		suggestion_offer(&near, policy_presets[i].name);
	return near;
}

static struct suggestion near_key(const char *word)
{
	struct suggestion near = suggestion_begin(word);
	struct policy_key key;

	for (unsigned int i = 0; policy_key(i, &key); i++)
		suggestion_offer(&near, key.key);
	return near;
}

static struct suggestion near_value(const struct policy_key *key, const char *word)
{
	struct suggestion near = suggestion_begin(word);

	for (unsigned int v = 0; v < POLICY_VALUES && key->values[v]; v++)
		suggestion_offer(&near, key->values[v]);
	return near;
}

static bool find_key(const char *name, struct policy_key *key)
{
	for (unsigned int i = 0; policy_key(i, key); i++)
		if (!strcmp(key->key, name))
			return true;
	return false;
}

static bool has_value(const struct policy_key *key, const char *value)
{
	for (unsigned int v = 0; v < POLICY_VALUES && key->values[v]; v++)
		if (!strcmp(key->values[v], value))
			return true;
	return false;
}

/* The first part of @text that policy_parse() refuses, and what is close to it. Cuts @text up, and refers to it. */
static struct suggestion near_policy(char *text)
{
	const char *word = strsep(&text, ",");

	if (!policy_find(word))
		return near_preset(word);
	while (text) {
		char *value = strsep(&text, ",");
		const char *name = strsep(&value, "=");
		struct policy_key key;

		if (!value || !find_key(name, &key))
			return near_key(name);
		if (!has_value(&key, value))
			return near_value(&key, value);
	}
	return suggestion_begin("");
}

int unknown_policy(const char *text, const char *why)
{
	char *copy = strdup(text);
	struct suggestion near = copy ? near_policy(copy) : suggestion_begin("");
	int status = complain("%s%s (see faultline list --policies)", why, suggestion_text(&near, ""));

	free(copy);
	return status;
}

/* ---- axes ---- */

/* All values that chosen workloads have for one axis, each once. */
struct values {
	int64_t value[64];
	unsigned int nr;
};

static void add_values(struct values *values, const struct workload_axis *axis)
{
	for (unsigned int v = 0; v < axis->nr; v++) {
		unsigned int i = 0;

		while (i < values->nr && values->value[i] != axis->values[v])
			i++;
		if (i == values->nr && values->nr < ARRAY_SIZE(values->value))
			values->value[values->nr++] = axis->values[v];
	}
}

static int complain_value(const struct axis_choice *chosen, const struct values *values)
{
	char text[1024] = "";

	for (unsigned int i = 0, length = 0; i < values->nr && length < sizeof(text); i++)
		length += (unsigned int)snprintf(text + length, sizeof(text) - length, "%s%lld", i ? ", " : "",
						 (long long)values->value[i]);
	return complain("axis '%s' has no value %lld: give %s", chosen->key, (long long)chosen->value, text);
}

int unknown_axis(const struct axis_choice *chosen, const char *const *globs, unsigned int nr_globs)
{
	struct suggestion near = suggestion_begin(chosen->key);
	struct values values = { .nr = 0 };

	for (unsigned int w = 0; w < nr_workloads(); w++) {
		const struct workload *workload = workload_get(w);

		for (unsigned int i = 0; workload_matches(workload, globs, nr_globs) && i < workload->nr_axes; i++) {
			suggestion_offer(&near, workload->axes[i].key);
			if (!strcmp(workload->axes[i].key, chosen->key))
				add_values(&values, &workload->axes[i]);
		}
	}
	if (values.nr)
		return complain_value(chosen, &values);
	return complain("no chosen workload has an axis '%s'%s", chosen->key, suggestion_text(&near, ""));
}
