/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa.c - costs by node: gathered, kept as JSON, read again, printed. */
#include "bench/data/numa.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/data/json_read.h"
#include "bench/data/run_folder.h"
#include "bench/ground/command.h"

#define LEAST_NS	1e-6	/* of an item */
#define MOST_NS		1e18

const char *numa_map_name(enum numa_map map)
{
	static const char *const names[] = { [NUMA_BOTH] = "both", [NUMA_FRAMES] = "frames", [NUMA_TABLES] = "tables" };

	return map < NR_NUMA_MAPS ? names[map] : NULL;
}

struct numa_place numa_place_in(enum numa_map map, unsigned int row, unsigned int column)
{
	return (struct numa_place){
		.threads = row,
		.frames = map == NUMA_TABLES ? row : column,
		.tables = map == NUMA_FRAMES ? row : column,
	};
}

struct places numa_places(struct numa_place place)
{
	return (struct places){
		.threads = PLACE_NODE,
		.node = place.threads,
		.memory = { [FRAME_DATA] = { MEM_NODE, place.frames }, [FRAME_TABLE] = { MEM_NODE, place.tables } },
		.tables_chosen = true,
	};
}

/* ---- cells ---- */
struct numa_cell *numa_add_cell(struct numa *numa, const char *workload, const char *policy, const char *choices)
{
	struct numa_cell *grown = realloc(numa->cells, (numa->nr + 1) * sizeof(*grown)), *cell;

	if (!grown)
		return NULL;
	numa->cells = grown;
	cell = &grown[numa->nr++];
	*cell = (struct numa_cell){ .workload = strdup(workload),
				    .policy = strdup(policy),
				    .choices = strdup(choices) };
	return cell->workload && cell->policy && cell->choices ? cell : NULL;
}

void numa_free(struct numa *numa)
{
	for (unsigned int i = 0; i < numa->nr; i++) {
		free(numa->cells[i].workload);
		free(numa->cells[i].policy);
		free(numa->cells[i].choices);
	}
	free(numa->cells);
	free(numa->skipped);
	results_free(&numa->facts);
}

static bool same_group(const struct numa_cell *a, const struct numa_cell *b)
{
	return a->threads == b->threads && !strcmp(a->workload, b->workload) && !strcmp(a->policy, b->policy) &&
	       !strcmp(a->choices, b->choices);
}

unsigned int numa_group_end(const struct numa *numa, unsigned int first)
{
	unsigned int end = first + 1;

	while (end < numa->nr && same_group(&numa->cells[first], &numa->cells[end]))
		end++;
	return end;
}

const struct numa_cell *numa_at(const struct numa *numa, unsigned int first, struct numa_place place)
{
	for (unsigned int i = first; i < numa_group_end(numa, first); i++) {
		const struct numa_cell *cell = &numa->cells[i];

		if (cell->place.threads == place.threads && cell->place.frames == place.frames &&
		    cell->place.tables == place.tables)
			return cell;
	}
	return NULL;
}

/* ---- JSON ---- */
static json_t *cells_of(const struct numa *numa)
{
	json_t *cells = json_array();

	for (unsigned int i = 0; i < numa->nr; i++) {
		const struct numa_cell *cell = &numa->cells[i];

		json_array_append_new(cells, json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:f}", "workload",
						       cell->workload, "policy", cell->policy, "choices", cell->choices,
						       "threads", (int)cell->threads, "threads_node",
						       (int)cell->place.threads, "frames_node", (int)cell->place.frames,
						       "tables_node", (int)cell->place.tables, "ns", cell->ns, "low",
						       cell->low, "high", cell->high));
	}
	return cells;
}

json_t *numa_json(const struct numa *numa, json_t *context)
{
	json_t *nodes = json_array(), *root;

	for (unsigned int node = 0; node < numa->nr_nodes; node++)
		json_array_append_new(nodes, json_integer(node));
	root = json_pack("{s:i, s:o, s:o, s:o}", "schema", RESULTS_SCHEMA, "context", context, "nodes", nodes, "cells",
			 cells_of(numa));
	if (root && numa->skipped)
		json_object_set_new(root, "skipped", json_string(numa->skipped));
	return root;
}

static const char *take_cell(struct numa *numa, json_t *object)
{
	const char *workload, *policy, *choices;
	int threads, place[3];
	struct numa_cell *cell;
	double ns[3];

	if (json_unpack(object, "{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:F, s:F, s:F}", "workload", &workload, "policy",
			&policy, "choices", &choices, "threads", &threads, "threads_node", &place[0], "frames_node",
			&place[1], "tables_node", &place[2], "ns", &ns[0], "low", &ns[1], "high", &ns[2]))
		return "a cell that lacks something";
	for (unsigned int i = 0; i < ARRAY_SIZE(place); i++)
		if (place[i] < 0 || place[i] >= (int)numa->nr_nodes)
			return "a cell of a node that there is not";
	for (unsigned int i = 0; i < ARRAY_SIZE(ns); i++)
		if (ns[i] < LEAST_NS || ns[i] > MOST_NS)
			return "a cell without a time that could be measured";
	cell = numa_add_cell(numa, workload, policy, choices);
	if (!cell)
		return "out of memory";
	cell->threads = (unsigned int)threads;
	cell->place = (struct numa_place){ (unsigned int)place[0], (unsigned int)place[1], (unsigned int)place[2] };
	cell->ns = ns[0];
	cell->low = ns[1];
	cell->high = ns[2];
	return NULL;
}

static const char *take_root(struct numa *numa, const json_t *root)
{
	const json_t *cells = json_object_get(root, "cells"), *context = json_object_get(root, "context");
	const char *skipped = json_string_value(json_object_get(root, "skipped")), *wrong = NULL;
	json_t *cell;
	size_t i;

	if (!json_is_object(context) || !json_is_array(cells))
		return "not costs by node: no context, or no cells";
	if (json_integer_value(json_object_get(root, "schema")) != RESULTS_SCHEMA)
		return "of another schema than this program's";
	results_take_facts(&numa->facts, context);
	results_take_incomplete(&numa->facts, root);
	numa->nr_nodes = (unsigned int)json_array_size(json_object_get(root, "nodes"));
	if (numa->nr_nodes > MAX_NODES)
		return "more nodes than this program knows";
	if (skipped)
		numa->skipped = strdup(skipped);
	json_array_foreach(cells, i, cell) {
		wrong = take_cell(numa, cell);
		if (wrong)
			break;
	}
	return wrong;
}

int numa_load(const char *run, struct numa *numa, char *why, size_t why_size)
{
	char path[PATH_MAX];
	const char *wrong;
	json_t *root;

	*numa = (struct numa){ 0 };
	if (!run_folder_file(run, "numa.json", path, sizeof(path)))
		return -ENAMETOOLONG;
	root = json_read_file(path, why, why_size);
	if (!root)
		return -EINVAL;
	wrong = take_root(numa, root);
	json_decref(root);
	if (!wrong)
		return 0;
	snprintf(why, why_size, "%s: %s", path, wrong);
	numa_free(numa);
	return -EINVAL;
}

/* ---- text ---- */
static void print_map(FILE *out, const struct numa *numa, unsigned int first, enum numa_map map)
{
	fprintf(out, "  threads on | %s on", map == NUMA_BOTH ? "frames and tables" : numa_map_name(map));
	for (unsigned int column = 0; column < numa->nr_nodes; column++)
		fprintf(out, " %13u", column);
	fputc('\n', out);
	for (unsigned int row = 0; row < numa->nr_nodes; row++) {
		const struct numa_cell *here = numa_at(numa, first, numa_place_in(map, row, row));

		if (!here)
			continue;	/* a node without processors */
		fprintf(out, "  %10u | %*s", row, map == NUMA_BOTH ? 20 : 9, "");
		for (unsigned int column = 0; column < numa->nr_nodes; column++) {
			const struct numa_cell *cell = numa_at(numa, first, numa_place_in(map, row, column));

			if (cell)
				fprintf(out, "%8.*f %5.2f", cell->ns < 10 ? 2 : 1, cell->ns, cell->ns / here->ns);
			else
				fprintf(out, "%14s", "-");
		}
		fputc('\n', out);
	}
}

void numa_print(FILE *out, const struct numa *numa)
{
	if (numa->skipped)
		fprintf(out, "skipped: %s\n", numa->skipped);
	for (unsigned int first = 0; first < numa->nr; first = numa_group_end(numa, first)) {
		const struct numa_cell *cell = &numa->cells[first];

		fprintf(out, "%s %s %s, %u thread%s: ns per item, and the factor against the threads' node\n",
			cell->workload, cell->policy, cell->choices, cell->threads, cell->threads == 1 ? "" : "s");
		for (enum numa_map map = 0; map < NR_NUMA_MAPS; map++)
			for (unsigned int other = 0; other < numa->nr_nodes; other++)
				if (numa_at(numa, first, numa_place_in(map, cell->place.threads, other)) &&
				    other != cell->place.threads) {
					print_map(out, numa, first, map);
					break;
				}
	}
}
