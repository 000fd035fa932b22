/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history.c - the text of histories. */
#include "bench/linearize/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/linearize/model.h"

static const char *const kind_names[] = {
	[OP_READ] = "read", [OP_WRITE] = "write", [OP_MMAP] = "mmap", [OP_MUNMAP] = "munmap",
	[OP_MPROTECT] = "mprotect", [OP_DONTNEED] = "dontneed", [OP_GUARD_INSTALL] = "guard-install",
	[OP_GUARD_REMOVE] = "guard-remove", [OP_MREMAP] = "mremap", [OP_FORK] = "fork", [OP_MINCORE] = "mincore",
	[OP_PAGEOUT] = "pageout", [OP_MIGRATE] = "migrate", [OP_PIN_READ] = "pin-read", [OP_PIN_WRITE] = "pin-write",
};

static const char *const prot_names[] = {
	[PAGE_PROT_NONE] = "none", [PAGE_PROT_READ] = "r", [PAGE_PROT_WRITE] = "rw",
};

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "SIGSEGV", EFAULT }, { "ENOMEM", ENOMEM }, { "EFAULT", EFAULT }, { "EINVAL", EINVAL }, { "EAGAIN", EAGAIN },
	{ "EPERM", EPERM }, { "EEXIST", EEXIST },
};

const char *history_kind_name(enum history_kind kind)
{
	return kind_names[kind];
}

/* ---- printing ---- */
static bool has_byte(enum history_kind kind)
{
	return history_is_write(kind) || kind == OP_MREMAP;
}

static bool has_prot(enum history_kind kind)
{
	return kind == OP_MMAP || kind == OP_MPROTECT;
}

static bool sees_pages(enum history_kind kind)
{
	return kind == OP_FORK || kind == OP_MINCORE;
}

void history_format(const struct history_op *op, char *text, size_t size)
{
	int length = snprintf(text, size, "%s %u", kind_names[op->kind], op->first);

	if (op->nr > 1)
		length += snprintf(text + length, size - (size_t)length, "-%u", op->first + op->nr - 1);
	if (has_byte(op->kind))
		snprintf(text + length, size - (size_t)length, " %u", op->arg);
	else if (has_prot(op->kind))
		snprintf(text + length, size - (size_t)length, " %s", prot_names[op->arg]);
}

static const char *error_name(const struct history_op *op)
{
	for (unsigned int i = op->kind == OP_READ || op->kind == OP_WRITE ? 0 : 1; i < ARRAY_SIZE(errors); i++)
		if (errors[i].error == -op->result)
			return errors[i].name;
	return NULL;
}

void history_format_result(const struct history_op *op, char *text, size_t size)
{
	const char *name = error_name(op);
	int length = 0;

	if (op->result && name) {
		snprintf(text, size, "%s", name);
	} else if (op->result) {
		snprintf(text, size, "%d", op->result);
	} else if (history_is_read(op->kind)) {
		snprintf(text, size, "%d", op->seen[0]);
	} else if (!sees_pages(op->kind)) {
		snprintf(text, size, "0");
	} else {
		for (unsigned int i = 0; i < op->nr; i++) {
			const char *gap = i ? " " : "";

			if (op->seen[i] == SEEN_SIGSEGV)
				length += snprintf(text + length, size - (size_t)length, "%sSIGSEGV", gap);
			else
				length += snprintf(text + length, size - (size_t)length, "%s%d", gap, op->seen[i]);
		}
	}
}

void history_print(const struct history *history, FILE *out)
{
	char what[64], result[128];

	fprintf(out, "pages %u\n", history->pages);
	for (unsigned int i = 0; i < NR_NONDETERMINISMS; i++)
		if (history->allowed & 1u << i)
			fprintf(out, "allow %s\n", nondeterminisms[i].name);
	for (unsigned int i = 0; i < history->nr; i++) {
		const struct history_op *op = &history->ops[i];

		history_format(op, what, sizeof(what));
		history_format_result(op, result, sizeof(result));
		fprintf(out, "%u %llu %llu %s = %s\n", op->thread, (unsigned long long)op->called,
			(unsigned long long)op->returned, what, result);
	}
}

/* ---- reading ---- */
static bool read_index(const char *text, unsigned int most, unsigned int *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || *text == '+' || value > most)
		return false;
	*number = (unsigned int)value;
	return true;
}

static int find_word(const char *const *words, unsigned int nr, const char *text)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(words[i], text))
			return (int)i;
	return -1;
}

/* "2" or "0-3". */
static bool read_pages(char *text, unsigned int pages, struct history_op *op)
{
	char *dash = strchr(text, '-');
	unsigned int first, last;

	if (dash)
		*dash++ = '\0';
	if (!read_index(text, pages - 1, &first))
		return false;
	last = first;
	if (dash && (!read_index(dash, pages - 1, &last) || last < first))
		return false;
	op->first = (uint8_t)first;
	op->nr = (uint8_t)(last - first + 1);
	return op->nr == 1 || !(history_is_access(op->kind) || op->kind == OP_MREMAP);
}

static bool read_argument(const char *text, unsigned int pages, struct history_op *op)
{
	unsigned int number;
	int prot;

	if (has_prot(op->kind)) {
		prot = find_word(prot_names, ARRAY_SIZE(prot_names), text);
		op->arg = (uint8_t)prot;
		return prot >= 0;
	}
	if (!read_index(text, op->kind == OP_MREMAP ? pages - 1 : UINT8_MAX, &number))
		return false;
	op->arg = (uint8_t)number;
	return op->kind != OP_MREMAP || number != op->first;
}

static bool read_error(const char *text, struct history_op *op)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(errors); i++)
		if (!strcmp(errors[i].name, text)) {
			op->result = -errors[i].error;
			return true;
		}
	return false;
}

static bool read_seen(const char *text, enum history_kind kind, int16_t *seen)
{
	unsigned int number;

	if (kind == OP_FORK && !strcmp(text, "SIGSEGV")) {
		*seen = SEEN_SIGSEGV;
		return true;
	}
	if (!read_index(text, kind == OP_MINCORE ? 1 : UINT8_MAX, &number))
		return false;
	*seen = (int16_t)number;
	return true;
}

/* The words behind "=". */
static bool read_result(char **words, unsigned int nr, struct history_op *op)
{
	if (nr == 1 && !(op->kind == OP_FORK && !strcmp(words[0], "SIGSEGV")) && read_error(words[0], op))
		return true;
	if (!history_is_read(op->kind) && !sees_pages(op->kind))
		return nr == 1 && !strcmp(words[0], "0");
	if (nr != op->nr)
		return false;
	for (unsigned int i = 0; i < nr; i++)
		if (!read_seen(words[i], op->kind, &op->seen[i]))
			return false;
	return true;
}

#define MAX_WORDS	(8u + HISTORY_PAGES)

/* Returns the reason why the words are no operation; NULL: they are. */
static const char *read_op(struct history *history, char **words, unsigned int nr)
{
	struct history_op *op = &history->ops[history->nr];
	unsigned int thread, called, returned, equals;
	int kind = nr > 3 ? find_word(kind_names, NR_OP_KINDS, words[3]) : -1;

	*op = (struct history_op){ 0 };
	if (nr < 7)
		return "not THREAD CALLED RETURNED KIND PAGES [ARGUMENT] = RESULT";
	if (!history->pages)
		return "'pages N' must come first";
	if (!read_index(words[0], HISTORY_THREADS - 1, &thread))
		return "invalid thread: give 0 to 7";
	if (!read_index(words[1], UINT32_MAX, &called) || !read_index(words[2], UINT32_MAX, &returned) ||
	    called >= returned)
		return "invalid stamps: give two numbers, the second one greater";
	if (kind < 0)
		return "unknown kind of operation";
	op->kind = (uint8_t)kind;
	op->thread = (uint8_t)thread;
	op->called = called;
	op->returned = returned;
	if (!read_pages(words[4], history->pages, op))
		return "invalid pages";
	equals = has_byte(op->kind) || has_prot(op->kind) ? 6 : 5;
	if (equals == 6 && !read_argument(words[5], history->pages, op))
		return "invalid argument";
	if (nr <= equals + 1 || strcmp(words[equals], "=") || !read_result(words + equals + 1, nr - equals - 1, op))
		return "invalid result";
	history->nr++;
	return NULL;
}

static const char *read_line(struct history *history, char *line)
{
	char *words[MAX_WORDS], *rest = line, *word;
	unsigned int nr = 0;
	int known;

	while (nr < MAX_WORDS && (word = strtok_r(nr ? NULL : line, " \t\n", &rest)))
		words[nr++] = word;
	if (!nr || *words[0] == '#')
		return NULL;
	if (!strcmp(words[0], "pages"))
		return nr == 2 && !history->pages && read_index(words[1], HISTORY_PAGES, &history->pages) &&
		       history->pages ? NULL : "invalid number of pages: give 1 to 8, once";
	if (!strcmp(words[0], "allow")) {
		known = nr == 2 ? nondeterminism_find(words[1]) : -1;
		if (known < 0)
			return "unknown nondeterminism";
		history->allowed |= 1u << known;
		return NULL;
	}
	if (history->nr == HISTORY_OPS)
		return "too many operations: at most 192";
	return read_op(history, words, nr);
}

static int compare_calls(const void *one, const void *other)
{
	const struct history_op *a = one, *b = other;

	return (a->called > b->called) - (a->called < b->called);
}

void history_sort(struct history *history)
{
	qsort(history->ops, history->nr, sizeof(history->ops[0]), compare_calls);
}

/* Returns a reason, or NULL. */
static const char *check_stamps(const struct history *history)
{
	for (unsigned int i = 0; i < history->nr; i++)
		for (unsigned int j = 0; j < i; j++) {
			const struct history_op *a = &history->ops[j], *b = &history->ops[i];

			if (a->called == b->called || a->returned == b->returned || a->called == b->returned ||
			    a->returned == b->called)
				return "two stamps are equal";
			if (a->thread == b->thread && a->returned > b->called)
				return "a thread calls before its last call returned";
		}
	return NULL;
}

int history_read(struct history *history, FILE *in, char *why, size_t why_size)
{
	const char *reason = NULL;
	unsigned int number = 0;
	char line[512];

	*history = (struct history){ 0 };
	while (!reason && fgets(line, sizeof(line), in)) {
		number++;
		reason = read_line(history, line);
	}
	if (reason) {
		snprintf(why, why_size, "line %u: %s", number, reason);
		return -EINVAL;
	}
	history_sort(history);
	reason = history->nr ? check_stamps(history) : "no operations";
	if (reason) {
		snprintf(why, why_size, "%s", reason);
		return -EINVAL;
	}
	return 0;
}
