/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline_trace.c - writes trace events one by one: there may be millions. */
#include "bench/run/timeline_trace.h"

#include <jansson.h>

int timeline_trace_begin(struct timeline_trace *trace, const char *path)
{
	int status = out_file_begin(&trace->file, path);

	if (!status)
		fputs("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [", trace->file.stream);
	return status;
}

int timeline_trace_end(struct timeline_trace *trace, int status)
{
	fputs("\n]}\n", trace->file.stream);
	return out_file_end(&trace->file, status);
}

/* One event, of the latest worker; it goes. */
static void put(struct timeline_trace *trace, json_t *event)
{
	json_object_set_new(event, "pid", json_integer(trace->cases));
	json_object_set_new(event, "tid", json_integer(trace->threads));
	fputs(trace->events++ ? ",\n" : "\n", trace->file.stream);
	json_dumpf(event, trace->file.stream, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(event);
}

static void put_name(struct timeline_trace *trace, const char *what, const char *name)
{
	put(trace, json_pack("{s:s, s:s, s:{s:s}}", "ph", "M", "name", what, "args", "name", name));
}

void timeline_trace_case(struct timeline_trace *trace, const char *name, double ns_per_tick)
{
	trace->cases++;
	trace->threads = 0;
	trace->zero = 0;
	trace->us_per_tick = ns_per_tick / 1000;
	put_name(trace, "process_name", name);
}

static double us(const struct timeline_trace *trace, uint64_t tick)
{
	return ((double)tick - (double)trace->zero) * trace->us_per_tick;
}

/* Holds need not nest, as slices of one track must. */
static void put_hold(struct timeline_trace *trace, const struct timeline_event *event)
{
	char id[32];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)trace->events);
	put(trace, json_pack("{s:s, s:s, s:s, s:s, s:f}", "ph", "b", "cat", "hold", "name", event->what, "id", id, "ts",
			     us(trace, event->from)));
	put(trace, json_pack("{s:s, s:s, s:s, s:s, s:f}", "ph", "e", "cat", "hold", "name", event->what, "id", id, "ts",
			     us(trace, event->to)));
}

static void put_event(const struct timeline_event *event, void *arg)
{
	struct timeline_trace *trace = arg;
	bool waits = event->kind == TIMELINE_WAIT;
	char name[96];

	if (!trace->zero)
		trace->zero = event->from;
	if (event->kind == TIMELINE_HOLD) {
		put_hold(trace, event);
		return;
	}
	snprintf(name, sizeof(name), "%s%s", waits ? "waits for " : "", event->what);
	put(trace, json_pack("{s:s, s:s, s:s, s:f, s:f}", "ph", "X", "cat", waits ? "wait" : "operation", "name", name,
			     "ts", us(trace, event->from), "dur", us(trace, event->to) - us(trace, event->from)));
}

void timeline_trace_thread(struct timeline_trace *trace, const char *role, const struct timeline *timeline)
{
	char name[64];

	trace->threads++;
	snprintf(name, sizeof(name), "%s %u", role, trace->threads - 1);
	put_name(trace, "thread_name", name);
	timeline_for_each(timeline, put_event, trace);
	if (timeline->nr > TIMELINE_EVENTS)
		trace->overwritten += timeline->nr - TIMELINE_EVENTS;
}
