/* SPDX-License-Identifier: GPL-2.0-or-later */
/* named_memory.c - the episode's process notes machine and objects in shared memory; the parent looks them up. */
#include "bench/check/named_memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/check/source_line.h"
#include "bench/check/struct_layout.h"
#include "bench/ground/command.h"

#define MAX_OBJECTS	(1u << 16)
#define TABLES		0		/* in object_types */
#define LINE		64u		/* bytes of unknown memory with one name */
#define MAX_UNKNOWN	(1u << 14)

/* What the kinds of objects are, by the names of their kinds (core/probe/object.h). */
static const struct object_type {
	const char *kind, *prefix, *type;
} object_types[] = {
	[TABLES] = { "page tables", "table", "page" },
	{ "mm_structs", "mm", "mm_struct" },
	{ "VMAs", "vma", "vm_area_struct" },
	{ "VMA tree nodes", "node", "vma_node" },
	{ "anon_vmas", "anon_vma", "anon_vma" },
	{ "anon_vma chains", "avc", "anon_vma_chain" },
};

#define NR_TYPES	ARRAY_SIZE(object_types)

/* An object, from event to event. */
struct object {
	const void *address;
	uint32_t from, to;
	uint32_t type;			/* index in object_types */
	uint32_t number;		/* among those of its type */
	uint32_t level;			/* of a page table */
};

static struct noted {
	struct machine machine;
	const struct schedule_log *log;
	uint32_t nr, nr_of[NR_TYPES];
	struct object objects[MAX_OBJECTS];
} *noted;

static const void *unknown[MAX_UNKNOWN];	/* lines, in the order in which they were asked for */
static unsigned int nr_unknown;

int named_memory_open(void)
{
	noted = mmap(NULL, sizeof(*noted), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (noted != MAP_FAILED)
		return 0;
	noted = NULL;
	return fail("out of memory");
}

void named_memory_close(void)
{
	if (noted)
		munmap(noted, sizeof(*noted));
	noted = NULL;
}

/* ---- in the episode's process ---- */
#if FAULTLINE_CHECK
static bool watching;		/* one thread runs at a time */

static void note_linked(const struct object_event *event)
{
	struct object *object;
	uint32_t type = 0;

	while (type < NR_TYPES && strcmp(object_types[type].kind, event->kind->name))
		type++;
	if (!watching || type == NR_TYPES || noted->nr == MAX_OBJECTS)
		return;
	object = &noted->objects[noted->nr++];
	*object = (struct object){ .address = event->object, .from = noted->log->nr_events, .to = UINT32_MAX,
				   .type = type, .number = noted->nr_of[type]++ };
	if (type == TABLES)
		object->level = ((const struct page *)event->object)->level;
}

static void note_freed(const struct object_event *event)
{
	for (uint32_t i = watching ? noted->nr : 0; i-- > 0;) {
		struct object *object = &noted->objects[i];

		if (object->address != event->object || object->to != UINT32_MAX)
			continue;
		object->to = noted->log->nr_events;
		return;
	}
}

static const struct object_subscriber names_objects = {
	.linked = note_linked, .freed = note_freed, .reused = note_linked,
};
OBJECT_SUBSCRIBER(names_objects);

void named_memory_watch(const struct schedule_log *log)
{
	if (!noted)
		return;
	noted->machine = machine;
	noted->log = log;
	noted->nr = 0;
	watching = true;
}
#else
void named_memory_watch(const struct schedule_log *log)
{
	(void)log;
}
#endif

/* ---- names ---- */
static size_t type_size(uint32_t type)
{
	static size_t sizes[NR_TYPES];
	const struct struct_layout *layout = sizes[type] ? NULL : struct_layout(object_types[type].type);

	if (layout)
		sizes[type] = layout->size;
	return sizes[type];
}

/* It is written before it is linked, and read after it was unlinked: it counts from the end of the one before. */
static const struct object *object_at(const void *address, uint32_t at, bool table)
{
	const struct object *found = NULL;

	for (uint32_t i = 0; i < noted->nr; i++) {
		const struct object *object = &noted->objects[i];
		size_t offset = (size_t)((const char *)address - (const char *)object->address);

		if (table != (object->type == TABLES) || offset >= type_size(object->type))
			continue;
		if (!found || found->to <= at)
			found = object;
	}
	return found;
}

static void name_member(struct named *named, const struct struct_layout *layout, size_t offset, size_t size,
			const char *branch)
{
	const struct struct_member *member;
	size_t length = strlen(named->name);

	if (layout && layout->stride) {
		length += (size_t)snprintf(named->name + length, sizeof(named->name) - length, "[%zu]",
					   offset / layout->stride);
		offset %= layout->stride;
	}
	member = layout ? struct_member_at(layout, offset, size, branch) : NULL;
	if (!member) {
		snprintf(named->name + length, sizeof(named->name) - length, "+%zu", offset);
		return;
	}
	named->is_signed = member->is_signed;
	named->is_pointer = member->is_pointer;
	snprintf(named->name + length, sizeof(named->name) - length, "%s", member->name);
	if (member->offset != offset)
		snprintf(named->name + length, sizeof(named->name) - length, "%s+%zu", member->name,
			 offset - member->offset);
}

static const char *level_name(unsigned int level)
{
	static const char *const names[] = {
		[LEVEL_PTE] = "PTE", [LEVEL_PMD] = "PMD", [LEVEL_PUD] = "PUD", [LEVEL_P4D] = "P4D", [LEVEL_PGD] = "PGD",
	};

	return level < ARRAY_SIZE(names) ? names[level] : "page";
}

/* In a frame: an entry of a table, or data. */
static bool name_frame(const void *address, uint32_t at, struct named *named)
{
	const struct machine *m = &noted->machine;
	size_t offset = (size_t)((const char *)address - m->frames);
	unsigned long pfn = offset >> FRAME_SHIFT;
	const struct object *table;

	if (!m->frames || pfn >= m->max_pfn)
		return false;
	pfn &= ~((1ul << TABLE_ORDER) - 1);
	table = object_at(m->vmemmap + pfn, at, true);
	if (table && table->from <= at + 1) {
		named->kind = NAMED_ENTRY;
		named->level = table->level;
		snprintf(named->name, sizeof(named->name), "%s table %lu [%zu]", level_name(table->level), pfn,
			 (offset - (pfn << FRAME_SHIFT)) / sizeof(uint64_t));
		return true;
	}
	snprintf(named->name, sizeof(named->name), "frame %lu+%zu", offset >> FRAME_SHIFT, offset % FRAME_SIZE);
	return true;
}

static bool name_page(const void *address, size_t size, uint32_t at, struct named *named)
{
	const struct machine *m = &noted->machine;
	size_t offset = (size_t)((const char *)address - (const char *)m->vmemmap);
	unsigned long pfn = offset / sizeof(struct page);

	if (!m->vmemmap || pfn >= m->max_pfn)
		return false;
	named->kind = NAMED_PAGE;
	snprintf(named->name, sizeof(named->name), "page[%lu]", pfn);
	name_member(named, struct_layout("page"), offset % sizeof(struct page), size,
		    object_at(address, at, true) ? ".ptl" : NULL);
	return true;
}

static bool name_object(const void *address, size_t size, uint32_t at, struct named *named)
{
	const struct object *object = object_at(address, at, false);
	const struct object_type *type;

	if (!object)
		return false;
	type = &object_types[object->type];
	named->kind = NAMED_OBJECT;
	snprintf(named->name, sizeof(named->name), "%s%u", type->prefix, object->number);
	name_member(named, struct_layout(type->type),
		    (size_t)((const char *)address - (const char *)object->address), size, NULL);
	return true;
}

static bool name_variable(const void *address, size_t size, struct named *named)
{
	size_t offset, whole;
	const char *symbol = source_symbol(address, &offset, &whole);

	if (!symbol)
		return false;
	snprintf(named->name, sizeof(named->name), "%.*s", (int)min(strcspn(symbol, "."), (size_t)64), symbol);
	name_member(named, variable_layout(named->name, whole), offset, size, NULL);
	return true;
}

static void name_unknown(const void *address, struct named *named)
{
	const void *line = (const char *)address - (uintptr_t)address % LINE;
	unsigned int i = 0;

	while (i < nr_unknown && unknown[i] != line)
		i++;
	if (i == nr_unknown && nr_unknown < MAX_UNKNOWN)
		unknown[nr_unknown++] = line;
	snprintf(named->name, sizeof(named->name), "m%u+%u", i, (unsigned int)((uintptr_t)address % LINE));
}

void named_memory_find(const void *address, size_t size, uint32_t at, struct named *named)
{
	*named = (struct named){ .kind = NAMED_OTHER };
	if (!name_frame(address, at, named) && !name_page(address, size, at, named) &&
	    !name_object(address, size, at, named) && !name_variable(address, size, named))
		name_unknown(address, named);
}

/* ---- values ---- */
static void put_entry(uint64_t value, char *text, size_t room)
{
	if (!value)
		snprintf(text, room, "none");
	else if (!(value & (ENTRY_PRESENT | ENTRY_PROTNONE | ENTRY_HUGE)))
		snprintf(text, room, "swap entry %#llx", (unsigned long long)value);
	else if (entry_is_table(value))
		snprintf(text, room, "table %lu", entry_pfn(value));
	else
		snprintf(text, room, "pfn %lu%s%s%s%s%s%s%s%s", entry_pfn(value),
			 value & ENTRY_PRESENT ? "" : " absent",
			 value & ENTRY_WRITE ? " write" : "", value & ENTRY_ACCESSED ? " accessed" : "",
			 value & ENTRY_DIRTY ? " dirty" : "", value & ENTRY_HUGE ? " huge" : "",
			 value & ENTRY_PROTNONE ? " protnone" : "", value & ENTRY_SPECIAL ? " special" : "",
			 value & ENTRY_SOFT_DIRTY ? " soft-dirty" : "");
}

static bool is_known(const struct named *named)
{
	return named->kind != NAMED_OTHER || !(named->name[0] == 'm' && strchr("0123456789", named->name[1]));
}

static void put_pointer(uint64_t value, uint32_t at, char *text, size_t room)
{
	struct named target;
	size_t length;

	named_memory_find((const void *)(uintptr_t)(value & ~7ul), 1, at, &target);
	length = strcspn(target.name, ".+");
	if (is_known(&target))
		snprintf(text, room, "&%.*s", (int)length, target.name);
	else
		snprintf(text, room, "&%s", target.name);
}

static void put_signed(uint64_t value, size_t size, char *text, size_t room)
{
	unsigned int unused = 64 - 8 * (unsigned int)size;

	snprintf(text, room, "%lld", (long long)(int64_t)(value << unused) >> unused);
}

void named_memory_value(const struct named *named, uint64_t value, size_t size, uint32_t at, char *text, size_t room)
{
	if (!size || size > sizeof(value))
		snprintf(text, room, "%zu bytes", size);
	else if (named->kind == NAMED_ENTRY)
		put_entry(value, text, room);
	else if (named->is_signed)
		put_signed(value, size, text, room);
	else if (named->is_pointer && !value)
		snprintf(text, room, "NULL");
	else if (size == sizeof(value) && value > UINT32_MAX && value >> 47 == 0)
		put_pointer(value, at, text, room);
	else if (value < 10000)
		snprintf(text, room, "%llu", (unsigned long long)value);
	else
		snprintf(text, room, "%#llx", (unsigned long long)value);
}
