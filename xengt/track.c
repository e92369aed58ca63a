/* SPDX-License-Identifier: MIT */
/*
 * Pages whose writes trap: frames of Xen's type HVMMEM_ioreq_server, which one server of a domain
 * may claim. Frames that the core tracks are listed in the state file, since Xen cannot say which
 * they are and a server must not end before each is plain memory again.
 */
#include <errno.h>

#include "xengt/xengt.h"

static int claim(struct xengt_vgpu *v, u32 flags)
{
	if (xendevicemodel_map_mem_type_to_ioreq_server(
		    v->dmod, v->domid, ioreq_server_id(v->server), HVMMEM_ioreq_server, flags))
		return -errno;
	return 0;
}

int xengt_track_type(struct xengt_vgpu *v, u64 gfn, u32 nr, bool tracked)
{
	if (xendevicemodel_set_mem_type(v->dmod, v->domid,
					tracked ? HVMMEM_ioreq_server : HVMMEM_ram_rw, gfn, nr))
		return -errno;
	return 0;
}

int xengt_track_claim(struct xengt_vgpu *v)
{
	struct xengt_state *state = v->state;
	int err = claim(v, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE);

	/* Of a server taken up, the claim stands; nobody handles the pages any more. */
	if (err && !(err == -EBUSY && state->ready))
		return err;
	for (u32 i = 0; i < state->nr_tracked; i++)
		xengt_track_type(v, state->tracked[i], 1, false);
	state->nr_tracked = 0;
	xengt_pagetab_free(&v->tracked);
	return 0;
}

int xengt_track_release(struct xengt_vgpu *v)
{
	int err = claim(v, 0);

	/* The claim was another server's, and so was every tracked page. */
	return err == -EINVAL ? 0 : err;
}

int xengt_track_enable(struct xengt_vgpu *v, u64 gfn)
{
	struct xengt_state *state = v->state;
	u32 place = state->nr_tracked;
	int err;

	if (xengt_pagetab_get(&v->tracked, gfn))
		return -EEXIST;
	if (place == XENGT_TRACK_MAX)
		return -ENOSPC;
	if (place % 512 == 0) {
		err = xengt_state_reserve(v->host, state, &state->tracked[place], GVT_PAGE_SIZE);
		if (err)
			return err;
	}
	err = xengt_pagetab_set(&v->tracked, gfn, place + 1);
	if (err)
		return err;
	/* Listed before it is typed: a frame listed in vain does no harm, an unlisted one does. */
	state->tracked[place] = gfn;
	__atomic_store_n(&state->nr_tracked, place + 1, __ATOMIC_RELEASE);
	err = xengt_track_type(v, gfn, 1, true);
	if (err) {
		xengt_pagetab_set(&v->tracked, gfn, 0);
		state->nr_tracked = place;
	}
	return err;
}

int xengt_track_disable(struct xengt_vgpu *v, u64 gfn)
{
	struct xengt_state *state = v->state;
	u32 link = xengt_pagetab_get(&v->tracked, gfn);
	u64 last;
	int err;

	if (!link)
		return -ENOENT;
	err = xengt_track_type(v, gfn, 1, false);
	/* A frame that the guest gave up meanwhile has no type to undo. */
	if (err && xengt_mem_valid(&v->mem, gfn))
		return err;
	/* The last one takes its place; for an instant it is listed twice. */
	last = state->tracked[state->nr_tracked - 1];
	xengt_pagetab_set(&v->tracked, gfn, 0);
	if (last != gfn) {
		state->tracked[link - 1] = last;
		xengt_pagetab_set(&v->tracked, last, link);
	}
	__atomic_store_n(&state->nr_tracked, state->nr_tracked - 1, __ATOMIC_RELEASE);
	return 0;
}
