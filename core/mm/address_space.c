/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address_space.c - creates and frees simulated files. */
#include "core/mm/address_space.h"

#include "core/host/arena.h"
#include "core/mm/account.h"
#include "core/mm/filemap.h"
#include "core/mm/hugetlb_file.h"
#include "core/mm/swap.h"

static uint32_t nr_files;	/* created so far */

static size_t slots_size(const struct address_space *mapping)
{
	return (mapping->max_pages >> mapping->order) * sizeof(*mapping->slots);
}

static size_t device_size(const struct file *file)
{
	return file->mapping.max_pages * sizeof(*file->device);
}

/* Source: a mixing function of the usual kind (splitmix64). */
uint64_t file_seeded_word(uint64_t seed, unsigned long index)
{
	uint64_t x = seed + (index + 1) * 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return (x ^ (x >> 31)) | 1;
}

/* Its locks, and the caller's reference. Returns it. */
static struct file *init_file(struct file *file)
{
	init_rwsem(&file->mapping.invalidate_lock, RANK_INVALIDATE_LOCK);
	init_rwsem(&file->mapping.i_mmap_rwsem, RANK_I_MMAP_RWSEM);
	file->id = fetch_add_relaxed(&nr_files, 1u);
	/* ORDER: init */
	store_release(&file->refcount, 1u);
	return file;
}

struct file *file_create_empty(unsigned long pages, unsigned long max_pages, unsigned int order)
{
	struct file *file = local_zalloc(sizeof(*file), CACHE_LINE);
	struct address_space *mapping;

	BUG_ON(!max_pages || pages > max_pages || !IS_ALIGNED(pages | max_pages, 1ul << order));
	if (!file)
		return NULL;
	mapping = &file->mapping;
	file->node = local_node();
	mapping->max_pages = max_pages;
	mapping->order = order;
	mapping->slots = node_zalloc(file->node, slots_size(mapping), CACHE_LINE);
	if (!mapping->slots) {
		node_free(file, file->node, sizeof(*file));
		return NULL;
	}
	store_relaxed(&mapping->i_size, pages);
	return init_file(file);
}

struct file *file_create(unsigned long pages, unsigned long max_pages, unsigned int order, uint64_t seed)
{
	struct file *file = file_create_empty(pages, max_pages, order);

	if (!file)
		return NULL;
	file->device = node_zalloc(file->node, device_size(file), CACHE_LINE);
	if (!file->device) {
		file_put(file);
		return NULL;
	}
	for (unsigned long i = 0; i < pages; i++)
		file->device[i] = file_seeded_word(seed, i);
	return file;
}

struct file *file_create_shmem(unsigned long pages, bool accounted)
{
	struct file *file = pages > machine.nr_frames + nr_swap_slots() ? NULL : file_create_empty(pages, pages, 0);

	if (file && accounted) {
		file->accounted = pages;
		vm_acct_memory(pages);
	}
	return file;
}

struct file *file_create_device(const struct vm_operations_struct *ops, void *private_data)
{
	struct file *file = local_zalloc(sizeof(*file), CACHE_LINE);

	if (!file)
		return NULL;
	file->node = local_node();
	file->ops = ops;
	file->private_data = private_data;
	return init_file(file);
}

/* No VMA maps the file, since each holds a reference, but a walker may still hold the lock of one of its folios. */
void file_put(struct file *file)
{
	/* ORDER: refcount */
	uint32_t old = fetch_sub_acq_rel(&file->refcount, 1u);

	BUG_ON(!old);
	if (old > 1)
		return;
	BUG_ON(!RB_EMPTY(&file->mapping.i_mmap));
	if (!file->ops) {
		if (mapping_is_hugetlb(&file->mapping))
			hugetlb_file_release(file);
		truncate_inode_pages(&file->mapping, 0);
		if (file->device)
			node_free(file->device, file->node, device_size(file));
		node_free(file->mapping.slots, file->node, slots_size(&file->mapping));
	}
	BUG_ON(load_relaxed(&file->mapping.nrpages));
	vm_acct_memory(-file->accounted);
	node_free(file, file->node, sizeof(*file));
}
