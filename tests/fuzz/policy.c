/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.c - any text is a policy that can be described, and is the same when read again, or is refused with one line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/faultline.h"
#include "tests/lib/harness/fuzz.h"

static void check(const struct mm_policy *policy)
{
	char fields[300], again[300], text[400], why[256];
	struct mm_policy read;

	policy_describe(policy, fields, sizeof(fields));
	HOLDS(strlen(fields) < sizeof(fields) - 1);
	snprintf(text, sizeof(text), "%s,%s", policy_default()->name, fields);
	HOLDS(!policy_parse(text, &read, why, sizeof(why)));
	policy_describe(&read, again, sizeof(again));
	HOLDS(!strcmp(fields, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), why[256] = "";
	struct mm_policy policy;
	int error;

	HOLDS(text);
	error = policy_parse(text, &policy, why, sizeof(why));
	if (error)
		HOLDS(error == -EINVAL && *why);
	else
		check(&policy);
	free(text);
	return 0;
}
