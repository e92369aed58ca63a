/* SPDX-License-Identifier: MIT */
/*
 * A vGPU of its own for a guest, and commands on standard input that ask its hypervisor services
 * for pages: what the cases on real Xen drive (tests/xen/cases/pages.sh).
 *
 *   pages DOMID STATE-FOLDER [take-up]
 *
 * Each command is answered by one line; "ready" comes first. Numbers are decimal or 0x....
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "core/base/number.h"
#include "tests/unit/pair.h"
#include "xengt/xen/backing.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/dma_look.h"
#include "xengt/xen/hostmem.h"
#include "xengt/xen/opregion.h"
#include "xengt/xen/track.h"
#include "xengt/xen/xengt.h"

#define MAX 300000u

struct pages {
	struct xengt_vgpu *v;
	u64 gfns[MAX], addrs[MAX];
	u32 nr;
	u64 arg[3];
	char answer[256];
};

static void answer(struct pages *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->answer, sizeof(p->answer), format, args);
	va_end(args);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* map GFN NR */
static void map(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	u32 nr = p->arg[1], mapped = 0;
	double start;
	int err;

	if (nr > MAX - p->nr) {
		answer(p, "too many");
		return;
	}
	for (u32 i = 0; i < nr; i++)
		p->gfns[p->nr + i] = p->arg[0] + i;
	start = now_us();
	err = intel_gvt_hypervisor_dma_map_guest_pages(v->vgpu, p->gfns + p->nr, nr,
						       p->addrs + p->nr);
	start = now_us() - start;
	for (u32 i = 0; !err && i < nr; i++)
		mapped += p->addrs[p->nr + i] != GVT_DMA_INVALID;
	if (!err)
		p->nr += nr;
	answer(p, "map %s mapped %u of %u us-a-page %.2f", err ? strerror(-err) : "ok", mapped, nr,
	       start / nr);
}

/* unmap: all of them */
static void unmap(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	double start = now_us();

	intel_gvt_hypervisor_dma_unmap_guest_pages(v->vgpu, p->addrs, p->nr);
	answer(p, "unmap ok %u us-a-page %.2f", p->nr, p->nr ? (now_us() - start) / p->nr : 0);
	p->nr = 0;
}

static void trim(struct xengt_vgpu *v, void *arg)
{
	u64 before = v->dma.unmaps;
	double start = now_us();

	xengt_dma_trim(v);
	before = v->dma.unmaps - before;
	answer(arg, "trim ok %lu us-a-page %.2f", before, before ? (now_us() - start) / before : 0);
}

static void revalidate(struct xengt_vgpu *v, void *arg)
{
	double start = now_us();
	u32 gone = xengt_dma_revalidate(v);

	answer(arg, "revalidate ok gone %u us-a-page %.2f", gone,
	       v->dma.used ? (now_us() - start) / v->dma.used : 0);
}

/* map-large GFN SIZE */
static void map_large(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	u64 addr = 0;
	int err = intel_gvt_hypervisor_dma_map_guest_page(v->vgpu, p->arg[0], p->arg[1], &addr);

	if (!err)
		p->addrs[p->nr++] = addr;
	answer(p, "map-large %s 0x%lx", err ? strerror(-err) : "ok", addr);
}

static void stats(struct xengt_vgpu *v, void *arg)
{
	answer(arg, "stats used %u idle %u gone %lu aliases %u host-pages %lu strays %lu pins %u",
	       v->dma.used, v->dma.idle, v->dma.gone, v->aliases->nr, v->hostmem.pages,
	       v->dma.strays, v->pins->nr);
}

/* bar GPA: as if the guest had put BAR2 there */
static void bar(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	u32 off = 0, at = p->arg[0], high = 0, on = PCI_COMMAND_MEMORY;

	intel_vgpu_emulate_cfg_write(v->vgpu, PCI_COMMAND, &off, 2);
	intel_vgpu_emulate_cfg_write(v->vgpu, PCI_BASE_ADDRESS_2, &at, 4);
	intel_vgpu_emulate_cfg_write(v->vgpu, PCI_BASE_ADDRESS_2 + 4, &high, 4);
	intel_vgpu_emulate_cfg_write(v->vgpu, PCI_COMMAND, &on, 2);
	answer(p, "bar ok 0x%lx", intel_vgpu_bar(v->vgpu, 2, NULL));
}

/* show PAGE FIRST NR: mapped pages from the FIRST-th on, in the aperture from PAGE on */
static void show(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	u64 at = intel_vgpu_bar(v->vgpu, 2, NULL) >> GVT_PAGE_SHIFT;
	u32 calls = 0, nr = p->arg[2];
	double start = now_us();
	int err = 0;

	for (u32 i = 0, run; !err && i < nr; i += run) {
		const u64 *addr = &p->addrs[p->arg[1] + i];

		for (run = 1; i + run < nr && addr[run] == addr[0] + run * GVT_PAGE_SIZE;)
			run++;
		err = intel_gvt_hypervisor_map_gfn_to_mfn(v->vgpu, at + p->arg[0] + i,
							  addr[0] >> GVT_PAGE_SHIFT, run, true);
		calls++;
	}
	answer(p, "show %s calls %u us-a-page %.2f", err ? strerror(-err) : "ok", calls,
	       (now_us() - start) / nr);
}

/* hide PAGE NR */
static void hide(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	u64 at = intel_vgpu_bar(v->vgpu, 2, NULL) >> GVT_PAGE_SHIFT;
	double start = now_us();
	int err = intel_gvt_hypervisor_map_gfn_to_mfn(v->vgpu, at + p->arg[0], 0, p->arg[1], false);

	answer(p, "hide %s us-a-page %.2f", err ? strerror(-err) : "ok",
	       (now_us() - start) / p->arg[1]);
}

/* peek GPA, poke GPA VALUE: the guest's memory */
static void peek(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	u32 val = 0;
	int err = intel_gvt_hypervisor_read_gpa(v->vgpu, p->arg[0], &val, 4);

	answer(p, "peek %s 0x%x", err ? strerror(-err) : "ok", val);
}

static void poke(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	u32 val = p->arg[1];
	int err = intel_gvt_hypervisor_write_gpa(v->vgpu, p->arg[0], &val, 4);

	answer(p, "poke %s", err ? strerror(-err) : "ok");
}

/* Whether the page's frame, looked at by its number, holds what the page does. */
static bool frame_is(u64 mfn, u64 nonce)
{
	xenforeignmemory_handle *fmem = xenforeignmemory_open(NULL, 0);
	xen_pfn_t frame = mfn;
	u64 *va = xenforeignmemory_map(fmem, DOMID_SELF, PROT_READ, 1, &frame, NULL);
	bool same = va && *va == nonce;

	if (va)
		xenforeignmemory_unmap(fmem, va, 1);
	xenforeignmemory_close(fmem);
	return same;
}

/* host NR: pages of ours, checked and kept */
static void host(struct xengt_vgpu *v, void *arg)
{
	struct pages *p = arg;
	u32 nr = p->arg[0], right = 0, zero = 0;
	double start = now_us();
	u8 *va = intel_gvt_hypervisor_alloc_host_pages(v->vgpu, nr);

	start = now_us() - start;
	for (u32 i = 0; va && i < nr; i++) {
		u64 *page = (u64 *)(va + i * GVT_PAGE_SIZE);

		zero += !*page;
		*page = 0xfeed0000 + i;
		right += frame_is(intel_gvt_hypervisor_virt_to_mfn(v->vgpu, page), *page);
	}
	answer(p, "host %s zero %u right %u us-a-page %.2f", va ? "ok" : "none", zero, right,
	       start / nr);
}

static const struct {
	const char *name;
	void (*fn)(struct xengt_vgpu *v, void *arg);
} commands[] = {
	{ "map", map },	    { "unmap", unmap }, { "trim", trim }, { "revalidate", revalidate },
	{ "stats", stats }, { "bar", bar },	{ "show", show }, { "hide", hide },
	{ "peek", peek },   { "poke", poke },	{ "host", host }, { "map-large", map_large },
};

static void obey(struct pages *p, char *line)
{
	char *name = strtok(line, " \n"), *word;

	for (u32 i = 0; i < ARRAY_SIZE(p->arg); i++) {
		p->arg[i] = 0;
		word = strtok(NULL, " \n");
		if (word && xengt_number(word, XENGT_EITHER, 0, ~0ull, &p->arg[i])) {
			puts("that is no number");
			return;
		}
	}
	for (u32 i = 0; name && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		answer(p, "no answer");
		xengt_vgpu_call(p->v, commands[i].fn, p);
		puts(p->answer);
		return;
	}
	puts("what?");
}

int main(int argc, char **argv)
{
	static struct pages p;
	struct xengt_dom0 dom0 = { 0 };
	struct xengt_host h = { 0 };
	struct pair pair;
	struct xengt_options options = xengt_options_default();
	char why[256], line[256];
	u64 domid;
	int err;

	if (argc < 3 || xengt_number(argv[1], XENGT_DECIMAL, 1, DOMID_FIRST_RESERVED - 1, &domid))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	dom0.state_dir = argv[2];
	dom0.state_kind = xengt_state_kind();
	if (xengt_dom0_open(&dom0) || xengt_host_init(&h))
		return 1;
	err = pair_attach(&dom0, &h, domid, argc > 3 ? NULL : &options, &pair, why, sizeof(why));
	if (err) {
		printf("not attached: %s\n", why);
		xengt_host_exit(&h);
		xengt_dom0_close(&dom0);
		return 1;
	}
	p.v = pair.v;
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "quit\n"))
			break;
		obey(&p, line);
	}
	pair_detach(&dom0, &pair, false);
	xengt_host_exit(&h);
	xengt_dom0_close(&dom0);
	puts("detached");
	return 0;
}
