/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plot_twins.c - the core beside the live kernel: cost of an item as a ratio, and speed-up by a second thread, on
 * both sides.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/twins.h"
#include "bench/draw/plot.h"
#include "bench/ground/command.h"
#include "core/faultline.h"

#define TOP		(PLOT_TOP + 40)	/* pixels above the rows */
#define BOTTOM		80
#define ROW_HEIGHT	19
#define MOST_SCALING	4.0	/* beyond is noise: no axis need hold it */
#define CORE_COLOUR	"#2b8c9e"
#define LIVE_COLOUR	"#d95f02"

struct rows {
	const struct twin **twins;	/* from the top down */
	unsigned int nr;
	double low, high;		/* ratios that the axis holds */
	double most;			/* scaling that its axis holds */
};

static void put_data(struct gnuplot *gnuplot, const struct rows *rows, const struct plot_part *part)
{
	gnuplot_data(gnuplot, "ratios");
	for (unsigned int i = 0; i < part->nr; i++) {
		const struct twin *twin = rows->twins[part->first + i];
		char text[32];

		snprintf(text, sizeof(text), "%.*f", twin->ratio < 0.995 ? 3 : 2, twin->ratio);
		gnuplot_row(gnuplot, "%u %g %g %g %s", part->nr - 1 - i, twin->ratio, twin->low, twin->high, text);
	}
	gnuplot_data_end(gnuplot);
}

/* Returns whether any was measured with two threads. */
static bool put_scaling(struct gnuplot *gnuplot, const struct rows *rows, const struct plot_part *part)
{
	bool any = false;

	gnuplot_data(gnuplot, "scaling");
	for (unsigned int i = 0; i < part->nr; i++) {
		const struct twin *twin = rows->twins[part->first + i];

		if (twin->core_scaling <= 0 || twin->live_scaling <= 0)
			continue;
		gnuplot_row(gnuplot, "%u %g %g", part->nr - 1 - i, twin->core_scaling, twin->live_scaling);
		any = true;
	}
	gnuplot_data_end(gnuplot);
	return any;
}

/* The core's name; its twin's is the same with live_ in front, or is in the list of workloads. */
static void put_names(struct gnuplot *gnuplot, const struct rows *rows, const struct plot_part *part)
{
	gnuplot_put(gnuplot, "set ytics (");
	for (unsigned int i = 0; i < part->nr; i++) {
		const struct twin *twin = rows->twins[part->first + i];
		char label[512];

		snprintf(label, sizeof(label), "%s%s%s", twin->core->workload, twin->core->threads > 1 ? ", threads:2"
			 : "",
			 strstr(twin->core->choices, "payload:") ? " *" : "");
		gnuplot_put(gnuplot, "%s %u, ", label, part->nr - 1 - i);
	}
	gnuplot_put(gnuplot, "'' -9) font ',9'\n");
}

static void put_costs(struct gnuplot *gnuplot, const struct rows *rows)
{
	gnuplot_put(gnuplot,
		    "set lmargin at screen 0.2\nset rmargin at screen 0.66\nset logscale x 10\nset xrange [%g:%g]\n",
		    rows->low, rows->high);
	gnuplot_put(gnuplot,
		    "set xlabel \"time per item: core / live kernel\\n* core with whole "
		    "pages\" font ',10'\n"
		    "set format x '%%g'\nset arrow 1 from 1,graph 0 to 1,graph 1 nohead lw 1.2 lc rgb '#555555' "
		    "front\nset key off\n"
		    "plot $ratios using 2:1:($2<1?$2:1):($2<1?1:$2):($1-0.32):($1+0.32) with boxxyerror lc rgb "
		    "'" CORE_COLOUR "', "
		    "'' using 2:1:3:4 with xerrorbars pt 0 lw 1.2 lc rgb '#222222', "
		    "'' using ($4>1?$4:1):1:5 with labels left offset 0.6,0 font ',8' textcolor '#333333'\n");
}

static void put_scalings(struct gnuplot *gnuplot, const struct rows *rows)
{
	gnuplot_put(gnuplot,
		    "unset arrow 1\nunset logscale x\nunset ytics\nset lmargin at screen 0.71\nset rmargin at screen "
		    "0.97\n"
		    "set xrange [0:%g]\nset xlabel 'rate of two threads, one thread = 1' font ',10'\n"
		    "set key at graph 0.5,graph 1 center bottom horizontal font ',10' Left reverse samplen 1.2\n"
		    "set arrow 2 from 2,graph 0 to 2,graph 1 nohead dt (8,6) lw 1.2 lc rgb '#999999' back\n",
		    rows->most);
	gnuplot_put(gnuplot,
		    "plot $scaling using (($2+$3)/2):1:2:3 with xerrorbars pt 0 lw 1 lc rgb '#bbbbbb' notitle, "
		    "'' using 2:1 with points pt 7 ps 0.7 lc rgb '" CORE_COLOUR "' title 'core', "
		    "'' using 3:1 with points pt 7 ps 0.7 lc rgb '" LIVE_COLOUR "' title 'live kernel'\n");
}

static void put(struct gnuplot *gnuplot, const void *what, const struct plot_part *part)
{
	const struct rows *rows = what;
	bool scales = put_scaling(gnuplot, rows, part);

	put_data(gnuplot, rows, part);
	gnuplot_put(gnuplot,
		    "set multiplot\nset tmargin at screen %f\nset bmargin at screen %f\nset yrange [-0.7:%g]\n"
		    "set tics scale 0.4\nset grid x ls 100\nset style fill solid 0.85 noborder\n",
			    1 - TOP / part->height,
		    BOTTOM / part->height, part->nr - 0.3);
	put_names(gnuplot, rows, part);
	put_costs(gnuplot, rows);
	plot_drop_titles(gnuplot);
	if (scales)
		put_scalings(gnuplot, rows);
	gnuplot_put(gnuplot, "unset multiplot\n");
}

/* By name, from the top down; one for each live workload, if neither side has a mark. */
static void gather(struct rows *rows, const struct twin *twins, unsigned int nr)
{
	rows->low = 0.5;
	rows->high = 2;
	rows->most = 2.2;
	for (unsigned int i = 0; i < nr; i++) {
		const struct twin *twin = &twins[i];

		if (!twin->usual || twin->skipped || !twin->trusted)
			continue;
		rows->twins[rows->nr++] = twin;
		rows->low = min(rows->low, pow(10, floor(log10(twin->ratio))));
		rows->high = max(rows->high, twin->ratio * 3);
		rows->most = max(rows->most, twin->core_scaling + 0.2);
		rows->most = max(rows->most, twin->live_scaling + 0.2);
	}
	rows->most = min(rows->most, MOST_SCALING);
}

int plot_twins(const struct results *results)
{
	struct rows rows = { 0 };
	struct picture picture = {
		.name = "twins",
		.title = "The core against the live kernel",
		.marks = "medians, with intervals of 95 %",
		.width = 1000,
		.top = TOP,
		.bottom = BOTTOM,
		.row_height = ROW_HEIGHT,
		.put = put,
		.what = &rows,
	};
	unsigned int nr;
	struct twin *twins = twins_find(results, &nr);
	int status = 0;

	rows.twins = calloc(nr + 1, sizeof(*rows.twins));
	if (twins && rows.twins)
		gather(&rows, twins, nr);
	picture.nr_rows = rows.nr;
	if (rows.nr)
		status = plot_write(&picture, results);
	else
		puts("no picture of twins: no workload was measured in the core and in the live kernel");
	free(rows.twins);
	free(twins);
	return status;
}
