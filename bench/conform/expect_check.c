/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect_check.c - results, VMAs and pages as text, and whether they are what a line expects. */
#include "bench/conform/expect_check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/conform/compare.h"
#include "core/faultline.h"

/* ---- results ---- */
#define LAST_ERRNO	133

static const char *result_text(long result, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	if (!out)
		return "";
	result_print(out, result);
	fclose(out);
	return text;
}

static const long other_results[] = {
	RESULT_SIGNAL(SIGSEGV, SEGV_MAPERR), RESULT_SIGNAL(SIGSEGV, SEGV_ACCERR), RESULT_SIGNAL(SIGBUS, BUS_ADRERR),
	RESULT_ELSEWHERE,
};

bool result_is_known(const char *text)
{
	char *end, known[32];

	if (strtol(text, &end, 10) >= 0 && end != text && !*end)
		return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(other_results); i++)
		if (!strcmp(result_text(other_results[i], known, sizeof(known)), text))
			return true;
	for (long error = 1; error <= LAST_ERRNO; error++)
		if (!strcmp(result_text(-error, known, sizeof(known)), text))
			return true;
	return false;
}

bool result_is(long result, const char *expected, char *told, size_t size)
{
	char got[32];

	result_text(result, got, sizeof(got));
	if (expected ? !strcmp(got, expected) : result >= 0)
		return true;
	snprintf(told, size, "%s, not %s", got, expected ? expected : "a success");
	return false;
}

/* ---- VMAs ---- */
static void print_vmas(const struct process_state *state, bool rights, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (unsigned int i = 0; i < state->nr_vmas && used < size; i++) {
		const struct vma_state *vma = &state->vmas[i];

		used += (size_t)snprintf(text + used, size - used, "%s%ld-%ld", i ? " " : "", vma->first, vma->end);
		if (rights && used < size)
			used += (size_t)snprintf(text + used, size - used, ":%s%s%s%s",
						 vma->prot & PROT_READ ? "r" : "", vma->prot & PROT_WRITE ? "w" : "",
						 vma->prot & PROT_EXEC ? "x" : "", vma->shared ? "s" : "");
	}
}

const char *check_vmas(const struct side *side, const struct process_state *state, long pages, const char *line,
		       char *told, size_t size)
{
	char got[256];

	(void)side, (void)pages;
	print_vmas(state, strchr(line, ':'), got, sizeof(got));
	if (strcmp(got, line))
		snprintf(told, size, "VMAs %s, not %s", *got ? got : "none", *line ? line : "none");
	return NULL;
}

/* ---- pages ---- */
static unsigned int find_bit(const char *name, size_t length)
{
	for (const struct page_bit_name *bit = page_bit_names; bit->name; bit++)
		if (strlen(bit->name) == length && !strncmp(bit->name, name, length))
			return bit->bit;
	return 0;
}

static void check_bit(const struct process_state *state, long first, long end, unsigned int bit, bool set,
		      const char *name, char *told, size_t size)
{
	for (long i = first; i < end && !*told; i++)
		if (!(state->pages[i].unknown & bit) && !(state->pages[i].bits & bit) == set)
			snprintf(told, size, "page %ld: not %.*s", i, (int)strcspn(name, ","), name);
}

const char *check_pages(const struct side *side, const struct process_state *state, long pages, const char *line,
			char *told, size_t size)
{
	long first, end;
	int used;

	if (sscanf(line, "%ld-%ld %n", &first, &end, &used) != 2 || first < 0 || first >= end || end > pages)
		return "no range of pages";
	for (const char *word = line + used; *word;) {
		size_t length = strcspn(word, ",");
		bool set = *word != '!';
		unsigned int bit = find_bit(word + !set, length - !set);

		if (!bit)
			return "no such bit of a page";
		if (side->knows.page_bits & bit)
			check_bit(state, first, end, bit, set, word, told, size);
		word += length + (word[length] == ',');
	}
	return NULL;
}
