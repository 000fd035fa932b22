/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source_line.c - looks instructions up in the debugging information of this program. */
#include "bench/check/source_line.h"

#include <stdio.h>
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

void source_line(const void *pc, char *text, size_t size)
{
	Dwarf_Addr address = (Dwarf_Addr)pc - 1;
	Dwfl *dwfl = this_program();
	Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, address) : NULL;
	Dwfl_Line *line = module ? dwfl_module_getsrc(module, address) : NULL;
	const char *function = module ? dwfl_module_addrname(module, address) : NULL, *file;
	int number;

	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (file && function)
		snprintf(text, size, "%s %s:%d", function, base_name(file), number);
	else
		snprintf(text, size, "%s %p", function ? function : "", pc);
}
#else
/* Other builds have no accesses to name. */
void source_line(const void *pc, char *text, size_t size)
{
	snprintf(text, size, "%p", pc);
}
#endif
