/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_mmap.c - what mmap and munmap must do, page by page. */
#include <errno.h>

#include "tests/lib/model/model_pages.h"

/* The highest free range that ends at or below @top; it ends at @top or where something is mapped. */
static long search(const struct model *model, unsigned long len, unsigned long top)
{
	if (top >= len + MMAP_MIN_ADDR && !model_any_mapped(model, top - len, top))
		return (long)(top - len);
	for (unsigned int i = MODEL_WINDOWS; i-- > 0;) {
		const struct model_window *window = &model->window[i];

		for (unsigned long n = window->pages; n-- > 0;) {
			unsigned long end = window->base + n * PAGE_SIZE;

			if (end < top && window->page[n].mapped && end >= len + MMAP_MIN_ADDR &&
			    !model_any_mapped(model, end - len, end))
				return (long)(end - len);
		}
	}
	return -ENOMEM;
}

static long place_fixed(const struct model *model, unsigned long addr, unsigned long len, int flags)
{
	if (addr > TASK_SIZE - len)
		return -ENOMEM;
	if (addr % PAGE_SIZE)
		return -EINVAL;
	if (addr < MMAP_MIN_ADDR)
		return -EPERM;
	if ((flags & MAP_FIXED_NOREPLACE) && model_any_mapped(model, addr, addr + len))
		return -EEXIST;
	return (long)addr;
}

bool model_inside(const struct model *model, unsigned long addr, unsigned long len)
{
	return model_page(model, addr) && model_page(model, addr + len - PAGE_SIZE) &&
	       model_page(model, addr + len - PAGE_SIZE) - model_page(model, addr) == (long)(len / PAGE_SIZE) - 1;
}

long model_place(const struct model *model, unsigned long addr, unsigned long len, int flags)
{
	long at = -1;

	if (len > TASK_SIZE)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		at = place_fixed(model, addr, len, flags);
		return at < 0 || model_inside(model, (unsigned long)at, len) ? at : MODEL_OUTSIDE;
	}
	addr -= addr % PAGE_SIZE;
	if (addr) {
		addr = max(addr, MMAP_MIN_ADDR);
		if (addr <= TASK_SIZE - len && !model_any_mapped(model, addr, addr + len))
			at = (long)addr;
	}
	if (at < 0)
		at = search(model, len, SEARCH_TOP);
	return at < 0 || model_inside(model, (unsigned long)at, len) ? at : MODEL_OUTSIDE;
}

static long mmap_args(unsigned long len, int flags)
{
	if (!(flags & MAP_ANONYMOUS))
		return -EBADF;
	if (!len)
		return -EINVAL;
	return model_page_up(len) ? 0 : -ENOMEM;
}

/* What is mapped comes after where. */
static long mmap_type(int flags)
{
	BUG_ON((flags & MAP_TYPE) == MAP_SHARED);	/* no part of the model */
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		return -EINVAL;
	BUG_ON(flags & MAP_GROWSDOWN);			/* nor is that */
	return 0;
}

/* Where a mapping comes, or an error. */
static long mmap_place(const struct model *model, unsigned long addr, unsigned long len, int flags)
{
	long at = mmap_args(len, flags), err;

	if (!at)
		at = model_place(model, addr, model_page_up(len), flags);
	err = at < 0 || at == MODEL_OUTSIDE ? 0 : mmap_type(flags);
	return err ? err : at;
}

long model_mmap_address(const struct model *model, unsigned long addr, unsigned long len, int prot, int flags)
{
	(void)prot;
	return mmap_place(model, addr, len, flags);
}

void model_unmap(struct model *model, unsigned long start, unsigned long end)
{
	bool any = model_any_mapped(model, start, end);

	model_for_each_page(model, i, addr, page, start, end)
		*page = (struct model_page){ .mapped = false };
	if (any)
		model_drop_unused_tables(model, start, end);
}

long model_mmap(struct model *model, unsigned long addr, unsigned long len, int prot, int flags, uint32_t name)
{
	uint32_t vm_flags;
	long at = mmap_place(model, addr, len, flags);

	len = model_page_up(len);
	BUG_ON(at == MODEL_OUTSIDE);
	if (at < 0)
		return at;
	if (model_any_mapped(model, (unsigned long)at, (unsigned long)at + len))
		model_unmap(model, (unsigned long)at, (unsigned long)at + len);
	vm_flags = model_flags(prot);
	if (flags & MAP_NORESERVE)
		vm_flags |= VM_NORESERVE;
	else if (prot & PROT_WRITE)
		vm_flags |= VM_ACCOUNT;
	model_for_each_page(model, i, a, page, (unsigned long)at, (unsigned long)at + len)
		*page = (struct model_page){
			.mapped = true, .flags = vm_flags, .name = (uint8_t)name, .index = a / PAGE_SIZE
		};
	model_expand(model, (unsigned long)at, (unsigned long)at + len);
	for (unsigned long n = 0; (flags & MAP_POPULATE) && n < len; n += PAGE_SIZE)
		model_touch(model, (unsigned long)at + n, prot & PROT_WRITE, 0);
	return at;
}

int model_munmap(struct model *model, unsigned long start, unsigned long len)
{
	if (start % PAGE_SIZE || start > TASK_SIZE || len > TASK_SIZE - start || !len)
		return -EINVAL;
	model_unmap(model, start, start + model_page_up(len));
	return 0;
}
