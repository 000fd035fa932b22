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

/* One block a policy: where its bar is, then ratio, least and most, the ratio as text. */
static void put_data(FILE *out, const void *what)
{
	const struct policies *policies = what;

	for (unsigned int n = 1; n < policies->nr_names; n++) {
		fprintf(out, "$policy%u << EOD\n", n);
		for (unsigned int g = 0; g < policies->nr; g++) {
			const struct result *oldest = policies->groups[g];
			const struct result *result = results_find(policies->results, oldest, policies->names[n], oldest->threads);
			double base = result_median(oldest), ratio;

			if (!result || !result->nr)
				continue;
			ratio = result_median(result) / base;
			fprintf(out, "%g %g %g %g \"%.*f×\"\n", bar_middle(policies, g, n), ratio, result_least(result) / base,
				result_most(result) / base, ratio < 9.95 ? 2 : 1, ratio);
		}
		fputs("EOD\n", out);
	}
}

/* Powers of two around all bars, and room for the numbers at their ends. */
static void put_axes(FILE *out, const struct policies *policies)
{
	double least = 1, most = 1;
	size_t width = 0;

	fputs("set ytics (", out);
	for (unsigned int g = 0; g < policies->nr; g++) {
		const struct result *oldest = policies->groups[g];

		for (unsigned int n = 1; n < policies->nr_names; n++) {
			const struct result *result = results_find(policies->results, oldest, policies->names[n], oldest->threads);

			if (!result || !result->nr)
				continue;
			least = min(least, result_least(result) / result_median(oldest));
			most = max(most, result_most(result) / result_median(oldest));
		}
		width = max(width, strlen(oldest->workload));
		width = max(width, strlen(oldest->choices));
		fputs(g ? ", " : "", out);
		plot_put_quoted(out, oldest->workload);
		if (*oldest->choices) {
			fputs(" . \"\\n\" . ", out);
			plot_put_quoted(out, oldest->choices);
		}
		fprintf(out, " %u", g);
	}
	fprintf(out, ") font ',9.5'\nset logscale x 2\nset xrange [%g:%g]\nset yrange [-0.6:%g]\nset lmargin %zu\n",
		min(0.5, least / 1.5), max(2.0, most * 1.5), policies->nr - 0.4, width + 3);
	fputs("set xtics ('1/32' 1/32., '1/16' 1/16., '1/8' 0.125, '1/4' 0.25, '1/2' 0.5, '1' 1, '2' 2, '4' 4, '8' 8, '16' 16,"
	      " '32' 32, '64' 64)\n", out);
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
}

int plot_policies(const struct results *results)
{
	struct policies policies = { .results = results, .groups = calloc(results->nr, sizeof(*policies.groups)) };
	struct picture picture = {
		.name = "policies",
		.title = "Policies against the oldest, with a thread on every PU",
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
