/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_cache.h - unlinked anon_vmas and chains, for the file that links them: anon_vma.c. */
#ifndef FAULTLINE_CORE_MM_ANON_VMA_CACHE_H
#define FAULTLINE_CORE_MM_ANON_VMA_CACHE_H

#include "core/mm/anon_vma.h"

/* A root without VMAs, one reference; NULL without memory. put_anon_vma() frees it. */
struct anon_vma *anon_vma_alloc(enum anon_vma_free_kind kind) __must_check;
/* Adds a chain to @list; false, with @list emptied, without memory. */
bool chain_alloc(struct anon_vma_chain_list *list) __must_check;
/* Empties @list. Locking: none of them is in a tree. */
void chains_free(struct anon_vma_chain_list *list);

#endif
