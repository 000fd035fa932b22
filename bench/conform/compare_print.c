/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare_print.c - differences, results and VMAs as text. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/conform/compare.h"

static void signal_print(FILE *out, long code)
{
	static const char *const segv[] = { "", "MAPERR", "ACCERR" }, *const bus[] = { "", "ADRALN", "ADRERR" };
	long nr = code / 100, detail = code % 100;
	const char *const *names = nr == SIGSEGV ? segv : nr == SIGBUS ? bus : NULL;

	if (names && detail > 0 && detail <= 2)
		fprintf(out, "SIG%s %s", sigabbrev_np((int)nr), names[detail]);
	else
		fprintf(out, "signal %ld code %ld", nr, detail);
}

void result_print(FILE *out, long result)
{
	const char *name = result < 0 && result > -4096 ? strerrorname_np((int)-result) : NULL;

	if (result < -SIGNAL_BASE)
		signal_print(out, -result - SIGNAL_BASE);
	else if (name)
		fputs(name, out);
	else if (result == RESULT_ELSEWHERE)
		fputs("elsewhere", out);
	else if (result == RESULT_DEAD)
		fputs("process died", out);
	else
		fprintf(out, "%ld", result);
}

void vmas_print(FILE *out, const struct process_state *state)
{
	for (unsigned int i = 0; i < state->nr_vmas; i++) {
		const struct vma_state *vma = &state->vmas[i];

		fprintf(out, "%s[%ld,%ld) %c%c%c%c", i ? " " : "", vma->first, vma->end,
			vma->prot & PROT_READ ? 'r' : '-', vma->prot & PROT_WRITE ? 'w' : '-',
			vma->prot & PROT_EXEC ? 'x' : '-', vma->shared ? 's' : 'p');
		if (vma->file)
			fprintf(out, " file%u@%ld", vma->file, vma->pgoff);
		if (vma->vm_flags)
			fprintf(out, " flags %x", vma->vm_flags);
	}
	if (!state->nr_vmas)
		fputs("none", out);
}

const struct page_bit_name page_bit_names[] = {
	{ "present", PAGE_PRESENT }, { "swapped", PAGE_SWAPPED }, { "file", PAGE_OF_FILE }, { "guard", PAGE_GUARD },
	{ "mapped_once", PAGE_MAPPED_ONCE }, { "soft_dirty", PAGE_SOFT_DIRTY }, { "mincore", PAGE_INCORE },
	{ "zero_page", PAGE_ZEROES }, { "exclusive", PAGE_ANON_EXCLUSIVE }, { "huge", PAGE_HUGE }, { NULL, 0 }
};

static const char *bit_name(unsigned int bit)
{
	const struct page_bit_name *name = page_bit_names;

	while (name->name && name->bit != bit)
		name++;
	return name->name ? name->name : "unknown bit";
}

static void answers_print(FILE *out, const struct difference *difference)
{
	fprintf(out, ": live %ld, core %ld", difference->live, difference->core);
}

void difference_print(FILE *out, const struct difference *difference, const struct process_state *live,
		      const struct process_state *core)
{
	static const char *const counts[] = { "anonymous pages", "file pages", "shmem pages", "swap entries",
					      "locked pages", "pages mapped" };

	static const char *const sizes[NR_SIZES] = {
		[SIZE_PSS_DIRTY] = "Pss_Dirty", [SIZE_PSS] = "Pss", [SIZE_SHARED] = "shared pages",
		[SIZE_PRIVATE] = "private pages", [SIZE_ANONYMOUS] = "Anonymous",
		[SIZE_ANON_HUGE] = "AnonHugePages", [SIZE_SHMEM_HUGE] = "ShmemPmdMapped",
		[SIZE_FILE_HUGE] = "FilePmdMapped", [SIZE_SWAP] = "Swap", [SIZE_SWAP_PSS] = "SwapPss",
		[SIZE_LOCKED] = "Locked",
	};

	if (difference->kind == DIFFER_RESULT) {
		fputs("result: live ", out);
		result_print(out, difference->live);
		fputs(", core ", out);
		result_print(out, difference->core);
		return;
	}
	fprintf(out, "process %u", difference->process);
	switch (difference->kind) {
	case DIFFER_VMAS:
		fputs(": VMAs: live ", out);
		vmas_print(out, live);
		fputs(", core ", out);
		vmas_print(out, core);
		return;
	case DIFFER_COUNT:
		fprintf(out, ": %s", counts[difference->page]);
		break;
	case DIFFER_SIZE:
		fprintf(out, ": kB of %s", sizes[difference->page]);
		break;
	case DIFFER_FRAME:
		fprintf(out, " page %ld: shares its frame on one side only", difference->page);
		return;
	case DIFFER_PAGE:
		fprintf(out, " page %ld: %s", difference->page, bit_name(difference->bit));
		break;
	case DIFFER_MAPCOUNT:
		fprintf(out, " page %ld: mapcount", difference->page);
		break;
	default:
		fprintf(out, " page %ld: byte", difference->page);
	}
	answers_print(out, difference);
}
