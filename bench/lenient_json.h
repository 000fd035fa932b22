/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lenient_json.h - reads JSON that may have numbers which JSON does not know: NaN and Infinity, as Google Benchmark prints them. */
#ifndef FAULTLINE_BENCH_LENIENT_JSON_H
#define FAULTLINE_BENCH_LENIENT_JSON_H

#include <jansson.h>

/* As json_load_file(path, 0, error), but NaN, Infinity and their negatives are read as null: no number is there. */
json_t *lenient_json_load(const char *path, json_error_t *error);

#endif
