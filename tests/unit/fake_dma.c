/* SPDX-License-Identifier: MIT */
/*
 * The fake hypervisor's memory as the GPU reaches it. A machine frame has another number than the
 * guest's frame, and a mapping pins it. A test ends at once when the core does something here that
 * it must not do.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

static const u32 sizes[] = { 1, 16, 512 }; /* in pages */

static struct fake *of(unsigned long handle)
{
	return (struct fake *)handle;
}

static struct fake_frame *frame(const struct fake *f, u64 mfn)
{
	UNIT_CHECK(mfn >= FAKE_MFN && mfn < f->next_mfn, "0x%llx is no frame of the guest's",
		   (unsigned long long)mfn);
	return &f->frames[mfn - FAKE_MFN];
}

void fake_populate(struct fake *f, u32 gfn)
{
	pthread_mutex_lock(&f->dma_lock);
	UNIT_CHECK(f->next_mfn < FAKE_MFN + FAKE_FRAMES, "no machine frames are left");
	f->mfn[gfn] = f->next_mfn++;
	frame(f, f->mfn[gfn])->gfn = gfn;
	pthread_mutex_unlock(&f->dma_lock);
}

void fake_give_up(struct fake *f, u32 gfn)
{
	pthread_mutex_lock(&f->dma_lock);
	f->mfn[gfn] = 0;
	pthread_mutex_unlock(&f->dma_lock);
	f->tracked[gfn] = false; /* the type goes with the frame */
}

void fake_scatter(struct fake *f)
{
	for (u32 gfn = 0; gfn < FAKE_RAM_PAGES; gfn++) {
		f->mfn[gfn] = FAKE_MFN + (gfn ^ (gfn & 1 ? 0x7fe : 0));
		frame(f, f->mfn[gfn])->gfn = gfn;
	}
}

void fake_dma_init(struct fake *f)
{
	pthread_mutex_init(&f->dma_lock, NULL);
	f->next_mfn = FAKE_MFN;
	f->frames = fake_pages(FAKE_FRAMES * sizeof(*f->frames));
	f->aliases = fake_pages(FAKE_ALIASES * sizeof(*f->aliases));
	for (u32 gfn = 0; gfn < FAKE_RAM_PAGES; gfn++)
		fake_populate(f, gfn);
}

void fake_dma_exit(struct fake *f)
{
	ck_assert_uint_eq(f->pins, 0);
	ck_assert_uint_eq(f->host_pages, 0);
	ck_assert_uint_eq(f->nr_aliases, 0);
	pthread_mutex_destroy(&f->dma_lock);
	munmap(f->frames, FAKE_FRAMES * sizeof(*f->frames));
	munmap(f->aliases, FAKE_ALIASES * sizeof(*f->aliases));
}

bool fake_pinned(const struct fake *f, u64 bus)
{
	u64 mfn = bus >> GVT_PAGE_SHIFT;

	return mfn >= FAKE_MFN && mfn < f->next_mfn && frame(f, mfn)->pins &&
	       f->mfn[frame(f, mfn)->gfn] == mfn;
}

/* ---- mappings ---- */

static bool is_there(const struct fake *f, u64 gfn)
{
	return gfn < FAKE_RAM_PAGES && f->mfn[gfn];
}

static bool contiguous(const struct fake *f, u64 gfn, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		if (f->mfn[gfn + i] != f->mfn[gfn] + i)
			return false;
	return f->mfn[gfn] % nr == 0;
}

static void pin(struct fake *f, u64 gfn, unsigned int size)
{
	pthread_mutex_lock(&f->dma_lock);
	frame(f, f->mfn[gfn])->heads[size]++;
	for (u32 i = 0; i < sizes[size]; i++) {
		frame(f, f->mfn[gfn + i])->pins++;
		f->pinned[gfn + i] = f->mfn[gfn + i];
	}
	f->pins++;
	pthread_mutex_unlock(&f->dma_lock);
}

static void unpin(struct fake *f, u64 mfn, unsigned int size)
{
	pthread_mutex_lock(&f->dma_lock);
	frame(f, mfn)->heads[size]--;
	for (u32 i = 0; i < sizes[size]; i++) {
		struct fake_frame *page = frame(f, mfn + i);

		page->pins--;
		UNIT_CHECK(page->pins || !page->aliases,
			   "frame 0x%llx is let go, and still in the aperture",
			   (unsigned long long)mfn + i);
		if (!page->pins && f->on_let_go)
			f->on_let_go(f, (mfn + i) << GVT_PAGE_SHIFT);
	}
	f->pins--;
	pthread_mutex_unlock(&f->dma_lock);
}

static bool over_limit(const struct fake *f, size_t nr)
{
	return f->dma_limit && f->pins + nr > f->dma_limit;
}

int fake_dma_map_pages(unsigned long handle, const u64 *gfns, size_t nr, dma_addr_t *bus)
{
	struct fake *f = of(handle);
	int err = f->fail_dma;

	f->fail_dma = 0;
	f->dma_calls++;
	if (err)
		return err;
	if (over_limit(f, nr))
		return -ENOSPC;
	for (size_t i = 0; i < nr; i++) {
		bus[i] = GVT_DMA_INVALID;
		if (!is_there(f, gfns[i]))
			continue;
		pin(f, gfns[i], 0);
		bus[i] = f->mfn[gfns[i]] << GVT_PAGE_SHIFT;
	}
	return 0;
}

int fake_dma_map_page(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *bus)
{
	struct fake *f = of(handle);
	unsigned int which = 0;

	while (which < ARRAY_SIZE(sizes) && sizes[which] << GVT_PAGE_SHIFT != size)
		which++;
	UNIT_CHECK(which < ARRAY_SIZE(sizes), "a mapping of 0x%lx bytes", size);
	UNIT_CHECK(gfn % sizes[which] == 0, "a mapping of 0x%lx bytes at 0x%lx", size, gfn);
	f->dma_calls++;
	for (u32 i = 0; i < sizes[which]; i++)
		if (!is_there(f, gfn + i))
			return -EFAULT;
	if (!contiguous(f, gfn, sizes[which]))
		return -ENXIO;
	if (over_limit(f, 1))
		return -ENOSPC;
	pin(f, gfn, which);
	*bus = f->mfn[gfn] << GVT_PAGE_SHIFT;
	return 0;
}

/* If several mappings begin at @bus, the smallest one is removed. */
void fake_dma_unmap_page(unsigned long handle, dma_addr_t bus)
{
	struct fake *f = of(handle);
	u64 mfn = bus >> GVT_PAGE_SHIFT;

	for (unsigned int size = 0; size < ARRAY_SIZE(sizes); size++)
		if (frame(f, mfn)->heads[size]) {
			unpin(f, mfn, size);
			return;
		}
	ck_abort_msg("0x%llx is not mapped", (unsigned long long)bus);
}

void fake_dma_unmap_pages(unsigned long handle, const dma_addr_t *bus, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (bus[i] != GVT_DMA_INVALID)
			fake_dma_unmap_page(handle, bus[i]);
}

unsigned long fake_gfn_to_mfn(unsigned long handle, unsigned long gfn)
{
	struct fake *f = of(handle);

	if (gfn >= FAKE_RAM_PAGES || !f->pinned[gfn] || !frame(f, f->pinned[gfn])->pins)
		return INTEL_GVT_INVALID_ADDR;
	return f->pinned[gfn];
}

/* ---- host pages ---- */

/* Pages that are adjacent for the CPU are not adjacent for the GPU. */
unsigned long fake_virt_to_mfn(unsigned long handle, void *va)
{
	(void)handle;
	return (((uintptr_t)va >> GVT_PAGE_SHIFT & (FAKE_HOST_MFN / 2 - 1)) | FAKE_HOST_MFN) ^ 0x2a;
}

void *fake_alloc_host(unsigned long handle, size_t nr)
{
	struct fake *f = of(handle);
	struct fake_host *host;

	if (f->host_limit && f->host_pages + nr > f->host_limit)
		return NULL;
	host = malloc(sizeof(*host));
	host->va = fake_pages(nr * GVT_PAGE_SIZE);
	host->nr = nr;
	pthread_mutex_lock(&f->dma_lock);
	host->next = f->host;
	f->host = host;
	pthread_mutex_unlock(&f->dma_lock);
	f->host_pages += nr;
	return host->va;
}

void fake_free_host(unsigned long handle, void *va, size_t nr)
{
	struct fake *f = of(handle);
	struct fake_host **link = &f->host, *host;

	pthread_mutex_lock(&f->dma_lock);
	while (*link && (*link)->va != va)
		link = &(*link)->next;
	host = *link;
	UNIT_CHECK(host && host->nr == nr, "host pages given back in another way than had");
	*link = host->next;
	for (size_t i = 0; i < nr && f->on_let_go; i++)
		f->on_let_go(f, fake_virt_to_mfn(handle, host->va + i * GVT_PAGE_SIZE)
					<< GVT_PAGE_SHIFT);
	pthread_mutex_unlock(&f->dma_lock);
	f->host_pages -= nr;
	munmap(host->va, nr * GVT_PAGE_SIZE);
	free(host);
}

u64 *fake_host_page(const struct fake *f, u64 bus)
{
	for (struct fake_host *host = f->host; host; host = host->next) {
		u64 first = fake_virt_to_mfn(0, host->va) ^ 0x2a,
		    at = (bus >> GVT_PAGE_SHIFT) ^ 0x2a;

		if (at >= first && at < first + host->nr)
			return (u64 *)(host->va + (at - first) * GVT_PAGE_SIZE);
	}
	return NULL;
}

/* Returns NULL for a page that its guest gave up. */
void *fake_dma_to_virt(unsigned long handle, dma_addr_t bus)
{
	struct fake *f = of(handle);
	void (*on_look)(struct fake * f, u64 bus) = __atomic_load_n(&f->on_look, __ATOMIC_ACQUIRE);
	void *va;

	if (on_look)
		on_look(f, bus);
	pthread_mutex_lock(&f->dma_lock);
	if (fake_pinned(f, bus))
		va = f->ram + frame(f, bus >> GVT_PAGE_SHIFT)->gfn * GVT_PAGE_SIZE;
	else
		va = fake_host_page(f, bus);
	pthread_mutex_unlock(&f->dma_lock);
	return va;
}

/* ---- aliases ---- */

u64 fake_alias(const struct fake *f, u64 gfn)
{
	return f->aliases[gfn % FAKE_ALIASES].gfn == gfn ? f->aliases[gfn % FAKE_ALIASES].mfn : 0;
}

int fake_map_gfn_to_mfn(unsigned long handle, unsigned long gfn, unsigned long mfn, unsigned int nr,
			bool map)
{
	struct fake *f = of(handle);
	int err = f->no_alias ? -EOPNOTSUPP : f->fail_alias;

	f->alias_calls++;
	f->fail_alias = 0;
	if (err)
		return err;
	for (unsigned int i = 0; i < nr; i++) {
		u64 at = (gfn + i) % FAKE_ALIASES;
		struct fake_frame *page = frame(f, mfn + i);

		UNIT_CHECK(page->pins, "frame 0x%lx is aliased, and not mapped", mfn + i);
		UNIT_CHECK(map ? !f->aliases[at].mfn
			       : f->aliases[at].gfn == gfn + i && f->aliases[at].mfn == mfn + i,
			   "alias of 0x%lx at 0x%lx", mfn + i, gfn + i);
		f->aliases[at].gfn = gfn + i;
		f->aliases[at].mfn = map ? mfn + i : 0;
		page->aliases += map ? 1 : -1;
		f->nr_aliases += map ? 1 : -1;
	}
	return 0;
}
