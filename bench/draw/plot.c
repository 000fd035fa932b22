/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot.c - runs gnuplot, and what its pictures share. */
#include "bench/draw/plot.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/data/trust.h"
#include "bench/ground/command.h"
#include "bench/ground/out_file.h"
#include "core/faultline.h"

#define FACTOR_TICS	7	/* at most */

static const struct {
	const char *suffix;
	double scale;
} formats[] = { { "svg", 1 }, { "png", PLOT_PNG_SCALE } };

static void __printf(5, 6) put_title(struct gnuplot *gnuplot, const struct plot_part *part, unsigned int line,
				      unsigned int from_top, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	gnuplot_put(gnuplot, "set label %u %s at screen 0.5, screen %f center font ',%d' textcolor %s\n",
		    PLOT_TITLE + line, text,
		    1 - from_top / part->height, line ? 9 : 15, line ? "#555555" : "#000000");
}

static void put_titles(struct gnuplot *gnuplot, const struct picture *picture, const struct plot_part *part,
		       const struct results *results)
{
	const unsigned int marked = trust_nr_marked(results);
	char excluded[64] = "";

	put_title(gnuplot, part, 0, 20, "%s", picture->title);
	put_title(gnuplot, part, 1, 42, "%s · %s", results->cpu_model, results->topology);
	if (marked)
		snprintf(excluded, sizeof(excluded), " · not drawn: %u of %u rows, which have marks", marked,
			 results->nr);
	put_title(gnuplot, part, 2, 56, "commit %s, %s build · %.10s · %s%s", results->commit, results->build_type,
		  results->date, picture->marks, excluded);
}

static void put_terminal(struct gnuplot *gnuplot, const struct picture *picture, const struct plot_part *part,
			 size_t format)
{
	double scale = formats[format].scale;

	if (format)
		gnuplot_put(gnuplot,
			    "set terminal pngcairo noenhanced background '#ffffff' font 'DejaVu Sans,10' fontscale %g "
			    "linewidth %g", scale, scale);
	else
		gnuplot_put(gnuplot, "set terminal svg noenhanced background '#ffffff' font 'DejaVu Sans,11'");
	gnuplot_put(gnuplot, " size %.0f,%.0f\nset termoption noenhanced\nset encoding utf8\n"
		    "set border 3 lc rgb '#888888'\nset tics nomirror out textcolor rgb '#333333'\n"
		    "set style line 100 lc rgb '#dddddd' lw 0.7\nset pointintervalbox 0\n", picture->width * scale,
		    part->height * scale);
}

static int draw(const struct picture *picture, const struct plot_part *part, const struct results *results,
		size_t format, FILE *out)
{
	struct gnuplot *gnuplot;
	char block[65536];
	FILE *drawn;
	size_t got;
	int status;

	gnuplot = gnuplot_start(&status);
	if (!gnuplot)
		return status;
	put_terminal(gnuplot, picture, part, format);
	put_titles(gnuplot, picture, part, results);
	picture->put(gnuplot, picture->what, part);
	gnuplot_put(gnuplot, "unset output\n");
	drawn = gnuplot_end(gnuplot, &status);
	if (!drawn)
		return status;
	while ((got = fread(block, 1, sizeof(block), drawn)))
		fwrite(block, 1, got, out);
	status = ferror(drawn) ? fail("gnuplot's picture cannot be read: %s", strerror(errno)) : 0;
	fclose(drawn);
	return status;
}

static int write_file(const struct picture *picture, const struct plot_part *part, const struct results *results,
		      size_t format, const char *path)
{
	struct out_file out;
	int status = out_file_begin(&out, path);

	return status ? status : out_file_end(&out, draw(picture, part, results, format, out.stream));
}

static int write_part(const struct picture *picture, const struct plot_part *part, const struct results *results,
		      const char *name)
{
	int status = 0;

	for (size_t format = 0; !status && format < ARRAY_SIZE(formats); format++) {
		char path[128];

		snprintf(path, sizeof(path), "%s.%s", name, formats[format].suffix);
		status = write_file(picture, part, results, format, path);
	}
	if (!status)
		printf("%s.svg and .png\n", name);
	return status;
}

int plot_write(const struct picture *picture, const struct results *results)
{
	unsigned int room = max((PLOT_MOST - picture->top - picture->bottom) / picture->row_height, 1u);
	unsigned int parts = (picture->nr_rows + room - 1) / room, each = (picture->nr_rows + parts - 1) / parts,
		nr = 0;
	int status = 0;

	if (mkdir(PLOT_FOLDER, 0777) && errno != EEXIST)
		return fail(PLOT_FOLDER ": %s", strerror(errno));
	for (unsigned int first = 0; !status && first < picture->nr_rows; first += each) {
		struct plot_part part = { .first = first, .nr = min(each, picture->nr_rows - first) };
		char name[64];

		part.height = picture->top + picture->bottom + part.nr * picture->row_height;
		snprintf(name, sizeof(name), PLOT_FOLDER "/%s", picture->name);
		if (parts > 1)
			snprintf(name, sizeof(name), PLOT_FOLDER "/%s-%u", picture->name, ++nr);
		status = write_part(picture, &part, results, name);
	}
	return status;
}

/* ---- what pictures share ---- */
void plot_drop_titles(struct gnuplot *gnuplot)
{
	for (unsigned int line = 0; line < 3; line++)
		gnuplot_put(gnuplot, "unset label %u\n", PLOT_TITLE + line);
}

void plot_time_tics(struct gnuplot *gnuplot, char axis, double low, double high)
{
	static const char *const units[] = { "ps", "ns", "µs", "ms", "s" };

	if (axis == 'x')
		gnuplot_put(gnuplot, "set xtics (");
	else
		gnuplot_put(gnuplot, "set ytics (");
	for (int power = max((int)floor(log10(low)), -3); pow(10, power) <= high; power++) {
		int unit = min((power + 3) / 3, (int)ARRAY_SIZE(units) - 1);
		char text[32];

		snprintf(text, sizeof(text), "%g %s", pow(10, power + 3 - 3 * unit), units[unit]);
		gnuplot_put(gnuplot, "%s %g, ", text, pow(10, power));
	}
	gnuplot_put(gnuplot, "'' %g)\n", high);
}

void plot_factor_tics(struct gnuplot *gnuplot, double low, double high)
{
	int first = (int)ceil(log2(low)), last = (int)floor(log2(high)), apart = (last - first) / FACTOR_TICS + 1;

	gnuplot_put(gnuplot, "set xtics (");
	for (int power = first - first % apart; power <= last; power += apart) {
		char text[32];

		snprintf(text, sizeof(text), "%s%g", power < 0 ? "1/" : "", pow(2, abs(power)));
		gnuplot_put(gnuplot, "%s %g, ", text, pow(2, power));
	}
	gnuplot_put(gnuplot, "'' %g)\n", high);
}

const char *plot_policy_colour(unsigned int index, unsigned int nr)
{
	static const char *const colours[] = {
		"#b5b1c8", "#8e86b5", "#5f6fae", "#2b8c9e", "#d95f02", "#7570b3", "#66a61e", "#a6761d",
	};

	return nr == 1 ? "#d95f02" : colours[index % ARRAY_SIZE(colours)];
}
