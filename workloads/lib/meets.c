/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meets.c - what each worker is at is one word, which the others read when they begin something. */
#include "workloads/lib/meets.h"

#include <stdlib.h>
#include <string.h>

#include "core/faultline.h"

#define NEVER_LINES	10	/* about as many; a run that is too short has more */

/* A word: the operation's number + 1, the first page, and how many; 0: at nothing. */
#define PAGE_BITS	28
#define PAGE_MOST	((1ul << PAGE_BITS) - 1)

/* Lock key: (W) written by its worker only */
struct meets_worker {
	uint64_t at;					/* (W) read by others without a lock */
	uint64_t pairs[MEETS_OPS][MEETS_OPS];		/* (W) its own operation first */
	uint64_t kinds[MEETS_OPS][MEETS_KINDS];		/* (W) */
} __cacheline_aligned;

struct meets {
	const struct meets_names *names;
	unsigned int nr;
	struct meets_worker workers[];
};

struct meets *meets_create(unsigned int workers, const struct meets_names *names)
{
	size_t size = sizeof(struct meets) + workers * sizeof(struct meets_worker);
	struct meets *meets = aligned_alloc(CACHE_LINE, ALIGN_UP(size, CACHE_LINE));

	if (!meets)
		return NULL;
	memset(meets, 0, size);
	meets->names = names;
	meets->nr = workers;
	return meets;
}

void meets_free(struct meets *meets)
{
	free(meets);
}

static bool overlap(uint64_t a, uint64_t b)
{
	uint64_t a_first = a >> PAGE_BITS & PAGE_MOST, b_first = b >> PAGE_BITS & PAGE_MOST;

	return a_first < b_first + (b & PAGE_MOST) && b_first < a_first + (a & PAGE_MOST);
}

/* Others' words may be stale: then too few meetings are counted, or one that was over a moment ago. */
void meets_begin(struct meets *meets, unsigned int worker, unsigned int op, unsigned long first, unsigned long nr)
{
	uint64_t at = (uint64_t)(op + 1) << 2 * PAGE_BITS | first << PAGE_BITS | nr;
	struct meets_worker *own = &meets->workers[worker];

	store_relaxed(&own->at, at);
	for (unsigned int i = 0; i < meets->nr; i++) {
		uint64_t other = i == worker ? 0 : load_relaxed(&meets->workers[i].at);

		if (other && overlap(at, other))
			own->pairs[op][(other >> 2 * PAGE_BITS) - 1]++;
	}
}

void meets_end(struct meets *meets, unsigned int worker)
{
	store_relaxed(&meets->workers[worker].at, 0);
}

void meets_saw(struct meets *meets, unsigned int worker, unsigned int op, unsigned int kind)
{
	meets->workers[worker].kinds[op][kind]++;
}

/* ---- at rest ---- */
static uint64_t pair(const struct meets *meets, unsigned int a, unsigned int b)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < meets->nr; i++)
		sum += meets->workers[i].pairs[a][b] + (a != b ? meets->workers[i].pairs[b][a] : 0);
	return sum;
}

static uint64_t on_kind(const struct meets *meets, unsigned int op, unsigned int kind)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < meets->nr; i++)
		sum += meets->workers[i].kinds[op][kind];
	return sum;
}

static unsigned int count_names(const char *const *names)
{
	unsigned int nr = 0;

	while (names[nr])
		nr++;
	return nr;
}

/* One line of the names of @names from @from on that operation @op has no times of. False: there are none. */
static bool print_never(const struct meets *meets, unsigned int op, const char *const *names, unsigned int from,
			uint64_t (*times)(const struct meets *, unsigned int, unsigned int), const char *what,
			FILE *out)
{
	const char *before = NULL;

	for (unsigned int i = from; names[i]; i++) {
		if (times(meets, op, i))
			continue;
		if (before)
			fputs(before, out);
		else
			fprintf(out, "  %s never %s ", meets->names->ops[op], what);
		before = ", ";
		fputs(names[i], out);
	}
	if (before)
		fputc('\n', out);
	return before;
}

void meets_print(const struct meets *meets, FILE *out)
{
	unsigned int nr = count_names(meets->names->ops), kinds = count_names(meets->names->kinds), met = 0, saw = 0;
	uint64_t times = 0;

	for (unsigned int a = 0; a < nr; a++) {
		for (unsigned int b = a; b < nr; b++) {
			met += pair(meets, a, b) > 0;
			times += pair(meets, a, b);
		}
		for (unsigned int kind = 0; kind < kinds; kind++)
			saw += on_kind(meets, a, kind) > 0;
	}
	fprintf(out, "met on a page: %u of %u pairs of operations, %llu times; ", met, nr * (nr + 1) / 2,
		(unsigned long long)times);
	fprintf(out, "ran: %u of %u operations on kinds of memory\n", saw, nr * kinds);
	for (unsigned int op = 0, lines = 0; op < nr && lines < NEVER_LINES; op++) {
		lines += print_never(meets, op, meets->names->ops, op, pair, "met", out);
		lines += print_never(meets, op, meets->names->kinds, 0, on_kind, "ran on", out);
	}
}
