/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.c - sets the contexts of runs beside each other. */
#include "bench/data/facts.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/ground/dialect.h"
#include "core/faultline.h"

static const char *const common[] = {
	"host_name", "kernel", "cpu_model", "num_cpus", "topology", "compiler",	       "flags", "build_type",
	"geometry",  "rcu",    "placement", "memory",	"tables",   "frames_per_node", "seed",
};

static void put_value(FILE *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	fputs(text ? text : "?", out);
	free(text);
}

/* The line, when @key is in both contexts and differs. */
static bool warn(FILE *out, const char *key, const char *where, const json_t *one, const json_t *other)
{
	const json_t *a = json_object_get(one, key), *b = json_object_get(other, key);

	if (!a || !b || json_equal(a, b))
		return false;
	fprintf(out, "warning: %s differs %s: ", key, where);
	put_value(out, a);
	fputs(", ", out);
	put_value(out, b);
	putc('\n', out);
	return true;
}

/* The first run of @side against each other one of it, up to the first that differs. */
static bool warn_within(FILE *out, const char *key, const char *where, const struct side *side)
{
	bool warned = false;

	for (unsigned int i = 1; !warned && i < side->nr; i++)
		warned = warn(out, key, where, side->runs[0].context, side->runs[i].context);
	return warned;
}

static unsigned int warn_all(FILE *out, const char *key, const struct side *before, const struct side *after)
{
	return warn(out, key, "between the sides", before->runs[0].context, after->runs[0].context) ||
	       warn_within(out, key, "within a side", before) || warn_within(out, key, "within a side", after);
}

static unsigned int warn_incomplete(FILE *out, const char *where, const struct side *side)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < side->nr; i++)
		if (side->runs[i].incomplete) {
			fprintf(out, "warning: incomplete: run %u of %u %s: ", i + 1, side->nr, where);
			text_put_plain(out, side->runs[i].incomplete);
			putc('\n', out);
			nr++;
		}
	return nr;
}

unsigned int facts_warn(FILE *out, const struct side *before, const struct side *after)
{
	unsigned int nr = warn_incomplete(out, "before", before) + warn_incomplete(out, "after", after);
	const char *key;
	json_t *value;

	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		nr += warn_all(out, common[i], before, after);
	json_object_foreach(before->runs[0].context, key, value)
		if (!strncmp(key, "policy:", 7))
			nr += warn_all(out, key, before, after);
	nr += warn_within(out, "commit", "within the side before", before);
	nr += warn_within(out, "commit", "within the side after", after);
	return nr;
}
