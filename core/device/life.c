/* SPDX-License-Identifier: MIT */
/* The life of a vGPU, and of what all vGPUs share. */
#include <errno.h>
#include <stdlib.h>

#include "core/exec/exec.h"
#include "core/exec/scan_rules.h"
#include "core/gtt/gtt.h"
#include "core/gtt/page_track.h"
#include "core/gtt/state.h"
#include "core/head/head.h"
#include "core/irq/irq.h"
#include "core/mmio/mmio.h"
#include "core/pci/cfg_space.h"
#include "core/regs/told.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

int intel_gvt_init(const struct intel_gvt_mpt *mpt, struct gvt_gpu *gpu, struct gvt_share *share,
		   void *priv, struct intel_gvt **out)
{
	struct intel_gvt *gvt = calloc(1, sizeof(*gvt));
	int err;

	if (!gvt)
		return -ENOMEM;
	gvt->mpt = mpt;
	gvt->gpu = gpu;
	gvt->share = share;
	gvt->priv = priv;
	gvt->gtt_format = &gtt_format_gen9;
	err = gvt_regs_build(&gvt->regs);
	if (!err) {
		gvt->rules = gvt_scan_rules_new(gvt);
		err = gvt->rules ? 0 : -ENOMEM;
	}
	if (!err)
		err = intel_gvt_hypervisor_host_init(gvt);
	if (err) {
		free(gvt->rules);
		gvt_regs_free(&gvt->regs);
		free(gvt);
		return err;
	}
	*out = gvt;
	return 0;
}

void intel_gvt_exit(struct intel_gvt *gvt)
{
	if (!gvt)
		return;
	intel_gvt_hypervisor_host_exit(gvt);
	free(gvt->rules);
	gvt_regs_free(&gvt->regs);
	free(gvt);
}

/* The sections, by their places in what the back end gives. */
enum { DEVICE, TALLY, CFG, IRQ, PORTS, PPGTT, SINKS, GGTT, REGS, NR_SECTIONS };

_Static_assert(NR_SECTIONS == INTEL_GVT_SECTIONS, "as many as gvt.h says");

const struct gvt_section *const intel_gvt_sections[INTEL_GVT_SECTIONS] = {
	[DEVICE] = &vgpu_device_section, [TALLY] = &vgpu_tally_section,
	[CFG] = &vgpu_cfg_section,	 [IRQ] = &vgpu_irq_section,
	[PORTS] = &vgpu_ports_section,	 [PPGTT] = &vgpu_ppgtt_section,
	[SINKS] = &vgpu_sinks_section,	 [GGTT] = &vgpu_ggtt_section,
	[REGS] = &gvt_vreg_section,
};

static void bind(struct intel_vgpu *vgpu, void *const *state)
{
	vgpu->device = state[DEVICE];
	vgpu->tally = state[TALLY];
	vgpu->cfg = state[CFG];
	vgpu->irq = state[IRQ];
	vgpu->ports = state[PORTS];
	vgpu->ppgtt_state = state[PPGTT];
	vgpu->sinks = state[SINKS];
	vgpu->ggtt_state = state[GGTT];
	vgpu->regs = state[REGS];
	intel_vgpu_place_ggtt(vgpu, NULL);
}

/* Whether an earlier process can have left this. */
static bool all_valid(void *const *state)
{
	for (u32 i = 0; i < INTEL_GVT_SECTIONS; i++)
		if (intel_gvt_sections[i]->amiss && intel_gvt_sections[i]->amiss(state[i]))
			return false;
	return true;
}

/* A vGPU with the parts that are private to rooms; freed as .vgpu, which is first. */
struct whole {
	struct intel_vgpu vgpu;
	struct page_track_table tracked;
	struct vgpu_gtt gtt;
	struct vgpu_exec exec;
	struct vgpu_heads heads;
};

static void power_on(struct intel_vgpu *vgpu, bool keep_places)
{
	vgpu_cfg_reset(vgpu, keep_places);
	gvt_told_reset(vgpu);
	gvt_vreg_reset(vgpu);
	gvt_pvinfo_populate(vgpu);
	vgpu_irq_reset(vgpu);
	vgpu_heads_reset(vgpu);
}

int intel_gvt_create_vgpu(struct intel_gvt *gvt, const struct intel_vgpu_params *params,
			  void *const *state, void *owner, struct intel_vgpu **out)
{
	struct vgpu_device *device = state[DEVICE];
	bool fresh = !device->made;
	struct whole *whole;
	struct intel_vgpu *vgpu;
	int err;

	if (!vgpu_params_valid(params))
		return -EINVAL;
	if (!fresh && !all_valid(state))
		return -EPROTO;
	whole = calloc(1, sizeof(*whole));
	if (!whole)
		return -ENOMEM;
	vgpu = &whole->vgpu;
	vgpu->tracked = &whole->tracked;
	vgpu->gtt = &whole->gtt;
	vgpu->exec = &whole->exec;
	vgpu->heads = &whole->heads;
	vgpu->gvt = gvt;
	vgpu->owner = owner;
	bind(vgpu, state);
	vgpu->taken_up = !fresh;
	if (fresh) {
		device->params = *params;
		for (int i = 0; i < VGPU_NR_BARS; i++)
			device->bar_at[i] = INTEL_GVT_BAR_OFF;
	}

	err = intel_gvt_hypervisor_attach_vgpu(vgpu);
	if (err) {
		free(vgpu);
		return err;
	}
	vgpu_heads_init(vgpu);
	if (fresh) {
		power_on(vgpu, false);
		device->made = true;
	} else {
		gvt_mmio_take_up(vgpu);
	}
	err = vgpu_exec_init(vgpu);
	if (!err)
		err = vgpu_gtt_init(vgpu);
	if (err) {
		vgpu_exec_exit(vgpu);
		intel_gvt_hypervisor_detach_vgpu(vgpu);
		free(vgpu);
		return err;
	}
	*out = vgpu;
	return 0;
}

void intel_gvt_destroy_vgpu(struct intel_vgpu *vgpu)
{
	if (!vgpu)
		return;
	vgpu_exec_exit(vgpu);
	vgpu_gtt_exit(vgpu);
	page_track_clear(vgpu);
	gvt_vreg_exit(vgpu);
	intel_gvt_hypervisor_detach_vgpu(vgpu);
	free(vgpu);
}

int intel_gvt_activate_vgpu(struct intel_vgpu *vgpu)
{
	vgpu->device->active = true;
	vgpu_bars_update(vgpu);
	if (vgpu->taken_up) {
		vgpu_ggtt_commit(vgpu);
		vgpu_irq_refresh(vgpu);
		vgpu_heads_resume(vgpu);
		vgpu_exec_resume(vgpu);
	}
	return 0;
}

void intel_gvt_deactivate_vgpu(struct intel_vgpu *vgpu)
{
	vgpu->device->active = false;
}

static void reset(struct intel_vgpu *vgpu, bool keep_places)
{
	vgpu_exec_reset(vgpu, EXEC_ALL_ENGINES);
	vgpu_bars_off(vgpu);
	power_on(vgpu, keep_places);
	vgpu_gtt_reset(vgpu);
	page_track_clear(vgpu);
}

/* False: something could not be undone, and the next reset has to try again. */
static bool all_undone(const struct intel_vgpu *vgpu)
{
	bool undone = vgpu->pin == VGPU_PIN_OFF;

	for (int i = 0; i < VGPU_NR_BARS; i++)
		undone &= vgpu->device->bar_at[i] == INTEL_GVT_BAR_OFF;
	return undone;
}

void intel_gvt_reset_vgpu(struct intel_vgpu *vgpu)
{
	if (vgpu->pristine)
		return;
	reset(vgpu, false);
	/* Its BARs decode nothing now: only configuration writes can change it. */
	vgpu->pristine = all_undone(vgpu);
}

void intel_gvt_restart_vgpu(struct intel_vgpu *vgpu)
{
	intel_gvt_deactivate_vgpu(vgpu);
	vgpu->pristine = false;
	reset(vgpu, true);
}

void intel_vgpu_alarm(struct intel_vgpu *vgpu)
{
	vgpu_heads_tick(vgpu);
}

void intel_vgpu_service(struct intel_vgpu *vgpu)
{
	vgpu_exec_service(vgpu);
}
