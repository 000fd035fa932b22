/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source_line.c - looks instructions up in the debugging information of this program. */
#include "bench/check/source_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/faultline.h"

#if FAULTLINE_EXPLORE
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
	struct source_place place;
} lines[LINES];

static char *text_of_line(const char *folder, const char *file, int number)
{
	char path[4096], *text = NULL;
	size_t room = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s%s%s", *file == '/' ? "" : folder, *file == '/' ? "" : "/", file);
	in = fopen(path, "r");
	for (int i = 0; in && i < number; i++)
		if (getline(&text, &room, in) < 0)
			break;
	if (in)
		fclose(in);
	return text;
}

static void look_up(struct source_place *place, const void *pc)
{
	Dwarf_Addr address = (Dwarf_Addr)pc - 1;
	Dwfl *dwfl = this_program();
	Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, address) : NULL;
	Dwfl_Line *line = module ? dwfl_module_getsrc(module, address) : NULL;
	const char *function = module ? dwfl_module_addrname(module, address) : NULL;
	const char *file = line ? dwfl_lineinfo(line, NULL, &place->line, NULL, NULL, NULL) : NULL;

	place->function = function ? strndup(function, strcspn(function, ".")) : NULL; /* of its copies too */
	place->file = file ? base_name(file) : NULL;
	place->text = file ? text_of_line(dwfl_line_comp_dir(line), file, place->line) : NULL;
}

/* Those of instructions that share a place are lost: they are few. */
const struct source_place *source_place(const void *pc)
{
	struct line *line = &lines[((uintptr_t)pc * 0x9e3779b97f4a7c15ul >> 40) % LINES];

	if (line->pc != pc) {
		free(line->place.function);
		free(line->place.text);
		memset(line, 0, sizeof(*line));
		line->pc = pc;
		look_up(&line->place, pc);
	}
	return &line->place;
}

static Dwfl_Module *own_module(void)
{
	Dwfl *dwfl = this_program();

	return dwfl ? dwfl_addrmodule(dwfl, (Dwarf_Addr)(uintptr_t)own_module) : NULL;
}

Dwarf *source_dwarf(void)
{
	Dwfl_Module *module = own_module();
	Dwarf_Addr bias;

	return module ? dwfl_module_getdwarf(module, &bias) : NULL;
}

/* As lines above: the search is through all symbols. */
static struct symbol {
	const void *address;
	const char *name;
	size_t offset, size;
} symbols[LINES];

static const char *find_symbol(const void *address, size_t *offset, size_t *size)
{
	Dwfl_Module *module = own_module();	/* variables without a value in the file have no module of theirs */
	GElf_Off off = 0;
	GElf_Sym symbol = { .st_size = 0 };
	const char *name = NULL;

	if (module)
		name = dwfl_module_addrinfo(module, (Dwarf_Addr)(uintptr_t)address, &off, &symbol, NULL, NULL, NULL);
	*offset = off;
	*size = symbol.st_size;
	return off < symbol.st_size ? name : NULL;
}

const char *source_symbol(const void *address, size_t *offset, size_t *size)
{
	struct symbol *symbol = &symbols[((uintptr_t)address * 0x9e3779b97f4a7c15ul >> 40) % LINES];

	if (symbol->address != address) {
		symbol->address = address;
		symbol->name = find_symbol(address, &symbol->offset, &symbol->size);
	}
	*offset = symbol->offset;
	*size = symbol->size;
	return symbol->name;
}
#else
/* Other builds have no accesses to name. */
const struct source_place *source_place(const void *pc)
{
	static const struct source_place none;

	(void)pc;
	return &none;
}

const char *source_symbol(const void *address, size_t *offset, size_t *size)
{
	(void)address, (void)offset, (void)size;
	return NULL;
}
#endif

void source_line(const void *pc, char *text, size_t size)
{
	const struct source_place *place = source_place(pc);

	if (place->file && place->function)
		snprintf(text, size, "%s %s:%d", place->function, place->file, place->line);
	else
		snprintf(text, size, "%s%s%p", place->function ? place->function : "", place->function ? " " : "", pc);
}
