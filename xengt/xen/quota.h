/* SPDX-License-Identifier: MIT */
/* A vGPU's quota of memory. */
#ifndef XENGT_XEN_QUOTA_H
#define XENGT_XEN_QUOTA_H

#include "core/base/types.h"

struct xengt_vgpu;

/** xengt_quota_used() - pages of all kinds that count against it now. From any thread, for show. */
u64 xengt_quota_used(const struct xengt_vgpu *v);

/** xengt_quota_allows() - whether the vGPU may have @nr pages more. */
bool xengt_quota_allows(const struct xengt_vgpu *v, u64 nr);

/** xengt_quota_heap() - of these, bytes of ours that no GPU reads. From any thread, for show. */
u64 xengt_quota_heap(const struct xengt_vgpu *v);

/**
 * xengt_quota_areas() - how many memory areas of this process (vm.max_map_count) the mappings of
 * guest memory take. From any thread, for show.
 */
u32 xengt_quota_areas(const struct xengt_vgpu *v);

/**
 * xengt_quota_charge() - count @bytes of our memory against the quota; negative: give them back.
 * From any thread. Returns 0, or -ENOSPC: the quota does not allow them.
 */
int xengt_quota_charge(struct xengt_vgpu *v, s64 bytes);

/** xengt_quota_refused() - count a refusal for lack of quota, and log the first one. */
void xengt_quota_refused(struct xengt_vgpu *v);

#endif
