/* SPDX-License-Identifier: GPL-2.0-or-later */
/* csv.c - writes fields, quoted where they must be. */
#include "bench/data/csv.h"

#include <math.h>
#include <string.h>

static void put_text(FILE *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void put_number(FILE *out, double number, bool measured)
{
	putc(',', out);
	if (measured && isfinite(number))
		fprintf(out, "%.9g", number);
}

static void put_row(FILE *out, const struct result *result)
{
	const char *const texts[] = { result->name, result->workload, result->policy, result->choices };
	const bool measured = result->nr && !result->error;
	double low = 0, high = 0;

	if (measured)
		result_interval(result, &low, &high);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_text(out, texts[i]);
		putc(',', out);
	}
	fprintf(out, "%u,%u", result->threads, result->nr);
	put_number(out, measured ? result_median(result) : 0, measured);
	put_number(out, low, measured);
	put_number(out, high, measured);
	put_number(out, measured ? result_nanoseconds(result) : 0, measured);
	put_number(out, result->fairness, measured && result->fairness >= 0);
	putc(',', out);
	put_text(out, result->error ? result->error : "");
	putc('\n', out);
}

void csv_print(FILE *out, const struct results *results)
{
	fputs("name,workload,policy,choices,threads,repetitions,items_per_second,items_per_second_low,"
	      "items_per_second_high,ns_per_item,fairness,error\n", out);
	for (unsigned int i = 0; i < results->nr; i++)
		put_row(out, &results->all[i]);
}
