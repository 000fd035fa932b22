/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_cache.h - anon_vmas and chains that are nobody's yet, for the file that links them: anon_vma.c. */
#ifndef FAULTLINE_CORE_MM_ANON_VMA_CACHE_H
#define FAULTLINE_CORE_MM_ANON_VMA_CACHE_H

#include "core/mm/anon_vma.h"

/* A root without VMAs, one reference; NULL when memory ran out. put_anon_vma() takes it back. */
struct anon_vma *anon_vma_alloc(enum anon_vma_free_kind kind) __must_check;
/* One more chain on @list; false, and @list empty, when memory ran out. */
bool chain_alloc(struct anon_vma_chain_list *list) __must_check;
/* @list is empty afterwards. Locking: none of them is in a tree. */
void chains_free(struct anon_vma_chain_list *list);

#endif
