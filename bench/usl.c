/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usl.c - fits the universal scalability law, by gnuplot. */
#include "bench/usl.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/command.h"
#include "bench/gnuplot.h"
#include "bench/run_folder.h"
#include "core/faultline.h"

static bool same_line(const struct result *one, const struct result *other)
{
	return !strcmp(one->workload, other->workload) && !strcmp(one->choices, other->choices) &&
	       !strcmp(one->policy, other->policy);
}

/* Results of one line are neighbours, but for policies between them. */
static struct usl *line_of(struct usl_fits *fits, const struct result *result)
{
	for (unsigned int i = 0; i < fits->nr; i++)
		if (same_line(fits->all[i].of, result))
			return &fits->all[i];
	fits->all[fits->nr] = (struct usl){ .of = result };
	return &fits->all[fits->nr++];
}

static void gather(struct usl_fits *fits, const struct results *results)
{
	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];
		struct usl *usl;

		if (result_median(result) <= 0)
			continue;
		usl = line_of(fits, result);
		usl->points++;
		usl->crowded += results->cpus && result->threads > results->cpus;
	}
}

/* ---- what gnuplot is told ---- */

/* N / rate, in units of the first point: all of it is near 1. */
static double unit_of(const struct usl *usl)
{
	return usl->of->threads / result_median(usl->of);
}

static void put_data(FILE *in, const struct usl *usl, unsigned int index, const struct results *results)
{
	fprintf(in, "$d%u << EOD\n", index);
	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];

		if (result_median(result) > 0 && same_line(result, usl->of))
			fprintf(in, "%u %.17g\n", result->threads, result->threads / result_median(result) / unit_of(usl));
	}
	fputs("EOD\n", in);
}

/*
 * gnuplot steps by a part of a parameter, so that none may be near 0: b and c are 1 more than what they stand for. One that
 * would be negative is left out, and the others are fitted again.
 */
static void put_fit(FILE *in, unsigned int index)
{
	static const char *const steps[][2] = {
		{ "1", "a,b,c" }, { "b<1", "a,c" }, { "c<1", "a,b" }, { "b<1", "a" },
	};

	fputs("a=1.5; b=1.1; c=1.1\n", in);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		fprintf(in, "if (%s) { %s%sa_err=0; b_err=0; c_err=0; fit a+(b-1)*(x-1)+(c-1)*x*(x-1) $d%u using 1:2:2 "
			"yerror via %s }\n",
			steps[i][0], strchr(steps[i][1], 'b') ? "" : "b=1; ", strchr(steps[i][1], 'c') ? "" : "c=1; ",
			index, steps[i][1]);
	fprintf(in, "print sprintf('%u %%.17g %%.17g %%.17g %%.17g %%.17g %%.17g', a, b-1, c-1, b_err, c_err, "
		"FIT_WSSR)\n", index);
}

static int take_answers(struct usl_fits *fits, FILE *out)
{
	double a, b, c, b_error, c_error, squares;
	unsigned int index;

	while (fscanf(out, "%u %lf %lf %lf %lf %lf %lf", &index, &a, &b, &c, &b_error, &c_error, &squares) == 7) {
		struct usl *usl = index < fits->nr ? &fits->all[index] : NULL;

		if (!usl || a <= 0)
			continue;
		usl->fitted = true;
		usl->alone = 1 / (a * unit_of(usl));
		usl->sigma = b / a;
		usl->kappa = c / a;
		usl->sigma_error = b_error / a;
		usl->kappa_error = c_error / a;
		usl->misfit = sqrt(squares / usl->points);
	}
	return feof(out) ? 0 : fail("gnuplot's answers cannot be read");
}

int usl_fit(struct usl_fits *fits, const struct results *results)
{
	struct gnuplot gnuplot;
	int status;

	*fits = (struct usl_fits){ .all = calloc(results->nr, sizeof(*fits->all)) };
	if (!fits->all)
		return fail("out of memory");
	gather(fits, results);
	status = gnuplot_start(&gnuplot, true);
	if (!status) {
		fputs("set fit quiet logfile '/dev/null' errorvariables\nset print '-'\n", gnuplot.in);
		for (unsigned int i = 0; i < fits->nr; i++)
			if (fits->all[i].points >= USL_POINTS) {
				put_data(gnuplot.in, &fits->all[i], i, results);
				put_fit(gnuplot.in, i);
			}
		status = gnuplot_end(&gnuplot);
		if (!status)
			status = take_answers(fits, gnuplot.out);
		fclose(gnuplot.out);
	}
	if (status)
		usl_free(fits);
	return status;
}

void usl_free(struct usl_fits *fits)
{
	free(fits->all);
	*fits = (struct usl_fits){ 0 };
}

const struct usl *usl_find(const struct usl_fits *fits, const struct result *of, const char *policy)
{
	for (unsigned int i = 0; i < fits->nr; i++)
		if (!strcmp(fits->all[i].of->workload, of->workload) && !strcmp(fits->all[i].of->choices, of->choices) &&
		    !strcmp(fits->all[i].of->policy, policy))
			return &fits->all[i];
	return NULL;
}

double usl_rate(const struct usl *usl, double threads)
{
	return usl->alone * threads / (1 + usl->sigma * (threads - 1) + usl->kappa * threads * (threads - 1));
}

double usl_peak(const struct usl *usl)
{
	if (usl->sigma >= 1)
		return 1;
	return usl->kappa > 0 ? fmax(1, sqrt((1 - usl->sigma) / usl->kappa)) : INFINITY;
}

/* ---- the file ---- */
static json_t *fit_json(const struct usl *usl)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:i}", "workload", usl->of->workload, "policy", usl->of->policy,
				 "choices", usl->of->choices, "points", (int)usl->points, "crowded", (int)usl->crowded);
	double peak = usl_peak(usl);

	if (!usl->fitted) {
		json_object_set_new(json, "skipped", json_sprintf("%u numbers of threads: a fit needs %u", usl->points,
								  USL_POINTS));
		return json;
	}
	json_object_set_new(json, "alone", json_real(usl->alone));
	json_object_set_new(json, "sigma", json_real(usl->sigma));
	json_object_set_new(json, "sigma_error", json_real(usl->sigma_error));
	json_object_set_new(json, "kappa", json_real(usl->kappa));
	json_object_set_new(json, "kappa_error", json_real(usl->kappa_error));
	json_object_set_new(json, "misfit", json_real(usl->misfit));
	json_object_set_new(json, "peak", isfinite(peak) ? json_real(peak) : json_null());
	return json;
}

int usl_write(const char *path, const struct usl_fits *const *fits, unsigned int nr)
{
	json_t *all = json_array(), *root = json_pack("{s:i, s:o}", "schema", RESULTS_SCHEMA, "fits", all);
	int failed;

	for (unsigned int f = 0; f < nr; f++)
		for (unsigned int i = 0; i < fits[f]->nr; i++)
			json_array_append_new(all, fit_json(&fits[f]->all[i]));
	failed = json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	json_decref(root);
	return failed ? complain("%s: %s", path, strerror(errno)) : 0;
}
