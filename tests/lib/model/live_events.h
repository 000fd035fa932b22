/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_events.h - a thread that reads the events of userfaultfds, the running kernel's and ours, and compares them. */
#ifndef FAULTLINE_TESTS_LIB_MODEL_LIVE_EVENTS_H
#define FAULTLINE_TESTS_LIB_MODEL_LIVE_EVENTS_H

#include "core/op/userfaultfd.h"

#define LIVE_UFFDS	2

struct live_events;

/* Starts the thread, for @live, that do not block, and @ours; all stay open until live_events_end(). */
struct live_events *live_events_begin(const int live[LIVE_UFFDS], struct userfaultfd_ctx *const ours[LIVE_UFFDS]);
/*
 * True if the events since the last call are the same, in the same order, of each userfaultfd; else says on stderr
 * which are not. Locking: no operation runs.
 */
bool live_events_agree(struct live_events *events);
/* The number of events so far. */
unsigned long live_events_total(const struct live_events *events);
void live_events_end(struct live_events *events);

#endif
