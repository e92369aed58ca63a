/* SPDX-License-Identifier: MIT */
#include "core/hw/decode.h"

#include "core/hw/reg.h"

static const char *reg_name(const struct gvt_regs *regs, u32 dw, char *buf, size_t len)
{
	u32 offset = dw & GVT_CMD_REG_MASK;

	if (regs)
		return gvt_regs_name(regs, offset, buf, len);
	snprintf(buf, len, "0x%x", offset);
	return buf;
}

static const struct gvt_cmd_addr *addr_at(const struct gvt_cmd *cmd, u32 at)
{
	for (size_t i = 0; i < ARRAY_SIZE(cmd->addr); i++)
		if (cmd->addr[i].space && cmd->addr[i].dw == at)
			return &cmd->addr[i];
	return NULL;
}

/* Which register operand of the command dword @at is, or -1. */
static int reg_at(const struct gvt_cmd *cmd, u32 at)
{
	for (size_t i = 0; i < ARRAY_SIZE(cmd->reg); i++) {
		const struct gvt_cmd_reg *reg = &cmd->reg[i];

		if (reg->dw && (at == reg->dw ||
				(reg->step && at > reg->dw && (at - reg->dw) % reg->step == 0)))
			return i;
	}
	return -1;
}

/* Prints what dword @at is, of the command at @dw, which is @len dwords long. */
static void operand(const struct gvt_regs *regs, const struct gvt_cmd *cmd, const u32 *dw, u32 at,
		    u32 len, FILE *to)
{
	const struct gvt_cmd_addr *addr = addr_at(cmd, at);
	bool always = at < 32 && cmd->ppgtt >> at & 1;
	int reg = reg_at(cmd, at);
	char name[64];

	if (reg >= 0)
		fprintf(to, "  %s %s", cmd->reg[reg].write ? "write" : "read",
			reg_name(regs, dw[at], name, sizeof(name)));
	if (addr && addr->space == GVT_SPACE_STATUS)
		fprintf(to, "  offset in the status page");
	else if ((addr || always) && at + 1 < len)
		fprintf(to, "  address 0x%llx, %s", (unsigned long long)dw[at + 1] << 32 | dw[at],
			addr && gvt_cmd_in_ggtt(addr, dw) ? "GGTT" : "PPGTT");
}

size_t gvt_decode(const struct gvt_regs *regs, enum gvt_engine engine, const u32 *dw, size_t nr,
		  FILE *to)
{
	size_t strange = 0, at = 0;

	while (at < nr) {
		const struct gvt_cmd *cmd = gvt_cmd_find(engine, dw[at]);
		u32 len = cmd ? gvt_cmd_length(cmd, dw[at]) : 1;

		fprintf(to, "%08zx  %08x  ", at * sizeof(u32), dw[at]);
		if (!cmd) {
			fprintf(to, "no command of %s\n", gvt_engine_class(engine));
			strange++;
			at++;
			continue;
		}
		fprintf(to, "%s%s", cmd->name, len > 1 ? ", " : "");
		if (len > 1)
			fprintf(to, "%u dwords", len);
		if (!gvt_cmd_length_ok(cmd, len) && !gvt_cmd_length_short(cmd, len)) {
			fputs(" (which it cannot have)", to);
			strange++;
		}
		if (len > nr - at) {
			fprintf(to, ", of which there are %zu\n", nr - at);
			return strange + nr - at;
		}
		fputc('\n', to);
		for (u32 i = 1; i < len; i++) {
			fprintf(to, "%08zx  %08x", (at + i) * sizeof(u32), dw[at + i]);
			if (gvt_cmd_length_ok(cmd, len) || gvt_cmd_length_short(cmd, len))
				operand(regs, cmd, dw + at, i, len, to);
			fputc('\n', to);
		}
		at += len;
		if (cmd->op == GVT_OP_MI_BATCH_BUFFER_END)
			break;
	}
	if (at < nr)
		fprintf(to, "%zu dwords behind the batch's end\n", nr - at);
	return strange;
}
