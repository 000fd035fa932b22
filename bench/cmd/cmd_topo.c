/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_topo.c - `faultline topo`: the machine's topology, and where threads, frames and page tables would be placed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/commands.h"
#include "bench/run/choices.h"
#include "core/faultline.h"

struct topo_options {
	char *synthetic;
	struct choices choices;
};

enum { OPT_SYNTHETIC = 1 };

static const struct poptOption options[] = {
	{ "synthetic", 's', POPT_ARG_STRING, NULL, OPT_SYNTHETIC,
	  "plan for this machine, in hwloc's synthetic notation",
	  "\"node:2 core:4 pu:1\"" },
	{ "threads", 't', POPT_ARG_STRING, NULL, CHOOSE_THREADS, "plan for N threads (default: one for each PU)",
	  "N,..." },
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, places_options, 0, "Placement:", NULL },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	struct topo_options *topo = target;

	if (option != OPT_SYNTHETIC)
		return choices_take(&topo->choices, option, text);
	return keep_text(&topo->synthetic, text);
}

static int describe(struct topo_options *topo)
{
	struct choices *choices = &topo->choices;
	int status = places_check(&choices->places);

	if (status)
		return status;
	if (!choices->nr_threads) {
		choices->threads[0] = topology_pus();
		choices->nr_threads = 1;
	}
	for (unsigned int i = 0; i < choices->nr_threads; i++) {
		topology_describe(stdout, choices->threads[i]);
		places_describe(&choices->places, choices->threads[i], stdout);
	}
	return EXIT_DONE;
}

static int load_and_describe(struct topo_options *topo)
{
	int error = topology_load(topo->synthetic), status;

	if (error == -EINVAL && topo->synthetic)
		return complain("invalid topology '%s': give levels from the outside in, as in \"node:2 core:4 pu:1\"",
				topo->synthetic);
	if (error == -E2BIG)
		return complain("topology '%s' has more than %d PUs, the most that are planned for", topo->synthetic,
				NR_CPUS);
	if (error)
		return fail("cannot read the topology: %s", strerror(-error));
	status = describe(topo);
	topology_free();
	return status;
}

static int run_topo(int argc, const char **argv)
{
	struct topo_options topo = { 0 };
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...]", take, &topo);

	if (!status) {
		status = refuse_words(&line);
		status = status ? status : load_and_describe(&topo);
		command_line_free(&line);
	}
	choices_free(&topo.choices);
	free(topo.synthetic);
	return status;
}

const struct command topo_command = {
	.name = "topo",
	.arguments = "",
	.what = "print the topology and where threads and memory go",
	.run = run_topo,
};
