/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.h - a machine, one cpu and a policy for a test; how long random tests run; what must be left at the end. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_WORLD_H
#define FAULTLINE_TESTS_LIB_HARNESS_WORLD_H

#include "core/mm/mm.h"

/* Dies unless a machine of @frames frames with @payload bytes each starts; the calling thread becomes a cpu. */
void world_start(unsigned long frames, unsigned int payload);
/* The same with @nodes nodes of @frames frames each; the calling thread is of the first. */
void world_start_nodes(unsigned int nodes, unsigned long frames, unsigned int payload);
/* Takes all back. True when nothing leaked; else says on stderr what did. */
bool world_stop(void);
/*
 * teardown - what a teardown returns: 0 if @clean; else -1, and the process will end with EXIT_FAILURE, since to cmocka
 * a group passes whose teardown fails.
 */
int teardown(bool clean);
/* As cmocka's setup and teardown: 16384 frames without payload, or with a cache line each. */
int world_up(void **state);
int world_up_with_words(void **state);
int world_down(void **state);

/*
 * @n, or fewer under a sanitizer, times FAULTLINE_TEST_SCALE (a number, 1 if not set). At least 1.
 * FAULTLINE_TEST_SEED (a number) makes test_seed() differ from what it is in every run.
 */
unsigned int test_rounds(unsigned int n);
uint64_t test_seed(void);

/* Policies by their texts, see policy_parse(): the presets, and what no preset has. Each dies if it is none. */
extern const char *const world_policies[];
extern const unsigned int nr_world_policies;
struct mm_policy world_policy(const char *text);
/* An mm under the policy of that text; dies when memory runs out. */
struct mm_struct *world_mm(const char *policy);

/*
 * Grabs every frame but @left; world_give_frames() gives them back. Frames on other threads' lists stay out of reach.
 */
void world_take_frames(unsigned long left);
void world_give_frames(void);

#endif
