/* SPDX-License-Identifier: MIT */
/*
 * Interrupts, in the sequences of accesses that a driver's handler makes. A handler reads its
 * registers without a trap, so the tests look at the pages that the guest sees.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "core/irq/irq.h"
#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define MASTER	      0x44200u
#define MASTER_ENABLE 0x80000000u
#define MSI_CAP	      0xacu
#define RING_IMR      0xa8u

/* As i915 names them: GEN8_GT_ISR(n) and so on, and the bits of GEN8_MASTER_IRQ. */
static const struct {
	u32 isr, low, high; /* the master's bits for sources 0 to 15 and 16 to 31 */
} groups[VGPU_NR_IRQ_GROUPS] = {
	[VGPU_IRQ_GT0] = { 0x44300, 1 << 0, 1 << 1 },
	[VGPU_IRQ_GT1] = { 0x44310, 1 << 2, 1 << 3 },
	[VGPU_IRQ_GT2] = { 0x44320, 1 << 4, 1 << 5 },
	[VGPU_IRQ_GT3] = { 0x44330, 1 << 6, 1 << 6 },
	[VGPU_IRQ_PIPE_A] = { 0x44400, 1 << 16, 1 << 16 },
	[VGPU_IRQ_PIPE_B] = { 0x44410, 1 << 17, 1 << 17 },
	[VGPU_IRQ_PIPE_C] = { 0x44420, 1 << 18, 1 << 18 },
	[VGPU_IRQ_PORT] = { 0x44440, 1 << 20, 1 << 20 },
	[VGPU_IRQ_MISC] = { 0x44460, 1 << 22, 1 << 22 },
	[VGPU_IRQ_PCU] = { 0x444e0, 1 << 30, 1 << 30 },
	[VGPU_IRQ_SDE] = { 0xc4000, 1 << 23, 1 << 23 },
};

#define ISR(g) (groups[g].isr)
#define IMR(g) (groups[g].isr + 4)
#define IIR(g) (groups[g].isr + 8)
#define IER(g) (groups[g].isr + 12)

static u32 see(const struct fake *f, u32 offset)
{
	return f->mirror[offset / sizeof(u32)];
}

static u64 sent(const struct fake *f)
{
	return intel_vgpu_counters(f->vgpu)->msi;
}

static void set_msi(struct fake *f, bool on)
{
	fake_cfg_write(f, MSI_CAP + PCI_MSI_FLAGS, 2, on ? PCI_MSI_FLAGS_ENABLE : 0);
}

/* A driver has installed its handler: all sources unmasked and enabled, the master on. */
static struct fake *start(void)
{
	struct fake *f = fake_vgpu();

	fake_cfg_write(f, MSI_CAP + PCI_MSI_ADDRESS_LO, 4, 0xfee01000);
	set_msi(f, true);
	for (u32 g = 0; g < VGPU_NR_IRQ_GROUPS; g++) {
		fake_reg_write(f, IMR(g), 0);
		fake_reg_write(f, IER(g), ~0u);
	}
	for (int e = 0; e < GVT_NR_ENGINES; e++)
		fake_reg_write(f, gvt_engine_base(e) + RING_IMR, 0);
	fake_reg_write(f, MASTER, MASTER_ENABLE);
	ck_assert_uint_eq(sent(f), 0);
	return f;
}

/* One pass of a handler over the groups that the master shows. @seen gathers the events. */
static void handle(struct fake *f, u32 *seen)
{
	u32 master;

	fake_reg_write(f, MASTER, 0);
	master = see(f, MASTER);
	for (u32 g = 0; g < VGPU_NR_IRQ_GROUPS; g++) {
		u32 iir = see(f, IIR(g));

		if (!(master & (groups[g].low | groups[g].high)))
			continue;
		UNIT_CHECK(iir, "the master lied about group %u", g);
		fake_reg_write(f, IIR(g), iir);
		seen[g] |= iir;
	}
	fake_reg_write(f, MASTER, MASTER_ENABLE);
}

START_TEST(no_read_traps)
{
	struct fake *f = start();

	ck_assert(!intel_gvt_page_traps(f->gvt, MASTER / GVT_PAGE_SIZE));
	for (u32 g = 0; g < VGPU_NR_IRQ_GROUPS; g++)
		ck_assert(!intel_gvt_page_traps(f->gvt, ISR(g) / GVT_PAGE_SIZE));
	fake_free(f);
}
END_TEST

/* Each source sets its bit and the master's, and sends one message. When served, all are clear. */
START_TEST(every_source)
{
	struct fake *f = start();
	u64 before = 0;

	for (u32 g = 0; g < VGPU_NR_IRQ_GROUPS; g++)
		for (u32 bit = 0; bit < 32; bit++) {
			u32 master = bit < 16 ? groups[g].low : groups[g].high;

			vgpu_irq_raise(f->vgpu, g, 1u << bit);
			UNIT_CHECK(sent(f) == ++before, "group %u, source %u", g, bit);
			UNIT_CHECK(see(f, MASTER) == (MASTER_ENABLE | master), "group %u", g);
			UNIT_CHECK(see(f, IIR(g)) == 1u << bit, "group %u, source %u", g, bit);
			UNIT_CHECK(!see(f, ISR(g)), "a pulse of group %u stays", g);
			fake_reg_write(f, MASTER, 0);
			UNIT_CHECK(see(f, MASTER) == master, "group %u", g);
			fake_reg_write(f, IIR(g), 1u << bit);
			fake_reg_write(f, MASTER, MASTER_ENABLE);
			UNIT_CHECK(see(f, MASTER) == MASTER_ENABLE, "group %u", g);
		}
	ck_assert_uint_eq(sent(f), before);
	fake_free(f);
}
END_TEST

START_TEST(engines)
{
	static const struct {
		enum gvt_engine engine;
		enum vgpu_irq_group group;
		u32 shift, master;
	} expect[] = {
		{ GVT_RCS0, VGPU_IRQ_GT0, 0, 1 << 0 },
		{ GVT_BCS0, VGPU_IRQ_GT0, 16, 1 << 1 },
		{ GVT_VCS0, VGPU_IRQ_GT1, 0, 1 << 2 },
		{ GVT_VECS0, VGPU_IRQ_GT3, 0, 1 << 6 },
	};
	struct fake *f = start();
	u32 seen[VGPU_NR_IRQ_GROUPS];

	for (size_t i = 0; i < ARRAY_SIZE(expect); i++) {
		u32 imr = gvt_engine_base(expect[i].engine) + RING_IMR;
		u64 before = sent(f);

		/* As i915 sets it up: context switches always, user interrupts while waited for. */
		fake_reg_write(f, imr, ~(GVT_IRQ_CONTEXT << expect[i].shift));
		vgpu_irq_raise_engine(f->vgpu, expect[i].engine, GVT_IRQ_USER | GVT_IRQ_CS_ERROR);
		ck_assert_uint_eq(see(f, IIR(expect[i].group)), 0);
		ck_assert_uint_eq(sent(f), before);
		fake_reg_write(f, imr, ~((GVT_IRQ_CONTEXT | GVT_IRQ_USER) << expect[i].shift));
		vgpu_irq_raise_engine(f->vgpu, expect[i].engine, GVT_IRQ_USER | GVT_IRQ_CONTEXT);
		ck_assert_uint_eq(see(f, IIR(expect[i].group)), (GVT_IRQ_USER | GVT_IRQ_CONTEXT)
									<< expect[i].shift);
		ck_assert_uint_eq(see(f, MASTER), MASTER_ENABLE | expect[i].master);
		ck_assert_uint_eq(sent(f), before + 1);
		/* The group's mask holds back an event that the engine's mask lets through. */
		memset(seen, 0, sizeof(seen));
		handle(f, seen);
		fake_reg_write(f, IMR(expect[i].group), GVT_IRQ_USER << expect[i].shift);
		vgpu_irq_raise_engine(f->vgpu, expect[i].engine, GVT_IRQ_USER);
		ck_assert_uint_eq(see(f, IIR(expect[i].group)), 0);
		fake_reg_write(f, IMR(expect[i].group), 0);
		ck_assert_uint_eq(sent(f), before + 1);
	}
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->irq_masked, 3 * ARRAY_SIZE(expect));
	fake_free(f);
}
END_TEST

/* An event that is latched and not enabled sends its message when it is enabled. */
START_TEST(enabling)
{
	struct fake *f = start();

	fake_reg_write(f, IER(VGPU_IRQ_PCU), 0);
	vgpu_irq_raise(f->vgpu, VGPU_IRQ_PCU, 1 << 24);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_PCU)), 1 << 24);
	ck_assert_uint_eq(see(f, MASTER), MASTER_ENABLE);
	ck_assert_uint_eq(sent(f), 0);
	fake_reg_write(f, IER(VGPU_IRQ_PCU), 1 << 23);
	ck_assert_uint_eq(sent(f), 0);
	fake_reg_write(f, IER(VGPU_IRQ_PCU), 3 << 23);
	ck_assert_uint_eq(sent(f), 1);
	ck_assert_uint_eq(see(f, MASTER), MASTER_ENABLE | 1 << 30);
	/* Disabled and enabled again, it sends another message. */
	fake_reg_write(f, IER(VGPU_IRQ_PCU), 0);
	ck_assert_uint_eq(see(f, MASTER), MASTER_ENABLE);
	fake_reg_write(f, IER(VGPU_IRQ_PCU), 1 << 24);
	ck_assert_uint_eq(sent(f), 2);
	/* The mask keeps new events out, and keeps latched ones. */
	fake_reg_write(f, IMR(VGPU_IRQ_PCU), ~0u);
	vgpu_irq_raise(f->vgpu, VGPU_IRQ_PCU, 1 << 25);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_PCU)), 1 << 24);
	/* Read-only bits do not change. */
	fake_reg_write(f, ISR(VGPU_IRQ_PCU), ~0u);
	ck_assert_uint_eq(see(f, ISR(VGPU_IRQ_PCU)), 0);
	fake_reg_write(f, MASTER, ~0u);
	ck_assert_uint_eq(see(f, MASTER), MASTER_ENABLE | 1 << 30);
	fake_free(f);
}
END_TEST

/* Many events send one message until they are served, and one pass of the handler sees them all. */
START_TEST(one_message)
{
	struct fake *f = start();
	u32 seen[VGPU_NR_IRQ_GROUPS] = { 0 };

	for (u32 n = 0; n < 10; n++) {
		vgpu_irq_raise_engine(f->vgpu, GVT_RCS0, GVT_IRQ_USER | GVT_IRQ_CONTEXT);
		vgpu_irq_raise_engine(f->vgpu, GVT_VCS0, GVT_IRQ_CONTEXT);
		vgpu_irq_raise(f->vgpu, VGPU_IRQ_PIPE_A, 1);
	}
	ck_assert_uint_eq(sent(f), 1);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->irq_raised, 40);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->irq_coalesced, 39);
	handle(f, seen);
	ck_assert_uint_eq(seen[VGPU_IRQ_GT0], GVT_IRQ_USER | GVT_IRQ_CONTEXT);
	ck_assert_uint_eq(seen[VGPU_IRQ_GT1], GVT_IRQ_CONTEXT);
	ck_assert_uint_eq(seen[VGPU_IRQ_PIPE_A], 1);
	/* All of them came before the handler looked, so nothing is left. */
	ck_assert_uint_eq(see(f, MASTER), MASTER_ENABLE);
	ck_assert_uint_eq(sent(f), 1);
	fake_free(f);
}
END_TEST

/* No message is sent while the handler runs. Events of that time send one when it ends. */
START_TEST(during_the_handler)
{
	struct fake *f = start();

	vgpu_irq_raise_engine(f->vgpu, GVT_RCS0, GVT_IRQ_USER);
	fake_reg_write(f, MASTER, 0);
	ck_assert_uint_eq(see(f, MASTER), 1);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_GT0)), GVT_IRQ_USER);
	/* The handler has read and not yet cleared: events of the same source and of others. */
	vgpu_irq_raise_engine(f->vgpu, GVT_RCS0, GVT_IRQ_USER);
	vgpu_irq_raise_engine(f->vgpu, GVT_VECS0, GVT_IRQ_USER);
	vgpu_irq_raise_engine(f->vgpu, GVT_VECS0, GVT_IRQ_CONTEXT);
	ck_assert_uint_eq(sent(f), 1);
	fake_reg_write(f, IIR(VGPU_IRQ_GT0), GVT_IRQ_USER);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_GT0)), GVT_IRQ_USER);
	ck_assert_uint_eq(see(f, MASTER), 1 | 1 << 6);
	fake_reg_write(f, MASTER, MASTER_ENABLE);
	ck_assert_uint_eq(sent(f), 2);
	fake_reg_write(f, MASTER, MASTER_ENABLE);
	ck_assert_uint_eq(sent(f), 2);
	/* Two events of a source are kept. A third one counts as one of them. */
	fake_reg_write(f, MASTER, 0);
	for (u32 n = 0; n < 5; n++)
		vgpu_irq_raise_engine(f->vgpu, GVT_RCS0, GVT_IRQ_USER);
	fake_reg_write(f, IIR(VGPU_IRQ_GT0), ~0u);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_GT0)), GVT_IRQ_USER);
	fake_reg_write(f, IIR(VGPU_IRQ_GT0), ~0u);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_GT0)), 0);
	fake_free(f);
}
END_TEST

/* A driver that polls loses no event either, with the master on and the source not enabled. */
START_TEST(polling)
{
	struct fake *f = start();

	fake_reg_write(f, IER(VGPU_IRQ_SDE), 0);
	vgpu_irq_raise(f->vgpu, VGPU_IRQ_SDE, 1 << 17);
	vgpu_irq_raise(f->vgpu, VGPU_IRQ_SDE, 1 << 17);
	fake_reg_write(f, IIR(VGPU_IRQ_SDE), 1 << 17);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_SDE)), 1 << 17);
	fake_reg_write(f, IIR(VGPU_IRQ_SDE), 1 << 17);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_SDE)), 0);
	/* If it is served with the master on, the next event sends a message. */
	fake_reg_write(f, IER(VGPU_IRQ_SDE), ~0u);
	vgpu_irq_raise(f->vgpu, VGPU_IRQ_SDE, 1 << 17);
	ck_assert_uint_eq(sent(f), 1);
	fake_reg_write(f, IIR(VGPU_IRQ_SDE), 1 << 17);
	vgpu_irq_raise(f->vgpu, VGPU_IRQ_SDE, 1 << 17);
	ck_assert_uint_eq(sent(f), 2);
	/* An event latched twice with the master off sends a second message when it shows. */
	fake_reg_write(f, MASTER, 0);
	vgpu_irq_raise(f->vgpu, VGPU_IRQ_SDE, 1 << 17);
	fake_reg_write(f, MASTER, MASTER_ENABLE);
	ck_assert_uint_eq(sent(f), 3);
	fake_reg_write(f, IIR(VGPU_IRQ_SDE), 1 << 17);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_SDE)), 1 << 17);
	ck_assert_uint_eq(sent(f), 4);
	fake_free(f);
}
END_TEST

/* A message that is off or fails is made up for later. */
START_TEST(messages_off)
{
	struct fake *f = start();
	u32 seen[VGPU_NR_IRQ_GROUPS] = { 0 };

	set_msi(f, false);
	vgpu_irq_raise_engine(f->vgpu, GVT_BCS0, GVT_IRQ_USER);
	ck_assert_uint_eq(sent(f), 0);
	set_msi(f, true);
	ck_assert_uint_eq(sent(f), 1);
	set_msi(f, true);
	ck_assert_uint_eq(sent(f), 1);
	handle(f, seen);
	f->fail_msi = -EINVAL;
	vgpu_irq_raise_engine(f->vgpu, GVT_BCS0, GVT_IRQ_USER);
	ck_assert_uint_eq(sent(f), 1);
	vgpu_irq_raise_engine(f->vgpu, GVT_BCS0, GVT_IRQ_USER);
	ck_assert_uint_eq(sent(f), 2);
	/* A reset leaves nothing of it. */
	fake_reg_write(f, MASTER, 0);
	vgpu_irq_raise_engine(f->vgpu, GVT_BCS0, GVT_IRQ_USER);
	intel_gvt_reset_vgpu(f->vgpu);
	ck_assert_uint_eq(see(f, MASTER), 0);
	fake_place(f);
	set_msi(f, true);
	fake_reg_write(f, IER(VGPU_IRQ_GT0), ~0u);
	fake_reg_write(f, MASTER, MASTER_ENABLE);
	fake_reg_write(f, IIR(VGPU_IRQ_GT0), ~0u);
	ck_assert_uint_eq(see(f, IIR(VGPU_IRQ_GT0)), 0);
	ck_assert_uint_eq(sent(f), 2);
	fake_free(f);
}
END_TEST

/* The process ended between latching and sending: the next one sends the message. */
START_TEST(taken_up)
{
	struct fake *f = start();
	struct vgpu_cfg *cfg = f->vgpu->cfg;

	set_msi(f, false);
	vgpu_irq_raise_engine(f->vgpu, GVT_RCS0, GVT_IRQ_CONTEXT);
	intel_gvt_destroy_vgpu(f->vgpu);
	cfg->bytes[MSI_CAP + PCI_MSI_FLAGS] |= PCI_MSI_FLAGS_ENABLE;
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_uint_eq(sent(f), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	ck_assert_uint_eq(sent(f), 1);
	fake_free(f);
}
END_TEST

/* ---- whatever the order of things ---- */

/* A driver: how far it is in its handler, and which events it has not seen yet. */
struct driver {
	struct fake *f;
	u64 seed, sent;
	u32 step; /* 0: not in the handler; otherwise its next step */
	u32 master, iir;
	u32 unseen[VGPU_NR_IRQ_GROUPS];
	u64 raised, passes;
};

#define STEP_MASTER 1
#define STEP_GROUPS 2 /* for each group: read, then clear */
#define STEP_END    (STEP_GROUPS + 2 * VGPU_NR_IRQ_GROUPS)

static void raise_some(struct driver *d)
{
	u32 bits = 1u << unit_random(&d->seed) % 32 | 1u << unit_random(&d->seed) % 32;
	u32 g = unit_random(&d->seed) % VGPU_NR_IRQ_GROUPS;

	d->unseen[g] |= bits & ~see(d->f, IMR(g));
	d->raised += (bits & ~see(d->f, IMR(g))) != 0;
	vgpu_irq_raise(d->f->vgpu, g, bits);
}

/* Takes the handler's next step, in the order of gen8_irq_handler(). */
static void go_on(struct driver *d)
{
	u32 g = (d->step - STEP_GROUPS) / 2;

	if (d->step == STEP_MASTER) {
		fake_reg_write(d->f, MASTER, 0);
		d->master = see(d->f, MASTER);
	} else if (d->step == STEP_END) {
		fake_reg_write(d->f, MASTER, MASTER_ENABLE);
		d->passes++;
		d->step = 0;
		return;
	} else if (!(d->master & (groups[g].low | groups[g].high))) {
		d->step += (d->step - STEP_GROUPS) % 2 ? 1 : 2;
		return;
	} else if ((d->step - STEP_GROUPS) % 2 == 0) {
		d->iir = see(d->f, IIR(g));
		d->unseen[g] &= ~d->iir;
	} else {
		fake_reg_write(d->f, IIR(g), d->iir);
	}
	d->step++;
}

static void change_masks(struct driver *d)
{
	u32 g = unit_random(&d->seed) % VGPU_NR_IRQ_GROUPS, which = unit_random(&d->seed) % 2;

	fake_reg_write(d->f, which ? IMR(g) : IER(g),
		       unit_random(&d->seed) | unit_random(&d->seed));
}

/* After each step: a message has a cause, and an event that was not seen has a message. */
static void check(struct driver *d, u64 before)
{
	const struct fake *f = d->f;
	bool on = see(f, MASTER) & MASTER_ENABLE, came = sent(f) != d->sent;

	UNIT_CHECK(sent(f) - before <= 1, "two messages at once");
	if (sent(f) != before)
		UNIT_CHECK(on && see(f, MASTER) & ~MASTER_ENABLE, "a message without cause");
	for (u32 g = 0; g < VGPU_NR_IRQ_GROUPS; g++) {
		u32 open = d->unseen[g] & see(f, IER(g));

		UNIT_CHECK(!(open & ~see(f, IIR(g))) || d->step, "an event of group %u is lost", g);
		UNIT_CHECK(!open || d->step || came || !on, "no message for group %u", g);
	}
}

START_TEST(any_order)
{
	struct driver d = { .f = start(), .seed = _i * 7919 + 1 };

	for (u32 n = 0; n < 20000; n++) {
		u32 what = unit_random(&d.seed) % 16;
		u64 before = sent(d.f);

		if (what < 5)
			raise_some(&d);
		else if (what == 5)
			change_masks(&d);
		else if (!d.step && sent(d.f) != d.sent) {
			/* The processor takes the message. */
			d.sent = sent(d.f);
			d.step = STEP_MASTER;
		} else if (d.step)
			go_on(&d);
		check(&d, before);
	}
	ck_assert_uint_gt(d.passes, 500);
	/* In the end the driver has no more to do. */
	while (d.step || sent(d.f) != d.sent) {
		if (!d.step) {
			d.sent = sent(d.f);
			d.step = STEP_MASTER;
		}
		go_on(&d);
	}
	for (u32 g = 0; g < VGPU_NR_IRQ_GROUPS; g++)
		ck_assert_uint_eq(d.unseen[g] & see(d.f, IER(g)), 0);
	ck_assert_uint_lt(sent(d.f), d.raised);
	fake_free(d.f);
}
END_TEST

Suite *suite_irq(void)
{
	const TTest *const tests[] = { no_read_traps, every_source, engines,
				       enabling,      one_message,  during_the_handler,
				       polling,	      messages_off, taken_up };
	Suite *suite = unit_suite("irq", tests, ARRAY_SIZE(tests));
	TCase *order = tcase_create("order");

	tcase_add_loop_test(order, any_order, 0, 8);
	suite_add_tcase(suite, order);
	return suite;
}
