/* SPDX-License-Identifier: MIT */
/*
 * The execlist port that a guest sees, one for each engine: what it submits, and what it is told.
 *
 * i915's process_csb() (gt/intel_execlists_submission.c) relies on the order of events: each
 * submission is acknowledged once, by IDLE_ACTIVE or PREEMPTED, before any of its contexts
 * completes. Every other entry ends the first context of what was acknowledged. The entry is
 * written first, then the index that points to it, and then the interrupt is raised.
 *
 * A submission that only adds to what runs is acknowledged at once. One that replaces it waits
 * until the scheduler has taken the vGPU's contexts off the engine.
 */
#include <string.h>

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/hw/ring_regs.h"
#include "core/irq/irq.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

#define CSB_ENTRIES    6u
#define CSB_WRITE(ptr) ((ptr)&7u)
#define CSB_NO_WRITE   7u /* of a pointer after reset */

/* Bytes into the status page: I915_HWS_CSB_BUF0_INDEX, I915_HWS_CSB_WRITE_INDEX. */
#define HWS_CSB	      (0x10u * 4)
#define HWS_CSB_WRITE (0x1fu * 4)

static struct vgpu_port *port_of(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	return &vgpu->ports->engine[engine];
}

static u32 id_of(u64 desc)
{
	return desc >> GVT_DESC_ID_SHIFT;
}

static bool same_context(u64 a, u64 b)
{
	return !((a ^ b) & GVT_DESC_LRCA_MASK);
}

static bool valid(u64 desc)
{
	return desc & GVT_DESC_VALID;
}

/* ---- what the guest sees ---- */

static void show_status(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	const struct vgpu_port *port = port_of(vgpu, engine);
	u32 base = gvt_engine_base(engine), status = EXECLIST_ARBITRATES;

	if (port->desc[0])
		status |= EXECLIST_0_VALID | EXECLIST_0_ACTIVE;
	if (port->pending[0])
		status |= EXECLIST_QUEUE_FULL;
	gvt_vreg_set(vgpu, base + RING_EXECLIST_STATUS, status);
	gvt_vreg_set(vgpu, base + RING_EXECLIST_STATUS + 4, id_of(port->desc[0]));
}

static void tell(struct intel_vgpu *vgpu, enum gvt_engine engine, u32 status, u64 desc)
{
	u32 base = gvt_engine_base(engine), ptr = gvt_vreg(vgpu, base + RING_CSB_PTR);
	u32 entry[2] = { status, id_of(desc) }, at = CSB_WRITE(ptr);
	u64 page = vgpu_gma_to_gpa(vgpu, gvt_vreg(vgpu, base + RING_HWS_PGA));

	at = at >= CSB_ENTRIES - 1 ? 0 : at + 1;
	gvt_vreg_set(vgpu, base + RING_CSB + 8 * at, entry[0]);
	gvt_vreg_set(vgpu, base + RING_CSB + 8 * at + 4, entry[1]);
	gvt_vreg_set(vgpu, base + RING_CSB_PTR, (ptr & ~CSB_NO_WRITE) | at);
	show_status(vgpu, engine);
	if (page != ~0ull) {
		intel_gvt_hypervisor_write_gpa(vgpu, page + HWS_CSB + 8 * at, entry, sizeof(entry));
		__atomic_thread_fence(__ATOMIC_RELEASE);
		intel_gvt_hypervisor_write_gpa(vgpu, page + HWS_CSB_WRITE, &at, sizeof(at));
	}
	vgpu_irq_raise_engine(vgpu, engine, GVT_IRQ_CONTEXT);
}

/* ---- what runs ---- */

static const struct exec_fault no_memory = { .refusal = EXEC_NO_MEMORY,
					     .why = "no memory for the GPU" };

/* Loads the port's contexts and has them run. One that cannot be loaded hangs in its turn. */
static void start(struct intel_vgpu *vgpu, enum gvt_engine nr)
{
	struct vgpu_engine *engine = &vgpu->exec->engine[nr];
	struct vgpu_port *port = port_of(vgpu, nr);
	struct exec_fault fault;

	engine->ctx[0] = engine->ctx[1] = NULL;
	if (!port->desc[0])
		return;
	if (!vgpu_exec_ready(vgpu)) {
		vgpu_exec_hang(vgpu, nr, &no_memory);
		return;
	}
	vgpu_ggtt_commit(vgpu);
	engine->ctx[0] = vgpu_context_load(vgpu, nr, port->desc[0], &fault);
	if (!engine->ctx[0]) {
		vgpu_exec_hang(vgpu, nr, &fault);
		return;
	}
	if (port->desc[1] && !engine->ctx[0]->stops) {
		engine->ctx[1] = vgpu_context_load(vgpu, nr, port->desc[1], &fault);
		if (!engine->ctx[1])
			engine->fault = fault;
	}
	vgpu->exec->counts.contexts += 1 + (engine->ctx[1] != NULL);
	vgpu->gvt->share->ops->run(&engine->client, &engine->ctx[0]->run,
				   engine->ctx[1] ? &engine->ctx[1]->run : NULL);
}

static void set_port(struct vgpu_port *port, const u64 desc[2])
{
	port->desc[0] = desc[0] & ~GVT_DESC_RESTORE;
	port->desc[1] = desc[1] & ~GVT_DESC_RESTORE;
	port->pending[0] = port->pending[1] = 0;
}

/* The first context of the port has completed. */
static void done(struct intel_vgpu *vgpu, enum gvt_engine nr)
{
	struct vgpu_engine *engine = &vgpu->exec->engine[nr];
	struct vgpu_port *port = port_of(vgpu, nr);
	u64 desc = port->desc[0];

	if (engine->ctx[0])
		vgpu_context_store(engine->ctx[0]);
	vgpu->exec->counts.completed++;
	engine->ctx[0] = engine->ctx[1];
	engine->ctx[1] = NULL;
	port->desc[0] = port->desc[1];
	port->desc[1] = 0;
	tell(vgpu, nr,
	     GVT_CSB_COMPLETE | (port->desc[0] ? GVT_CSB_ELEMENT_SWITCH : GVT_CSB_ACTIVE_IDLE),
	     desc);
	if (port->desc[0] && !engine->ctx[0])
		vgpu_exec_hang(vgpu, nr, &engine->fault);
}

static void store_all(struct vgpu_engine *engine)
{
	for (unsigned int i = 0; i < 2; i++)
		if (engine->ctx[i])
			vgpu_context_store(engine->ctx[i]);
	engine->ctx[0] = engine->ctx[1] = NULL;
}

/* The pending submission takes the place of what ran. */
static void replaced(struct intel_vgpu *vgpu, enum gvt_engine nr)
{
	struct vgpu_port *port = port_of(vgpu, nr);
	u64 was = port->desc[0], next[2] = { port->pending[0], port->pending[1] };

	store_all(&vgpu->exec->engine[nr]);
	/* A context may have got stuck before it could stop. */
	if (!next[0] || port->hung)
		return;
	set_port(port, next);
	if (was)
		vgpu->exec->counts.preempted++;
	tell(vgpu, nr, was ? GVT_CSB_PREEMPTED : GVT_CSB_IDLE_ACTIVE, was);
	start(vgpu, nr);
}

static void stand_still(struct intel_vgpu *vgpu, enum gvt_engine nr, struct exec_fault fault)
{
	store_all(&vgpu->exec->engine[nr]);
	vgpu_exec_hang(vgpu, nr, &fault);
}

static void stuck(struct intel_vgpu *vgpu, enum gvt_engine nr, const struct sched_report *report)
{
	const struct gvt_gpu_event *event = &report->event;
	const struct exec_fault fault = {
		.refusal = EXEC_STUCK,
		.why = event->why ? event->why : "the engine cannot go on",
		.cmd = event->cmd,
		.addr = event->addr,
	};

	vgpu->exec->counts.stuck++;
	stand_still(vgpu, nr, fault);
}

/*
 * The first context of the port came to a command that loads other page tables. It is loaded anew
 * with these and goes on. If another submission is pending, it goes on when it is submitted again.
 */
static void move(struct intel_vgpu *vgpu, enum gvt_engine nr, bool go_on)
{
	struct vgpu_engine *engine = &vgpu->exec->engine[nr];
	struct shadow_ctx *ctx = engine->ctx[0];

	store_all(engine);
	if (vgpu_context_move(ctx))
		vgpu_exec_hang(vgpu, nr, &ctx->fault);
	else if (go_on && !port_of(vgpu, nr)->pending[0])
		start(vgpu, nr);
}

static void take_reports(struct intel_vgpu *vgpu, enum gvt_engine nr, bool go_on)
{
	struct vgpu_engine *engine = &vgpu->exec->engine[nr];
	struct sched_report reports[SCHED_REPORTS];
	u32 irq, n = vgpu->gvt->share->ops->take(&engine->client, reports, &irq);

	if (irq)
		vgpu_irq_raise_engine(vgpu, nr, irq);
	for (u32 i = 0; i < n; i++)
		switch (reports[i].what) {
		case SCHED_DONE:
			if (engine->ctx[0] && engine->ctx[0]->moves)
				move(vgpu, nr, go_on);
			else if (engine->ctx[0] && engine->ctx[0]->stops)
				stand_still(vgpu, nr, engine->ctx[0]->fault);
			else
				done(vgpu, nr);
			break;
		case SCHED_STOPPED:
			if (go_on)
				replaced(vgpu, nr);
			break;
		case SCHED_STUCK:
			stuck(vgpu, nr, &reports[i]);
			break;
		}
}

void vgpu_exec_service_last(struct intel_vgpu *vgpu, enum gvt_engine nr)
{
	take_reports(vgpu, nr, false);
}

void vgpu_exec_service(struct intel_vgpu *vgpu)
{
	u32 dirty = __atomic_exchange_n(&vgpu->exec->dirty, 0, __ATOMIC_ACQUIRE);

	for (int nr = 0; nr < GVT_NR_ENGINES; nr++)
		if (dirty & BIT32(nr))
			take_reports(vgpu, nr, true);
}

/* ---- submissions ---- */

/* Adds to what runs: more commands, perhaps a second context. False: it must be loaded anew. */
static bool extend(struct intel_vgpu *vgpu, enum gvt_engine nr, const u64 desc[2])
{
	struct vgpu_engine *engine = &vgpu->exec->engine[nr];
	struct vgpu_port *port = port_of(vgpu, nr);
	struct shadow_ctx *first = engine->ctx[0], *second = NULL;
	struct exec_fault fault;
	u32 tail;
	int err;

	if (!first || !same_context(desc[0], port->desc[0]) || desc[0] & GVT_DESC_RESTORE)
		return false;
	/* The second context may have got more as well, and may run already. */
	if (port->desc[1])
		return false;
	vgpu_ggtt_commit(vgpu);
	err = vgpu_context_grow(first, &tail, &fault);
	/* An error is found again when the context is loaded anew. */
	if (err)
		return false;
	if (desc[1]) {
		second = vgpu_context_load(vgpu, nr, desc[1], &engine->fault);
		engine->ctx[1] = second;
		vgpu->exec->counts.contexts += second != NULL;
	}
	if (!vgpu->gvt->share->ops->extend(&engine->client, &first->run, tail,
					   second ? &second->run : NULL)) {
		if (second)
			vgpu_context_store(second);
		engine->ctx[1] = NULL;
		return false;
	}
	set_port(port, desc);
	vgpu->exec->counts.extended++;
	tell(vgpu, nr, GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE, desc[0]);
	return true;
}

static void submit(struct intel_vgpu *vgpu, enum gvt_engine nr, u64 first, u64 second)
{
	struct vgpu_engine *engine = &vgpu->exec->engine[nr];
	struct vgpu_port *port = port_of(vgpu, nr);
	u64 desc[2] = { first, valid(second) ? second : 0 };

	vgpu->exec->counts.submissions++;
	take_reports(vgpu, nr, true);
	if (!valid(first) || (desc[1] && same_context(first, second))) {
		const struct exec_fault fault = { .refusal = EXEC_BAD_DESC,
						  .why = "a descriptor that leads to no context",
						  .addr = first };

		vgpu_exec_hang(vgpu, nr, &fault);
		return;
	}
	if (port->hung)
		return;
	if (!port->desc[0]) {
		set_port(port, desc);
		tell(vgpu, nr, GVT_CSB_IDLE_ACTIVE, 0);
		start(vgpu, nr);
	} else if (port->pending[0]) {
		port->pending[0] = desc[0];
		port->pending[1] = desc[1];
	} else if (!extend(vgpu, nr, desc)) {
		port->pending[0] = desc[0];
		port->pending[1] = desc[1];
		show_status(vgpu, nr);
		vgpu->gvt->share->ops->stop(&engine->client);
		take_reports(vgpu, nr, true);
	}
}

void vgpu_exec_elsp(struct intel_vgpu *vgpu, enum gvt_engine engine, u32 val)
{
	struct vgpu_port *port = port_of(vgpu, engine);

	if (!vgpu->space)
		return;
	port->elsp[port->nr_elsp++ % ARRAY_SIZE(port->elsp)] = val;
	if (port->nr_elsp < ARRAY_SIZE(port->elsp))
		return;
	port->nr_elsp = 0;
	/* The second context comes first, and each high dword before its low one. */
	submit(vgpu, engine, (u64)port->elsp[2] << 32 | port->elsp[3],
	       (u64)port->elsp[0] << 32 | port->elsp[1]);
}

void vgpu_exec_resume(struct intel_vgpu *vgpu)
{
	if (!vgpu->space)
		return;
	for (int nr = 0; nr < GVT_NR_ENGINES; nr++) {
		struct vgpu_port *port = port_of(vgpu, nr);

		if (port->hung)
			continue;
		if (port->pending[0])
			replaced(vgpu, nr);
		else
			start(vgpu, nr);
	}
}
