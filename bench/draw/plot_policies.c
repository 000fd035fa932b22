/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_policies.c - throughput of each policy against the oldest one, with a thread on every PU. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/shown.h"
#include "bench/data/trust.h"
#include "bench/draw/plot.h"
#include "bench/ground/command.h"
#include "core/faultline.h"

#define MAX_POLICIES_SHOWN	8
#define TOP		(PLOT_TOP + 30)	/* pixels above the bars */
#define BOTTOM		55
#define BAR_HEIGHT	11
#define GROUP_GAP	9
#define LONGEST_LABEL	80	/* characters that the axis makes room for */

struct policies {
	const struct results *results;
	const char *names[MAX_POLICIES_SHOWN];
	unsigned int nr_names;
	const struct result **groups;	/* of the oldest policy, one a workload, from the top down */
	unsigned int nr;
	double low, high;		/* ratios that the axis holds */
};

/* Bars of a group share a height of 1 with the gap to the next group. */
static double bar_height(const struct policies *policies)
{
	return (double)BAR_HEIGHT / (BAR_HEIGHT * (policies->nr_names - 1) + GROUP_GAP);
}

/* The newest policy is the lowest bar of its group; @group counts from the bottom of a file. */
static double bar_middle(const struct policies *policies, unsigned int group, unsigned int name)
{
	return group + ((policies->nr_names - 1) / 2.0 - name + 0.5) * bar_height(policies);
}

/* Of the @name-th policy in a group, against the oldest; NULL when it was not measured, or has a mark. */
static const struct result *in_group(const struct policies *policies, unsigned int group, unsigned int name)
{
	const struct result *oldest = policies->groups[group];
	const struct result *result = results_find(policies->results, oldest, policies->names[name], oldest->threads);

	return result && trust_row(result) ? result : NULL;
}

/*
 * The axis holds every bar and as much again on both sides; spreads beyond are cut, since one bad repetition is no
 * reason to shrink all bars.
 */
static void find_range(struct policies *policies)
{
	policies->low = 0.5;
	policies->high = 2;
	for (unsigned int g = 0; g < policies->nr; g++)
		for (unsigned int n = 1; n < policies->nr_names; n++) {
			const struct result *result = in_group(policies, g, n);
			double ratio = result ? result_median(result) / result_median(policies->groups[g]) : 1;

			policies->low = min(policies->low, ratio / 2);
			policies->high = max(policies->high, ratio * 2);
		}
}

/* One block a policy: where its bar is, then ratio, least and most, the ratio as text. Returns whether it has any. */
static bool put_data(struct gnuplot *gnuplot, const struct policies *policies, const struct plot_part *part,
		     unsigned int name)
{
	bool any = false;

	gnuplot_data(gnuplot, "policy%u", name);
	for (unsigned int i = 0; i < part->nr; i++) {
		double base = result_median(policies->groups[part->first + i]), ratio;
		const struct result *result = in_group(policies, part->first + i, name);
		char text[32];

		if (!result)
			continue;
		ratio = result_median(result) / base;
		snprintf(text, sizeof(text), "%.*f×", ratio < 9.95 ? 2 : 1, ratio);
		gnuplot_row(gnuplot, "%g %g %g %g %s", bar_middle(policies, part->nr - 1 - i, name), ratio,
			    max(policies->low, result_least(result) / base), min(policies->high / 1.25,
										 result_most(result) / base), text);
		any = true;
	}
	gnuplot_data_end(gnuplot);
	return any;
}

static void put_axes(struct gnuplot *gnuplot, const struct policies *policies, const struct plot_part *part)
{
	size_t width = 0;

	for (unsigned int g = 0; g < policies->nr; g++) {
		width = max(width, strlen(policies->groups[g]->workload));
		width = max(width, strlen(policies->groups[g]->choices));
	}
	gnuplot_put(gnuplot, "set ytics (");
	for (unsigned int i = 0; i < part->nr; i++) {
		const struct result *oldest = policies->groups[part->first + i];

		if (*oldest->choices)
			gnuplot_put(gnuplot, "%s . \"\\n\" . %s %u, ", oldest->workload, oldest->choices,
				    part->nr - 1 - i);
		else
			gnuplot_put(gnuplot, "%s %u, ", oldest->workload, part->nr - 1 - i);
	}
	gnuplot_put(gnuplot,
		    "'' -9) font ',9.5'\nset logscale x 2\nset xrange [%g:%g]\nset yrange [-0.6:%g]\nset lmargin "
		    "%zu\n",
		    policies->low, policies->high, part->nr - 0.4, min(width, (size_t)LONGEST_LABEL) + 3);
	plot_factor_tics(gnuplot, policies->low, policies->high);
}

static void put(struct gnuplot *gnuplot, const void *what, const struct plot_part *part)
{
	const struct policies *policies = what;
	double half = 0.46 * bar_height(policies);
	bool any[MAX_POLICIES_SHOWN];

	for (unsigned int n = 1; n < policies->nr_names; n++)
		any[n] = put_data(gnuplot, policies, part, n);
	put_axes(gnuplot, policies, part);
	gnuplot_put(gnuplot,
		    "set tmargin at screen %f\nset bmargin at screen %f\nset rmargin 3\nset xlabel 'throughput, ' . "
		    "%s . ' = 1' "
		    "font ',10'\nset grid x ls 100\n", 1 - TOP / part->height, BOTTOM / part->height,
			    policies->names[0]);
	gnuplot_put(gnuplot, "set arrow 1 from 1,graph 0 to 1,graph 1 nohead lw 1.2 lc rgb '#555555' front\n"
		    "set style fill solid 0.9 noborder\nset tics scale 0.4\n"
		    "set key at graph 0.5,graph 1 center bottom horizontal font ',10' Left reverse samplen 1.5 "
		    "maxrows 1\nplot ");
	for (unsigned int n = 1; n < policies->nr_names; n++)
		if (any[n])
			gnuplot_put(gnuplot,
				    "$policy%u using 2:1:($2<1?$2:1):($2<1?1:$2):($1-%g):($1+%g) with boxxyerror lc "
				    "rgb %s title %s, "
				    "$policy%u using 2:1:3:4 with xerrorbars pt 0 lw 1 lc rgb '#222222' notitle, "
				    "$policy%u using ($4>1?$4:1):1:5 with labels left offset 0.5,0 font ',7.5' "
				    "textcolor '#333333' notitle, ",
				    n, half, half, plot_policy_colour(n, policies->nr_names), policies->names[n], n,
					    n);
	gnuplot_put(gnuplot, "NaN notitle\n");
}

/* The most threads that still have a PU each; with none, the fewest. */
static const struct result *with_all_pus(const struct results *results, const struct result *of, const char *policy)
{
	const struct result *best = NULL;

	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];

		if (!result->nr || strcmp(result->workload, of->workload) || strcmp(result->choices, of->choices) ||
		    strcmp(result->policy, policy))
			continue;
		if (!best || (result->threads <= results->cpus && result->threads > best->threads))
			best = result;
	}
	return best;
}

static void gather_groups(struct policies *policies)
{
	const struct result *of, *oldest;
	unsigned int nr = 0;

	for (unsigned int nth = 0; policies->nr_names > 1 && (of = results_workload(policies->results, nth)); nth++) {
		oldest = with_all_pus(policies->results, of, policies->names[0]);
		if (oldest && trust_row(oldest))
			policies->groups[nr++] = oldest;
	}
	policies->nr = nr;
	find_range(policies);
}

int plot_policies(const struct results *results)
{
	struct policies policies = { .results = results, .groups = calloc(results->nr, sizeof(*policies.groups)) };
	struct picture picture = {
		.name = "policies",
		.title = "Policies against the oldest, with a thread on every PU",
		.marks = "median, minimum and maximum of the repetitions",
		.width = 1000,
		.top = TOP,
		.bottom = BOTTOM,
		.put = put,
		.what = &policies,
	};
	int status = 0;

	if (!policies.groups)
		return fail("out of memory");
	policies.nr_names = results_policies(results, policies.names, MAX_POLICIES_SHOWN);
	gather_groups(&policies);
	picture.row_height = BAR_HEIGHT * (max(policies.nr_names, 1u) - 1) + GROUP_GAP;
	picture.nr_rows = policies.nr;
	if (policies.nr)
		status = plot_write(&picture, results);
	else
		puts("no picture of policies: no workload has rows without marks for several of them");
	free(policies.groups);
	return status;
}
