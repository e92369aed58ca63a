/* SPDX-License-Identifier: MIT */
/*
 * What shadowing costs in the order that GVT-g does it (gvt/gtt.c, ppgtt_populate_spt(), and
 * gvt/kvmgt.c, intel_gvt_dma_map_guest_page()): eight bytes at a time are read of the guest's
 * table, the frame is looked up, mapped when it is new, and one entry is written. With @trees, the
 * look-up is in one balanced tree by frame and another by bus address, a node for each page, as
 * there; without, in an array: the same order at its best.
 */
#include <search.h>
#include <stdlib.h>

#include "tests/bench/gtt.h"

struct node {
	u64 gfn, bus;
	u32 refs;
};

static void *by_gfn, *by_bus;

static int compare_gfn(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->gfn < y->gfn ? -1 : x->gfn > y->gfn;
}

static int compare_bus(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->bus < y->bus ? -1 : x->bus > y->bus;
}

static u64 map_page(struct bench *b, u64 gfn, bool trees)
{
	struct node key = { .gfn = gfn },
		    **found = trees ? tfind(&key, &by_gfn, compare_gfn) : NULL;
	struct node *node;
	dma_addr_t bus;

	if (found) {
		(*found)->refs++;
		return (*found)->bus;
	}
	if (!intel_gvt_hypervisor_is_valid_gfn(b->vgpu, gfn))
		return 0;
	intel_gvt_hypervisor_dma_map_guest_page(b->vgpu, gfn, GVT_PAGE_SIZE, &bus);
	if (!trees)
		return bus;
	node = calloc(1, sizeof(*node));
	*node = (struct node){ gfn, bus, 1 };
	tsearch(node, &by_gfn, compare_gfn);
	tsearch(node, &by_bus, compare_bus);
	return bus;
}

u64 *gvtg_build(struct bench *b, bool trees)
{
	u64 *shadow = aligned_alloc(GVT_PAGE_SIZE, BENCH_TABLES * GVT_PAGE_SIZE);

	for (u32 table = 0; table < BENCH_TABLES; table++)
		for (u32 i = 0; i < GTT_ENTRIES; i++) {
			u64 gpa = (FRAME_PT + table) * GVT_PAGE_SIZE + 8 * i, entry = 0;
			u64 *to = &shadow[table * GTT_ENTRIES + i];

			intel_gvt_hypervisor_read_gpa(b->vgpu, gpa, &entry, sizeof(entry));
			*to = 0;
			if (!(entry & 1))
				continue;
			*to = map_page(b, entry >> GVT_PAGE_SHIFT, trees) | (entry & 0xfff);
		}
	return shadow;
}

void gvtg_destroy(struct bench *b, u64 *shadow, bool trees)
{
	for (u32 i = 0; i < BENCH_TABLES * GTT_ENTRIES; i++) {
		struct node key = { .bus = shadow[i] & ~0xfffull }, **found, *node;

		if (!shadow[i])
			continue;
		intel_gvt_hypervisor_dma_unmap_guest_page(b->vgpu, key.bus);
		if (!trees)
			continue;
		found = tfind(&key, &by_bus, compare_bus);
		node = *found;
		tdelete(node, &by_bus, compare_bus);
		tdelete(node, &by_gfn, compare_gfn);
		free(node);
	}
	free(shadow);
}
