/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_numa.c - heat maps of costs by node: a row of panels for each workload, a panel for each map. */
#include "bench/numa.h"
#include "bench/plot.h"

#define PANEL_WIDTH	300
#define PANEL_HEIGHT	250
#define MAX_GROUPS	12	/* workloads in one picture */
#define MOST_LABELS	8	/* nodes: beyond, figures would not fit into their fields */

/* A panel's data block is $gGROUPmMAP: column, row, ns, how many times the ns beside the threads. */
static void put_map(FILE *out, const struct numa *numa, unsigned int first, enum numa_map map)
{
	for (unsigned int row = 0; row < numa->nr_nodes; row++)
		for (unsigned int column = 0; column < numa->nr_nodes; column++) {
			const struct numa_cell *here = numa_at(numa, first, numa_place_in(map, row, row));
			const struct numa_cell *cell = numa_at(numa, first, numa_place_in(map, row, column));

			if (cell && here)
				fprintf(out, "%u %u %g %g\n", column, row, cell->ns, cell->ns / here->ns);
			else
				fprintf(out, "%u %u NaN NaN\n", column, row);
		}
}

static void put_data(FILE *out, const void *what)
{
	const struct numa *numa = what;
	unsigned int group = 0;

	for (unsigned int first = 0; first < numa->nr && group < MAX_GROUPS; first = numa_group_end(numa, first), group++)
		for (enum numa_map map = 0; map < NR_NUMA_MAPS; map++) {
			fprintf(out, "$g%um%u << EOD\n", group, map);
			put_map(out, numa, first, map);
			fputs("EOD\n", out);
		}
}

static void put_panel(FILE *out, const struct numa *numa, unsigned int first, unsigned int group, enum numa_map map)
{
	const struct numa_cell *cell = &numa->cells[first];

	fputs("set title ", out);
	gnuplot_put_quoted(out, cell->workload);
	fprintf(out, " font ',10'\nset xlabel 'node of %s' font ',9'\n", map == NUMA_BOTH ? "frames and tables" : numa_map_name(map));
	fprintf(out, "plot $g%um%u using 1:2:4 with image notitle", group, map);
	if (numa->nr_nodes <= MOST_LABELS)
		fprintf(out, ", $g%um%u using 1:2:(sprintf(\"%%.%df\\n×%%.2f\", $3, $4)) with labels font ',8' notitle", group, map,
			cell->ns < 10 ? 2 : 1);
	fputc('\n', out);
}

static unsigned int count_groups(const struct numa *numa)
{
	unsigned int groups = 0;

	for (unsigned int first = 0; first < numa->nr && groups < MAX_GROUPS; first = numa_group_end(numa, first))
		groups++;
	return groups;
}

static void put_commands(FILE *out, const void *what)
{
	const struct numa *numa = what;
	unsigned int groups = count_groups(numa), first = 0;
	double height = PLOT_TOP + groups * PANEL_HEIGHT;

	fprintf(out, "set multiplot layout %u,%d margins screen 0.06,0.98,%f,%f spacing screen 0.07,%f\n", groups, NR_NUMA_MAPS,
		50 / height, 1 - (PLOT_TOP + 30) / height, 90 / height);
	fprintf(out, "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\nset xtics 1 scale 0\nset ytics 1 scale 0\nunset colorbox\n"
		"set ylabel 'node of the threads' font ',9'\n"
		"set cbrange [0.5:3]\nset palette defined (0.5 '#9ecae1', 1 '#ffffff', 2 '#fdae6b', 3 '#e6550d')\n",
		numa->nr_nodes - 0.5, numa->nr_nodes - 0.5);
	for (unsigned int group = 0; group < groups; group++, first = numa_group_end(numa, first))
		for (enum numa_map map = 0; map < NR_NUMA_MAPS; map++) {
			put_panel(out, numa, first, group, map);
			if (!group && !map)	/* the titles were drawn: not once more for each panel */
				fprintf(out, "unset label %d\nunset label %d\nunset label %d\n", PLOT_TITLE, PLOT_TITLE + 1, PLOT_TITLE + 2);
		}
	fputs("unset multiplot\n", out);
}

int plot_numa(const struct numa *numa)
{
	struct picture picture = {
		.name = "numa",
		.title = "ns for each item, and how many times that beside the threads",
		.marks = "medians of the repetitions",
		.width = NR_NUMA_MAPS * PANEL_WIDTH,
		.height = PLOT_TOP + count_groups(numa) * PANEL_HEIGHT,
		.put_data = put_data,
		.put_commands = put_commands,
		.what = numa,
	};

	return plot_write(&picture, &numa->facts);
}
