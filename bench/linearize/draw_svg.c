/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * draw_svg.c - a history as an SVG picture.
 *
 * Only the order of calls and returns counts, so columns are as wide as the text of bars needs. All text is made of
 * names and numbers of this program: nothing has to be escaped. The background is part of the picture, which looks the
 * same on a dark page.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/linearize/draw.h"

/* Pixels. */
#define GLYPH		7u	/* at most, of a monospaced font of size 11 */
#define PAD		5u	/* between a bar's ends and its text */
#define STEP		6u	/* between two stamps, at least */
#define LEFT		76u	/* of the first bar */
#define TOP		64u	/* of the first row */
#define ROW		60u
#define MARK		14u	/* of a row, above its bars */
#define BAR		36u

#define BAD_MARK	"no order"
#define BAD_COLOUR	"#c00020"

static const char *const page_colours[HISTORY_PAGES] = {
	"#9ecae9", "#ffd08a", "#a8dfa0", "#dcc0ec", "#f9b4c3", "#fff0a0", "#a6e3dd", "#d9c9ba",
};

/* Lock key: (T) this thread only */
struct drawing {
	const struct history *history;			/* (T) */
	int bad;					/* (T) */
	FILE *out;					/* (T) */
	unsigned int left[HISTORY_OPS], right[HISTORY_OPS];	/* (T) of bars */
	unsigned int row[HISTORY_THREADS], nr_rows;	/* (T) of threads with operations */
	unsigned int width, height;			/* (T) */
};

struct bar_text {
	char what[64], result[128];
};

static struct bar_text text_of(const struct history_op *op)
{
	struct bar_text text = { .result = "= " };

	history_format(op, text.what, sizeof(text.what));
	history_format_result(op, text.result + 2, sizeof(text.result) - 2);
	return text;
}

/* ---- places ---- */
static unsigned int text_width(const char *text)
{
	return (unsigned int)strlen(text) * GLYPH + 2 * PAD;
}

static unsigned int bar_width(const struct drawing *drawing, unsigned int index)
{
	struct bar_text text = text_of(&drawing->history->ops[index]);
	unsigned int width = max(text_width(text.what), text_width(text.result));

	return (int)index == drawing->bad ? max(width, text_width(BAD_MARK)) : width;
}

struct moment {
	uint64_t stamp;
	unsigned int op;
	bool returns;
};

static int compare_moments(const void *one, const void *other)
{
	const struct moment *a = one, *b = other;

	return (a->stamp > b->stamp) - (a->stamp < b->stamp);
}

/* From stamp to stamp; a bar ends where its text has room. */
static void place_bars(struct drawing *drawing)
{
	struct moment moments[2 * HISTORY_OPS];
	unsigned int nr = 0, x = LEFT;

	for (unsigned int i = 0; i < drawing->history->nr; i++) {
		moments[nr++] = (struct moment){ drawing->history->ops[i].called, i, false };
		moments[nr++] = (struct moment){ drawing->history->ops[i].returned, i, true };
	}
	qsort(moments, nr, sizeof(moments[0]), compare_moments);
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int op = moments[i].op;

		if (moments[i].returns)
			x = drawing->right[op] = max(x, drawing->left[op] + bar_width(drawing, op));
		else
			drawing->left[op] = x;
		x += STEP;
	}
	drawing->width = x + PAD;
}

static void place_rows(struct drawing *drawing)
{
	bool has_ops[HISTORY_THREADS] = { false };

	for (unsigned int i = 0; i < drawing->history->nr; i++)
		has_ops[drawing->history->ops[i].thread] = true;
	for (unsigned int thread = 0; thread < HISTORY_THREADS; thread++)
		if (has_ops[thread])
			drawing->row[thread] = drawing->nr_rows++;
	drawing->height = TOP + drawing->nr_rows * ROW + MARK;
}

static unsigned int top_of(const struct drawing *drawing, unsigned int thread)
{
	return TOP + drawing->row[thread] * ROW + MARK;
}

/* ---- elements ---- */
static void put_text(const struct drawing *drawing, unsigned int x, unsigned int y, const char *text)
{
	fprintf(drawing->out, "<text x=\"%u\" y=\"%u\">%s</text>\n", x, y, text);
}

static void put_legend(const struct drawing *drawing)
{
	char name[16];

	for (unsigned int page = 0; page < drawing->history->pages; page++) {
		unsigned int x = PAD + page * 11 * GLYPH;

		snprintf(name, sizeof(name), "page %u", page);
		fprintf(drawing->out, "<rect x=\"%u\" y=\"40\" width=\"12\" height=\"12\" fill=\"%s\" "
			"stroke=\"#555\"/>\n", x, page_colours[page]);
		put_text(drawing, x + 17, 50, name);
	}
}

static void put_threads(const struct drawing *drawing)
{
	char name[16];

	for (unsigned int i = 0; i < drawing->history->nr; i++) {
		unsigned int thread = drawing->history->ops[i].thread, middle = top_of(drawing, thread) + BAR / 2;
		bool first = true;

		for (unsigned int j = 0; j < i; j++)
			first = first && drawing->history->ops[j].thread != thread;
		if (!first)
			continue;
		snprintf(name, sizeof(name), "thread %u", thread);
		put_text(drawing, PAD, middle + 4, name);
		fprintf(drawing->out, "<path d=\"M%u %uH%u\" stroke=\"#bbb\"/>\n", LEFT, middle, drawing->width - PAD);
	}
}

/* What ran between the call and the return of the bad operation is between the lines. */
static void put_bad_lines(const struct drawing *drawing)
{
	const unsigned int ends[] = { drawing->left[drawing->bad], drawing->right[drawing->bad] };

	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
		fprintf(drawing->out, "<path d=\"M%u %uV%u\" stroke=\"" BAD_COLOUR "\" stroke-dasharray=\"2 3\"/>\n",
			ends[i], TOP, drawing->height - MARK / 2);
}

/* A stripe for each of its pages. */
static void put_stripes(const struct drawing *drawing, unsigned int index, unsigned int top)
{
	const struct history_op *op = &drawing->history->ops[index];
	unsigned int nr = (unsigned int)__builtin_popcount(history_pages(op)), stripe = 0;

	for (unsigned int page = 0; page < HISTORY_PAGES; page++) {
		if (!(history_pages(op) & 1u << page))
			continue;
		fprintf(drawing->out, "<rect x=\"%u\" y=\"%.1f\" width=\"%u\" height=\"%.1f\" fill=\"%s\"/>\n",
			drawing->left[index], top + (double)BAR * stripe / nr,
			drawing->right[index] - drawing->left[index], (double)BAR / nr, page_colours[page]);
		stripe++;
	}
}

static void put_bar(const struct drawing *drawing, unsigned int index)
{
	const struct history_op *op = &drawing->history->ops[index];
	unsigned int left = drawing->left[index], top = top_of(drawing, op->thread);
	struct bar_text text = text_of(op);
	bool bad = (int)index == drawing->bad;

	fprintf(drawing->out, "<g><title>%u: thread %u: %s %s</title>\n", index + 1, op->thread, text.what,
		text.result);
	put_stripes(drawing, index, top);
	fprintf(drawing->out, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"none\" %s/>\n",
		bad ? "bar bad" : "bar", left, top, drawing->right[index] - left, BAR,
		bad ? "stroke=\"" BAD_COLOUR "\" stroke-width=\"3\"" : "stroke=\"#555\"");
	put_text(drawing, left + PAD, top + 15, text.what);
	put_text(drawing, left + PAD, top + 29, text.result);
	fputs("</g>\n", drawing->out);
	if (bad)
		fprintf(drawing->out, "<text x=\"%u\" y=\"%u\" fill=\"" BAD_COLOUR "\" font-weight=\"bold\">"
			BAD_MARK "</text>\n", left + PAD, top - 4);
}

void history_draw_svg(const struct history *history, int bad, FILE *out)
{
	static const char note[] =
		"Time runs to the right, from call to call or return; bars are as long as their text.";
	struct drawing drawing = { .history = history, .bad = bad, .out = out };
	char title[80];

	place_bars(&drawing);
	place_rows(&drawing);
	drawing.width = max(drawing.width, text_width(note));
	snprintf(title, sizeof(title), "%u operations: %s", history->nr,
		 bad < 0 ? "an order explains all of them" : "no order explains the marked one");
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
		"font-family=\"monospace\" font-size=\"11\">\n<title>%s</title>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		drawing.width, drawing.height, drawing.width, drawing.height, title);
	put_text(&drawing, PAD, 16, title);
	put_text(&drawing, PAD, 31, note);
	put_legend(&drawing);
	put_threads(&drawing);
	if (bad >= 0)
		put_bad_lines(&drawing);
	for (unsigned int i = 0; i < history->nr; i++)
		put_bar(&drawing, i);
	fputs("</svg>\n", out);
}
