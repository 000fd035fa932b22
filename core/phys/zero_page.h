/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zero_page.h - the page of zeros that read faults map. */
#ifndef FAULTLINE_CORE_PHYS_ZERO_PAGE_H
#define FAULTLINE_CORE_PHYS_ZERO_PAGE_H

#include "core/phys/frame.h"

extern struct page *zero_page;	/* (C) special in entries: not counted. Source: arch/x86 empty_zero_page */

static inline bool is_zero_pfn(unsigned long pfn)
{
	return pfn == page_to_pfn(zero_page);
}

#endif
