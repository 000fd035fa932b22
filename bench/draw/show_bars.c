/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_bars.c - a style for each set of locks and sections that threads hold at a time. */
#include "bench/draw/show_bars.h"

#include <stdio.h>

#include "bench/check/event_words.h"

static unsigned int colour_of(struct show_bars *bars, const char *name)
{
	unsigned int i = 0;

	while (i < SHOW_COLOURS && bars->names[i] && bars->names[i] != name)
		i++;
	if (i == SHOW_COLOURS)
		return SHOW_COLOURS - 1;
	bars->names[i] = name;
	return i;
}

static void put_bar(struct html *page, const char **before, unsigned int column, unsigned int slot, const char *colour,
		    bool thin)
{
	html_put(page, "%slinear-gradient(var(--%s),var(--%s)) calc(var(--no) + var(--lane)*%u + 15px + var(--bar)*%u)"
		 " 0/%s 100%% no-repeat", *before, colour, colour, column, slot,
		 thin ? "max(1px,calc(var(--bar) - 3px))" : "calc(var(--bar) - 1px)");
	*before = ",";
}

static void put_held_style(struct show_bars *bars, struct html *page, uint32_t number)
{
	const struct held *held = &bars->held.kinds[number];
	const char *before = "";
	char colour[8];

	html_put(page, ".c%u{background:", number);
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++) {
		if (held->section[i])
			put_bar(page, &before, bars->columns[i], 0, "rcu", false);
		for (unsigned int slot = 0; slot < HELD_SLOTS; slot++) {
			if (!held->locks[i][slot].lock)
				continue;
			snprintf(colour, sizeof(colour), "k%u", colour_of(bars, held->locks[i][slot].name));
			put_bar(page, &before, bars->columns[i], slot + 1, colour,
				held->locks[i][slot].read);
		}
	}
	html_put(page, "%s}\n", *before ? "" : "none");
}

void show_bars_put_style(struct show_bars *bars, struct html *page)
{
	for (uint32_t i = 0; i < bars->held.nr; i++)
		put_held_style(bars, page, i);
}

void show_bars_put_legend(const struct show_bars *bars, struct html *page)
{
	html_put(page, "<ul class=\"legend\"><li><i style=\"background:var(--rcu)\"></i>"
		 "RCU read section</li>");
	for (unsigned int i = 0; i < SHOW_COLOURS && bars->names[i]; i++)
		html_put(page, "<li><i style=\"background:var(--k%u)\"></i>%s</li>", i,
			 bars->names[i]);
	html_put(page, "</ul>\n<p><small>Bars beside a column: what its thread holds; thin ones for read. "
		 "A full dot: memory was written.</small></p>\n");
}

void show_bars_put_words(const struct show_bars *bars, struct html *page)
{
	char name[32];

	html_put(page, "<div hidden=\"hidden\">\n");
	for (uint32_t number = 0; number < bars->held.nr; number++) {
		const struct held *held = &bars->held.kinds[number];
		const char *before = "";

		html_put(page, "<p id=\"h%u\">", number);
		for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
			for (unsigned int slot = 0; slot <= HELD_SLOTS; slot++) {
				const struct held_lock *lock = &held->locks[i][min(slot, HELD_SLOTS - 1)];

				if (slot == HELD_SLOTS ? !held->section[i] : !lock->lock)
					continue;
				event_thread_name(i, name, sizeof(name));
				html_put(page, "%s%s: %s%s", before, name,
					 slot == HELD_SLOTS ? "RCU read section" : lock->name,
					 slot < HELD_SLOTS && lock->read ? " for read" : "");
				before = "; ";
			}
		html_put(page, "%s</p>\n", *before ? "" : "nothing");
	}
	html_put(page, "</div>\n");
}
