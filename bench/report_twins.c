/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_twins.c - the model beside the live kernel: what an item costs on either side, and what a second thread brings. */
#include <math.h>
#include <stdlib.h>

#include "bench/report.h"
#include "bench/twins.h"
#include "core/faultline.h"

#define ROW_HEIGHT	24
#define MODEL_COLOUR	"#2b8c9e"
#define LIVE_COLOUR	"#d95f02"

/* Those that stand in a picture, from the bottom up. */
struct shown {
	const struct twin **twins;
	unsigned int nr;
};

static bool is_measured(const struct twin *twin)
{
	return twin->core && !twin->skipped;
}

static bool has_scaling(const struct twin *twin)
{
	return twin->core_scaling > 0 && twin->live_scaling > 0;
}

static void put_names(FILE *in, const struct shown *shown)
{
	fputs("set ytics (", in);
	for (unsigned int i = 0; i < shown->nr; i++) {
		fputs(i ? ", " : "", in);
		gnuplot_put_quoted(in, shown->twins[i]->core->workload);
		fprintf(in, " %u", i);
	}
	fprintf(in, ") font ',10'\nset yrange [-0.7:%g]\nset grid x ls 100\nset style fill solid 0.85 noborder\n",
		shown->nr - 0.3);
}

static void put_costs(FILE *in, const struct shown *shown)
{
	double low = 0.5, high = 2;

	fputs("$t << EOD\n", in);
	for (unsigned int i = 0; i < shown->nr; i++) {
		const struct twin *twin = shown->twins[i];

		fprintf(in, "%u %g %g %g \"×%.2g\"\n", i, twin->ratio, twin->low, twin->high, twin->ratio);
		low = fmin(low, twin->ratio / 2);
		high = fmax(high, twin->ratio * 2);
	}
	fputs("EOD\n", in);
	put_names(in, shown);
	fprintf(in, "set logscale x 10\nset xrange [%g:%g]\nset format x '%%g'\nset xlabel 'time of an item: model / live "
		"kernel' offset 0,0.5\n"
		"set arrow 1 from 1,graph 0 to 1,graph 1 nohead lw 1.2 lc rgb '#888888' front\n", low, 4 * high);
	fputs("plot $t using 2:1:($2<1?$2:1):($2<1?1:$2):($1-0.3):($1+0.3) with boxxyerror lc rgb '" MODEL_COLOUR "', "
	      "'' using 2:1:3:4 with xerrorbars pt 0 lw 1.2 lc rgb 'black', "
	      "'' using ($4>1?$4:1):1:5 with labels left offset 0.6,0 font ',9.5'\n", in);
}

static void put_scalings(FILE *in, const struct shown *shown)
{
	unsigned int nr = 0;

	fputs("$t << EOD\n", in);
	for (unsigned int i = 0; i < shown->nr; i++)
		if (has_scaling(shown->twins[i])) {
			fprintf(in, "%u %g %g\n", i, shown->twins[i]->core_scaling, shown->twins[i]->live_scaling);
			nr++;
		}
	fputs(nr ? "EOD\n" : "NaN NaN NaN\nEOD\n", in);
	put_names(in, shown);
	fputs("set xrange [0:2.5]\nset xlabel 'rate of two threads, one = 1' offset 0,0.5\n"
	      "set arrow 1 from 2,graph 0 to 2,graph 1 nohead dt 2 lc rgb '#888888'\n"
	      "plot $t using (($2+$3)/2):1:2:3 with xerrorbars pt 0 lw 1 lc rgb '#999999', "
	      "'' using 2:1 with points pt 7 ps 0.7 lc rgb '" MODEL_COLOUR "', '' using 3:1 with points pt 7 ps 0.7 lc rgb "
	      "'" LIVE_COLOUR "'\n", in);
}

static void put_scaling_cell(struct html *page, double scaling)
{
	if (scaling > 0)
		html_number(page, "%.2f", scaling);
	else
		html_number(page, "-");
}

static void put_row(struct html *page, const struct twin *twin)
{
	html_row(page);
	html_cell(page, "%s", twin->core ? twin->core->workload : "-");
	html_cell(page, "%s", twin->live->workload);
	html_cell(page, "%s", twin->core ? twin->core->choices : twin->live->choices);
	if (is_measured(twin)) {
		html_number(page, "%s", report_time(result_nanoseconds(twin->core)));
		html_number(page, "%s", report_time(result_nanoseconds(twin->live)));
		html_number(page, "%.3g", twin->ratio);
		html_number(page, "%.3g … %.3g", twin->low, twin->high);
		put_scaling_cell(page, twin->core_scaling);
		put_scaling_cell(page, twin->live_scaling);
	} else {
		html_cell(page, "skipped: %s", twin->skipped ? twin->skipped : "not measured in the core");
	}
	html_row_end(page);
}

static void put_data(struct html *page, const struct report_run *run, const struct twin *twins, unsigned int nr)
{
	static const char *const columns[] = {
		"core", "live", "choices", "time, core", "time, live", "ratio", "interval", "2 threads, core",
		"2 threads, live", NULL,
	};
	char command[PATH_MAX + 128];

	html_figure_data(page, columns);
	for (unsigned int i = 0; i < nr; i++)
		put_row(page, &twins[i]);
	html_table_end(page);
	snprintf(command, sizeof(command), "faultline bench --threads 1,2\nfaultline report %s", run->name);
	html_figure_end(page, command);
}

static void put_figures(struct html *page, const struct report_run *run, const struct twin *twins, unsigned int nr)
{
	struct shown shown = { .twins = calloc(nr, sizeof(*shown.twins)) };

	for (unsigned int i = nr; shown.twins && i; i--)
		if (twins[i - 1].usual && is_measured(&twins[i - 1]))
			shown.twins[shown.nr++] = &twins[i - 1];
	html_legend(page);
	html_legend_entry(page, MODEL_COLOUR, "model");
	html_legend_entry(page, LIVE_COLOUR, "live kernel");
	html_legend_end(page);
	html_figures(page);
	if (shown.nr) {
		put_costs(html_figure(page, "Cost", "one thread; the model against the live kernel",
				      80 + ROW_HEIGHT * shown.nr), &shown);
		put_data(page, run, twins, nr);
		put_scalings(html_figure(page, "Scaling", "a second thread", 80 + ROW_HEIGHT * shown.nr), &shown);
		put_data(page, run, twins, nr);
	}
	html_figures_end(page);
	free(shown.twins);
}

void report_twins(struct html *page, const struct report_run *run)
{
	unsigned int nr = 0;
	struct twin *twins = run->bench.nr ? twins_find(&run->bench, &nr) : NULL;

	html_section(page, "twins", "Model against live");
	if (nr) {
		html_paragraph(page, "The same work in the core and, through system calls, in the kernel that runs here: "
			       "the same threads, pages and shape. The kernel pays for entering it, for hardware page "
			       "tables and TLBs, and in a virtual machine for the second level of them; the core pays "
			       "for none of that.");
		put_figures(page, run, twins, nr);
	} else {
		html_missing(page, "No workload was measured both in the core and in the live kernel.", "faultline bench");
	}
	free(twins);
	html_section_end(page);
}
