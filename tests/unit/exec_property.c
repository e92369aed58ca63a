/* SPDX-License-Identifier: MIT */
/*
 * Random commands, audited by core/exec/scan.c and by the model. SCAN_SEED and SCAN_ROUNDS in the
 * environment select others.
 */
#include <stdlib.h>
#include <string.h>

#include "core/gvt.h"
#include "core/hw/cmd_table.h"
#include "core/hw/reg.h"
#include "tests/unit/fake_mpt.h"
#include "tests/unit/scan_model.h"
#include "tests/unit/unit.h"

#define DWORDS_MAX 96u
#define PICKS_MAX  1024u

/* What the commands of one engine are made from. */
struct maker {
	u64 seed;
	const struct gvt_cmd *rows[PICKS_MAX]; /* all rows of the engine, with their opcodes */
	u32 headers[PICKS_MAX];
	unsigned int nr_rows;
	u32 regs[GVT_RULE_CHECKED + 1][PICKS_MAX]; /* for each rule of writes, some registers */
	unsigned int nr_regs[GVT_RULE_CHECKED + 1];
};

static u64 setting(const char *name, u64 usual)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : usual;
}

static u32 below(struct maker *m, u32 nr)
{
	return (unit_random(&m->seed) >> 32) % nr;
}

static void learn(struct maker *m, const struct intel_gvt *gvt, enum gvt_engine engine)
{
	const struct gvt_cmd *last = NULL;

	for (u32 top = 0; top < 0x10000; top++) {
		const struct gvt_cmd *cmd = gvt_cmd_find(engine, top << 16);

		if (cmd && cmd != last) {
			ck_assert_uint_lt(m->nr_rows, PICKS_MAX);
			m->headers[m->nr_rows] = top << 16;
			m->rows[m->nr_rows++] = cmd;
		}
		last = cmd;
	}
	for (u32 at = 0; at < GVT_MMIO_SIZE; at += 4) {
		enum gvt_reg_rule rule = gvt_rule_write(gvt, engine, at);

		if (intel_gvt_reg(gvt, at) && m->nr_regs[rule] < PICKS_MAX)
			m->regs[rule][m->nr_regs[rule]++] = at;
	}
}

static u32 reg(struct maker *m)
{
	u32 rule = GVT_RULE_ALLOW, noise = below(m, 16) ? 0 : unit_random(&m->seed) & 0xff800003;

	if (!below(m, 6))
		rule = GVT_RULE_REFUSE + below(m, GVT_RULE_CHECKED);
	if (!below(m, 64) || !m->nr_regs[rule])
		return unit_random(&m->seed);
	return m->regs[rule][below(m, m->nr_regs[rule])] | noise;
}

/* The low half of an address: a batch's, one at the limit, or any. */
static u32 low(struct maker *m)
{
	switch (below(m, 4)) {
	case 0:
		return SCAN_CASE_LIMIT - 32 + below(m, 48);
	case 1:
		return unit_random(&m->seed);
	default:
		return 0x100000 + (below(m, 32) << 12) + 4 * below(m, 2);
	}
}

static u32 operand(struct maker *m)
{
	switch (below(m, 8)) {
	case 0:
		return reg(m);
	case 1:
	case 2:
		return low(m);
	case 3:
		return 1u << below(m, 32) | 1u << below(m, 32);
	default:
		return below(m, 4) ? 0 : below(m, 4096);
	}
}

/* Makes a command at @dw. Returns how many of @room dwords it takes. */
static u32 command(struct maker *m, u32 *dw, u32 room)
{
	static const char *const often[] = {
		"MI_LOAD_REGISTER_IMM", "MI_BATCH_BUFFER_START", "MI_STORE_DATA_IMM",
		"PIPE_CONTROL",		"MI_FLUSH_DW",
	};
	u32 n = below(m, m->nr_rows), field = 0, len;
	const struct gvt_cmd *cmd;

	if (!below(m, 2))
		for (u32 want = below(m, ARRAY_SIZE(often)), i = 0; i < m->nr_rows; i++)
			if (!strcmp(m->rows[i]->name, often[want]))
				n = i;
	cmd = m->rows[n];
	len = cmd->len + (cmd->len_bits && !below(m, 3) ? below(m, 8) : 0);
	if (!strcmp(cmd->name, often[0]))
		len = 1 + 2 * (1 + below(m, 6)) + !below(m, 16);
	if (cmd->len_bits)
		field = (len + (below(m, 24) ? 0 : below(m, 5)) - GVT_CMD_BIAS) &
			(BIT32(cmd->len_bits) - 1);
	dw[0] = m->headers[n] | field;
	for (u32 flags = below(m, 4); flags; flags--)
		dw[0] |= 1u << (cmd->len_bits + below(m, 23 - cmd->len_bits));
	if (!below(m, 64))
		dw[0] = unit_random(&m->seed);
	len = len < room ? len : room;
	for (u32 i = 1; i < len; i++)
		dw[i] = operand(m);
	for (u32 i = 1; i < len && !strcmp(cmd->name, often[0]); i += 2)
		dw[i] = reg(m);
	return len;
}

static void buffer(struct maker *m, u32 *dw, u32 nr, bool ends)
{
	u32 at = 0;

	memset(dw, 0, nr * sizeof(*dw));
	for (u32 i = below(m, 8); i && at < nr; i--)
		at += command(m, dw + at, nr - at);
	if (ends && at < nr)
		dw[at] = 0x05000000; /* MI_BATCH_BUFFER_END */
}

START_TEST(like_the_model)
{
	static struct maker m;
	u64 rounds = setting("SCAN_ROUNDS", 4000), passed[CASE_PER_CTX + 1] = { 0 };
	struct fake *f = fake_new();
	u32 dw[DWORDS_MAX], batches[SCAN_CASE_BATCHES][DWORDS_MAX];

	m.seed = setting("SCAN_SEED", 1) * 1000003 + _i;
	learn(&m, f->gvt, _i);
	for (u64 round = 0; round < rounds; round++) {
		struct scan_case c = {
			.gvt = f->gvt,
			.engine = _i,
			.user = below(&m, 2),
			.no_user = !below(&m, 8),
			.special = below(&m, 2),
			.kind = below(&m, 2) ? CASE_RING : below(&m, CASE_PER_CTX + 1),
			.dw = dw,
			.nr = below(&m, DWORDS_MAX),
			.batch_nr = below(&m, DWORDS_MAX),
		};

		buffer(&m, dw, c.nr, c.kind != CASE_RING);
		for (u32 b = 0; b < SCAN_CASE_BATCHES; b++) {
			c.batch[b] = batches[b];
			buffer(&m, batches[b], c.batch_nr, below(&m, 16));
		}
		passed[c.kind] += !scan_case_run(&c);
	}
	/* Enough of them passed, and enough did not. */
	for (int kind = CASE_RING; kind <= CASE_PER_CTX; kind++) {
		ck_assert_uint_gt(passed[kind], rounds / 200);
		ck_assert_uint_lt(passed[kind], rounds / 2);
	}
	fake_free(f);
}
END_TEST

Suite *suite_exec_property(void)
{
	Suite *s = suite_create("audit and its model");
	TCase *each = tcase_create("like the model");

	tcase_set_timeout(each, 0);
	tcase_add_loop_test(each, like_the_model, 0, GVT_NR_ENGINES);
	suite_add_tcase(s, each);
	return s;
}
