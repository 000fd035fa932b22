/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct_layout.c - flattens structures. */
#include "bench/check/struct_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/source_line.h"
#include "core/faultline.h"

#define MAX_LAYOUTS	128u
#define MAX_MEMBERS	256u	/* of one */
#define MAX_UNROLLED	16u	/* elements of an array; a longer one is a member */

#if FAULTLINE_EXPLORE
#include <dwarf.h>
#include <elfutils/libdwfl.h>

static struct struct_layout layouts[MAX_LAYOUTS];
static unsigned int nr_layouts;

/* ---- types ---- */
static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, type) &&
	       !dwarf_peel_type(type, type);
}

static bool is_record(Dwarf_Die *type)
{
	return dwarf_tag(type) == DW_TAG_structure_type || dwarf_tag(type) == DW_TAG_union_type;
}

static Dwarf_Word size_of(Dwarf_Die *type)
{
	Dwarf_Word size = 0;

	return dwarf_aggregate_size(type, &size) ? 0 : size;
}

static bool is_signed(Dwarf_Die *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Word encoding = 0;

	if (dwarf_tag(type) != DW_TAG_base_type || !dwarf_attr(type, DW_AT_encoding, &attribute))
		return false;
	dwarf_formudata(&attribute, &encoding);
	return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
}

static void add_type(struct struct_layout *layout, Dwarf_Die *type, const char *name, Dwarf_Word offset);

static void add_leaf(struct struct_layout *layout, Dwarf_Die *type, const char *name, Dwarf_Word offset)
{
	struct struct_member *member;

	if (layout->nr == MAX_MEMBERS)
		return;
	member = &layout->members[layout->nr++];
	*member = (struct struct_member){ .offset = (uint32_t)offset, .size = (uint32_t)size_of(type),
					  .is_signed = is_signed(type),
					  .is_pointer = dwarf_tag(type) == DW_TAG_pointer_type };
	snprintf(member->name, sizeof(member->name), "%s", name);
}

static Dwarf_Word offset_of(Dwarf_Die *member)
{
	Dwarf_Attribute attribute;
	Dwarf_Word offset = 0;

	if (dwarf_attr(member, DW_AT_data_member_location, &attribute))
		dwarf_formudata(&attribute, &offset);
	else if (dwarf_attr(member, DW_AT_data_bit_offset, &attribute) && !dwarf_formudata(&attribute, &offset))
		offset /= 8;
	return offset;
}

/* Members of unnamed structures and unions are those of what they are in. */
static void add_members(struct struct_layout *layout, Dwarf_Die *record, const char *before, Dwarf_Word offset)
{
	Dwarf_Die member, type;
	char name[96];

	if (dwarf_child(record, &member))
		return;
	do {
		const char *own = dwarf_diename(&member);

		if (dwarf_tag(&member) != DW_TAG_member || !type_of(&member, &type))
			continue;
		snprintf(name, sizeof(name), "%s%s%s", before, own ? "." : "", own ? own : "");
		add_type(layout, &type, name, offset + offset_of(&member));
	} while (!dwarf_siblingof(&member, &member));
}

static void add_elements(struct struct_layout *layout, Dwarf_Die *array, const char *name, Dwarf_Word offset)
{
	Dwarf_Word size = size_of(array), one;
	char element[128];
	Dwarf_Die type;

	if (!type_of(array, &type) || !(one = size_of(&type)))
		return;
	if (size / one > MAX_UNROLLED) {
		add_leaf(layout, array, name, offset);
		return;
	}
	for (Dwarf_Word at = 0; at < size; at += one) {
		snprintf(element, sizeof(element), "%.80s[%llu]", name, (unsigned long long)(at / one));
		add_type(layout, &type, element, offset + at);
	}
}

static void add_type(struct struct_layout *layout, Dwarf_Die *type, const char *name, Dwarf_Word offset)
{
	if (is_record(type))
		add_members(layout, type, name, offset);
	else if (dwarf_tag(type) == DW_TAG_array_type)
		add_elements(layout, type, name, offset);
	else
		add_leaf(layout, type, name, offset);
}

/* ---- search: @variable is the size of a variable; 0: a structure is wanted ---- */
static bool is_wanted(Dwarf_Die *die, const char *name, size_t variable)
{
	const char *own = dwarf_diename(die);
	Dwarf_Die type;

	if (dwarf_tag(die) != (variable ? DW_TAG_variable : DW_TAG_structure_type) || !own || strcmp(own, name) ||
	    dwarf_hasattr(die, DW_AT_declaration))
		return false;
	return !variable || (type_of(die, &type) && size_of(&type) == variable);
}

static bool find_in_unit(Dwarf_Die *unit, const char *name, size_t variable, Dwarf_Die *found)
{
	if (dwarf_child(unit, found))
		return false;
	do {
		if (is_wanted(found, name, variable))
			return true;
	} while (!dwarf_siblingof(found, found));
	return false;
}

/* Units are in files of their own (-gsplit-dwarf), which the program's name. */
static bool find_die(const char *name, size_t variable, Dwarf_Die *found)
{
	Dwarf *dwarf = source_dwarf();
	Dwarf_CU *unit = NULL;
	Dwarf_Die die, split;
	Dwarf_Half version;
	uint8_t kind;

	while (dwarf && !dwarf_get_units(dwarf, unit, &unit, &version, &kind, &die, &split))
		if (find_in_unit(kind == DW_UT_skeleton ? &split : &die, name, variable, found))
			return true;
	return false;
}

static void add_all(struct struct_layout *layout, Dwarf_Die *type)
{
	Dwarf_Die element;

	if (dwarf_tag(type) == DW_TAG_array_type && type_of(type, &element) && is_record(&element) &&
	    layout->size / max(size_of(&element), (Dwarf_Word)1) > MAX_UNROLLED) {
		layout->stride = size_of(&element);
		type = &element;
	}
	add_type(layout, type, "", 0);
}

static const struct struct_layout *layout_of(const char *name, size_t variable)
{
	char key[48];
	struct struct_layout *layout;
	Dwarf_Die die;

	snprintf(key, sizeof(key), "%.30s %zu", name, variable);
	for (unsigned int i = 0; i < nr_layouts; i++)
		if (!strcmp(layouts[i].name, key))
			return layouts[i].size ? &layouts[i] : NULL;
	if (nr_layouts == MAX_LAYOUTS)
		return NULL;
	layout = &layouts[nr_layouts++];
	*layout = (struct struct_layout){ .members = calloc(MAX_MEMBERS, sizeof(*layout->members)) };
	memcpy(layout->name, key, sizeof(key));
	if (!layout->members || !find_die(name, variable, &die) || (variable && !type_of(&die, &die)))
		return NULL;
	layout->size = size_of(&die);
	add_all(layout, &die);
	return layout->size ? layout : NULL;
}
#else
static const struct struct_layout *layout_of(const char *name, size_t variable)
{
	(void)name, (void)variable;
	return NULL;
}
#endif

const struct struct_layout *struct_layout(const char *name)
{
	return layout_of(name, 0);
}

const struct struct_layout *variable_layout(const char *name, size_t size)
{
	return layout_of(name, size);
}

/* How well @member fits an access; 0: not at all. */
static unsigned int fit(const struct struct_member *member, size_t offset, size_t size, bool behind)
{
	if (offset < member->offset || offset >= member->offset + max(member->size, 1u))
		return 0;
	return 1 + (member->offset == offset && member->size == size) + 2 * behind;
}

const struct struct_member *struct_member_at(const struct struct_layout *layout, size_t offset, size_t size,
					     const char *branch)
{
	const struct struct_member *best = NULL, *member;
	unsigned int best_fit = 0;
	bool behind = false;

	for (member = layout->members; member < layout->members + layout->nr; member++) {
		unsigned int own;

		behind |= branch && !strncmp(member->name, branch, strlen(branch));
		own = fit(member, offset, size, behind);
		if (own > best_fit) {
			best_fit = own;
			best = member;
		}
	}
	return best;
}
