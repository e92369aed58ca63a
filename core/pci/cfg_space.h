/* SPDX-License-Identifier: MIT */
/* A vGPU's configuration space. */
#ifndef CORE_PCI_CFG_SPACE_H
#define CORE_PCI_CFG_SPACE_H

#include "core/base/section.h"
#include "core/vgpu.h"

#define VGPU_CFG_SIZE 256u

/* The state's section. */
struct vgpu_cfg {
	u8 bytes[VGPU_CFG_SIZE] __attribute__((aligned(8)));
};

extern const struct gvt_section vgpu_cfg_section;

/** vgpu_cfg_reset() - as after power-on. @keep_places: the addresses of BARs and the memory enable
 * bit stay. */
void vgpu_cfg_reset(struct intel_vgpu *vgpu, bool keep_places);

/**
 * vgpu_cfg_read() - read @bytes, which lie within the space, into @val. Where the vGPU has a head,
 * and firmware has set no address of an OpRegion, ASLS leads to the one behind BAR0's registers:
 * hvmloader makes one for the first display adapter alone, which may be an emulated one.
 */
void vgpu_cfg_read(const struct intel_vgpu *vgpu, unsigned int offset, u8 *val, unsigned int bytes);

/* What else a write causes. */
enum vgpu_cfg_effects {
	VGPU_CFG_RESETS = 1 << 0,   /* a reset of the function; nothing was written */
	VGPU_CFG_OPREGION = 1 << 1, /* firmware may have set the OpRegion's address */
};

/** vgpu_cfg_write() - write @bytes, which lie within the space. Returns enum vgpu_cfg_effects. */
unsigned int vgpu_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, const u8 *val,
			    unsigned int bytes);

/** vgpu_cfg_msi() - the message by which to interrupt the guest. False: it has not enabled MSI. */
bool vgpu_cfg_msi(const struct intel_vgpu *vgpu, u32 *addr, u16 *data);

/** vgpu_cfg_intx() - show whether an interrupt is @pending. True: the pin is to be asserted. */
bool vgpu_cfg_intx(struct intel_vgpu *vgpu, bool pending);

/** vgpu_cfg_bar_address() - where the guest wants @bar, or INTEL_GVT_BAR_OFF. */
u64 vgpu_cfg_bar_address(const struct intel_vgpu *vgpu, enum vgpu_bar_index bar);

#endif
