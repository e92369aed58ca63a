/* SPDX-License-Identifier: MIT */
#include "core/exec/scan.h"

#include <errno.h>
#include <string.h>

#include "core/exec/scan_rules.h"
#include "core/hw/cmd_table.h"
#include "core/hw/ring_regs.h"
#include "core/vgpu.h"

#define MI_NOOP		 0u
#define BBS_SECOND_LEVEL BIT32(22)
#define BBS_PREDICATED	 BIT32(15)
#define BBS_PPGTT	 BIT32(8)
#define BBS_ADD_OFFSET	 BIT32(16) /* the register BB_OFFSET is added to the address */
#define WAIT_REGISTER	 BIT32(16) /* MI_SEMAPHORE_WAIT: a register is polled */
#define FLUSH_INDEX	 BIT32(21) /* MI_FLUSH_DW: the address is an offset in the HWSP */
#define FLUSH_POST_SYNC	 (3u << 14)
#define PC_LRI		 BIT32(23) /* PIPE_CONTROL, in its second dword */
#define PC_INDEX	 BIT32(21)
#define PC_POST_SYNC	 (3u << 14)
#define PC_OPERANDS	 5 /* dwords up to the low half of the data */

#define ADDR_MASK ((1ull << 48) - 4)

/* Kinds of buffers, which differ in how they end and in what they may contain. */
enum kind { RING, BATCH, INDIRECT, PER_CTX };

/* A walk through a buffer. */
struct walk {
	const struct gvt_scan *scan;
	const struct gvt_scan_rules *rules;
	struct gvt_scan_counts *counts;
	struct gvt_scan_fault *fault;
	u32 *dw;  /* the buffer */
	u32 nr;	  /* its dwords */
	u32 at;	  /* the command that is looked at */
	u64 gma;  /* graphics address of the guest's batch */
	u64 copy; /* graphics address of its copy, if it is privileged; 0: not known */
	enum kind kind;
	bool user;		 /* unprivileged */
	unsigned int level;	 /* nesting: 1 for a batch that returns to the ring */
	unsigned int chain;	 /* batches up to this one, each started by the one before */
	const struct walk *from; /* the buffer that starts this one; NULL: this is the first */
	u32 *budget;		 /* dwords left: of an unprivileged batch with its jumps, */
	u32 *total;		 /* and of all buffers */
	u32 *batches;		 /* batches left */
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

static int refuse(const struct walk *w, enum gvt_scan_why kind, u64 addr, int err)
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
	w->counts->refused[kind]++;
	return err;
}

/* The row of the command at w->at, which is a known one. */
static const struct gvt_cmd *row(const struct walk *w)
{
	return w->rules->rows[w->dw[w->at] >> 16];
}

static int check_write(struct walk *w, u32 at, u32 *val)
{
	const struct gvt_scan *s = w->scan;
	u32 *reg = &w->dw[w->at + at];
	u32 offset = *reg & GVT_CMD_REG_MASK, loaded;
	int err;

	w->counts->registers++;
	switch (gvt_scan_rules_write(w->rules, offset)) {
	case GVT_RULE_ALLOW:
		return 0;
	case GVT_RULE_SINK:
		*reg = GVT_SCAN_SINK;
		w->counts->sunk++;
		return 0;
	case GVT_RULE_SPECIAL:
		/* Only an immediate value can be replaced. */
		if (!val || !s->special)
			break;
		err = s->special(s->priv, offset, val);
		return err ? refuse(w, GVT_SCAN_REGISTER, offset, err) : 0;
	case GVT_RULE_CHECKED:
		if (!val)
			break;
		loaded = gvt_reg_loaded(s->gvt, offset, *val);
		w->counts->sunk += loaded != *val;
		*val = loaded;
		return 0;
	default:
		break;
	}
	return refuse(w, GVT_SCAN_REGISTER, offset, -EPERM);
}

static int check_read(struct walk *w, u32 at)
{
	u32 *reg = &w->dw[w->at + at];
	u32 offset = *reg & GVT_CMD_REG_MASK;

	w->counts->registers++;
	switch (gvt_rule_read(w->scan->gvt, offset)) {
	case GVT_RULE_ALLOW:
		return 0;
	case GVT_RULE_SINK:
		*reg = GVT_SCAN_ZERO;
		w->counts->sunk++;
		return 0;
	default:
		return refuse(w, GVT_SCAN_REGISTER, offset, -EPERM);
	}
}

/* MI_LOAD_REGISTER_IMM: pairs of a register and its value. */
static int check_loads(struct walk *w, u32 len)
{
	const struct gvt_scan_rules *const rules = w->rules;
	u32 *const dw = w->dw + w->at;
	/* If some bytes of the register are kept, the new value is not known. */
	bool whole = !(dw[0] & MI_LRI_KEEPS_BYTES);
	int err = 0;

	if (len % 2 == 0)
		return refuse(w, GVT_SCAN_LENGTH, len, -EBADRQC);
	for (u32 i = 1; i < len && !err; i += 2)
		if (gvt_scan_rules_write(rules, dw[i] & GVT_CMD_REG_MASK) == GVT_RULE_ALLOW)
			w->counts->registers++;
		else
			err = check_write(w, i, whole ? &dw[i + 1] : NULL);
	return err;
}

static int check_regs(struct walk *w, const struct gvt_cmd *cmd)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(cmd->reg) && cmd->reg[i].dw; i++)
		err = cmd->reg[i].write ? check_write(w, cmd->reg[i].dw, NULL)
					: check_read(w, cmd->reg[i].dw);
	return err;
}

static u64 address(const u32 *dw, u32 at)
{
	return ((u64)dw[at + 1] << 32 | dw[at]) & ADDR_MASK;
}

/* An offset into the hardware status page, which has 4 KiB; up to 8 bytes are written there. */
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

static int check_pipe_control(struct walk *w, u32 len)
{
	u32 *dw = w->dw + w->at;
	u32 flags = dw[1];
	int err = 0;

	if (!(flags & (PC_LRI | PC_POST_SYNC)))
		return 0;
	if (len < PC_OPERANDS)
		return refuse(w, GVT_SCAN_LENGTH, len, -EBADRQC);
	if (flags & PC_LRI)
		err = check_write(w, 2, &dw[4]);
	/* A command may ask for both, which share the operand: then both must be allowed. */
	if (err || !(flags & PC_POST_SYNC))
		return err;
	return flags & PC_INDEX ? check_status(w, 2) : check_addrs(w, row(w), len);
}

static int check_flush(struct walk *w, u32 len)
{
	u32 header = w->dw[w->at];

	if (!(header & FLUSH_POST_SYNC))
		return 0;
	if (len < row(w)->len)
		return refuse(w, GVT_SCAN_LENGTH, len, -EBADRQC);
	return header & FLUSH_INDEX ? check_status(w, 1) : check_addrs(w, row(w), len);
}

static int check_operands(struct walk *w, u32 len)
{
	int err = check_regs(w, row(w));

	return err ? err : check_addrs(w, row(w), len);
}

static int scan_buffer(struct walk *w);

/* Audits the batch that @from's command starts, and those that it leads to. */
static int scan_batch(const struct walk *from, unsigned int level, u64 gma, bool user,
		      struct gvt_scan_copy *copy)
{
	const struct gvt_scan *s = from->scan;
	int (*get)(void *, u64, struct gvt_scan_copy *) = user ? s->batch_user : s->batch;
	u32 own = GVT_SCAN_DWORDS;
	struct walk w = *from;
	int err;

	if (!*w.batches)
		return refuse(from, GVT_SCAN_NESTING, gma, -E2BIG);
	--*w.batches;
	*copy = (struct gvt_scan_copy){ 0 };
	err = get ? get(s->priv, gma, copy) : -EOPNOTSUPP;
	if (err)
		return refuse(from, GVT_SCAN_BATCH, gma, err);
	w.counts->batches++;
	w.dw = copy->dw;
	w.nr = copy->nr;
	w.gma = gma;
	w.copy = user ? 0 : copy->gma;
	w.kind = BATCH;
	w.user = user;
	w.level = level;
	w.chain++;
	w.from = from;
	if (user && !from->user)
		w.budget = &own;
	err = scan_buffer(&w);
	if (user && s->looked)
		s->looked(s->priv, copy);
	return err;
}

/* True if an unprivileged batch jumps to the start of one on its way, which is audited already. */
static bool is_loop(const struct walk *w, u64 gma)
{
	while (w && w->user && w->gma != gma)
		w = w->from;
	return w && w->user;
}

/* True if a command begins at dword @at of the batch, by the lengths of those before it. */
static bool begins_at(const struct walk *w, u32 at)
{
	u32 i = 0;

	while (i < at) {
		const struct gvt_cmd *cmd = gvt_cmd_look(w->scan->engine, w->dw[i]);

		if (!cmd)
			return false;
		i += gvt_cmd_length(cmd, w->dw[i]);
	}
	return i == at;
}

/*
 * A privileged batch may jump back, on a condition, to a command of its own, or of a batch on its
 * way that it does not return to: i915 waits for its performance counters in this way
 * (alloc_noa_wait() in i915_perf.c). Such a jump goes into the copy, to a command that was audited:
 * behind the batch's end nothing would keep the engine within the copy. Returns 1 with the address
 * in the copy at @to, 0 if the jump leads elsewhere, or an errno.
 */
static int jump_back(struct walk *w, u64 gma, u64 *to)
{
	const struct walk *in = w;
	u32 at;

	while (in && in->copy && in->level == w->level && gma - in->gma >= (u64)in->nr * 4)
		in = in->from;
	if (!in || !in->copy || in->level != w->level)
		return 0;
	at = (gma - in->gma) / sizeof(u32);
	if (at > in->at)
		return 0;
	/* Finding the command costs as much as walking to it. */
	if (at > *w->budget || at > *w->total)
		return refuse(w, GVT_SCAN_SIZE, gma, -E2BIG);
	*w->budget -= at;
	*w->total -= at;
	*to = in->copy + at * sizeof(u32);
	return begins_at(in, at);
}

/* Returns 1 if nothing behind the command is executed, otherwise 0 or an errno. */
static int start_batch(struct walk *w)
{
	u32 *dw = w->dw + w->at;
	bool second = dw[0] & BBS_SECOND_LEVEL, user = w->user || dw[0] & BBS_PPGTT;
	bool returns = w->kind == RING || second;
	u64 gma = address(dw, 1);
	unsigned int level = w->level + returns;
	struct gvt_scan_copy copy = { 0 };
	int err, back;

	if (w->kind == INDIRECT || w->kind == PER_CTX || (w->kind == RING && second) ||
	    (!user && dw[0] & BBS_ADD_OFFSET))
		return refuse(w, GVT_SCAN_NEVER, gma, -EBADRQC);
	if (level > GVT_SCAN_LEVELS || w->chain >= GVT_SCAN_CHAIN)
		return refuse(w, GVT_SCAN_NESTING, gma, -E2BIG);
	if (user && w->scan->no_user)
		return refuse(w, GVT_SCAN_BATCH, gma, -EFAULT);
	if (!user && gma >= w->scan->limit)
		return refuse(w, GVT_SCAN_ADDRESS, gma, -EFAULT);
	/* Without a condition it would be an endless loop. */
	back = !user && !returns && dw[0] & BBS_PREDICATED ? jump_back(w, gma, &copy.gma) : 0;
	if (back < 0)
		return back;
	if (user ? w->scan->user && !is_loop(w, gma) : !back) {
		err = scan_batch(w, level, gma, user, &copy);
		if (err)
			return err;
	}
	if (!user) {
		dw[1] = (u32)copy.gma;
		dw[2] = copy.gma >> 32;
	}
	/* If its predicate is false, the commands behind it are executed. */
	return !returns && !(dw[0] & BBS_PREDICATED);
}

/*
 * An engine takes no other submission while it restores a context. So a batch that runs then may
 * not wait. i915's do not (gt/intel_lrc.c).
 */
static int check_wait(struct walk *w)
{
	bool restoring = w->kind == INDIRECT || w->kind == PER_CTX;

	return restoring ? refuse(w, GVT_SCAN_NEVER, 0, -EPERM) : 0;
}

/* The batch has ended: clears the dwords behind its end, which were not audited. */
static void clear_rest(struct walk *w, u32 from)
{
	if (!w->user)
		memset(w->dw + from, 0, (size_t)(w->nr - from) * sizeof(u32));
}

/*
 * Looks at the command at w->at, which has @len dwords, all in the buffer. Returns 1 if nothing
 * behind the command is executed, otherwise 0 or an errno.
 */
static int look(struct walk *w, enum gvt_look how, u32 len)
{
	/* In an unprivileged batch the hardware itself refuses what would be checked here. */
	if (w->user && how > GVT_LOOK_START)
		return 0;
	switch (how) {
	case GVT_LOOK_END:
		return w->kind == RING ? refuse(w, GVT_SCAN_NEVER, 0, -EBADRQC) : 1;
	case GVT_LOOK_START:
		return start_batch(w);
	case GVT_LOOK_NEVER:
		return refuse(w, GVT_SCAN_NEVER, 0, -EPERM);
	case GVT_LOOK_ARB:
		/*
		 * A guest may not keep others from the engine. It loses nothing by that: a
		 * context that is preempted is saved, and goes on where it was.
		 */
		w->dw[w->at] = MI_NOOP;
		return 0;
	case GVT_LOOK_LRI:
		return check_loads(w, len);
	case GVT_LOOK_EVENT:
		return check_wait(w);
	case GVT_LOOK_WAIT:
		if (check_wait(w))
			return -EPERM;
		if (w->dw[w->at] & WAIT_REGISTER)
			return check_read(w, 2);
		return check_addrs(w, row(w), len);
	case GVT_LOOK_FLUSH:
		return check_flush(w, len);
	case GVT_LOOK_PIPE:
		return check_pipe_control(w, len);
	case GVT_LOOK_BLIT:
		/*
		 * The addresses of a blit in a GGTT batch might be GGTT addresses, and the audit
		 * does not look at how far it reaches. In rings, where i915 has blits, they are
		 * PPGTT addresses.
		 */
		return w->kind == RING ? 0 : refuse(w, GVT_SCAN_NEVER, 0, -EPERM);
	case GVT_LOOK_OPERAND:
		return check_operands(w, len);
	default:
		return refuse(w, GVT_SCAN_UNKNOWN, 0, -EBADRQC);
	}
}

static int walk_commands(struct walk *w)
{
	const struct gvt_scan_form *const forms = w->rules->forms;
	const u32 *const dw = w->dw, nr = w->nr;
	u32 at = 0, next = 0, commands = 0;
	int err = 0;

	for (; at < nr; at = next) {
		u32 header = dw[at], field;
		const struct gvt_scan_form *f = &forms[header >> 16];

		commands++;
		if (f->look == GVT_LOOK_ONE) {
			for (next = at + 1; next < nr && !dw[next]; next++)
				commands++; /* MI_NOOP, of which there are often many */
			continue;
		}
		field = header & f->mask;
		next = at + field + f->bias;
		w->at = at;
		if (field - f->least > f->span)
			err = refuse(w, GVT_SCAN_LENGTH, next - at, -EBADRQC);
		else if (next > nr)
			err = refuse(w, GVT_SCAN_CUT, next - at, -EBADRQC);
		else if (f->look != GVT_LOOK_PLAIN)
			err = look(w, f->look, next - at);
		if (err)
			break;
	}
	w->counts->commands += commands;
	if (err < 0)
		return err;
	if (err) {
		clear_rest(w, next);
		return 0;
	}
	w->at = nr;
	/* A ring ends at its tail, and an indirect-context batch after its length. */
	return w->kind == RING || w->kind == INDIRECT ? 0 : refuse(w, GVT_SCAN_CUT, 0, -EBADRQC);
}

static int scan_buffer(struct walk *w)
{
	int err;

	w->at = 0;
	if (w->nr > *w->budget || w->nr > *w->total)
		return refuse(w, GVT_SCAN_SIZE, w->nr, -E2BIG);
	*w->budget -= w->nr;
	*w->total -= w->nr;
	err = walk_commands(w);
	w->counts->dwords += w->at;
	return err;
}

static int scan_first(const struct gvt_scan *scan, enum kind kind, unsigned int level, u32 *dw,
		      u32 nr, struct gvt_scan_fault *fault)
{
	u32 times = scan->user ? GVT_SCAN_USER : 1;
	u32 budget = GVT_SCAN_DWORDS, total = times * GVT_SCAN_DWORDS;
	u32 batches = times * GVT_SCAN_BATCHES;
	struct gvt_scan_counts uncounted = { 0 };
	struct gvt_scan_fault unseen;
	struct walk w = {
		.scan = scan,
		.rules = &scan->gvt->rules[scan->engine],
		.counts = scan->counts ? scan->counts : &uncounted,
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

	w.counts->runs++;
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
