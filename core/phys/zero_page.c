/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zero_page.c - faultline_start() allocates it, faultline_stop() frees it. */
#include "core/phys/zero_page.h"

struct page *zero_page;
