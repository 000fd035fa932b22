/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html.c - writes a page of HTML, and puts pictures into it. */
#include "bench/html.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "bench/html_style.h"
#include "core/faultline.h"

/* ---- text ---- */
void html_put(struct html *page, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", page->body);
			break;
		case '<':
			fputs("&lt;", page->body);
			break;
		case '>':
			fputs("&gt;", page->body);
			break;
		case '"':
			fputs("&quot;", page->body);
			break;
		default:
			/* XML has no other control characters. */
			if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
				putc(*text, page->body);
		}
}

/* @begin and @end are tags. */
static void put_between(struct html *page, const char *begin, const char *end, const char *fmt, va_list ap)
{
	char text[2048];

	vsnprintf(text, sizeof(text), fmt, ap);
	fputs(begin, page->body);
	html_put(page, text);
	fputs(end, page->body);
}

void html_print(struct html *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_between(page, "", "", fmt, ap);
	va_end(ap);
}

void html_paragraph(struct html *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_between(page, "<p>", "</p>\n", fmt, ap);
	va_end(ap);
}

void html_command(struct html *page, const char *command)
{
	fputs("<pre>", page->body);
	html_put(page, command);
	fputs("</pre>\n", page->body);
}

/* ---- sections ---- */
void html_section(struct html *page, const char *id, const char *title)
{
	fprintf(page->body, "<section id=\"%s\">\n<h2>", id);
	html_put(page, title);
	fputs("</h2>\n", page->body);
}

void html_section_end(struct html *page)
{
	fputs("</section>\n", page->body);
}

void html_missing(struct html *page, const char *what, const char *command)
{
	fputs("<div class=\"missing\"><p>", page->body);
	html_put(page, what);
	fputs("</p>\n", page->body);
	html_command(page, command);
	fputs("</div>\n", page->body);
}

/* ---- figures ---- */
void html_figures(struct html *page)
{
	fputs("<div class=\"figures\">\n", page->body);
}

void html_figures_end(struct html *page)
{
	fputs("</div>\n", page->body);
}

static void cut_here(struct html *page)
{
	size_t *grown = realloc(page->cuts, (page->nr_figures + 1) * sizeof(*grown));

	if (!grown)
		exit(fail("out of memory"));
	fflush(page->body);
	page->cuts = grown;
	page->cuts[page->nr_figures++] = page->size;
}

FILE *html_figure(struct html *page, const char *title, const char *note, unsigned int height)
{
	FILE *in = page->gnuplot.in;

	fputs("<figure>\n<figcaption><h3>", page->body);
	html_put(page, title);
	fputs("</h3>", page->body);
	if (*note) {
		fputs("<p>", page->body);
		html_put(page, note);
		fputs("</p>", page->body);
	}
	fputs("</figcaption>\n", page->body);
	cut_here(page);
	fprintf(in, "reset\nset terminal svg noenhanced size %d,%u font 'DejaVu Sans,12'\nset output\nset encoding utf8\n"
		"set termoption noenhanced\nset border 3 lc rgb '#888888'\n"
		"set tics nomirror out scale 0.4 textcolor rgb 'black'\nset style line 100 lc rgb '#dddddd' lw 0.8\n"
		"unset key\nset pointintervalbox 0\n", FIGURE_WIDTH, height);
	return in;
}

static void put_head(struct html *page, const char *const *columns)
{
	fputs("<div class=\"scroll\"><table>\n<thead><tr>", page->body);
	for (; *columns; columns++) {
		fputs("<th>", page->body);
		html_put(page, *columns);
		fputs("</th>", page->body);
	}
	fputs("</tr></thead>\n<tbody>\n", page->body);
}

void html_figure_data(struct html *page, const char *const *columns)
{
	fputs("unset output\n", page->gnuplot.in);
	fputs("<details><summary>data, and how to make it again</summary>\n", page->body);
	put_head(page, columns);
}

void html_figure_end(struct html *page, const char *command)
{
	html_command(page, command);
	fputs("</details>\n</figure>\n", page->body);
}

/* ---- tables ---- */
void html_table(struct html *page, const char *const *columns)
{
	put_head(page, columns);
}

void html_table_end(struct html *page)
{
	fputs("</tbody></table></div>\n", page->body);
}

void html_row(struct html *page)
{
	fputs("<tr>", page->body);
}

void html_row_end(struct html *page)
{
	fputs("</tr>\n", page->body);
}

void html_cell(struct html *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_between(page, "<td>", "</td>", fmt, ap);
	va_end(ap);
}

void html_number(struct html *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_between(page, "<td class=\"n\">", "</td>", fmt, ap);
	va_end(ap);
}

void html_legend(struct html *page)
{
	fputs("<ul class=\"legend\">", page->body);
}

void html_legend_entry(struct html *page, const char *colour, const char *text)
{
	fprintf(page->body, "<li><i style=\"background:%s\"></i>", colour);
	html_put(page, text);
	fputs("</li>", page->body);
}

void html_legend_end(struct html *page)
{
	fputs("</ul>\n", page->body);
}

/* ---- the whole ---- */
int html_open(struct html *page, const char *title)
{
	int status;

	*page = (struct html){ 0 };
	status = gnuplot_start(&page->gnuplot, true);
	if (status)
		return status;
	page->body = open_memstream(&page->text, &page->size);
	if (!page->body)
		return fail("out of memory");
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>", page->body);
	html_put(page, title);
	fprintf(page->body, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<!--marks-->\n", html_style);
	return 0;
}

/* All of what gnuplot wrote; NULL: no memory. */
static char *read_pictures(FILE *out)
{
	char *text = NULL, block[65536];
	size_t size, got;
	FILE *all = open_memstream(&text, &size);

	while (all && (got = fread(block, 1, sizeof(block), out)))
		fwrite(block, 1, got, all);
	return all && !fclose(all) ? text : NULL;
}

/* Points that pictures refer to are the same in each: the first one's serve all of them. */
static void put_marks(FILE *out, const char *pictures)
{
	const char *begin = pictures ? strstr(pictures, "<defs>") : NULL, *end = begin ? strstr(begin, "</defs>") : NULL;

	if (end)
		fprintf(out, "<svg class=\"shared\" aria-hidden=\"true\" xmlns=\"http://www.w3.org/2000/svg\" "
			"xmlns:xlink=\"http://www.w3.org/1999/xlink\">%.*s</defs></svg>\n", (int)(end - begin), begin);
}

/* What gnuplot calls its groups would come once in each picture, and means nothing to a reader: it is left out. */
static void put_without_names(FILE *out, const char *text, const char *end)
{
	static const char *const names[][2] = { { " id=\"", "\"" }, { "<title>", "</title>" } };

	while (text < end) {
		const char *until = end, *next = end;

		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			const char *name = strstr(text, names[i][0]);

			if (!name || name >= until)
				continue;
			until = name;
			next = strstr(name + strlen(names[i][0]), names[i][1]) + strlen(names[i][1]);
		}
		fwrite(text, 1, (size_t)(until - text), out);
		text = next;
	}
}

/* The next picture: its view box, and what it draws. Returns where the one after it begins. */
static const char *put_picture(FILE *out, const char *pictures)
{
	const char *box = strstr(pictures, "viewBox="), *defs = box ? strstr(box, "</defs>") : NULL, *end;
	int length = box ? (int)strcspn(box, "\n>") : 0;

	if (!defs)
		return NULL;
	end = strstr(defs, "</svg>");
	fprintf(out, "<svg %.*s role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" "
		"xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n<g>", length, box);
	put_without_names(out, defs + strlen("</defs>"), end);
	fputs("</svg>\n", out);
	return end;
}

static int assemble(const struct html *page, const char *pictures, FILE *out)
{
	const char *next = pictures, *marks = strstr(page->text, "<!--marks-->");
	size_t done = (size_t)(marks - page->text);

	fwrite(page->text, 1, done, out);
	put_marks(out, pictures);
	for (unsigned int i = 0; i < page->nr_figures; i++) {
		fwrite(page->text + done, 1, page->cuts[i] - done, out);
		done = page->cuts[i];
		next = put_picture(out, next);
		if (!next)
			return fail("gnuplot drew fewer pictures than it was told");
	}
	fwrite(page->text + done, 1, page->size - done, out);
	return 0;
}

static int write_page(const struct html *page, const char *path)
{
	char *pictures = read_pictures(page->gnuplot.out);
	FILE *out = pictures ? fopen(path, "we") : NULL;
	int status;

	if (!out) {
		free(pictures);
		return pictures ? complain("%s: %s", path, strerror(errno)) : fail("out of memory");
	}
	status = assemble(page, pictures, out);
	free(pictures);
	if (fclose(out) && !status)
		status = fail("%s: %s", path, strerror(errno));
	return status;
}

int html_close(struct html *page, const char *path, int status)
{
	int drawn = gnuplot_end(&page->gnuplot);

	fputs("</body>\n</html>\n", page->body);
	fclose(page->body);
	if (!status)
		status = drawn ? drawn : write_page(page, path);
	fclose(page->gnuplot.out);
	free(page->text);
	free(page->cuts);
	return status;
}
