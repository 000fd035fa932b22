/* SPDX-License-Identifier: GPL-2.0-or-later */
/* generate.h - random operations from a seed, biased to the edges of what is mapped. */
#ifndef FAULTLINE_BENCH_CONFORM_GENERATE_H
#define FAULTLINE_BENCH_CONFORM_GENERATE_H

#include "bench/conform/abilities.h"
#include "bench/conform/engine.h"
#include "core/faultline.h"

/* What the sequences of a theme are about. */
struct theme {
	const char *name, *what;
	unsigned char weights[NR_OP_KINDS];	/* of each kind; 0: never */
	unsigned char forms[NR_MAP_FORMS];	/* of mappings */
	unsigned char guards, huge;		/* of 100 advices, those about guards, and about huge pages */
	unsigned char pageout;			/* MADV_PAGEOUT; only with swap a theme of others than --theme's */
};

extern const struct theme themes[];
extern const unsigned int nr_themes;
/* NULL: there is none. */
const struct theme *theme_find(const char *name);

struct generator {
	struct op_source source;
	struct rng rng;
	const struct abilities *abilities;
	const struct theme *theme;
	long pages;
	bool huge;
	unsigned int left;	/* operations */
	bool noreserve;		/* all mappings are without VM_ACCOUNT */
};

/*
 * generator_begin - the sequence of @seed: of @theme, or of any if that is NULL, with @nr operations. Sets
 * generator->pages and generator->huge.
 */
void generator_begin(struct generator *generator, uint64_t seed, const struct theme *theme, unsigned int nr,
		     const struct abilities *abilities);

#endif
