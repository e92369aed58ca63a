/* SPDX-License-Identifier: MIT */
/*
 * The guest's own pages, shown once more in its aperture, so that accesses there do not trap.
 *
 * To Xen such a page is device memory that the domain may have mapped. It keeps no reference for
 * it, so a page is shown only while it is pinned, by the core's mapping of it or by one made here,
 * and what shows it goes first. And it ends a guest in which one page is put where another is
 * shown: whatever was there is taken away before.
 */
#include <errno.h>
#include <string.h>

#include "xengt/settings/log.h"
#include "xengt/xen/xengt.h"

static struct xengt_aliases *state_of(struct xengt_vgpu *v)
{
	return &v->state->aliases;
}

/* The permission is there for as long as it is used; to take a page away needs it too. */
static int permit(struct xengt_vgpu *v, u64 mfn, u32 nr, bool allow)
{
	return xc_domain_iomem_permission(v->host->xc, v->domid, mfn, nr, allow) ? -errno : 0;
}

static int set_p2m(struct xengt_vgpu *v, u64 gfn, u64 mfn, u32 nr, bool add)
{
	errno = 0;
	if (!xc_domain_memory_mapping(v->host->xc, v->domid, gfn, mfn, nr, add))
		return 0;
	return errno ? -errno : -EINVAL;
}

/* A run of the table as it is, neighbours of neighbouring frames. */
static u32 run_at(const struct xengt_aliases *state, u32 first, u32 end)
{
	u32 nr = 1;

	while (first + nr < end && state->mfn[first + nr] == state->mfn[first] + nr)
		nr++;
	return nr;
}

/*
 * Whether the domain is dying. Xen empties its p2m then, aliases included, and logs an error for
 * each alias that we ask it to remove. False too when the domain cannot be looked up: its aliases
 * may still be there.
 */
static bool emptied(struct xengt_vgpu *v)
{
	struct xengt_dominfo info;
	int err = xengt_dominfo(v->host, v->domid, &info);

	return err ? err == -ESRCH : info.dying;
}

/* Of a run, Xen stops at the first that is none. */
static int remove_each(struct xengt_vgpu *v, u64 gfn, u64 mfn, u32 nr)
{
	int err = 0;

	for (u32 i = 0; i < nr; i++) {
		int one = set_p2m(v, gfn + i, mfn + i, 1, false);

		if (one && one != -EINVAL)
			err = one;
	}
	return err;
}

/*
 * Removes the aliases of a run. A place where Xen finds none holds what the guest put there: it is
 * left alone. Sets *@gone when the domain turns out to be dying. Returns 0, or an errno: some
 * remain.
 */
static int remove_run(struct xengt_vgpu *v, u32 first, u32 nr, bool *gone)
{
	struct xengt_aliases *state = state_of(v);
	u64 gfn = state->at + first, mfn = state->mfn[first];
	int err = permit(v, mfn, nr, true);

	if (!err)
		err = set_p2m(v, gfn, mfn, nr, false);
	if (err == -ESRCH || (err == -EINVAL && emptied(v))) {
		*gone = true;
		return 0;
	}
	if (err == -EINVAL)
		err = remove_each(v, gfn, mfn, nr);
	permit(v, mfn, nr, false);
	return err;
}

/* With @unpin, what was pinned to be shown is let go of. */
static void forget_run(struct xengt_vgpu *v, u32 first, u32 nr, bool unpin)
{
	struct xengt_aliases *state = state_of(v);

	for (u32 i = first; i < first + nr; i++) {
		u64 addr = state->mfn[i] << GVT_PAGE_SHIFT;

		state->mfn[i] = 0;
		if (xengt_dma_hide(v, addr >> GVT_PAGE_SHIFT, i) && unpin)
			xengt_dma_unmap(v, &addr, 1);
	}
	state->nr -= nr;
}

int xengt_alias_drop(struct xengt_vgpu *v, u32 first, u32 nr)
{
	struct xengt_aliases *state = state_of(v);
	u32 end = first < state->end && nr < state->end - first ? first + nr : state->end, run;
	bool looked = false, gone = false;
	int err = 0;

	for (u32 i = first; state->nr && i < end; i += run) {
		int failed;

		run = 1;
		if (!state->mfn[i])
			continue;
		if (!looked)
			gone = emptied(v);
		looked = true;
		run = run_at(state, i, end);
		failed = gone ? 0 : remove_run(v, i, run, &gone);
		if (!failed) {
			forget_run(v, i, run, v->host->gpu);
			continue;
		}
		xengt_vgpu_log(v, XENGT_OTHER, XENGT_ERR,
			       "cannot take pages out of the aperture: %s", strerror(-failed));
		err = failed;
	}
	return err;
}

int xengt_alias_place(struct xengt_vgpu *v, u64 gpa)
{
	struct xengt_aliases *state = state_of(v);
	int err;

	if (!state->at || (gpa != INTEL_GVT_BAR_OFF && state->at == gpa >> GVT_PAGE_SHIFT))
		return 0;
	err = xengt_alias_drop(v, 0, XENGT_ALIAS_MAX);
	if (!err)
		state->at = 0;
	return err;
}

/* The count may be behind the table by the run that the process was at. */
int xengt_alias_recover(struct xengt_vgpu *v)
{
	struct xengt_aliases *state = state_of(v);

	if (!state->at)
		return 0;
	if (state->end > XENGT_ALIAS_MAX)
		return -EPROTO;
	state->nr = 0;
	for (u32 i = 0; i < state->end; i++)
		state->nr += state->mfn[i] != 0;
	return xengt_alias_place(v, INTEL_GVT_BAR_OFF);
}

/* Where BAR2 is, and how large. */
static int follow_bar(struct xengt_vgpu *v, u32 *pages)
{
	struct xengt_aliases *state = state_of(v);
	u64 size, at = intel_vgpu_bar(v->vgpu, 2, &size);
	int err;

	if (at == INTEL_GVT_BAR_OFF)
		return -EINVAL;
	*pages = size >> GVT_PAGE_SHIFT;
	at >>= GVT_PAGE_SHIFT;
	if (state->at == at)
		return 0;
	err = xengt_alias_place(v, at << GVT_PAGE_SHIFT);
	if (err)
		return err;
	/* Xen would forget the guest's memory there: a BAR must not cost the guest any. */
	if (!xengt_mem_holes(&v->mem, at, *pages))
		return -EEXIST;
	state->end = 0;
	__atomic_store_n(&state->at, at, __ATOMIC_RELEASE);
	return 0;
}

int xengt_alias_unmap(struct xengt_vgpu *v, u64 gfn, u32 nr)
{
	struct xengt_aliases *state = state_of(v);

	if (gfn < state->at || gfn - state->at >= state->end)
		return 0;
	return xengt_alias_drop(v, gfn - state->at, nr);
}

/* Each noted before it is shown. A frame that is not pinned stops it. */
static int note_run(struct xengt_vgpu *v, u32 first, u64 mfn, u32 nr)
{
	struct xengt_aliases *state = state_of(v);
	int err;

	/* Pages of the state file, 512 frames each. */
	for (u32 i = ALIGN_DOWN(first, 512u); i < first + nr; i += 512) {
		err = xengt_state_reserve(v->host, v->state, &state->mfn[i], GVT_PAGE_SIZE);
		if (err)
			return err;
	}
	if (state->end < first + nr)
		state->end = first + nr;
	for (u32 i = 0; i < nr; i++) {
		err = xengt_dma_show(v, mfn + i, first + i);
		if (err) {
			forget_run(v, first, i, false);
			return err;
		}
		state->mfn[first + i] = mfn + i;
		state->nr++;
	}
	return 0;
}

/* A run that is pinned, and stays the caller's to let go of where this fails. */
static int show_run(struct xengt_vgpu *v, u32 first, u64 mfn, u32 nr)
{
	int err = note_run(v, first, mfn, nr);
	bool gone;

	if (err)
		return err;
	err = permit(v, mfn, nr, true);
	if (!err)
		err = set_p2m(v, state_of(v)->at + first, mfn, nr, true);
	if (!err)
		return 0;
	/* Part of it may be shown, and stays noted then: a page that is let go of is hidden first.
	 */
	gone = emptied(v);
	if (gone || !remove_run(v, first, nr, &gone))
		forget_run(v, first, nr, false);
	return err;
}

/* Bus frames that are the guest's own numbers: each is pinned, and shown where it turns out to be.
 */
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

int xengt_alias_map(struct xengt_vgpu *v, u64 gfn, u64 frame, u32 nr)
{
	struct xengt_aliases *state = state_of(v);
	u32 pages, first, n;
	int err = follow_bar(v, &pages);

	if (err)
		return err;
	if (!nr || gfn < state->at || gfn - state->at >= pages || nr > pages - (gfn - state->at))
		return -EINVAL;
	first = gfn - state->at;
	err = xengt_alias_drop(v, first, nr);
	if (!v->host->gpu)
		return err ? err : show_run(v, first, frame, nr);
	for (u32 done = 0; !err && done < nr; done += n) {
		n = nr - done < XENGT_GRANT_BATCH ? nr - done : XENGT_GRANT_BATCH;
		err = pin_and_show(v, first + done, frame + done, n);
	}
	if (err)
		xengt_alias_drop(v, first, nr);
	return err;
}
