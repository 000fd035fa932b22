/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usl.c - fits the universal scalability law: weighted least squares, by the GNU Scientific Library. */
#include "bench/data/usl.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_multifit.h>
#include <jansson.h>

#include "bench/data/run_folder.h"
#include "bench/data/trust.h"
#include "bench/ground/command.h"
#include "bench/ground/out_file.h"
#include "core/faultline.h"

#define FIT_ROUNDING	1e-9	/* of a misfit */

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

		if (!trust_row(result))
			continue;
		usl = line_of(fits, result);
		usl->points++;
		usl->crowded += results->cpus && result->threads > results->cpus;
	}
}

/* ---- the fit ---- */

/* N / rate is linear in what is looked for: 1/λ (1 + σ(N - 1) + κN(N - 1)). */
enum { TERM_ALONE, TERM_SIGMA, TERM_KAPPA, NR_TERMS };

static double term(unsigned int which, double threads)
{
	return which == TERM_ALONE ? 1 : which == TERM_SIGMA ? threads - 1 : threads * (threads - 1);
}

struct points {
	gsl_matrix *terms;
	gsl_vector *values, *weights;	/* N / rate, each weighted to count by its relative error */
};

/* N / rate, in units of the first point: all of it is near 1. */
static double unit_of(const struct usl *usl)
{
	return usl->of->threads / result_median(usl->of);
}

static struct points points_of(const struct usl *usl, const struct results *results, const unsigned int *terms,
			       unsigned int nr)
{
	struct points points = { gsl_matrix_alloc(usl->points, nr), gsl_vector_alloc(usl->points),
				 gsl_vector_alloc(usl->points) };
	unsigned int point = 0;

	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];
		double value;

		if (!trust_row(result) || !same_line(result, usl->of))
			continue;
		value = result->threads / result_median(result) / unit_of(usl);
		for (unsigned int t = 0; t < nr; t++)
			gsl_matrix_set(points.terms, point, t, term(terms[t], result->threads));
		gsl_vector_set(points.values, point, value);
		gsl_vector_set(points.weights, point++, 1 / (value * value));
	}
	return points;
}

static void points_free(struct points *points)
{
	gsl_matrix_free(points->terms);
	gsl_vector_free(points->values);
	gsl_vector_free(points->weights);
}

/* A fit of some of the terms; the others are 0. */
struct fit {
	double value[NR_TERMS], error[NR_TERMS];
	double misfit;
};

/* False when the points do not determine them, or one of them is negative. */
static bool fit_terms(const struct usl *usl, const struct results *results, const unsigned int *terms, unsigned int nr,
		      struct fit *fit)
{
	struct points points = points_of(usl, results, terms, nr);
	gsl_multifit_linear_workspace *space = gsl_multifit_linear_alloc(usl->points, nr);
	gsl_vector *found = gsl_vector_alloc(nr);
	gsl_matrix *covariance = gsl_matrix_alloc(nr, nr);
	double squares;
	bool fits = !gsl_multifit_wlinear(points.terms, points.weights, points.values, found, covariance, &squares,
					  space);

	*fit = (struct fit){ .misfit = sqrt(squares / usl->points) };
	for (unsigned int t = 0; fits && t < nr; t++) {
		fit->value[terms[t]] = gsl_vector_get(found, t);
		fit->error[terms[t]] = sqrt(gsl_matrix_get(covariance, t, t) * squares / (usl->points - nr));
		fits = isfinite(fit->value[terms[t]]) && fit->value[terms[t]] >= 0;
	}
	points_free(&points);
	gsl_multifit_linear_free(space);
	gsl_vector_free(found);
	gsl_matrix_free(covariance);
	return fits && fit->value[TERM_ALONE] > 0;
}

/* Of the fits without negative terms the nearest; one with more terms must be nearer than rounding. */
static void fit_line(struct usl *usl, const struct results *results)
{
	static const struct {
		unsigned int nr, terms[NR_TERMS];
	} tries[] = {
		{ 1, { TERM_ALONE } }, { 2, { TERM_ALONE, TERM_SIGMA } }, { 2, { TERM_ALONE, TERM_KAPPA } },
		{ 3, { TERM_ALONE, TERM_SIGMA, TERM_KAPPA } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct fit fit;

		if (!fit_terms(usl, results, tries[i].terms, tries[i].nr, &fit) ||
		    (usl->fitted && fit.misfit > usl->misfit - FIT_ROUNDING))
			continue;
		usl->fitted = true;
		usl->alone = 1 / (fit.value[TERM_ALONE] * unit_of(usl));
		usl->sigma = fit.value[TERM_SIGMA] / fit.value[TERM_ALONE];
		usl->kappa = fit.value[TERM_KAPPA] / fit.value[TERM_ALONE];
		usl->sigma_error = fit.error[TERM_SIGMA] / fit.value[TERM_ALONE];
		usl->kappa_error = fit.error[TERM_KAPPA] / fit.value[TERM_ALONE];
		usl->misfit = fit.misfit;
	}
}

int usl_fit(struct usl_fits *fits, const struct results *results)
{
	gsl_error_handler_t *handler = gsl_set_error_handler_off();

	*fits = (struct usl_fits){ .all = calloc(results->nr, sizeof(*fits->all)) };
	if (!fits->all)
		return fail("out of memory");
	gather(fits, results);
	for (unsigned int i = 0; i < fits->nr; i++)
		if (fits->all[i].points >= USL_POINTS)
			fit_line(&fits->all[i], results);
	gsl_set_error_handler(handler);
	return 0;
}

void usl_free(struct usl_fits *fits)
{
	free(fits->all);
	*fits = (struct usl_fits){ 0 };
}

const struct usl *usl_find(const struct usl_fits *fits, const struct result *of, const char *policy)
{
	for (unsigned int i = 0; i < fits->nr; i++)
		if (!strcmp(fits->all[i].of->workload, of->workload) && !strcmp(fits->all[i].of->choices,
										of->choices) &&
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
				 "choices", usl->of->choices, "points", (int)usl->points, "crowded",
					 (int)usl->crowded);
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

	for (unsigned int f = 0; f < nr; f++)
		for (unsigned int i = 0; i < fits[f]->nr; i++)
			json_array_append_new(all, fit_json(&fits[f]->all[i]));
	return out_file_write_json(path, root, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
}
