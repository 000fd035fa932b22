/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abilities.h - what both sides can do: generators use no more. The rest is reported. */
#ifndef FAULTLINE_BENCH_CONFORM_ABILITIES_H
#define FAULTLINE_BENCH_CONFORM_ABILITIES_H

#include "bench/conform/side.h"

#define NR_ADVICES	128

enum map_form {
	MAP_FORM_ANON, MAP_FORM_FILE_PRIVATE, MAP_FORM_FILE_SHARED, MAP_FORM_ANON_SHARED, MAP_FORM_POPULATE,
	MAP_FORM_LOCKED, MAP_FORM_NOREPLACE, MAP_FORM_VALIDATE, MAP_FORM_DROPPABLE, MAP_FORM_GROWSDOWN, NR_MAP_FORMS
};

struct abilities {
	bool kinds[NR_OP_KINDS];
	bool advices[NR_ADVICES];
	bool forms[NR_MAP_FORMS];
	bool swap;
	bool accounting;	/* VMAs that differ in VM_ACCOUNT are not joined: mappings without noreserve */
};

/* The flags of a form, without MAP_FIXED, and whether it maps a file. */
int map_form_flags(enum map_form form, bool *file);

/* Asks both sides, which are reset. What only one can do is printed to @report, if it is not NULL. */
void abilities_find(struct abilities *abilities, struct side *live, struct side *core, FILE *report);

#endif
