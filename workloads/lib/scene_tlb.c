/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_tlb.c - scenes of a file whose pages processors reach through TLBs. */
#include "workloads/lib/scene_tlb.h"

#include <sys/mman.h>

#include "workloads/lib/scene_state.h"

int scene_tlb_file(struct workload_run *run)
{
	if (run->policy.tlb == TLB_OFF)
		run->policy.tlb = TLB_IPI;
	return scene_file_dirty(run);
}

int64_t scene_tlb_move(struct worker *worker)
{
	const unsigned long addr = space_region(space_of(worker), 0), len = SCENE_PAGES << PAGE_SHIFT;

	return scene_done(worker, sys_mremap(scene_mm(worker), addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
					     addr + PUD_SIZE + len));
}

int64_t scene_tlb_reclaim(struct worker *worker)
{
	int64_t done = scene_read(worker);

	done = done < 0 ? done : scene_reclaim_file(worker);
	return done < 0 ? done : scene_read(worker);
}

int64_t scene_tlb_clean(struct worker *worker)
{
	int64_t done = scene_write(worker);

	done = done < 0 ? done : scene_clean(worker);
	return done < 0 ? done : scene_write(worker);
}
