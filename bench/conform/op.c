/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op.c - an operation as a line of text, and back: one table of kinds and their arguments serves both ways. */
#include "bench/conform/op.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/conform/op_names.h"

/* One argument: how it is written, and what of struct op it sets. */
enum argument {
	ARG_NONE,
	ARG_RANGE,	/* 3+2, 3.7+2 with a skew of 7 bytes */
	ARG_PAGE,	/* 3, 3.7 */
	ARG_PROT, ARG_MMAP, ARG_MREMAP, ARG_ADVICE, ARG_MLOCK, ARG_MSYNC, ARG_PIN, ARG_MOVE, ARG_MLOCKALL,
	ARG_FILE,	/* file2@5 for page 5 of file 2; optional */
	ARG_NEW_PAGES, ARG_TO, ARG_BYTE, ARG_SIZE,
	NR_ARGUMENTS
};

#define MAX_ARGUMENTS	4

static const struct {
	const char *name;
	unsigned char arguments[MAX_ARGUMENTS];
} kinds[NR_OP_KINDS] = {
	[OP_MMAP] = { "mmap", { ARG_RANGE, ARG_PROT, ARG_MMAP, ARG_FILE } },
	[OP_MUNMAP] = { "munmap", { ARG_RANGE } },
	[OP_MPROTECT] = { "mprotect", { ARG_RANGE, ARG_PROT } },
	[OP_MREMAP] = { "mremap", { ARG_RANGE, ARG_NEW_PAGES, ARG_MREMAP, ARG_TO } },
	[OP_MADVISE] = { "madvise", { ARG_RANGE, ARG_ADVICE } },
	[OP_MLOCK] = { "mlock", { ARG_RANGE, ARG_MLOCK } },
	[OP_MUNLOCK] = { "munlock", { ARG_RANGE } },
	[OP_MINCORE] = { "mincore", { ARG_RANGE } },
	[OP_MSYNC] = { "msync", { ARG_RANGE, ARG_MSYNC } },
	[OP_MSEAL] = { "mseal", { ARG_RANGE } },
	[OP_READ] = { "read", { ARG_PAGE } },
	[OP_WRITE] = { "write", { ARG_PAGE, ARG_BYTE } },
	[OP_FORK] = { "fork", { ARG_TO } },
	[OP_EXIT] = { "exit", { ARG_NONE } },
	[OP_TRUNCATE] = { "truncate", { ARG_FILE, ARG_SIZE } },
	[OP_PIN] = { "pin", { ARG_PAGE, ARG_TO, ARG_PIN } },
	[OP_UNPIN] = { "unpin", { ARG_TO } },
	[OP_MOVE_PAGES] = { "move_pages", { ARG_RANGE, ARG_MOVE } },
	[OP_CLEAR_REFS] = { "clear_refs", { ARG_NONE } },
	[OP_MLOCKALL] = { "mlockall", { ARG_MLOCKALL } },
	[OP_MUNLOCKALL] = { "munlockall", { ARG_NONE } },
	[OP_PROCESS_MADVISE] = { "process_madvise", { ARG_TO, ARG_RANGE, ARG_ADVICE } },
};

const char *op_kind_name(enum op_kind kind)
{
	return kinds[kind].name;
}

/* ---- words of bits ---- */
static const struct op_name *names_of(enum argument argument)
{
	static const struct op_name *const tables[NR_ARGUMENTS] = {
		[ARG_PROT] = prot_names, [ARG_MMAP] = mmap_names, [ARG_MREMAP] = mremap_names,
		[ARG_ADVICE] = advice_names, [ARG_MLOCK] = mlock_names, [ARG_MSYNC] = msync_names,
		[ARG_PIN] = pin_names, [ARG_MOVE] = move_names, [ARG_MLOCKALL] = mlockall_names,
	};

	return tables[argument];
}

static int *bits_of(enum argument argument, struct op *op)
{
	return argument == ARG_PROT ? &op->prot : argument == ARG_ADVICE ? &op->advice : &op->flags;
}

/* What no name covers is a number. */
static void print_bits(FILE *out, enum argument argument, int bits)
{
	const char *between = "";
	int left = bits;

	for (const struct op_name *name = names_of(argument); name->name; name++) {
		if ((bits & name->mask) != name->value)
			continue;
		fprintf(out, "%s%s", between, name->name);
		between = ",";
		left &= ~name->mask;
	}
	if (left || !*between)
		fprintf(out, left ? "%s0x%x" : "%snone", between, (unsigned int)left);
}

static const struct op_name *find_name(enum argument argument, const char *word, size_t length)
{
	for (const struct op_name *name = names_of(argument); name->name; name++)
		if (strlen(name->name) == length && !strncmp(name->name, word, length))
			return name;
	return NULL;
}

static bool parse_bits(const char *word, enum argument argument, int *bits)
{
	*bits = 0;
	if (!strcmp(word, "none"))
		return true;
	for (size_t length; *word; word += length + (word[length] == ',')) {
		const struct op_name *name;
		char *end;

		length = strcspn(word, ",");
		name = find_name(argument, word, length);
		if (name) {
			*bits |= name->value;
			continue;
		}
		*bits |= (int)strtoul(word, &end, 0);
		if (!length || end != word + length)
			return false;
	}
	return true;
}

/* ---- numbers ---- */
static bool parse_number(const char **text, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(*text, &end, 10);
	if (end == *text || errno)
		return false;
	*text = end;
	return true;
}

static bool parse_place(const char **text, struct op *op)
{
	long skew = 0;

	if (!parse_number(text, &op->first))
		return false;
	if (**text == '.') {
		++*text;
		if (!parse_number(text, &skew) || skew < 0 || skew >= (long)WINDOW_PAGE)
			return false;
	}
	op->skew = (unsigned int)skew;
	return true;
}

static bool parse_range(const char **text, struct op *op)
{
	if (!parse_place(text, op) || **text != '+')
		return false;
	++*text;
	return parse_number(text, &op->pages);
}

static bool parse_file(const char **text, struct op *op)
{
	long file;

	if (strncmp(*text, "file", 4))
		return false;
	*text += 4;
	if (!parse_number(text, &file) || file < 1 || file > NR_FILES)
		return false;
	op->file = (unsigned int)file;
	if (**text != '@')
		return true;
	++*text;
	return parse_number(text, &op->pgoff);
}

static void print_place(FILE *out, const struct op *op)
{
	fprintf(out, "%ld", op->first);
	if (op->skew)
		fprintf(out, ".%u", op->skew);
}

static bool in_use(const struct op *op, enum argument argument)
{
	return argument != ARG_NONE && (argument != ARG_FILE || op->file) &&
	       (argument != ARG_TO || op->kind != OP_MREMAP || (op->flags & ~1));
}

static void print_argument(FILE *out, const struct op *op, enum argument argument)
{
	struct op copy = *op;

	fputc(' ', out);
	switch (argument) {
	case ARG_RANGE:
		print_place(out, op);
		fprintf(out, "+%ld", op->pages);
		break;
	case ARG_PAGE:
		print_place(out, op);
		break;
	case ARG_FILE:
		fprintf(out, op->kind == OP_TRUNCATE ? "file%u" : "file%u@%ld", op->file, op->pgoff);
		break;
	case ARG_NEW_PAGES:
		fprintf(out, "%ld", op->new_pages);
		break;
	case ARG_TO:
		fprintf(out, "%ld", op->to);
		break;
	case ARG_BYTE:
		fprintf(out, "%u", op->byte);
		break;
	case ARG_SIZE:
		fprintf(out, "%ld", op->pages);
		break;
	default:
		print_bits(out, argument, *bits_of(argument, &copy));
	}
}

void op_print(FILE *out, const struct op *op)
{
	fprintf(out, "%u %s", op->process, kinds[op->kind].name);
	for (unsigned int i = 0; i < MAX_ARGUMENTS; i++)
		if (in_use(op, kinds[op->kind].arguments[i]))
			print_argument(out, op, kinds[op->kind].arguments[i]);
}

static bool parse_byte(const char **text, struct op *op)
{
	long byte;

	if (!parse_number(text, &byte) || byte < 0 || byte > 255)
		return false;
	op->byte = (unsigned char)byte;
	return true;
}

static bool parse_argument(const char *word, struct op *op, enum argument argument)
{
	bool ok;

	switch (argument) {
	case ARG_RANGE:
		ok = parse_range(&word, op);
		break;
	case ARG_PAGE:
		ok = parse_place(&word, op);
		break;
	case ARG_FILE:
		ok = parse_file(&word, op);
		break;
	case ARG_NEW_PAGES:
		ok = parse_number(&word, &op->new_pages);
		break;
	case ARG_TO:
		ok = parse_number(&word, &op->to);
		break;
	case ARG_BYTE:
		ok = parse_byte(&word, op);
		break;
	case ARG_SIZE:
		ok = parse_number(&word, &op->pages);
		break;
	default:
		return parse_bits(word, argument, bits_of(argument, op));
	}
	return ok && !*word;
}

static bool find_kind(const char *word, enum op_kind *kind)
{
	for (unsigned int i = 0; i < NR_OP_KINDS; i++) {
		*kind = (enum op_kind)i;
		if (!strcmp(kinds[i].name, word))
			return true;
	}
	return false;
}

static const char *parse_arguments(char **rest, struct op *op)
{
	for (unsigned int i = 0; i < MAX_ARGUMENTS; i++) {
		enum argument argument = kinds[op->kind].arguments[i];
		const char *word;

		if (argument == ARG_NONE || (argument == ARG_TO && !in_use(op, argument)))
			continue;
		word = strtok_r(NULL, " ", rest);
		if (!word && argument == ARG_FILE)
			continue;
		if (!word)
			return "an argument is missing";
		if (!parse_argument(word, op, argument))
			return "an argument is wrong";
	}
	return strtok_r(NULL, " ", rest) ? "too many arguments" : NULL;
}

/* What indexes an array is in range, whatever the line says. */
static const char *check_numbers(const struct op *op)
{
	if (op->process >= NR_PROCESSES)
		return "no such process";
	if (op->kind == OP_FORK && (op->to < 0 || op->to >= NR_PROCESSES))
		return "no such process";
	if ((op->kind == OP_PIN || op->kind == OP_UNPIN) && (op->to < 0 || op->to >= NR_PINS))
		return "no such pin";
	if (op->kind == OP_TRUNCATE && (!op->file || op->pages < 0 || op->pages > FILE_PAGES_MAX))
		return "no such size of a file";
	return NULL;
}

const char *op_parse(const char *line, struct op *op)
{
	char copy[256], *rest = NULL;
	const char *word, *wrong;
	long process;

	*op = (struct op){ 0 };
	if (strlen(line) >= sizeof(copy))
		return "too long";
	strcpy(copy, line);
	word = strtok_r(copy, " ", &rest);
	if (!word || !parse_number(&word, &process) || *word || process < 0)
		return "no process";
	op->process = (unsigned int)process;
	word = strtok_r(NULL, " ", &rest);
	if (!word || !find_kind(word, &op->kind))
		return "no such operation";
	wrong = parse_arguments(&rest, op);
	return wrong ? wrong : check_numbers(op);
}
