/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "core/exec/cmd_table.h"
#include "core/exec/scan.h"

#define MI_NOOP		 0u
#define BBS_SECOND_LEVEL BIT32(22)
#define BBS_PREDICATED	 BIT32(15)
#define BBS_PPGTT	 BIT32(8)
#define BBS_ADD_OFFSET	 BIT32(16)   /* of BB_OFFSET, a register: to where nobody looked */
#define LRI_KEEPS_BYTES	 (0xfu << 8) /* MI_LOAD_REGISTER_IMM: "byte write disables" */
#define WAIT_REGISTER	 BIT32(16)   /* MI_SEMAPHORE_WAIT: a register is polled */
#define FLUSH_INDEX	 BIT32(21)   /* MI_FLUSH_DW: the address is an offset in the HWSP */
#define FLUSH_POST_SYNC	 (3u << 14)
#define PC_LRI		 BIT32(23) /* PIPE_CONTROL, in its second dword */
#define PC_INDEX	 BIT32(21)
#define PC_POST_SYNC	 (3u << 14)
#define PC_OPERANDS	 5 /* dwords, to the lower one of what is written */

#define ADDR_MASK ((1ull << 48) - 4)

/* What a buffer is, which says how it ends and what may stand in it. */
enum kind { RING, BATCH, INDIRECT, PER_CTX };

/* A walk through a buffer. */
struct walk {
	const struct gvt_scan *scan;
	struct gvt_scan_fault *fault;
	u32 *dw; /* the buffer */
	u32 nr;	 /* its dwords */
	u32 at;	 /* of the command that is looked at */
	u64 gma; /* of the batch as the guest has it */
	enum kind kind;
	bool user;		 /* unprivileged */
	unsigned int level;	 /* batches that it returns to, and one */
	unsigned int chain;	 /* batches that led to it, and one */
	const struct walk *from; /* whose command starts it; NULL: the first */
	u32 *budget;		 /* dwords that may still be walked, */
	u32 *total;		 /* in an unprivileged batch, and all told */
	u32 *batches;		 /* batches that may still be started */
};

/* Counted while they are looked at, and added up once. */
struct tally {
	u32 commands, registers, sunk;
};

static const char *const names[GVT_SCAN_NR_WHYS] = {
	[GVT_SCAN_UNKNOWN] = "unknown command",
	[GVT_SCAN_LENGTH] = "impossible length",
	[GVT_SCAN_CUT] = "buffer ends too early",
	[GVT_SCAN_NEVER] = "command not allowed here",
	[GVT_SCAN_REGISTER] = "register not allowed",
	[GVT_SCAN_ADDRESS] = "address outside the vGPU's memory",
	[GVT_SCAN_NESTING] = "too many batches",
	[GVT_SCAN_SIZE] = "too long",
	[GVT_SCAN_BATCH] = "batch cannot be read",
};

const char *gvt_scan_why_name(enum gvt_scan_why why)
{
	return names[why];
}

static int refuse(struct walk *w, enum gvt_scan_why kind, u64 addr, int err)
{
	u32 header = w->at < w->nr ? w->dw[w->at] : 0;
	const struct gvt_cmd *cmd = gvt_cmd_find(w->scan->engine, header);
	const struct walk *first = w;

	while (first->from)
		first = first->from;
	*w->fault = (struct gvt_scan_fault){
		.kind = kind,
		.why = names[kind],
		.name = cmd && w->at < w->nr ? cmd->name : NULL,
		.cmd = header,
		.offset = w->at * sizeof(u32),
		.buffer = w->gma,
		.addr = addr,
		.first = first->at * sizeof(u32),
	};
	if (w->scan->counts)
		w->scan->counts->refused[kind]++;
	return err;
}

static int check_write(struct walk *w, u32 at, u32 *val, struct tally *t)
{
	const struct gvt_scan *s = w->scan;
	u32 *reg = &w->dw[w->at + at];
	u32 offset = *reg & GVT_CMD_REG_MASK;
	int err;

	t->registers++;
	switch (gvt_scan_write_rule(s->gvt, s->engine, offset)) {
	case GVT_RULE_ALLOW:
		return 0;
	case GVT_RULE_SINK:
		*reg = GVT_SCAN_SINK;
		t->sunk++;
		return 0;
	case GVT_RULE_SPECIAL:
		/* Only a value that is known now can be another one. */
		if (!val || !s->special)
			break;
		err = s->special(s->priv, offset, val);
		return err ? refuse(w, GVT_SCAN_REGISTER, offset, err) : 0;
	case GVT_RULE_NONPRIV:
		if (val && gvt_scan_write_rule(s->gvt, s->engine, *val & GVT_CMD_REG_MASK) ==
				   GVT_RULE_ALLOW)
			return 0;
		break;
	default:
		break;
	}
	return refuse(w, GVT_SCAN_REGISTER, offset, -EPERM);
}

static int check_read(struct walk *w, u32 at, struct tally *t)
{
	u32 offset = w->dw[w->at + at] & GVT_CMD_REG_MASK;

	t->registers++;
	if (gvt_scan_read_rule(w->scan->gvt, offset) == GVT_RULE_ALLOW)
		return 0;
	return refuse(w, GVT_SCAN_REGISTER, offset, -EPERM);
}

/* Pairs of a register and its value. */
static int check_loads(struct walk *w, u32 len, struct tally *t)
{
	u32 *dw = w->dw + w->at;
	bool whole = !(dw[0] & LRI_KEEPS_BYTES);
	int err = 0;

	if (len % 2 == 0)
		return refuse(w, GVT_SCAN_LENGTH, len, -EBADRQC);
	/* Where bytes keep what they are, the value is not known. */
	for (u32 i = 1; !err && i < len; i += 2)
		err = check_write(w, i, whole ? &dw[i + 1] : NULL, t);
	return err;
}

static int check_regs(struct walk *w, const struct gvt_cmd *cmd, struct tally *t)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(cmd->reg) && cmd->reg[i].dw; i++)
		err = cmd->reg[i].write ? check_write(w, cmd->reg[i].dw, NULL, t)
					: check_read(w, cmd->reg[i].dw, t);
	return err;
}

static u64 address(const u32 *dw, u32 at)
{
	return ((u64)dw[at + 1] << 32 | dw[at]) & ADDR_MASK;
}

/* An offset in the hardware status page, of 4 KiB, at which up to 8 bytes are written. */
static int check_status(struct walk *w, u32 at)
{
	u32 offset = w->dw[w->at + at] & ~7u;

	return offset < GVT_PAGE_SIZE ? 0 : refuse(w, GVT_SCAN_ADDRESS, offset, -EFAULT);
}

static int check_addrs(struct walk *w, const struct gvt_cmd *cmd, u32 len)
{
	const u32 *dw = w->dw + w->at;

	for (size_t i = 0; i < ARRAY_SIZE(cmd->addr) && cmd->addr[i].space; i++) {
		const struct gvt_cmd_addr *a = &cmd->addr[i];
		u64 bytes, addr;

		if (a->space == GVT_SPACE_STATUS)
			return check_status(w, a->dw);
		if (!gvt_cmd_in_ggtt(a, dw))
			continue;
		addr = address(dw, a->dw);
		bytes = a->bytes ? a->bytes : (u64)(len - a->dw - 2) * sizeof(u32);
		if (addr >= w->scan->limit || w->scan->limit - addr < bytes)
			return refuse(w, GVT_SCAN_ADDRESS, addr, -EFAULT);
	}
	return 0;
}

static int check_pipe_control(struct walk *w, const struct gvt_cmd *cmd, u32 len, struct tally *t)
{
	u32 *dw = w->dw + w->at;
	u32 flags = dw[1];
	int err = 0;

	if (!(flags & (PC_LRI | PC_POST_SYNC)))
		return 0;
	if (len < PC_OPERANDS)
		return refuse(w, GVT_SCAN_LENGTH, len, -EBADRQC);
	if (flags & PC_LRI)
		err = check_write(w, 2, &dw[4], t);
	/* Both may be asked for, and share the operand: whichever is done, it may be. */
	if (err || !(flags & PC_POST_SYNC))
		return err;
	return flags & PC_INDEX ? check_status(w, 2) : check_addrs(w, cmd, len);
}

static int check_flush(struct walk *w, const struct gvt_cmd *cmd, u32 len)
{
	u32 header = w->dw[w->at];

	if (!(header & FLUSH_POST_SYNC))
		return 0;
	if (len < cmd->len)
		return refuse(w, GVT_SCAN_LENGTH, len, -EBADRQC);
	return header & FLUSH_INDEX ? check_status(w, 1) : check_addrs(w, cmd, len);
}

/* The blitter's commands are the last of all operations. */
static bool is_blit(const struct gvt_cmd *cmd)
{
	return cmd->op >= GVT_OP_XY_SETUP_BLT;
}

/* True when nothing but the length of a command can be wrong, and the walk goes on behind it. */
static bool is_plain(const struct gvt_cmd *cmd)
{
	return !(cmd->addr[0].space | cmd->reg[0].dw) && cmd->user != GVT_USER_NEVER &&
	       !is_blit(cmd) && cmd->op != GVT_OP_MI_BATCH_BUFFER_END &&
	       cmd->op != GVT_OP_MI_ARB_ON_OFF;
}

static int check_operands(struct walk *w, const struct gvt_cmd *cmd, u32 len, struct tally *t)
{
	int err;

	if (cmd->user == GVT_USER_NEVER)
		return refuse(w, GVT_SCAN_NEVER, 0, -EPERM);
	/*
	 * A blit in a batch in the GGTT may be taken to mean the GGTT, and how far it reaches is
	 * not looked at. In rings, as i915's own, it means the context's memory.
	 */
	if (is_blit(cmd))
		return w->kind == RING ? 0 : refuse(w, GVT_SCAN_NEVER, 0, -EPERM);
	switch (cmd->op) {
	case GVT_OP_PIPE_CONTROL:
		return check_pipe_control(w, cmd, len, t);
	case GVT_OP_MI_FLUSH_DW:
		return check_flush(w, cmd, len);
	case GVT_OP_MI_SEMAPHORE_WAIT:
		if (w->dw[w->at] & WAIT_REGISTER)
			return check_read(w, 2, t);
		return check_addrs(w, cmd, len);
	case GVT_OP_MI_LOAD_REGISTER_IMM:
		return check_loads(w, len, t);
	case GVT_OP_MI_ARB_ON_OFF:
		/*
		 * Who else waits for the engine is not the guest's to decide; and what interrupts
		 * it is saved, and goes on where it was.
		 */
		w->dw[w->at] = MI_NOOP;
		return 0;
	default:
		err = check_regs(w, cmd, t);
		return err ? err : check_addrs(w, cmd, len);
	}
}

static int scan_buffer(struct walk *w);

/* The batch that @w's command starts, and those that it goes on to. */
static int scan_batch(const struct walk *from, u64 gma, bool user, struct gvt_scan_copy *copy)
{
	const struct gvt_scan *s = from->scan;
	int (*get)(void *, u64, struct gvt_scan_copy *) = user ? s->batch_user : s->batch;
	u32 own = GVT_SCAN_DWORDS;
	struct walk w = *from;
	int err;

	if (!*w.batches)
		return refuse(&w, GVT_SCAN_NESTING, gma, -E2BIG);
	--*w.batches;
	*copy = (struct gvt_scan_copy){ 0 };
	err = get ? get(s->priv, gma, copy) : -EOPNOTSUPP;
	if (err)
		return refuse(&w, GVT_SCAN_BATCH, gma, err);
	if (s->counts)
		s->counts->batches++;
	w.dw = copy->dw;
	w.nr = copy->nr;
	w.gma = gma;
	w.kind = BATCH;
	w.user = user;
	if (user && !from->user)
		w.budget = &own;
	err = scan_buffer(&w);
	if (user && s->looked)
		s->looked(s->priv, copy);
	return err;
}

/* An unprivileged batch that goes on to where it, or one that led to it, began: that is walked. */
static bool is_loop(const struct walk *w, u64 gma)
{
	while (w && w->user && w->gma != gma)
		w = w->from;
	return w && w->user;
}

/* Returns 1 when nothing after it is executed, else 0 or an errno. */
static int start_batch(struct walk *w)
{
	u32 *dw = w->dw + w->at;
	bool second = dw[0] & BBS_SECOND_LEVEL, user = w->user || dw[0] & BBS_PPGTT;
	bool returns = w->kind == RING || second;
	u64 gma = address(dw, 1);
	struct gvt_scan_copy copy;
	struct walk inner = *w;
	int err;

	if (w->kind == INDIRECT || w->kind == PER_CTX || (w->kind == RING && second) ||
	    (!user && dw[0] & BBS_ADD_OFFSET))
		return refuse(w, GVT_SCAN_NEVER, gma, -EBADRQC);
	inner.level += returns;
	inner.chain++;
	inner.from = w;
	if (inner.level > GVT_SCAN_LEVELS || inner.chain > GVT_SCAN_CHAIN)
		return refuse(w, GVT_SCAN_NESTING, gma, -E2BIG);
	if (user && w->scan->no_user)
		return refuse(w, GVT_SCAN_BATCH, gma, -EFAULT);
	if (!user && gma >= w->scan->limit)
		return refuse(w, GVT_SCAN_ADDRESS, gma, -EFAULT);
	if (!user || (w->scan->user && !is_loop(w, gma))) {
		err = scan_batch(&inner, gma, user, &copy);
		if (err)
			return err;
	}
	if (!user) {
		dw[1] = (u32)copy.gma;
		dw[2] = copy.gma >> 32;
	}
	/* One that is not taken, for its predicate, is passed over. */
	return !returns && !(dw[0] & BBS_PREDICATED);
}

/* A batch's end was met: nothing that was not audited stands behind it. */
static void clear_rest(struct walk *w, u32 from)
{
	if (!w->user)
		memset(w->dw + from, 0, (size_t)(w->nr - from) * sizeof(u32));
}

/* A command that is not plain. Returns 1 when nothing after it is executed, else 0 or an errno. */
static int look_closer(struct walk *w, const struct gvt_cmd *cmd, u32 len, struct tally *t)
{
	int err;

	if (!cmd)
		return refuse(w, GVT_SCAN_UNKNOWN, 0, -EBADRQC);
	if (!gvt_cmd_length_ok(cmd, len) && !gvt_cmd_length_short(cmd, len))
		return refuse(w, GVT_SCAN_LENGTH, len, -EBADRQC);
	if (len > w->nr - w->at)
		return refuse(w, GVT_SCAN_CUT, len, -EBADRQC);
	if (cmd->op == GVT_OP_MI_BATCH_BUFFER_END) {
		if (w->kind == RING)
			return refuse(w, GVT_SCAN_NEVER, 0, -EBADRQC);
		err = 1;
	} else if (cmd->op == GVT_OP_MI_BATCH_BUFFER_START) {
		err = start_batch(w);
	} else {
		/* The hardware keeps an unprivileged batch from all that is checked. */
		return w->user ? 0 : check_operands(w, cmd, len, t);
	}
	if (err == 1)
		clear_rest(w, w->at + len);
	return err;
}

static int walk_commands(struct walk *w, struct tally *t)
{
	const enum gvt_engine engine = w->scan->engine;
	const u32 *const dw = w->dw, nr = w->nr;
	u32 at = 0, commands = 0;
	int err = 0;

	while (at < nr) {
		u32 header = dw[at], len;
		const struct gvt_cmd *cmd;

		if (!header) { /* MI_NOOP, of which there are often many */
			u32 from = at;

			while (at < nr && !dw[at])
				at++;
			commands += at - from;
			continue;
		}
		commands++;
		cmd = gvt_cmd_look(engine, header);
		len = cmd ? gvt_cmd_length(cmd, header) : 0;
		if (cmd && is_plain(cmd) && gvt_cmd_length_ok(cmd, len) && len <= nr - at) {
			at += len;
			continue;
		}
		w->at = at;
		err = look_closer(w, cmd, len, t);
		if (err)
			break;
		at += len;
	}
	t->commands += commands;
	if (err)
		return err < 0 ? err : 0;
	w->at = at;
	/* Rings end at the tail, and an indirect-context batch where its length says. */
	return w->kind == RING || w->kind == INDIRECT ? 0 : refuse(w, GVT_SCAN_CUT, 0, -EBADRQC);
}

static int scan_buffer(struct walk *w)
{
	struct gvt_scan_counts *c = w->scan->counts;
	struct tally t = { 0 };
	int err;

	w->at = 0;
	if (w->nr > *w->budget || w->nr > *w->total)
		return refuse(w, GVT_SCAN_SIZE, w->nr, -E2BIG);
	*w->budget -= w->nr;
	*w->total -= w->nr;
	err = walk_commands(w, &t);
	if (c) {
		c->commands += t.commands;
		c->registers += t.registers;
		c->sunk += t.sunk;
		c->dwords += w->at;
	}
	return err;
}

static int scan_first(const struct gvt_scan *scan, enum kind kind, unsigned int level, u32 *dw,
		      u32 nr, struct gvt_scan_fault *fault)
{
	u32 times = scan->user ? GVT_SCAN_USER : 1;
	u32 budget = GVT_SCAN_DWORDS, total = times * GVT_SCAN_DWORDS;
	u32 batches = times * GVT_SCAN_BATCHES;
	struct gvt_scan_fault unseen;
	struct walk w = {
		.scan = scan,
		.fault = fault ? fault : &unseen,
		.dw = dw,
		.nr = nr,
		.kind = kind,
		.level = level,
		.chain = level,
		.budget = &budget,
		.total = &total,
		.batches = &batches,
	};

	if (scan->counts)
		scan->counts->runs++;
	return scan_buffer(&w);
}

int gvt_scan_ring(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault)
{
	return scan_first(scan, RING, 0, dw, nr, fault);
}

int gvt_scan_batch(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault)
{
	return scan_first(scan, BATCH, 1, dw, nr, fault);
}

int gvt_scan_second(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault)
{
	return scan_first(scan, BATCH, 2, dw, nr, fault);
}

int gvt_scan_indirect(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault)
{
	return scan_first(scan, INDIRECT, 0, dw, nr, fault);
}

int gvt_scan_per_ctx(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault)
{
	return scan_first(scan, PER_CTX, 0, dw, nr, fault);
}

int gvt_scan_end(enum gvt_engine engine, const u32 *dw, u32 nr, u32 *at)
{
	while (*at < nr) {
		const struct gvt_cmd *cmd = gvt_cmd_find(engine, dw[*at]);
		u32 len = cmd ? gvt_cmd_length(cmd, dw[*at]) : 0;
		bool end;

		if (!cmd)
			return -EBADRQC;
		if (len > nr - *at)
			return 0;
		end = cmd->op == GVT_OP_MI_BATCH_BUFFER_END ||
		      (cmd->op == GVT_OP_MI_BATCH_BUFFER_START &&
		       !(dw[*at] & (BBS_SECOND_LEVEL | BBS_PREDICATED)));
		*at += len;
		if (end)
			return 1;
	}
	return 0;
}
