/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sequence.c - sequences in files, and which of their operations can run. */
#include "bench/conform/sequence.h"

#include <stdlib.h>
#include <string.h>

void process_tree_begin(struct process_tree *tree)
{
	*tree = (struct process_tree){ .alive = { true }, .nr_alive = 1 };
	for (unsigned int i = 0; i < NR_PINS; i++)
		tree->pinned_by[i] = -1;
}

bool process_tree_allows(const struct process_tree *tree, const struct op *op)
{
	if (!tree->alive[op->process])
		return false;
	switch (op->kind) {
	case OP_FORK:
		return !tree->alive[op->to];
	case OP_PROCESS_MADVISE:
		return tree->alive[op->to];
	case OP_EXIT:
		return tree->nr_alive > 1;
	case OP_PIN:
		return tree->pinned_by[op->to] < 0;
	case OP_UNPIN:
		return tree->pinned_by[op->to] == (int)op->process;
	default:
		return true;
	}
}

void process_tree_follow(struct process_tree *tree, const struct op *op)
{
	switch (op->kind) {
	case OP_FORK:
		tree->alive[op->to] = true;
		tree->nr_alive++;
		break;
	case OP_EXIT:
		tree->alive[op->process] = false;
		tree->nr_alive--;
		for (unsigned int i = 0; i < NR_PINS; i++)
			if (tree->pinned_by[i] == (int)op->process)
				tree->pinned_by[i] = -1;
		break;
	case OP_PIN:
		tree->pinned_by[op->to] = (int)op->process;
		break;
	case OP_UNPIN:
		tree->pinned_by[op->to] = -1;
		break;
	default:
		break;
	}
}

void sequence_write_window(FILE *out, const struct sequence *sequence)
{
	fprintf(out, "pages %ld%s\n", sequence->pages, sequence->huge ? " huge" : "");
}

static const char *read_pages(const char *text, struct sequence *sequence)
{
	char *end;

	sequence->pages = strtol(text, &end, 10);
	sequence->huge = !strcmp(end, " huge");
	if ((*end && !sequence->huge) || sequence->pages < 1 || sequence->pages > WINDOW_PAGES_MAX)
		return "no such number of pages";
	return NULL;
}

static const char *read_line(char *line, struct sequence *sequence)
{
	static const char pages[] = "pages ";

	line[strcspn(line, "#\n")] = '\0';
	for (size_t length = strlen(line); length && strchr(" \t", line[length - 1]); length--)
		line[length - 1] = '\0';
	if (!*line)
		return NULL;
	if (!strncmp(line, pages, strlen(pages)))
		return read_pages(line + strlen(pages), sequence);
	if (sequence->nr == SEQUENCE_OPS)
		return "too many operations";
	return op_parse(line, &sequence->ops[sequence->nr++]);
}

unsigned int sequence_read(FILE *in, struct sequence *sequence, const char **why)
{
	char line[512];

	sequence->pages = 16;
	sequence->huge = false;
	sequence->nr = 0;
	for (unsigned int nr = 1; fgets(line, sizeof(line), in); nr++) {
		*why = read_line(line, sequence);
		if (*why)
			return nr;
	}
	*why = "no operations";
	return !sequence->nr;
}
