/* SPDX-License-Identifier: MIT */
/*
 * The command streamer: fetches commands from the ring and from batches, and has them executed.
 * Its memory may change, so a command is copied before anything in it is looked at twice.
 */
#include "core/gpu/soft/mi.h"

#include <errno.h>

void softgpu_cs_show(struct softgpu_engine *e, u64 addr, u32 header)
{
	u32 high = (u32)(addr >> 32);

	if (!e->regs)
		return;
	softgpu_set_own(e, RING_ACTHD, (u32)addr);
	if (high != e->acthd_high)
		softgpu_set_own(e, RING_ACTHD_UDW, high);
	e->acthd_high = high;
	softgpu_set_own(e, RING_IPEHR, header);
}

/* The batch that is executed; NULL: the ring. */
static struct softgpu_batch *batch_of(struct softgpu_engine *e)
{
	return e->cs.level ? &e->cs.batch[e->cs.level - 1] : NULL;
}

/* Fetches the rest of the command of @nr dwords, whose first one is at @first in its page. */
static int fetch(struct softgpu_engine *e, const u32 *first, u32 nr)
{
	const struct softgpu_batch *batch = batch_of(e);
	u32 left = (GVT_PAGE_SIZE - e->at % GVT_PAGE_SIZE) / 4;
	u32 from = 1;

	if (!batch && left > (e->cs.size - e->cs.head) / 4)
		left = (e->cs.size - e->cs.head) / 4;
	for (; from < nr && from < left; from++)
		e->dw[from] = __atomic_load_n(&first[from], __ATOMIC_RELAXED);
	while (from < nr) {
		u64 at = batch ? batch->addr + 4 * (u64)from
			       : e->cs.start + (u64)(e->cs.head + 4 * from) % e->cs.size;
		u32 n = (GVT_PAGE_SIZE - at % GVT_PAGE_SIZE) / 4;
		int err;

		n = n < nr - from ? n : nr - from;
		err = softgpu_load(e, !batch || !batch->ppgtt, at, &e->dw[from], n);
		if (err)
			return err;
		from += n;
	}
	return 0;
}

static void ring_head(struct softgpu_engine *e, u32 head)
{
	e->cs.head = head;
	softgpu_set_own(e, RING_HEAD, head);
}

/* Moves behind the command of @nr dwords. */
static int advance(struct softgpu_engine *e, u32 nr)
{
	struct softgpu_batch *batch = batch_of(e);
	struct softgpu_cs *cs = &e->cs;

	if (batch) {
		batch->addr += 4 * (u64)nr;
		return 0;
	}
	if (4 * nr > (cs->tail >= cs->head ? 0 : cs->size) + cs->tail - cs->head)
		return softgpu_fail(e, "a command goes beyond the ring's tail");
	ring_head(e, (cs->head + 4 * nr) % cs->size);
	return 0;
}

/* Moves back before the command, which was not executed. */
static void go_back(struct softgpu_engine *e)
{
	struct softgpu_batch *batch = batch_of(e);

	if (batch)
		batch->addr = e->at;
	else
		ring_head(e, (u32)e->at - e->cs.start);
}

static int not_a_command(struct softgpu_engine *e, const char *why)
{
	softgpu_fail(e, why);
	softgpu_set_own(e, RING_EIR, softgpu_own(e, RING_EIR) | EIR_INSTRUCTION);
	softgpu_interrupt(e, GVT_IRQ_CS_ERROR);
	return -EINVAL;
}

/* ---- the table of commands ---- */

/* How a command is executed. .always: MI_SET_PREDICATE does not make it a no-op. */
struct op {
	mi_fn *run;
	bool always;
};

static int blt(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	return softgpu_blt(e, e->op, dw, nr);
}

/* By op; .run NULL: the command has no effect that software could see. */
static const struct op ops[GVT_NR_OPS] = {
	[GVT_OP_MI_NOOP] = { mi_noop },
	[GVT_OP_MI_USER_INTERRUPT] = { mi_user_interrupt },
	[GVT_OP_MI_ARB_ON_OFF] = { mi_arb_on_off, .always = true },
	[GVT_OP_MI_REPORT_HEAD] = { mi_report_head },
	[GVT_OP_MI_BATCH_BUFFER_END] = { mi_batch_buffer_end, .always = true },
	[GVT_OP_MI_BATCH_BUFFER_START] = { mi_batch_buffer_start },
	[GVT_OP_MI_CONDITIONAL_BATCH_BUFFER_END] = { mi_conditional_batch_buffer_end },
	[GVT_OP_MI_SET_PREDICATE] = { mi_set_predicate, .always = true },
	[GVT_OP_MI_PREDICATE] = { mi_predicate_cmd },
	[GVT_OP_MI_SEMAPHORE_SIGNAL] = { mi_semaphore_signal },
	[GVT_OP_MI_SEMAPHORE_WAIT] = { mi_semaphore_wait },
	[GVT_OP_MI_STORE_DATA_IMM] = { mi_store_data_imm },
	[GVT_OP_MI_STORE_DATA_INDEX] = { mi_store_data_index },
	[GVT_OP_MI_LOAD_REGISTER_IMM] = { mi_load_register_imm },
	[GVT_OP_MI_LOAD_REGISTER_REG] = { mi_load_register_reg },
	[GVT_OP_MI_LOAD_REGISTER_MEM] = { mi_load_register_mem },
	[GVT_OP_MI_STORE_REGISTER_MEM] = { mi_store_register_mem },
	[GVT_OP_MI_COPY_MEM_MEM] = { mi_copy_mem_mem },
	[GVT_OP_MI_ATOMIC] = { mi_atomic },
	[GVT_OP_MI_MATH] = { mi_math },
	[GVT_OP_MI_FLUSH_DW] = { mi_flush_dw },
	[GVT_OP_MI_REPORT_PERF_COUNT] = { mi_report_perf_count },
	[GVT_OP_PIPE_CONTROL] = { mi_pipe_control },
	[GVT_OP_XY_SETUP_BLT... GVT_OP_SRC_COPY_BLT] = { blt },
};

/* ---- their execution ---- */

enum { SKIP_NEVER, SKIP_ON_2_CLEAR, SKIP_ON_2_SET, SKIP_ON_CLEAR, SKIP_ON_SET, SKIP_ALWAYS = 15 };

/* True if MI_SET_PREDICATE's condition makes commands no-ops now. */
static bool skips(struct softgpu_engine *e)
{
	bool result = mi_predicate(e), result_2 = softgpu_own(e, RING_PREDICATE_2) & 1;

	switch (e->cs.skip) {
	case SKIP_ON_2_CLEAR:
		return !result_2;
	case SKIP_ON_2_SET:
		return result_2;
	case SKIP_ON_CLEAR:
		return !result;
	case SKIP_ON_SET:
		return result;
	default:
		return e->cs.skip == SKIP_ALWAYS;
	}
}

/* True for a command that does nothing: by its kind, without privilege, or by a predicate. */
static bool passed_over(struct softgpu_engine *e, const struct gvt_cmd *cmd, const struct op *how)
{
	if (!how->run)
		return true;
	if (cmd->user != GVT_USER_YES && !softgpu_cs_privileged(e))
		return true;
	return e->cs.skip && !how->always && skips(e);
}

/* Executes one command. Returns as an mi_fn; unless 0, nothing was executed. */
static int step(struct softgpu_engine *e)
{
	const struct softgpu_batch *batch = batch_of(e);
	const struct gvt_cmd *cmd;
	const struct op *how;
	const u32 *first;
	u32 nr;
	int err;

	e->at = batch ? batch->addr : e->cs.start + (u64)e->cs.head;
	e->dw[0] = 0; /* a fault here must not name the command before */
	first = softgpu_mem(e, !batch || !batch->ppgtt, e->at, false);
	if (!first)
		return -EFAULT;
	e->dw[0] = __atomic_load_n(first, __ATOMIC_RELAXED);
	softgpu_cs_show(e, e->at, e->dw[0]);
	cmd = gvt_cmd_find(e->id, e->dw[0]);
	if (!cmd || !cmd->name)
		return not_a_command(e, "no command of this engine");
	nr = gvt_cmd_length(cmd, e->dw[0]);
	if (!gvt_cmd_length_ok(cmd, nr) && !gvt_cmd_length_short(cmd, nr))
		return not_a_command(e, "a command of a length that it cannot have");
	how = &ops[gvt_cmd_op(cmd)];
	if (passed_over(e, cmd, how))
		return advance(e, nr);
	if (nr > CS_COMMAND_MAX)
		return not_a_command(e, "a command is too long");
	err = fetch(e, first, nr);
	if (err)
		return err;
	err = advance(e, nr);
	if (err)
		return err;
	for (; nr < cmd->len; nr++)
		e->dw[nr] = 0;
	e->op = gvt_cmd_op(cmd);
	err = how->run(e, e->dw, nr);
	if (err)
		go_back(e);
	return err;
}

static bool at_end(const struct softgpu_cs *cs)
{
	if (cs->restoring)
		return !cs->level || (cs->level == 1 && cs->end && cs->batch[0].addr >= cs->end);
	return !cs->level && cs->head == cs->tail;
}

enum softgpu_end softgpu_cs_run(struct softgpu_engine *e)
{
	for (;;) {
		if (softgpu_attention(e)) {
			enum softgpu_end end = softgpu_attend(e);

			if (end != END_EMPTY)
				return end;
		}
		if (at_end(&e->cs))
			return END_EMPTY;
		switch (step(e)) {
		case 0:
			e->polls = 0;
			softgpu_work(e, SOFTGPU_COMMAND_BYTES);
			break;
		case -EAGAIN:
			if (e->cs.restoring) {
				softgpu_fail(e, "a wait while a context is restored");
				return END_STUCK;
			}
			softgpu_pause(e);
			break;
		case -EINTR: /* .attention is set */
			break;
		default:
			softgpu_fail(e, "a command whose operands are invalid");
			return END_STUCK;
		}
	}
}
