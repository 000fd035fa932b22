/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source_line.c - looks instructions up in the debugging information of this program. */
#include "bench/check/source_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/faultline.h"

#if FAULTLINE_EXPLORE
#include <elfutils/libdwfl.h>
#include <unistd.h>

static char *no_path;	/* of separate debugging information: the default */
static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &no_path,
};

/* Open until the program ends. */
static Dwfl *this_program(void)
{
	static Dwfl *dwfl;

	if (dwfl)
		return dwfl;
	dwfl = dwfl_begin(&callbacks);
	if (dwfl && (dwfl_linux_proc_report(dwfl, getpid()) || dwfl_report_end(dwfl, NULL, NULL))) {
		dwfl_end(dwfl);
		dwfl = NULL;
	}
	return dwfl;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Looking one up takes a third of a millisecond; thousands of accesses are of some hundred instructions. */
#define LINES	8192u		/* a power of two: instructions that are remembered, each in one place */

static struct line {
	const void *pc;
	char *function;			/* NULL: unknown */
	const char *file;
	int number;
} lines[LINES];

static void look_up(struct line *found, const void *pc)
{
	Dwarf_Addr address = (Dwarf_Addr)pc - 1;
	Dwfl *dwfl = this_program();
	Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, address) : NULL;
	Dwfl_Line *line = module ? dwfl_module_getsrc(module, address) : NULL;
	const char *function = module ? dwfl_module_addrname(module, address) : NULL;

	free(found->function);
	*found = (struct line){ .pc = pc, .function = function ? strdup(function) : NULL };
	found->file = line ? dwfl_lineinfo(line, NULL, &found->number, NULL, NULL, NULL) : NULL;
}

void source_line(const void *pc, char *text, size_t size)
{
	struct line *line = &lines[((uintptr_t)pc * 0x9e3779b97f4a7c15ul >> 40) % LINES];

	if (line->pc != pc)
		look_up(line, pc);
	if (line->file && line->function)
		snprintf(text, size, "%s %s:%d", line->function, base_name(line->file), line->number);
	else
		snprintf(text, size, "%s %p", line->function ? line->function : "", pc);
}
#else
/* Other builds have no accesses to name. */
void source_line(const void *pc, char *text, size_t size)
{
	snprintf(text, size, "%p", pc);
}
#endif
