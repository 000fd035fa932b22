/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html.c - writes a page of HTML, with places for its pictures. */
#include "bench/draw/html.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/draw/html_pictures.h"
#include "bench/draw/html_style.h"
#include "bench/ground/command.h"
#include "bench/ground/dialect.h"
#include "bench/ground/out_file.h"
#include "core/faultline.h"

#define LONGEST_ID	96

struct html {
	FILE *body;
	char *text;
	size_t size;
	size_t *cuts;			/* where in the body each picture goes; the first is where shared marks go */
	unsigned int nr_cuts;
	const char *section;		/* id of the section that is being written */
	struct gnuplot *gnuplot;	/* NULL: there is none */
	int undrawn;			/* the exit status that says so */
	const char *script;
};

/* ---- text ---- */
static void put_escaped(FILE *out, const char *text)
{
	unsigned int character;

	while ((character = text_next(&text)))
		switch (character) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			text_put(out, character);
		}
}

/* The conversion is one of a literal: dialect_print() took it apart. */
static void put_real(FILE *out, const char *conversion, double number)
{
	fprintf(out, conversion, number);
}

static const struct dialect markup = { put_escaped, put_real, "-" };

void html_put_literal(struct html *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	dialect_print(page->body, &markup, fmt, ap);
	va_end(ap);
}

static void put_text(struct html *page, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		exit(fail("out of memory"));
	put_escaped(page->body, text);
	free(text);
}

void html_print(struct html *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_text(page, fmt, ap);
	va_end(ap);
}

void html_paragraph(struct html *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	html_put(page, "<p>");
	put_text(page, fmt, ap);
	html_put(page, "</p>\n");
	va_end(ap);
}

void html_command(struct html *page, const char *command)
{
	html_put(page, "<pre>%s</pre>\n", command);
}

/* ---- sections ---- */
void html_section(struct html *page, const char *id, const char *title)
{
	page->section = id;
	html_put(page, "<section id=\"%s\">\n<h2><a href=\"#%s\">%s</a></h2>\n", id, id, title);
}

void html_section_end(struct html *page)
{
	html_put(page, "</section>\n");
}

void html_missing(struct html *page, const char *what, const char *command)
{
	html_put(page, "<div class=\"missing\"><p>%s</p>\n", what);
	html_command(page, command);
	html_put(page, "</div>\n");
}

/* ---- figures ---- */
void html_figures(struct html *page)
{
	html_put(page, "<div class=\"figures\">\n");
}

void html_figures_end(struct html *page)
{
	html_put(page, "</div>\n");
}

static void cut_here(struct html *page)
{
	size_t *grown = realloc(page->cuts, (page->nr_cuts + 1) * sizeof(*grown));

	if (!grown)
		exit(fail("out of memory"));
	fflush(page->body);
	page->cuts = grown;
	page->cuts[page->nr_cuts++] = page->size;
}

/* "scaling-fault_disjoint"; with a number when the page has that anchor already. */
static void choose_id(const struct html *page, const char *title, char *id)
{
	char mark[LONGEST_ID + 32];
	size_t length = (size_t)snprintf(id, LONGEST_ID, "%s-%s", page->section, title);

	length = min(length, (size_t)LONGEST_ID - 1);
	for (char *c = id; *c; c++)
		if (!isascii(*c) || (!isalnum(*c) && *c != '_' && *c != '.'))
			*c = '-';
	fflush(page->body);
	for (unsigned int i = 2; ; i++) {
		snprintf(mark, sizeof(mark), "<figure id=\"%s\">", id);
		if (!strstr(page->text, mark))
			return;
		length = min(length, (size_t)LONGEST_ID - 12);
		snprintf(id + length, LONGEST_ID - length, "-%u", i);
	}
}

struct gnuplot *html_figure(struct html *page, const char *title, const char *note, unsigned int height)
{
	char id[LONGEST_ID];

	choose_id(page, title, id);
	html_put(page, "<figure id=\"%s\">\n<figcaption><h3><a href=\"#%s\">%s</a></h3>", id, id, title);
	if (*note)
		html_put(page, "<p>%s</p>", note);
	html_put(page, "</figcaption>\n");
	cut_here(page);
	gnuplot_put(page->gnuplot, "reset\nset terminal svg noenhanced size %d,%u font 'DejaVu Sans,12'\nset output\n"
		    "set encoding utf8\nset termoption noenhanced\nset border 3 lc rgb '#888888'\n"
		    "set tics nomirror out scale 0.4 textcolor rgb 'black'\nset style line 100 lc rgb '#dddddd' lw "
		    "0.8\n"
		    "unset key\nset pointintervalbox 0\n", FIGURE_WIDTH, height);
	return page->gnuplot;
}

void html_figure_data(struct html *page, const char *const *columns)
{
	gnuplot_put(page->gnuplot, "unset output\n");
	html_details(page, "data, and the command for it");
	html_table(page, columns);
}

void html_figure_end(struct html *page, const char *command)
{
	html_command(page, command);
	html_details_end(page);
	html_put(page, "</figure>\n");
}

/* ---- tables ---- */
void html_table(struct html *page, const char *const *columns)
{
	html_put(page, "<div class=\"scroll\"><table>\n<thead><tr>");
	for (; *columns; columns++)
		html_put(page, "<th scope=\"col\">%s</th>", *columns);
	html_put(page, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct html *page)
{
	html_put(page, "</tbody></table></div>\n");
}

void html_row(struct html *page)
{
	html_put(page, "<tr>");
}

void html_row_end(struct html *page)
{
	html_put(page, "</tr>\n");
}

void html_cell(struct html *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	html_put(page, "<td>");
	put_text(page, fmt, ap);
	html_put(page, "</td>");
	va_end(ap);
}

void html_number(struct html *page, double value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	html_put(page, "<td class=\"n\" data-v=\"%.9g\">", value);
	put_text(page, fmt, ap);
	html_put(page, "</td>");
	va_end(ap);
}

void html_details(struct html *page, const char *summary)
{
	html_put(page, "<details><summary>%s</summary>\n", summary);
}

void html_details_end(struct html *page)
{
	html_put(page, "</details>\n");
}

void html_legend(struct html *page)
{
	html_put(page, "<ul class=\"legend\">");
}

void html_legend_entry(struct html *page, const char *colour, const char *text)
{
	html_put(page, "<li><i style=\"background:%s\"></i>%s</li>", colour, text);
}

void html_legend_end(struct html *page)
{
	html_put(page, "</ul>\n");
}

/* ---- the whole ---- */
static struct html *open_page(const char *title, const char *style, const char *script)
{
	struct html *page = calloc(1, sizeof(*page));

	if (page)
		page->body = open_memstream(&page->text, &page->size);
	if (!page || !page->body) {
		free(page);
		fail("out of memory");
		return NULL;
	}
	page->section = "top";
	page->script = script;
	html_put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		 "<meta name=\"viewport\" content=\"width=device-width, "
		 "initial-scale=1\"/>\n<title>%s</title>\n<style>\n", title);
	fputs(style, page->body);
	html_put(page, "</style>\n</head>\n<body>\n");
	cut_here(page);
	return page;
}

struct html *html_open(const char *title)
{
	struct html *page = open_page(title, html_style, html_script);

	if (page)
		page->gnuplot = gnuplot_start(&page->undrawn);
	return page;
}

struct html *html_open_plain(const char *title, const char *style, const char *script)
{
	return open_page(title, style, script);
}

/* The body, with a picture at each cut. @pictures: NULL when nothing was drawn. */
static int assemble(const struct html *page, FILE *pictures, FILE *out)
{
	struct html_pictures *drawn = html_pictures_read(pictures);
	size_t done = 0;
	int status = 0;

	for (unsigned int i = 0; i < page->nr_cuts; i++) {
		fwrite(page->text + done, 1, page->cuts[i] - done, out);
		done = page->cuts[i];
		if (!pictures)
			fputs(i ? "<p class=\"note\">Not drawn: gnuplot is missing, or failed.</p>\n" : "", out);
		else if (!i)
			html_pictures_put_marks(drawn, out);
		else if (!status && !html_pictures_put_next(drawn, out))
			status = fail("gnuplot drew fewer pictures than the page has");
	}
	fwrite(page->text + done, 1, page->size - done, out);
	html_pictures_free(drawn);
	return status;
}

/* A page that lacks pictures is kept. */
static int write_page(const struct html *page, FILE *pictures, struct out_file *out)
{
	int status = assemble(page, pictures, out->stream), written = out_file_end(out, 0);

	return written ? written : status;
}

int html_close(struct html *page, struct out_file *out, int status)
{
	FILE *pictures = page->gnuplot ? gnuplot_end(page->gnuplot, &page->undrawn) : NULL;

	html_put(page, "<script>");
	fputs(page->script, page->body);
	html_put(page, "</script>\n</body>\n</html>\n");
	fclose(page->body);
	status = status ? out_file_end(out, status) : write_page(page, pictures, out);
	if (!status)
		status = page->undrawn;
	if (pictures)
		fclose(pictures);
	free(page->text);
	free(page->cuts);
	free(page);
	return status;
}
