/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places.c - reads, names and explains where threads, frames and page tables go. */
#include "bench/ground/places.h"

#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"
#include "bench/ground/suggest.h"

#define NODE_PREFIX	"node:"

static const char *const memory_names[] = {
	[MEM_LOCAL] = "local", [MEM_REMOTE] = "remote", [MEM_INTERLEAVE] = "interleave", [MEM_NODE] = "node",
};

/* What each use is called, and the option that places it. */
static const char *const use_names[NR_FRAME_USES] = { [FRAME_DATA] = "frames", [FRAME_TABLE] = "tables" };
static const char *const use_options[NR_FRAME_USES] = { [FRAME_DATA] = "memory", [FRAME_TABLE] = "tables" };

/* ---- read ---- */
static int take_node(const char *text, unsigned int *node)
{
	uint64_t number;

	if (!read_number(text, 0, MAX_NODES - 1, &number))
		return complain("invalid node '%s': give 0 to %d", text, MAX_NODES - 1);
	*node = (unsigned int)number;
	return 0;
}

/* The number behind "node:", if @text begins so. */
static const char *node_in(const char *text)
{
	return strncmp(text, NODE_PREFIX, strlen(NODE_PREFIX)) ? NULL : text + strlen(NODE_PREFIX);
}

int places_take_node(struct places *places, const char *text)
{
	return take_node(text, &places->node);
}

int places_take_threads(struct places *places, const char *text)
{
	struct suggestion near = suggestion_begin(text);

	if (node_in(text)) {
		places->threads = PLACE_NODE;
		return take_node(node_in(text), &places->node);
	}
	for (enum placement p = 0; p < NR_PLACEMENTS; p++) {
		if (strcmp(text, placement_name(p)))
			continue;
		places->threads = p;
		return 0;
	}
	for (enum placement p = 0; p < NR_PLACEMENTS; p++)
		suggestion_offer(&near, placement_name(p));
	return complain("unknown placement '%s': give compact, scatter, node or node:N%s", text,
			suggestion_text(&near, ""));
}

static int read_mempolicy(const char *option, const char *text, struct mempolicy *policy)
{
	struct suggestion near = suggestion_begin(text);

	if (node_in(text)) {
		policy->mode = MEM_NODE;
		return take_node(node_in(text), &policy->node);
	}
	for (enum mem_policy mode = 0; mode < MEM_NODE; mode++) {
		if (strcmp(text, memory_names[mode]))
			continue;
		*policy = (struct mempolicy){ .mode = mode };
		return 0;
	}
	for (enum mem_policy mode = 0; mode < MEM_NODE; mode++)
		suggestion_offer(&near, memory_names[mode]);
	return complain("unknown %s '%s': give local, remote, interleave or node:N%s", option, text,
			suggestion_text(&near, ""));
}

int places_take_memory(struct places *places, enum frame_use use, const char *text)
{
	int status = read_mempolicy(use_options[use], text, &places->memory[use]);

	places->tables_chosen |= use == FRAME_TABLE;
	if (!places->tables_chosen)
		places->memory[FRAME_TABLE] = places->memory[FRAME_DATA];
	return status;
}

static int no_node(unsigned int node, const char *with)
{
	return complain("no node %u%s: this machine has %u (see faultline topo)", node, with, topology_nodes());
}

int places_check(const struct places *places)
{
	struct pin pin;

	if (places->threads == PLACE_NODE && topology_plan(PLACE_NODE, 1, places->node, &pin))
		return no_node(places->node, " with PUs");
	for (enum frame_use use = 0; use < NR_FRAME_USES; use++) {
		const struct mempolicy *policy = &places->memory[use];

		if (policy->mode == MEM_REMOTE && topology_nodes() < 2)
			return complain("no remote memory: this machine has one node (see faultline topo)");
		if (policy->mode == MEM_NODE && policy->node >= topology_nodes())
			return no_node(policy->node, "");
	}
	return 0;
}

/* ---- named ---- */
const char *places_threads_name(const struct places *places, char name[PLACE_NAME])
{
	if (places->threads == PLACE_NODE)
		snprintf(name, PLACE_NAME, NODE_PREFIX "%u", places->node);
	else
		snprintf(name, PLACE_NAME, "%s", placement_name(places->threads));
	return name;
}

const char *mempolicy_name(struct mempolicy policy, char name[PLACE_NAME])
{
	if (policy.mode == MEM_NODE)
		snprintf(name, PLACE_NAME, NODE_PREFIX "%u", policy.node);
	else
		snprintf(name, PLACE_NAME, "%s", memory_names[policy.mode]);
	return name;
}

static bool tables_apart(const struct places *places)
{
	const struct mempolicy *data = &places->memory[FRAME_DATA], *tables = &places->memory[FRAME_TABLE];

	return data->mode != tables->mode || (data->mode == MEM_NODE && data->node != tables->node);
}

static void append(char *name, size_t size, const char *key, const char *value)
{
	size_t length = strlen(name);

	snprintf(name + length, size - length, "/%s:%s", key, value);
}

void places_append_name(const struct places *places, char *name, size_t size)
{
	char text[PLACE_NAME];

	if (places->threads != PLACE_COMPACT)
		append(name, size, "placement", places_threads_name(places, text));
	if (places->memory[FRAME_DATA].mode != MEM_LOCAL)
		append(name, size, "memory", mempolicy_name(places->memory[FRAME_DATA], text));
	if (tables_apart(places))
		append(name, size, "tables", mempolicy_name(places->memory[FRAME_TABLE], text));
}

void places_put_options(const struct places *places, FILE *out)
{
	char text[PLACE_NAME];

	fprintf(out, " --placement %s", places_threads_name(places, text));
	for (enum frame_use use = 0; use < NR_FRAME_USES; use++)
		fprintf(out, " --%s %s", use_options[use], mempolicy_name(places->memory[use], text));
}

/* ---- explained ---- */
static void describe_use(const struct places *places, enum frame_use use, const struct pin *pins, unsigned int nthreads,
			 FILE *out)
{
	char threads[PLACE_NAME], text[PLACE_NAME];

	fprintf(out, "%s   %s of %u threads %s, from node:", use_names[use], mempolicy_name(places->memory[use], text),
		nthreads, places_threads_name(places, threads));
	for (unsigned int i = 0; i < nthreads; i++) {
		unsigned int node = mempolicy_node(places->memory[use], pins[i].node);

		if (node == NODE_IN_TURN)
			fputs(" all", out);
		else
			fprintf(out, " %u", node % topology_nodes());
	}
	fputc('\n', out);
}

void places_describe(const struct places *places, unsigned int nthreads, FILE *out)
{
	struct pin *pins = calloc(nthreads, sizeof(*pins));

	if (pins && !topology_plan(places->threads, nthreads, places->node, pins))
		for (enum frame_use use = 0; use < NR_FRAME_USES; use++)
			describe_use(places, use, pins, nthreads, out);
	free(pins);
}
