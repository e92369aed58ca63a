/* SPDX-License-Identifier: MIT */
/* Look-ups of pages that are mapped for DMA, and which of them the guest gave up. */
#ifndef XENGT_XEN_DMA_LOOK_H
#define XENGT_XEN_DMA_LOOK_H

#include "core/base/types.h"

struct xengt_vgpu;

/**
 * xengt_dma_mfn() - the machine frame behind a mapped @gfn, or INTEL_GVT_INVALID_ADDR. If the guest
 * gave the page up, this is still the mapped frame, until @gfn is mapped again.
 */
u64 xengt_dma_mfn(const struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_dma_revalidate() - the guest's frames changed hands: unmap all idle pages, and find pages
 * in use that the guest gave up. Such a page stays mapped until its last reference goes; mapping
 * its gfn again gives the page that the guest has there now. Returns how many it found.
 */
u32 xengt_dma_revalidate(struct xengt_vgpu *v);

/**
 * xengt_dma_valid() - @valid receives whether the mapped page at @gfn was still the guest's at the
 * last revalidation. False: no page in use is mapped there, and @valid is not set.
 */
bool xengt_dma_valid(const struct xengt_vgpu *v, u64 gfn, bool *valid);

#endif
