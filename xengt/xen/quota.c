/* SPDX-License-Identifier: MIT */
/*
 * A vGPU's quota of graphics memory (memory_mb). These count against it: guest pages that are
 * mapped for the GPU, in use or idle; our own pages that the GPU reads, mostly shadow tables; and
 * other memory that the guest makes us allocate: copies of its tables, indices, and counters.
 */
#include <errno.h>

#include "xengt/settings/log.h"
#include "xengt/xen/quota.h"
#include "xengt/xen/xengt.h"

static u64 tables_bytes(const struct xengt_vgpu *v)
{
	return xengt_pagetab_bytes(&v->view.by_gfn) + xengt_pagetab_bytes(&v->hostmem.by_page) +
	       xengt_pagetab_bytes(&v->hostmem.by_bus) + xengt_pagetab_bytes(&v->dma.gfns) +
	       xengt_pagetab_bytes(&v->tracked);
}

u64 xengt_quota_heap(const struct xengt_vgpu *v)
{
	return __atomic_load_n(&v->heap, __ATOMIC_RELAXED) +
	       __atomic_load_n(&v->view.bytes, __ATOMIC_RELAXED) + xengt_mem_bytes(&v->mem) +
	       tables_bytes(v);
}

u32 xengt_quota_areas(const struct xengt_vgpu *v)
{
	return __atomic_load_n(&v->view.areas, __ATOMIC_RELAXED) + xengt_mem_areas(&v->mem);
}

u64 xengt_quota_used(const struct xengt_vgpu *v)
{
	u64 ours = __atomic_load_n(&v->hostmem.pages, __ATOMIC_RELAXED) +
		   (xengt_quota_heap(v) >> GVT_PAGE_SHIFT);
	u64 unmaps, maps;

	if (v->host->gpu)
		return __atomic_load_n(&v->view.used, __ATOMIC_RELAXED) + ours;
	/* Read in this order: the vGPU's thread goes on, and maps - unmaps must not be negative. */
	unmaps = __atomic_load_n(&v->dma.unmaps, __ATOMIC_ACQUIRE);
	maps = __atomic_load_n(&v->dma.maps, __ATOMIC_RELAXED);
	return maps - unmaps + ours;
}

bool xengt_quota_allows(const struct xengt_vgpu *v, u64 nr)
{
	return xengt_quota_used(v) + nr <= (u64)v->kept->options.memory_mib << 8;
}

void xengt_quota_refused(struct xengt_vgpu *v)
{
	if (!__atomic_fetch_add(&v->dma.over, 1, __ATOMIC_RELAXED))
		xengt_vgpu_log(v, XENGT_WARN,
			       "its quota of %u MiB (memory_mb) is used up; its GPU reaches no "
			       "further memory",
			       v->kept->options.memory_mib);
}

int xengt_quota_charge(struct xengt_vgpu *v, s64 bytes)
{
	__atomic_add_fetch(&v->heap, bytes, __ATOMIC_RELAXED);
	if (bytes <= 0 || xengt_quota_allows(v, 0))
		return 0;
	__atomic_sub_fetch(&v->heap, bytes, __ATOMIC_RELAXED);
	xengt_quota_refused(v);
	return -ENOSPC;
}
