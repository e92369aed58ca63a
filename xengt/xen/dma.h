/* SPDX-License-Identifier: MIT */
/*
 * Machine addresses of guest pages, which xengtd pins by grants (xengt/ask). Silicon has these as
 * bus addresses. The software GPU has others (bus.h); for it, only pages that the aperture shows
 * are pinned.
 *
 * Everything here belongs to one vGPU, and is called in its thread.
 */
#ifndef XENGT_XEN_DMA_H
#define XENGT_XEN_DMA_H

#include "core/base/types.h"

struct xengt_vgpu;

/**
 * xengt_dma_map() - take a reference to each of @gfns; @addrs receives their bus addresses, or
 * GVT_DMA_INVALID where no memory is. Returns 0, or with nothing mapped: -ENOSPC (grants, handles
 * or quota), -ENOMEM, -EOPNOTSUPP or another negative errno.
 */
int xengt_dma_map(struct xengt_vgpu *v, const u64 *gfns, size_t nr, u64 *addrs);

/* Pages of 4 KiB in a large one, by its order: 64 KiB, 2 MiB. */
#define XENGT_LARGE_ORDERS 2u
extern const u32 xengt_large_pages[XENGT_LARGE_ORDERS];

/** xengt_dma_map_large() - take a reference to the large page of @order at @gfn, a multiple of its
 * size. Returns as xengt_dma_map(); or -EFAULT: not all of it is memory; -ENXIO: its machine frames
 * are not aligned and consecutive. */
int xengt_dma_map_large(struct xengt_vgpu *v, u64 gfn, u32 order, u64 *addr);

/** xengt_dma_unmap() - give back one reference of each; GVT_DMA_INVALID is ignored. */
void xengt_dma_unmap(struct xengt_vgpu *v, const u64 *addrs, size_t nr);

/** xengt_dma_trim() - unmap all idle pages. */
void xengt_dma_trim(struct xengt_vgpu *v);

/** xengt_dma_close() - unmap everything, in use or not. */
void xengt_dma_close(struct xengt_vgpu *v);

#endif
