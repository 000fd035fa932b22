/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_eras.c - `faultline eras`: workloads under all policies in order and with several thread counts, and the gain of
 * each step.
 */
#include "bench/cmd/commands.h"
#include "bench/cmd/measure.h"
#include "bench/data/eras.h"
#include "bench/draw/plot.h"
#include "core/faultline.h"

#define POINTS	4	/* of a line of throughput against threads: what a model of scaling needs at least */

/* Each of Linux's steps helps some of these, and none of them needs more than a moment. */
static const char *const workloads[] = {
	"fault_disjoint", "fault_one_vma", "fault_one_table", "fault_vs_map", "map_touch_unmap", "thp_fault",
	"zap_populated", "gup_read",
	"walk_dense", "walk_vs_fault",
};

static int print_steps(const struct results *results)
{
	table_eras(stdout, results);
	fflush(stdout);
	return plot_eras(results);
}

static int run_eras(int argc, const char **argv)
{
	static const struct measurement eras = {
		.file = "eras.json",
		.workloads = workloads,
		.nr_workloads = ARRAY_SIZE(workloads),
		.grid = POINTS,
		.print = print_steps,
	};

	return measure(&eras, argc, argv);
}

const struct command eras_command = {
	.name = "eras",
	.arguments = "[WORKLOAD...]",
	.what = "measure workloads under Linux's locking, era by era",
	.run = run_eras,
};
