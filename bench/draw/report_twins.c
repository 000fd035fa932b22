/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_twins.c - the core beside the live kernel: what an item costs on either side, and what a second thread
 * brings.
 */
#include <math.h>
#include <stdlib.h>

#include "bench/data/trust.h"
#include "bench/data/twins.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

#define ROW_HEIGHT	24
#define CORE_COLOUR	"#2b8c9e"
#define LIVE_COLOUR	"#d95f02"

/* Those that stand in a picture, from the bottom up: no side has a mark. */
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

static void put_names(struct gnuplot *gnuplot, const struct shown *shown)
{
	gnuplot_put(gnuplot, "set ytics (");
	for (unsigned int i = 0; i < shown->nr; i++)
		gnuplot_put(gnuplot, "%s %u, ", shown->twins[i]->core->workload, i);
	gnuplot_put(gnuplot,
		    "'' -9) font ',10'\nset yrange [-0.7:%g]\nset grid x ls 100\nset style fill solid 0.85 noborder\n",
		    shown->nr - 0.3);
}

static void put_costs(struct gnuplot *gnuplot, const struct shown *shown)
{
	double low = 0.5, high = 2;

	gnuplot_data(gnuplot, "t");
	for (unsigned int i = 0; i < shown->nr; i++) {
		const struct twin *twin = shown->twins[i];
		char ratio[32], text[256];

		snprintf(ratio, sizeof(ratio), "×%.2g", twin->ratio);
		snprintf(text, sizeof(text), "%.60s: %s, live %s, × %.3g (%.3g … %.3g)", twin->core->workload,
			 report_time(result_nanoseconds(twin->core)), report_time(result_nanoseconds(twin->live)),
				 twin->ratio, twin->low,
			 twin->high);
		gnuplot_row(gnuplot, "%u %g %g %g %s %s", i, twin->ratio, twin->low, twin->high, ratio, text);
		low = fmin(low, twin->ratio / 2);
		high = fmax(high, twin->ratio * 2);
	}
	gnuplot_data_end(gnuplot);
	put_names(gnuplot, shown);
	gnuplot_put(gnuplot, "set logscale x 10\nset xrange [%g:%g]\nset format x '%%g'\n"
		    "set xlabel 'time per item: core / live kernel' offset 0,0.5\n"
		    "set arrow 1 from 1,graph 0 to 1,graph 1 nohead lw 1.2 lc rgb '#888888' front\n", low, 4 * high);
	gnuplot_put(gnuplot,
		    "plot $t using 2:1:($2<1?$2:1):($2<1?1:$2):($1-0.3):($1+0.3) with boxxyerror lc rgb "
		    "'" CORE_COLOUR "', "
		    "'' using 2:1:3:4 with xerrorbars pt 0 lw 1.2 lc rgb 'black', '' using ($4>1?$4:1):1:5 with "
		    "labels left offset 0.6,0 font ',9.5', '' using 2:1:6 with labels hypertext point pt 7 ps 1.4 lc "
		    "rgb '#ff000000'\n");
}

static void put_scalings(struct gnuplot *gnuplot, const struct shown *shown)
{
	unsigned int nr = 0;

	gnuplot_data(gnuplot, "t");
	for (unsigned int i = 0; i < shown->nr; i++) {
		const struct twin *twin = shown->twins[i];
		char text[256];

		if (!has_scaling(twin))
			continue;
		snprintf(text, sizeof(text), "%.60s: core × %.2f, live × %.2f", twin->core->workload,
			 twin->core_scaling,
			 twin->live_scaling);
		gnuplot_row(gnuplot, "%u %g %g %s", i, twin->core_scaling, twin->live_scaling, text);
		nr++;
	}
	gnuplot_data_end(gnuplot);
	put_names(gnuplot, shown);
	gnuplot_put(gnuplot, "set xrange [0:2.5]\nset xlabel 'rate of two threads, one = 1' offset 0,0.5\n"
		    "set arrow 1 from 2,graph 0 to 2,graph 1 nohead dt (8,6) lw 1.2 lc rgb '#888888' back\nplot ");
	if (nr)
		gnuplot_put(gnuplot, "$t using (($2+$3)/2):1:2:3 with xerrorbars pt 0 lw 1 lc rgb '#999999', '' using "
				     "2:1 with points pt 7 ps 0.7 lc rgb '" CORE_COLOUR "', "
			    "'' using 3:1 with points pt 7 ps 0.7 lc rgb '" LIVE_COLOUR "', '' using 2:1:4 with "
											"labels hypertext point pt 7 "
											"ps 1.2 lc rgb '#ff000000', "
											"'' using 3:1:4 with labels "
											"hypertext point pt 7 ps 1.2 "
											"lc rgb '#ff000000', ");
	gnuplot_put(gnuplot, "NaN\n");
}

static void put_scaling_cell(struct html *page, double scaling)
{
	if (scaling > 0)
		html_number(page, scaling, "%.2f", scaling);
	else
		html_number(page, NAN, "-");
}

static void put_row(struct html *page, const struct twin *twin)
{
	char marks[MARKS_TEXT];

	html_row(page);
	html_cell(page, "%s", twin->core ? twin->core->workload : "-");
	html_cell(page, "%s", twin->live->workload);
	html_cell(page, "%s", twin->core ? twin->core->choices : twin->live->choices);
	if (is_measured(twin)) {
		html_number(page, result_nanoseconds(twin->core), "%s", report_time(result_nanoseconds(twin->core)));
		html_number(page, result_nanoseconds(twin->live), "%s", report_time(result_nanoseconds(twin->live)));
		html_number(page, twin->ratio, "%.3g", twin->ratio);
		html_number(page, twin->low, "%.3g … %.3g", twin->low, twin->high);
		put_scaling_cell(page, twin->core_scaling);
		put_scaling_cell(page, twin->live_scaling);
		html_cell(page, "%s", marks_text(twin->core->marks | twin->live->marks, marks));
	} else {
		html_cell(page, "skipped: %s", twin->skipped ? twin->skipped : "not measured in the core");
	}
	html_row_end(page);
}

static void put_data(struct html *page, const struct report_run *run, const struct twin *twins, unsigned int nr)
{
	static const char *const columns[] = {
		"core", "live", "choices", "time, core", "time, live", "ratio", "interval", "2 threads, core",
		"2 threads, live", "marks", NULL,
	};

	html_figure_data(page, columns);
	for (unsigned int i = 0; i < nr; i++)
		put_row(page, &twins[i]);
	html_table_end(page);
	html_figure_end(page, report_shell(run, "bench --threads 1,2"));
}

static void put_scaling_data(struct html *page, const struct report_run *run, const struct shown *shown)
{
	static const char *const columns[] = { "core", "live", "2 threads, core", "2 threads, live", NULL };

	html_figure_data(page, columns);
	for (unsigned int i = shown->nr; i; i--) {
		const struct twin *twin = shown->twins[i - 1];

		html_row(page);
		html_cell(page, "%s", twin->core->workload);
		html_cell(page, "%s", twin->live->workload);
		put_scaling_cell(page, twin->core_scaling);
		put_scaling_cell(page, twin->live_scaling);
		html_row_end(page);
	}
	html_table_end(page);
	html_figure_end(page, report_shell(run, "bench --threads 1,2"));
}

static void put_figures(struct html *page, const struct report_run *run, const struct twin *twins, unsigned int nr)
{
	struct shown shown = { .twins = calloc(nr, sizeof(*shown.twins)) };

	for (unsigned int i = nr; shown.twins && i; i--)
		if (twins[i - 1].usual && is_measured(&twins[i - 1]) && twins[i - 1].trusted)
			shown.twins[shown.nr++] = &twins[i - 1];
	html_legend(page);
	html_legend_entry(page, CORE_COLOUR, "core");
	html_legend_entry(page, LIVE_COLOUR, "live kernel");
	html_legend_end(page);
	html_figures(page);
	if (shown.nr) {
		put_costs(html_figure(page, "Cost",
				      "fewest threads; the core against the live kernel, with intervals of 95 %",
				      80 + ROW_HEIGHT * shown.nr), &shown);
		put_data(page, run, twins, nr);
		put_scalings(html_figure(page, "Second thread", "rate of two threads against one, on both sides",
					 80 + ROW_HEIGHT * shown.nr), &shown);
		put_scaling_data(page, run, &shown);
	}
	html_figures_end(page);
	free(shown.twins);
}

void report_twins(struct html *page, const struct report_run *run)
{
	unsigned int nr = 0;
	struct twin *twins = run->bench.nr ? twins_find(&run->bench, &nr) : NULL;

	html_section(page, "twins", "Core against live kernel");
	if (nr) {
		html_paragraph(page,
			       "The same work in the core and, through system calls, in the kernel that runs here: "
			       "the same threads, pages and mappings. The kernel's time includes system calls and "
			       "exceptions, hardware page tables and TLBs, and in a virtual machine the second level "
			       "of them; the core's does not.");
		put_figures(page, run, twins, nr);
	} else {
		html_missing(page, "No workload was measured both in the core and in the live kernel.",
			     "faultline bench");
	}
	free(twins);
	html_section_end(page);
}
