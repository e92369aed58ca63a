/* SPDX-License-Identifier: MIT */
/* Look-ups of pages that are mapped for DMA: their frames, and whether they are still the guest's.
 */
#include <errno.h>
#include <string.h>

#include "xengt/settings/log.h"
#include "xengt/xen/aperture.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/dma_look.h"
#include "xengt/xen/dma_page.h"

u64 xengt_dma_mfn(const struct xengt_vgpu *v, u64 gfn)
{
	u32 link = xengt_pagetab_get(&v->dma.gfns, gfn);

	if (!link || !in_use(&v->dma.pages[link - 1]))
		return INTEL_GVT_INVALID_ADDR;
	return bus_of(v, link - 1) >> GVT_PAGE_SHIFT;
}

bool xengt_dma_valid(const struct xengt_vgpu *v, u64 gfn, bool *valid)
{
	u32 link = xengt_pagetab_get(&v->dma.gfns, gfn);

	if (!link || !in_use(&v->dma.pages[link - 1]))
		return false;
	*valid = !v->dma.pages[link - 1].gone;
	return true;
}

/* Also unmaps scratch pins of an earlier look, if Xen refused to unmap them then. */
static int unmap_scratch(struct xengt_vgpu *v)
{
	u32 pins[XENGT_PINS_SCRATCH], nr = 0;

	for (u32 i = 0; i < XENGT_PINS_SCRATCH; i++)
		if (bus_of(v, i))
			pins[nr++] = i;
	return nr ? xengt_ask_unpin(&v->ask, pins, nr) : 0;
}

/*
 * Maps the pages of @pins once more, by fresh grants, and compares the frames. @same receives
 * whether each is unchanged: not, if another frame or none is there by now. Returns 0, or an errno:
 * @same tells nothing.
 */
static int look_again(struct xengt_vgpu *v, const u32 *pins, u32 nr, bool *same)
{
	u32 fresh[XENGT_PINS_SCRATCH], gfns[XENGT_PINS_SCRATCH];
	int err = unmap_scratch(v), undo;

	if (err)
		return err;
	for (u32 i = 0; i < nr; i++) {
		fresh[i] = i;
		gfns[i] = v->dma.pages[pins[i]].gfn;
	}
	err = xengt_ask_pin(&v->ask, fresh, gfns, nr);
	for (u32 i = 0; i < nr; i++)
		same[i] = bus_of(v, i) == bus_of(v, pins[i]);
	undo = unmap_scratch(v);
	if (undo)
		xengt_vgpu_log(v, XENGT_ERR, "cannot unmap grants: %s", strerror(-undo));
	return err;
}

/* Takes a page out of the aperture wherever it is shown. */
static void hide(struct xengt_vgpu *v, const struct xengt_dma_page *page)
{
	int err = 0;

	while (!err && page->aliases)
		err = xengt_aperture_drop(v, page->aliases - 1, 1);
}

/* The guest gave these pages up: hides them, consecutive ones together. A page's last reference may
 * be that of the place which shows it. */
static void gone(struct xengt_vgpu *v, const u32 *pins, u32 nr)
{
	const struct xengt_dma_page *pages = v->dma.pages;

	for (u32 i = 0; i < nr; i++)
		v->dma.pages[pins[i]].gone = true;
	for (u32 i = 0, run; i < nr; i += run) {
		u32 place = pages[pins[i]].aliases;

		for (run = 1; place && i + run < nr; run++)
			if (pages[pins[i + run]].aliases != place + run)
				break;
		if (place)
			xengt_aperture_drop(v, place - 1, run);
	}
	for (u32 i = 0; i < nr; i++)
		hide(v, &pages[pins[i]]);
	v->dma.gone += nr;
}

u32 xengt_dma_revalidate(struct xengt_vgpu *v)
{
	u32 pins[XENGT_PINS_SCRATCH], nr = 0, lost = 0, all = v->dma.nr;
	bool same[XENGT_PINS_SCRATCH];
	u64 before = v->dma.gone;

	xengt_dma_trim(v);
	if (!v->dma.used)
		return 0;
	for (u32 pin = XENGT_PINS_SCRATCH; pin < all; pin++) {
		if (in_use(&v->dma.pages[pin]) && !v->dma.pages[pin].gone && bus_of(v, pin))
			pins[nr++] = pin;
		if (nr < ARRAY_SIZE(pins) && (pin < all - 1 || !nr))
			continue;
		if (look_again(v, pins, nr, same))
			break;
		for (u32 i = 0; i < nr; i++)
			if (!same[i])
				pins[lost++] = pins[i];
		gone(v, pins, lost);
		nr = lost = 0;
	}
	return v->dma.gone - before;
}
