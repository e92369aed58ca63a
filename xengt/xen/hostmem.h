/* SPDX-License-Identifier: MIT */
/*
 * Our own pages that the GPU reads. In the vGPU's thread, except where noted.
 */
#ifndef XENGT_XEN_HOSTMEM_H
#define XENGT_XEN_HOSTMEM_H

#include "core/base/types.h"

struct xengt_vgpu;

/* Bus frames of the software GPU: guest pages are below this one, our own from it on: 38 bits each,
 * of the 39 that a Gen9's bus addresses have. */
#define XENGT_BUS_HOST (1ull << 26)
#define XENGT_BUS_END  (1ull << 27)

/** xengt_hostmem_alloc() - allocate @nr zeroed pages, consecutive here. NULL: there are none. */
void *xengt_hostmem_alloc(struct xengt_vgpu *v, size_t nr);

/** xengt_hostmem_free() - give them back. */
void xengt_hostmem_free(struct xengt_vgpu *v, void *va, size_t nr);

/** xengt_hostmem_mfn() - the bus frame of the page at @p, or INTEL_GVT_INVALID_ADDR. */
u64 xengt_hostmem_mfn(const struct xengt_vgpu *v, const void *p);

/** xengt_hostmem_find() - the page at bus address @bus, or NULL. From any thread; the view's lock
 * is held. */
void *xengt_hostmem_find(const struct xengt_vgpu *v, u64 bus);

/** xengt_hostmem_close() - free all pages. */
void xengt_hostmem_close(struct xengt_vgpu *v);

#endif
