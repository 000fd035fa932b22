/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_migrate.c - unmaps huge pages of the pool for migration. */
#include "core/op/hugetlb_migrate.h"

#include "core/mm/filemap.h"
#include "core/mm/hugetlb.h"
#include "core/mm/i_mmap.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/hugetlb_pool.h"
#include "core/probe/knockout.h"

DEFINE_KNOCKOUT(HUGETLB_MIGRATE_MUTEX,
	.name = "hugetlb:migrate-mutex",
	.removes = "the fault mutex of a place while its huge page is moved",
	.breaks = "a write between the copy and the replacement of a file's huge page is lost",
	.detected_by = "the contents of the file: knockout.hugetlb_file",
	.hunt = "test knockout.hugetlb_file");

struct rwsem *hugetlb_migrate_begin(struct folio *to, const struct folio *from)
{
	if (likely(!folio_test_hugetlb(from)))
		return NULL;
	hugetlb_pool_set_type(to, PAGE_FILE);
	if (KNOCKED_OUT(HUGETLB_MIGRATE_MUTEX))
		return NULL;
	return hugetlb_fault_mutex_lock(folio_mapping(from), from->page.index);
}

void hugetlb_migrate_end(struct rwsem *place)
{
	if (unlikely(place))
		hugetlb_fault_mutex_unlock(place);
}

void hugetlb_unmap_for_migration(struct folio *folio)
{
	struct address_space *mapping = folio_test_anon(folio) ? NULL : folio_mapping(folio);

	if (mapping)
		i_mmap_lock_write(mapping);
	try_to_migrate(folio, TTU_BATCH_FLUSH | TTU_SYNC | (mapping ? TTU_RMAP_LOCKED : 0));
	if (mapping)
		i_mmap_unlock_write(mapping);
}
