/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw.c - a history as a picture of letters. */
#include "bench/linearize/draw.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS_A_STAMP	3u

/* How many stamps lie before @stamp. */
static unsigned int rank_of(const struct history *history, uint64_t stamp)
{
	unsigned int rank = 0;

	for (unsigned int i = 0; i < history->nr; i++)
		rank += (history->ops[i].called < stamp) + (history->ops[i].returned < stamp);
	return rank;
}

/* "[12====]": its number is that of its line below. */
static void draw_bar(char *row, const struct history *history, unsigned int index)
{
	const struct history_op *op = &history->ops[index];
	unsigned int first = COLUMNS_A_STAMP * rank_of(history, op->called);
	unsigned int last = COLUMNS_A_STAMP * rank_of(history, op->returned) + 1;
	char number[16];
	size_t length = (size_t)snprintf(number, sizeof(number), "%u", index + 1);

	memset(row + first, '=', last - first);
	row[first] = '[';
	row[last] = ']';
	memcpy(row + first + 1, number, min(length, (size_t)(last - first - 1)));
}

static bool has_ops(const struct history *history, unsigned int thread)
{
	for (unsigned int i = 0; i < history->nr; i++)
		if (history->ops[i].thread == thread)
			return true;
	return false;
}

void history_draw(const struct history *history, int bad, FILE *out)
{
	char row[2 * HISTORY_OPS * COLUMNS_A_STAMP + 2], what[64], result[128];

	for (unsigned int thread = 0; thread < HISTORY_THREADS; thread++) {
		size_t length = 0;

		if (!has_ops(history, thread))
			continue;
		memset(row, ' ', sizeof(row));
		for (unsigned int i = 0; i < history->nr; i++)
			if (history->ops[i].thread == thread)
				draw_bar(row, history, i);
		for (size_t i = 0; i < sizeof(row); i++)
			length = row[i] == ' ' ? length : i + 1;
		fprintf(out, "thread %u  %.*s\n", thread, (int)length, row);
	}
	for (unsigned int i = 0; i < history->nr; i++) {
		history_format(&history->ops[i], what, sizeof(what));
		history_format_result(&history->ops[i], result, sizeof(result));
		fprintf(out, "%8u  %s = %s%s\n", i + 1, what, result, (int)i == bad ? "   no order explains this" : "");
	}
}

void witness_print(const struct history *history, const struct checked *checked, FILE *out)
{
	char what[64], result[128];

	for (unsigned int i = 0; i < checked->nr_steps; i++) {
		const struct witness_step *step = &checked->steps[i];
		const struct history_op *op = &history->ops[step->op];

		history_format(op, what, sizeof(what));
		history_format_result(op, result, sizeof(result));
		fprintf(out, "page %u: thread %u: %s", step->page, op->thread, what);
		fprintf(out, step->phase == PHASE_DONE ? " = %s\n" : ", in part\n", result);
	}
}
