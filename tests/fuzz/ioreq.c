/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest's requests, for libFuzzer: an input is a sequence of struct op, each a request in
 * the shared page or something else that a guest does. The vGPU is the daemon's, on embedded Xen.
 * Whatever is asked, each request is answered, once, and the guest stays alive.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "tests/bench/bare_guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the guest does next. A request's fields are the input's, but for those named here. */
enum act {
	ACT_RAW,    /* a request as it stands */
	ACT_CONFIG, /* of our configuration space */
	ACT_BAR0,   /* at an offset of a BAR, wherever it is now */
	ACT_BAR2,
	ACT_TRACKED,  /* at an offset of a page that is tracked from now on */
	ACT_RAM,      /* the guest writes its own memory */
	ACT_BALLOON,  /* it gives a page back */
	ACT_POPULATE, /* and takes one */
	NR_ACTS,
};

#define FLAG_WRITE    1u
#define FLAG_DOWN     2u
#define FLAG_INDIRECT 4u
#define FLAG_IN_RAM   8u /* .data is an address in the pages that are cleared between inputs */

struct op {
	u8 act, type, size, flags;
	u32 count;
	u64 addr, data;
};

/* Guest memory that each input finds as zeroes, and the page after it, which is tracked. */
#define CLEAN_PAGES 16u
#define OPS_MAX	    256u

struct run {
	struct bare_guest *g;
	struct op ops[OPS_MAX];
	size_t nr, done;
	bool tracks;
};

static int tracked(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	u64 val = 0;

	(void)track;
	MUST(gpa >> GVT_PAGE_SHIFT == CLEAN_PAGES && bytes >= 1 && bytes <= 8);
	memcpy(&val, data, bytes);
	return val & 1 ? -EINVAL : 0;
}

static void track(struct run *run, struct xengt_vgpu *v)
{
	if (run->tracks)
		return;
	run->tracks = true;
	if (!intel_vgpu_register_page_track(v->vgpu, CLEAN_PAGES, tracked, NULL))
		intel_vgpu_enable_page_track(v->vgpu, CLEAN_PAGES);
}

/* Where the request goes, as Xen would say it. */
static u64 address_of(struct run *run, struct xengt_vgpu *v, const struct op *op)
{
	u64 at;

	switch (op->act) {
	case ACT_CONFIG:
		return (u64)BARE_DEVFN << 32 | (u8)op->addr;
	case ACT_BAR0:
	case ACT_BAR2:
		at = intel_vgpu_bar(v->vgpu, op->act == ACT_BAR0 ? 0 : 2, NULL);
		return at == INTEL_GVT_BAR_OFF ? op->addr : at + op->addr % MiB(17);
	case ACT_TRACKED:
		track(run, v);
		return CLEAN_PAGES * GVT_PAGE_SIZE + op->addr % GVT_PAGE_SIZE;
	default:
		return op->addr;
	}
}

static void request(struct run *run, struct xengt_vgpu *v, const struct op *op)
{
	volatile ioreq_t *slot = exen_slot(run->g->d, 0, ioreq_server_id(v->server));

	slot->addr = address_of(run, v, op);
	slot->data = op->flags & FLAG_IN_RAM ? op->data % (CLEAN_PAGES * GVT_PAGE_SIZE) : op->data;
	slot->count = op->count;
	slot->size = op->size;
	slot->type = op->act == ACT_RAW	     ? op->type
		     : op->act == ACT_CONFIG ? IOREQ_TYPE_PCI_CONFIG
					     : IOREQ_TYPE_COPY;
	slot->dir = !(op->flags & FLAG_WRITE);
	slot->df = !!(op->flags & FLAG_DOWN);
	slot->data_is_ptr = !!(op->flags & FLAG_INDIRECT);
	slot->state = STATE_IOREQ_READY;
	/* One of many items takes several turns. */
	do
		MUST(ioreq_server_poll(v->server) == 1);
	while (slot->state == STATE_IOREQ_INPROCESS);
	MUST(slot->state == STATE_IORESP_READY);
	MUST(ioreq_server_poll(v->server) == 0);
}

/* In the vGPU's thread: all up to the next that is not the thread's to do. */
static void serve(struct xengt_vgpu *v, void *arg)
{
	struct run *run = arg;

	for (; run->done < run->nr; run->done++) {
		const struct op *op = &run->ops[run->done];

		if (op->act >= ACT_RAM)
			return;
		request(run, v, op);
	}
}

/* As it was, so that an input does the same whenever it runs. */
static void restore(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	intel_gvt_reset_vgpu(v->vgpu);
	MUST(intel_vgpu_bar(v->vgpu, 0, NULL) == INTEL_GVT_BAR_OFF);
	intel_vgpu_emulate_cfg_write(v->vgpu, PCI_BASE_ADDRESS_0, &(u32){ BARE_BAR0 }, 4);
	intel_vgpu_emulate_cfg_write(v->vgpu, PCI_BASE_ADDRESS_2, &(u32){ BARE_BAR2 }, 4);
	intel_vgpu_emulate_cfg_write(v->vgpu, PCI_COMMAND, &(u16){ PCI_COMMAND_MEMORY }, 2);
	MUST(intel_vgpu_bar(v->vgpu, 0, NULL) == BARE_BAR0);
}

/* Where a page is already, another one would be lost to the guest. */
static void fill(struct bare_guest *g, u64 gfn)
{
	if (!exen_guest_page(g->d, gfn))
		MUST(!exen_guest_populate(g->d, 0, gfn));
}

static void in_guest(struct bare_guest *g, const struct op *op)
{
	u64 gfn = op->addr % CLEAN_PAGES;

	if (op->act == ACT_RAM)
		exen_guest_write(g->d, 0, op->addr % (CLEAN_PAGES * GVT_PAGE_SIZE), 8, op->data);
	else if (op->act == ACT_BALLOON)
		exen_guest_balloon_out(g->d, 0, gfn);
	else
		fill(g, gfn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bare_guest guest;
	struct run run = { .g = &guest };

	if (!guest.v)
		bare_guest_start(&guest);
	run.nr = size / sizeof(struct op);
	if (run.nr > OPS_MAX)
		run.nr = OPS_MAX;
	memcpy(run.ops, data, run.nr * sizeof(struct op));
	for (size_t i = 0; i < run.nr; i++)
		run.ops[i].act %= NR_ACTS;

	for (; run.done < run.nr; run.done++) {
		MUST(!xengt_vgpu_call(guest.v, serve, &run));
		if (run.done < run.nr)
			in_guest(&guest, &run.ops[run.done]);
	}
	MUST(!exen_domain_crashed(guest.d));
	for (u64 gfn = 0; gfn < CLEAN_PAGES; gfn++) {
		fill(&guest, gfn);
		memset(exen_guest_page(guest.d, gfn), 0, GVT_PAGE_SIZE);
	}
	MUST(!xengt_vgpu_call(guest.v, restore, NULL));
	return 0;
}
