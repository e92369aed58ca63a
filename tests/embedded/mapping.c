// SPDX-License-Identifier: MIT
/* The pages of this process that map frames: a record for each page. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

#define NR_BUCKETS 65536

struct mapping {
	uintptr_t va;
	uint32_t mfn;
	struct exen_domain *d;
	struct mapping *next;
};

static struct {
	pthread_mutex_t lock;
	struct mapping *bucket[NR_BUCKETS];
	unsigned int nr;
} maps = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct mapping **bucket_of(uintptr_t va)
{
	return &maps.bucket[(va >> PAGE_SHIFT) % NR_BUCKETS];
}

static void forget(struct mapping **p)
{
	struct mapping *m = *p;

	*p = m->next;
	frame_put(m->mfn);
	if (m->d)
		atomic_fetch_sub(&m->d->mapped, 1);
	maps.nr--;
	free(m);
}

static void forget_at(uintptr_t va)
{
	for (struct mapping **p = bucket_of(va); *p; p = &(*p)->next) {
		if ((*p)->va == va) {
			forget(p);
			return;
		}
	}
}

int mapping_remove(void *va, size_t pages)
{
	int rc;

	if ((uintptr_t)va % PAGE_SIZE)
		return -EINVAL;
	pthread_mutex_lock(&maps.lock);
	rc = munmap(va, pages * PAGE_SIZE) ? -errno : 0;
	for (size_t i = 0; !rc && i < pages; i++)
		forget_at((uintptr_t)va + i * PAGE_SIZE);
	pthread_mutex_unlock(&maps.lock);
	return rc;
}

int mapping_add(struct exen_domain *d, void *va, uint32_t mfn, int prot)
{
	struct mapping *m = malloc(sizeof(*m));
	int rc = 0;

	if (!m)
		return -ENOMEM;
	pthread_mutex_lock(&maps.lock);
	if (mmap(va, PAGE_SIZE, prot, MAP_SHARED | MAP_FIXED, frames_fd(),
		 (off_t)(mfn * PAGE_SIZE)) == MAP_FAILED) {
		rc = -errno;
		free(m);
	} else {
		forget_at((uintptr_t)va);
		frame_get(mfn);
		if (d)
			atomic_fetch_add(&d->mapped, 1);
		maps.nr++;
		*m = (struct mapping){ (uintptr_t)va, mfn, d, *bucket_of((uintptr_t)va) };
		*bucket_of((uintptr_t)va) = m;
	}
	pthread_mutex_unlock(&maps.lock);
	return rc;
}

void mapping_drop_all(void)
{
	pthread_mutex_lock(&maps.lock);
	for (unsigned int i = 0; i < NR_BUCKETS; i++) {
		while (maps.bucket[i]) {
			mmap((void *)maps.bucket[i]->va, PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			forget(&maps.bucket[i]);
		}
	}
	pthread_mutex_unlock(&maps.lock);
}

unsigned int mapping_count(void)
{
	unsigned int n;

	pthread_mutex_lock(&maps.lock);
	n = maps.nr;
	pthread_mutex_unlock(&maps.lock);
	return n;
}

void mapping_reset(void)
{
	pthread_mutex_lock(&maps.lock);
	for (unsigned int i = 0; i < NR_BUCKETS; i++) {
		while (maps.bucket[i])
			forget(&maps.bucket[i]);
	}
	pthread_mutex_unlock(&maps.lock);
}
