/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what files of tests/fuzz are made of: one entry point each, that takes any bytes and aborts where a rule is
 * broken.
 *
 * The preset `fuzz` links libFuzzer (clang, with the address and undefined-behaviour sanitizers), which searches for
 * inputs by coverage: ./run fuzz. Everywhere else tests/fuzz_main.c changes the seeds of tests/corpus at random, the
 * same each time.
 */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_FUZZ_H
#define FAULTLINE_TESTS_LIB_HARNESS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file with these bytes, the same for each call: it lives in memory until the next. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* @rule holds for this input, or the process ends with it. */
#define HOLDS(rule)	((rule) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #rule))
_Noreturn void fuzz_broken(const char *file, int line, const char *rule);

#endif
