/* SPDX-License-Identifier: MIT */
/* What there is: fuses, monitors, the buses to them. */
#include "core/head/head.h"

#include "core/regs/vreg.h"
#include "core/vgpu.h"

#define SKL_DFSM    0x51000u
#define SFUSE_STRAP 0xc2014u
#define SDEISR	    0xc4000u

#define AUX_CTL	     0x64010u
#define AUX_DATA     0x64014u
#define DP_TP_CTL    0x64040u
#define DP_TP_STATUS 0x64044u
#define PORT_STRIDE  0x100u

#define TP_PATTERN(ctl) ((ctl) >> 8 & 7)
#define TP_IDLE		2u
#define TP_IDLE_SENT	BIT32(25)

/* i915_reg.h of Linux' i915: SKL_DFSM_PIPE_A_DISABLE and so on, SFUSE_STRAP_DDIB_DETECTED and so
 * on, SDE_PORTB_HOTPLUG_CPT and so on. */
static const struct {
	u32 no_pipe, detected, live;
} fuses[GVT_HEADS_MAX] = {
	{ BIT32(30), BIT32(2), BIT32(21) },
	{ BIT32(21), BIT32(1), BIT32(22) },
	{ BIT32(28), BIT32(0), BIT32(23) },
};

/* The first is preferred. */
static const struct display_size sizes[] = {
	{ 1920, 1080 }, { 1920, 1200 }, { 2560, 1440 }, { 2560, 1600 },
	{ 3840, 2160 }, { 1680, 1050 }, { 1600, 900 },	{ 1280, 720 },
	{ 1600, 1200 }, { 1440, 900 },	{ 1400, 1050 }, { 1280, 1024 },
	{ 1280, 960 },	{ 1280, 800 },	{ 1024, 768 },	{ 800, 600 },
};

const struct gvt_section vgpu_sinks_section = {
	.name = "monitors",
	.version = 1,
	.size = sizeof(struct vgpu_sinks),
	.reserved = sizeof(struct vgpu_sinks),
	.may_lack = true,
};

void vgpu_heads_init(struct intel_vgpu *vgpu)
{
	for (u32 i = 0; i < vgpu->device->params.heads; i++) {
		const struct display_monitor monitor = {
			.modes = sizes,
			.nr = ARRAY_SIZE(sizes),
			.serial = vgpu->device->params.id,
			.head = i + 1,
		};

		/* It cannot fail: the list is ours. */
		display_edid_make(vgpu->heads->edid[i], &monitor);
	}
}

void vgpu_heads_reset(struct intel_vgpu *vgpu)
{
	u32 dfsm = 0, strap = 0, live = 0;

	for (u32 i = 0; i < GVT_HEADS_MAX; i++) {
		bool is = i < vgpu->device->params.heads;

		dfsm |= is ? 0 : fuses[i].no_pipe;
		strap |= is ? fuses[i].detected : 0;
		live |= is ? fuses[i].live : 0;
		vgpu->sinks->sink[i] = (struct display_sink){ 0 };
	}
	for (u32 i = 0; i < DISPLAY_PIPES; i++)
		vgpu->heads->pipe[i] = (struct vgpu_pipe){ 0 };
	gvt_vreg_set(vgpu, SKL_DFSM, dfsm);
	gvt_vreg_set(vgpu, SFUSE_STRAP, strap);
	gvt_vreg_set(vgpu, SDEISR, live);
	intel_gvt_hypervisor_alarm(vgpu, 0);
}

/* The monitor at DDI @ddi, of those from A = 0; NULL: there is none. */
static struct display_sink *sink_at(struct intel_vgpu *vgpu, u32 ddi)
{
	return ddi && ddi <= vgpu->device->params.heads ? &vgpu->sinks->sink[ddi - 1] : NULL;
}

void vgpu_head_aux_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 ddi = (offset - AUX_CTL) / PORT_STRIDE, data = AUX_DATA + ddi * PORT_STRIDE;
	struct display_sink *sink = sink_at(vgpu, ddi);
	struct display_aux aux = { .ctl = old };

	for (u32 i = 0; i < DISPLAY_AUX_DATA; i++)
		aux.data[i] = gvt_vreg(vgpu, data + 4 * i);
	display_aux_write(&aux, val, sink, sink ? vgpu->heads->edid[ddi - 1] : NULL,
			  DISPLAY_EDID_SIZE);
	for (u32 i = 0; i < DISPLAY_AUX_DATA; i++)
		gvt_vreg_set(vgpu, data + 4 * i, aux.data[i]);
	gvt_vreg_set(vgpu, offset, aux.ctl);
}

/* Idle patterns are sent as soon as they are asked for. */
void vgpu_head_dp_tp_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)old;
	(void)val; /* of a part of the register, maybe */
	gvt_vreg_set(vgpu, offset - DP_TP_CTL + DP_TP_STATUS,
		     TP_PATTERN(gvt_vreg(vgpu, offset)) == TP_IDLE ? TP_IDLE_SENT : 0);
}
