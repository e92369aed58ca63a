/* SPDX-License-Identifier: MIT */
/*
 * The vGPU's PCI function: 256 bytes that a table of fields describes.
 *
 * Identity and layout are those of a Skylake GT2 (Intel 6th generation core datasheet volume 2,
 * "Processor graphics registers"; offsets as in Linux' i915 GMCH and ASLS definitions).
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "core/pci/cfg_space.h"

enum {
	CFG_GMCH = 0x50,
	CFG_BSM = 0x5c,
	CFG_EXP = 0x70,
	CFG_MSI = 0xac,
	CFG_PM = 0xd0,
	CFG_SWSCI = 0xe8,
	CFG_ASLS = 0xfc,
};

/*
 * One field: its bytes after reset, and the bits that the guest may change. A field that firmware
 * sets for the driver keeps its value through a reset (.sticky), and begins as zero. Firmware also
 * sets the bits of .placed, after each reset: they stay when a domain starts anew without firmware.
 */
struct cfg_field {
	u8 offset, bytes;
	u32 reset, wmask;
	bool sticky;
	u32 placed;
};

static const struct cfg_field fields[] = {
	{ PCI_VENDOR_ID, 2, 0x8086, 0 },
	{ PCI_DEVICE_ID, 2, 0x1912, 0 },
	/* I/O, memory, bus master, INTx disable */
	{ PCI_COMMAND, 2, 0, 0x0407, .placed = PCI_COMMAND_MEMORY },
	{ PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0 },
	{ PCI_REVISION_ID, 1, 0x06, 0 },    /* below 6, i915 says "pre-production" */
	{ PCI_CLASS_DEVICE, 2, 0x0300, 0 }, /* display, VGA compatible */
	{ PCI_CACHE_LINE_SIZE, 1, 0, 0xff },
	{ PCI_LATENCY_TIMER, 1, 0, 0 },
	{ PCI_BASE_ADDRESS_0, 4, PCI_BASE_ADDRESS_MEM_TYPE_64, ~(u32)(GVT_BAR0_SIZE - 1),
	  .placed = ~0u },
	{ PCI_BASE_ADDRESS_1, 4, 0, ~0u, .placed = ~0u },
	/* The mask of BAR2's low half follows from the aperture's size. */
	{ PCI_BASE_ADDRESS_2, 4, PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH, 0,
	  .placed = ~0u },
	{ PCI_BASE_ADDRESS_3, 4, 0, ~0u, .placed = ~0u },
	{ PCI_SUBSYSTEM_VENDOR_ID, 2, 0x8086, 0 },
	{ PCI_SUBSYSTEM_ID, 2, 0x2015, 0 },
	{ PCI_CAPABILITY_LIST, 1, CFG_EXP, 0 },
	{ PCI_INTERRUPT_LINE, 1, 0, 0xff, .sticky = true },
	{ PCI_INTERRUPT_PIN, 1, 1, 0 }, /* INTA# */
	/* GGMS (7:6) 3: an 8 MiB GTT. GMS (15:8) 0: no stolen memory. */
	{ CFG_GMCH, 2, 3 << 6, 0 },
	{ CFG_BSM, 4, 0, 0 },
	{ CFG_EXP, 2, PCI_CAP_ID_EXP | CFG_MSI << 8, 0 },
	{ CFG_EXP + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_RC_END << 4, 0 }, /* version 2 */
	{ CFG_EXP + PCI_EXP_DEVCAP, 4, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 0 },
	{ CFG_MSI, 2, PCI_CAP_ID_MSI | CFG_PM << 8, 0 },
	{ CFG_MSI + PCI_MSI_FLAGS, 2, 0, PCI_MSI_FLAGS_ENABLE }, /* one vector, 32 bits */
	{ CFG_MSI + PCI_MSI_ADDRESS_LO, 4, 0, 0xfffffffc },
	{ CFG_MSI + PCI_MSI_DATA_32, 2, 0, 0xffff },
	{ CFG_PM, 2, PCI_CAP_ID_PM, 0 },
	{ CFG_PM + PCI_PM_PMC, 2, 2, 0 }, /* version 2, no D1, no D2, no PME */
	{ CFG_PM + PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET, PCI_PM_CTRL_STATE_MASK },
	{ CFG_SWSCI, 2, 0, 0xffff, .sticky = true },
	{ CFG_ASLS, 4, 0, ~0u, .sticky = true },
};

const struct gvt_section vgpu_cfg_section = {
	.name = "config",
	.version = 1,
	.size = sizeof(struct vgpu_cfg),
	.reserved = sizeof(struct vgpu_cfg),
};

static const struct cfg_field *field_at(unsigned int offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (offset >= fields[i].offset && offset - fields[i].offset < fields[i].bytes)
			return &fields[i];
	return NULL;
}

static u8 wmask_at(const struct intel_vgpu *vgpu, unsigned int offset)
{
	const struct cfg_field *field = field_at(offset);
	u32 mask;

	if (!field)
		return 0;
	mask = field->wmask;
	if (field->offset == PCI_BASE_ADDRESS_2)
		mask = ~(u32)(vgpu_bar_size(vgpu, VGPU_BAR_APERTURE) - 1);
	return mask >> 8 * (offset - field->offset);
}

void vgpu_cfg_reset(struct intel_vgpu *vgpu, bool keep_places)
{
	u8 *cfg = vgpu->cfg->bytes;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		u32 keep = keep_places ? fields[i].placed : 0, val = 0;

		if (fields[i].sticky)
			continue;
		memcpy(&val, cfg + fields[i].offset, fields[i].bytes);
		val = (val & keep) | (fields[i].reset & ~keep);
		memcpy(cfg + fields[i].offset, &val, fields[i].bytes);
	}
}

static u16 cfg16(const struct intel_vgpu *vgpu, unsigned int offset)
{
	u16 val;

	memcpy(&val, vgpu->cfg->bytes + offset, sizeof(val));
	return val;
}

static u32 cfg32(const struct intel_vgpu *vgpu, unsigned int offset)
{
	u32 val;

	memcpy(&val, vgpu->cfg->bytes + offset, sizeof(val));
	return val;
}

bool vgpu_cfg_msi(const struct intel_vgpu *vgpu, u32 *addr, u16 *data)
{
	if (!(cfg16(vgpu, CFG_MSI + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE) ||
	    !(cfg16(vgpu, PCI_COMMAND) & PCI_COMMAND_MASTER))
		return false;
	*addr = cfg32(vgpu, CFG_MSI + PCI_MSI_ADDRESS_LO);
	*data = cfg16(vgpu, CFG_MSI + PCI_MSI_DATA_32);
	return true;
}

int intel_vgpu_test_msi(struct intel_vgpu *vgpu)
{
	u32 addr;
	u16 data;

	return vgpu_cfg_msi(vgpu, &addr, &data) ? intel_gvt_hypervisor_inject_msi(vgpu) : -ENOTCONN;
}

int intel_gvt_hypervisor_inject_msi(struct intel_vgpu *vgpu)
{
	u32 addr;
	u16 data;
	int err;

	if (!vgpu_cfg_msi(vgpu, &addr, &data))
		return 0;
	err = vgpu->gvt->mpt->inject_msi(vgpu->handle, addr, data);
	if (!err)
		vgpu->tally->counters.msi++;
	return err;
}

/*
 * Shows in the status register whether an interrupt is pending, and returns true if the pin is to
 * be asserted. While MSI is enabled neither happens, even if no message can be sent. "Interrupt
 * disable" silences the pin but not the status (PCI Local Bus
 * Specification 3.0, 6.2.2, 6.2.3, 6.8.1.3).
 */
bool vgpu_cfg_intx(struct intel_vgpu *vgpu, bool pending)
{
	u8 *status = vgpu->cfg->bytes + PCI_STATUS;
	bool intx = pending && !(cfg16(vgpu, CFG_MSI + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE);

	*status = (*status & ~PCI_STATUS_INTERRUPT) | (intx ? PCI_STATUS_INTERRUPT : 0);
	return intx && !(cfg16(vgpu, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
}

u64 vgpu_cfg_bar_address(const struct intel_vgpu *vgpu, enum vgpu_bar_index bar)
{
	unsigned int at = bar == VGPU_BAR_GTTMM ? PCI_BASE_ADDRESS_0 : PCI_BASE_ADDRESS_2;

	if (!(cfg16(vgpu, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return INTEL_GVT_BAR_OFF;
	return (cfg32(vgpu, at) & PCI_BASE_ADDRESS_MEM_MASK) | (u64)cfg32(vgpu, at + 4) << 32;
}

u32 intel_vgpu_asls(const struct intel_vgpu *vgpu)
{
	return cfg32(vgpu, CFG_ASLS);
}

void vgpu_cfg_read(const struct intel_vgpu *vgpu, unsigned int offset, u8 *val, unsigned int bytes)
{
	u32 asls = intel_vgpu_asls(vgpu);
	u64 bar = cfg32(vgpu, PCI_BASE_ADDRESS_0) & PCI_BASE_ADDRESS_MEM_MASK;
	bool low = !cfg32(vgpu, PCI_BASE_ADDRESS_1);

	if (!asls && bar && low && vgpu->device->params.heads)
		asls = (u32)bar + GVT_MMIO_SIZE;
	memcpy(val, vgpu->cfg->bytes + offset, bytes);
	for (unsigned int i = 0; i < bytes; i++)
		if (offset + i >= CFG_ASLS)
			val[i] = asls >> 8 * (offset + i - CFG_ASLS);
}

/* "Initiate function level reset" reads as zero, and is in a word that is read-only otherwise. */
static bool resets(unsigned int offset, const u8 *val, unsigned int bytes)
{
	unsigned int at = CFG_EXP + PCI_EXP_DEVCTL + 1 - offset;

	return at < bytes && val[at] & PCI_EXP_DEVCTL_BCR_FLR >> 8;
}

unsigned int vgpu_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, const u8 *val,
			    unsigned int bytes)
{
	u8 *cfg = vgpu->cfg->bytes;

	if (resets(offset, val, bytes))
		return VGPU_CFG_RESETS;
	for (unsigned int i = 0; i < bytes; i++) {
		u8 mask = wmask_at(vgpu, offset + i), was = cfg[offset + i];

		cfg[offset + i] = (was & ~mask) | (val[i] & mask);
		vgpu->pristine &= cfg[offset + i] == was;
	}
	return offset + bytes > CFG_ASLS ? VGPU_CFG_OPREGION : 0;
}
