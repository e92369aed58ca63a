/* SPDX-License-Identifier: MIT */
/*
 * Commands: the input is an engine, and dwords that are a ring or a batch, and batches in it. Each
 * piece stands in memory of exactly its size, and what passed the audit must still be a ring whose
 * commands the table knows, with nothing of the mediator's in it. The audit must come to the same
 * as its model.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/exec/scan.h"
#include "core/gvt.h"
#include "core/hw/decode.h"
#include "core/vgpu.h"
#include "tests/fuzz/check.h"
#include "tests/unit/scan_model.h"

#define LIMIT	   0xfc000000ull
#define BATCHES	   4u
#define DWORDS_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const u8 *dw;
	u32 nr;
	u32 *copies[GVT_SCAN_BATCHES + 1];
	unsigned int nr_copies;
};

static struct intel_gvt *gvt;
static FILE *nowhere;

static void end(void)
{
	intel_gvt_exit(gvt);
	fclose(nowhere);
}

static u32 *piece(const struct input *in, u32 from, u32 nr)
{
	u32 *dw = malloc(nr * sizeof(*dw) + !nr);

	ck_assert(dw && from + nr <= in->nr);
	memcpy(dw, in->dw + from * sizeof(*dw), nr * sizeof(*dw));
	return dw;
}

/* A batch is a part of the input, by the low bits of its address's page. */
static int batch(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	struct input *in = priv;
	u32 part = in->nr / BATCHES, n = gma >> 12 & (BATCHES - 1);

	ck_assert(in->nr_copies <= GVT_SCAN_BATCHES);
	copy->nr = part;
	copy->dw = in->copies[in->nr_copies++] = piece(in, n * part, part);
	copy->gma = LIMIT + (gma & 0xfff000);
	return 0;
}

static int special(void *priv, u32 offset, u32 *val)
{
	(void)priv;
	ck_assert(!(offset & 3));
	*val = 0;
	return 0;
}

static void check_read(u32 reg)
{
	const struct gvt_reg *row = intel_gvt_reg(gvt, reg);

	ck_assert(row ? !(row->flags & GVT_REG_HIDDEN) : reg == GVT_SCAN_ZERO);
}

/* What was passed: commands of known lengths that end where the ring does. */
static void check_ring(enum gvt_engine engine, const u32 *dw, u32 nr)
{
	u32 at = 0;

	while (at < nr) {
		const struct gvt_cmd *cmd = gvt_cmd_find(engine, dw[at]);
		u32 len = cmd ? gvt_cmd_length(cmd, dw[at]) : 0;

		ck_assert(cmd && len <= nr - at && cmd->user != GVT_USER_NEVER);
		if (cmd->op == GVT_OP_MI_LOAD_REGISTER_IMM)
			for (u32 i = 1; i < len; i += 2) {
				u32 reg = dw[at + i] & GVT_CMD_REG_MASK;

				ck_assert(reg == GVT_SCAN_SINK ||
					  gvt_rule_write(gvt, engine, reg) != GVT_RULE_REFUSE);
				if (gvt_rule_write(gvt, engine, reg) == GVT_RULE_CHECKED)
					ck_assert(dw[at + i + 1] ==
						  gvt_reg_loaded(gvt, reg, dw[at + i + 1]));
			}
		for (u32 i = 0; i < ARRAY_SIZE(cmd->reg) && cmd->reg[i].dw; i++)
			if (!cmd->reg[i].write)
				check_read(dw[at + cmd->reg[i].dw] & GVT_CMD_REG_MASK);
		if (cmd->op == GVT_OP_MI_BATCH_BUFFER_START && !(dw[at] & BIT32(8)))
			ck_assert(dw[at + 1] >= LIMIT && !dw[at + 2]);
		at += len;
	}
}

static void check_model(u8 how, const u32 *dw, u32 nr)
{
	static const enum scan_case_kind kinds[] = { CASE_RING, CASE_INDIRECT, CASE_PER_CTX,
						     CASE_BATCH };
	struct scan_case c = {
		.gvt = gvt,
		.engine = how % GVT_NR_ENGINES,
		.user = how >> 2 & 1,
		.special = how >> 3 & 1,
		.no_user = how >> 6 & 1,
		.kind = kinds[how >> 4 & 3],
		.dw = dw,
		.nr = nr,
		.batch_nr = nr / SCAN_CASE_BATCHES,
	};

	for (u32 i = 0; i < SCAN_CASE_BATCHES; i++)
		c.batch[i] = dw + i * c.batch_nr;
	scan_case_run(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct intel_gvt_mpt none;
	struct gvt_scan_counts counts = { 0 };
	struct gvt_scan_fault fault;
	struct input in = { 0 };
	enum gvt_engine engine;
	struct gvt_scan scan;
	u32 *dw, at = 0;
	int err;

	if (!gvt) {
		nowhere = fopen("/dev/null", "we");
		ck_assert(nowhere && intel_gvt_init(&none, NULL, NULL, NULL, &gvt) == 0);
		atexit(end);
	}
	if (!size)
		return 0;
	engine = data[0] % GVT_NR_ENGINES;
	in.dw = data + 1;
	in.nr = (size - 1) / sizeof(u32);
	in.nr = in.nr < DWORDS_MAX ? in.nr : DWORDS_MAX;
	scan = (struct gvt_scan){
		.gvt = gvt,
		.engine = engine,
		.limit = LIMIT,
		.user = data[0] >> 2 & 1,
		.counts = &counts,
		.priv = &in,
		.batch = batch,
		.batch_user = batch,
		.special = data[0] >> 3 & 1 ? special : NULL,
	};

	dw = piece(&in, 0, in.nr);
	check_model(data[0], dw, in.nr);
	gvt_decode(&gvt->regs, engine, dw, in.nr, nowhere);
	gvt_scan_end(engine, dw, in.nr, &at);
	ck_assert(at <= in.nr);
	switch (data[0] >> 4 & 3) {
	case 1:
		gvt_scan_indirect(&scan, dw, in.nr, &fault);
		break;
	case 2:
		gvt_scan_per_ctx(&scan, dw, in.nr, &fault);
		break;
	default:
		err = gvt_scan_ring(&scan, dw, in.nr, &fault);
		ck_assert(err <= 0);
		if (!err)
			check_ring(engine, dw, in.nr);
		else
			ck_assert(fault.why && fault.offset <= in.nr * sizeof(u32));
	}
	ck_assert(counts.dwords <= in.nr * (1ull + GVT_SCAN_USER * GVT_SCAN_BATCHES));
	free(dw);
	for (unsigned int i = 0; i < in.nr_copies; i++)
		free(in.copies[i]);
	return 0;
}
