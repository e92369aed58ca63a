/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor of a few lines for the core alone: guest memory is an array, and what the core asks
 * for is noted. Each test makes its own.
 */
#ifndef TESTS_UNIT_FAKE_MPT_H
#define TESTS_UNIT_FAKE_MPT_H

#include "core/vgpu.h"

#define FAKE_RAM_PAGES 4096u /* guest memory from address 0 on */
#define FAKE_AREAS     4u

/* Where fake_place() puts the BARs. */
#define FAKE_BAR0 0xf4000000ull
#define FAKE_BAR2 0x80000000ull

struct fake {
	struct intel_gvt *gvt;
	struct vgpu_state *state;
	struct intel_vgpu *vgpu;
	u8 *ram;
	u32 *mirror; /* register pages that the guest would read directly, or NULL */
	bool tracked[FAKE_RAM_PAGES];
	struct {
		u64 start, end; /* .end 0: free */
	} areas[FAKE_AREAS];
	u64 placed[VGPU_NR_BARS];
	unsigned int attached, refs;
	u64 calls;	  /* of services that act on a vGPU, reading and writing memory left out */
	char log[1024];	  /* of trap areas and placing: "+start-end", "-start-end", "@bar:gpa" */
	char shown[1024]; /* what fake_log() returned last */
	u32 msi_addr;
	u16 msi_data;

	/* Each, unless 0, is what the next such call fails with. */
	int fail_attach, fail_area, fail_place, fail_track, fail_msi;
};

/** fake_new() - back end, shared part and state, without a vGPU. */
struct fake *fake_new(void);

/** fake_create() - its vGPU; an aperture of @aperture_mib. Returns what the core returned. */
int fake_create(struct fake *f, u32 aperture_mib);

/** fake_vgpu() - fake_new() and an active vGPU, with register pages mirrored and BARs in place. */
struct fake *fake_vgpu(void);

/** fake_place() - program BARs and switch memory decoding on, as firmware does. */
void fake_place(struct fake *f);

/** fake_free() - all of it, checking that the vGPU leaves nothing. */
void fake_free(struct fake *f);

/** fake_log() - what was noted since the last time. */
const char *fake_log(struct fake *f);

/* The guest's accesses; each asserts that the core took them. */
u32 fake_cfg_read(struct fake *f, unsigned int reg, unsigned int bytes);
void fake_cfg_write(struct fake *f, unsigned int reg, unsigned int bytes, u32 val);
u64 fake_read(struct fake *f, u64 pa, unsigned int bytes);
void fake_write(struct fake *f, u64 pa, unsigned int bytes, u64 val);

/** fake_reg() - a 32-bit read of the register at @offset of BAR0. */
u32 fake_reg(struct fake *f, u32 offset);

/** fake_reg_write() - a 32-bit write of it. */
void fake_reg_write(struct fake *f, u32 offset, u32 val);

#endif
