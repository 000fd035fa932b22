/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_twins.c - the model beside the live kernel: what an item costs, as a ratio, and what a second thread brings, on both sides. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "bench/gnuplot.h"
#include "bench/plot.h"
#include "bench/twins.h"
#include "core/faultline.h"

#define TOP		(PLOT_TOP + 40)	/* pixels above the rows */
#define BOTTOM		80
#define ROW_HEIGHT	19
#define MOST_SCALING	4.0	/* beyond is noise: no axis need hold it */
#define MODEL_COLOUR	"#2b8c9e"
#define LIVE_COLOUR	"#d95f02"

struct rows {
	const struct twin **twins;	/* from the bottom up */
	unsigned int nr;
	double low, high;		/* ratios that the axis holds */
	double most;			/* scaling that its axis holds */
};

static void put_ratios(FILE *out, const struct rows *rows)
{
	fputs("$ratios << EOD\n", out);
	for (unsigned int i = 0; i < rows->nr; i++) {
		const struct twin *twin = rows->twins[i];

		fprintf(out, "%u %g %g %g \"%.*f\"\n", i, twin->ratio, twin->low, twin->high, twin->ratio < 0.995 ? 3 : 2, twin->ratio);
	}
	fputs("EOD\n", out);
}

static void put_data(FILE *out, const void *what)
{
	const struct rows *rows = what;

	put_ratios(out, rows);
	fputs("$scaling << EOD\n", out);
	for (unsigned int i = 0; i < rows->nr; i++)
		if (rows->twins[i]->core_scaling > 0 && rows->twins[i]->live_scaling > 0)
			fprintf(out, "%u %g %g\n", i, rows->twins[i]->core_scaling, rows->twins[i]->live_scaling);
	fputs("EOD\n", out);
}

/* The model's name; its twin's is the same with live_ in front, or told by the list of workloads. */
static void put_names(FILE *out, const struct rows *rows)
{
	fputs("set ytics (", out);
	for (unsigned int i = 0; i < rows->nr; i++) {
		const struct twin *twin = rows->twins[i];
		char label[512];

		snprintf(label, sizeof(label), "%s%s%s", twin->core->workload, twin->core->threads > 1 ? ", threads:2" : "",
			 strstr(twin->core->choices, "payload:") ? " *" : "");
		fputs(i ? ", " : "", out);
		gnuplot_put_quoted(out, label);
		fprintf(out, " %u", i);
	}
	fputs(") font ',9'\n", out);
}

static void put_commands(FILE *out, const void *what)
{
	const struct rows *rows = what;
	double height = TOP + BOTTOM + rows->nr * ROW_HEIGHT;

	fprintf(out, "set multiplot\nset tmargin at screen %f\nset bmargin at screen %f\nset yrange [-0.7:%g]\nset tics scale 0.4\n"
		"set grid x ls 100\nset style fill solid 0.85 noborder\n", 1 - TOP / height, BOTTOM / height, rows->nr - 0.3);
	put_names(out, rows);
	fprintf(out, "set lmargin at screen 0.2\nset rmargin at screen 0.66\nset logscale x 10\nset xrange [%g:%g]\n", rows->low, rows->high);
	fputs("set xlabel \"time of an item: the model's, against the live kernel's\\n* model with whole pages\" font ',10'\n"
	      "set format x '%g'\nset arrow 1 from 1,graph 0 to 1,graph 1 nohead lw 1.2 lc rgb '#555555' front\nset key off\n", out);
	fputs("plot $ratios using 2:1:($2<1?$2:1):($2<1?1:$2):($1-0.32):($1+0.32) with boxxyerror lc rgb '" MODEL_COLOUR "', "
		"'' using 2:1:3:4 with xerrorbars pt 0 lw 1.2 lc rgb '#222222', "
		"'' using ($4>1?$4:1):1:5 with labels left offset 0.6,0 font ',8' textcolor '#333333'\n", out);
	fputs("unset arrow 1\nunset logscale x\nunset ytics\nset lmargin at screen 0.71\nset rmargin at screen 0.97\n", out);
	for (unsigned int line = 0; line < 3; line++)	/* the titles are drawn */
		fprintf(out, "unset label %u\n", PLOT_TITLE + line);
	fprintf(out, "set xrange [0:%g]\nset xlabel 'rate of two threads, one thread = 1' font ',10'\n"
		"set key at graph 0.5,graph 1 center bottom horizontal font ',10' Left reverse samplen 1.2\n"
		"set arrow 2 from 2,graph 0 to 2,graph 1 nohead dt 2 lc rgb '#999999'\n", rows->most);
	fputs("plot $scaling using (($2+$3)/2):1:2:3 with xerrorbars pt 0 lw 1 lc rgb '#bbbbbb' notitle, "
	      "'' using 2:1 with points pt 7 ps 0.7 lc rgb '" MODEL_COLOUR "' title 'model', "
	      "'' using 3:1 with points pt 7 ps 0.7 lc rgb '" LIVE_COLOUR "' title 'live kernel'\nunset multiplot\n", out);
}

/* By name, from the top down; one for each live workload. */
static void gather(struct rows *rows, const struct twin *twins, unsigned int nr)
{
	rows->low = 0.5;
	rows->high = 2;
	rows->most = 2.2;
	for (unsigned int i = nr; i; i--) {
		const struct twin *twin = &twins[i - 1];

		if (!twin->usual || twin->skipped)
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
		.title = "The model against the live kernel",
		.marks = "medians, with their intervals",
		.width = 1000,
		.put_data = put_data,
		.put_commands = put_commands,
		.what = &rows,
	};
	unsigned int nr;
	struct twin *twins = twins_find(results, &nr);
	int status = 0;

	rows.twins = calloc(nr + 1, sizeof(*rows.twins));
	if (twins && rows.twins)
		gather(&rows, twins, nr);
	picture.height = TOP + BOTTOM + rows.nr * ROW_HEIGHT;
	if (rows.nr)
		status = plot_write(&picture, results);
	else
		puts("no picture of twins: no workload was measured in the core and in the live kernel");
	free(rows.twins);
	free(twins);
	return status;
}
