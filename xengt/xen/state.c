/* SPDX-License-Identifier: MIT */
#include "xengt/xen/state.h"

#include "core/hw/reg.h"

/* Guest physical addresses have at most 52 bits. */
#define GFN_LIMIT (1ull << (52 - GVT_PAGE_SHIFT))

static const char *memory_amiss(const void *section)
{
	const struct xengt_memory *memory = section;

	if (memory->opregion_at >= GFN_LIMIT || memory->backing_at >= GFN_LIMIT ||
	    memory->backing_was >= GFN_LIMIT)
		return "it has memory where none can be";
	return NULL;
}

static const struct gvt_section memory_section = {
	.name = "memory",
	.version = 1,
	.size = sizeof(struct xengt_memory),
	.reserved = sizeof(struct xengt_memory),
	.amiss = memory_amiss,
};

static const char *tracked_amiss(const void *section)
{
	const struct xengt_tracked *tracked = section;

	return tracked->nr > XENGT_TRACK_MAX ? "it has more pages than can be tracked" : NULL;
}

static const struct gvt_section tracked_section = {
	.name = "tracked",
	.version = 1,
	.size = sizeof(struct xengt_tracked),
	.reserved = offsetof(struct xengt_tracked, gfn),
	.amiss = tracked_amiss,
};

_Static_assert(XENGT_STATE_SECTIONS <= XENGT_SECTIONS_MAX, "a directory has room for them");

struct xengt_file_kind xengt_state_kind(void)
{
	struct xengt_file_kind kind = {
		.suffix = XENGT_STATE_SUFFIX,
		.magic = "xengt-v",
		.nr = XENGT_STATE_SECTIONS,
		.section = {
			[XENGT_STATE_IOREQ] = &ioreq_section,
			[XENGT_STATE_MEMORY] = &memory_section,
			[XENGT_STATE_TRACKED] = &tracked_section,
		},
	};

	for (u32 i = 0; i < INTEL_GVT_SECTIONS; i++)
		kind.section[i] = intel_gvt_sections[i];
	return kind;
}

u64 xengt_state_cost(void)
{
	const struct xengt_file_kind kind = xengt_state_kind();

	return xengt_file_cost(&kind) + GVT_MMIO_SIZE;
}
