/* SPDX-License-Identifier: MIT */
#include "tests/unit/scan_model.h"
#include "core/gvt.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/hw/reg.h"

/* ---- the model ---- */

struct buffer {
	enum scan_case_kind kind;
	u32 *dw;
	u32 nr, at;
	u64 gma, copy; /* its address in the guest, and that of its copy; 0: not known */
	bool user;
	unsigned int level, chain;
	const struct buffer *from; /* the buffer whose command starts it */
	u32 *budget;
};

struct model {
	const struct gvt_scan *scan;
	struct gvt_scan_fault *fault;
	u32 total, batches;
};

static int refuse(struct model *m, const struct buffer *b, enum gvt_scan_why kind, u64 addr,
		  int err)
{
	struct gvt_scan_fault *f = m->fault;
	const struct buffer *first = b;

	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->why = gvt_scan_why_name(kind);
	f->offset = 4 * b->at;
	f->buffer = b->gma;
	f->addr = addr;
	if (b->at < b->nr) {
		const struct gvt_cmd *cmd = gvt_cmd_find(m->scan->engine, b->dw[b->at]);

		f->cmd = b->dw[b->at];
		f->name = cmd ? cmd->name : NULL;
	}
	while (first->from)
		first = first->from;
	f->first = 4 * first->at;
	m->scan->counts->refused[kind]++;
	return err;
}

static int bad_register(struct model *m, const struct buffer *b, u32 offset)
{
	return refuse(m, b, GVT_SCAN_REGISTER, offset, -EPERM);
}

/* A FORCE_TO_NONPRIV slot's value: a register that commands may write, 0, or else RING_NOPID. */
static u32 slot_value(const struct model *m, u32 val)
{
	const struct gvt_scan *s = m->scan;
	u32 nopid = gvt_engine_base(s->engine) + 0x94;
	bool plain = !(val & ~0x7ffffcu);

	if (!val || (plain && gvt_rule_write(s->gvt, s->engine, val) == GVT_RULE_ALLOW))
		return val;
	return nopid;
}

/* The value of a register with rules: a slot, or one with bits that must not change. */
static u32 checked_value(const struct model *m, u32 offset, u32 val)
{
	const struct gvt_reg *row = intel_gvt_reg(m->scan->gvt, offset);
	u32 own = offset - gvt_engine_base(m->scan->engine);

	if (own >= 0x4d0 && own < 0x500)
		return slot_value(m, val);
	if (row->kind == GVT_REG_MASKED)
		return val & ~(~row->wmask << 16);
	return (val & row->wmask) | (row->reset & ~row->wmask);
}

/* @known: the dword at @val is the value. */
static int write_reg(struct model *m, struct buffer *b, u32 *reg, bool known, u32 *val)
{
	const struct gvt_scan *s = m->scan;
	u32 offset = *reg & 0x7ffffc;
	enum gvt_reg_rule rule = gvt_rule_write(s->gvt, s->engine, offset);
	int err;

	s->counts->registers++;
	if (rule == GVT_RULE_ALLOW)
		return 0;
	if (rule == GVT_RULE_SINK) {
		*reg = GVT_SCAN_SINK;
		s->counts->sunk++;
		return 0;
	}
	if (rule == GVT_RULE_SPECIAL && known && s->special) {
		err = s->special(s->priv, offset, val);
		return err ? refuse(m, b, GVT_SCAN_REGISTER, offset, err) : 0;
	}
	if (rule == GVT_RULE_CHECKED && known) {
		s->counts->sunk += checked_value(m, offset, *val) != *val;
		*val = checked_value(m, offset, *val);
		return 0;
	}
	return bad_register(m, b, offset);
}

static int read_reg(struct model *m, const struct buffer *b, u32 *reg)
{
	u32 offset = *reg & 0x7ffffc;
	enum gvt_reg_rule rule = gvt_rule_read(m->scan->gvt, offset);

	m->scan->counts->registers++;
	if (rule == GVT_RULE_SINK) {
		*reg = GVT_SCAN_ZERO;
		m->scan->counts->sunk++;
		return 0;
	}
	return rule == GVT_RULE_ALLOW ? 0 : bad_register(m, b, offset);
}

static int status_offset(struct model *m, const struct buffer *b, u32 offset)
{
	offset -= offset % 8;
	return offset < 4096 ? 0 : refuse(m, b, GVT_SCAN_ADDRESS, offset, -EFAULT);
}

static u64 address(const u32 *dw)
{
	u64 all = dw[0] | (u64)dw[1] << 32;

	return all & 0xfffffffffffcull;
}

static bool in_ggtt(const struct gvt_cmd_addr *a, const u32 *dw)
{
	bool bit = dw[a->bit_dw] & 1u << a->bit;

	switch (a->space) {
	case GVT_SPACE_GGTT:
		return true;
	case GVT_SPACE_GGTT_IF:
		return bit;
	case GVT_SPACE_PPGTT_IF:
		return !bit;
	default:
		return false;
	}
}

static int row_addrs(struct model *m, const struct buffer *b, const struct gvt_cmd *cmd, u32 len)
{
	const u32 *dw = b->dw + b->at;

	for (int i = 0; i < 2; i++) {
		const struct gvt_cmd_addr *a = &cmd->addr[i];
		u64 bytes = a->bytes, first, last;

		if (a->space == GVT_SPACE_STATUS)
			return status_offset(m, b, dw[a->dw]);
		if (!in_ggtt(a, dw))
			continue;
		if (!bytes)
			bytes = 4ull * (len - a->dw - 2);
		first = address(dw + a->dw);
		last = first + bytes - 1;
		if (first >= m->scan->limit || last >= m->scan->limit)
			return refuse(m, b, GVT_SCAN_ADDRESS, first, -EFAULT);
	}
	return 0;
}

static int row_regs(struct model *m, struct buffer *b, const struct gvt_cmd *cmd)
{
	u32 *dw = b->dw + b->at;

	for (int i = 0; i < 2; i++) {
		const struct gvt_cmd_reg *r = &cmd->reg[i];
		int err = 0;

		if (r->dw && r->write)
			err = write_reg(m, b, &dw[r->dw], false, NULL);
		else if (r->dw)
			err = read_reg(m, b, &dw[r->dw]);
		if (err)
			return err;
	}
	return 0;
}

static int load_regs(struct model *m, struct buffer *b, u32 len)
{
	u32 *dw = b->dw + b->at;

	if (len % 2 != 1)
		return refuse(m, b, GVT_SCAN_LENGTH, len, -EBADRQC);
	for (u32 i = 1; i < len; i += 2) {
		int err = write_reg(m, b, &dw[i], !(dw[0] & 0xf00), &dw[i + 1]);

		if (err)
			return err;
	}
	return 0;
}

static int pipe_control(struct model *m, struct buffer *b, const struct gvt_cmd *cmd, u32 len)
{
	u32 *dw = b->dw + b->at, flags = dw[1];
	bool loads = flags >> 23 & 1, writes = flags >> 14 & 3, index = flags >> 21 & 1;
	int err;

	if ((loads || writes) && len < 5)
		return refuse(m, b, GVT_SCAN_LENGTH, len, -EBADRQC);
	err = loads ? write_reg(m, b, &dw[2], true, &dw[4]) : 0;
	if (err || !writes)
		return err;
	return index ? status_offset(m, b, dw[2]) : row_addrs(m, b, cmd, len);
}

static int flush(struct model *m, struct buffer *b, const struct gvt_cmd *cmd, u32 len)
{
	const u32 *dw = b->dw + b->at;

	if (!(dw[0] >> 14 & 3))
		return 0;
	if (len < 4)
		return refuse(m, b, GVT_SCAN_LENGTH, len, -EBADRQC);
	return dw[0] >> 21 & 1 ? status_offset(m, b, dw[1]) : row_addrs(m, b, cmd, len);
}

static int privileged(struct model *m, struct buffer *b, const struct gvt_cmd *cmd, u32 len)
{
	u32 *dw = b->dw + b->at;
	int err;

	if (cmd->user == GVT_USER_NEVER)
		return refuse(m, b, GVT_SCAN_NEVER, 0, -EPERM);
	if (dw[0] >> 29 == 2) /* the blitter's */
		return b->kind == CASE_RING ? 0 : refuse(m, b, GVT_SCAN_NEVER, 0, -EPERM);
	if (!strcmp(cmd->name, "MI_ARB_ON_OFF")) {
		dw[0] = 0;
		return 0;
	}
	if (!strcmp(cmd->name, "MI_LOAD_REGISTER_IMM"))
		return load_regs(m, b, len);
	if (!strcmp(cmd->name, "PIPE_CONTROL"))
		return pipe_control(m, b, cmd, len);
	if (!strcmp(cmd->name, "MI_FLUSH_DW"))
		return flush(m, b, cmd, len);
	if ((!strcmp(cmd->name, "MI_SEMAPHORE_WAIT") || !strcmp(cmd->name, "MI_WAIT_FOR_EVENT")) &&
	    (b->kind == CASE_INDIRECT || b->kind == CASE_PER_CTX))
		return refuse(m, b, GVT_SCAN_NEVER, 0, -EPERM);
	if (!strcmp(cmd->name, "MI_SEMAPHORE_WAIT") && dw[0] >> 16 & 1)
		return read_reg(m, b, &dw[2]);
	err = row_regs(m, b, cmd);
	return err ? err : row_addrs(m, b, cmd, len);
}

static int walk(struct model *m, struct buffer *b);

static int batch(struct model *m, const struct buffer *from, struct buffer *b,
		 struct gvt_scan_copy *copy)
{
	const struct gvt_scan *s = m->scan;
	u32 own = GVT_SCAN_DWORDS;
	int err = -EOPNOTSUPP;

	if (!m->batches)
		return refuse(m, from, GVT_SCAN_NESTING, b->gma, -E2BIG);
	m->batches--;
	if (b->user && s->batch_user)
		err = s->batch_user(s->priv, b->gma, copy);
	else if (!b->user && s->batch)
		err = s->batch(s->priv, b->gma, copy);
	if (err)
		return refuse(m, from, GVT_SCAN_BATCH, b->gma, err);
	s->counts->batches++;
	b->dw = copy->dw;
	b->nr = copy->nr;
	b->copy = b->user ? 0 : copy->gma;
	if (b->user && !from->user)
		b->budget = &own;
	err = walk(m, b);
	if (b->user && s->looked)
		s->looked(s->priv, copy);
	return err;
}

static bool command_begins(const struct model *m, const struct buffer *b, u32 at)
{
	u32 i = 0;

	while (i < at) {
		const struct gvt_cmd *cmd = gvt_cmd_find(m->scan->engine, b->dw[i]);

		if (!cmd)
			return false;
		i += gvt_cmd_length(cmd, b->dw[i]);
	}
	return i == at;
}

/*
 * Whether the batch jumps back to a command that was walked already, in its own copy or in that of
 * a batch that chained to it. Such a jump goes to the copy, at @to. Or an errno.
 */
static int jumps_back(struct model *m, const struct buffer *b, u64 gma, u64 *to)
{
	const struct buffer *in = b;
	u64 at;

	for (;; in = in->from) {
		if (!in || !in->copy || in->level != b->level)
			return 0;
		if (gma >= in->gma && gma < in->gma + 4ull * in->nr)
			break;
	}
	at = (gma - in->gma) / 4;
	if (at > in->at)
		return 0;
	if (at > *b->budget || at > m->total)
		return refuse(m, b, GVT_SCAN_SIZE, gma, -E2BIG);
	*b->budget -= at;
	m->total -= at;
	*to = in->copy + 4 * at;
	return command_begins(m, in, at);
}

/* Returns 1 if no command after it is executed. */
static int start(struct model *m, struct buffer *b)
{
	u32 *dw = b->dw + b->at;
	bool second = dw[0] >> 22 & 1, predicated = dw[0] >> 15 & 1;
	bool returns = b->kind == CASE_RING || second, seen = false;
	struct gvt_scan_copy copy = { 0 };
	struct buffer in = {
		.kind = CASE_BATCH,
		.gma = address(dw + 1),
		.user = b->user || dw[0] >> 8 & 1,
		.level = b->level + returns,
		.chain = b->chain + 1,
		.from = b,
		.budget = b->budget,
	};
	int err, back;

	if (b->kind == CASE_INDIRECT || b->kind == CASE_PER_CTX ||
	    (b->kind == CASE_RING && second) || (!in.user && dw[0] >> 16 & 1))
		return refuse(m, b, GVT_SCAN_NEVER, in.gma, -EBADRQC);
	if (in.level > 3 || in.chain > 64)
		return refuse(m, b, GVT_SCAN_NESTING, in.gma, -E2BIG);
	if (in.user && m->scan->no_user)
		return refuse(m, b, GVT_SCAN_BATCH, in.gma, -EFAULT);
	if (!in.user && in.gma >= m->scan->limit)
		return refuse(m, b, GVT_SCAN_ADDRESS, in.gma, -EFAULT);
	for (const struct buffer *at = b; at && at->user; at = at->from)
		seen |= at->gma == in.gma;
	back = !in.user && !returns && predicated ? jumps_back(m, b, in.gma, &copy.gma) : 0;
	if (back < 0)
		return back;
	if (in.user ? m->scan->user && !seen : !back) {
		err = batch(m, b, &in, &copy);
		if (err)
			return err;
	}
	if (!in.user) {
		dw[1] = copy.gma;
		dw[2] = copy.gma >> 32;
	}
	return !returns && !predicated;
}

static bool long_enough(const struct gvt_cmd *cmd, u32 len)
{
	return len >= (cmd->least ? cmd->least : cmd->len) && !(cmd->max && len > cmd->max);
}

static int command(struct model *m, struct buffer *b, const struct gvt_cmd *cmd, u32 len)
{
	if (!cmd)
		return refuse(m, b, GVT_SCAN_UNKNOWN, 0, -EBADRQC);
	if (!long_enough(cmd, len))
		return refuse(m, b, GVT_SCAN_LENGTH, len, -EBADRQC);
	if (b->at + len > b->nr)
		return refuse(m, b, GVT_SCAN_CUT, len, -EBADRQC);
	if (cmd->op == GVT_OP_MI_BATCH_BUFFER_END)
		return b->kind == CASE_RING ? refuse(m, b, GVT_SCAN_NEVER, 0, -EBADRQC) : 1;
	if (cmd->op == GVT_OP_MI_BATCH_BUFFER_START)
		return start(m, b);
	return b->user ? 0 : privileged(m, b, cmd, len);
}

static int walk(struct model *m, struct buffer *b)
{
	struct gvt_scan_counts *c = m->scan->counts;
	int err = 0;

	if (b->nr > *b->budget || b->nr > m->total)
		return refuse(m, b, GVT_SCAN_SIZE, b->nr, -E2BIG);
	*b->budget -= b->nr;
	m->total -= b->nr;
	while (b->at < b->nr) {
		const struct gvt_cmd *cmd = gvt_cmd_find(m->scan->engine, b->dw[b->at]);
		u32 len = cmd ? gvt_cmd_length(cmd, b->dw[b->at]) : 0;

		c->commands++;
		err = command(m, b, cmd, len);
		if (err == 1 && !b->user)
			for (u32 i = b->at + len; i < b->nr; i++)
				b->dw[i] = 0;
		if (err)
			break;
		b->at += len;
	}
	if (!err && b->kind != CASE_RING && b->kind != CASE_INDIRECT)
		err = refuse(m, b, GVT_SCAN_CUT, 0, -EBADRQC);
	c->dwords += b->at;
	return err < 0 ? err : 0;
}

static int model(const struct gvt_scan *s, enum scan_case_kind kind, u32 *dw, u32 nr,
		 struct gvt_scan_fault *fault)
{
	u32 times = s->user ? GVT_SCAN_USER : 1, budget = GVT_SCAN_DWORDS;
	struct model m = { s, fault, times * GVT_SCAN_DWORDS, times * GVT_SCAN_BATCHES };
	unsigned int level = kind == CASE_SECOND ? 2 : kind == CASE_BATCH;
	struct buffer b = {
		.kind = kind == CASE_SECOND ? CASE_BATCH : kind,
		.dw = dw,
		.nr = nr,
		.level = level,
		.chain = level,
		.budget = &budget,
	};

	s->counts->runs++;
	return walk(&m, &b);
}

/* ---- both, side by side ---- */

/* One of the two: its input, its questions and its answer. */
struct side {
	const struct scan_case *c;
	struct gvt_scan_counts counts;
	struct gvt_scan_fault fault;
	u32 *dw;
	u32 **copies;
	unsigned int nr_copies;
	u64 asked; /* a hash over all questions in their order */
	int verdict;
};

static void ask(struct side *s, u64 what)
{
	s->asked = (s->asked ^ what) * 0x100000001b3ull;
}

static u32 *copy_of(const u32 *dw, u32 nr)
{
	u32 *to = malloc(nr * sizeof(*dw) + !nr);

	ck_assert_ptr_ne(to, NULL);
	memcpy(to, dw, nr * sizeof(*dw));
	return to;
}

static int give(struct side *s, u64 gma, struct gvt_scan_copy *copy)
{
	const struct scan_case *c = s->c;

	ask(s, gma);
	if ((gma >> 16 & 7) == 7)
		return -EFAULT;
	s->copies = realloc(s->copies, (s->nr_copies + 1) * sizeof(*s->copies));
	ck_assert_ptr_ne(s->copies, NULL);
	copy->dw = copy_of(c->batch[gma >> 12 & (SCAN_CASE_BATCHES - 1)], c->batch_nr);
	copy->nr = c->batch_nr;
	copy->gma = SCAN_CASE_LIMIT + (s->nr_copies << 12);
	s->copies[s->nr_copies++] = copy->dw;
	return 0;
}

static int give_batch(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	ask(priv, 1);
	return give(priv, gma, copy);
}

static int give_user(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	ask(priv, 2);
	return give(priv, gma, copy);
}

static void looked(void *priv, struct gvt_scan_copy *copy)
{
	(void)copy;
	ask(priv, 3);
}

static int special(void *priv, u32 offset, u32 *val)
{
	ask(priv, offset);
	ask(priv, *val);
	*val ^= 0x5000;
	return *val & 1 ? -ENOENT : 0;
}

static void run(const struct scan_case *c, struct side *s, bool plain)
{
	static int (*const fast[])(const struct gvt_scan *, u32 *, u32, struct gvt_scan_fault *) = {
		[CASE_RING] = gvt_scan_ring,	   [CASE_BATCH] = gvt_scan_batch,
		[CASE_SECOND] = gvt_scan_second,   [CASE_INDIRECT] = gvt_scan_indirect,
		[CASE_PER_CTX] = gvt_scan_per_ctx,
	};
	struct gvt_scan scan = {
		.gvt = c->gvt,
		.engine = c->engine,
		.limit = SCAN_CASE_LIMIT,
		.user = c->user,
		.no_user = c->no_user,
		.counts = &s->counts,
		.priv = s,
		.batch = give_batch,
		.batch_user = give_user,
		.looked = looked,
		.special = c->special ? special : NULL,
	};

	s->c = c;
	s->dw = copy_of(c->dw, c->nr);
	s->verdict = plain ? model(&scan, c->kind, s->dw, c->nr, &s->fault)
			   : fast[c->kind](&scan, s->dw, c->nr, &s->fault);
}

static void compare(const struct scan_case *c, const struct side *a, const struct side *b)
{
	size_t bytes = c->nr * sizeof(u32), batch_bytes = c->batch_nr * sizeof(u32);

	ck_assert_int_eq(a->verdict, b->verdict);
	ck_assert_int_eq(a->fault.kind, b->fault.kind);
	ck_assert(a->fault.why == b->fault.why && a->fault.name == b->fault.name);
	ck_assert_uint_eq(a->fault.cmd, b->fault.cmd);
	ck_assert_uint_eq(a->fault.offset, b->fault.offset);
	ck_assert_uint_eq(a->fault.buffer, b->fault.buffer);
	ck_assert_uint_eq(a->fault.addr, b->fault.addr);
	ck_assert_uint_eq(a->fault.first, b->fault.first);
	ck_assert(!memcmp(&a->counts, &b->counts, sizeof(a->counts)));
	ck_assert_uint_eq(a->asked, b->asked);
	ck_assert(!memcmp(a->dw, b->dw, bytes));
	ck_assert_uint_eq(a->nr_copies, b->nr_copies);
	for (unsigned int i = 0; i < a->nr_copies; i++)
		ck_assert(!memcmp(a->copies[i], b->copies[i], batch_bytes));
}

static void drop(struct side *s)
{
	for (unsigned int i = 0; i < s->nr_copies; i++)
		free(s->copies[i]);
	free(s->copies);
	free(s->dw);
}

int scan_case_run(const struct scan_case *c)
{
	struct side fast = { 0 }, plain = { 0 };

	run(c, &fast, false);
	run(c, &plain, true);
	compare(c, &fast, &plain);
	drop(&fast);
	drop(&plain);
	return fast.verdict;
}
