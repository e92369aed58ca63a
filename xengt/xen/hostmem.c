/* SPDX-License-Identifier: MIT */
/*
 * Our own memory that the GPU reads by bus address. For silicon the kernel allocates it, and this
 * domain grants it to itself (/dev/xen/gntalloc): such a page stays at one machine frame, which its
 * grant tells. Unlike a mapped grant, it ends with the process. For the software GPU it is ordinary
 * memory, with bus addresses as in bus.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "xengt/settings/log.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/hostmem.h"
#include "xengt/xen/quota.h"
#include "xengt/xen/xengt.h"

/* Pages of a chunk: as many as its bitmap has bits. */
#define CHUNK 64u

/* The driver's bound on pages of all processes together. 1 GiB is enough for many vGPUs. */
#define LIMIT_FILE "/sys/module/xen_gntalloc/parameters/limit"
#define LIMIT	   (1u << 18)

struct xengt_host_chunk {
	u8 *va;
	u32 pages, place;
	u64 used; /* a bit for each page; of a chunk larger than CHUNK, all or none */
	u64 bus[];
};

/* A page's key in the index: its address, cut to the table's range. User addresses of one process
 * still differ. */
static u64 page_of(const void *va)
{
	return (uintptr_t)va >> GVT_PAGE_SHIFT & XENGT_PAGE_MAX;
}

static struct xengt_host_chunk *chunk_of(const struct xengt_hostmem *mem, const void *p)
{
	u32 link = xengt_pagetab_get(&mem->by_page, page_of(p));
	struct xengt_host_chunk *chunk = link ? mem->chunk[link - 1] : NULL;

	if (!chunk || (const u8 *)p < chunk->va ||
	    (size_t)((const u8 *)p - chunk->va) >= chunk->pages * GVT_PAGE_SIZE)
		return NULL;
	return chunk;
}

static void complain(struct xengt_vgpu *v, const char *what, int err)
{
	if (!v->hostmem.complained)
		xengt_vgpu_log(v, XENGT_ERR, "no memory for the GPU: %s: %s", what, strerror(err));
	v->hostmem.complained = true;
}

/* Raises the driver's bound, whose default is 1,024 pages. It takes no memory until used. */
static void raise_limit(void)
{
	FILE *file = fopen(LIMIT_FILE, "r+e");
	unsigned int limit;

	if (!file)
		return;
	if (fscanf(file, "%u", &limit) == 1 && limit < LIMIT) {
		rewind(file);
		fprintf(file, "%u", LIMIT);
	}
	fclose(file);
}

static void *share(struct xengt_vgpu *v, u32 pages, u32 *refs)
{
	struct xengt_hostmem *mem = &v->hostmem;
	void *va;

	if (!mem->gntshr) {
		raise_limit();
		mem->gntshr = xengntshr_open(NULL, 0);
	}
	if (!mem->gntshr) {
		complain(v, "/dev/xen/gntalloc (is the module xen-gntalloc loaded?)", errno);
		return NULL;
	}
	va = xengntshr_share_pages(mem->gntshr, 0, pages, refs, true);
	if (!va)
		complain(v, "/dev/xen/gntalloc (its bound is " LIMIT_FILE ")", errno);
	return va;
}

static int find_addresses(struct xengt_vgpu *v, const u32 *refs, u32 nr, u64 *bus)
{
	int err = 0;

	for (u32 i = 0; !err && i < nr; i += XENGT_GRANT_BATCH)
		err = xengt_ask_own(&v->ask, refs + i,
				    nr - i < XENGT_GRANT_BATCH ? nr - i : XENGT_GRANT_BATCH,
				    bus + i);
	if (err)
		complain(v, "its bus addresses", -err);
	return err;
}

/* Allocates pages with machine frames, for silicon. */
static int get_real(struct xengt_vgpu *v, struct xengt_host_chunk *chunk)
{
	u32 *refs = calloc(chunk->pages, sizeof(*refs));
	int err = -ENOMEM;

	if (refs)
		chunk->va = share(v, chunk->pages, refs);
	if (chunk->va)
		err = find_addresses(v, refs, chunk->pages, chunk->bus);
	free(refs);
	return err;
}

/* Allocates pages for the software GPU, with free bus frames. */
static int get_any(struct xengt_vgpu *v, struct xengt_host_chunk *chunk)
{
	struct xengt_hostmem *mem = &v->hostmem;

	chunk->va = mmap(NULL, chunk->pages * GVT_PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk->va == MAP_FAILED) {
		chunk->va = NULL;
		complain(v, "mmap", errno);
		return -ENOMEM;
	}
	for (u32 i = 0; i < chunk->pages; i++) {
		while (xengt_pagetab_get(&mem->by_bus, XENGT_BUS_HOST + mem->next))
			mem->next = (mem->next + 1) % (XENGT_BUS_END - XENGT_BUS_HOST);
		chunk->bus[i] = (XENGT_BUS_HOST + mem->next) << GVT_PAGE_SHIFT;
		mem->next = (mem->next + 1) % (XENGT_BUS_END - XENGT_BUS_HOST);
	}
	return 0;
}

static void give_back(struct xengt_vgpu *v, struct xengt_host_chunk *chunk)
{
	if (v->host->gpu)
		munmap(chunk->va, chunk->pages * GVT_PAGE_SIZE);
	else
		xengntshr_unshare(v->hostmem.gntshr, chunk->va, chunk->pages);
}

/* Enters a chunk's pages into the indices, or takes them out. */
static int index_chunk(struct xengt_vgpu *v, const struct xengt_host_chunk *chunk, bool enter)
{
	struct xengt_hostmem *mem = &v->hostmem;
	int err = 0;

	xengt_view_lock(&v->view);
	for (u32 i = 0; !err && i < chunk->pages; i++) {
		u64 page = page_of(chunk->va) + i;

		err = xengt_pagetab_set(&mem->by_page, page, enter ? chunk->place + 1 : 0);
		if (!err && chunk->bus[i])
			err = xengt_pagetab_set(&mem->by_bus, chunk->bus[i] >> GVT_PAGE_SHIFT,
						enter ? page : 0);
	}
	xengt_view_unlock(&v->view);
	return err;
}

static void drop_chunk(struct xengt_vgpu *v, struct xengt_host_chunk *chunk)
{
	struct xengt_hostmem *mem = &v->hostmem;

	index_chunk(v, chunk, false);
	give_back(v, chunk);
	mem->chunk[chunk->place] = NULL;
	while (mem->chunks && !mem->chunk[mem->chunks - 1])
		mem->chunks--;
	mem->pages -= chunk->pages;
	free(chunk);
}

static bool has_quota(struct xengt_vgpu *v, u32 pages)
{
	if (!xengt_quota_allows(v, pages))
		xengt_dma_trim(v);
	if (xengt_quota_allows(v, pages))
		return true;
	xengt_quota_refused(v);
	return false;
}

static struct xengt_host_chunk *new_chunk(struct xengt_vgpu *v, u32 pages)
{
	struct xengt_hostmem *mem = &v->hostmem;
	struct xengt_host_chunk *chunk = calloc(1, sizeof(*chunk) + pages * sizeof(*chunk->bus));
	u32 place = 0;
	int err;

	while (place < mem->chunks && mem->chunk[place])
		place++;
	if (!chunk || place == XENGT_HOST_CHUNKS || !has_quota(v, pages)) {
		free(chunk);
		return NULL;
	}
	chunk->pages = pages;
	chunk->place = place;
	err = v->host->gpu ? get_any(v, chunk) : get_real(v, chunk);
	if (!chunk->va) {
		free(chunk);
		return NULL;
	}
	mem->chunk[place] = chunk;
	if (mem->chunks == place)
		mem->chunks++;
	mem->pages += pages;
	if (!err)
		err = index_chunk(v, chunk, true);
	if (!err)
		return chunk;
	drop_chunk(v, chunk);
	return NULL;
}

/* A mask of @nr bits from bit @at on. */
static u64 bits(u32 nr, u32 at)
{
	return (nr < 64 ? (1ull << nr) - 1 : ~0ull) << at;
}

static void *take(struct xengt_host_chunk *chunk, u32 nr)
{
	for (u32 at = 0; at + nr <= CHUNK; at++) {
		if (chunk->used & bits(nr, at))
			continue;
		chunk->used |= bits(nr, at);
		return memset(chunk->va + at * GVT_PAGE_SIZE, 0, nr * GVT_PAGE_SIZE);
	}
	return NULL;
}

void *xengt_hostmem_alloc(struct xengt_vgpu *v, size_t nr)
{
	struct xengt_hostmem *mem = &v->hostmem;
	struct xengt_host_chunk *chunk;
	void *va = NULL;

	if (!nr || nr > XENGT_HOST_CHUNKS * CHUNK)
		return NULL;
	if (nr > CHUNK) {
		chunk = new_chunk(v, nr);
		if (!chunk)
			return NULL;
		chunk->used = ~0ull;
		return memset(chunk->va, 0, nr * GVT_PAGE_SIZE);
	}
	/* Fill chunks from the first on, so that the last ones become empty and are freed. */
	for (u32 i = 0; !va && i < mem->chunks; i++)
		if (mem->chunk[i] && ~mem->chunk[i]->used && mem->chunk[i]->pages == CHUNK)
			va = take(mem->chunk[i], nr);
	if (va)
		return va;
	chunk = new_chunk(v, CHUNK);
	return chunk ? take(chunk, nr) : NULL;
}

void xengt_hostmem_free(struct xengt_vgpu *v, void *va, size_t nr)
{
	struct xengt_host_chunk *chunk = chunk_of(&v->hostmem, va);

	if (!chunk || !nr)
		return;
	if (chunk->pages == CHUNK)
		chunk->used &= ~bits(nr, ((u8 *)va - chunk->va) >> GVT_PAGE_SHIFT);
	else
		chunk->used = 0;
	/* Keep the first chunk though it is empty: it would be allocated again soon. */
	if (!chunk->used && (chunk->pages > CHUNK || chunk->place))
		drop_chunk(v, chunk);
}

u64 xengt_hostmem_mfn(const struct xengt_vgpu *v, const void *p)
{
	const struct xengt_host_chunk *chunk = chunk_of(&v->hostmem, p);

	if (!chunk)
		return INTEL_GVT_INVALID_ADDR;
	return chunk->bus[((const u8 *)p - chunk->va) >> GVT_PAGE_SHIFT] >> GVT_PAGE_SHIFT;
}

void *xengt_hostmem_find(const struct xengt_vgpu *v, u64 bus)
{
	const struct xengt_hostmem *mem = &v->hostmem;
	u32 page = xengt_pagetab_get(&mem->by_bus, bus >> GVT_PAGE_SHIFT);
	u32 link = page ? xengt_pagetab_get(&mem->by_page, page) : 0;
	const struct xengt_host_chunk *chunk = link ? mem->chunk[link - 1] : NULL;

	return chunk ? chunk->va + (page - page_of(chunk->va)) * GVT_PAGE_SIZE : NULL;
}

void xengt_hostmem_close(struct xengt_vgpu *v)
{
	struct xengt_hostmem *mem = &v->hostmem;

	while (mem->chunks)
		drop_chunk(v, mem->chunk[mem->chunks - 1]);
	xengt_pagetab_free(&mem->by_page);
	xengt_pagetab_free(&mem->by_bus);
	if (mem->gntshr)
		xengntshr_close(mem->gntshr);
	mem->gntshr = NULL;
}
