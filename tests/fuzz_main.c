/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_main.c - runs a file of tests/fuzz without a fuzzer: each seed as it is, then ROUNDS changed ones, from one
 * random sequence.
 *
 *   fuzz.NAME SEEDS ROUNDS     SEEDS is a folder
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/lib/harness/fuzz.h"

#define MOST_SEEDS	64
#define MOST_BYTES	(1u << 17)
#define MOST_CHANGES	6

struct seed {
	uint8_t *bytes;
	size_t size;
};

static struct seed seeds[MOST_SEEDS];
static unsigned int nr_seeds;

static void read_seed(const char *folder, const char *name)
{
	struct seed *seed = &seeds[nr_seeds++];
	char path[512];
	FILE *file;

	HOLDS(nr_seeds < MOST_SEEDS && snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path));
	file = fopen(path, "re");
	seed->bytes = malloc(MOST_BYTES);
	HOLDS(file && seed->bytes);
	seed->size = fread(seed->bytes, 1, MOST_BYTES, file);
	fclose(file);
}

static void read_seeds(const char *folder)
{
	struct dirent **names;
	int nr = scandir(folder, &names, NULL, alphasort);

	HOLDS(nr > 0);
	for (int i = 0; i < nr; i++) {
		if (names[i]->d_name[0] != '.')
			read_seed(folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	HOLDS(nr_seeds > 0);
}

/* Replaces @cut bytes of @text at @at by @put others. Returns its new size. */
static size_t splice(uint8_t *text, size_t size, size_t at, size_t cut, const void *bytes, size_t put)
{
	if (size - cut + put > MOST_BYTES)
		return size;
	memmove(text + at + put, text + at + cut, size - at - cut);
	memcpy(text + at, bytes, put);
	return size - cut + put;
}

static const char *some_token(struct rng *rng)
{
	static const char *const tokens[] = {
		"0",
		"-1",
		"18446744073709551615",
		"9223372036854775808",
		"1e308",
		"5e-324",
		"1e999",
		"NaN",
		"-Infinity",
		"null",
		"true",
		"{}",
		"[]",
		"\"\"",
		"\"",
		"\\",
		"\\u0000",
		"`",
		"'",
		"\n",
		"\r",
		"\t",
		"\xff",
		"\xe2\x82\xac",
		"%s%n",
		"/",
		":",
		",",
		" ",
		"fffffffffffff000",
		"threads:4294967295",
		"policy:",
		"_mean",
		" kB",
		"+ 1 1 px\n",
		"linux-6.15,",
		"anon=1m",
		"<b>&]]>",
	};

	return tokens[rng_below(rng, sizeof(tokens) / sizeof(tokens[0]))];
}

/* One change: a byte, a token, bytes cut out, bytes doubled, a part of another seed, or the end lost. */
static size_t change(struct rng *rng, uint8_t *text, size_t size)
{
	const size_t at = size ? rng_below(rng, size) : 0, rest = size - at,
		     length = rest ? 1 + rng_below(rng, rest < 64 ? rest : 64) : 0;
	const struct seed *other = &seeds[rng_below(rng, nr_seeds)];
	static const char common[] = "0123456789abcdef-+ :,.=pxsrw[]{}\"";
	const char *token = some_token(rng);
	uint8_t copy[64];

	switch (rng_below(rng, 7)) {
	case 0:
		copy[0] = rng_below(rng, 4) ? (uint8_t)common[rng_below(rng, sizeof(common) - 1)] :
					      (uint8_t)rng_below(rng, 256);
		return splice(text, size, at, rest > 0, copy, 1);
	case 1:
		return splice(text, size, at, 0, token, strlen(token));
	case 2:
		return splice(text, size, at, length, token, strlen(token));
	case 3:
		return splice(text, size, at, length, "", 0);
	case 4:
		memcpy(copy, text + at, length);
		return splice(text, size, at, 0, copy, length);
	case 5:
		return splice(text, size, at, length, other->bytes, rng_below(rng, other->size + 1));
	default:
		return rng_below(rng, 8) ? size : at;
	}
}

int main(int argc, char **argv)
{
	static uint8_t text[MOST_BYTES];
	unsigned long rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct rng rng;

	HOLDS(argc == 3);
	read_seeds(argv[1]);
	rng_init(&rng, 1);
	for (unsigned int i = 0; i < nr_seeds; i++)
		LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].size);
	for (unsigned long round = 0; round < rounds; round++) {
		const struct seed *seed = &seeds[rng_below(&rng, nr_seeds)];
		size_t size = seed->size;
		uint8_t *exact;

		memcpy(text, seed->bytes, size);
		for (uint64_t changes = 1 + rng_below(&rng, MOST_CHANGES); changes; changes--)
			size = change(&rng, text, size);
		exact = malloc(size + !size);	/* of its own size, so that sanitizers see its end */
		HOLDS(exact);
		memcpy(exact, text, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	printf("%lu executions from %u seeds\n", nr_seeds + rounds, nr_seeds);
	return 0;
}
