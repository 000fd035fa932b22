/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token.h - fields in one word that a command line takes: "fl1-" and letters, digits, - and _ (base64url).
 *
 * The word holds fields, each a tag, a length and as many bytes, and a CRC-32 behind them. Numbers are little-endian,
 * in groups of 7 bits. A reader rejects tags that it does not know, but for those from TOKEN_NOTES on: they decide
 * nothing.
 */
#ifndef FAULTLINE_BENCH_CHECK_TOKEN_H
#define FAULTLINE_BENCH_CHECK_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_PREFIX	"fl"
#define TOKEN_VERSION	1
#define TOKEN_BYTES	2048	/* of fields, at most */
#define TOKEN_TEXT	(TOKEN_BYTES / 3 * 4 + 32)
#define TOKEN_NOTES	64	/* the first tag of fields that need not be known */

/* Fields that are written, or still to be read. */
struct token {
	uint8_t bytes[TOKEN_BYTES];
	size_t length, at;
	bool full;			/* something had no room */
};

/* ---- writing ---- */
void token_put(struct token *token, unsigned int tag, const void *bytes, size_t length);
void token_put_text(struct token *token, unsigned int tag, const char *text);
void token_put_number(struct token *token, unsigned int tag, uint64_t number);
/* A number inside of a field. Appends to @bytes at *@length; at most 10 bytes. */
void token_append(uint8_t *bytes, size_t *length, uint64_t number);
/* The word, in @text of TOKEN_TEXT bytes. */
void token_print(struct token *token, char *text);

/* ---- reading ---- */
/* Returns 0, or the exit status after one line on stderr: no token, damaged, or of another version. */
int token_scan(struct token *token, const char *text);
/* One field: its bytes lie in the token. */
struct token_field {
	unsigned int tag;
	const uint8_t *bytes;
	size_t length, at;		/* @at: of what token_take() has not taken yet */
};
/* Returns false past the last field, or when the rest is none. */
bool token_next(struct token *token, struct token_field *field);
/* The next number of @field; false when there is none. */
bool token_take(struct token_field *field, uint64_t *number);

#endif
