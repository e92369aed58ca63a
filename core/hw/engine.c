/* SPDX-License-Identifier: MIT */
#include "core/hw/engine.h"

#include <string.h>

/* Bases: intel_gt_regs.h of Linux' i915. */
static const struct {
	const char *class, *name, *prefix;
	u32 base;
} engines[GVT_NR_ENGINES] = {
	[GVT_RCS0] = { "rcs", "rcs0", "RCS0", 0x2000 },
	[GVT_BCS0] = { "bcs", "bcs0", "BCS0", 0x22000 },
	[GVT_VCS0] = { "vcs", "vcs0", "VCS0", 0x12000 },
	[GVT_VECS0] = { "vecs", "vecs0", "VECS0", 0x1a000 },
};

#define ENGINE_SPAN 0x1000u

u32 gvt_engine_base(enum gvt_engine engine)
{
	return engines[engine].base;
}

int gvt_engine_of(u32 offset)
{
	for (int i = 0; i < GVT_NR_ENGINES; i++)
		if (offset - engines[i].base < ENGINE_SPAN)
			return i;
	return -1;
}

const char *gvt_engine_class(enum gvt_engine engine)
{
	return engines[engine].class;
}

int gvt_engine_by_class(const char *name)
{
	for (int i = 0; i < GVT_NR_ENGINES; i++)
		if (!strcmp(name, engines[i].class))
			return i;
	return -1;
}

const char *gvt_engine_name(enum gvt_engine engine)
{
	return engines[engine].name;
}

const char *gvt_engine_prefix(enum gvt_engine engine)
{
	return engines[engine].prefix;
}
