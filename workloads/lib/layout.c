/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.c - reads files of address spaces, line by line. */
#include "workloads/lib/layout_parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE	65536	/* bytes before its end; a path has at most 4095, escaped four times as many */

/* Like fgets(), but returns the length, so that a zero byte cannot hide what follows it. */
static size_t read_line(FILE *file, char *text)
{
	size_t length = 0;
	int c = 0;

	while (length < MAX_LINE + 1 && c != '\n' && (c = getc(file)) != EOF)
		text[length++] = (char)c;
	text[length] = 0;
	return length;
}

/* @text is one line of @length bytes with its end, or without when the file or the buffer ended first. */
static int parse_line(struct layout_parser *parser, char *text, size_t length)
{
	if (memchr(text, 0, length))
		return layout_malformed(parser, "not text: a zero byte");
	if (text[length - 1] == '\n')
		length--;
	else if (length > MAX_LINE)
		return layout_malformed(parser, "a line of more than %d bytes", MAX_LINE);
	if (length && text[length - 1] == '\r')
		length--;
	text[length] = 0;
	return layout_parse_line(parser, text, length);
}

static int parse_file(struct layout_parser *parser, FILE *file)
{
	char text[MAX_LINE + 2];
	size_t length;

	while ((length = read_line(file, text))) {
		int error;

		if (ferror(file))
			break;
		parser->line++;
		error = parse_line(parser, text, length);
		if (error)
			return error;
	}
	if (ferror(file))
		return layout_failed(parser, errno ? errno : EIO);
	return layout_parse_end(parser);
}

/* It becomes a part of benchmarks' names: printable, without blanks. */
static char *layout_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash ? slash + 1 : path);
	size_t length = name ? strlen(name) : 0;
	const size_t suffix = strlen(".layout");

	if (length > suffix && !strcmp(name + length - suffix, ".layout"))
		name[length - suffix] = 0;
	for (char *c = name; c && *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '_';
	return name;
}

int layout_load(const char *path, struct layout **layout, char *why, size_t why_size)
{
	struct layout_parser parser = { .path = path, .why = why, .why_size = why_size };
	FILE *file = fopen(path, "re");
	int error;

	if (!file)
		return layout_failed(&parser, errno);
	parser.layout = calloc(1, sizeof(*parser.layout));
	if (parser.layout)
		parser.layout->name = layout_name(path);
	errno = 0;
	error = parser.layout && parser.layout->name ? parse_file(&parser, file) : layout_failed(&parser, ENOMEM);
	fclose(file);
	if (error) {
		layout_free(parser.layout);
		return error;
	}
	parser.layout->populate = parser.layout->has_pages ? POPULATE_RSS : POPULATE_NONE;
	*layout = parser.layout;
	return 0;
}

void layout_free(struct layout *layout)
{
	if (!layout)
		return;
	for (unsigned int i = 0; i < layout->nr_vmas; i++)
		free(layout->vmas[i].name);
	free(layout->vmas);
	free(layout->runs);
	free(layout->name);
	free(layout);
}
