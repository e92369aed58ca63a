/* SPDX-License-Identifier: MIT */
/* The clocks of pipes: frames, and vblank interrupts. */
#include "core/base/clock.h"
#include "core/head/head.h"
#include "core/irq/irq.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

#define PIPE_STRIDE	 0x1000u
#define PIPE(offset, nr) ((offset) + (nr)*PIPE_STRIDE)
#define VBLANK		 0x60010u
#define PIPEDSL		 0x70000u
#define PIPECONF	 0x70008u
#define PIPE_FRMCOUNT	 0x70040u
#define CURBASE		 0x70084u
#define CURSURFLIVE	 0x700acu
#define PLANE_SURF_1	 0x7019cu
#define PLANE_SURFLIVE_1 0x701acu
#define PLANE_STRIDE	 0x100u
#define PIPE_IMR	 0x44404u
#define PIPE_IMR_STRIDE	 0x10u

#define PIPECONF_ON BIT32(31)
#define IRQ_VBLANK  BIT32(0)

/* A frame takes this if the mode's timings are none: 60 Hz. No clock is faster than 1 kHz. */
#define PERIOD_NS     16666667ull
#define PERIOD_MIN_NS 1000000ull
#define PERIOD_MAX_NS 1000000000ull

static u32 value(void *vgpu, u32 offset)
{
	return gvt_vreg(vgpu, offset);
}

static u64 period_of(struct intel_vgpu *vgpu, u32 nr)
{
	const struct display_registers regs = { value, vgpu };
	struct display_head head;
	u64 ns;

	display_head_read(&head, nr, &regs);
	ns = display_head_frame_ns(&head);
	return ns >= PERIOD_MIN_NS && ns <= PERIOD_MAX_NS ? ns : PERIOD_NS;
}

/* At the start of a frame the hardware takes the surfaces that the driver has set. */
static void latch(struct intel_vgpu *vgpu, u32 nr)
{
	gvt_vreg_set(vgpu, PIPE(CURSURFLIVE, nr), gvt_vreg(vgpu, PIPE(CURBASE, nr)));
	for (u32 i = 0; i < DISPLAY_UNIVERSAL; i++)
		gvt_vreg_set(vgpu, PIPE(PLANE_SURFLIVE_1, nr) + i * PLANE_STRIDE,
			     gvt_vreg(vgpu, PIPE(PLANE_SURF_1, nr) + i * PLANE_STRIDE));
}

static bool wants_vblanks(struct intel_vgpu *vgpu, u32 nr)
{
	return !(gvt_vreg(vgpu, PIPE_IMR + nr * PIPE_IMR_STRIDE) & IRQ_VBLANK);
}

/* Counts the pipe's frames up to @now. Returns true if there was a new one. */
static bool count(struct intel_vgpu *vgpu, u32 nr, u64 now)
{
	struct vgpu_pipe *pipe = &vgpu->heads->pipe[nr];
	u64 frames = pipe->since && now > pipe->since ? (now - pipe->since) / pipe->period : 0;

	if (!frames)
		return false;
	pipe->since += frames * pipe->period;
	pipe->frame += (u32)frames;
	gvt_vreg_set(vgpu, PIPE(PIPE_FRMCOUNT, nr), pipe->frame);
	latch(vgpu, nr);
	return true;
}

static void set_alarm(struct intel_vgpu *vgpu)
{
	u64 next = 0;

	for (u32 i = 0; i < DISPLAY_PIPES; i++) {
		const struct vgpu_pipe *pipe = &vgpu->heads->pipe[i];
		u64 at = pipe->since + pipe->period;

		if (pipe->since && wants_vblanks(vgpu, i) && (!next || at < next))
			next = at;
	}
	intel_gvt_hypervisor_alarm(vgpu, next);
}

/* The counter moves before the interrupt comes: the driver reads it in its handler. */
void vgpu_heads_tick(struct intel_vgpu *vgpu)
{
	u64 now = clock_now_ns();

	for (u32 i = 0; i < DISPLAY_PIPES; i++)
		if (count(vgpu, i, now))
			vgpu_irq_raise(vgpu, VGPU_IRQ_PIPE_A + i, IRQ_VBLANK);
	set_alarm(vgpu);
}

static void start(struct intel_vgpu *vgpu, u32 nr)
{
	struct vgpu_pipe *pipe = &vgpu->heads->pipe[nr];

	pipe->frame = gvt_vreg(vgpu, PIPE(PIPE_FRMCOUNT, nr));
	pipe->since = clock_now_ns();
	pipe->period = period_of(vgpu, nr);
	gvt_vreg_set(vgpu, PIPE(PIPEDSL, nr), gvt_vreg(vgpu, PIPE(VBLANK, nr)) & 0x1fff);
}

void vgpu_heads_resume(struct intel_vgpu *vgpu)
{
	for (u32 i = 0; i < vgpu->device->params.heads; i++)
		if (gvt_vreg(vgpu, PIPE(PIPECONF, i)) & PIPECONF_ON)
			start(vgpu, i);
	set_alarm(vgpu);
}

void vgpu_head_pipeconf_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 nr = (offset - PIPECONF) / PIPE_STRIDE, now = gvt_vreg(vgpu, offset);

	(void)val; /* of a part of the register, maybe */
	if (nr >= vgpu->device->params.heads || !((old ^ now) & PIPECONF_ON))
		return;
	if (now & PIPECONF_ON)
		start(vgpu, nr);
	else
		vgpu->heads->pipe[nr].since = 0;
	set_alarm(vgpu);
}

/* Frames of the time when vblanks were not wanted are counted, and raise nothing. */
void vgpu_head_pipe_imr_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	count(vgpu, (offset - PIPE_IMR) / PIPE_IMR_STRIDE, clock_now_ns());
	(void)old;
	(void)val;
	set_alarm(vgpu);
}
