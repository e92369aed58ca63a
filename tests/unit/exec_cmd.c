/* SPDX-License-Identifier: MIT */
/* The table of commands: what each header is, its length, and that rows do not contradict. */
#include <string.h>

#include "core/hw/cmd_table.h"
#include "tests/unit/exec_golden.h"
#include "tests/unit/unit.h"

/* Headers as drivers write them: intel_gpu_commands.h, Mesa's genxml, intel-media-driver. */
static const struct sample {
	enum gvt_engine engine;
	u32 header;
	const char *name;
	u32 len;
} samples[] = {
	{ GVT_RCS0, 0x00000000, "MI_NOOP", 1 },
	{ GVT_RCS0, 0x01000000, "MI_USER_INTERRUPT", 1 },
	{ GVT_VCS0, 0x02800000, "MI_ARB_CHECK", 1 },
	{ GVT_BCS0, 0x04000001, "MI_ARB_ON_OFF", 1 },
	{ GVT_VECS0, 0x05000000, "MI_BATCH_BUFFER_END", 1 },
	{ GVT_RCS0, 0x06000002, "MI_PREDICATE", 1 },
	{ GVT_BCS0, 0x0d000003, "MI_MATH", 5 },
	{ GVT_RCS0, 0x0e40c002, "MI_SEMAPHORE_WAIT", 4 },
	{ GVT_RCS0, 0x10400002, "MI_STORE_DATA_IMM", 4 },
	{ GVT_RCS0, 0x10600003, "MI_STORE_DATA_IMM", 5 },
	{ GVT_BCS0, 0x10800001, "MI_STORE_DATA_INDEX", 3 },
	{ GVT_RCS0, 0x11000001, "MI_LOAD_REGISTER_IMM", 3 },
	{ GVT_RCS0, 0x1100101b, "MI_LOAD_REGISTER_IMM", 29 },
	{ GVT_RCS0, 0x12400002, "MI_STORE_REGISTER_MEM", 4 },
	{ GVT_BCS0, 0x13204002, "MI_FLUSH_DW", 4 },
	{ GVT_VECS0, 0x13000003, "MI_FLUSH_DW", 5 },
	{ GVT_RCS0, 0x14000002, "MI_REPORT_PERF_COUNT", 4 },
	{ GVT_VCS0, 0x14800002, "MI_LOAD_REGISTER_MEM", 4 },
	{ GVT_RCS0, 0x15000001, "MI_LOAD_REGISTER_REG", 3 },
	{ GVT_RCS0, 0x17000003, "MI_COPY_MEM_MEM", 5 },
	{ GVT_RCS0, 0x17800001, "MI_ATOMIC", 3 },
	{ GVT_RCS0, 0x17840009, "MI_ATOMIC", 11 },
	{ GVT_RCS0, 0x18800101, "MI_BATCH_BUFFER_START", 3 },
	{ GVT_RCS0, 0x1b200002, "MI_CONDITIONAL_BATCH_BUFFER_END", 4 },
	{ GVT_BCS0, 0x50800008, "XY_FAST_COPY_BLT", 10 },
	{ GVT_BCS0, 0x54300005, "XY_COLOR_BLT", 7 },
	{ GVT_BCS0, 0x54f08808, "XY_SRC_COPY_BLT", 10 },
	{ GVT_BCS0, 0x40c00001, "XY_SETUP_CLIP_BLT", 3 },
	{ GVT_BCS0, 0x5c800018, "XY_PAT_BLT_IMMEDIATE", 26 },
	{ GVT_RCS0, 0x61010011, "STATE_BASE_ADDRESS", 19 },
	{ GVT_RCS0, 0x6101000e, "STATE_BASE_ADDRESS", 16 },
	{ GVT_RCS0, 0x61020001, "STATE_SIP", 3 },
	{ GVT_RCS0, 0x680b0001, "3DSTATE_VF_STATISTICS", 1 },
	{ GVT_RCS0, 0x69040302, "PIPELINE_SELECT", 1 },
	{ GVT_RCS0, 0x70000007, "MEDIA_VFE_STATE", 9 },
	{ GVT_RCS0, 0x70050004, "MEDIA_POOL_STATE", 6 },
	{ GVT_RCS0, 0x71000104, "MEDIA_OBJECT", 0x106 },
	{ GVT_RCS0, 0x7105000d, "GPGPU_WALKER", 15 },
	{ GVT_RCS0, 0x78080003, "3DSTATE_VERTEX_BUFFERS", 5 },
	{ GVT_RCS0, 0x78170009, "3DSTATE_CONSTANT_PS", 11 },
	{ GVT_RCS0, 0x7820000a, "3DSTATE_PS", 12 },
	{ GVT_RCS0, 0x78430100, "3DSTATE_BINDING_TABLE_EDIT_VS", 0x102 },
	{ GVT_RCS0, 0x784e0002, "3DSTATE_WM_DEPTH_STENCIL", 4 },
	{ GVT_RCS0, 0x79170101, "3DSTATE_SO_DECL_LIST", 0x103 },
	{ GVT_RCS0, 0x7a000004, "PIPE_CONTROL", 6 },
	{ GVT_RCS0, 0x7b000005, "3DPRIMITIVE", 7 },
	{ GVT_VCS0, 0x68000000, "MFX_WAIT", 1 },
	{ GVT_VCS0, 0x68000100, "MFX_WAIT", 1 },
	{ GVT_VCS0, 0x70000003, "MFX_PIPE_MODE_SELECT", 5 },
	{ GVT_VCS0, 0x7002003f, "MFX_PIPE_BUF_ADDR_STATE", 65 },
	{ GVT_VCS0, 0x7048000a, "MFX_PAK_INSERT_OBJECT", 12 },
	{ GVT_VCS0, 0x71280004, "MFD_AVC_BSD_OBJECT", 6 },
	{ GVT_VCS0, 0x70850021, "VDENC_IMG_STATE", 35 },
	{ GVT_VCS0, 0x7382005d, "HCP_PIPE_BUF_ADDR_STATE", 95 },
	{ GVT_VCS0, 0x73a00001, "HCP_BSD_OBJECT", 3 },
	{ GVT_VCS0, 0x75a10000, "HUC_START", 2 },
	{ GVT_VCS0, 0x77800000, "VD_PIPELINE_FLUSH", 2 },
	{ GVT_VECS0, 0x74000007, "VEBOX_SURFACE_STATE", 9 },
	{ GVT_VECS0, 0x74030012, "VEB_DI_IECP", 20 },
	{ GVT_VECS0, 0x75010020, "SFC_STATE", 34 },
};

/* Headers that an engine does not take. */
static const struct {
	enum gvt_engine engine;
	u32 header;
} strangers[] = {
	{ GVT_RCS0, 0x13000002 },  /* MI_FLUSH_DW: this engine has PIPE_CONTROL instead */
	{ GVT_BCS0, 0x7a000004 },  /* PIPE_CONTROL */
	{ GVT_VCS0, 0x06000000 },  /* MI_PREDICATE */
	{ GVT_RCS0, 0x54300005 },  /* XY_COLOR_BLT */
	{ GVT_VECS0, 0x70000003 }, /* MFX_PIPE_MODE_SELECT */
	{ GVT_RCS0, 0x20000000 },  /* client 1 */
	{ GVT_BCS0, 0xffffffff },  { GVT_RCS0, 0x0f800000 }, { GVT_RCS0, 0x1f800000 },
	{ GVT_BCS0, 0x5fc00000 },  { GVT_RCS0, 0x7fff0000 },
};

START_TEST(headers)
{
	const struct sample *s = &samples[_i];
	const struct gvt_cmd *cmd = gvt_cmd_find(s->engine, s->header);

	ck_assert_msg(cmd != NULL, "%08x: unknown, not %s", s->header, s->name);
	ck_assert_str_eq(gvt_cmd_name(cmd), s->name);
	ck_assert_uint_eq(gvt_cmd_length(cmd, s->header), s->len);
	ck_assert(gvt_cmd_length_ok(cmd, s->len));
}
END_TEST

START_TEST(unknown)
{
	ck_assert_ptr_null(gvt_cmd_find(strangers[_i].engine, strangers[_i].header));
}
END_TEST

static unsigned int lists_rows(const struct gvt_cmd_rows *lists, size_t nr, u32 client, int shift,
			       u32 engines)
{
	unsigned int rows = 0;

	for (u32 l = 0; l < nr; l++)
		for (u32 i = 0; i < lists[l].nr; i++) {
			const struct gvt_cmd *cmd = &lists[l].rows[i];
			u32 header = client << 29 | l << 24 | i << shift;

			if (!cmd->name) {
				UNIT_CHECK(!cmd->engines, "%08x: a row without a name", header);
				continue;
			}
			rows++;
			UNIT_CHECK(cmd->engines && !(cmd->engines & ~GVT_ON_ALL), "%s: for whom?",
				   cmd->name);
			for (int e = 0; e < GVT_NR_ENGINES; e++) {
				u32 low = (1u << shift) - 1;
				bool on = engines & cmd->engines & BIT32(e);

				/* The bits below the opcode do not change which row it is. */
				UNIT_CHECK(!on || (gvt_cmd_find(e, header) == cmd &&
						   gvt_cmd_find(e, header | low) == cmd),
					   "%s is not found on engine %d", cmd->name, e);
			}
		}
	return rows;
}

START_TEST(rows)
{
	unsigned int nr = 0;

	nr += lists_rows(&gvt_cmds_mi, 1, 0, 23, GVT_ON_ALL);
	nr += lists_rows(&gvt_cmds_blt, 1, 2, 22, GVT_ON_BCS);
	nr += lists_rows(gvt_cmds_render, GVT_CMD_LISTS, 3, 16, GVT_ON_RCS);
	nr += lists_rows(gvt_cmds_vcs, GVT_CMD_LISTS, 3, 16, GVT_ON_VCS);
	nr += lists_rows(gvt_cmds_vecs, GVT_CMD_LISTS, 3, 16, GVT_ON_VECS);
	ck_assert_uint_gt(nr, 250);
}
END_TEST

/* Operands are within the least length, so code that has checked the length may read them. */
static void operands(const struct gvt_cmd *cmd)
{
	u32 longest = cmd->len_bits ? (1u << cmd->len_bits) + 1 : cmd->len;

	UNIT_CHECK(cmd->len >= 1 && cmd->len <= longest && cmd->max <= longest &&
			   (!cmd->max || cmd->max >= cmd->len),
		   "%s: lengths", cmd->name);
	UNIT_CHECK(cmd->least < cmd->len && (cmd->len_bits || !cmd->least), "%s: least", cmd->name);
	UNIT_CHECK(cmd->len_bits || !cmd->max, "%s: two rules for a length", cmd->name);
	for (int i = 0; i < 2; i++) {
		const struct gvt_cmd_addr *a = &cmd->addr[i];

		UNIT_CHECK(!a->space ||
				   (a->dw &&
				    a->dw + (a->space == GVT_SPACE_STATUS ? 1 : 2) <= cmd->len &&
				    a->bit_dw < cmd->len),
			   "%s: address %d", cmd->name, i);
		UNIT_CHECK(cmd->reg[i].dw < cmd->len, "%s: register %d", cmd->name, i);
	}
}

START_TEST(consistent)
{
	bool seen[GVT_NR_OPS] = { false };

	for (int e = 0; e < GVT_NR_ENGINES; e++)
		for (u32 top = 0; top < 0x10000; top++) {
			const struct gvt_cmd *cmd = gvt_cmd_find(e, top << 16);

			if (!cmd)
				continue;
			operands(cmd);
			seen[gvt_cmd_op(cmd)] = true;
		}
	for (int op = 0; op < GVT_NR_OPS; op++)
		ck_assert_msg(seen[op], "no command has operation %d", op);
}
END_TEST

/* No two rows of an engine have the same name. */
START_TEST(names)
{
	for (int e = 0; e < GVT_NR_ENGINES; e++) {
		const struct gvt_cmd *all[512];
		unsigned int nr = 0;

		for (u32 top = 0; top < 0x10000; top++) {
			const struct gvt_cmd *cmd = gvt_cmd_find(e, top << 16);

			if (!cmd || (nr && all[nr - 1] == cmd))
				continue;
			for (unsigned int i = 0; i < nr; i++)
				UNIT_CHECK(strcmp(all[i]->name, cmd->name), "%s twice", cmd->name);
			ck_assert_uint_lt(nr, ARRAY_SIZE(all));
			all[nr++] = cmd;
		}
	}
}
END_TEST

static void decodes(const u32 *dw, u32 nr)
{
	u32 at = 0;

	for (;;) {
		const struct gvt_cmd *cmd;

		ck_assert_uint_lt(at, nr);
		cmd = gvt_cmd_find(GVT_RCS0, dw[at]);
		ck_assert_msg(cmd != NULL, "%08x at %u is unknown", dw[at], at);
		ck_assert_msg(gvt_cmd_length_ok(cmd, gvt_cmd_length(cmd, dw[at])), "%s at %u",
			      cmd->name, at);
		at += gvt_cmd_length(cmd, dw[at]);
		if (gvt_cmd_op(cmd) == GVT_OP_MI_BATCH_BUFFER_END)
			break;
	}
	/* Behind the end there is the indirect state. None of it was taken for commands. */
	ck_assert_uint_gt(at, 800);
}

START_TEST(golden)
{
	decodes(golden_gen8, ARRAY_SIZE(golden_gen8));
	decodes(golden_gen9, ARRAY_SIZE(golden_gen9));
}
END_TEST

Suite *suite_exec_cmd(void)
{
	const TTest *const tests[] = { rows, consistent, names, golden };
	Suite *s = unit_suite("commands", tests, ARRAY_SIZE(tests));
	TCase *each = tcase_create("headers");

	tcase_add_loop_test(each, headers, 0, ARRAY_SIZE(samples));
	tcase_add_loop_test(each, unknown, 0, ARRAY_SIZE(strangers));
	suite_add_tcase(s, each);
	return s;
}
