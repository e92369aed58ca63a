/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "core/exec/scan_rules.h"
#include "core/hw/cmd_table.h"
#include "core/vgpu.h"

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
	const struct gvt_scan_rules *rules;
	struct gvt_scan_counts *counts;
	struct gvt_scan_fault *fault;
	u32 *dw;  /* the buffer */
	u32 nr;	  /* its dwords */
	u32 at;	  /* of the command that is looked at */
	u64 gma;  /* of the batch as the guest has it */
	u64 copy; /* of the privileged batch as it is going to run; 0: not known */
	enum kind kind;
	bool user;		 /* unprivileged */
	unsigned int level;	 /* batches that it returns to, and one */
	unsigned int chain;	 /* batches that led to it, and one */
	const struct walk *from; /* whose command starts it; NULL: the first */
	u32 *budget;		 /* dwords that may still be walked, */
	u32 *total;		 /* in an unprivileged batch, and all told */
	u32 *batches;		 /* batches that may still be started */
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

/* The row of the command at w->at, which is one. */
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
		/* Only a value that is known now can be another one. */
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

/* Pairs of a register and its value. */
static int check_loads(struct walk *w, u32 len)
{
	const struct gvt_scan_rules *const rules = w->rules;
	u32 *const dw = w->dw + w->at;
	/* Where bytes keep what they are, the value is not known. */
	bool whole = !(dw[0] & LRI_KEEPS_BYTES);
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
	/* Both may be asked for, and share the operand: whichever is done, it may be. */
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

/* The batch that @from's command starts, and those that it goes on to. */
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

/* An unprivileged batch that goes on to where it, or one that led to it, began: that is walked. */
static bool is_loop(const struct walk *w, u64 gma)
{
	while (w && w->user && w->gma != gma)
		w = w->from;
	return w && w->user;
}

/* Whether a command begins at dword @at of the batch: those before it are as long as they say. */
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
 * A privileged batch may jump back, on a condition, to a command of its own, or of one that led to
 * it without being returned to: i915 waits so for its performance counters (alloc_noa_wait() in
 * i915_perf.c). Such a jump leads into the copy, as far as that has been walked. Behind the batch's
 * end there is nothing to keep the engine within the copy. Returns 1 with its address at @to, 0 if
 * it leads elsewhere, or an errno.
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
	/* Looking for it costs as much as walking there. */
	if (at > *w->budget || at > *w->total)
		return refuse(w, GVT_SCAN_SIZE, gma, -E2BIG);
	*w->budget -= at;
	*w->total -= at;
	*to = in->copy + at * sizeof(u32);
	return begins_at(in, at);
}

/* Returns 1 when nothing after it is executed, else 0 or an errno. */
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
	/* Without a condition it would go round for ever. */
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
	/* One that is not taken, for its predicate, is passed over. */
	return !returns && !(dw[0] & BBS_PREDICATED);
}

/*
 * An engine takes no other submission while it restores a context, so nothing waits there. i915's
 * workarounds do not (gt/intel_lrc.c).
 */
static int check_wait(struct walk *w)
{
	bool restoring = w->kind == INDIRECT || w->kind == PER_CTX;

	return restoring ? refuse(w, GVT_SCAN_NEVER, 0, -EPERM) : 0;
}

/* A batch's end was met: nothing that was not audited stands behind it. */
static void clear_rest(struct walk *w, u32 from)
{
	if (!w->user)
		memset(w->dw + from, 0, (size_t)(w->nr - from) * sizeof(u32));
}

/*
 * The command at w->at, of @len dwords, all of which are there. Returns 1 when nothing behind it is
 * executed, else 0 or an errno.
 */
static int look(struct walk *w, enum gvt_look how, u32 len)
{
	/* The hardware keeps an unprivileged batch from all that is checked. */
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
		 * Who else waits for the engine is not the guest's to decide; and what interrupts
		 * it is saved, and goes on where it was.
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
		 * A blit in a batch in the GGTT may be taken to mean the GGTT, and how far it
		 * reaches is not looked at. In rings, as i915's own, it means the context's memory.
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
	/* Rings end at the tail, and an indirect-context batch where its length says. */
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
