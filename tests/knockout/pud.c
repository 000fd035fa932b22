/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pud.c - leaves of PUD tables with a knock-out, step by step: two faults set one leaf, or a leaf and a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/pud_scene.h"

static struct pud_device d;
static bool fallback;

static vm_fault_t sometimes(struct vm_fault *vmf, unsigned int order)
{
	return fallback ? VM_FAULT_FALLBACK : dax_device.huge_fault(vmf, order);
}

static void set_a_leaf(void *unused)
{
	(void)unused;
	fallback = false;
	BUG_ON(do_user_addr_fault(d.mm, PLACE + PUD_SIZE / 2, FAULT_FLAG_WRITE));
	frame_drain_cpu();
}

/* At @point of a fault another one sets a leaf. */
static bool another_fault_at(const char *point)
{
	struct vm_operations_struct ops = dax_device;
	bool good;

	ops.huge_fault = sometimes;
	pud_device_open(&d, &ops, RW);
	meanwhile(point, set_a_leaf, NULL);
	good = !do_user_addr_fault(d.mm, PLACE, 0) && meanwhile_ran() == 1 && rests(&d.mm, 1);
	if (!good)
		return false;
	mm_exit(d.mm);
	pud_device_close(&d);
	return true;
}

static bool one_leaf_is_set(void)
{
	fallback = false;
	return another_fault_at("pud_insert.before_lock");
}

static bool a_leaf_is_no_table(void)
{
	fallback = true;
	return another_fault_at("pud_fault.before_table");
}

static int up(void **state)
{
	(void)state;
	world_start(PUD_FRAMES, 0);
	return 0;
}

static const struct knocked_steps scenes[] = {
	{ { "pud-insert:none", { "counted" } }, one_leaf_is_set },
	{ { "pud-fault:recheck", { "entry_points_to_table" } }, a_leaf_is_no_table },
};

/* Rows: A3, L7. */
static void an_entry_is_set_once(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(scenes); i++)
		assert_true(only_knocked_steps_are_seen(&scenes[i], up));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_set_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
