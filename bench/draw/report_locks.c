/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_locks.c - locks that were waited for: the worst of each case, all of them, and the rate that a lock allows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/draw/profile_case.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

/* Of the classes of a case, the one with the largest share of waiting; NULL when there was none. */
static const json_t *most_awaited(const json_t *one)
{
	const json_t *lock, *most = NULL;
	size_t i;

	json_array_foreach(json_object_get(one, "locks"), i, lock)
		if (profile_number(lock, "wait_share") > (most ? profile_number(most, "wait_share") : 0))
			most = lock;
	return most;
}

static void put_row(struct html *page, const json_t *one, const json_t *lock)
{
	double acquired = profile_number(lock, "acquired"), share = profile_number(lock, "wait_share");
	double contended = profile_number(lock, "contended") / fmax(acquired, 1), held = profile_number(lock,
													"hold_ns_mean");

	html_row(page);
	profile_put_cells(page, one);
	html_cell(page, "%s%s", profile_text(lock, "class"),
		  !strcmp(profile_text(one, "bottleneck"), profile_text(lock, "class")) ? " (bottleneck)" : "");
	html_number(page, share, "%.1f %%", 100 * share);
	html_number(page, contended, "%.2f %%", 100 * contended);
	html_number(page, profile_number(lock, "wait_max_ns"), "%s", report_time(profile_number(lock, "wait_max_ns")));
	if (profile_number(lock, "hold_samples") > 0)
		html_number(page, held, "%s", report_time(held));
	else
		html_number(page, NAN, "-");
	html_number(page, acquired, "%s", report_rate(acquired));
	html_row_end(page);
}

/* ---- the worst of each case ---- */
static int longest_wait_first(const void *a, const void *b)
{
	double one = profile_number(most_awaited(*(const json_t *const *)a), "wait_share");
	double other = profile_number(most_awaited(*(const json_t *const *)b), "wait_share");

	return (one < other) - (one > other);
}

static const char *const columns[] = {
	"workload", "choices", "policy", "threads", "lock", "waiting", "contended", "longest wait", "hold time",
	"acquired",
		NULL,
};

static void put_worst(struct html *page, const json_t *cases)
{
	const json_t **sorted = calloc(json_array_size(cases) + 1, sizeof(*sorted)), *one;
	size_t nr = 0, i;

	json_array_foreach(cases, i, one)
		if (sorted && most_awaited(one))
			sorted[nr++] = one;
	if (nr) {
		qsort(sorted, nr, sizeof(*sorted), longest_wait_first);
		html_table(page, columns);
		for (i = 0; i < nr; i++)
			put_row(page, sorted[i], most_awaited(sorted[i]));
		html_table_end(page);
	} else {
		html_paragraph(page, "No thread waited for a lock.");
	}
	free(sorted);
}

static void put_all(struct html *page, const json_t *cases)
{
	const json_t *one, *lock;
	size_t i, j;

	html_details(page, "all locks of all workloads");
	html_table(page, columns);
	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "locks"), j, lock)
			if (profile_number(lock, "acquired") > 0)
				put_row(page, one, lock);
	html_table_end(page);
	html_details_end(page);
}

/* Loops that took more than one round, in all cases. */
static void put_retries(struct html *page, const json_t *cases)
{
	static const char *const retry_columns[] = { "workload", "choices", "policy", "threads", "loop", "passes",
						     "retries, p99.9", "maximum",
					       NULL };
	const json_t *one, *loop;
	size_t i, j;

	html_details(page, "loops that retried");
	html_table(page, retry_columns);
	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "retries"), j, loop) {
			if (profile_number(loop, "max") <= 0)
				continue;
			html_row(page);
			profile_put_cells(page, one);
			html_cell(page, "%s", profile_text(loop, "loop"));
			html_number(page, profile_number(loop, "count"), "%s", report_rate(profile_number(loop,
													  "count")));
			html_number(page, profile_number(loop, "p999"), "%.0f", profile_number(loop, "p999"));
			html_number(page, profile_number(loop, "max"), "%.0f", profile_number(loop, "max"));
			html_row_end(page);
		}
	html_table_end(page);
	html_details_end(page);
}

void report_locks(struct html *page, const struct report_run *run)
{
	const json_t *cases = json_object_get(run->profile, "cases");

	html_section(page, "locks", "Locks");
	if (run->profile) {
		html_paragraph(page,
			       "For each workload and policy: the class of locks with the largest share of waiting in "
			       "the time of all threads, the largest first. Hold times are means of a sample.");
		put_worst(page, cases);
		put_all(page, cases);
		put_retries(page, cases);
	} else {
		html_missing(page, "Waits for locks were not measured.", "faultline profile");
	}
	html_section_end(page);
}

/* ---- the model ---- */

/* Times of a lock that readers share bound nothing. */
static bool is_exclusive(const char *class)
{
	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++)
		if (!strcmp(lockrank_name(rank), class))
			return lockrank_is_exclusive(rank);
	return false;
}

bool report_lock_bound(const json_t *profile, const struct result *of, struct lock_bound *bound)
{
	const json_t *one, *lock;
	const char *end = strstr(of->name, "/threads:");
	size_t i, j, length = end ? (size_t)(end - of->name) : strlen(of->name);
	bool found = false;

	json_array_foreach(json_object_get(profile, "cases"), i, one)
		json_array_foreach(json_object_get(one, "locks"), j, lock) {
			const char *name = profile_text(one, "name");
			double threads = profile_number(one, "threads"), held = profile_number(lock, "hold_ns_mean");
			double per_item = profile_number(lock, "acquired") / fmax(profile_number(one, "items"), 1);

			if (strlen(name) != length || strncmp(name, of->name, length) ||
			    (found && threads < bound->threads) ||
			    strcmp(profile_text(one, "bottleneck"), profile_text(lock, "class")) || held <= 0 ||
				    per_item <= 0 ||
			    !is_exclusive(profile_text(lock, "class")))
				continue;
			*bound = (struct lock_bound){ .class = profile_text(lock, "class"),
						      .hold_ns = held,
						      .per_item = per_item,
						      .rate = 1e9 / (held * per_item),
						      .wait_share = profile_number(lock, "wait_share"),
						      .threads = profile_threads(one) };
			found = true;
		}
	return found;
}
