/* SPDX-License-Identifier: MIT */
/*
 * Aliases: the guest's own pages, shown once more in its aperture, so that accesses there do not
 * trap.
 *
 * xengtd shows a page only while it is pinned: by the core's mapping of it, or by one made here. A
 * page is hidden before its pin is unmapped. Xen crashes a guest if a page is shown at a place that
 * shows another: so a place is emptied before.
 */
#include <errno.h>
#include <string.h>

#include "xengt/xen/aperture.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/dma_page.h"

static const struct xengt_aliases *state_of(const struct xengt_vgpu *v)
{
	return v->aliases;
}

/* Empties @nr places, at most XENGT_GRANT_BATCH, and gives back the mappings made to show pages
 * there. */
static int drop(struct xengt_vgpu *v, u32 first, u32 nr)
{
	u64 frames[XENGT_GRANT_BATCH], addr;
	int err = xengt_dma_hide(v, first, nr, frames);

	for (u32 i = 0; v->host->gpu && i < nr; i++) {
		addr = frames[i] << GVT_PAGE_SHIFT;
		if (addr)
			xengt_dma_unmap(v, &addr, 1);
	}
	return err;
}

int xengt_aperture_drop(struct xengt_vgpu *v, u32 first, u32 nr)
{
	u32 places = state_of(v)->end, end, n;
	int err = 0;

	if (first >= places)
		return 0;
	end = nr < places - first ? first + nr : places;
	for (u32 i = first; state_of(v)->nr && i < end; i += n) {
		int failed;

		n = end - i < XENGT_GRANT_BATCH ? end - i : XENGT_GRANT_BATCH;
		failed = drop(v, i, n);
		err = failed ? failed : err;
	}
	return err;
}

int xengt_aperture_place(struct xengt_vgpu *v, u64 gpa)
{
	const struct xengt_aliases *state = state_of(v);
	int err;

	if (!state->at || (gpa != INTEL_GVT_BAR_OFF && state->at == gpa >> GVT_PAGE_SHIFT))
		return 0;
	err = xengt_aperture_drop(v, 0, XENGT_ALIAS_MAX);
	return err ? err : xengt_ask_place(&v->ask, 0);
}

/* Tells xengtd where BAR2 is, if it has moved. @pages: receives its size. */
static int follow_bar(struct xengt_vgpu *v, u32 *pages)
{
	u64 size, at = intel_vgpu_bar(v->vgpu, 2, &size);
	int err;

	if (at == INTEL_GVT_BAR_OFF)
		return -EINVAL;
	*pages = size >> GVT_PAGE_SHIFT;
	at >>= GVT_PAGE_SHIFT;
	if (state_of(v)->at == at)
		return 0;
	err = xengt_aperture_place(v, at << GVT_PAGE_SHIFT);
	if (err)
		return err;
	/* An alias would replace the guest's memory there, which the guest would lose. */
	if (!xengt_mem_holes(&v->mem, at, *pages))
		return -EEXIST;
	return xengt_ask_place(&v->ask, at);
}

int xengt_aperture_unmap(struct xengt_vgpu *v, u64 gfn, u32 nr)
{
	const struct xengt_aliases *state = state_of(v);

	if (gfn < state->at || gfn - state->at >= state->end)
		return 0;
	return xengt_aperture_drop(v, gfn - state->at, nr);
}

/* Shows @nr pinned frames, at most XENGT_GRANT_BATCH. On failure the caller keeps the pins. */
static int show(struct xengt_vgpu *v, u32 first, u64 mfn, u32 nr)
{
	u32 pins[XENGT_GRANT_BATCH], noted;
	int err = 0;

	/* Each noted before it is shown. */
	for (noted = 0; !err && noted < nr; noted++)
		err = xengt_dma_show(v, mfn + noted, first + noted, &pins[noted]);
	if (err)
		noted--;
	else
		err = xengt_ask_show(&v->ask, first, pins, nr);
	/* Places that may show their frame all the same stay noted, to be hidden before the
	 * unpin. */
	for (u32 i = 0; err && i < noted; i++)
		if (!state_of(v)->mfn[first + i])
			xengt_dma_unshow(v, mfn + i, first + i);
	return err;
}

static int show_run(struct xengt_vgpu *v, u32 first, u64 mfn, u32 nr)
{
	int err = 0;
	u32 n;

	for (u32 done = 0; !err && done < nr; done += n) {
		n = nr - done < XENGT_GRANT_BATCH ? nr - done : XENGT_GRANT_BATCH;
		err = show(v, first + done, mfn + done, n);
		if (err && done)
			xengt_aperture_drop(v, first, done);
	}
	return err;
}

/* For the software GPU, whose bus frames are gfns: pins the pages, and shows their machine
 * frames. */
static int pin_and_show(struct xengt_vgpu *v, u32 first, u64 gfn, u32 nr)
{
	u64 gfns[XENGT_GRANT_BATCH], addrs[XENGT_GRANT_BATCH];
	u32 at = 0, run;
	int err;

	for (u32 i = 0; i < nr; i++)
		gfns[i] = gfn + i;
	err = xengt_dma_map(v, gfns, nr, addrs);
	for (; !err && at < nr; at += run) {
		for (run = 1; at + run < nr; run++)
			if (addrs[at + run] != addrs[at] + run * GVT_PAGE_SIZE)
				break;
		err = addrs[at] == GVT_DMA_INVALID
			      ? -ENXIO
			      : show_run(v, first + at, addrs[at] >> GVT_PAGE_SHIFT, run);
		if (err)
			xengt_dma_unmap(v, addrs + at, nr - at);
	}
	return err;
}

int xengt_aperture_map(struct xengt_vgpu *v, u64 gfn, u64 frame, u32 nr)
{
	u64 at;
	u32 pages, first, n;
	int err = follow_bar(v, &pages);

	if (err)
		return err;
	at = state_of(v)->at;
	if (!nr || gfn < at || gfn - at >= pages || nr > pages - (gfn - at))
		return -EINVAL;
	first = gfn - at;
	err = xengt_aperture_drop(v, first, nr);
	if (!v->host->gpu)
		return err ? err : show_run(v, first, frame, nr);
	for (u32 done = 0; !err && done < nr; done += n) {
		n = nr - done < XENGT_GRANT_BATCH ? nr - done : XENGT_GRANT_BATCH;
		err = pin_and_show(v, first + done, frame + done, n);
	}
	if (err)
		xengt_aperture_drop(v, first, nr);
	return err;
}
