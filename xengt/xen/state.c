/* SPDX-License-Identifier: MIT */
#include "xengt/xen/state.h"

#include "core/vgpu.h"

#define STATE_LAYOUT 5u

_Static_assert(sizeof(struct xengt_state) % GVT_PAGE_SIZE == 0, "the core's part begins a page");

struct xengt_file_kind xengt_state_kind(void)
{
	return (struct xengt_file_kind){
		.suffix = ".vgpu",
		.magic = "xengt-v",
		.layout = STATE_LAYOUT,
		.size = sizeof(struct xengt_state) + intel_gvt_state_size(),
	};
}

struct vgpu_state *xengt_state_core(struct xengt_state *state)
{
	return (void *)(state + 1);
}

int xengt_state_begin(const struct xengt_file *file)
{
	struct xengt_state *state = (struct xengt_state *)file->head;
	int err = xengt_file_reserve(file, state, offsetof(struct xengt_state, tracked));

	if (err)
		return err;
	return xengt_file_reserve(file, xengt_state_core(state), offsetof(struct vgpu_state, vreg));
}

const char *xengt_state_check(struct xengt_file *file, u32 domid)
{
	const struct xengt_state *state = (const struct xengt_state *)file->head;
	const char *wrong = xengt_file_check(file, domid);

	if (!wrong && state->nr_tracked > XENGT_TRACK_MAX)
		wrong = "it is damaged: it has impossible values";
	return wrong;
}

size_t xengt_state_cost(void)
{
	return offsetof(struct xengt_state, tracked) +
	       ALIGN_UP(offsetof(struct vgpu_state, ggtt), GVT_PAGE_SIZE);
}
