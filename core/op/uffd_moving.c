/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_moving.c - the locks of a move: those of its VMAs, and of the folio that is moved. */
#include "core/op/uffd_moving.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/vma.h"
#include "core/phys/folio_lock.h"

void uffd_move_unlock_vmas(struct uffd_move *move)
{
	if (move->mmap_locked) {
		mmap_read_unlock(move->mm);
		return;
	}
	if (move->src != move->dst)
		vma_end_read(move->mm, move->src);
	vma_end_read(move->mm, move->dst);
}

static bool try_lock_vmas(struct uffd_move *move, unsigned long dst, unsigned long src)
{
	move->dst = lock_vma_under_rcu(move->mm, dst);
	if (!move->dst)
		return false;
	if (src >= move->dst->vm_start && src < move->dst->vm_end)
		move->src = move->dst;
	else
		move->src = vma_anon_vma(move->dst) ? lock_vma_under_rcu(move->mm, src) : NULL;
	if (move->src && vma_anon_vma(move->dst))
		return true;
	if (move->src && move->src != move->dst)
		vma_end_read(move->mm, move->src);
	vma_end_read(move->mm, move->dst);
	return false;
}

int uffd_move_lock_vmas(struct uffd_move *move, unsigned long dst, unsigned long src)
{
	move->mmap_locked = !try_lock_vmas(move, dst, src);
	if (!move->mmap_locked)
		return 0;
	mmap_read_lock(move->mm);
	move->dst = vma_lookup(move->mm, dst);
	move->src = vma_lookup(move->mm, src);
	if (move->dst && !(move->dst->vm_flags & VM_SHARED) && anon_vma_prepare(move->dst))
		return -ENOMEM;
	return move->dst && move->src ? 0 : -ENOENT;
}

bool uffd_move_areas_valid(const struct uffd_move *move, unsigned long dst, unsigned long src, unsigned long len)
{
	const unsigned long same = VM_ACCESS_FLAGS | VM_LOCKED;

	return src + len <= move->src->vm_end && dst + len <= move->dst->vm_end && vma_move_compatible(move->src) &&
	       vma_move_compatible(move->dst) && !((move->src->vm_flags ^ move->dst->vm_flags) & same) &&
	       (move->src->vm_flags & VM_WRITE) && move->dst->vm_uffd == move->ctx;
}

bool uffd_move_lock_folio(struct uffd_move *move, struct folio *folio)
{
	if (move->mmap_locked) {
		folio_lock(folio);
		return true;
	}
	if (folio_trylock(folio))
		return true;
	move->busy = folio;
	return false;
}

void uffd_move_wait(struct uffd_move *move)
{
	folio_lock(move->busy);
	folio_unlock(move->busy);
	folio_put(move->busy);
	move->busy = NULL;
}
