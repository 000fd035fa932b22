/* SPDX-License-Identifier: GPL-2.0-or-later */
/* token.c - fields as bytes, and bytes as a word. */
#include "bench/check/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"

#define CHECKSUM	4u	/* bytes */
#define GROUP		7u	/* bits of a number in a byte */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* CRC-32 of IEEE 802.3, a bit at a time. */
static uint32_t checksum(const uint8_t *bytes, size_t length)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* ---- writing ---- */
void token_append(uint8_t *bytes, size_t *length, uint64_t number)
{
	for (; number >> GROUP; number >>= GROUP)
		bytes[(*length)++] = (uint8_t)(number | 1u << GROUP);
	bytes[(*length)++] = (uint8_t)number;
}

void token_put(struct token *token, unsigned int tag, const void *bytes, size_t length)
{
	token->full |= token->length + length + 2 * 10 + CHECKSUM > TOKEN_BYTES;
	if (token->full)
		return;
	token_append(token->bytes, &token->length, tag);
	token_append(token->bytes, &token->length, length);
	memcpy(token->bytes + token->length, bytes, length);
	token->length += length;
}

void token_put_text(struct token *token, unsigned int tag, const char *text)
{
	token_put(token, tag, text, strlen(text));
}

void token_put_number(struct token *token, unsigned int tag, uint64_t number)
{
	uint8_t bytes[10];
	size_t length = 0;

	token_append(bytes, &length, number);
	token_put(token, tag, bytes, length);
}

void token_print(struct token *token, char *text)
{
	uint32_t crc = checksum(token->bytes, token->length);
	size_t length = token->length;
	uint32_t bits = 0;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < CHECKSUM; i++)
		token->bytes[length++] = (uint8_t)(crc >> 8 * i);
	text += sprintf(text, TOKEN_PREFIX "%u-", TOKEN_VERSION);
	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | token->bytes[i];
		for (nr += 8; nr >= 6; nr -= 6)
			*text++ = digits[bits >> (nr - 6) & 63];
	}
	if (nr)
		*text++ = digits[bits << (6 - nr) & 63];
	*text = '\0';
}

/* ---- reading ---- */
static int read_prefix(const char *text, const char **rest)
{
	char *end;
	unsigned long version;

	if (strncmp(text, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) || text[2] < '0' || text[2] > '9')
		return complain("not a token: '%s' (a failure of faultline stress --serial prints one)", text);
	version = strtoul(text + 2, &end, 10);
	if (*end != '-')
		return complain("not a token: '%s' (a failure of faultline stress --serial prints one)", text);
	if (version != TOKEN_VERSION)
		return complain("a token of version %lu: this program reads version %u", version, TOKEN_VERSION);
	*rest = end + 1;
	return 0;
}

/* The bits behind the last byte are 0. */
static bool read_digits(struct token *token, const char *text)
{
	uint32_t bits = 0;
	unsigned int nr = 0;

	for (; *text; text++) {
		const char *digit = strchr(digits, *text);

		if (!digit || token->length == TOKEN_BYTES)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		nr += 6;
		if (nr >= 8) {
			nr -= 8;
			token->bytes[token->length++] = (uint8_t)(bits >> nr);
		}
	}
	return nr < 6 && !(bits & ((1u << nr) - 1));
}

int token_scan(struct token *token, const char *text)
{
	const char *rest = NULL;
	uint32_t crc = 0;
	int status = read_prefix(text, &rest);

	if (status)
		return status;
	*token = (struct token){ .length = 0 };
	if (!read_digits(token, rest) || token->length < CHECKSUM)
		return complain("a damaged token: a character is missing, or one too many");
	token->length -= CHECKSUM;
	for (unsigned int i = 0; i < CHECKSUM; i++)
		crc |= (uint32_t)token->bytes[token->length + i] << 8 * i;
	if (crc != checksum(token->bytes, token->length))
		return complain("a damaged token: its checksum does not match");
	return 0;
}

static bool take_number(const uint8_t *bytes, size_t length, size_t *at, uint64_t *number)
{
	*number = 0;
	for (unsigned int shift = 0; *at < length && shift < 64; shift += GROUP) {
		uint8_t byte = bytes[(*at)++];

		*number |= (uint64_t)(byte & ((1u << GROUP) - 1)) << shift;
		if (!(byte >> GROUP))
			return true;
	}
	return false;
}

bool token_next(struct token *token, struct token_field *field)
{
	uint64_t tag, length;

	if (!take_number(token->bytes, token->length, &token->at, &tag) || tag > UINT32_MAX ||
	    !take_number(token->bytes, token->length, &token->at, &length) || length > token->length - token->at)
		return false;
	*field = (struct token_field){ .tag = (unsigned int)tag, .bytes = token->bytes + token->at, .length = length };
	token->at += length;
	return true;
}

bool token_take(struct token_field *field, uint64_t *number)
{
	return take_number(field->bytes, field->length, &field->at, number);
}
