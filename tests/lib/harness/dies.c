/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dies.c - assert that a statement ends in die(), and with which words. */
#include "tests/lib/harness/dies.h"

#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"

static _Thread_local jmp_buf back;
static _Thread_local bool expected;
static _Thread_local char said[512];
static _Thread_local const char *by;

static void jump_back(const char *detector, const char *text)
{
	if (!expected)
		return;
	by = detector;
	snprintf(said, sizeof(said), "%s", text);
	longjmp(back, 1);
}

jmp_buf *dies_begin(void)
{
	said[0] = '\0';
	expected = true;
	die_hook = jump_back;
	return &back;
}

bool dies_end(const char *text)
{
	bool right = said[0] && strstr(said, text);

	expected = false;
	die_hook = NULL;
	if (!right)
		fprintf(stderr, "expected to die of '%s', but: %s\n", text, said[0] ? said : "did not die");
	return right;
}

const char *died_by(void)
{
	return by;
}
