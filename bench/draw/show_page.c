/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_page.c - an episode as a page: time downwards, a column for each thread. */
#include <stdlib.h>
#include <string.h>

#include "bench/check/event_words.h"
#include "bench/draw/show.h"
#include "bench/draw/show_bars.h"
#include "bench/draw/show_style.h"
#include "bench/draw/show_words.h"
#include "bench/ground/command.h"
#include "bench/ground/out_file.h"

#define FOLDED		8u	/* uninteresting steps in a row: so many become one line */
#define AROUND		2u	/* steps shown at the ends of a turn */
#define LAST		12u	/* steps shown at the end */
#define THREAD_COLOURS	5u

struct drawing {
	const struct show *show;
	struct html *page;
	struct show_words memory;
	bool *interesting;		/* of each event */
	uint32_t *kind;			/* of what is held behind it */
	struct show_bars bars;
	bool has[SCHEDULE_THREADS];	/* events */
	unsigned int nr_columns;
	uint32_t edge;			/* the next one */
};

/* ---- what is shown, and what is folded ---- */
static bool turn_begins(const struct show *show, uint32_t at)
{
	return at && show->log->events[at].thread != show->log->events[at - 1].thread;
}

static bool matters(const struct drawing *drawing, uint32_t at)
{
	const struct schedule_event *event = &drawing->show->log->events[at];

	switch ((enum schedule_event_kind)event->kind) {
	case SCHEDULE_READS:
	case SCHEDULE_PASSED:
	case SCHEDULE_ENTERS:
	case SCHEDULE_EXITS:
		return false;
	case SCHEDULE_WRITES:
	case SCHEDULE_UPDATES:
		return drawing->memory.row_of[at] != SHOW_NO_ROW;
	default:
		return true;
	}
}

static void mark_interesting(struct drawing *drawing)
{
	const struct show *show = drawing->show;
	bool *marks = drawing->interesting;

	for (uint32_t i = 0; i < show->nr; i++) {
		marks[i] |= matters(drawing, i) || i + LAST >= show->nr || i < AROUND;
		for (uint32_t j = 0; turn_begins(show, i) && j < AROUND; j++) {
			marks[i - 1 - min(j, i - 1)] = true;
			marks[min(i + j, show->nr - 1)] = true;
		}
	}
	for (uint32_t i = 0; i < show->edges.nr; i++)
		if (show->edges.edges[i].kind != EDGE_ACQUIRES)
			marks[show->edges.edges[i].from] = marks[show->edges.edges[i].to] = true;
}

static void follow_held(struct drawing *drawing)
{
	struct held held = { .section = { false } };
	uint32_t kind = held_kind(&drawing->bars.held, &held);

	for (uint32_t i = 0; i < drawing->show->nr; i++) {
		if (held_after(&held, &drawing->show->log->events[i]))
			kind = held_kind(&drawing->bars.held, &held);
		drawing->kind[i] = kind;
	}
}

static void find_columns(struct drawing *drawing)
{
	for (uint32_t i = 0; i < drawing->show->nr; i++)
		drawing->has[drawing->show->log->events[i].thread] = true;
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		if (drawing->has[i])
			drawing->bars.columns[i] = drawing->nr_columns++;
}

/* ---- what is held ---- */
static void put_styles(struct drawing *drawing)
{
	html_put(drawing->page, "<style>#steps{--n:%u}\n", drawing->nr_columns);
	for (unsigned int i = 0; i < drawing->nr_columns; i++)
		html_put(drawing->page, ".t%u{--t:%u;--q:var(--q%u)}\n", i, i, i % THREAD_COLOURS);
	show_bars_put_style(&drawing->bars, drawing->page);
	html_put(drawing->page, "</style>\n");
}

/* ---- steps ---- */
static void put_edges(struct drawing *drawing, uint32_t at)
{
	const struct edges *edges = &drawing->show->edges;
	char name[32];

	while (drawing->edge < edges->nr && edges->edges[drawing->edge].to < at)
		drawing->edge++;
	for (uint32_t i = drawing->edge; i < edges->nr && edges->edges[i].to == at; i++) {
		const struct schedule_event *from = &drawing->show->log->events[edges->edges[i].from];

		event_thread_name(from->thread, name, sizeof(name));
		html_put(drawing->page, "<em class=\"%s\">%s <a href=\"#e%u\">step %u of %s</a></em>",
			 edges->edges[i].kind == EDGE_MISSING ? "miss" : "edge", edge_words(edges->edges[i].kind),
			 edges->edges[i].from, from->step, name);
	}
}

static void put_switch(struct drawing *drawing, uint32_t at)
{
	char name[32], reason[160];

	if (!turn_begins(drawing->show, at))
		return;
	event_thread_name(drawing->show->log->events[at - 1].thread, name, sizeof(name));
	event_switch_reason(drawing->show->episode, drawing->show->log, at, reason, sizeof(reason));
	html_put(drawing->page, "<span class=\"why\">%s stops: %s</span>", name, reason);
}

static const char *step_class(const struct schedule_event *event)
{
	switch ((enum schedule_event_kind)event->kind) {
	case SCHEDULE_READS:
		return "r";
	case SCHEDULE_WRITES:
		return "w";
	case SCHEDULE_UPDATES:
		return "u";
	default:
		return "d";
	}
}

static bool is_bad(const struct drawing *drawing, uint32_t at)
{
	const struct show *show = drawing->show;

	for (uint32_t i = 0; i < show->edges.nr; i++)
		if (show->edges.edges[i].kind == EDGE_MISSING &&
		    (show->edges.edges[i].from == at || show->edges.edges[i].to == at))
			return true;
	return show->end->failed && at + 1 == show->nr;
}

static void put_words(struct drawing *drawing, uint32_t at)
{
	struct html *page = drawing->page;
	struct event_words words;

	event_words(&words, drawing->show->log, at);
	html_put(page, "<b>%s</b>", words.verb);
	if (words.what[0])
		html_put(page, " %s", words.what);
	if (words.value[0])
		html_put(page, " = <var>%s</var>", words.value);
	if (words.order[0] || words.place[0])
		html_put(page, " <small>%s%s%s</small>", words.order, words.order[0] ? ", " : "", words.place);
	html_put(page, "</p>");
	if (words.source)
		html_put(page, "<code>%s</code>", words.source);
}

static void put_short(char *text, size_t size, unsigned int thread)
{
	if (thread == SCHEDULE_CALLBACKS)
		snprintf(text, size, "rcu");
	else
		snprintf(text, size, "w%u", thread);
}

static void put_step(struct drawing *drawing, uint32_t at)
{
	const struct schedule_event *event = &drawing->show->log->events[at];
	struct html *page = drawing->page;
	bool bad = is_bad(drawing, at);
	char name[32], brief[16];

	event_thread_name(event->thread, name, sizeof(name));
	html_put(page, "<li class=\"s t%u c%u %s%s%s\" id=\"e%u\" data-w=\"%s\"", drawing->bars.columns[event->thread],
		 drawing->kind[at], step_class(event), turn_begins(drawing->show, at) ? " sw" : "", bad ? " bad" : "",
		 at, name);
	if (drawing->memory.row_of[at] != SHOW_NO_ROW)
		html_put(page, " data-s=\"%u\"", drawing->memory.row_of[at]);
	html_put(page, "><a class=\"n\" href=\"#e%u\">%u</a><i></i>", at, event->step);
	put_switch(drawing, at);
	put_short(brief, sizeof(brief), event->thread);
	html_put(page, "<p><abbr title=\"%s\">%s</abbr> ", name, brief);
	put_words(drawing, at);
	put_edges(drawing, at);
	if (at + 1 == drawing->show->nr && drawing->show->end->failed)
		html_put(page, "<pre class=\"bad\">%s</pre>", drawing->show->end->said);
	html_put(page, "</li>\n");
}

/* Events from @first on that can be one line. */
static uint32_t fold_end(const struct drawing *drawing, uint32_t first)
{
	uint32_t end = first;

	while (end < drawing->show->nr && !drawing->interesting[end] &&
	       (end == first || !turn_begins(drawing->show, end)))
		end++;
	return end;
}

/* The function of an access; else what it was. */
static void put_brief(char *text, size_t size, const struct drawing *drawing, uint32_t at)
{
	struct event_words words;

	event_words(&words, drawing->show->log, at);
	if (words.place[0])
		snprintf(text, size, "%.*s", (int)strcspn(words.place, " "), words.place);
	else
		snprintf(text, size, "%s %s", words.verb, words.what);
}

static void put_fold(struct drawing *drawing, uint32_t first, uint32_t end)
{
	const struct schedule_event *events = drawing->show->log->events;
	unsigned int column = drawing->bars.columns[events[first].thread];
	char name[32], one[192], other[192];

	event_thread_name(events[first].thread, name, sizeof(name));
	put_brief(one, sizeof(one), drawing, first);
	put_brief(other, sizeof(other), drawing, end - 1);
	html_put(drawing->page, "<li class=\"p\"><details><summary class=\"t%u c%u\"><span class=\"n\">%u</span><i></i>"
		 "<span class=\"x\">%u more steps of %s: %s … %s</span></summary><ol>\n", column,
		 drawing->kind[first], events[first].step, end - first, name, one, other);
	for (uint32_t i = first; i < end; i++)
		put_step(drawing, i);
	html_put(drawing->page, "</ol></details></li>\n");
}

static void put_steps(struct drawing *drawing)
{
	const struct show *show = drawing->show;
	char name[32], brief[16];

	html_put(drawing->page, "<div id=\"steps\">\n<div class=\"who\">");
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++) {
		event_thread_name(i, name, sizeof(name));
		put_short(brief, sizeof(brief), i);
		if (drawing->has[i])
			html_put(drawing->page, "<b class=\"t%u\"><span class=\"long\">%s</span><span class=\"short\" "
				 "aria-hidden=\"true\">%s</span></b>", drawing->bars.columns[i], name, brief);
	}
	html_put(drawing->page, "</div>\n<ol>\n");
	for (uint32_t i = 0, end; i < show->nr; i = end) {
		end = fold_end(drawing, i);
		if (end - i >= FOLDED) {
			put_fold(drawing, i, end);
			continue;
		}
		end = max(end, i + 1);
		for (uint32_t j = i; j < end; j++)
			put_step(drawing, j);
	}
	html_put(drawing->page, "</ol>\n</div>\n");
}

/* ---- beside them ---- */
static void put_rows(struct drawing *drawing, bool entries, const char *caption)
{
	html_put(drawing->page, "<table><caption>%s</caption><tbody>\n", caption);
	for (uint32_t i = 0; i < drawing->memory.nr; i++)
		if (drawing->memory.rows[i].entry == entries)
			html_put(drawing->page, "<tr id=\"s%u\"><th scope=\"row\">%s</th><td>%s</td></tr>\n", i,
				 drawing->memory.rows[i].name, drawing->memory.rows[i].last);
	html_put(drawing->page, "</tbody></table>\n");
}

static void put_panel(struct drawing *drawing)
{
	static const struct {
		const char *go, *label, *text;
	} buttons[] = {
		{ "first", "first step (Home)", "⇤" }, { "unswitch", "previous switch (p)", "⇞" },
		{ "back", "previous step (up arrow, k)", "↑" }, { "next", "next step (down arrow, j)", "↓" },
		{ "switch", "next switch (n)", "⇟" }, { "last", "last step (End)", "⇥" },
		{ "arrows", "all happens-before arrows (a)", "⤳" },
	};

	html_put(drawing->page, "<aside aria-label=\"The selected step\">\n<div class=\"keys\" hidden=\"hidden\">");
	for (size_t i = 0; i < ARRAY_SIZE(buttons); i++)
		html_put(drawing->page, "<button type=\"button\" data-go=\"%s\" aria-label=\"%s\" "
			 "title=\"%s\">%s</button>", buttons[i].go, buttons[i].label, buttons[i].label,
			 buttons[i].text);
	html_put(drawing->page, "</div>\n<div id=\"said\" aria-live=\"polite\"></div>\n"
		 "<p><small>Held: <span id=\"held\"></span></small></p>\n");
	put_rows(drawing, true, "Page-table entries");
	put_rows(drawing, false, "Other words that more than one thread used");
	html_put(drawing->page, "</aside>\n");
}

/* A line each. */
static void put_titles(struct html *page, const char *titles)
{
	html_put(page, "<dt>Linux had it, until</dt>");
	while (*titles) {
		size_t length = strcspn(titles, "\n");

		html_put(page, "<dd><cite>");
		html_print(page, "%.*s", (int)length, titles);
		html_put(page, "</cite></dd>");
		titles += length + (titles[length] == '\n');
	}
}

/* What the episode was played without. */
static void put_knockouts(struct html *page)
{
	const struct knockout *knockout;

	for (unsigned int i = 0; (knockout = knockout_get(i)); i++) {
		if (!load_relaxed(&knockout->on))
			continue;
		html_put(page, "<dl class=\"story\"><dt>Without <code>%s</code></dt><dd>%s</dd><dt>What goes wrong</dt>"
			 "<dd>%s</dd><dt>Detected by</dt><dd>%s</dd>", knockout->name, knockout->removes,
			 knockout->breaks, knockout->detected_by);
		if (knockout->mirrors)
			put_titles(page, knockout->mirrors);
		html_put(page, "</dl>\n");
	}
}

static void put_head(struct drawing *drawing)
{
	const struct show *show = drawing->show;
	const struct episode *episode = show->episode;
	struct html *page = drawing->page;
	char text[1024];

	html_put(page, "<header>\n<h1>%s: %s</h1>\n"
		 "<p>%u threads, %lu rounds, seed %lu; %u steps, %u switches, %u events.",
		 episode->what->name, show->end->failed ? "an interleaving that fails" : "an interleaving",
		 episode->threads, (unsigned long)episode->rounds, (unsigned long)episode->plan.seed, show->log->steps,
		 show->log->switches, show->nr);
	if (show->nr < show->log->nr_events)
		html_put(page, " <span class=\"fail\">The first %u of %u events: there was no room for more.</span>",
			 show->nr, show->log->nr_events);
	html_put(page, "</p>\n");
	put_knockouts(page);
	if (show->end->failed)
		html_put(page, "<pre class=\"bad\">%s</pre>\n", show->end->said);
	snprintf(text, sizeof(text), "faultline replay %s", show->token);
	html_command(page, text);
	html_put(page, "<p><small>Arrow keys or <kbd>j</kbd> <kbd>k</kbd>: next and previous; <kbd>n</kbd> "
		 "<kbd>p</kbd>: next and previous switch; <kbd>Home</kbd> <kbd>End</kbd>; <kbd>Enter</kbd> unfolds; "
		 "<kbd>a</kbd>: all "
		 "arrows of what orders the threads, else those of the selected step.</small></p>\n");
	show_bars_put_legend(&drawing->bars, page);
	html_put(page, "</header>\n");
}

static bool room(struct drawing *drawing)
{
	drawing->interesting = calloc(drawing->show->nr + 1, sizeof(*drawing->interesting));
	drawing->kind = calloc(drawing->show->nr + 1, sizeof(*drawing->kind));
	return drawing->interesting && drawing->kind && !show_words_find(&drawing->memory, drawing->show);
}

static void put_all(struct drawing *drawing)
{
	find_columns(drawing);
	mark_interesting(drawing);
	follow_held(drawing);
	put_styles(drawing);
	put_head(drawing);
	html_put(drawing->page, "<main>\n");
	put_steps(drawing);
	put_panel(drawing);
	html_put(drawing->page, "</main>\n");
	show_bars_put_words(&drawing->bars, drawing->page);
}

int show_page(const struct show *show, struct out_file *out)
{
	struct drawing drawing = { .show = show };
	int status = 0;

	drawing.page = html_open_plain(show->episode->what->name, show_style, show_script);
	if (!drawing.page)
		return out_file_end(out, EXIT_CHECK_FAILED);
	if (room(&drawing))
		put_all(&drawing);
	else
		status = fail("out of memory");
	status = html_close(drawing.page, out, status);
	show_words_free(&drawing.memory);
	free(drawing.interesting);
	free(drawing.kind);
	free(drawing.bars.held.kinds);
	return status;
}
