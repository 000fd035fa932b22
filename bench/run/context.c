/* SPDX-License-Identifier: GPL-2.0-or-later */
/* context.c - facts for the context of results. */
#include "bench/run/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <jansson.h>

#include "faultline_build.h"

typedef void (*put_fn)(const char *key, const char *value);

static void __printf(3, 4) put_text(put_fn put, const char *key, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(key, text);
}

/* x86 names its model; 64-bit Arm has only numbers for it. */
static void put_cpu_model(put_fn put)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[512], model[256] = "unknown";

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "model name : %255[^\n]", model) == 1 ||
		    sscanf(line, "CPU part : %255[^\n]", model) == 1)
			break;
	if (file)
		fclose(file);
	put("cpu_model", model);
}

static void put_kernel(put_fn put)
{
	struct utsname name;

	if (!uname(&name))
		put_text(put, "kernel", "%s %s %s", name.sysname, name.release, name.machine);
}

static void put_topology(put_fn put)
{
	char caches[256] = "";

	for (unsigned int level = 1; level <= 3; level++) {
		size_t length = strlen(caches);

		if (topology_cache_count(level))
			snprintf(caches + length, sizeof(caches) - length, ", L%u %zu KiB x %u", level,
				 topology_cache_size(level) / 1024, topology_cache_count(level));
	}
	put_text(put, "topology", "%u node%s, %u cores, %u PUs%s%s", topology_nodes(), topology_nodes() == 1 ? "" : "s",
		 topology_cores(), topology_pus(), caches,
		 topology_is_real() ? "" : " (not this system: nothing is bound)");
}

static void put_build(put_fn put)
{
	put("commit", FAULTLINE_BUILD_COMMIT);
	put("build_type", FAULTLINE_BUILD_TYPE);
	put("compiler", FAULTLINE_BUILD_COMPILER);
	put("flags", FAULTLINE_BUILD_FLAGS);
	put_text(put, "geometry", "%d levels", FAULTLINE_BUILD_LEVELS);
	put("rcu", FAULTLINE_BUILD_RCU);
}

static void put_policies(const struct choices *choices, put_fn put)
{
	for (unsigned int i = 0; i < choices->nr_policies; i++) {
		char key[300], fields[300];

		snprintf(key, sizeof(key), "policy:%s", choices->policies[i].name);
		policy_describe(&choices->policies[i].policy, fields, sizeof(fields));
		put(key, fields);
	}
}

static void put_payloads(const struct choices *choices, put_fn put)
{
	char text[64] = "";

	for (unsigned int i = 0; i < choices->nr_payloads; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u", i ? "," : "", choices->payloads[i]);
	put("payload", text);
}

static void put_command(int argc, const char **argv, put_fn put)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	for (int i = 0; i < argc; i++)
		fprintf(out, "%s%s", i ? " " : "", argv[i]);
	if (!fclose(out))
		put("command", text);
	free(text);
}

static void put_places(const struct places *places, put_fn put)
{
	char text[PLACE_NAME];

	put("placement", places_threads_name(places, text));
	put("memory", mempolicy_name(places->memory[FRAME_DATA], text));
	put("tables", mempolicy_name(places->memory[FRAME_TABLE], text));
}

void context_put(const struct choices *choices, int argc, const char **argv, put_fn put)
{
	put_cpu_model(put);
	put_kernel(put);
	put_topology(put);
	put_build(put);
	put_places(&choices->places, put);
	put_text(put, "frames_per_node", "%lu", choices->frames);
	put_text(put, "seed", "%llu", (unsigned long long)choices->seed);
	put_payloads(choices, put);
	put_policies(choices, put);
	put_command(argc, argv, put);
}

static json_t *object;		/* while context_json() puts it together */

static void put_member(const char *key, const char *value)
{
	json_object_set_new(object, key, json_string(value));
}

json_t *context_json(const struct choices *choices, int argc, const char **argv)
{
	time_t now = time(NULL);
	char date[32];
	struct tm utc;

	object = json_object();
	context_put(choices, argc, argv, put_member);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	put_member("date", date);
	return object;
}
