/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.c - reads captured address spaces, and believes nothing that it has not checked. */
#include "workloads/layout.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BITS	12
#define MAX_LINE	1024	/* a base name is at most 255 bytes; the rest of a line is below 100 */

struct parser {
	const char *path;
	unsigned long line;		/* 0: the file as a whole */
	struct layout *layout;
	unsigned int room_vmas, room_runs;
	char *why;
	size_t why_size;
};

static int __attribute__((format(printf, 2, 3))) malformed(struct parser *parser, const char *fmt, ...)
{
	int length;
	va_list ap;

	length = parser->line ? snprintf(parser->why, parser->why_size, "%s:%lu: ", parser->path, parser->line)
			      : snprintf(parser->why, parser->why_size, "%s: ", parser->path);
	if (length < 0 || (size_t)length >= parser->why_size)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(parser->why + length, parser->why_size - (size_t)length, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int failed(struct parser *parser, int error)
{
	snprintf(parser->why, parser->why_size, "%s: %s", parser->path, strerror(error));
	return -error;
}

/* One more element at the end of @array, which doubles when its @room is used up. NULL when memory ran out. */
static void *append(void **array, unsigned int *nr, unsigned int *room, size_t size)
{
	if (*nr == *room) {
		unsigned int more = *room ? *room * 2 : 64;
		void *grown = realloc(*array, more * size);

		if (!grown)
			return NULL;
		*array = grown;
		*room = more;
	}
	return memset((char *)*array + (size_t)(*nr)++ * size, 0, size);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Takes a number off the front of @text: digits only, no sign, no blanks, no overflow. */
static bool take_number(const char **text, unsigned int base, uint64_t *number)
{
	const char *begin = *text;

	*number = 0;
	for (; digit(**text) < (int)base; (*text)++)
		if (__builtin_mul_overflow(*number, base, number) ||
		    __builtin_add_overflow(*number, (uint64_t)digit(**text), number))
			return false;
	return *text > begin;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* "rwxp" with '-' for what is missing, and 's' for shared. */
static bool take_perms(const char **text, struct layout_vma *vma)
{
	static const char letters[] = "rwx";
	bool *const bits[] = { &vma->read, &vma->write, &vma->exec };

	for (unsigned int i = 0; i < 3; i++) {
		*bits[i] = take_char(text, letters[i]);
		if (!*bits[i] && !take_char(text, '-'))
			return false;
	}
	vma->shared = take_char(text, 's');
	return vma->shared || take_char(text, 'p');
}

static bool page_aligned(uint64_t bytes)
{
	return !(bytes & ((1u << PAGE_BITS) - 1));
}

static int parse_vma(struct parser *parser, const char *text)
{
	struct layout *layout = parser->layout;
	struct layout_vma *vma = append((void **)&layout->vmas, &layout->nr_vmas, &parser->room_vmas, sizeof(*vma));

	if (!vma)
		return failed(parser, ENOMEM);
	vma->first_run = layout->nr_runs;
	if (!take_number(&text, 16, &vma->start) || !take_char(&text, '-') || !take_number(&text, 16, &vma->end))
		return malformed(parser, "not an address range: hexadecimal START-END of at most 64 bits");
	if (!take_char(&text, ' ') || !take_perms(&text, vma))
		return malformed(parser, "not permissions: r or -, w or -, x or -, p or s");
	if (!take_char(&text, ' ') || !take_number(&text, 16, &vma->offset))
		return malformed(parser, "not an offset: hexadecimal, at most 64 bits");
	if (*text && !take_char(&text, ' '))
		return malformed(parser, "something after the offset that is not a name");
	if (!page_aligned(vma->start) || !page_aligned(vma->end) || !page_aligned(vma->offset))
		return malformed(parser, "not page aligned");
	if (vma->end <= vma->start)
		return malformed(parser, "the VMA ends at or before its start");
	if (layout->nr_vmas > 1 && vma->start < vma[-1].end)
		return malformed(parser, "the VMA overlaps the one before, or lies below it");
	vma->name = strdup(text);
	return vma->name ? 0 : failed(parser, ENOMEM);
}

static bool take_flags(const char **text, unsigned int *flags)
{
	static const char letters[] = "psfx";
	const char *letter;

	for (*flags = 0; **text && (letter = strchr(letters, **text)); (*text)++) {
		unsigned int bit = 1u << (letter - letters);

		if (*flags & bit)
			return false;
		*flags |= bit;
	}
	return true;
}

/* The run, syntax alone: FIRST_VPN COUNT FLAGS. */
static int parse_run_fields(struct parser *parser, const char *text, struct layout_run *run)
{
	if (!take_char(&text, ' ') || !take_number(&text, 16, &run->first_vpn))
		return malformed(parser, "not a page number: hexadecimal, at most 64 bits");
	if (!take_char(&text, ' ') || !take_number(&text, 10, &run->count))
		return malformed(parser, "not a count of pages: decimal, at most 64 bits");
	if (!take_char(&text, ' ') || !take_flags(&text, &run->flags) || *text)
		return malformed(parser, "not flags: each of p, s, f, x at most once");
	if (!run->count)
		return malformed(parser, "a run of no pages");
	if (!(run->flags & RUN_PRESENT) == !(run->flags & RUN_SWAPPED))
		return malformed(parser, "a run is either present (p) or swapped (s)");
	return 0;
}

static int parse_run(struct parser *parser, const char *text)
{
	struct layout *layout = parser->layout;
	struct layout_vma *vma = layout->nr_vmas ? &layout->vmas[layout->nr_vmas - 1] : NULL;
	struct layout_run *run;
	int error;

	if (!vma)
		return malformed(parser, "a run before any VMA");
	run = append((void **)&layout->runs, &layout->nr_runs, &parser->room_runs, sizeof(*run));
	if (!run)
		return failed(parser, ENOMEM);
	error = parse_run_fields(parser, text, run);
	if (error)
		return error;
	if (run->first_vpn < vma->start >> PAGE_BITS || run->first_vpn >= vma->end >> PAGE_BITS ||
	    run->count > (vma->end >> PAGE_BITS) - run->first_vpn)
		return malformed(parser, "the run leaves its VMA");
	if (vma->nr_runs++ && run->first_vpn < run[-1].first_vpn + run[-1].count)
		return malformed(parser, "the run overlaps the one before, or lies below it");
	layout->nr_pages += run->count;
	return 0;
}

/* @text is one line of @length bytes with its newline, or without when the file or the buffer ended first. */
static int parse_line(struct parser *parser, char *text, size_t length)
{
	if (memchr(text, 0, length))
		return malformed(parser, "not text: a zero byte");
	if (!length || text[length - 1] != '\n')
		return length == MAX_LINE - 1 ? malformed(parser, "a line of more than %d bytes", MAX_LINE - 2)
					      : malformed(parser, "truncated: the last line has no end");
	text[--length] = 0;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return malformed(parser, "not text: a control character");
	if (!length || text[0] == '#')
		return 0;
	return text[0] == '+' ? parse_run(parser, text + 1) : parse_vma(parser, text);
}

/* Like fgets(), but tells the length, so that a zero byte cannot hide what follows it. */
static size_t read_line(FILE *file, char *text)
{
	size_t length = 0;
	int c = 0;

	while (length < MAX_LINE - 1 && c != '\n' && (c = getc(file)) != EOF)
		text[length++] = (char)c;
	text[length] = 0;
	return length;
}

static int parse_file(struct parser *parser, FILE *file)
{
	char text[MAX_LINE];
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
		return failed(parser, errno ? errno : EIO);
	parser->line = 0;
	return parser->layout->nr_vmas ? 0 : malformed(parser, "no VMA in it");
}

/* The base name, without ".layout". */
static char *layout_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash ? slash + 1 : path);
	char *suffix = name ? strstr(name, ".layout") : NULL;

	if (suffix && suffix > name && !suffix[strlen(".layout")])
		*suffix = 0;
	return name;
}

int layout_load(const char *path, struct layout **layout, char *why, size_t why_size)
{
	struct parser parser = { .path = path, .why = why, .why_size = why_size };
	FILE *file = fopen(path, "re");
	int error;

	if (!file)
		return failed(&parser, errno);
	parser.layout = calloc(1, sizeof(*parser.layout));
	if (parser.layout)
		parser.layout->name = layout_name(path);
	errno = 0;
	error = parser.layout && parser.layout->name ? parse_file(&parser, file) : failed(&parser, ENOMEM);
	fclose(file);
	if (error)
		layout_free(parser.layout);
	else
		*layout = parser.layout;
	return error;
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
