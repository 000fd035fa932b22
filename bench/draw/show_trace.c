/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_trace.c - an episode for other programs: Chrome's trace events, and graphviz. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/check/event_words.h"
#include "bench/draw/show.h"
#include "bench/ground/command.h"
#include "bench/ground/dialect.h"
#include "bench/ground/out_file.h"

#define PROCESS	1	/* the only one of a trace */

static void put_event_text(char *text, size_t size, const struct show *show, uint32_t at)
{
	struct event_words words;

	event_words(&words, show->log, at);
	snprintf(text, size, "%s%s%s%s%s", words.verb, words.what[0] ? " " : "", words.what,
		 words.value[0] ? " = " : "", words.value);
}

/* The first event of the next turn. */
static uint32_t turn_end(const struct show *show, uint32_t first)
{
	uint32_t end = first + 1;

	while (end < show->nr && show->log->events[end].thread == show->log->events[first].thread)
		end++;
	return end;
}

/* ---- Chrome's trace events: time is the number of the event, in microseconds ---- */
static void add(json_t *list, json_t *event, uint32_t at, unsigned int thread)
{
	json_object_set_new(event, "pid", json_integer(PROCESS));
	json_object_set_new(event, "tid", json_integer(thread));
	json_object_set_new(event, "ts", json_integer(at));
	json_array_append_new(list, event);
}

static void add_threads(json_t *list, const struct show *show)
{
	bool has[SCHEDULE_THREADS] = { false };
	char name[32];

	for (uint32_t i = 0; i < show->nr; i++) {
		unsigned int thread = show->log->events[i].thread;

		event_thread_name(thread, name, sizeof(name));
		if (!has[thread])
			add(list, json_pack("{s:s, s:s, s:{s:s}}", "ph", "M", "name", "thread_name", "args", "name",
					    name), 0, thread);
		has[thread] = true;
	}
}

static void add_turns(json_t *list, const struct show *show)
{
	char reason[160] = "the end";

	for (uint32_t i = 0, end; i < show->nr; i = end) {
		end = turn_end(show, i);
		if (end < show->nr)
			event_switch_reason(show->episode, show->log, end, reason, sizeof(reason));
		add(list, json_pack("{s:s, s:s, s:s, s:i, s:{s:s, s:i}}", "ph", "X", "cat", "turn", "name", "turn",
				    "dur", (int)(end - i), "args", "stops", end < show->nr ? reason : "the end",
				    "step", (int)show->log->events[i].step), i, show->log->events[i].thread);
	}
}

static void add_steps(json_t *list, const struct show *show)
{
	char text[320];

	for (uint32_t i = 0; i < show->nr; i++) {
		const struct schedule_event *event = &show->log->events[i];
		struct event_words words;

		put_event_text(text, sizeof(text), show, i);
		event_words(&words, show->log, i);
		add(list, json_pack("{s:s, s:s, s:s, s:s, s:{s:i, s:s, s:s}}", "ph", "i", "s", "t", "cat", words.verb,
				    "name", text, "args", "step", (int)event->step, "place", words.place, "order",
				    words.order), i, event->thread);
		if (event->kind != SCHEDULE_LOCKS && event->kind != SCHEDULE_UNLOCKS)
			continue;
		snprintf(text, sizeof(text), "%u.%p", event->thread, event->address);
		add(list, json_pack("{s:s, s:s, s:s, s:s}", "ph", event->kind == SCHEDULE_LOCKS ? "b" : "e", "cat",
				    "lock", "name", event->where, "id", text), i, event->thread);
	}
}

static void add_edges(json_t *list, const struct show *show)
{
	for (uint32_t i = 0; i < show->edges.nr; i++) {
		const struct edge *edge = &show->edges.edges[i];
		const char *words = edge_words(edge->kind);

		add(list, json_pack("{s:s, s:s, s:s, s:i}", "ph", "s", "cat", "order", "name", words, "id", (int)i),
		    edge->from, show->log->events[edge->from].thread);
		add(list, json_pack("{s:s, s:s, s:s, s:s, s:i}", "ph", "f", "bp", "e", "cat", "order", "name", words,
				    "id", (int)i), edge->to, show->log->events[edge->to].thread);
	}
}

int show_chrome(const struct show *show, struct out_file *out)
{
	json_t *list = json_array(), *root = json_pack("{s:o, s:{s:s, s:s, s:s}}", "traceEvents", list, "otherData",
						       "workload", show->episode->what->name, "token", show->token,
						       "outcome", show->end->failed ? show->end->said : "passed");

	add_threads(list, show);
	add_turns(list, show);
	add_steps(list, show);
	add_edges(list, show);
	return out_file_end(out, out_file_put_json(out, root, JSON_COMPACT));
}

/* ---- graphviz ---- */
static void put_label(FILE *out, const char *text)
{
	unsigned int character;

	while ((character = text_next(&text))) {
		if (character == '"' || character == '\\')
			fputc('\\', out);
		text_put(out, character == '\n' ? ' ' : character);
	}
}

static void put_node(FILE *out, const struct show *show, uint32_t at)
{
	struct event_words words;
	char text[320];

	event_words(&words, show->log, at);
	put_event_text(text, sizeof(text), show, at);
	fprintf(out, "\t\te%u [label=\"%u ", at, show->log->events[at].step);
	put_label(out, text);
	fputs("\\n", out);
	put_label(out, words.place);
	fputs("\"];\n", out);
}

/* The nodes of one thread, one below the other. */
static void put_thread(FILE *out, const struct show *show, const bool *wanted, unsigned int thread)
{
	uint32_t before = UINT32_MAX;
	char name[32];

	event_thread_name(thread, name, sizeof(name));
	fprintf(out, "\tsubgraph cluster_%u {\n\t\tlabel=\"%s\";\n", thread, name);
	for (uint32_t i = 0; i < show->nr; i++) {
		if (!wanted[i] || show->log->events[i].thread != thread)
			continue;
		put_node(out, show, i);
		if (before != UINT32_MAX)
			fprintf(out, "\t\te%u -> e%u [color=gray];\n", before, i);
		before = i;
	}
	fputs("\t}\n", out);
}

static void put_graph(FILE *out, const struct show *show, bool *wanted)
{
	const struct edges *edges = &show->edges;

	for (uint32_t i = 0; i < edges->nr; i++)
		wanted[edges->edges[i].from] = wanted[edges->edges[i].to] = true;
	if (show->nr)
		wanted[show->nr - 1] = true;
	fputs("digraph interleaving {\n\tnode [shape=box, fontname=\"sans-serif\", fontsize=10];\n\tlabel=\"", out);
	put_label(out, show->episode->what->name);
	fputs("\";\n", out);
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		for (uint32_t j = 0; j < show->nr; j++)
			if (wanted[j] && show->log->events[j].thread == i) {
				put_thread(out, show, wanted, i);
				break;
			}
	for (uint32_t i = 0; i < edges->nr; i++)
		fprintf(out, "\te%u -> e%u [tooltip=\"%s\"%s];\n", edges->edges[i].from, edges->edges[i].to,
			edge_words(edges->edges[i].kind), edges->edges[i].kind == EDGE_MISSING ?
			", color=red, style=dashed, label=\"data race\"" : ", color=blue, constraint=false");
	fputs("}\n", out);
}

int show_dot(const struct show *show, struct out_file *out)
{
	bool *wanted = calloc(show->nr + 1, sizeof(*wanted));

	if (!wanted)
		return out_file_end(out, fail("out of memory"));
	put_graph(out->stream, show, wanted);
	free(wanted);
	return out_file_end(out, 0);
}
