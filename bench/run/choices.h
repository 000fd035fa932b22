/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choices.h - what a run is made of, as chosen on the command line of bench and stress. */
#ifndef FAULTLINE_BENCH_RUN_CHOICES_H
#define FAULTLINE_BENCH_RUN_CHOICES_H

#include <popt.h>

#include "bench/ground/places.h"
#include "workloads/lib/layout.h"

#define MAX_POLICIES	32
#define MAX_THREADS	32	/* thread counts in a list, not threads */
#define MAX_LAYOUTS	32
#define MAX_AXES	16

#define MOST_FRAMES	((1ul << 32) / MAX_NODES)	/* of a node: pfns have 32 bits */

/* What the machine takes, in bytes. */
#define MAX_PAYLOADS	3
extern const unsigned int all_payloads[MAX_PAYLOADS];

struct policy_choice {
	char *name;			/* as policy_parse() takes it */
	struct mm_policy policy;
};

/* The one value that workloads with an axis of that name shall take. */
struct axis_choice {
	char *key;
	int64_t value;
};

/* A list with nr == 0 was not chosen: each command has its own default. */
struct choices {
	struct policy_choice policies[MAX_POLICIES];
	unsigned int threads[MAX_THREADS];
	unsigned int payloads[MAX_PAYLOADS];
	struct layout *layouts[MAX_LAYOUTS];
	char *layout_paths[MAX_LAYOUTS];	/* as they were given, to be given again */
	enum layout_populate populate;		/* of all layouts */
	struct axis_choice axes[MAX_AXES];
	unsigned int nr_policies, nr_threads, nr_payloads, nr_layouts, nr_axes;
	struct places places;
	unsigned long frames;		/* for each node */
	bool frames_given;		/* by option: not to be changed */
	bool layouts_given;		/* by option: not what is shipped */
	uint64_t seed;
};

/* Values of the options in choices_options, and of a command's own entries that mean the same. */
enum {
	CHOOSE_POLICY = 100,
	CHOOSE_THREADS,
	CHOOSE_PLACEMENT,
	CHOOSE_NODE,
	CHOOSE_MEMORY,
	CHOOSE_TABLES,
	CHOOSE_PAYLOAD,
	CHOOSE_LAYOUT,
	CHOOSE_POPULATE,
	CHOOSE_AXIS,
	CHOOSE_FRAMES,
	CHOOSE_SEED,
};

/* The options above, for POPT_ARG_INCLUDE_TABLE: what runs, and where it goes; or either alone. */
extern struct poptOption choices_options[], suite_options[], places_options[];

void choices_init(struct choices *choices);
void choices_free(struct choices *choices);
/* Takes one option. Returns 0, or the exit status after one line on stderr. */
int choices_take(struct choices *choices, int option, const char *text);
/* Adds the policy that @text names, or all presets; likewise all layouts that are shipped. Returns as above. */
int choices_add_policies(struct choices *choices, const char *text);
int choices_add_shipped_layouts(struct choices *choices);
/* After the last option: the layouts that are shipped if none was chosen; all populated as chosen. Returns as above. */
int choices_settle_layouts(struct choices *choices);
#endif
