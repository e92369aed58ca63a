/* SPDX-License-Identifier: MIT */
/*
 * A page that is mapped for DMA: found by its address, and the places of the aperture that show it.
 * Only files of this room include this.
 */
#ifndef XENGT_XEN_DMA_PAGE_H
#define XENGT_XEN_DMA_PAGE_H

#include "xengt/xen/xengt.h"

#define XENGT_DMA_HASH (1u << 16)

struct xengt_dma_page {
	u32 gfn;
	u32 small;	  /* references to the page alone */
	u32 within;	  /* references to larger pages that it is part of */
	u32 next;	  /* in the chain of its address, or of free pins */
	u32 older, newer; /* in the idle list; before it is mapped, .older is the pin it replaces */
	u32 large[2];	  /* references to larger pages that begin with it */
	u32 aliases;	  /* the first of its places in the aperture */
	bool gone;	  /* the guest gave it up */
};

/* The bus address of the pin's page; 0: it is not mapped. */
static inline u64 bus_of(const struct xengt_vgpu *v, u32 pin)
{
	return v->pins->pin[pin].bus;
}

static inline u32 *chain_of(const struct xengt_vgpu *v, u64 bus)
{
	return &v->dma.by_bus[(bus >> GVT_PAGE_SHIFT) % XENGT_DMA_HASH];
}

static inline bool in_use(const struct xengt_dma_page *page)
{
	return page->small || page->within;
}

/** xengt_dma_find() - a pin at @bus for which @fits holds, as its number + 1; 0: there is none. */
u32 xengt_dma_find(const struct xengt_vgpu *v, u64 bus,
		   bool (*fits)(const struct xengt_dma_page *page));

/**
 * xengt_dma_show() - note that the aperture shows @mfn at @place, a page's number in it. @pin
 * receives the frame's pin. Returns 0; -ENXIO: the frame is not mapped, or the guest gave it up,
 * and it must not be shown; or -ENOMEM.
 */
int xengt_dma_show(struct xengt_vgpu *v, u64 mfn, u32 place, u32 *pin);

/** xengt_dma_unshow() - note that @place does not show @mfn any more. False: it was not noted. */
bool xengt_dma_unshow(struct xengt_vgpu *v, u64 mfn, u32 place);

/**
 * xengt_dma_hide() - have xengtd hide @nr places, at most XENGT_GRANT_BATCH, from @first on.
 * @frames: by place, receives the frame that it showed, and that is noted no more; 0: none. Returns
 * 0, or an errno: some are still shown.
 */
int xengt_dma_hide(struct xengt_vgpu *v, u32 first, u32 nr, u64 *frames);

#endif
