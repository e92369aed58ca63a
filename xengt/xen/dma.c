/* SPDX-License-Identifier: MIT */
/*
 * Guest pages mapped for DMA. Each is mapped once, counted, and found by frame number and by
 * address.
 *
 * A page without references stays mapped for a while (idle), since guests tear page tables down and
 * build them again with the same pages. The oldest idle pages are unmapped, many at a time. All are
 * unmapped when the guest's frames change hands.
 *
 * If the guest meddles with its grants, two pins may be of one frame. Then a reference may be given
 * back to either pin; the frame is kept until both are gone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xengt/settings/log.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/dma_page.h"
#include "xengt/xen/quota.h"

/* Idle pages that stay mapped, at the most. */
#define IDLE_MAX 4096u

/* Pages of 4 KiB in a large page, by its order. */
const u32 xengt_large_pages[XENGT_LARGE_ORDERS] = { 16, 512 };

/* ---- free pins ---- */

static int prepare(struct xengt_vgpu *v)
{
	struct xengt_dma *dma = &v->dma;
	struct xengt_dma_page *pages;
	u32 *by_bus;
	int err;

	if (dma->pages)
		return 0;
	err = xengt_ask_take_pins(&v->ask, XENGT_PINS_SCRATCH);
	if (err)
		return err;
	/* They take memory only as they are used. */
	by_bus = calloc(XENGT_DMA_HASH, sizeof(*by_bus));
	pages = calloc(XENGT_PINS_MAX, sizeof(*pages));
	if (!by_bus || !pages) {
		free(by_bus);
		free(pages);
		return -ENOMEM;
	}
	dma->by_bus = by_bus;
	dma->pages = pages;
	dma->nr = XENGT_PINS_SCRATCH;
	return 0;
}

static int take_pin(struct xengt_vgpu *v, u32 *pin)
{
	struct xengt_dma *dma = &v->dma;
	int err;

	if (dma->free) {
		*pin = dma->free - 1;
		dma->free = dma->pages[*pin].next;
	} else {
		*pin = v->dma.nr;
		err = *pin < XENGT_PINS_MAX ? xengt_ask_take_pins(&v->ask, *pin + 1) : -ENOSPC;
		if (err)
			return err;
		v->dma.nr++;
	}
	dma->pages[*pin] = (struct xengt_dma_page){ 0 };
	return 0;
}

static void give_pin(struct xengt_vgpu *v, u32 pin)
{
	v->dma.pages[pin].next = v->dma.free;
	v->dma.free = pin + 1;
}

/* ---- idle pages, by age ---- */

static void idle_push(struct xengt_dma *dma, u32 pin)
{
	dma->pages[pin].older = dma->idle_new;
	dma->pages[pin].newer = 0;
	if (dma->idle_new)
		dma->pages[dma->idle_new - 1].newer = pin + 1;
	else
		dma->idle_old = pin + 1;
	dma->idle_new = pin + 1;
	dma->idle++;
}

/* Adds a page that the guest gave up as the oldest: it is the first to be unmapped. */
static void idle_push_oldest(struct xengt_dma *dma, u32 pin)
{
	dma->pages[pin].older = 0;
	dma->pages[pin].newer = dma->idle_old;
	if (dma->idle_old)
		dma->pages[dma->idle_old - 1].older = pin + 1;
	else
		dma->idle_new = pin + 1;
	dma->idle_old = pin + 1;
	dma->idle++;
	dma->idle_gone++;
}

static void idle_pull(struct xengt_dma *dma, u32 pin)
{
	struct xengt_dma_page *page = &dma->pages[pin];

	if (page->older)
		dma->pages[page->older - 1].newer = page->newer;
	else
		dma->idle_old = page->newer;
	if (page->newer)
		dma->pages[page->newer - 1].older = page->older;
	else
		dma->idle_new = page->older;
	dma->idle--;
	dma->idle_gone -= page->gone;
}

/* Takes the page out of all indices. It is still mapped. */
static void unlink_page(struct xengt_vgpu *v, u32 pin)
{
	u32 *link = chain_of(v, bus_of(v, pin));

	while (*link != pin + 1)
		link = &v->dma.pages[*link - 1].next;
	*link = v->dma.pages[pin].next;
	if (xengt_pagetab_get(&v->dma.gfns, v->dma.pages[pin].gfn) == pin + 1)
		xengt_pagetab_set(&v->dma.gfns, v->dma.pages[pin].gfn, 0);
}

/* Unmaps unlinked pages. A pin that cannot be unmapped stays taken until this process ends. */
static void unmap_pins(struct xengt_vgpu *v, const u32 *pins, u32 nr)
{
	u32 done = 0;
	int err;

	if (!nr)
		return;
	err = xengt_ask_unpin(&v->ask, pins, nr);
	if (err)
		xengt_vgpu_log(v, XENGT_ERR, "cannot unmap grants: %s", strerror(-err));
	for (u32 i = 0; i < nr; i++) {
		if (bus_of(v, pins[i]))
			continue;
		give_pin(v, pins[i]);
		done++;
	}
	v->dma.unmaps += done;
}

/* Unmaps the oldest idle pages, until only @keep are left. */
static void trim(struct xengt_vgpu *v, u32 keep)
{
	struct xengt_dma *dma = &v->dma;
	u32 batch[XENGT_GRANT_BATCH];

	while (dma->idle > keep) {
		u32 nr = 0;

		while (dma->idle > keep && nr < ARRAY_SIZE(batch)) {
			batch[nr] = dma->idle_old - 1;
			idle_pull(dma, batch[nr]);
			unlink_page(v, batch[nr++]);
		}
		unmap_pins(v, batch, nr);
	}
}

void xengt_dma_trim(struct xengt_vgpu *v)
{
	trim(v, 0);
}

/* Takes a page without references out of the aperture. Returns 0, or an errno: it is still shown.
 */
static int hide_page(struct xengt_vgpu *v, u32 pin)
{
	u64 frame;
	int err = 0;

	while (!err && v->dma.pages[pin].aliases)
		err = xengt_dma_hide(v, v->dma.pages[pin].aliases - 1, 1, &frame);
	return err;
}

/* Called after a reference went: if it was the last, hides the page, which then is idle. */
static void settle(struct xengt_vgpu *v, u32 pin)
{
	struct xengt_dma_page *page = &v->dma.pages[pin];

	if (in_use(page))
		return;
	if (hide_page(v, pin)) {
		/* The aperture still shows it: it stays mapped as long as this process. */
		page->within = 1;
		return;
	}
	v->dma.used--;
	if (page->gone)
		idle_push_oldest(&v->dma, pin);
	else
		idle_push(&v->dma, pin);
}

/* ---- mapping ---- */

/* Gives @gfn a pin, not mapped yet, in place of pin @was - 1 (0: it had none). */
static int new_page(struct xengt_vgpu *v, u64 gfn, u32 was, u32 *pin)
{
	int err = take_pin(v, pin);

	if (err)
		return err;
	err = xengt_pagetab_set(&v->dma.gfns, gfn, *pin + 1);
	if (err) {
		give_pin(v, *pin);
		return err;
	}
	v->dma.used++;
	v->dma.pages[*pin].older = was;
	v->dma.pages[*pin].gfn = gfn;
	return 0;
}

static void drop_new(struct xengt_vgpu *v, u32 pin)
{
	v->dma.used--;
	xengt_pagetab_set(&v->dma.gfns, v->dma.pages[pin].gfn, v->dma.pages[pin].older);
	give_pin(v, pin);
}

struct batch {
	u32 at[XENGT_GRANT_BATCH];  /* each page's pin + 1; 0: its gfn is out of range */
	u32 new[XENGT_GRANT_BATCH]; /* pins that are not mapped yet */
	u32 nr, nr_new;
};

/* Takes a reference for each of @gfns: on its pin, or on a new one that is not mapped yet. */
static int look_up(struct xengt_vgpu *v, const u64 *gfns, u32 nr, struct batch *batch)
{
	batch->nr_new = 0;
	for (batch->nr = 0; batch->nr < nr; batch->nr++) {
		u64 gfn = gfns[batch->nr];
		u32 was = xengt_pagetab_get(&v->dma.gfns, gfn), link = was, pin = link - 1;
		int err;

		batch->at[batch->nr] = 0;
		if (gfn > XENGT_PAGE_MAX)
			continue;
		/* The guest gave that page up: it may have another there now. */
		if (link && v->dma.pages[pin].gone)
			link = 0;
		if (!link) {
			err = new_page(v, gfn, was, &pin);
			if (err)
				return err;
			batch->new[batch->nr_new++] = pin;
		} else if (!in_use(&v->dma.pages[pin])) {
			v->dma.used++;
			idle_pull(&v->dma, pin);
		}
		v->dma.hits += link != 0;
		v->dma.pages[pin].small++;
		batch->at[batch->nr] = pin + 1;
	}
	return 0;
}

/* Frees new pins that could not be mapped. */
static void drop_unmapped(struct xengt_vgpu *v, const struct batch *batch)
{
	for (u32 i = 0; i < batch->nr_new; i++)
		if (!bus_of(v, batch->new[i]))
			drop_new(v, batch->new[i]);
}

/* Gives all references of the batch back, and frees new pins that were not mapped. */
static void undo(struct xengt_vgpu *v, const struct batch *batch)
{
	for (u32 i = 0; i < batch->nr; i++) {
		u32 pin = batch->at[i] - 1;

		if (!batch->at[i])
			continue;
		v->dma.pages[pin].small--;
		if (bus_of(v, pin))
			settle(v, pin);
	}
	drop_unmapped(v, batch);
}

static int map_new(struct xengt_vgpu *v, struct batch *batch)
{
	u32 gfns[XENGT_GRANT_BATCH], mapped = 0;
	int err;

	if (!batch->nr_new)
		return 0;
	if (!xengt_quota_allows(v, batch->nr_new))
		return -ENOSPC;
	for (u32 i = 0; i < batch->nr_new; i++)
		gfns[i] = v->dma.pages[batch->new[i]].gfn;
	err = xengt_ask_pin(&v->ask, batch->new, gfns, batch->nr_new);
	for (u32 i = 0; i < batch->nr_new; i++) {
		u64 bus = bus_of(v, batch->new[i]);
		u32 *chain;

		if (!bus)
			continue;
		chain = chain_of(v, bus);
		v->dma.pages[batch->new[i]].next = *chain;
		*chain = batch->new[i] + 1;
		mapped++;
	}
	v->dma.maps += mapped;
	return err;
}

static int map_batch(struct xengt_vgpu *v, const u64 *gfns, u32 nr, u64 *addrs)
{
	struct batch batch;
	int err;

	err = look_up(v, gfns, nr, &batch);
	if (!err)
		err = map_new(v, &batch);
	if (err)
		undo(v, &batch);
	for (u32 i = 0; !err && i < nr; i++) {
		u64 bus = batch.at[i] ? bus_of(v, batch.at[i] - 1) : 0;

		addrs[i] = bus ? bus : GVT_DMA_INVALID;
		v->dma.refused += !bus;
	}
	if (!err)
		drop_unmapped(v, &batch);
	return err;
}

int xengt_dma_map(struct xengt_vgpu *v, const u64 *gfns, size_t nr, u64 *addrs)
{
	int err = prepare(v);

	for (size_t done = 0; !err && done < nr;) {
		u32 n = nr - done < XENGT_GRANT_BATCH ? nr - done : XENGT_GRANT_BATCH;

		err = map_batch(v, gfns + done, n, addrs + done);
		/* Unmap all idle pages, and try again. */
		if (err == -ENOSPC && v->dma.idle) {
			trim(v, 0);
			err = map_batch(v, gfns + done, n, addrs + done);
		}
		if (err == -ENOSPC && !xengt_quota_allows(v, n))
			xengt_quota_refused(v);
		if (err)
			xengt_dma_unmap(v, addrs, done);
		done += n;
	}
	if (err == -ENOSPC && !v->dma.over && !v->dma.complained) {
		v->dma.complained = true;
		xengt_vgpu_log(v, XENGT_WARN, "no more than %u pages can be mapped for it",
			       v->dma.used);
	}
	return err;
}

/* Silicon's large pages must be aligned and have consecutive machine frames. */
int xengt_dma_map_large(struct xengt_vgpu *v, u64 gfn, u32 order, u64 *addr)
{
	u64 gfns[512] = { 0 }, addrs[512];
	u32 nr = xengt_large_pages[order];
	int err;

	for (u32 i = 0; i < nr; i++)
		gfns[i] = gfn + i;
	err = xengt_dma_map(v, gfns, nr, addrs);
	if (err)
		return err;
	for (u32 i = 0; !err && i < nr; i++) {
		if (addrs[i] == GVT_DMA_INVALID)
			err = -EFAULT;
		else if (addrs[0] % (nr * GVT_PAGE_SIZE) ||
			 addrs[i] != addrs[0] + i * GVT_PAGE_SIZE)
			err = -ENXIO;
	}
	if (err) {
		xengt_dma_unmap(v, addrs, nr);
		return err;
	}
	for (u32 i = 0; i < nr; i++) {
		u32 pin = xengt_pagetab_get(&v->dma.gfns, gfns[i]) - 1;

		v->dma.pages[pin].small--;
		v->dma.pages[pin].within++;
		v->dma.pages[pin].large[order] += i == 0;
	}
	*addr = addrs[0];
	return 0;
}

/* ---- unmapping ---- */

static bool has_small(const struct xengt_dma_page *page)
{
	return page->small;
}

static bool has_within(const struct xengt_dma_page *page)
{
	return page->within;
}

static bool has_64k(const struct xengt_dma_page *page)
{
	return page->large[0];
}

static bool has_2m(const struct xengt_dma_page *page)
{
	return page->large[1];
}

/*
 * Gives back one reference to the page that begins at @bus. If pages of several sizes begin there,
 * the smallest goes first: pages of a larger one may then be kept too long, but none is lost early.
 */
static void unmap_one(struct xengt_vgpu *v, u64 bus)
{
	static bool (*const has_large[])(const struct xengt_dma_page *) = { has_64k, has_2m };
	u32 link = xengt_dma_find(v, bus, has_small);

	if (link) {
		v->dma.pages[link - 1].small--;
		settle(v, link - 1);
		return;
	}
	for (u32 order = 0; order < XENGT_LARGE_ORDERS; order++) {
		link = xengt_dma_find(v, bus, has_large[order]);
		if (!link)
			continue;
		v->dma.pages[link - 1].large[order]--;
		for (u32 i = 0; i < xengt_large_pages[order]; i++) {
			u32 part = xengt_dma_find(v, bus + i * GVT_PAGE_SIZE, has_within);

			if (!part)
				continue;
			v->dma.pages[part - 1].within--;
			settle(v, part - 1);
		}
		return;
	}
	v->dma.strays++;
}

void xengt_dma_unmap(struct xengt_vgpu *v, const u64 *addrs, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (addrs[i] != GVT_DMA_INVALID)
			unmap_one(v, addrs[i]);
	if (v->dma.idle > IDLE_MAX + XENGT_GRANT_BATCH)
		trim(v, IDLE_MAX);
	if (v->dma.idle_gone)
		trim(v, v->dma.idle - v->dma.idle_gone);
}

void xengt_dma_close(struct xengt_vgpu *v)
{
	u32 batch[XENGT_GRANT_BATCH], nr = 0, all = v->dma.nr;
	struct xengt_dma *dma = &v->dma;

	for (u32 pin = 0; pin < all; pin++) {
		if (bus_of(v, pin))
			batch[nr++] = pin;
		if (nr == ARRAY_SIZE(batch) || (nr && pin == all - 1)) {
			unmap_pins(v, batch, nr);
			nr = 0;
		}
	}
	xengt_pagetab_free(&dma->gfns);
	free(dma->by_bus);
	free(dma->pages);
	free(dma->places);
	*dma = (struct xengt_dma){ 0 };
}
