/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dialect.c - formats for languages that are evaluated; characters. */
#include "bench/ground/dialect.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/faultline.h"

/* ---- characters ---- */

/* Bytes of the sequence that @lead begins, and the least character that needs so many; 0 for no lead byte. */
static unsigned int sequence(unsigned char lead, unsigned int *bits, unsigned int *least)
{
	static const struct {
		unsigned char mask, lead;
		unsigned int least;
	} kinds[] = { { 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((lead & kinds[i].mask) == kinds[i].lead) {
			*bits = lead & (unsigned char)~kinds[i].mask;
			*least = kinds[i].least;
			return i + 1;
		}
	return 0;
}

/* The Char production of XML 1.0, without the control characters that it discourages. */
static bool is_allowed(unsigned int character)
{
	if (text_is_control(character))
		return character == '\n' || character == '\t';
	return character <= 0x10ffff && !(character >= 0xd800 && character < 0xe000) && (character & 0xfffe) != 0xfffe;
}

unsigned int text_next(const char **text)
{
	unsigned int character, least, length = sequence((unsigned char)**text, &character, &least);

	if (!**text)
		return 0;
	for (unsigned int i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)(*text)[i];

		if ((byte & 0xc0) != 0x80) {
			length = 0;
			break;
		}
		character = character << 6 | (byte & 0x3f);
	}
	*text += length ? length : 1;
	return length && character >= least && is_allowed(character) ? character : TEXT_REPLACEMENT;
}

void text_put(FILE *out, unsigned int character)
{
	if (character < 0x80) {
		putc((int)character, out);
		return;
	}
	if (character < 0x800) {
		putc((int)(0xc0 | character >> 6), out);
	} else {
		if (character < 0x10000) {
			putc((int)(0xe0 | character >> 12), out);
		} else {
			putc((int)(0xf0 | character >> 18), out);
			putc((int)(0x80 | (character >> 12 & 0x3f)), out);
		}
		putc((int)(0x80 | (character >> 6 & 0x3f)), out);
	}
	putc((int)(0x80 | (character & 0x3f)), out);
}

int text_is_control(unsigned int character)
{
	return character < ' ' || (character >= 0x7f && character < 0xa0);
}

void text_put_plain(FILE *out, const char *text)
{
	unsigned int character;

	while ((character = text_next(&text)))
		text_put(out, text_is_control(character) ? ' ' : character);
}

/* ---- formats ---- */
#define LONGEST_CONVERSION	32

/* One conversion of a format: all up to its letter; the star's value is in its place. */
struct conversion {
	char text[LONGEST_CONVERSION];
	size_t length;
};

static void add(struct conversion *conversion, const char *text, size_t length)
{
	BUG_ON(conversion->length + length >= sizeof(conversion->text));
	memcpy(conversion->text + conversion->length, text, length);
	conversion->length += length;
	conversion->text[conversion->length] = '\0';
}

static void put_integer(FILE *out, const struct conversion *conversion, va_list *ap)
{
	const char letter = conversion->text[conversion->length - 1], size = conversion->text[conversion->length - 2];

	if (letter == 'd')
		fprintf(out, conversion->text, va_arg(*ap, int));
	else if (size == 'l')
		fprintf(out, conversion->text, va_arg(*ap, unsigned long));
	else if (size == 'z')
		fprintf(out, conversion->text, va_arg(*ap, size_t));
	else
		fprintf(out, conversion->text, va_arg(*ap, unsigned int));
}

static void put_converted(FILE *out, const struct dialect *dialect, const struct conversion *conversion, va_list *ap)
{
	double number;

	switch (conversion->text[conversion->length - 1]) {
	case 's':
		BUG_ON(conversion->length != 2);
		dialect->put_text(out, va_arg(*ap, const char *));
		break;
	case 'd':
	case 'u':
		put_integer(out, conversion, ap);
		break;
	case 'f':
	case 'g':
		number = va_arg(*ap, double);
		if (isfinite(number))
			dialect->put_real(out, conversion->text, number);
		else
			fputs(dialect->not_finite, out);
		break;
	default:
		BUG_ON(conversion->text[conversion->length - 1] != '%');
		putc('%', out);
	}
}

/* Reads the conversion at @fmt into @conversion. Returns what follows it. */
static const char *take_conversion(const char *fmt, struct conversion *conversion, va_list *ap)
{
	*conversion = (struct conversion){ .length = 0 };
	add(conversion, fmt++, 1);
	for (; strchr("#0- +.*123456789lz", *fmt); fmt++) {
		char digits[16];

		BUG_ON(!*fmt);
		if (*fmt != '*') {
			add(conversion, fmt, 1);
			continue;
		}
		snprintf(digits, sizeof(digits), "%d", va_arg(*ap, int));
		add(conversion, digits, strlen(digits));
	}
	add(conversion, fmt, 1);
	return fmt + 1;
}

void dialect_print(FILE *out, const struct dialect *dialect, const char *fmt, va_list ap)
{
	struct conversion conversion;
	va_list arguments;

	va_copy(arguments, ap);
	while (*fmt) {
		size_t literal = strcspn(fmt, "%");

		fwrite(fmt, 1, literal, out);
		fmt += literal;
		if (!*fmt)
			break;
		fmt = take_conversion(fmt, &conversion, &arguments);
		put_converted(out, dialect, &conversion, &arguments);
	}
	va_end(arguments);
}
