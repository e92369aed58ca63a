/* SPDX-License-Identifier: MIT */
/*
 * The OpRegion: memory through which firmware tells a graphics driver about the machine. Firmware
 * writes its address to ASLS. Its contents come from here: a header, and the table of video outputs
 * (VBT) where the vGPU has some. No mailbox is announced; drivers look for the table all the same.
 *
 * Layout: Intel's IGD OpRegion specification 0.7, "OpRegion header"; struct opregion_header of
 * Linux' i915 (intel_opregion.c), which accepts a region without mailboxes as an empty one.
 */
#include <string.h>

#include "core/display/vbt.h"
#include "core/vgpu.h"

enum {
	OPREGION_SIGNATURE = 0x00,
	OPREGION_SIZE = 0x10, /* in KiB */
	OPREGION_MAJOR = 0x17,
	OPREGION_MBOXES = 0x58,
};

void intel_vgpu_opregion(struct intel_vgpu *vgpu, u8 *buf)
{
	u32 size = INTEL_GVT_OPREGION_SIZE >> 10, mailboxes = 0;

	memset(buf, 0, INTEL_GVT_OPREGION_SIZE);
	memcpy(buf + OPREGION_SIGNATURE, "IntelGraphicsMem", 16);
	memcpy(buf + OPREGION_SIZE, &size, sizeof(size));
	buf[OPREGION_MAJOR] = 2;
	memcpy(buf + OPREGION_MBOXES, &mailboxes, sizeof(mailboxes));
	if (vgpu->device->params.heads)
		display_vbt_make(buf + DISPLAY_VBT_AT, DISPLAY_VBT_MAX, vgpu->device->params.heads);
}
