/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_policies.c - throughput of each policy against the oldest one, with a thread on every PU. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "bench/plot.h"
#include "core/faultline.h"

#define MAX_POLICIES_SHOWN	8
#define TOP		(PLOT_TOP + 30)	/* pixels above the bars */
#define BOTTOM		55
#define BAR_HEIGHT	11
#define GROUP_GAP	9

struct policies {
	const struct results *results;
	const char *names[MAX_POLICIES_SHOWN];
	unsigned int nr_names;
	const struct result **groups;	/* of the oldest policy, one a workload, from the bottom up */
	unsigned int nr;
	double low, high;		/* ratios that the axis holds */
};

/* Bars of a group share a height of 1 with the gap to the next group. */
static double bar_height(const struct policies *policies)
{
	return (double)BAR_HEIGHT / (BAR_HEIGHT * (policies->nr_names - 1) + GROUP_GAP);
}

/* The newest policy is the lowest bar of its group. */
static double bar_middle(const struct policies *policies, unsigned int group, unsigned int name)
{
	return group + ((policies->nr_names - 1) / 2.0 - name + 0.5) * bar_height(policies);
}

/* Of the @name-th policy in a group, against the oldest; NULL when it was not measured. */
static const struct result *in_group(const struct policies *policies, unsigned int group, unsigned int name)
{
	const struct result *oldest = policies->groups[group];
	const struct result *result = results_find(policies->results, oldest, policies->names[name], oldest->threads);

	return result && result_median(result) > 0 ? result : NULL;
}

/*
 * The axis holds every bar and as much again on both sides; spreads beyond are cut, since one bad repetition is no reason
 * to shrink all bars.
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

/* One block a policy: where its bar is, then ratio, least and most, the ratio as text. */
static void put_data(FILE *out, const void *what)
{
	const struct policies *policies = what;

	for (unsigned int n = 1; n < policies->nr_names; n++) {
		fprintf(out, "$policy%u << EOD\n", n);
		for (unsigned int g = 0; g < policies->nr; g++) {
			double base = result_median(policies->groups[g]), ratio;
			const struct result *result = in_group(policies, g, n);

			if (!result)
				continue;
			ratio = result_median(result) / base;
			fprintf(out, "%g %g %g %g \"%.*f×\"\n", bar_middle(policies, g, n), ratio,
				max(policies->low, result_least(result) / base), min(policies->high / 1.25, result_most(result) / base),
				ratio < 9.95 ? 2 : 1, ratio);
		}
		fputs("EOD\n", out);
	}
}

static void put_axes(FILE *out, const struct policies *policies)
{
	size_t width = 0;

	fputs("set ytics (", out);
	for (unsigned int g = 0; g < policies->nr; g++) {
		const struct result *oldest = policies->groups[g];

		width = max(width, strlen(oldest->workload));
		width = max(width, strlen(oldest->choices));
		fputs(g ? ", " : "", out);
		gnuplot_put_quoted(out, oldest->workload);
		if (*oldest->choices) {
			fputs(" . \"\\n\" . ", out);
			gnuplot_put_quoted(out, oldest->choices);
		}
		fprintf(out, " %u", g);
	}
	fprintf(out, ") font ',9.5'\nset logscale x 2\nset xrange [%g:%g]\nset yrange [-0.6:%g]\nset lmargin %zu\n",
		policies->low, policies->high, policies->nr - 0.4, width + 3);
	fputs("set xtics ('1/128' 1/128., '1/64' 1/64., '1/32' 1/32., '1/16' 1/16., '1/8' 0.125, '1/4' 0.25, '1/2' 0.5, '1' 1,"
	      " '2' 2, '4' 4, '8' 8, '16' 16, '32' 32, '64' 64, '128' 128)\n", out);
}

static void put_commands(FILE *out, const void *what)
{
	const struct policies *policies = what;
	double height = TOP + BOTTOM + policies->nr * (BAR_HEIGHT * (policies->nr_names - 1) + GROUP_GAP);
	double half = 0.46 * bar_height(policies);

	put_axes(out, policies);
	fprintf(out, "set tmargin at screen %f\nset bmargin at screen %f\nset rmargin 3\n", 1 - TOP / height, BOTTOM / height);
	fprintf(out, "set xlabel 'throughput, %s = 1' font ',10'\nset grid x ls 100\n", policies->names[0]);
	fputs("set arrow 1 from 1,graph 0 to 1,graph 1 nohead lw 1.2 lc rgb '#555555' front\n"
	      "set style fill solid 0.9 noborder\nset tics scale 0.4\n"
	      "set key at graph 0.5,graph 1 center bottom horizontal font ',10' Left reverse samplen 1.5 maxrows 1\nplot ", out);
	for (unsigned int n = 1; n < policies->nr_names; n++)
		fprintf(out, "%s$policy%u using 2:1:($2<1?$2:1):($2<1?1:$2):($1-%g):($1+%g) with boxxyerror lc rgb '%s' title '%s', "
			"$policy%u using 2:1:3:4 with xerrorbars pt 0 lw 1 lc rgb '#222222' notitle, "
			"$policy%u using ($4>1?$4:1):1:5 with labels left offset 0.5,0 font ',7.5' textcolor '#333333' notitle",
			n > 1 ? ", " : "", n, half, half, plot_policy_colour(n, policies->nr_names), policies->names[n], n, n);
	putc('\n', out);
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

	for (unsigned int nth = 0; policies->nr_names > 1 && (of = plot_workload(policies->results, nth)); nth++) {
		oldest = with_all_pus(policies->results, of, policies->names[0]);
		if (oldest && result_median(oldest) > 0)
			policies->groups[nr++] = oldest;
	}
	for (unsigned int i = 0; i < nr / 2; i++) {
		oldest = policies->groups[i];
		policies->groups[i] = policies->groups[nr - 1 - i];
		policies->groups[nr - 1 - i] = oldest;
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
		.marks = "median, least and most of the repetitions",
		.width = 1000,
		.put_data = put_data,
		.put_commands = put_commands,
		.what = &policies,
	};
	int status = 0;

	if (!policies.groups)
		return fail("out of memory");
	policies.nr_names = plot_policy_names(results, policies.names, MAX_POLICIES_SHOWN);
	gather_groups(&policies);
	picture.height = TOP + BOTTOM + policies.nr * (BAR_HEIGHT * (max(policies.nr_names, 1u) - 1) + GROUP_GAP);
	if (policies.nr)
		status = plot_write(&picture, results);
	else
		puts("no picture of policies: no workload was measured with several of them");
	free(policies.groups);
	return status;
}
