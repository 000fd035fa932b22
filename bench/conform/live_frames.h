/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_frames.h - what the live kernel shows its administrator about frames: mapcounts and flags. */
#ifndef FAULTLINE_BENCH_CONFORM_LIVE_FRAMES_H
#define FAULTLINE_BENCH_CONFORM_LIVE_FRAMES_H

#include "bench/conform/side.h"

/* Opens /proc/kpagecount and kpageflags. False: only an administrator may. */
bool live_frames_open(void);
void live_frames_close(void);
/* What has been read may have changed. */
void live_frames_forget(void);
/*
 * live_frames_settle - after swap-outs: waits until none of the frames of @nr pages is under writeback, and drains the
 * batches of folios of all processors, which hold references to them.
 */
void live_frames_settle(const struct page_state *pages, long nr);
/* Ranges that khugepaged has collapsed in this system, MADV_COLLAPSE not counted; 0: not known. */
unsigned long live_frames_collapsed(void);
/* Fills in what frames show of pages: state->pages[].frame is set, to the frame's number + 1, or 0. */
void live_frames_look(struct page_state *pages, long nr);

#endif
