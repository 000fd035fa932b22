/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_parse.c - lines of layouts, maps and smaps; accepts nothing that it has not checked. */
#include "workloads/lib/layout_parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMATS	"give /proc/PID/maps, /proc/PID/smaps or the output of faultline capture"

int layout_malformed(struct layout_parser *parser, const char *fmt, ...)
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

int layout_failed(struct layout_parser *parser, int error)
{
	snprintf(parser->why, parser->why_size, "%s: %s", parser->path, strerror(error));
	return -error;
}

void *layout_append(void **array, unsigned int *nr, unsigned int *room, size_t size)
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

/* ---- parts of a line ---- */
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

/* "MAJOR:MINOR INODE" and the blanks before a name, which maps has and a layout has not. */
static bool take_device(const char **text)
{
	const char *rest = *text;
	uint64_t number;

	if (!take_number(&rest, 16, &number) || !take_char(&rest, ':') || !take_number(&rest, 16, &number) ||
	    !take_char(&rest, ' ') || !take_number(&rest, 10, &number) || (*rest && *rest != ' '))
		return false;
	*text = rest + strspn(rest, " ");
	return true;
}

/* ---- VMAs ---- */
static bool page_aligned(uint64_t bytes)
{
	return !(bytes & ((1u << LAYOUT_PAGE_BITS) - 1));
}

/* What others write about memory, and could be taken for a layout. */
static const char *foreign_format(const char *text)
{
	if (strstr(text, "page-faults:") || strstr(text, "exceptions:page_fault_") || strstr(text, "syscalls:sys_") ||
	    !strncmp(text, "LOST ", 5))
		return "a trace by perf";
	if (strchr(text, '(') && (strstr(text, ") = ") || strstr(text, "<unfinished ...>")))
		return "a trace by strace";
	return NULL;
}

static int no_address_range(struct layout_parser *parser, const char *text)
{
	const char *foreign = foreign_format(text);

	if (foreign)
		return layout_malformed(parser, "%s, not an address space: " FORMATS, foreign);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return layout_malformed(parser, "not text: a control character");
	return layout_malformed(parser, "not an address range: hexadecimal START-END of at most 64 bits");
}

/* All before the name, syntax alone. */
static int parse_vma_fields(struct layout_parser *parser, const char **text, struct layout_vma *vma)
{
	const char *line = *text;

	if (!take_number(text, 16, &vma->start) || !take_char(text, '-') || !take_number(text, 16, &vma->end))
		return no_address_range(parser, line);
	if (!take_char(text, ' ') || !take_perms(text, vma))
		return layout_malformed(parser, "not permissions: r or -, w or -, x or -, p or s");
	if (!take_char(text, ' ') || !take_number(text, 16, &vma->offset))
		return layout_malformed(parser, "not an offset: hexadecimal, at most 64 bits");
	if (**text && !take_char(text, ' '))
		return layout_malformed(parser, "something after the offset that is not a name");
	return 0;
}

static int check_vma(struct layout_parser *parser, const struct layout_vma *vma)
{
	if (!page_aligned(vma->start) || !page_aligned(vma->end) || !page_aligned(vma->offset))
		return layout_malformed(parser, "not page aligned: addresses and offset are multiples of 4096");
	if (vma->end <= vma->start)
		return layout_malformed(parser, "the VMA ends at or before its start");
	if (vma > parser->layout->vmas && vma->start < vma[-1].end)
		return layout_malformed(parser, "the VMA overlaps the one before, or lies below it");
	return 0;
}

/* Bytes that would end or hide a line where the name is printed become '?'. */
static char *printable_copy(const char *name)
{
	char *copy = strdup(name);

	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return copy;
}

/* Names in brackets are the kernel's for what has no file: [heap], [stack], [anon:…]. */
static bool has_file(const struct layout_vma *vma)
{
	return *vma->name && *vma->name != '[';
}

/* The pages that smaps counts in a VMA, as one run from its start on. */
static int flush_resident(struct layout_parser *parser)
{
	struct layout *layout = parser->layout;
	struct layout_vma *vma = layout->nr_vmas ? &layout->vmas[layout->nr_vmas - 1] : NULL;
	const uint64_t resident = parser->resident;
	struct layout_run *run;

	parser->resident = 0;
	parser->keys = 0;
	if (!resident)
		return 0;
	run = layout_append((void **)&layout->runs, &layout->nr_runs, &parser->room_runs, sizeof(*run));
	if (!run)
		return layout_failed(parser, ENOMEM);
	*run = (struct layout_run){ vma->start >> LAYOUT_PAGE_BITS, resident,
				    RUN_PRESENT | (has_file(vma) ? RUN_FILE : 0) };
	vma->nr_runs = 1;
	layout->nr_pages += resident;
	return 0;
}

const char *layout_base_name(const char *path)
{
	const char *slash = path[0] == '[' ? NULL : strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int parse_vma(struct layout_parser *parser, const char *text)
{
	struct layout *layout = parser->layout;
	int error = flush_resident(parser);
	struct layout_vma *vma;

	if (error)
		return error;
	vma = layout_append((void **)&layout->vmas, &layout->nr_vmas, &parser->room_vmas, sizeof(*vma));
	if (!vma)
		return layout_failed(parser, ENOMEM);
	vma->first_run = layout->nr_runs;
	error = parse_vma_fields(parser, &text, vma);
	if (!error)
		error = check_vma(parser, vma);
	if (error)
		return error;
	if (take_device(&text))
		text = layout_base_name(text);
	if (!strcmp(text, "[rollup]"))
		return layout_malformed(parser, "the sum of all VMAs, as in smaps_rollup: " FORMATS);
	vma->name = printable_copy(text);
	return vma->name ? 0 : layout_failed(parser, ENOMEM);
}

/* ---- runs of a layout ---- */
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
static int parse_run_fields(struct layout_parser *parser, const char *text, struct layout_run *run)
{
	if (!take_char(&text, ' ') || !take_number(&text, 16, &run->first_vpn))
		return layout_malformed(parser, "not a page number: hexadecimal, at most 64 bits");
	if (!take_char(&text, ' ') || !take_number(&text, 10, &run->count))
		return layout_malformed(parser, "not a count of pages: decimal, at most 64 bits");
	if (!take_char(&text, ' ') || !take_flags(&text, &run->flags) || *text)
		return layout_malformed(parser, "not flags: each of p, s, f, x at most once");
	if (!run->count)
		return layout_malformed(parser, "a run of no pages");
	if (!(run->flags & RUN_PRESENT) == !(run->flags & RUN_SWAPPED))
		return layout_malformed(parser, "a run is either present (p) or swapped (s)");
	return 0;
}

static int parse_run(struct layout_parser *parser, const char *text)
{
	struct layout *layout = parser->layout;
	struct layout_vma *vma = layout->nr_vmas ? &layout->vmas[layout->nr_vmas - 1] : NULL;
	struct layout_run *run;
	int error;

	if (!vma)
		return layout_malformed(parser, "a run before any VMA");
	if (parser->keys)
		return layout_malformed(parser, "a run under a VMA of smaps: its pages are counted by Rss");
	run = layout_append((void **)&layout->runs, &layout->nr_runs, &parser->room_runs, sizeof(*run));
	if (!run)
		return layout_failed(parser, ENOMEM);
	error = parse_run_fields(parser, text, run);
	if (error)
		return error;
	if (run->first_vpn < vma->start >> LAYOUT_PAGE_BITS || run->first_vpn >= vma->end >> LAYOUT_PAGE_BITS ||
	    run->count > (vma->end >> LAYOUT_PAGE_BITS) - run->first_vpn)
		return layout_malformed(parser, "the run leaves its VMA");
	if (vma->nr_runs++ && run->first_vpn < run[-1].first_vpn + run[-1].count)
		return layout_malformed(parser, "the run overlaps the one before, or lies below it");
	layout->nr_pages += run->count;
	layout->has_pages = true;
	return 0;
}

/* ---- keys of smaps ---- */

/* Those that count populated pages: Rss has all but hugetlb's. */
static const char *const page_keys[] = { "Rss", "Shared_Hugetlb", "Private_Hugetlb" };
#define NR_PAGE_KEYS	(sizeof(page_keys) / sizeof(page_keys[0]))

/* The length of "KEY" in "KEY:…"; 0 when @text is no key of smaps. */
static size_t key_length(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");

	return text[0] >= 'A' && text[0] <= 'Z' && text[length] == ':' ? length : 0;
}

static unsigned int page_key(const char *text, size_t length)
{
	unsigned int i = 0;

	while (i < NR_PAGE_KEYS && (strlen(page_keys[i]) != length || strncmp(text, page_keys[i], length)))
		i++;
	return i;
}

static int parse_key(struct layout_parser *parser, const char *text, size_t length)
{
	const struct layout *layout = parser->layout;
	const struct layout_vma *vma = layout->nr_vmas ? &layout->vmas[layout->nr_vmas - 1] : NULL;
	const unsigned int key = page_key(text, length);
	const char *value = text + length + 1;
	uint64_t kib, room;

	if (!vma)
		return layout_malformed(parser, "%.*s before any VMA", (int)length, text);
	if (key == NR_PAGE_KEYS)
		return 0;
	value += strspn(value, " ");
	if (!take_number(&value, 10, &kib) || strcmp(value, " kB"))
		return layout_malformed(parser, "%s is not a number of kB", page_keys[key]);
	if (vma->nr_runs)
		return layout_malformed(parser, "%s under a VMA with runs of pages", page_keys[key]);
	if (parser->keys & 1u << key)
		return layout_malformed(parser, "%s twice in one VMA", page_keys[key]);
	room = ((vma->end - vma->start) >> LAYOUT_PAGE_BITS) - parser->resident;
	if (kib % 4 || kib / 4 > room)
		return layout_malformed(parser, "%s of %llu kB is not in whole pages of 4 kB, or more than the VMA has",
					page_keys[key], (unsigned long long)kib);
	parser->keys |= 1u << key;
	parser->resident += kib / 4;
	parser->layout->has_pages = true;
	return 0;
}

int layout_parse_line(struct layout_parser *parser, char *text, size_t length)
{
	const size_t key = key_length(text);

	if (!length || text[0] == '#')
		return 0;
	if (key)
		return parse_key(parser, text, key);
	return text[0] == '+' ? parse_run(parser, text + 1) : parse_vma(parser, text);
}

int layout_parse_end(struct layout_parser *parser)
{
	parser->line = 0;
	return parser->layout->nr_vmas ? flush_resident(parser) : layout_malformed(parser, "no VMA in it: " FORMATS);
}
