/* SPDX-License-Identifier: MIT */
/*
 * Bus addresses of the software GPU. It finds pages by dma_to_virt, so these need not be machine
 * addresses: a guest's page has its guest physical address, and our own pages have addresses above.
 *
 * So mapping takes no grants, and has no bound but the guest's memory and quota. A large page needs
 * no consecutive machine frames. A frame number leads to the page that the guest has there at that
 * moment, or to nothing. The view's mapping keeps the memory alive (view.h).
 *
 * Called in the vGPU's thread, but for xengt_bus_find().
 */
#ifndef XENGT_XEN_BUS_H
#define XENGT_XEN_BUS_H

#include "core/base/types.h"

struct xengt_vgpu;

/** xengt_bus_map() - as xengt_dma_map(), with no limit but the quota. */
int xengt_bus_map(struct xengt_vgpu *v, const u64 *gfns, size_t nr, u64 *addrs);

/** xengt_bus_map_large() - as xengt_dma_map_large(); all of its frames must be memory, but need not
 * be consecutive in the machine. */
int xengt_bus_map_large(struct xengt_vgpu *v, u64 gfn, u32 order, u64 *addr);

/** xengt_bus_unmap() - give back one reference to the page at each of @addrs. */
void xengt_bus_unmap(struct xengt_vgpu *v, const u64 *addrs, size_t nr);

/** xengt_bus_valid() - @valid receives whether memory is at @gfn now. False: no page in use is
 * there, and @valid is not set. */
bool xengt_bus_valid(struct xengt_vgpu *v, u64 gfn, bool *valid);

/** xengt_bus_mfn() - the bus frame of a page in use, or INTEL_GVT_INVALID_ADDR. */
u64 xengt_bus_mfn(struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_bus_find() - the page at bus address @bus: one of ours, or a guest's page in use. From any
 * thread. NULL: there is none, or it cannot be mapped.
 */
void *xengt_bus_find(struct xengt_vgpu *v, u64 bus);

#endif
