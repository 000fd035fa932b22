/* SPDX-License-Identifier: GPL-2.0-or-later */
/* landing.c - checks the placement of frames and page tables. */
#include "bench/run/landing.h"

#include <string.h>

#include "bench/ground/command.h"
#include "bench/run/crew.h"

#define SAMPLE	64	/* frames of each use that the kernel is asked about */

/* What lies on the machine, of one use. */
struct finding {
	unsigned long nr, elsewhere;
	void *sample[SAMPLE];		/* spread over all: the last ones of a stride that doubles */
	unsigned int sampled;
	unsigned long stride;
};

static bool use_of_page(const struct page *page, enum frame_use *use)
{
	enum page_type type = page_type(page);

	*use = type == PAGE_TABLE ? FRAME_TABLE : FRAME_DATA;
	return type == PAGE_TABLE || type == PAGE_ANON || type == PAGE_FILE;
}

/* When the sample is full, every other one of it goes, and from then on half as many come. */
static void sample(struct finding *found, struct page *page)
{
	if (found->nr % found->stride)
		return;
	if (found->sampled == SAMPLE) {
		for (unsigned int i = 0; i < SAMPLE / 2; i++)
			found->sample[i] = found->sample[2 * i];
		found->sampled = SAMPLE / 2;
		found->stride *= 2;
		if (found->nr % found->stride)
			return;
	}
	found->sample[found->sampled++] = page_address(page);
}

static void look(const struct places *places, struct finding found[NR_FRAME_USES])
{
	enum frame_use use;

	for (unsigned long pfn = 0; pfn < machine.max_pfn; pfn++) {
		if (!pfn_valid(pfn) || !use_of_page(pfn_to_page(pfn), &use))
			continue;
		sample(&found[use], pfn_to_page(pfn));
		found[use].nr++;
		found[use].elsewhere += pfn_to_nid(pfn) != places->memory[use].node;
	}
}

/* Frames that nothing was written to are nowhere: the kernel answers with an error. */
static unsigned int ask_kernel(struct finding *found, unsigned int node, struct landing *sum)
{
	unsigned int elsewhere = 0;
	int nodes[SAMPLE];

	if (!topology_is_real() || !found->sampled || topology_locate(found->sample, found->sampled, nodes))
		return 0;
	for (unsigned int i = 0; i < found->sampled; i++) {
		sum->asked += nodes[i] >= 0;
		elsewhere += nodes[i] >= 0 && nodes[i] != (int)node;
	}
	return elsewhere;
}

static int judge(const struct run_case *what, struct landing *sum)
{
	static const char *const names[NR_FRAME_USES] = { [FRAME_DATA] = "frames", [FRAME_TABLE] = "page tables" };
	struct finding found[NR_FRAME_USES] = { { .stride = 1 }, { .stride = 1 } };

	rcu_barrier();	/* tables that a case before this one gave up are tables until then */
	look(&what->places, found);
	for (enum frame_use use = 0; use < NR_FRAME_USES; use++) {
		unsigned int node = what->places.memory[use].node, moved = ask_kernel(&found[use], node, sum);

		if (found[use].elsewhere)
			return fail("%s: %lu of %lu %s are not of node %u", what->name, found[use].elsewhere,
				    found[use].nr, names[use], node);
		if (moved)
			return fail("%s: the kernel has %u of %u %s on other nodes than %u", what->name, moved,
				    found[use].sampled, names[use], node);
		sum->looked += found[use].nr;
	}
	return 0;
}

int landing_check(const struct run_case *what, const struct choices *choices, struct landing *sum)
{
	struct crew crew;
	int status = 0;
	int64_t done;

	if (crew_begin(&crew, what, choices, false))
		return fail("%s: %s", what->name, crew.why);
	if (crew_join(&crew, 0)) {
		status = fail("%s: worker_setup failed", what->name);
	} else {
		crew_prepare(&crew.seats[0]);
		done = crew_op(&crew.seats[0]);
		status = done < 0 ? fail("%s: %s: %s", what->name, crew.seats[0].role->name, strerror((int)-done)) :
				    judge(what, sum);
		crew_leave(&crew, 0);
	}
	crew_end(&crew);
	return status;
}
