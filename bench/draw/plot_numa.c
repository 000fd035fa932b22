/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_numa.c - heat maps of costs by node: a row of panels for each workload, a panel for each map. */
#include "bench/data/numa.h"
#include "bench/draw/plot.h"

#define PANEL_WIDTH	300
#define PANEL_HEIGHT	250
#define MOST_LABELS	8	/* nodes: beyond, figures would not fit into their fields */

/*
 * Column, row, ns, how many times the ns beside the threads, both as text. Fields that were not measured stay empty.
 */
static bool put_map(struct gnuplot *gnuplot, const struct numa *numa, unsigned int first, enum numa_map map)
{
	bool any = false;

	gnuplot_data(gnuplot, "map");
	for (unsigned int row = 0; row < numa->nr_nodes; row++)
		for (unsigned int column = 0; column < numa->nr_nodes; column++) {
			const struct numa_cell *here = numa_at(numa, first, numa_place_in(map, row, row));
			const struct numa_cell *cell = numa_at(numa, first, numa_place_in(map, row, column));
			char text[64];

			if (!cell || !here)
				continue;
			snprintf(text, sizeof(text), "%.3g, × %.2f", cell->ns, cell->ns / here->ns);
			gnuplot_row(gnuplot, "%u %u %g %s", column, row, cell->ns / here->ns, text);
			any = true;
		}
	gnuplot_data_end(gnuplot);
	return any;
}

static void put_panel(struct gnuplot *gnuplot, const struct numa *numa, unsigned int first, enum numa_map map)
{
	bool any = put_map(gnuplot, numa, first, map);

	gnuplot_put(gnuplot, "set title %s font ',10'\nset xlabel 'node of ' . %s font ',9'\nplot ",
		    numa->cells[first].workload, map == NUMA_BOTH ? "frames and tables" : numa_map_name(map));
	if (any)
		gnuplot_put(gnuplot,
			    "$map using 1:2:($1-0.49):($1+0.49):($2-0.49):($2+0.49):3 with boxxyerror lc palette "
			    "notitle, ");
	if (any && numa->nr_nodes <= MOST_LABELS)
		gnuplot_put(gnuplot, "$map using 1:2:4 with labels font ',8' notitle, ");
	gnuplot_put(gnuplot, "NaN notitle\n");
}

static unsigned int count_groups(const struct numa *numa)
{
	unsigned int groups = 0;

	for (unsigned int first = 0; first < numa->nr; first = numa_group_end(numa, first))
		groups++;
	return groups;
}

static unsigned int nth_group(const struct numa *numa, unsigned int nth)
{
	unsigned int first = 0;

	while (nth--)
		first = numa_group_end(numa, first);
	return first;
}

static void put(struct gnuplot *gnuplot, const void *what, const struct plot_part *part)
{
	const struct numa *numa = what;

	gnuplot_put(gnuplot, "set multiplot layout %u,%d margins screen 0.06,0.98,%f,%f spacing screen 0.07,%f\n",
		    part->nr,
		    NR_NUMA_MAPS, 50 / part->height, 1 - (PLOT_TOP + 30) / part->height, 90 / part->height);
	gnuplot_put(gnuplot,
		    "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\nset style fill solid 1 noborder\nset xtics 1 scale "
		    "0\nset ytics 1 scale 0\n"
		    "unset colorbox\nset ylabel 'node of the threads' font ',9'\n"
		    "set cbrange [0.5:3]\nset palette defined (0.5 '#9ecae1', 1 '#ffffff', 2 '#fdae6b', 3 "
		    "'#e6550d')\n",
		    numa->nr_nodes - 0.5, numa->nr_nodes - 0.5);
	for (unsigned int group = 0; group < part->nr; group++)
		for (enum numa_map map = 0; map < NR_NUMA_MAPS; map++) {
			put_panel(gnuplot, numa, nth_group(numa, part->first + group), map);
			plot_drop_titles(gnuplot);
		}
	gnuplot_put(gnuplot, "unset multiplot\n");
}

int plot_numa(const struct numa *numa)
{
	struct picture picture = {
		.name = "numa",
		.title = "ns per item, and the factor against the threads' node",
		.marks = "medians of the repetitions",
		.width = NR_NUMA_MAPS * PANEL_WIDTH,
		.top = PLOT_TOP,
		.row_height = PANEL_HEIGHT,
		.nr_rows = count_groups(numa),
		.put = put,
		.what = numa,
	};

	return plot_write(&picture, &numa->facts);
}
