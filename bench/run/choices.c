/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choices.c - reads what a run is made of. */
#include "bench/run/choices.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ground/command.h"
#include "bench/ground/installed.h"
#include "bench/ground/suggest.h"
#include "bench/ground/threads.h"
#include "bench/run/unknown.h"

/* 2 GiB a node: room for many copies of a captured layout; used only when touched */
#define DEFAULT_FRAMES	(1ul << 19)
#define FRAMES_PER_THREAD (1ul << 17)	/* 512 MiB: twice what the largest choice of a workload maps for each */
#define LEAST_FRAMES	1024
#define MOST_WORKERS	(NR_CPUS - SPARE_THREADS)
#define MEMORY_CHOICES	"local|remote|interleave|node:N"

const unsigned int all_payloads[MAX_PAYLOADS] = { 0, CACHE_LINE, FRAME_SIZE };

struct poptOption places_options[] = {
	{ "placement", 0, POPT_ARG_STRING, NULL, CHOOSE_PLACEMENT, "pin threads this way (default: compact)",
	  "compact|scatter|node:N" },
	{ "node", 0, POPT_ARG_STRING, NULL, CHOOSE_NODE, "use this node for --placement node (default: 0)", "N" },
	{ "memory", 0, POPT_ARG_STRING, NULL, CHOOSE_MEMORY, "take frames from there (default: local)",
	  MEMORY_CHOICES },
	{ "tables", 0, POPT_ARG_STRING, NULL, CHOOSE_TABLES, "take page tables from there (default: as --memory)",
	  MEMORY_CHOICES },
	POPT_TABLEEND
};

struct poptOption suite_options[] = {
	{ "policy", 'p', POPT_ARG_STRING, NULL, CHOOSE_POLICY,
	  "run these policies, or all (see faultline list --policies)", "NAME,..." },
	{ "threads", 't', POPT_ARG_STRING, NULL, CHOOSE_THREADS, "run with these numbers of threads", "N,..." },
	{ "payload", 0, POPT_ARG_STRING, NULL, CHOOSE_PAYLOAD,
	  "clear, copy and check so many bytes of each page", "0,64,4096" },
	{ "layout", 'l', POPT_ARG_STRING, NULL, CHOOSE_LAYOUT,
	  "run on a captured address space; repeatable", "FILE" },
	{ "populate", 0, POPT_ARG_STRING, NULL, CHOOSE_POPULATE,
	  "populate these pages of layouts (default: as the file says)", "none|all|rss|first-touch" },
	{ "axis", 0, POPT_ARG_STRING, NULL, CHOOSE_AXIS, "choose one value of an axis, as benchmark names show it",
	  "KEY:VALUE" },
	{ "frames", 0, POPT_ARG_STRING, NULL, CHOOSE_FRAMES, "simulate N frames of 4 KiB on each node (default: 512k)",
	  "N" },
	{ "seed", 's', POPT_ARG_STRING, NULL, CHOOSE_SEED, "seed all random choices (default: 1)", "N" },
	POPT_TABLEEND
};

struct poptOption choices_options[] = {
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, suite_options, 0, NULL, NULL },
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, places_options, 0, "Placement:", NULL },
	POPT_TABLEEND
};

void choices_init(struct choices *choices)
{
	*choices = (struct choices){ .seed = 1, .frames = DEFAULT_FRAMES };
}

void choices_free(struct choices *choices)
{
	for (unsigned int i = 0; i < choices->nr_policies; i++)
		free(choices->policies[i].name);
	for (unsigned int i = 0; i < choices->nr_layouts; i++) {
		layout_free(choices->layouts[i]);
		free(choices->layout_paths[i]);
	}
	for (unsigned int i = 0; i < choices->nr_axes; i++)
		free(choices->axes[i].key);
}

static int add_policy(struct choices *choices, const char *name, const struct mm_policy *policy)
{
	struct policy_choice *choice = &choices->policies[choices->nr_policies];

	for (unsigned int i = 0; i < choices->nr_policies; i++)
		if (!strcmp(choices->policies[i].name, name))
			return 0;
	if (choices->nr_policies == MAX_POLICIES)
		return complain("more than %d policies", MAX_POLICIES);
	choice->name = strdup(name);
	if (!choice->name)
		return fail("out of memory");
	choice->policy = *policy;
	choices->nr_policies++;
	return 0;
}

static int add_presets(struct choices *choices)
{
	int status = 0;

	for (unsigned int i = 0; !status && i < nr_policy_presets; i++)
		status = add_policy(choices, policy_presets[i].name, &policy_presets[i].policy);
	return status;
}

static int add_parsed_policy(struct choices *choices, const char *text)
{
	char why[256] = "out of memory";
	struct mm_policy policy;

	if (!strcmp(text, "all"))
		return add_presets(choices);
	if (policy_parse(text, &policy, why, sizeof(why)))
		return unknown_policy(text, why);
	return add_policy(choices, text, &policy);
}

/* A part with '=' changes the policy before it; any other begins the next one. */
static size_t policy_length(const char *text)
{
	size_t length = strcspn(text, ",");

	while (text[length] == ',') {
		size_t next = strcspn(text + length + 1, ",");

		if (!memchr(text + length + 1, '=', next))
			break;
		length += 1 + next;
	}
	return length;
}

int choices_add_policies(struct choices *choices, const char *text)
{
	int status = 0;

	for (;;) {
		size_t length = policy_length(text);
		char *policy = strndup(text, length);

		status = policy ? add_parsed_policy(choices, policy) : fail("out of memory");
		free(policy);
		text += length;
		if (status || !*text++)
			return status;
	}
}

static int add_number(unsigned int *list, unsigned int *nr, unsigned int room, unsigned int number, const char *what)
{
	for (unsigned int i = 0; i < *nr; i++)
		if (list[i] == number)
			return 0;
	if (*nr == room)
		return complain("more than %u numbers of %s", room, what);
	list[(*nr)++] = number;
	return 0;
}

static int take_threads(struct choices *choices, const char *text)
{
	uint64_t number;

	if (!read_number(text, 1, MOST_WORKERS, &number))
		return complain("invalid number of threads '%s': give 1 to %u", text, MOST_WORKERS);
	if (!choices->frames_given)
		choices->frames = max(choices->frames, min(number * FRAMES_PER_THREAD, MOST_FRAMES));
	return add_number(choices->threads, &choices->nr_threads, MAX_THREADS, (unsigned int)number, "threads");
}

static int take_payload(struct choices *choices, const char *text)
{
	uint64_t number;

	for (unsigned int i = 0; i < MAX_PAYLOADS; i++)
		if (read_size(text, all_payloads[i], all_payloads[i], &number))
			return add_number(choices->payloads, &choices->nr_payloads, MAX_PAYLOADS, all_payloads[i],
					  "payload");
	return complain("invalid payload '%s': give 0, 64 or 4096", text);
}

/* Hands each part of @text between commas to @take. */
static int take_list(struct choices *choices, const char *text, int (*take)(struct choices *choices, const char *text))
{
	int status = 0;

	for (;;) {
		size_t length = strcspn(text, ",");
		char *part = strndup(text, length);

		status = part ? take(choices, part) : fail("out of memory");
		free(part);
		text += length;
		if (status || !*text++)
			return status;
	}
}

static int add_layout(struct choices *choices, const char *path)
{
	char why[512];

	if (choices->nr_layouts == MAX_LAYOUTS)
		return complain("more than %d layouts", MAX_LAYOUTS);
	if (layout_load(path, &choices->layouts[choices->nr_layouts], why, sizeof(why)))
		return complain_text(why);
	choices->layout_paths[choices->nr_layouts] = strdup(path);
	return choices->layout_paths[choices->nr_layouts++] ? 0 : fail("out of memory");
}

static int find_layouts(glob_t *found)
{
	char pattern[2 * PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%s*.layout", layout_folder());
	return glob(pattern, 0, NULL, found);
}

/* @text is neither a file nor the name of a layout that is shipped. */
static int unknown_layout(const char *text)
{
	struct suggestion near = suggestion_begin(text);
	glob_t found;
	int status;

	if (find_layouts(&found))
		found.gl_pathc = 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		*strrchr(found.gl_pathv[i], '.') = '\0';
		suggestion_offer(&near, found.gl_pathv[i] + strlen(layout_folder()));
	}
	status =
		complain("%s: %s%s (see faultline list --layouts)", text, strerror(ENOENT), suggestion_text(&near, ""));
	globfree(&found);
	return status;
}

static int take_layout(struct choices *choices, const char *text)
{
	char shipped[2 * PATH_MAX];

	snprintf(shipped, sizeof(shipped), "%s%s.layout", layout_folder(), text);
	choices->layouts_given = true;
	if (strchr(text, '/') || !access(text, F_OK))
		return add_layout(choices, text);
	return access(shipped, F_OK) ? unknown_layout(text) : add_layout(choices, shipped);
}

static int take_populate(struct choices *choices, const char *text)
{
	if (layout_populate_by_name(text, &choices->populate))
		return 0;
	return complain("unknown pages '%s' for --populate: none, all, rss or first-touch", text);
}

int choices_add_shipped_layouts(struct choices *choices)
{
	glob_t found;
	int status = 0;

	if (find_layouts(&found))
		return complain("no layouts in %s", layout_folder());
	for (size_t i = 0; !status && i < found.gl_pathc; i++)
		status = add_layout(choices, found.gl_pathv[i]);
	globfree(&found);
	return status;
}

static int populate_layout(const struct choices *choices, unsigned int i)
{
	switch (layout_populate(choices->layouts[i], choices->populate)) {
	case 0:
		return 0;
	case -ENODATA:
		return complain("%s: no populated pages in it, as --populate rss wants: choose all or first-touch",
				choices->layout_paths[i]);
	default:
		return fail("out of memory");
	}
}

int choices_settle_layouts(struct choices *choices)
{
	int status = choices->nr_layouts ? 0 : choices_add_shipped_layouts(choices);

	for (unsigned int i = 0; !status && i < choices->nr_layouts; i++)
		status = populate_layout(choices, i);
	return status;
}

static int take_axis(struct choices *choices, const char *text)
{
	struct axis_choice *axis = &choices->axes[choices->nr_axes];
	const char *colon = strchr(text, ':');
	uint64_t value;

	if (!colon || colon == text || !read_number(colon + 1, 0, INT64_MAX, &value))
		return complain("invalid axis '%s': give KEY:NUMBER, as in a benchmark's name", text);
	if (choices->nr_axes == MAX_AXES)
		return complain("more than %d axes", MAX_AXES);
	axis->key = strndup(text, (size_t)(colon - text));
	axis->value = (int64_t)value;
	choices->nr_axes++;
	return axis->key ? 0 : fail("out of memory");
}

static int take_frames(struct choices *choices, const char *text)
{
	choices->frames_given = true;
	if (read_size(text, LEAST_FRAMES, MOST_FRAMES, &choices->frames))
		return 0;
	return complain("invalid number of frames '%s': give %d to %lu, or with k, m or g behind it", text,
			LEAST_FRAMES, MOST_FRAMES);
}

static int take_seed(struct choices *choices, const char *text)
{
	if (read_number(text, 0, UINT64_MAX, &choices->seed))
		return 0;
	return complain("invalid seed '%s': give 0 to %llu", text, (unsigned long long)UINT64_MAX);
}

int choices_take(struct choices *choices, int option, const char *text)
{
	switch (option) {
	case CHOOSE_POLICY:
		return choices_add_policies(choices, text);
	case CHOOSE_THREADS:
		return take_list(choices, text, take_threads);
	case CHOOSE_PLACEMENT:
		return places_take_threads(&choices->places, text);
	case CHOOSE_NODE:
		return places_take_node(&choices->places, text);
	case CHOOSE_MEMORY:
		return places_take_memory(&choices->places, FRAME_DATA, text);
	case CHOOSE_TABLES:
		return places_take_memory(&choices->places, FRAME_TABLE, text);
	case CHOOSE_PAYLOAD:
		return take_list(choices, text, take_payload);
	case CHOOSE_LAYOUT:
		return take_layout(choices, text);
	case CHOOSE_POPULATE:
		return take_populate(choices, text);
	case CHOOSE_AXIS:
		return take_axis(choices, text);
	case CHOOSE_FRAMES:
		return take_frames(choices, text);
	default:
		return take_seed(choices, text);
	}
}
