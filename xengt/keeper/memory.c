/* SPDX-License-Identifier: MIT */
/* A domain's memory limit, memory put into it for its vGPU, and pausing it. */
#include <errno.h>

#include "xengt/keeper/inside.h"

/* Frames in one call to Xen. */
#define CHUNK 512u

static int chunks(struct xengt_keeper *k, u64 gfn, u32 nr,
		  int (*call)(xc_interface *, uint32_t, unsigned long, xen_pfn_t *))
{
	xen_pfn_t gfns[CHUNK];

	while (nr) {
		u32 n = nr < CHUNK ? nr : CHUNK;

		for (u32 i = 0; i < n; i++)
			gfns[i] = gfn + i;
		if (call(k->dom0->xc, k->domid, n, gfns))
			return errno ? -errno : -ENOMEM;
		gfn += n;
		nr -= n;
	}
	return 0;
}

static int populate(xc_interface *xc, uint32_t domid, unsigned long nr, xen_pfn_t *gfns)
{
	return xc_domain_populate_physmap_exact(xc, domid, nr, 0, 0, gfns);
}

static int give_back(xc_interface *xc, uint32_t domid, unsigned long nr, xen_pfn_t *gfns)
{
	return xc_domain_decrease_reservation_exact(xc, domid, nr, 0, gfns);
}

int xengt_memory_populate(struct xengt_keeper *k, u64 gfn, u32 nr)
{
	return chunks(k, gfn, nr, populate);
}

int xengt_memory_give_back(struct xengt_keeper *k, u64 gfn, u32 nr)
{
	/* Xen refuses frames that the guest gave up itself: give back the others one by one. */
	if (chunks(k, gfn, nr, give_back))
		for (u32 i = 0; i < nr; i++)
			chunks(k, gfn + i, 1, give_back);
	return 0;
}

int xengt_memory_limit(struct xengt_keeper *k, s64 kib)
{
	struct xengt_kept *kept = k->kept;
	struct xengt_dominfo info;
	int err;

	if (kib > (s64)XENGT_ADDED_KIB_MAX || kib < -(s64)kept->added_kib ||
	    kept->added_kib + kib > XENGT_ADDED_KIB_MAX)
		return -ERANGE;
	err = xengt_dominfo(k->dom0, k->domid, &info);
	if (err)
		return err;
	if (xc_domain_setmaxmem(k->dom0->xc, k->domid, info.max_kib + kib))
		return -errno;
	kept->added_kib += kib;
	kept->limit_kib = info.max_kib + kib;
	return 0;
}

/*
 * xl mem-set sets the limit to what it gives the guest, without what was added here: it is added
 * again. A tool that changes the limit by the same amount as the target has kept what was added.
 */
void xengt_memory_follow(struct xengt_keeper *k, u64 target_kib)
{
	struct xengt_kept *kept = k->kept;
	u64 moved = target_kib - kept->target_kib;
	struct xengt_dominfo info;

	if (!target_kib || xengt_dominfo(k->dom0, k->domid, &info))
		return;
	if (kept->target_kib && info.max_kib != kept->limit_kib &&
	    info.max_kib - kept->limit_kib != moved &&
	    !xc_domain_setmaxmem(k->dom0->xc, k->domid, info.max_kib + kept->added_kib))
		info.max_kib += kept->added_kib;
	kept->limit_kib = info.max_kib;
	kept->target_kib = target_kib;
}

int xengt_memory_pause(struct xengt_keeper *k, bool pause)
{
	int (*call)(xc_interface *, uint32_t) = pause ? xc_domain_pause : xc_domain_unpause;

	if (k->kept->paused == pause)
		return 0;
	/* Noted first: unpausing a domain that was not paused does no harm. */
	if (pause)
		k->kept->paused = true;
	if (call(k->dom0->xc, k->domid) && pause) {
		k->kept->paused = false;
		return -errno;
	}
	if (!pause)
		k->kept->paused = false;
	return 0;
}
