/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_pictures.c - takes gnuplot's SVG apart. */
#include "bench/draw/html_pictures.h"

#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"
#include "core/faultline.h"

#define NAMESPACES	"xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\""

struct html_pictures {
	char *text;
	const char *next;
};

struct html_pictures *html_pictures_read(FILE *file)
{
	struct html_pictures *pictures = calloc(1, sizeof(*pictures));
	char block[65536];
	size_t size, got;
	FILE *all;

	if (!pictures)
		exit(fail("out of memory"));
	all = open_memstream(&pictures->text, &size);
	while (all && file && (got = fread(block, 1, sizeof(block), file)))
		fwrite(block, 1, got, all);
	if (!all || fclose(all))
		exit(fail("out of memory"));
	pictures->next = pictures->text;
	return pictures;
}

void html_pictures_free(struct html_pictures *pictures)
{
	free(pictures->text);
	free(pictures);
}

void html_pictures_put_marks(const struct html_pictures *pictures, FILE *out)
{
	const char *begin = strstr(pictures->text, "<defs>"), *end = begin ? strstr(begin, "</defs>") : NULL;

	if (end)
		fprintf(out, "<svg class=\"shared\" aria-hidden=\"true\" " NAMESPACES ">%.*s</defs></svg>\n",
			(int)(end - begin), begin);
}

/*
 * Parts of gnuplot's SVG that a page does not need: from @begin to @end; what is between is kept as a title or not.
 * Each begins with the sign that opens a tag, which gnuplot escapes in texts, and hypertexts have no quotes
 * (gnuplot.h): no text looks like one.
 */
static const struct part {
	const char *begin, *end;
	bool keep;
} parts[] = {
	{ "<g id=\"", "</title>", false },
	{ "<g onmousemove=\"gnuplot_svg.showHypertext(evt,'",
	  "')\" onmouseout=\"gnuplot_svg.hideHypertext()\"><title> </title>", true },
};

/* The first part of @text before @end; NULL: there is none. */
static const struct part *first_part(const char *text, const char *end, const char **begin)
{
	const struct part *first = NULL;

	*begin = end;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *found = strstr(text, parts[i].begin);

		if (found && found < *begin) {
			*begin = found;
			first = &parts[i];
		}
	}
	return first;
}

static void put_drawing(FILE *out, const char *text, const char *end)
{
	const struct part *part;
	const char *begin, *inside, *behind;

	while ((part = first_part(text, end, &begin))) {
		inside = begin + strlen(part->begin);
		behind = strstr(inside, part->end);
		if (!behind)
			break;
		fwrite(text, 1, (size_t)(begin - text), out);
		fputs("<g>", out);
		if (part->keep)
			fprintf(out, "<title>%.*s</title>", (int)(behind - inside), inside);
		text = behind + strlen(part->end);
	}
	fwrite(text, 1, (size_t)(end - text), out);
}

bool html_pictures_put_next(struct html_pictures *pictures, FILE *out)
{
	const char *box = strstr(pictures->next, "viewBox="), *defs = box ? strstr(box, "</defs>") : NULL;
	const char *end = defs ? strstr(defs, "</svg>") : NULL;
	int length = box ? (int)strcspn(box, "\n>") : 0;

	if (!end)
		return false;
	fprintf(out, "<svg %.*s role=\"img\" " NAMESPACES ">\n<g>", length, box);
	put_drawing(out, defs + strlen("</defs>"), end);
	fputs("</svg>\n", out);
	pictures->next = end;
	return true;
}
