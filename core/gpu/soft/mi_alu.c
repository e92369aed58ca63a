/* SPDX-License-Identifier: MIT */
/* Commands that compute: MI_MATH on the general purpose registers, MI_ATOMIC on memory. */
#include "core/gpu/soft/mi.h"

#include <errno.h>

/* ---- MI_MATH ---- */

enum {
	ALU_NOOP = 0x000,
	ALU_LOAD = 0x080,
	ALU_LOAD0 = 0x081,
	ALU_LOADINV = 0x480,
	ALU_LOAD1 = 0x481,
	ALU_ADD = 0x100,
	ALU_SUB = 0x101,
	ALU_AND = 0x102,
	ALU_OR = 0x103,
	ALU_XOR = 0x104,
	ALU_STORE = 0x180,
	ALU_STOREINV = 0x580,
};

enum { ALU_SRCA = 0x20, ALU_SRCB = 0x21, ALU_ACCU = 0x31, ALU_ZF = 0x32, ALU_CF = 0x33 };

struct alu {
	u64 a, b, accu;
	u64 zf, cf; /* all ones, or zero */
};

static u64 flag(bool set)
{
	return set ? ~0ull : 0;
}

static int alu_load(struct alu *alu, u32 to, u64 val)
{
	if (to != ALU_SRCA && to != ALU_SRCB)
		return -EINVAL;
	*(to == ALU_SRCA ? &alu->a : &alu->b) = val;
	return 0;
}

static int alu_store(struct softgpu_engine *e, const struct alu *alu, u32 to, u32 from, u64 invert)
{
	u64 val;

	switch (from) {
	case ALU_ACCU:
		val = alu->accu;
		break;
	case ALU_ZF:
		val = alu->zf;
		break;
	case ALU_CF:
		val = alu->cf;
		break;
	default:
		return -EINVAL;
	}
	if (to >= RING_GPRS)
		return -EINVAL;
	mi_set_gpr(e, to, val ^ invert);
	return 0;
}

static int alu_step(struct softgpu_engine *e, struct alu *alu, u32 instruction)
{
	u32 op = instruction >> 20, to = instruction >> 10 & 0x3ff, from = instruction & 0x3ff;
	u64 a = alu->a, b = alu->b;

	switch (op) {
	case ALU_NOOP:
		return 0;
	case ALU_LOAD:
	case ALU_LOADINV:
		if (from >= RING_GPRS)
			return -EINVAL;
		return alu_load(alu, to, mi_gpr(e, from) ^ flag(op == ALU_LOADINV));
	case ALU_LOAD0:
		return alu_load(alu, to, 0);
	case ALU_LOAD1:
		return alu_load(alu, to, ~0ull);
	case ALU_STORE:
	case ALU_STOREINV:
		return alu_store(e, alu, to, from, flag(op == ALU_STOREINV));
	case ALU_ADD:
		alu->accu = a + b;
		alu->cf = flag(alu->accu < a);
		break;
	case ALU_SUB:
		alu->accu = a - b;
		alu->cf = flag(a < b);
		break;
	case ALU_AND:
		alu->accu = a & b;
		alu->cf = 0;
		break;
	case ALU_OR:
		alu->accu = a | b;
		alu->cf = 0;
		break;
	case ALU_XOR:
		alu->accu = a ^ b;
		alu->cf = 0;
		break;
	default:
		return -EINVAL;
	}
	alu->zf = flag(!alu->accu);
	return 0;
}

int mi_math(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	struct alu alu = { 0 };

	for (u32 i = 1; i < nr; i++) {
		int err = alu_step(e, &alu, dw[i]);

		if (err)
			return err;
	}
	return 0;
}

/* ---- MI_ATOMIC ---- */

#define ATOMIC_INLINE	     BIT32(18)
#define ATOMIC_RETURN	     BIT32(16)
#define ATOMIC_INLINE_LENGTH 11u

enum { WIDTH_DWORD, WIDTH_QWORD, WIDTH_OCTWORD };

enum {
	ATOMIC_AND = 1,
	ATOMIC_OR,
	ATOMIC_XOR,
	ATOMIC_MOVE,
	ATOMIC_INC,
	ATOMIC_DEC,
	ATOMIC_ADD,
	ATOMIC_SUB,
	ATOMIC_RSUB,
	ATOMIC_IMAX,
	ATOMIC_IMIN,
	ATOMIC_UMAX,
	ATOMIC_UMIN,
	ATOMIC_CMPWR,
	ATOMIC_PREDEC,
};

/* The new value for @old. Operations on dwords are given sign-extended operands. */
static bool result(u32 op, u64 old, u64 a, u64 b, u64 *val)
{
	const bool below = (s64)old < (s64)a;

	switch (op) {
	case ATOMIC_AND:
		*val = old & a;
		return true;
	case ATOMIC_OR:
		*val = old | a;
		return true;
	case ATOMIC_XOR:
		*val = old ^ a;
		return true;
	case ATOMIC_MOVE:
		*val = a;
		return true;
	case ATOMIC_INC:
		*val = old + 1;
		return true;
	case ATOMIC_DEC:
	case ATOMIC_PREDEC:
		*val = old - 1;
		return true;
	case ATOMIC_ADD:
		*val = old + a;
		return true;
	case ATOMIC_SUB:
		*val = old - a;
		return true;
	case ATOMIC_RSUB:
		*val = a - old;
		return true;
	case ATOMIC_IMAX:
		*val = below ? a : old;
		return true;
	case ATOMIC_IMIN:
		*val = below ? old : a;
		return true;
	case ATOMIC_UMAX:
		*val = old < a ? a : old;
		return true;
	case ATOMIC_UMIN:
		*val = old < a ? old : a;
		return true;
	case ATOMIC_CMPWR:
		*val = old == a ? b : old;
		return true;
	default:
		return false;
	}
}

static u64 extend(u32 val)
{
	return (u64)(s64)(int32_t)val;
}

static int atomic_dword(u32 *at, u32 op, u64 a, u64 b, u64 *old)
{
	u32 was = __atomic_load_n(at, __ATOMIC_RELAXED);
	u64 val;

	do {
		if (!result(op, extend(was), extend((u32)a), extend((u32)b), &val))
			return -EINVAL;
	} while (!__atomic_compare_exchange_n(at, &was, (u32)val, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	*old = op == ATOMIC_PREDEC ? (u32)val : was;
	return 0;
}

static int atomic_qword(u64 *at, u32 op, u64 a, u64 b, u64 *old)
{
	u64 was = __atomic_load_n(at, __ATOMIC_RELAXED), val;

	do {
		if (!result(op, was, a, b, &val))
			return -EINVAL;
	} while (!__atomic_compare_exchange_n(at, &was, val, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	*old = op == ATOMIC_PREDEC ? val : was;
	return 0;
}

/* 16 bytes can only be compared and replaced. It is done in halves, which others may see. */
static int atomic_octword(u64 *at, u32 op, const u64 a[2], const u64 b[2], u64 old[2])
{
	if (op != ATOMIC_CMPWR)
		return -EINVAL;
	for (u32 i = 0; i < 2; i++)
		old[i] = __atomic_load_n(&at[i], __ATOMIC_ACQUIRE);
	if (old[0] == a[0] && old[1] == a[1])
		for (u32 i = 0; i < 2; i++)
			__atomic_store_n(&at[i], b[i], __ATOMIC_RELEASE);
	return 0;
}

/* The operands are in the command, where dwords of both alternate, or in registers. */
static void operands(struct softgpu_engine *e, const u32 *dw, u32 width, u64 a[2], u64 b[2])
{
	u32 regs = width == WIDTH_OCTWORD ? 2 : 1;

	for (u32 i = 0; i < 2; i++) {
		if (dw[0] & ATOMIC_INLINE) {
			a[i] = dw[3 + 4 * i] | (u64)dw[5 + 4 * i] << 32;
			b[i] = dw[4 + 4 * i] | (u64)dw[6 + 4 * i] << 32;
		} else {
			a[i] = mi_gpr(e, i);
			b[i] = mi_gpr(e, regs + i);
		}
	}
}

int mi_atomic(struct softgpu_engine *e, const u32 *dw, u32 nr)
{
	u32 width = dw[0] >> 19 & 3, op = dw[0] >> 8 & 0x1f;
	u64 a[2], b[2], old[2] = { 0 }, addr = mi_addr(dw, 1);
	void *at;
	int err;

	if (width > WIDTH_OCTWORD || addr % (4ull << width) ||
	    (dw[0] & ATOMIC_INLINE && nr < ATOMIC_INLINE_LENGTH))
		return -EINVAL;
	at = softgpu_mem(e, mi_global(e, dw[0] & MI_GLOBAL), addr, true);
	if (!at)
		return -EFAULT;
	operands(e, dw, width, a, b);
	if (width == WIDTH_DWORD)
		err = atomic_dword(at, op, a[0], b[0], old);
	else if (width == WIDTH_QWORD)
		err = atomic_qword(at, op, a[0], b[0], old);
	else
		err = atomic_octword(at, op, a, b, old);
	if (err || !(dw[0] & ATOMIC_RETURN))
		return err;
	mi_set_gpr(e, 0, old[0]);
	if (width == WIDTH_OCTWORD)
		mi_set_gpr(e, 1, old[1]);
	return 0;
}
