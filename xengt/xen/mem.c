/* SPDX-License-Identifier: MIT */
/*
 * Guest memory, through a cache of mappings of an area each.
 *
 * A mapping keeps its frames alive but does not follow the guest. When frames change hands, Xen
 * sends an invalidation, and all mappings are dropped. A frame that was missing when its area was
 * mapped is mapped alone at each access, since Xen does not tell when the guest puts memory there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/limits.h"
#include "xengt/xen/mem.h"

#define CHAINS	   (2 * XENGT_AREAS)
#define MANY_PAGES 256u /* frames looked for with one call */

u32 xengt_area_pages(u64 kib)
{
	u32 pages = XENGT_AREA_PAGES;

	while (pages < XENGT_AREA_MOST && kib >> 2 > (u64)pages * XENGT_AREAS)
		pages *= 2;
	return pages;
}

void xengt_mem_init(struct xengt_mem *mem, xenforeignmemory_handle *fmem, domid_t domid, u64 kib)
{
	*mem = (struct xengt_mem){
		.fmem = fmem,
		.domid = domid,
		.pages = xengt_area_pages(kib),
		.areas_max = XENGT_AREAS,
	};
}

static u16 *chain_of(const struct xengt_mem *mem, u64 number)
{
	return &mem->chains[(number * 0x9e3779b97f4a7c15ull >> 32) % CHAINS];
}

static void drop_area(struct xengt_mem *mem, struct xengt_area *area)
{
	u16 *link = chain_of(mem, area->number);

	while (&mem->areas[*link - 1] != area)
		link = &mem->areas[*link - 1].next;
	*link = area->next;
	xenforeignmemory_unmap(mem->fmem, area->va, mem->pages);
	free(area->present);
	*area = (struct xengt_area){ .next = mem->free };
	mem->free = area - mem->areas + 1;
	mem->last = NULL;
	mem->drops++;
}

void xengt_mem_drop(struct xengt_mem *mem)
{
	for (u32 i = 0; i < mem->nr; i++)
		if (mem->areas[i].va)
			drop_area(mem, &mem->areas[i]);
	mem->nr = mem->free = 0;
}

void xengt_mem_close(struct xengt_mem *mem)
{
	xengt_mem_drop(mem);
	free(mem->areas);
	free(mem->chains);
	mem->areas = NULL;
	mem->chains = NULL;
}

u32 xengt_mem_areas(const struct xengt_mem *mem)
{
	return mem->maps - mem->drops;
}

u64 xengt_mem_bytes(const struct xengt_mem *mem)
{
	return (mem->areas ? XENGT_AREAS * sizeof(*mem->areas) + CHAINS * sizeof(*mem->chains)
			   : 0) +
	       (u64)xengt_mem_areas(mem) * mem->pages / 8;
}

void *xengt_area_map(xenforeignmemory_handle *fmem, domid_t domid, u64 first_gfn, u32 pages,
		     u64 *present)
{
	xen_pfn_t *gfns = calloc(pages, sizeof(*gfns));
	int *errs = malloc(pages * sizeof(*errs));
	void *va = NULL;

	if (gfns && errs) {
		for (u32 i = 0; i < pages; i++)
			gfns[i] = first_gfn + i;
		va = xenforeignmemory_map(fmem, domid, PROT_READ | PROT_WRITE, pages, gfns, errs);
	}
	for (u32 i = 0; va && i < pages; i++)
		present[i / 64] |= (u64)!errs[i] << i % 64;
	free(errs);
	free(gfns);
	return va;
}

/* A place for one more area: a free one, or that of the least recently used area, which is dropped.
 */
static struct xengt_area *take_place(struct xengt_mem *mem)
{
	struct xengt_area *oldest;
	u32 place = mem->free;

	if (!mem->areas) {
		mem->areas = calloc(XENGT_AREAS, sizeof(*mem->areas));
		mem->chains = calloc(CHAINS, sizeof(*mem->chains));
	}
	if (!mem->areas || !mem->chains) {
		xengt_mem_close(mem);
		return NULL;
	}
	if (place) {
		mem->free = mem->areas[place - 1].next;
		return &mem->areas[place - 1];
	}
	if (mem->nr < mem->areas_max)
		return &mem->areas[mem->nr++];
	oldest = &mem->areas[0];
	for (u32 i = 1; i < mem->nr; i++)
		if (mem->areas[i].used < oldest->used)
			oldest = &mem->areas[i];
	drop_area(mem, oldest);
	mem->free = oldest->next;
	return oldest;
}

static struct xengt_area *new_area(struct xengt_mem *mem, u64 number)
{
	u64 *present = calloc(mem->pages / 64, sizeof(*present));
	struct xengt_area *area = present ? take_place(mem) : NULL;
	u8 *va = area ? xengt_area_map(mem->fmem, mem->domid, number * mem->pages, mem->pages,
				       present)
		      : NULL;

	if (!va) {
		free(present);
		if (area) {
			area->next = mem->free;
			mem->free = area - mem->areas + 1;
		}
		return NULL;
	}
	*area = (struct xengt_area){
		.number = number, .va = va, .present = present, .next = *chain_of(mem, number)
	};
	*chain_of(mem, number) = area - mem->areas + 1;
	mem->maps++;
	return area;
}

/* The area that frame @gfn is in, mapped; NULL: it cannot be. */
static struct xengt_area *area_of(struct xengt_mem *mem, u64 gfn)
{
	u64 number = gfn / mem->pages;
	u16 link;

	if (mem->last && mem->last->number == number)
		return mem->last;
	for (link = mem->chains ? *chain_of(mem, number) : 0; link;
	     link = mem->areas[link - 1].next)
		if (mem->areas[link - 1].number == number)
			break;
	mem->last = link ? &mem->areas[link - 1] : new_area(mem, number);
	return mem->last;
}

static bool map_alone(struct xengt_mem *mem, u64 gfn, void **va)
{
	xen_pfn_t pfn = gfn;

	*va = xenforeignmemory_map(mem->fmem, mem->domid, PROT_READ | PROT_WRITE, 1, &pfn, NULL);
	return *va != NULL;
}

static void copy(void *page, size_t at, void *buf, size_t len, bool write)
{
	if (write)
		memcpy((u8 *)page + at, buf, len);
	else
		memcpy(buf, (u8 *)page + at, len);
}

static int copy_in_page(struct xengt_mem *mem, u64 gpa, void *buf, size_t len, bool write)
{
	u64 gfn = gpa >> GVT_PAGE_SHIFT;
	size_t at = gpa % GVT_PAGE_SIZE, index = gfn % mem->pages;
	struct xengt_area *area = area_of(mem, gfn);
	void *va;

	if (!area)
		return -EFAULT;
	area->used = ++mem->clock;
	if (area->present[index / 64] >> index % 64 & 1) {
		copy(area->va + index * GVT_PAGE_SIZE, at, buf, len, write);
		return 0;
	}
	if (!map_alone(mem, gfn, &va))
		return -EFAULT;
	copy(va, at, buf, len, write);
	xenforeignmemory_unmap(mem->fmem, va, 1);
	/* The guest filled the hole: have the next access map the area anew. */
	drop_area(mem, area);
	return 0;
}

int xengt_mem_copy(struct xengt_mem *mem, u64 gpa, void *buf, size_t len, bool write)
{
	u8 *at = buf;

	if (gpa + len < gpa)
		return -EFAULT;
	while (len) {
		size_t n = GVT_PAGE_SIZE - gpa % GVT_PAGE_SIZE;
		int err;

		n = n < len ? n : len;
		err = copy_in_page(mem, gpa, at, n, write);
		if (err)
			return err;
		gpa += n;
		at += n;
		len -= n;
	}
	return 0;
}

bool xengt_mem_valid(struct xengt_mem *mem, u64 gfn)
{
	void *va;

	if (!map_alone(mem, gfn, &va))
		return false;
	xenforeignmemory_unmap(mem->fmem, va, 1);
	return true;
}

void xengt_mem_valid_many(struct xengt_mem *mem, const u64 *gfns, size_t nr, bool *valid)
{
	xen_pfn_t pfns[MANY_PAGES];
	int errs[MANY_PAGES];

	for (size_t done = 0, n; done < nr; done += n) {
		void *va;

		n = nr - done < MANY_PAGES ? nr - done : MANY_PAGES;
		for (size_t i = 0; i < n; i++)
			pfns[i] = gfns[done + i];
		va = xenforeignmemory_map(mem->fmem, mem->domid, PROT_READ, n, pfns, errs);
		for (size_t i = 0; i < n; i++)
			valid[done + i] = va && !errs[i];
		if (va)
			xenforeignmemory_unmap(mem->fmem, va, n);
	}
}

bool xengt_mem_holes(struct xengt_mem *mem, u64 gfn, size_t nr)
{
	xen_pfn_t gfns[MANY_PAGES];
	int errs[MANY_PAGES];

	while (nr) {
		size_t n = nr < MANY_PAGES ? nr : MANY_PAGES;
		bool memory = false;
		void *va;

		for (size_t i = 0; i < n; i++)
			gfns[i] = gfn + i;
		va = xenforeignmemory_map(mem->fmem, mem->domid, PROT_READ, n, gfns, errs);
		if (!va)
			return false;
		for (size_t i = 0; i < n; i++)
			memory |= !errs[i];
		xenforeignmemory_unmap(mem->fmem, va, n);
		if (memory)
			return false;
		gfn += n;
		nr -= n;
	}
	return true;
}
