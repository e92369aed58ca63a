/* SPDX-License-Identifier: MIT */
#include "xengt/xen/dma_page.h"

#include <errno.h>
#include <stdlib.h>

u32 xengt_dma_find(const struct xengt_vgpu *v, u64 bus,
		   bool (*fits)(const struct xengt_dma_page *page))
{
	u32 link = v->dma.by_bus ? *chain_of(v, bus) : 0;

	while (link && (bus_of(v, link - 1) != bus || !fits(&v->dma.pages[link - 1])))
		link = v->dma.pages[link - 1].next;
	return link;
}

static bool may_show(const struct xengt_dma_page *page)
{
	return in_use(page) && !page->gone;
}

int xengt_dma_show(struct xengt_vgpu *v, u64 mfn, u32 place, u32 *pin)
{
	u32 link = xengt_dma_find(v, mfn << GVT_PAGE_SHIFT, may_show);

	if (!v->dma.places)
		v->dma.places = calloc(XENGT_ALIAS_MAX, sizeof(*v->dma.places));
	if (!link || !v->dma.places)
		return link ? -ENOMEM : -ENXIO;
	v->dma.places[place] = v->dma.pages[link - 1].aliases;
	v->dma.pages[link - 1].aliases = place + 1;
	*pin = link - 1;
	return 0;
}

/* If two pins are of one frame, the place may be noted with either. */
bool xengt_dma_unshow(struct xengt_vgpu *v, u64 mfn, u32 place)
{
	u64 bus = mfn << GVT_PAGE_SHIFT;

	for (u32 link = v->dma.by_bus ? *chain_of(v, bus) : 0; link;
	     link = v->dma.pages[link - 1].next) {
		u32 *at = &v->dma.pages[link - 1].aliases;

		if (bus_of(v, link - 1) != bus)
			continue;
		while (*at && *at != place + 1)
			at = &v->dma.places[*at - 1];
		if (!*at)
			continue;
		*at = v->dma.places[place];
		return true;
	}
	return false;
}

int xengt_dma_hide(struct xengt_vgpu *v, u32 first, u32 nr, u64 *frames)
{
	const struct xengt_aliases *aliases = v->aliases;
	bool any = false;
	int err;

	for (u32 i = 0; i < nr; i++) {
		frames[i] = aliases->mfn[first + i];
		any |= frames[i] != 0;
	}
	err = any ? xengt_ask_hide(&v->ask, first, nr) : 0;
	for (u32 i = 0; any && i < nr; i++)
		if (frames[i] &&
		    (aliases->mfn[first + i] || !xengt_dma_unshow(v, frames[i], first + i)))
			frames[i] = 0;
	return err;
}
