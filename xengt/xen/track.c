/* SPDX-License-Identifier: MIT */
/*
 * Pages whose writes trap: frames of Xen's type HVMMEM_ioreq_server, which one server of a domain
 * may claim. The state file lists the frames that the core tracks: Xen cannot enumerate them, and
 * all must be plain memory again before the server ends.
 *
 * A page's type must not change while a write to it is in flight. Xen executes the instruction
 * again after the write was answered. If it finds plain memory then, the answer stays with the
 * vCPU, and Xen crashes the domain at the vCPU's next request (hvmemul_do_io(); on AMD, where Xen
 * does not know the linear address from the fault). Only a vCPU's next request tells that the one
 * before is over: until then, the page of its last request keeps its type.
 */
#include <errno.h>

#include "xengt/xen/track.h"
#include "xengt/xen/xengt.h"

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
	struct xengt_tracked *listed = v->listed;
	int err = claim(v, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE);

	/* The server of an earlier process still has the claim. Its tracked pages have no handlers
	 * any more: make them plain. */
	if (err && !(err == -EBUSY && xengt_file_is_ready(&v->file)))
		return err;
	for (u32 i = 0; i < listed->nr; i++)
		xengt_track_type(v, listed->gfn[i], 1, false);
	listed->nr = 0;
	xengt_pagetab_free(&v->tracked);
	return 0;
}

int xengt_track_release(struct xengt_vgpu *v)
{
	int err = claim(v, 0);

	/* -EINVAL: another server has the claim, so we have no tracked page. */
	return err == -EINVAL ? 0 : err;
}

static bool waits(const struct xengt_vgpu *v, u64 gfn, unsigned int *vcpu)
{
	for (*vcpu = 0; *vcpu < IOREQ_MAX_VCPUS; (*vcpu)++)
		if (v->writers[*vcpu].gfn == gfn + 1)
			return true;
	return false;
}

static void stay(struct xengt_vgpu *v, u64 gfn)
{
	for (unsigned int i = 0; v->nr_leaving && i < IOREQ_MAX_VCPUS; i++)
		if (v->writers[i].leaves && v->writers[i].gfn == gfn + 1) {
			v->writers[i].leaves = false;
			v->nr_leaving--;
		}
}

static bool leaves(const struct xengt_vgpu *v, u64 gfn)
{
	for (unsigned int i = 0; v->nr_leaving && i < IOREQ_MAX_VCPUS; i++)
		if (v->writers[i].leaves && v->writers[i].gfn == gfn + 1)
			return true;
	return false;
}

int xengt_track_enable(struct xengt_vgpu *v, u64 gfn)
{
	struct xengt_tracked *listed = v->listed;
	u32 place = listed->nr;
	int err;

	/* The page still has its type, unless the guest has put a new frame there, which is plain.
	 * Xen refuses to type a typed page, so ignore errors. */
	if (leaves(v, gfn)) {
		stay(v, gfn);
		xengt_track_type(v, gfn, 1, true);
		return 0;
	}
	if (xengt_pagetab_get(&v->tracked, gfn))
		return -EEXIST;
	if (place == XENGT_TRACK_MAX)
		return -ENOSPC;
	if (place % 512 == 0) {
		err = xengt_file_reserve(&v->file, &listed->gfn[place], GVT_PAGE_SIZE);
		if (err)
			return err;
	}
	err = xengt_pagetab_set(&v->tracked, gfn, place + 1);
	if (err)
		return err;
	/* Listed before it is typed: a typed frame that is not listed would stay typed. */
	listed->gfn[place] = gfn;
	__atomic_store_n(&listed->nr, place + 1, __ATOMIC_RELEASE);
	err = xengt_track_type(v, gfn, 1, true);
	if (err) {
		xengt_pagetab_set(&v->tracked, gfn, 0);
		listed->nr = place;
	}
	return err;
}

static int let_go(struct xengt_vgpu *v, u64 gfn)
{
	struct xengt_tracked *listed = v->listed;
	u32 link = xengt_pagetab_get(&v->tracked, gfn);
	u64 last;
	int err;

	if (!link)
		return -ENOENT;
	err = xengt_track_type(v, gfn, 1, false);
	/* A frame that the guest gave up meanwhile has no type to undo. */
	if (err && xengt_mem_valid(&v->mem, gfn))
		return err;
	/* The last entry takes its place in the list; for an instant it is listed twice. */
	last = listed->gfn[listed->nr - 1];
	xengt_pagetab_set(&v->tracked, gfn, 0);
	if (last != gfn) {
		listed->gfn[link - 1] = last;
		xengt_pagetab_set(&v->tracked, last, link);
	}
	__atomic_store_n(&listed->nr, listed->nr - 1, __ATOMIC_RELEASE);
	return 0;
}

int xengt_track_disable(struct xengt_vgpu *v, u64 gfn)
{
	unsigned int vcpu;

	if (!xengt_pagetab_get(&v->tracked, gfn))
		return -ENOENT;
	if (!waits(v, gfn, &vcpu))
		return let_go(v, gfn);
	v->nr_leaving += !v->writers[vcpu].leaves;
	v->writers[vcpu].leaves = true;
	return 0;
}

/* Whether writes at @gpa trap without tracking: within a BAR, except for the GGTT with memory. */
static bool always_traps(const struct xengt_vgpu *v, u64 gpa)
{
	static const unsigned int bars[] = { 0, 2 };

	for (size_t i = 0; i < ARRAY_SIZE(bars); i++) {
		u64 size, at = intel_vgpu_bar(v->vgpu, bars[i], &size);

		if (bars[i] == 0 && v->ggtt)
			size = VGPU_GGTT_OFFSET;
		if (at != INTEL_GVT_BAR_OFF && gpa - at < size)
			return true;
	}
	return false;
}

void xengt_track_begin(struct xengt_vgpu *v, unsigned int vcpu, u64 gpa)
{
	struct xengt_writer *writer = &v->writers[vcpu];
	u64 gfn = gpa >> GVT_PAGE_SHIFT, was = writer->gfn - 1;
	bool left = writer->leaves, write = gpa != IOREQ_NO_WRITE;

	if (write && was == gfn)
		return;
	writer->gfn = write ? gfn + 1 : 0;
	writer->leaves = false;
	v->nr_leaving -= left;
	if (left)
		xengt_track_disable(v, was);
	/* The write was sent before its page was untracked: keep the type until the vCPU's next
	 * request. */
	if (write && !xengt_pagetab_get(&v->tracked, gfn) && !always_traps(v, gpa) &&
	    !xengt_track_enable(v, gfn))
		xengt_track_disable(v, gfn);
}

void xengt_track_settle(struct xengt_vgpu *v)
{
	for (unsigned int i = 0; i < IOREQ_MAX_VCPUS; i++) {
		struct xengt_writer writer = v->writers[i];

		v->writers[i] = (struct xengt_writer){ 0 };
		v->nr_leaving -= writer.leaves;
		if (writer.leaves)
			xengt_track_disable(v, writer.gfn - 1);
	}
}
