/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abilities.c - each kind of operation, advice and mapping is tried once on both sides, in its plainest form. */
#include "bench/conform/abilities.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/conform/op_names.h"

#define PROBE_PAGES	8
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define MAP_DROPPABLE_TYPE 8	/* newer than Debian's headers */
#define ADVICE_COLLAPSE	25

static const struct { const char *name; int flags; bool file; } forms[NR_MAP_FORMS] = {
	[MAP_FORM_ANON] = { "private anonymous", ANON, false },
	[MAP_FORM_FILE_PRIVATE] = { "private file", MAP_PRIVATE | MAP_NORESERVE, true },
	[MAP_FORM_FILE_SHARED] = { "shared file", MAP_SHARED, true },
	[MAP_FORM_ANON_SHARED] = { "shared anonymous", MAP_SHARED | MAP_ANONYMOUS, false },
	[MAP_FORM_POPULATE] = { "populate", ANON | MAP_POPULATE, false },
	[MAP_FORM_LOCKED] = { "locked", ANON | MAP_LOCKED, false },
	[MAP_FORM_NOREPLACE] = { "fixed_noreplace", ANON | MAP_FIXED_NOREPLACE, false },
	[MAP_FORM_VALIDATE] = { "shared_validate", MAP_SHARED_VALIDATE, true },
	[MAP_FORM_DROPPABLE] = { "droppable", MAP_DROPPABLE_TYPE | MAP_ANONYMOUS, false },
	[MAP_FORM_GROWSDOWN] = { "growsdown", ANON | MAP_GROWSDOWN, false },
};

int map_form_flags(enum map_form form, bool *file)
{
	*file = forms[form].file;
	return forms[form].flags;
}

struct probe {
	struct side *live, *core;
	FILE *report;
	bool any;		/* something is not compared */
};

static long run_one(struct side *side, const struct op *before, const struct op *op)
{
	side->reset(side, PROBE_PAGES);
	if (before)
		side->run(side, before);
	return side->run(side, op);
}

static bool refused(long result)
{
	return result == -EINVAL || result == -ENOSYS || result == -EOPNOTSUPP || result == -EPERM;
}

static bool both_can(struct probe *probe, const struct op *before, const struct op *op, const char *what,
		     const char *name)
{
	long live = run_one(probe->live, before, op), core = run_one(probe->core, before, op);

	if (!refused(live) && !refused(core))
		return true;
	if (probe->report)
		fprintf(probe->report, "%s%s %s (%s)", probe->any ? ", " : "not compared: ", what, name,
			!refused(core) ? "live lacks it" : !refused(live) ? "core lacks it" : "both lack it");
	probe->any = true;
	return false;
}

static const struct op map_all = {
	.kind = OP_MMAP, .pages = PROBE_PAGES, .prot = READ_WRITE, .flags = ANON | MAP_FIXED,
};

static const struct op map_file = {
	.kind = OP_MMAP, .pages = PROBE_PAGES, .prot = READ_WRITE, .flags = MAP_SHARED | MAP_FIXED, .file = 1,
};

static void find_kinds(struct abilities *abilities, struct probe *probe)
{
	static const int flags[NR_OP_KINDS] = {
		[OP_MMAP] = ANON | MAP_FIXED, [OP_MREMAP] = MREMAP_MAYMOVE, [OP_MSYNC] = MS_SYNC,
		[OP_MLOCKALL] = MCL_CURRENT,
	};

	for (unsigned int i = 0; i < NR_OP_KINDS; i++) {
		struct op op = { .kind = (enum op_kind)i, .pages = 1, .new_pages = 1, .prot = PROT_READ,
				 .flags = flags[i], .advice = MADV_DONTNEED };

		if (i == OP_FORK)
			op.to = 1;
		if (i == OP_TRUNCATE)
			op.file = 1;
		if (i == OP_EXIT || i == OP_UNPIN) {
			abilities->kinds[i] = abilities->kinds[i - 1];
			continue;
		}
		abilities->kinds[i] = both_can(probe, &map_all, &op, "call", op_kind_name(op.kind));
	}
	/* Of others: CAP_SYS_NICE. */
	abilities->kinds[OP_PROCESS_MADVISE] &= probe->live->knows.frames;
}

static void find_advices(struct abilities *abilities, struct probe *probe)
{
	for (const struct op_name *name = advice_names; name->name; name++) {
		const struct op op = { .kind = OP_MADVISE, .pages = PROBE_PAGES, .advice = name->value };

		abilities->advices[name->value] =
			name->value != ADVICE_COLLAPSE &&
			both_can(probe, name->value == MADV_REMOVE ? &map_file : &map_all, &op, "advice", name->name);
	}
	/* Fails in small windows. */
	abilities->advices[ADVICE_COLLAPSE] = abilities->advices[MADV_HUGEPAGE];
}

static void find_forms(struct abilities *abilities, struct probe *probe)
{
	for (unsigned int i = 0; i < NR_MAP_FORMS; i++) {
		const struct op op = { .kind = OP_MMAP, .pages = PROBE_PAGES, .prot = READ_WRITE,
				       .flags = forms[i].flags | MAP_FIXED, .file = forms[i].file };

		abilities->forms[i] = both_can(probe, NULL, &op, "mapping", forms[i].name);
	}
}

/* Neighbours that differ in VM_ACCOUNT alone. */
static unsigned int accounted_vmas(struct side *side)
{
	static struct process_state state;
	const struct op parts[] = {
		{ .kind = OP_MMAP, .pages = 2, .prot = READ_WRITE, .flags = ANON | MAP_FIXED },
		{ .kind = OP_MMAP, .first = 2, .pages = 2, .prot = READ_WRITE,
		  .flags = (ANON | MAP_FIXED) & ~MAP_NORESERVE },
		{ .kind = OP_MPROTECT, .first = 0, .pages = 4, .prot = PROT_READ },
	};

	side->reset(side, PROBE_PAGES);
	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		side->run(side, &parts[i]);
	side->look(side, 0, &state);
	return state.nr_vmas;
}

void abilities_find(struct abilities *abilities, struct side *live, struct side *core, FILE *report)
{
	struct probe probe = { live, core, report, false };

	memset(abilities, 0, sizeof(*abilities));
	find_kinds(abilities, &probe);
	find_advices(abilities, &probe);
	find_forms(abilities, &probe);
	abilities->swap = live->swap && core->swap;
	abilities->accounting = accounted_vmas(live) == accounted_vmas(core);
	if (report && !abilities->accounting)
		fprintf(report, "%sVM_ACCOUNT (core lacks it)", probe.any ? ", " : "not compared: ");
	if (report && (probe.any || !abilities->accounting))
		fputc('\n', report);
}
