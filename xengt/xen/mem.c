/* SPDX-License-Identifier: MIT */
/*
 * Guest memory through mappings of 1 MiB that are kept while they are used.
 *
 * A mapping keeps its frame alive but does not follow the guest: when frames change hands Xen sends
 * an invalidation, and everything is dropped. A frame missing at map time is looked for again at
 * each access, alone, since the guest may have put one there without a word.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "xengt/guest/xengt.h"

void xengt_mem_init(struct xengt_mem *mem, xenforeignmemory_handle *fmem, domid_t domid)
{
	*mem = (struct xengt_mem){ .fmem = fmem, .domid = domid };
}

static void drop_bucket(struct xengt_mem *mem, struct xengt_bucket *bucket)
{
	if (!bucket->used)
		return;
	xenforeignmemory_unmap(mem->fmem, bucket->va, XENGT_BUCKET_PAGES);
	bucket->used = 0;
	mem->drops++;
}

void xengt_mem_drop(struct xengt_mem *mem)
{
	for (unsigned int i = 0; i < XENGT_BUCKETS; i++)
		drop_bucket(mem, &mem->buckets[i]);
}

static int fill_bucket(struct xengt_mem *mem, struct xengt_bucket *bucket, u64 first_gfn)
{
	xen_pfn_t gfns[XENGT_BUCKET_PAGES];
	int errs[XENGT_BUCKET_PAGES];

	drop_bucket(mem, bucket);
	for (unsigned int i = 0; i < XENGT_BUCKET_PAGES; i++)
		gfns[i] = first_gfn + i;
	bucket->va = xenforeignmemory_map(mem->fmem, mem->domid, PROT_READ | PROT_WRITE,
					  XENGT_BUCKET_PAGES, gfns, errs);
	if (!bucket->va)
		return -EFAULT;
	for (unsigned int i = 0; i < XENGT_BUCKET_PAGES; i++)
		bucket->present[i] = !errs[i];
	bucket->first_gfn = first_gfn;
	bucket->used = ++mem->clock;
	mem->maps++;
	return 0;
}

/* The bucket for @gfn, or the one to use for it: an empty one, else the least recently used. */
static struct xengt_bucket *pick_bucket(struct xengt_mem *mem, u64 gfn)
{
	u64 first = ALIGN_DOWN(gfn, XENGT_BUCKET_PAGES);
	struct xengt_bucket *best = &mem->buckets[0];

	for (unsigned int i = 0; i < XENGT_BUCKETS; i++) {
		struct xengt_bucket *bucket = &mem->buckets[i];

		if (bucket->used && bucket->first_gfn == first)
			return bucket;
		if (bucket->used < best->used)
			best = bucket;
	}
	return best;
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
	size_t at = gpa % GVT_PAGE_SIZE, index = gfn % XENGT_BUCKET_PAGES;
	struct xengt_bucket *bucket = pick_bucket(mem, gfn);
	void *va;

	if (!bucket->used || bucket->first_gfn != gfn - index) {
		if (fill_bucket(mem, bucket, gfn - index))
			return -EFAULT;
	}
	bucket->used = ++mem->clock;
	if (bucket->present[index]) {
		copy(bucket->va + index * GVT_PAGE_SIZE, at, buf, len, write);
		return 0;
	}
	if (!map_alone(mem, gfn, &va))
		return -EFAULT;
	copy(va, at, buf, len, write);
	xenforeignmemory_unmap(mem->fmem, va, 1);
	/* The guest filled the hole: have the next access map the bucket anew. */
	drop_bucket(mem, bucket);
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
	xen_pfn_t pfns[XENGT_BUCKET_PAGES];
	int errs[XENGT_BUCKET_PAGES];

	for (size_t done = 0, n; done < nr; done += n) {
		void *va;

		n = nr - done < XENGT_BUCKET_PAGES ? nr - done : XENGT_BUCKET_PAGES;
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
	xen_pfn_t gfns[XENGT_BUCKET_PAGES];
	int errs[XENGT_BUCKET_PAGES];

	while (nr) {
		size_t n = nr < XENGT_BUCKET_PAGES ? nr : XENGT_BUCKET_PAGES;
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
