/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot.c - runs gnuplot, and what its pictures share. */
#include "bench/plot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/command.h"
#include "core/faultline.h"

#define PNG_SCALE	1.5	/* pixels of the PNG for each of the SVG */

static void __attribute__((format(printf, 5, 6))) put_title(FILE *out, const struct picture *picture, unsigned int line,
							     unsigned int from_top, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(out, "set label %u ", PLOT_TITLE + line);
	gnuplot_put_quoted(out, text);
	fprintf(out, " at screen 0.5, screen %f center font ',%d'%s\n", 1 - (double)from_top / picture->height, line ? 9 : 15,
		line ? " textcolor '#555555'" : "");
}

static void put_titles(FILE *out, const struct picture *picture, const struct results *results)
{
	put_title(out, picture, 0, 20, "%s", picture->title);
	put_title(out, picture, 1, 42, "%s · %s", results->cpu_model, results->topology);
	put_title(out, picture, 2, 56, "commit %s, %s build · %.10s · %s", results->commit, results->build_type, results->date,
		  picture->marks);
}

static void put_file(FILE *out, const struct picture *picture, const struct results *results, const char *terminal,
		     double scale, const char *suffix)
{
	fprintf(out, "reset\nset terminal %s size %.0f,%.0f\nset output '" PLOT_FOLDER "/%s.%s'\n", terminal,
		picture->width * scale, picture->height * scale, picture->name, suffix);
	fputs("set termoption noenhanced\nset encoding utf8\n"
	      "set border 3 lc rgb '#888888'\nset tics nomirror out textcolor rgb '#333333'\n"
	      "set style line 100 lc rgb '#dddddd' lw 0.7\n", out);
	put_titles(out, picture, results);
	picture->put_commands(out, picture->what);
	fputs("unset output\n", out);
}

int plot_write(const struct picture *picture, const struct results *results)
{
	struct gnuplot gnuplot;
	char png[128];
	int status;

	if (mkdir(PLOT_FOLDER, 0777) && errno != EEXIST)
		return fail(PLOT_FOLDER ": %s", strerror(errno));
	status = gnuplot_start(&gnuplot, false);
	if (status)
		return status;
	picture->put_data(gnuplot.in, picture->what);
	put_file(gnuplot.in, picture, results, "svg noenhanced background '#ffffff' font 'DejaVu Sans,11'", 1, "svg");
	snprintf(png, sizeof(png), "pngcairo noenhanced background '#ffffff' font 'DejaVu Sans,10' fontscale %g linewidth %g",
		 PNG_SCALE, PNG_SCALE);
	put_file(gnuplot.in, picture, results, png, PNG_SCALE, "png");
	status = gnuplot_end(&gnuplot);
	if (!status)
		printf(PLOT_FOLDER "/%s.svg and .png\n", picture->name);
	return status;
}

/* ---- what pictures share ---- */
static unsigned int add_name(const char **names, unsigned int nr, unsigned int room, const char *name)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(names[i], name))
			return nr;
	if (nr < room)
		names[nr++] = name;
	return nr;
}

static bool has_policy(const struct results *results, const char *policy)
{
	for (unsigned int i = 0; i < results->nr; i++)
		if (!strcmp(results->all[i].policy, policy))
			return true;
	return false;
}

unsigned int plot_policy_names(const struct results *results, const char **names, unsigned int room)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_policy_presets; i++)
		if (has_policy(results, policy_presets[i].name))
			nr = add_name(names, nr, room, policy_presets[i].name);
	for (unsigned int i = 0; i < results->nr; i++)
		if (*results->all[i].policy)
			nr = add_name(names, nr, room, results->all[i].policy);
	return nr;
}

const char *plot_policy_colour(unsigned int index, unsigned int nr)
{
	static const char *const colours[] = {
		"#b5b1c8", "#8e86b5", "#5f6fae", "#2b8c9e", "#d95f02", "#7570b3", "#66a61e", "#a6761d",
	};

	return nr == 1 ? "#d95f02" : colours[index % ARRAY_SIZE(colours)];
}

enum plot_kind plot_kind_of(const struct result *result)
{
	if (!strncmp(result->workload, "limit_", 6))
		return PLOT_LIMIT;
	return strncmp(result->workload, "live_", 5) ? PLOT_CORE : PLOT_LIVE;
}

/* Benchmarks of the workload and the choices of @result. */
static unsigned int siblings(const struct results *results, const struct result *result)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < results->nr; i++)
		nr += results->all[i].nr && !strcmp(results->all[i].workload, result->workload) &&
		      !strcmp(results->all[i].choices, result->choices);
	return nr;
}

const struct result *plot_workload(const struct results *results, unsigned int nth)
{
	const struct result *best = NULL;
	unsigned int most = 0;

	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];

		if (i && strcmp(result->workload, results->all[i - 1].workload)) {
			if (best && !nth--)
				return best;
			best = NULL;
			most = 0;
		}
		if (siblings(results, result) <= most)
			continue;
		most = siblings(results, result);
		best = result;
	}
	return nth ? NULL : best;
}
