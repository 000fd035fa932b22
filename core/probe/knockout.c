/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knockout.c - the list of knock-outs, sorted by name before main(). */
#include "core/probe/knockout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bounds of the section that DEFINE_KNOCKOUT() puts its entries in; one empty entry keeps it from being absent. */
static struct knockout *no_knockout __attribute__((section("faultline_knockouts"), used));
extern struct knockout *__start_faultline_knockouts[];
extern struct knockout *__stop_faultline_knockouts[];

/* The empty entry comes last. */
static int by_name(const void *one, const void *other)
{
	const struct knockout *a = *(struct knockout *const *)one, *b = *(struct knockout *const *)other;

	return a && b ? strcmp(a->name, b->name) : !a - !b;
}

__attribute__((constructor)) static void sort_knockouts(void)
{
	qsort(__start_faultline_knockouts, knockout_count() + 1, sizeof(struct knockout *), by_name);
}

unsigned int knockout_count(void)
{
	return (unsigned int)(__stop_faultline_knockouts - __start_faultline_knockouts) - 1;
}

const struct knockout *knockout_get(unsigned int index)
{
	return index < knockout_count() ? __start_faultline_knockouts[index] : NULL;
}

struct knockout *knockout_find(const char *name)
{
	for (unsigned int i = 0; i < knockout_count(); i++)
		if (!strcmp(__start_faultline_knockouts[i]->name, name))
			return __start_faultline_knockouts[i];
	return NULL;
}

int knockout_enable(const char *name)
{
	struct knockout *knockout = knockout_find(name);

	if (!knockout)
		return -ENOENT;
	if (!FAULTLINE_CHECK)
		return -EOPNOTSUPP;
	store_relaxed(&knockout->on, true);
	return 0;
}

void knockout_clear(void)
{
	for (unsigned int i = 0; i < knockout_count(); i++) {
		store_relaxed(&__start_faultline_knockouts[i]->on, false);
		store_relaxed(&__start_faultline_knockouts[i]->hits, 0);
	}
}

uint64_t knockout_hits(unsigned int index)
{
	return load_relaxed(&__start_faultline_knockouts[index]->hits);
}

#if FAULTLINE_CHECK
bool knockout_hit(struct knockout *knockout)
{
	fetch_add_relaxed(&knockout->hits, 1);
	return true;
}
#endif
