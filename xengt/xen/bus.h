/* SPDX-License-Identifier: MIT */
/*
 * Bus addresses of a GPU that is software: it finds a page by dma_to_virt, so that an address need
 * not be of this machine. A guest's page is at its guest physical address, ours are above.
 *
 * That takes no grant, and no bound on what a guest has mapped but its own memory; frames need not
 * follow each other to make a large page; and what a frame number leads to is the guest's own page
 * at that moment, or nothing. Memory is held by the view's mapping of it (view.h).
 *
 * Called in the vGPU's thread, but for xengt_bus_find().
 */
#ifndef XENGT_XEN_BUS_H
#define XENGT_XEN_BUS_H

#include "core/base/types.h"

struct xengt_vgpu;

/* Guest pages are below this frame, as many as the 39 bits of a Gen9's bus address allow; ours are
 * from it on. */
#define XENGT_BUS_HOST (1ull << 26)
#define XENGT_BUS_END  (1ull << 27)

/** xengt_bus_map() - as xengt_dma_map() does, with no limit but the quota. */
int xengt_bus_map(struct xengt_vgpu *v, const u64 *gfns, size_t nr, u64 *addrs);

/** xengt_bus_map_large() - as xengt_dma_map_large() does; any can be had that is memory from one
 * end to the other. */
int xengt_bus_map_large(struct xengt_vgpu *v, u64 gfn, u32 order, u64 *addr);

/** xengt_bus_unmap() - give back one reference to what each of @addrs begins. */
void xengt_bus_unmap(struct xengt_vgpu *v, const u64 *addrs, size_t nr);

/** xengt_bus_valid() - whether memory is at @gfn now, of a page in use. False: it is not in use. */
bool xengt_bus_valid(struct xengt_vgpu *v, u64 gfn, bool *valid);

/** xengt_bus_mfn() - the bus frame of a page in use, or INTEL_GVT_INVALID_ADDR. */
u64 xengt_bus_mfn(struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_bus_find() - the page at bus address @bus: one of ours, or one of the guest's that is in
 * use. From any thread. NULL: there is none, or it cannot be mapped.
 */
void *xengt_bus_find(struct xengt_vgpu *v, u64 bus);

#endif
