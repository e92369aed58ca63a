/* SPDX-License-Identifier: MIT */
/*
 * A vGPU's quota of graphics memory (memory_mb): what of its guest is mapped for the GPU at a time,
 * in use or kept, and the memory of ours that the GPU reads for it, its shadow tables first of all.
 */
#include "xengt/guest/xengt.h"
#include "xengt/settings/log.h"

u64 xengt_quota_used(const struct xengt_vgpu *v)
{
	u64 ours = __atomic_load_n(&v->hostmem.pages, __ATOMIC_RELAXED);
	u64 unmaps, maps;

	if (v->host->gpu)
		return __atomic_load_n(&v->view.used, __ATOMIC_RELAXED) + ours;
	/* In this order, since the vGPU goes on: it unmaps nothing that it did not map before. */
	unmaps = __atomic_load_n(&v->dma.unmaps, __ATOMIC_ACQUIRE);
	maps = __atomic_load_n(&v->dma.maps, __ATOMIC_RELAXED);
	return maps - unmaps + ours;
}

bool xengt_quota_allows(const struct xengt_vgpu *v, u64 nr)
{
	return xengt_quota_used(v) + nr <= (u64)v->state->options.memory_mib << 8;
}

void xengt_quota_refused(struct xengt_vgpu *v)
{
	if (!v->dma.over++)
		xengt_vgpu_log(v, XENGT_OTHER, XENGT_WARN,
			       "its quota of %u MiB is used up (memory_mb); what is more leads "
			       "nowhere",
			       v->state->options.memory_mib);
}
