/* SPDX-License-Identifier: MIT */
/*
 * Memory as an engine sees it. Graphics addresses are translated by the entries of the GGTT, or by
 * the tables of a PPGTT, which are in memory at bus addresses. Another thread may be writing both.
 * The engine keeps translations in a direct-mapped cache of its own until it is told to forget
 * them.
 */
#include "core/gpu/soft/engine.h"

#include <errno.h>
#include <string.h>

#include "core/hw/format.h"

#define FMT	 (&gtt_format_gen9)
#define WRITABLE (1ull << 1)

#define WALK_SHIFT 21

static const u8 fault_engine[GVT_NR_ENGINES] = {
	[GVT_RCS0] = 0,
	[GVT_VCS0] = 1,
	[GVT_BCS0] = 2,
	[GVT_VECS0] = 3,
};

static void *fault(struct softgpu_engine *e, bool global, u64 addr, const char *why)
{
	struct gvt_gpu_space *space = e->space;

	softgpu_fail(e, why);
	if (!(softgpu_reg_read(space, FAULT_REG) & FAULT_VALID)) {
		softgpu_reg_put(space, FAULT_DATA0, (u32)(addr >> 12));
		softgpu_reg_put(space, FAULT_DATA1,
				(u32)(addr >> 44 & 0xf) | (global ? FAULT_GLOBAL : 0));
		softgpu_reg_put(space, FAULT_REG,
				FAULT_VALID | FAULT_ENGINE((u32)fault_engine[e->id]));
	}
	return NULL;
}

static void *bus_page(struct softgpu_engine *e, u64 bus)
{
	softgpu_work(e, SOFTGPU_PAGE_BYTES);
	return e->space->config.page(e->space->config.priv, bus);
}

/* Acquire: writes to the page or table from before the entry was written are seen. */
static u64 entry_at(const u64 *table, unsigned int i)
{
	return __atomic_load_n(&table[i], __ATOMIC_ACQUIRE);
}

/* Walks to the last table of an address, or to its large page. NULL, with @why: there is none. */
static const struct softgpu_tlb_walk *walk(struct softgpu_engine *e, u64 addr, const char **why)
{
	u64 tag = e->tlb.generation | addr >> WALK_SHIFT;
	struct softgpu_tlb_walk *w = &e->tlb.walks[(addr >> WALK_SHIFT) % TLB_WALKS];
	enum gtt_kind kind = e->four ? GTT_PML4 : GTT_PD;
	u64 bus = e->four ? e->pdp[0] : e->pdp[addr >> 30 & 3];
	bool ro = false;

	if (w->tag == tag)
		return w;
	for (;;) {
		const u64 *table = bus_page(e, bus & FMT->addr);
		enum gtt_form form;
		u64 entry;

		if (!table) {
			*why = "a page table is not mapped for DMA";
			return NULL;
		}
		if (kind == GTT_PT || kind == GTT_PT_64K) {
			*w = (struct softgpu_tlb_walk){ tag, table, 0, kind, ro };
			return w;
		}
		entry = entry_at(table, gtt_index(kind, addr));
		form = gtt_form(FMT, kind, entry, true);
		if (form == GTT_NONE) {
			*why = "a directory entry is not present";
			return NULL;
		}
		ro |= !(entry & WRITABLE);
		bus = gtt_addr(FMT, form, entry);
		if (form == GTT_PAGE_2M || form == GTT_PAGE_1G) {
			u64 within = addr & ((1ull << FMT->rows[form].shift) - 1);

			bus += ALIGN_DOWN(within, 1ull << WALK_SHIFT);
			*w = (struct softgpu_tlb_walk){ tag, NULL, bus, kind, ro };
			return w;
		}
		kind = gtt_below(kind, form);
	}
}

/* Translates a PPGTT address: its bus page, and whether that is read-only. */
static bool ppgtt_page(struct softgpu_engine *e, u64 addr, u64 *bus, bool *ro, const char **why)
{
	const struct softgpu_tlb_walk *w = walk(e, addr, why);
	u64 entry, within = addr & ((1ull << WALK_SHIFT) - 1);

	if (!w)
		return false;
	*ro = w->ro;
	if (!w->table) {
		*bus = w->bus + ALIGN_DOWN(within, GVT_PAGE_SIZE);
		return true;
	}
	/* In a table of 64 KiB pages every sixteenth entry counts. */
	entry = entry_at(w->table, gtt_index(w->kind, addr) & ~(w->kind == GTT_PT ? 0u : 15u));
	if (!gtt_present(entry)) {
		*why = "a page is not present";
		return false;
	}
	*ro |= !(entry & WRITABLE);
	if (w->kind == GTT_PT)
		*bus = gtt_addr(FMT, GTT_PAGE_4K, entry);
	else
		*bus = gtt_addr(FMT, GTT_PAGE_64K, entry) + (addr & 0xf000);
	return true;
}

/* Translates a page and keeps the result. */
static const struct softgpu_tlb_page *fill(struct softgpu_engine *e, bool global, u64 addr)
{
	u64 tagged = addr >> 12 | (global ? TLB_GLOBAL : 0), bus;
	struct softgpu_tlb_page *slot = &e->tlb.pages[softgpu_tlb_slot(tagged)];
	const char *why = NULL;
	bool ro = false;
	void *page;

	if (global) {
		u64 entry = addr >> 32 ? 0 : softgpu_ggtt_entry(e->space, addr >> 12);

		if (!gtt_present(entry))
			return fault(e, true, addr, "a page of the GGTT is not present");
		bus = gtt_addr(FMT, GTT_GGTT, entry);
	} else if (!ppgtt_page(e, addr, &bus, &ro, &why)) {
		return fault(e, false, addr, why);
	}
	page = bus_page(e, bus);
	if (!page)
		return fault(e, global, addr, "a page is not mapped for DMA");
	*slot = (struct softgpu_tlb_page){ e->tlb.generation | tagged, page, ro };
	return slot;
}

void *softgpu_mem_miss(struct softgpu_engine *e, bool global, u64 addr, bool write)
{
	const struct softgpu_tlb_page *slot;

	/* Addresses have 48 bits, and the highest one is repeated above. */
	slot = fill(e, global, addr & ((1ull << 48) - 1));
	if (!slot)
		return NULL;
	if (write && slot->ro) {
		e->sunk = true;
		return e->sink + addr % GVT_PAGE_SIZE;
	}
	return slot->page + addr % GVT_PAGE_SIZE;
}

void *softgpu_at(struct softgpu_engine *e, u64 addr, bool write, u32 *left)
{
	/* Commands in the ring itself address the PPGTT, as i915's own copies do. */
	bool global = e->cs.level && !e->cs.batch[e->cs.level - 1].ppgtt;

	*left = GVT_PAGE_SIZE - addr % GVT_PAGE_SIZE;
	return softgpu_mem(e, global, addr, write);
}

int softgpu_load(struct softgpu_engine *e, bool global, u64 addr, u32 *dw, u32 nr)
{
	const u32 *from = NULL;

	for (u32 i = 0; i < nr; i++, addr += 4) {
		if (!from || !(addr % GVT_PAGE_SIZE)) {
			from = softgpu_mem(e, global, addr, false);
			if (!from)
				return -EFAULT;
		}
		dw[i] = __atomic_load_n(from++, __ATOMIC_ACQUIRE);
	}
	return 0;
}

int softgpu_store(struct softgpu_engine *e, bool global, u64 addr, const u32 *dw, u32 nr)
{
	u32 *to = NULL;

	if (nr == 2 && !(addr % 8)) {
		u64 *qword = softgpu_mem(e, global, addr, true);

		if (!qword)
			return -EFAULT;
		__atomic_store_n(qword, dw[0] | (u64)dw[1] << 32, __ATOMIC_RELEASE);
		return 0;
	}
	for (u32 i = 0; i < nr; i++, addr += 4) {
		if (!to || !(addr % GVT_PAGE_SIZE)) {
			to = softgpu_mem(e, global, addr, true);
			if (!to)
				return -EFAULT;
		}
		__atomic_store_n(to++, dw[i], __ATOMIC_RELEASE);
	}
	return 0;
}
