/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup.c - storms of pins with a knock-out: the named detector fires, and none fires without it.
 *
 * The barriers of gup-share and gup-fork are full barriers behind read-modify-writes, which are full barriers
 * themselves on x86: models.gup_share shows their effect. Here the re-reads that they order are disabled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/pin_storm.h"

#define STORMS		400	/* maximum of seeds tried; each is detected within the first few */
#define CLEAN_STORMS	20

/*
 * The fate of a pinned page shared with a child: detected in the child, or in the parent before or after its
 * replacement.
 */
#define FORKED	"a child sees", "not exclusive", "is mapped a second time", "not mapped at its address"

#define WITH(role)	(1u << PIN_##role)

static const struct {
	struct knocked knocked;
	unsigned int roles;		/* bits of the roles that take part, besides pinners */
} cases[] = {
	{ { "pin-check", { FORKED } }, WITH(FORKER) },
	{ { "pin-check", { "while it was shared", "not exclusive", "not mapped at its address" } }, WITH(SHARER) },
	{ { "gup:has-pinned", { FORKED } }, WITH(FORKER) },
	{ { "gup-fork:B", { FORKED } }, WITH(FORKER) },
	{ { "gup-unshare:A", { "while it was shared", "not exclusive" } }, WITH(SHARER) | WITH(WRITER) },
	{ { "gup-unshare:B", { "not exclusive", "not mapped at its address" } }, WITH(SHARER) | WITH(FORKER) },
	{ { "gup:write-check", { "a child sees", "not exclusive", "while it was shared",
	      "not mapped at its address" } },
	  WITH(SHARER) | WITH(FORKER) },
	{ { "fault:ready", { "was not exclusive when" } }, WITH(ZAPPER) },
	{ { "gup:recheck", { "not exclusive", "not mapped at its address", "while it was shared", "was freed" } },
	  WITH(SHARER) | WITH(ZAPPER) | WITH(WRITER) },
};

static bool storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	struct mm_policy policy = world_policy("linux-6.15");
	struct pin_storm storm = pin_storm_default(&policy);

	for (unsigned int role = PIN_PINNER + 1; role < NR_PIN_ROLES; role++)
		if (!(*(const unsigned int *)attempt->scene & 1u << role))
			storm.threads[role] = 0;
	storm.noise = 200;
	storm.pages = 4;
	storm.seed = seed;
	return pin_storm_run(&storm, why, why_size);
}

static bool storms(const struct attempt *attempt)
{
	return storms_hold(attempt, storm, STORMS, CLEAN_STORMS);
}

/* Row: A6. */
static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(knocked_is_seen(&cases[i].knocked, storms, &cases[i].roles, 1));
}

static void nothing_disabled_nothing_detected(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(clean_is_quiet(storms, &cases[i].roles));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_disabled_nothing_detected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
