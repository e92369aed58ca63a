/* SPDX-License-Identifier: MIT */
/* What of execution outlives the process. */
#include "core/exec/exec.h"

static const char *amiss(const void *section)
{
	const struct vgpu_ports *ports = section;

	for (int nr = 0; nr < GVT_NR_ENGINES; nr++)
		if (ports->engine[nr].nr_elsp > ARRAY_SIZE(ports->engine[nr].elsp))
			return "it has more writes to a port than a submission has";
	return NULL;
}

const struct gvt_section vgpu_ports_section = {
	.name = "ports",
	.version = 1,
	.size = sizeof(struct vgpu_ports),
	.reserved = sizeof(struct vgpu_ports),
	.amiss = amiss,
};
