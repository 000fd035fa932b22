/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_numa.c - what it costs where: a heat map for each workload and map. */
#include <stdio.h>

#include "bench/data/numa.h"
#include "bench/draw/report.h"

/* Column, row, factor against everything on the threads' node, and the text of a field. */
static void put_cells(struct gnuplot *gnuplot, const struct numa *numa, unsigned int first, enum numa_map map)
{
	gnuplot_data(gnuplot, "c");
	for (unsigned int row = 0; row < numa->nr_nodes; row++)
		for (unsigned int column = 0; column < numa->nr_nodes; column++) {
			const struct numa_cell *here = numa_at(numa, first, numa_place_in(map, row, row));
			const struct numa_cell *cell = numa_at(numa, first, numa_place_in(map, row, column));
			char text[64];

			if (!cell || !here)
				continue;
			snprintf(text, sizeof(text), "%.3g ns × %.2f", cell->ns, cell->ns / here->ns);
			gnuplot_row(gnuplot, "%u %u %g %s", column, row, cell->ns / here->ns, text);
		}
	gnuplot_data_end(gnuplot);
}

/* Fields are boxes: an image would be a file beside the page. */
static void put_picture(struct gnuplot *gnuplot, const struct numa *numa, unsigned int first, enum numa_map map)
{
	put_cells(gnuplot, numa, first, map);
	gnuplot_put(gnuplot, "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\nset xtics 1 scale 0\nset ytics 1 scale 0\n"
		    "unset border\nunset colorbox\nset cbrange [0.5:3]\n"
		    "set palette defined (0.5 '#6baed6', 1 '#c9ced6', 2 '#fdae6b', 3 '#e6550d')\n"
		    "set ylabel 'node of the threads'\nset xlabel 'node of ' . %s offset 0,0.5\nset style fill solid "
		    "1 noborder\n"
		    "plot $c using 1:2:($1-0.48):($1+0.48):($2-0.48):($2+0.48):3 with boxxyerror lc palette, $c using "
		    "1:2:4 with labels font ',10' textcolor '#111111'\n",
		    numa->nr_nodes - 0.5, numa->nr_nodes - 0.5,
			    map == NUMA_BOTH ? "frames and tables" : numa_map_name(map));
}

static bool has_map(const struct numa *numa, unsigned int first, enum numa_map map)
{
	return numa->nr_nodes > 1 && numa_at(numa, first, numa_place_in(map, 0, 1)) &&
	       numa_at(numa, first, numa_place_in(map, 0, 0));
}

static void put_rows(struct html *page, const struct numa *numa, unsigned int first)
{
	for (unsigned int i = first; i < numa_group_end(numa, first); i++) {
		const struct numa_cell *cell = &numa->cells[i];

		html_row(page);
		html_number(page, cell->place.threads, "%u", cell->place.threads);
		html_number(page, cell->place.frames, "%u", cell->place.frames);
		html_number(page, cell->place.tables, "%u", cell->place.tables);
		html_number(page, cell->ns, "%s", report_time(cell->ns));
		html_number(page, cell->low, "%s … %s", report_time(cell->low), report_time(cell->high));
		html_row_end(page);
	}
}

static void put_group(struct html *page, const struct report_run *run, unsigned int first)
{
	static const char *const columns[] = { "threads' node", "frames' node", "tables' node", "time per item",
					      "interval", NULL };
	const struct numa_cell *cell = &run->numa.cells[first];

	for (enum numa_map map = 0; map < NR_NUMA_MAPS; map++) {
		char note[512], command[256];

		if (!has_map(&run->numa, first, map))
			continue;
		snprintf(note, sizeof(note), "%s %s · %u threads · map of %s", cell->policy, cell->choices,
			 cell->threads,
			 numa_map_name(map));
		put_picture(html_figure(page, cell->workload, note, 120 + 60 * run->numa.nr_nodes), &run->numa, first,
			    map);
		html_figure_data(page, columns);
		put_rows(page, &run->numa, first);
		html_table_end(page);
		report_word(command, sizeof(command), "numa ", cell->workload);
		html_figure_end(page, report_shell(run, command));
	}
}

void report_numa(struct html *page, const struct report_run *run)
{
	const struct numa *numa = &run->numa;

	html_section(page, "numa", "NUMA");
	if (!run->has_numa) {
		html_missing(page, "Costs by node were not measured.", "faultline numa");
	} else if (!numa->nr) {
		char text[512];

		snprintf(text, sizeof(text), "Skipped: %s.", numa->skipped ? numa->skipped : "no cells");
		html_missing(page, text, "faultline numa");
	} else {
		html_paragraph(page, "Time of one thread for one item, by the node of the threads and the node of "
				     "frames, of page tables, or of both. Factors are relative to the time with all "
				     "memory on the threads' node.");
		html_figures(page);
		for (unsigned int first = 0; first < numa->nr; first = numa_group_end(numa, first))
			put_group(page, run, first);
		html_figures_end(page);
	}
	html_section_end(page);
}
