/* SPDX-License-Identifier: MIT */
/*
 * Guest memory behind BAR0: the register pages that are read without a trap, and the GGTT.
 *
 * The pages belong to the guest, and lie where the BAR is. They are populated once, mapped here
 * once, and moved when the guest moves the BAR. While the BAR decodes nothing they are parked, in a
 * range below 4 GiB that hvmloader declares reserved and does not use itself. A page's distance
 * from the BAR's first frame never changes. Pages that must trap are left out.
 *
 * The vGPU's state has the values of registers; the guest's pages are copies. If the guest gives a
 * page up or spoils it, its accesses trap, or it reads wrong values of its own device: no more.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "xengt/settings/log.h"
#include "xengt/xen/backing.h"
#include "xengt/xen/track.h"
#include "xengt/xen/xengt.h"

#define PARK_GFN   (0xfc800000ull >> GVT_PAGE_SHIFT)
#define GGTT_FIRST (VGPU_GGTT_OFFSET >> GVT_PAGE_SHIFT)
#define BAR0_PAGES (GVT_BAR0_SIZE >> GVT_PAGE_SHIFT)

/* Finds the next run of backed frames of BAR0 from *@page on. Returns its length; 0: there is none.
 */
static u32 next_run(const struct xengt_vgpu *v, u32 *page, bool regs_only)
{
	bool regs = v->kept->options.read_through;
	u32 first = *page, len;

	for (; first < GVT_MMIO_PAGES; first++)
		if (regs && !intel_gvt_page_traps(v->host->gvt, first))
			break;
	if (first < GVT_MMIO_PAGES) {
		for (len = 1; !intel_gvt_page_traps(v->host->gvt, first + len); len++)
			;
		*page = first;
		return len;
	}
	if (regs_only || first > GGTT_FIRST)
		return 0;
	*page = GGTT_FIRST;
	return VGPU_GGTT_PAGES;
}

/* Calls @fn for each run of backed frames, with BAR0 at @base; stops at the first error. */
static int each_run(struct xengt_vgpu *v, u64 base, bool regs_only,
		    int (*fn)(struct xengt_vgpu *v, u64 gfn, u32 nr, u64 arg), u64 arg)
{
	int err = 0;
	u32 nr;

	for (u32 page = 0; !err && (nr = next_run(v, &page, regs_only)); page += nr)
		err = fn(v, base + page, nr, arg);
	return err;
}

static int populate_run(struct xengt_vgpu *v, u64 gfn, u32 nr, u64 arg)
{
	(void)arg;
	return xengt_ask_populate(&v->ask, gfn, nr);
}

static int give_back_run(struct xengt_vgpu *v, u64 gfn, u32 nr, u64 arg)
{
	(void)arg;
	return xengt_ask_give_back(&v->ask, gfn, nr);
}

static int count_run(struct xengt_vgpu *v, u64 gfn, u32 nr, u64 arg)
{
	(void)v;
	(void)gfn;
	*(u64 *)arg += nr;
	return 0;
}

/*
 * Has writes to the frames trap. A page that the guest gave up traps anyway; one that is there and
 * cannot be typed is an error. Xen types only plain pages: a page that a process typed before it
 * died is made plain first.
 */
static int type_run(struct xengt_vgpu *v, u64 gfn, u32 nr, u64 arg)
{
	int err = xengt_track_type(v, gfn, nr, true);

	(void)arg;
	for (u32 i = 0; err && i < nr; i++) {
		xengt_track_type(v, gfn + i, 1, false);
		if (xengt_track_type(v, gfn + i, 1, true) && xengt_mem_valid(&v->mem, gfn + i))
			return err;
	}
	return 0;
}

static int untype_run(struct xengt_vgpu *v, u64 gfn, u32 nr, u64 arg)
{
	(void)arg;
	if (xengt_track_type(v, gfn, nr, false))
		for (u32 i = 0; i < nr; i++)
			xengt_track_type(v, gfn + i, 1, false);
	return 0;
}

/* Moves the frames by @distance. Skips those that were moved already, or that the guest gave up. */
static int move_run(struct xengt_vgpu *v, u64 gfn, u32 nr, u64 distance)
{
	if (xendevicemodel_relocate_memory(v->dmod, v->domid, nr, gfn, gfn + distance))
		for (u32 i = 0; i < nr; i++)
			xendevicemodel_relocate_memory(v->dmod, v->domid, 1, gfn + i,
						       gfn + i + distance);
	return 0;
}

static void move(struct xengt_vgpu *v, u64 to)
{
	struct xengt_memory *memory = v->memory;

	memory->backing_was = memory->backing_at;
	__atomic_store_n(&memory->backing_at, to, __ATOMIC_RELEASE);
	each_run(v, memory->backing_was, false, move_run, to - memory->backing_was);
	memory->backing_was = 0;
}

/* Has writes to the register pages trap. After an error all pages are parked, so each access traps.
 */
static int arm(struct xengt_vgpu *v)
{
	struct xengt_memory *memory = v->memory;
	int err = each_run(v, memory->backing_at, true, type_run, 0);

	if (err) {
		each_run(v, memory->backing_at, true, untype_run, 0);
		move(v, PARK_GFN);
		return err;
	}
	memory->backing_typed = true;
	return 0;
}

static void disarm(struct xengt_vgpu *v)
{
	if (v->memory->backing_at != PARK_GFN)
		each_run(v, v->memory->backing_at, true, untype_run, 0);
	v->memory->backing_typed = false;
}

static int free_run(struct xengt_vgpu *v, u64 gfn, u32 nr, u64 arg)
{
	(void)arg;
	return xengt_mem_holes(&v->mem, gfn, nr) ? 0 : -EEXIST;
}

static int place(struct xengt_vgpu *v, u64 to)
{
	struct xengt_memory *memory = v->memory;
	int err;

	disarm(v);
	if (to == PARK_GFN) {
		move(v, to);
		return 0;
	}
	/* Xen frees what is at the destination: the guest would lose memory that it has there. */
	err = each_run(v, to, false, free_run, 0);
	if (err) {
		if (memory->backing_at != PARK_GFN)
			move(v, PARK_GFN);
		return err;
	}
	move(v, to);
	err = arm(v);
	if (err)
		return err;
	intel_vgpu_show_regs(v->vgpu);
	return 0;
}

/*
 * Between two places the register pages are plain memory. Xen may execute a write again that was
 * answered, and must not find plain memory then (track.c): so the domain is paused meanwhile. If it
 * cannot be paused, a guest that writes registers while it moves the BAR may be crashed by Xen.
 */
int xengt_backing_place(struct xengt_vgpu *v, u64 gpa)
{
	u64 to = gpa == INTEL_GVT_BAR_OFF ? PARK_GFN : gpa >> GVT_PAGE_SHIFT;
	int err;

	if (!v->memory->backing_at || v->memory->backing_at == to)
		return 0;
	xengt_ask_pause(&v->ask, true);
	err = place(v, to);
	xengt_ask_pause(&v->ask, false);
	return err;
}

/* By how much all pages raise the domain's memory limit. */
static s64 all_kib(struct xengt_vgpu *v)
{
	u64 pages = 0;

	each_run(v, PARK_GFN, false, count_run, (uintptr_t)&pages);
	return pages << (GVT_PAGE_SHIFT - 10);
}

static int populate_all(struct xengt_vgpu *v)
{
	int err = xengt_ask_limit(&v->ask, all_kib(v));

	if (err)
		return err;
	v->memory->backing_at = PARK_GFN;
	err = each_run(v, PARK_GFN, false, populate_run, 0);
	if (err)
		xengt_backing_destroy(v, false);
	return err;
}

static void *map_frames(struct xengt_vgpu *v, u64 gfn, u32 nr, int errs[])
{
	xen_pfn_t gfns[VGPU_GGTT_PAGES];

	for (u32 i = 0; i < nr; i++)
		gfns[i] = gfn + i;
	return xenforeignmemory_map(v->fmem, v->domid, PROT_READ | PROT_WRITE, nr, gfns, errs);
}

static int map_all(struct xengt_vgpu *v)
{
	u64 at = v->memory->backing_at;
	int errs[VGPU_GGTT_PAGES];

	v->regs = map_frames(v, at, GVT_MMIO_PAGES, errs);
	if (!v->regs)
		return -errno;
	for (u32 i = 0; i < GVT_MMIO_PAGES; i++)
		if (!errs[i] && !intel_gvt_page_traps(v->host->gvt, i))
			v->vgpu->mirror[i] = v->regs + i * (GVT_PAGE_SIZE / sizeof(u32));
	v->ggtt = map_frames(v, at + GGTT_FIRST, VGPU_GGTT_PAGES, errs);
	if (!v->ggtt)
		return -errno;
	for (u32 i = 0; i < VGPU_GGTT_PAGES; i++)
		if (errs[i])
			return -ENXIO;
	intel_vgpu_place_ggtt(v->vgpu, v->ggtt);
	return 0;
}

/*
 * Xen scrubs the memory of dead domains, but not pages that a living one gave back: the guest would
 * read another guest's data, and take it for page-table entries.
 */
static void clear_all(struct xengt_vgpu *v)
{
	for (u32 i = 0; i < GVT_MMIO_PAGES; i++)
		if (v->vgpu->mirror[i])
			memset(v->vgpu->mirror[i], 0, GVT_PAGE_SIZE);
	memset(v->ggtt, 0, VGPU_GGTT_PAGES * GVT_PAGE_SIZE);
}

static void unmap_all(struct xengt_vgpu *v)
{
	memset(v->vgpu->mirror, 0, sizeof(v->vgpu->mirror));
	intel_vgpu_place_ggtt(v->vgpu, NULL);
	if (v->regs)
		xenforeignmemory_unmap(v->fmem, v->regs, GVT_MMIO_PAGES);
	if (v->ggtt)
		xenforeignmemory_unmap(v->fmem, v->ggtt, VGPU_GGTT_PAGES);
	v->regs = NULL;
	v->ggtt = NULL;
}

/*
 * Some pages of the GGTT are missing: the guest gave them up, or an earlier process was withdrawing
 * them and has copied all entries to the state file. Uses the state file in their place.
 */
static int take_up_rest(struct xengt_vgpu *v)
{
	int errs[VGPU_GGTT_PAGES], err;
	u64 *ggtt = map_frames(v, v->memory->backing_at + GGTT_FIRST, VGPU_GGTT_PAGES, errs);

	if (!ggtt)
		return -errno;
	err = intel_vgpu_keep_ggtt(v->vgpu, ggtt, errs);
	xenforeignmemory_unmap(v->fmem, ggtt, VGPU_GGTT_PAGES);
	if (!err)
		xengt_backing_destroy(v, false);
	return err;
}

/* Finishes a move that an earlier process began, and maps the pages. */
static int take_up(struct xengt_vgpu *v)
{
	struct xengt_memory *memory = v->memory;
	int err;

	if (memory->backing_was)
		each_run(v, memory->backing_was, false, move_run,
			 memory->backing_at - memory->backing_was);
	memory->backing_was = 0;
	if (memory->backing_at && memory->backing_at != PARK_GFN && !memory->backing_typed)
		arm(v);
	xengt_ask_pause(&v->ask, false);
	err = memory->backing_at ? map_all(v) : 0;
	if (err)
		unmap_all(v);
	return err == -ENXIO ? take_up_rest(v) : err;
}

static int create(struct xengt_vgpu *v)
{
	int err = populate_all(v);

	if (!err)
		err = map_all(v);
	if (!err) {
		clear_all(v);
		return 0;
	}

	/* Without it all of BAR0 traps, and the GGTT's entries are in the state file. */
	xengt_vgpu_log(v, XENGT_WARN, "no memory behind BAR0, each access will trap: %s",
		       strerror(-err));
	xengt_backing_destroy(v, false);
	return intel_vgpu_reserve_ggtt(v->vgpu);
}

int xengt_backing_create(struct xengt_vgpu *v)
{
	/* When taking up, no error gives the pages back: they have the guest's data. */
	return xengt_file_is_ready(&v->file) ? take_up(v) : create(v);
}

/* Maps all pages anew. False: the guest gave some up. */
static bool whole(struct xengt_vgpu *v)
{
	bool regs = v->kept->options.read_through;

	if (!v->memory->backing_at)
		return false;
	unmap_all(v);
	if (map_all(v))
		return false;
	for (u32 i = 0; regs && i < GVT_MMIO_PAGES; i++)
		if (!intel_gvt_page_traps(v->host->gvt, i) && !v->vgpu->mirror[i])
			return false;
	return true;
}

int xengt_backing_renew(struct xengt_vgpu *v)
{
	if (!whole(v)) {
		xengt_backing_destroy(v, false);
		return create(v);
	}
	clear_all(v);
	return 0;
}

void xengt_backing_withdraw(struct xengt_vgpu *v)
{
	static const int all_there[VGPU_GGTT_PAGES];
	int err;

	if (!v->memory->backing_at)
		return;
	err = intel_vgpu_keep_ggtt(v->vgpu, v->ggtt, all_there);
	if (err) {
		xengt_vgpu_log(
			v, XENGT_ERR,
			"its state file has no room for its GGTT; the domain that is being saved "
			"cannot be restored: %s",
			strerror(-err));
		return;
	}
	xengt_backing_destroy(v, false);
	xengt_vgpu_log(v, XENGT_INFO, "suspended; if it is resumed, each access traps");
}

void xengt_backing_leave(struct xengt_vgpu *v)
{
	unmap_all(v);
	if (v->memory->backing_at)
		disarm(v);
}

int xengt_backing_destroy(struct xengt_vgpu *v, bool keep)
{
	struct xengt_memory *memory = v->memory;

	unmap_all(v);
	if (keep || !memory->backing_at)
		return 0;
	disarm(v);
	each_run(v, memory->backing_at, false, give_back_run, 0);
	memory->backing_at = 0;
	return xengt_ask_limit(&v->ask, -all_kib(v));
}
