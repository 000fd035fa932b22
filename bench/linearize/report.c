/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - what runs of histories found. */
#include "bench/linearize/report.h"

#include <jansson.h>

#include "bench/ground/message.h"
#include "bench/ground/out_file.h"
#include "bench/linearize/draw.h"
#include "bench/linearize/shrink.h"

static unsigned long long of(uint64_t count)
{
	return (unsigned long long)count;
}

void linearize_print(const struct linearize_case *what, const struct linearize_counts *counts)
{
	double rate = counts->seconds > 0 ? (double)counts->histories / counts->seconds : 0;

	printf("%s, %s: %llu histories, %llu operations of %u threads on %u pages; ", what->name, what->mix->name,
	       of(counts->histories), of(counts->ops), what->threads, what->pages);
	printf("%.1f s, %.0f histories/s\n", counts->seconds, rate);
	printf("  operations overlap on a page in %llu histories; %u of %u pairs of kinds met so\n",
	       of(counts->overlapping), linearize_pairs_met(counts), linearize_pairs(counts));
	for (unsigned int i = 0; i < NR_NONDETERMINISMS; i++)
		if (counts->explained[i])
			printf("  explained by %s alone: %llu\n", nondeterminisms[i].name, of(counts->explained[i]));
	if (counts->by_several)
		printf("  explained by several: %llu\n", of(counts->by_several));
	if (counts->gave_up)
		printf("  not judged, too many configurations: %llu\n", of(counts->gave_up));
	printf("  not explained: %llu\n", of(counts->unexplained));
}

static json_t *pairs_json(const struct linearize_counts *counts)
{
	json_t *pairs = json_object();
	char name[64];

	for (unsigned int i = 0; i < NR_OP_KINDS; i++)
		for (unsigned int j = i; j < NR_OP_KINDS; j++) {
			snprintf(name, sizeof(name), "%s+%s", history_kind_name((enum history_kind)i),
				 history_kind_name((enum history_kind)j));
			if (counts->met[i][j])
				json_object_set_new(pairs, name, json_integer((json_int_t)counts->met[i][j]));
		}
	return pairs;
}

json_t *linearize_json(const struct linearize_case *what, const struct linearize_counts *counts)
{
	json_t *explained = json_object();

	for (unsigned int i = 0; i < NR_NONDETERMINISMS; i++)
		json_object_set_new(explained, nondeterminisms[i].name, json_integer((json_int_t)counts->explained[i]));
	return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:f, s:o}",
			 "target", what->target->name, "name", what->name, "workload", what->mix->name,
			 "threads", (int)what->threads,
			 "pages", (int)what->pages, "ops", (int)what->ops, "seed", (json_int_t)what->seed,
			 "histories", (json_int_t)counts->histories, "operations", (json_int_t)counts->ops,
			 "overlapping", (json_int_t)counts->overlapping, "explained", explained,
			 "by_several", (json_int_t)counts->by_several, "gave_up", (json_int_t)counts->gave_up,
			 "unexplained", (json_int_t)counts->unexplained, "seconds", counts->seconds,
			 "pairs", pairs_json(counts));
}

static int keep_whole(const struct history *history, const char *path)
{
	struct out_file file;
	int status = out_file_begin(&file, path);

	if (status)
		return status;
	history_print(history, file.stream);
	return out_file_end(&file, EXIT_DONE);
}

int linearize_draw(const struct history *history, int bad, const char *path)
{
	struct out_file file;
	int status = out_file_begin(&file, path);

	if (status)
		return status;
	history_draw_svg(history, bad, file.stream);
	return out_file_end(&file, EXIT_DONE);
}

int linearize_show_bad(struct history *history, const char *path, const char *drawing)
{
	static struct checked checked;
	struct checker *checker = checker_create();
	int status = path ? keep_whole(history, path) : EXIT_DONE;

	if (!checker)
		return fail("out of memory");
	history_shrink(checker, history, history->allowed);
	checker_check(checker, history, history->allowed, -1, &checked);
	history_print(history, stdout);
	history_draw(history, checked.op, stdout);
	if (!status && drawing)
		status = linearize_draw(history, checked.op, drawing);
	checker_free(checker);
	return status;
}
