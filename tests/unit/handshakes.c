/* SPDX-License-Identifier: MIT */
/* Requests that a driver makes of the hardware, whose answers it waits for, in a driver's order. */
#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define GDRST 0x941cu

START_TEST(forcewake)
{
	static const struct {
		u32 request, ack;
	} domains[] = { { 0xa278, 0xd84 }, { 0xa188, 0x130044 }, { 0xa270, 0xd88 } };
	struct fake *f = fake_vgpu();

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		u32 request = domains[i].request, ack = domains[i].ack;

		ck_assert_uint_eq(fake_reg(f, ack), 0);
		fake_reg_write(f, request, 0x00010001);
		ck_assert_uint_eq(fake_reg(f, ack), 1);
		/* Another user's bit leaves the first one's alone. */
		fake_reg_write(f, request, 0x80008000);
		ck_assert_uint_eq(fake_reg(f, ack), 0x8001);
		fake_reg_write(f, request, 0x00010000);
		ck_assert_uint_eq(fake_reg(f, ack), 0x8000);
		fake_reg_write(f, request, 0xffff0000);
		ck_assert_uint_eq(fake_reg(f, ack), 0);
		fake_reg_write(f, ack, 1);
		ck_assert_uint_eq(fake_reg(f, ack), 0);
	}
	fake_free(f);
}
END_TEST

/* Each engine's bit of GDRST. */
static const struct {
	enum gvt_engine engine;
	u32 bit;
} resets[] = {
	{ GVT_RCS0, 1 << 1 }, { GVT_VCS0, 1 << 2 }, { GVT_BCS0, 1 << 3 }, { GVT_VECS0, 1 << 4 }
};

#define RING_TAIL 0x30
#define RING_IMR  0xa8

static void spoil_rings(struct fake *f)
{
	for (int e = 0; e < GVT_NR_ENGINES; e++) {
		fake_reg_write(f, gvt_engine_base(e) + RING_TAIL, 0x1230);
		fake_reg_write(f, gvt_engine_base(e) + RING_IMR, 0);
	}
}

START_TEST(engine_reset)
{
	struct fake *f = fake_vgpu();

	for (size_t i = 0; i < ARRAY_SIZE(resets); i++) {
		spoil_rings(f);
		fake_reg_write(f, GDRST, resets[i].bit);
		ck_assert_uint_eq(fake_reg(f, GDRST), 0);
		for (int e = 0; e < GVT_NR_ENGINES; e++) {
			bool lost = e == (int)resets[i].engine;

			ck_assert_uint_eq(fake_reg(f, gvt_engine_base(e) + RING_TAIL),
					  lost ? 0 : 0x1230);
			ck_assert_uint_eq(fake_reg(f, gvt_engine_base(e) + RING_IMR),
					  lost ? ~0u : 0);
		}
	}
	fake_free(f);
}
END_TEST

/* A full reset clears the state of the GPU's pipelines. Registers that drivers set once stay. */
START_TEST(full_reset)
{
	static const u32 stay[] = { 0x40e0 /* PAT */, 0x100000 /* fence */, 0x44304 /* GT IMR */,
				    0xa090 /* RC_CONTROL */, 0x45504 /* DC_STATE_EN */ };
	struct fake *f = fake_vgpu();

	spoil_rings(f);
	fake_reg_write(f, 0x7000, 0x00100010);
	fake_reg_write(f, 0xb020, 0x30003);
	for (size_t i = 0; i < ARRAY_SIZE(stay); i++)
		fake_reg_write(f, stay[i], 0x1230);
	fake_reg_write(f, GDRST, 1);
	ck_assert_uint_eq(fake_reg(f, GDRST), 0);
	for (int e = 0; e < GVT_NR_ENGINES; e++) {
		ck_assert_uint_eq(fake_reg(f, gvt_engine_base(e) + RING_TAIL), 0);
		ck_assert_uint_eq(fake_reg(f, gvt_engine_base(e) + RING_IMR), ~0u);
	}
	ck_assert_uint_eq(fake_reg(f, 0x7000), 0);
	ck_assert_uint_eq(fake_reg(f, 0xb020), 0);
	for (size_t i = 0; i < ARRAY_SIZE(stay); i++)
		ck_assert_msg(fake_reg(f, stay[i]) == 0x1230, "0x%x was lost", stay[i]);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + 0x78000, 8), 0x4776544776544776);
	fake_free(f);
}
END_TEST

START_TEST(ring_reset_and_stop)
{
	struct fake *f = fake_vgpu();

	for (int e = 0; e < GVT_NR_ENGINES; e++) {
		u32 reset_ctl = gvt_engine_base(e) + 0xd0, mi_mode = gvt_engine_base(e) + 0x9c;

		fake_reg_write(f, reset_ctl, 0x00010001);
		ck_assert_uint_eq(fake_reg(f, reset_ctl), 3);
		fake_reg_write(f, reset_ctl, 0x00020000); /* the ready bit is read-only */
		ck_assert_uint_eq(fake_reg(f, reset_ctl), 3);
		fake_reg_write(f, reset_ctl, 0x00010000);
		ck_assert_uint_eq(fake_reg(f, reset_ctl), 0);

		fake_reg_write(f, mi_mode, 0x01000100);
		ck_assert_uint_eq(fake_reg(f, mi_mode) & 0x300, 0x300);
		fake_reg_write(f, mi_mode, 0x02000000); /* and so is the idle bit */
		ck_assert_uint_eq(fake_reg(f, mi_mode) & 0x300, 0x300);
		fake_reg_write(f, mi_mode, 0x01000000);
		ck_assert_uint_eq(fake_reg(f, mi_mode) & 0x100, 0);
	}
	fake_free(f);
}
END_TEST

static u32 pcode(struct fake *f, u32 command, u32 data)
{
	fake_reg_write(f, 0x138128, data);
	fake_reg_write(f, 0x138124, 1u << 31 | command);
	ck_assert_msg(!(fake_reg(f, 0x138124) & 1u << 31), "command 0x%x hangs", command);
	ck_assert_msg(!(fake_reg(f, 0x138124) & 0xff), "command 0x%x fails", command);
	return fake_reg(f, 0x138128);
}

START_TEST(mailbox)
{
	struct fake *f = fake_vgpu();

	ck_assert_uint_eq(pcode(f, 0x06, 0), 0x1e1a1100); /* memory latency, levels 0 to 3 */
	ck_assert_uint_eq(pcode(f, 0x06, 1), 0x61514b3d); /* and 4 to 7 */
	ck_assert_uint_eq(pcode(f, 0x07, 3) & 1, 1);	  /* ready for another display clock */
	ck_assert_uint_eq(pcode(f, 0x21, 0) & 1, 1);	  /* SAGV is off */
	ck_assert_uint_eq(pcode(f, 0x05, 0) & 1, 1);
	ck_assert_uint_eq(pcode(f, 0x0c, 0), 0);
	for (u32 command = 0; command < 0x100; command++)
		pcode(f, command, 0x1234);
	/* Without its ready bit, a write is no command. */
	fake_reg_write(f, 0x138128, 0x77);
	fake_reg_write(f, 0x138124, 0x06);
	ck_assert_uint_eq(fake_reg(f, 0x138128), 0x77);
	fake_free(f);
}
END_TEST

START_TEST(power_wells)
{
	static const u32 wells[] = {
		0, 2, 4, 6, 8, 28, 30
	}; /* the state's bit; the request's + 1 */
	const u32 bios = 0x45400, driver = 0x45404;
	struct fake *f = fake_vgpu();

	ck_assert_uint_eq(fake_reg(f, 0x42000) >> 25 & 0x47, 0x47);
	for (size_t i = 0; i < ARRAY_SIZE(wells); i++) {
		u32 state = 1u << wells[i], request = state << 1, was = fake_reg(f, driver);

		fake_reg_write(f, driver, was | request);
		ck_assert_uint_eq(fake_reg(f, driver), was | request | state);
		ck_assert_uint_ne(fake_reg(f, bios) & state, 0);
	}
	/* A well stays on while anyone requests it. */
	fake_reg_write(f, bios, 2);
	fake_reg_write(f, driver, 0);
	ck_assert_uint_eq(fake_reg(f, driver), 1);
	fake_reg_write(f, bios, 0);
	ck_assert_uint_eq(fake_reg(f, driver), 0);
	/* State bits cannot be written. */
	fake_reg_write(f, driver, 0x50000155);
	ck_assert_uint_eq(fake_reg(f, driver), 0);
	fake_free(f);
}
END_TEST

/* Bit 30 follows bit 31 at once, in registers of buffers, clocks and pipes. */
START_TEST(state_follows_request)
{
	static const u32 regs[] = { 0x45008 /* DBUF_CTL */,
				    0x46010 /* LCPLL1 */,
				    0x70008 /* PIPECONF A */,
				    0x71008,
				    0x72008,
				    0x7f008 };
	struct fake *f = fake_vgpu();

	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		fake_reg_write(f, regs[i], 0x80000000);
		ck_assert_msg(fake_reg(f, regs[i]) == 0xc0000000, "0x%x", regs[i]);
		fake_reg_write(f, regs[i], 0x40000000);
		ck_assert_msg(!(fake_reg(f, regs[i]) & 0xc0000000), "0x%x", regs[i]);
	}
	fake_free(f);
}
END_TEST

START_TEST(clock_generators)
{
	static const struct {
		u32 ctl, lock;
	} plls[] = {
		{ 0x46010, 1 }, { 0x46014, 1 << 8 }, { 0x46040, 1 << 16 }, { 0x46060, 1 << 24 }
	};
	struct fake *f = fake_vgpu();
	u32 locked = 0;

	ck_assert_uint_eq(fake_reg(f, 0x6c060), 0);
	for (size_t i = 0; i < ARRAY_SIZE(plls); i++) {
		fake_reg_write(f, plls[i].ctl, 0x80000000);
		locked |= plls[i].lock;
		ck_assert_uint_eq(fake_reg(f, 0x6c060), locked);
	}
	fake_reg_write(f, 0x46014, 0);
	ck_assert_uint_eq(fake_reg(f, 0x6c060), locked & ~(1u << 8));
	fake_free(f);
}
END_TEST

START_TEST(self_clearing)
{
	static const u32 tlb[] = { 0x4260, 0x4264, 0x4268, 0x426c, 0x4270, 0x4274 };
	struct fake *f = fake_vgpu();

	/* A request to load a microcontroller's firmware ends at once, though nothing is loaded. */
	fake_reg_write(f, 0xc314, 0x00010001);
	ck_assert_uint_eq(fake_reg(f, 0xc314), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tlb); i++) {
		fake_reg_write(f, tlb[i], 1);
		ck_assert_uint_eq(fake_reg(f, tlb[i]), 0);
	}
	fake_free(f);
}
END_TEST

/* There is no monitor, and a driver need not wait for one. */
START_TEST(nobody_on_the_buses)
{
	struct fake *f = fake_vgpu();

	for (u32 port = 0; port < 4; port++) {
		u32 ctl = 0x64010 + port * 0x100;

		fake_reg_write(f, ctl, 0x80000000 | 1u << 20 | 0x52000000);
		ck_assert_uint_eq(fake_reg(f, ctl) & 0x80000000, 0);
		ck_assert_uint_ne(fake_reg(f, ctl) & 1u << 28, 0); /* timed out */
		fake_reg_write(f, ctl, 0x52000000);
		ck_assert_uint_eq(fake_reg(f, ctl) & 0x52000000, 0);
	}
	fake_reg_write(f, 0xc5100, 5);
	fake_reg_write(f, 0xc5104, 1u << 30 | 1 << 16 | 0xa1); /* a read of address 0x50 */
	ck_assert_uint_ne(fake_reg(f, 0xc5108) & 1 << 10, 0);  /* is not acknowledged */
	fake_reg_write(f, 0xc5104, 1u << 31);
	ck_assert_uint_eq(fake_reg(f, 0xc5108) & 1 << 10, 0);
	fake_reg_write(f, 0xc6008, 1);
	ck_assert_uint_eq(fake_reg(f, 0xc6008) & 1, 0);
	ck_assert_uint_eq(fake_reg(f, 0xc2014), 0);
	ck_assert_uint_eq(fake_reg(f, 0xc4000), 0);
	fake_reg_write(f, 0xc7204, 1);
	ck_assert_uint_ne(fake_reg(f, 0xc7200) & 1u << 31, 0);
	fake_reg_write(f, 0xc7204, 0);
	ck_assert_uint_eq(fake_reg(f, 0xc7200), 0);
	fake_free(f);
}
END_TEST

/* Values without which a driver gives the device up or complains. */
START_TEST(what_must_read_so)
{
	static const struct {
		u32 offset, mask, val;
	} expect[] = {
		{ 0xc000, 1, 1 }, /* GUC_STATUS: in reset */
		{ 0xc050, 1, 0 }, /* its memory was never locked */
		{ 0xc340, 1, 0 },
		{ 0x42300, 1u << 31, 0 },	     /* FPGA_DBG: no access went unclaimed */
		{ 0x51000, 0x50200000, 0x50200000 }, /* DFSM: no pipe */
		{ 0x41000, 1u << 31, 1u << 31 },     /* VGA is off */
		{ 0x9120, 7u << 25, 1u << 25 },	     /* one slice, */
		{ 0x9120, 0xf << 20, 8 << 20 },	     /* three subslices */
		{ 0xa26c, 1, 0 },		     /* timestamps from the crystal, */
		{ 0xa26c, 6, 4 },		     /* halved */
		{ 0x64000, 1 << 7, 1 << 7 },	     /* DDI buffers are idle */
	};
	struct fake *f = fake_vgpu();

	for (size_t i = 0; i < ARRAY_SIZE(expect); i++)
		ck_assert_msg((fake_reg(f, expect[i].offset) & expect[i].mask) == expect[i].val,
			      "0x%x: 0x%x", expect[i].offset, fake_reg(f, expect[i].offset));
	for (int e = 0; e < GVT_NR_ENGINES; e++) {
		ck_assert_uint_eq(fake_reg(f, gvt_engine_base(e) + 0xb0), 0); /* EIR */
		ck_assert_uint_eq(fake_reg(f, gvt_engine_base(e) + 0xb8), 0); /* ESR */
	}
	/* DC_STATE_EN must keep what was written: drivers repeat the write a hundred times. */
	fake_reg_write(f, 0x45504, 0xa);
	ck_assert_uint_eq(fake_reg(f, 0x45504), 0xa);
	fake_free(f);
}
END_TEST

Suite *suite_handshakes(void)
{
	const TTest *const tests[] = {
		forcewake,
		engine_reset,
		full_reset,
		ring_reset_and_stop,
		mailbox,
		power_wells,
		state_follows_request,
		clock_generators,
		self_clearing,
		nobody_on_the_buses,
		what_must_read_so,
	};

	return unit_suite("handshakes", tests, ARRAY_SIZE(tests));
}
