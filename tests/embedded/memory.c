// SPDX-License-Identifier: MIT
/*
 * Machine frames and the p2m. All frames are pages of one sparse memory file. It is mapped once as
 * a whole, for the guests' own accesses, and page by page where the code under test maps them.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define LEAF_BITS 12
#define LEAF_SIZE (1u << LEAF_BITS)
#define NR_LEAVES (1u << (GFN_BITS - LEAF_BITS))

static struct {
	pthread_mutex_t lock;
	int fd;
	char *base;
	atomic_uint *refs, *aliases;
	uint32_t *free_list;
	uint32_t nr_free, next, used;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

int frames_init(void)
{
	size_t bytes = POOL_FRAMES * PAGE_SIZE;

	pool.fd = memfd_create("embedded-xen", MFD_CLOEXEC);
	if (pool.fd < 0 || ftruncate(pool.fd, (off_t)bytes))
		return -errno;
	pool.base =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, pool.fd, 0);
	if (pool.base == MAP_FAILED)
		return -errno;
	/* Anonymous maps, not calloc(): they must cost nothing until they are used. */
	pool.refs = mmap(NULL, POOL_FRAMES * sizeof(*pool.refs), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pool.aliases = mmap(NULL, POOL_FRAMES * sizeof(*pool.aliases), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pool.free_list = mmap(NULL, POOL_FRAMES * sizeof(*pool.free_list), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pool.aliases == MAP_FAILED || pool.refs == MAP_FAILED || pool.free_list == MAP_FAILED)
		return -ENOMEM;
	pool.nr_free = 0;
	pool.used = 0;
	pool.next = 1;
	return 0;
}

void frames_fini(void)
{
	munmap(pool.base, POOL_FRAMES * PAGE_SIZE);
	munmap(pool.refs, POOL_FRAMES * sizeof(*pool.refs));
	munmap(pool.aliases, POOL_FRAMES * sizeof(*pool.aliases));
	munmap(pool.free_list, POOL_FRAMES * sizeof(*pool.free_list));
	close(pool.fd);
	pool.fd = -1;
}

uint32_t frame_alloc(void)
{
	uint32_t mfn = 0;

	pthread_mutex_lock(&pool.lock);
	if (pool.nr_free)
		mfn = pool.free_list[--pool.nr_free];
	else if (pool.next < POOL_FRAMES)
		mfn = pool.next++;
	if (mfn) {
		pool.used++;
		atomic_store(&pool.refs[mfn], 1);
	}
	pthread_mutex_unlock(&pool.lock);
	return mfn;
}

void frame_get(uint32_t mfn)
{
	atomic_fetch_add(&pool.refs[mfn], 1);
}

void frame_put(uint32_t mfn)
{
	if (atomic_fetch_sub(&pool.refs[mfn], 1) != 1)
		return;
	if (atomic_load(&pool.aliases[mfn])) {
		fprintf(stderr, "embedded Xen: frame 0x%x is free and still aliased\n", mfn);
		abort();
	}
	/* Xen scrubs freed pages; here that also returns the memory. */
	madvise(frame_va(mfn), PAGE_SIZE, MADV_REMOVE);
	pthread_mutex_lock(&pool.lock);
	pool.free_list[pool.nr_free++] = mfn;
	pool.used--;
	pthread_mutex_unlock(&pool.lock);
}

void frame_alias(uint32_t mfn, bool add)
{
	atomic_fetch_add(&pool.aliases[mfn], add ? 1 : -1);
}

void *frame_va(uint32_t mfn)
{
	return pool.base + (size_t)mfn * PAGE_SIZE;
}

int frames_fd(void)
{
	return pool.fd;
}

unsigned int frames_used(void)
{
	unsigned int n;

	pthread_mutex_lock(&pool.lock);
	n = pool.used;
	pthread_mutex_unlock(&pool.lock);
	return n;
}

struct p2m_entry p2m_get(const struct exen_domain *d, uint64_t gfn)
{
	const struct p2m_entry *leaf = NULL;

	if (d->p2m && gfn < 1ull << GFN_BITS)
		leaf = d->p2m[gfn >> LEAF_BITS];
	return leaf ? leaf[gfn & (LEAF_SIZE - 1)] : (struct p2m_entry){ 0 };
}

int p2m_set(struct exen_domain *d, uint64_t gfn, uint32_t mfn, enum p2m_type type)
{
	struct p2m_entry *entry, **leaf;

	if (gfn >= 1ull << GFN_BITS)
		return -EINVAL;
	if (!d->p2m)
		d->p2m = calloc(NR_LEAVES, sizeof(struct p2m_entry *));
	if (!d->p2m)
		return -ENOMEM;
	leaf = &d->p2m[gfn >> LEAF_BITS];
	if (!*leaf)
		*leaf = calloc(LEAF_SIZE, sizeof(**leaf));
	if (!*leaf)
		return -ENOMEM;
	entry = &(*leaf)[gfn & (LEAF_SIZE - 1)];
	d->tracked -= entry->type == P2M_IOREQ;
	d->tracked += type == P2M_IOREQ;
	d->aliases += (type == P2M_MMIO_DIRECT) - (entry->type == P2M_MMIO_DIRECT);
	if (entry->type == P2M_MMIO_DIRECT)
		frame_alias(entry->mfn, false);
	if (type == P2M_MMIO_DIRECT)
		frame_alias(mfn, true);
	entry->mfn = mfn;
	entry->type = (uint8_t)type;
	if (mfn && gfn > d->max_gfn)
		d->max_gfn = gfn;
	return 0;
}

int p2m_populate(struct exen_domain *d, uint64_t gfn)
{
	struct p2m_entry was = p2m_get(d, gfn);
	uint32_t mfn;
	int rc;

	if (was.type == P2M_MMIO_DIRECT)
		return -EPERM;

	if (d->tot_pages >= d->max_pages)
		return -ENOMEM;
	mfn = frame_alloc();
	if (!mfn)
		return -ENOMEM;
	rc = p2m_set(d, gfn, mfn, P2M_RAM_RW);
	if (rc) {
		frame_put(mfn);
		return rc;
	}
	/* The replaced page leaves the p2m, but as in Xen it still counts for the domain. */
	if (was.mfn)
		frame_put(was.mfn);
	d->tot_pages++;
	return 0;
}

int p2m_release(struct exen_domain *d, uint64_t gfn)
{
	struct p2m_entry e = p2m_get(d, gfn);

	if (!e.mfn || e.type == P2M_MMIO_DIRECT)
		return -EINVAL;
	p2m_set(d, gfn, 0, P2M_HOLE);
	frame_put(e.mfn);
	d->tot_pages--;
	return 0;
}

static void p2m_walk(struct exen_domain *d,
		     void (*fn)(struct exen_domain *d, uint64_t gfn, struct p2m_entry e))
{
	if (!d->p2m)
		return;
	for (uint64_t i = 0; i < NR_LEAVES; i++) {
		for (uint64_t j = 0; d->p2m[i] && j < LEAF_SIZE; j++) {
			if (d->p2m[i][j].type != P2M_HOLE)
				fn(d, i << LEAF_BITS | j, d->p2m[i][j]);
		}
	}
}

static void untrack_one(struct exen_domain *d, uint64_t gfn, struct p2m_entry e)
{
	if (e.type == P2M_IOREQ)
		p2m_set(d, gfn, e.mfn, P2M_RAM_RW);
}

void p2m_untrack_all(struct exen_domain *d)
{
	p2m_walk(d, untrack_one);
}

static void free_one(struct exen_domain *d, uint64_t gfn, struct p2m_entry e)
{
	p2m_set(d, gfn, 0, P2M_HOLE);
	if (e.mfn)
		frame_put(e.mfn);
}

static void unalias_one(struct exen_domain *d, uint64_t gfn, struct p2m_entry e)
{
	if (e.type == P2M_MMIO_DIRECT)
		p2m_set(d, gfn, 0, P2M_HOLE);
}

void p2m_free(struct exen_domain *d)
{
	p2m_walk(d, unalias_one);
	p2m_walk(d, free_one);
	for (unsigned int i = 0; d->p2m && i < NR_LEAVES; i++)
		free(d->p2m[i]);
	free(d->p2m);
	d->p2m = NULL;
	d->tot_pages = 0;
}

void p2m_changed(struct exen_domain *d)
{
	atomic_fetch_add(&d->p2m_seq, 1);
	futex_wake_all(&d->p2m_seq);
}
