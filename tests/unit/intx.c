/* SPDX-License-Identifier: MIT */
/*
 * The interrupt pin, for guests without messages (pci=nomsi). Each step is an access of the guest's
 * to registers or configuration space, or an event. After it the tests check the pin, the status
 * register, and whether a message was sent.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "core/irq/irq.h"
#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define MASTER	   0x44200u
#define MASTER_ON  0x80000000u
#define GT0_IMR	   0x44304u
#define GT0_IIR	   0x44308u
#define GT0_IER	   0x4430cu
#define SDE_IMR	   0xc4004u
#define SDE_IIR	   0xc4008u
#define SDE_IER	   0xc400cu
#define EXP_DEVCTL (0x70u + PCI_EXP_DEVCTL)
#define MSI_FLAGS  (0xacu + PCI_MSI_FLAGS)

#define DECODES (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define NO_INTX PCI_COMMAND_INTX_DISABLE

enum action {
	NOTHING,
	REG,	 /* the guest writes a register */
	CFG,	 /* or a word of its configuration space */
	USER,	 /* an event of GT0's source .val: 0 is of rcs0, 16 of bcs0 */
	PORT,	 /* events of the south display's sources in the mask .val */
	PLACE,	 /* firmware places BARs, the driver enables interrupts */
	RESET,	 /* the host resets the vGPU */
	DIE,	 /* the process ends, and another takes over */
	BACKEND, /* calls of the back end fail with .val from now on; 0: no longer */
};

struct step {
	const char *what;
	enum action action;
	u32 at, val;
	bool pin, status;
	unsigned int messages; /* in this step */
};

static const struct step handled[] = {
	{ "an event", USER, 0, 0, true, true },
	{ "another before the handler", USER, 0, 16, true, true },
	{ "the handler switches the master off", REG, MASTER, 0, false, false },
	{ "it clears one cause", REG, GT0_IIR, 1, false, false },
	{ "the master on: the other remains", REG, MASTER, MASTER_ON, true, true },
	{ "off", REG, MASTER, 0, false, false },
	{ "it clears the other", REG, GT0_IIR, 1 << 16, false, false },
	{ "on, and all is served", REG, MASTER, MASTER_ON, false, false },
	{ "the next", USER, 0, 0, true, true },
	{ "cleared with the master on", REG, GT0_IIR, 1, false, false },
	{ 0 },
};

static const struct step during[] = {
	{ "an event", USER, 0, 0, true, true },
	{ "off", REG, MASTER, 0, false, false },
	{ "the same once more", USER, 0, 0, false, false },
	{ "and of another engine", USER, 0, 16, false, false },
	{ "cleared: the second shows", REG, GT0_IIR, 1, false, false },
	{ "on", REG, MASTER, MASTER_ON, true, true },
	{ "off", REG, MASTER, 0, false, false },
	{ "all cleared", REG, GT0_IIR, 0x10001, false, false },
	{ "on", REG, MASTER, MASTER_ON, false, false },
	{ 0 },
};

/* Two events latched one after the other, cleared with the master on: a pulse in between. */
static const struct step behind[] = {
	{ "off", REG, MASTER, 0, false, false },
	{ "an event", USER, 0, 0, false, false },
	{ "and another", USER, 0, 0, false, false },
	{ "on", REG, MASTER, MASTER_ON, true, true },
	{ "the first cleared", REG, GT0_IIR, 1, true, true },
	{ "the second", REG, GT0_IIR, 1, false, false },
	{ 0 },
};

static const struct step masks[] = {
	{ "masked", REG, GT0_IMR, ~0u, false, false },
	{ "an event is lost", USER, 0, 0, false, false },
	{ "unmasked", REG, GT0_IMR, 0, false, false },
	{ "not enabled", REG, GT0_IER, 0, false, false },
	{ "an event is latched", USER, 0, 0, false, false },
	{ "enabled", REG, GT0_IER, 1, true, true },
	{ "the mask keeps what is latched", REG, GT0_IMR, ~0u, true, true },
	{ "another group's too", PORT, 0, 4, true, true },
	{ "not enabled: the other's remains", REG, GT0_IER, 0, true, true },
	{ "nor that", REG, SDE_IER, 0, false, false },
	{ 0 },
};

static const struct step disabled[] = {
	{ "an event", USER, 0, 0, true, true },
	{ "the pin is disabled", CFG, PCI_COMMAND, DECODES | NO_INTX, false, true },
	{ "served", REG, GT0_IIR, 1, false, false },
	{ "an event", USER, 0, 0, false, true },
	{ "it is enabled", CFG, PCI_COMMAND, DECODES, true, true },
	{ "no bus master: it needs none", CFG, PCI_COMMAND, PCI_COMMAND_MEMORY, true, true },
	{ "served", REG, GT0_IIR, 1, false, false },
	{ "what the guest writes of the status is nothing", CFG, PCI_STATUS, 0xffff, false, false },
	{ 0 },
};

static const struct step messages[] = {
	{ "an event", USER, 0, 0, true, true },
	{ "messages: the pin goes, one is sent", CFG, MSI_FLAGS, 1, false, false, 1 },
	{ "the pin disabled, as drivers do", CFG, PCI_COMMAND, DECODES | NO_INTX, false, false },
	{ "enabled: nothing", CFG, PCI_COMMAND, DECODES, false, false },
	{ "served", REG, GT0_IIR, 1, false, false },
	{ "an event", USER, 0, 0, false, false, 1 },
	{ "its handler", REG, MASTER, 0, false, false },
	{ "served", REG, GT0_IIR, 1, false, false },
	{ "on", REG, MASTER, MASTER_ON, false, false },
	{ "no bus master", CFG, PCI_COMMAND, PCI_COMMAND_MEMORY, false, false },
	{ "an event says nothing", USER, 0, 0, false, false },
	{ "bus master", CFG, PCI_COMMAND, DECODES, false, false, 1 },
	{ "messages off: the pin", CFG, MSI_FLAGS, 0, true, true },
	{ "on once more", CFG, MSI_FLAGS, 1, false, false, 1 },
	{ "off once more", CFG, MSI_FLAGS, 0, true, true },
	{ "served", REG, GT0_IIR, 1, false, false },
	{ 0 },
};

static const struct step resets[] = {
	{ "an event", USER, 0, 0, true, true },
	{ "a function level reset", CFG, EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, false, false },
	{ "set up again", PLACE, 0, 0, false, false },
	{ "an event", USER, 0, 0, true, true },
	{ "a reset", RESET, 0, 0, false, false },
	{ "set up again", PLACE, 0, 0, false, false },
	{ "an event", USER, 0, 0, true, true },
	{ "served", REG, GT0_IIR, 1, false, false },
	{ 0 },
};

static const struct step deaths[] = {
	{ "an event", USER, 0, 0, true, true },
	{ "another process", DIE, 0, 0, true, true },
	{ "served", REG, GT0_IIR, 1, false, false },
	{ "another process", DIE, 0, 0, false, false },
	{ "off", REG, MASTER, 0, false, false },
	{ "an event", USER, 0, 0, false, false },
	{ "another process", DIE, 0, 0, false, false },
	{ "on", REG, MASTER, MASTER_ON, true, true },
	{ "messages", CFG, MSI_FLAGS, 1, false, false, 1 },
	/* The second process does not know whether it was sent. */
	{ "another process", DIE, 0, 0, false, false, 1 },
	{ 0 },
};

static const struct step failures[] = {
	{ "the back end fails", BACKEND, 0, EIO, false, false },
	{ "an event", USER, 0, 0, false, true },
	{ "it does no more", BACKEND, 0, 0, false, true },
	{ "the next access makes up for it", REG, MASTER, MASTER_ON, true, true },
	{ "it fails again", BACKEND, 0, EIO, true, true },
	{ "served", REG, GT0_IIR, 1, true, false },
	{ "it does no more", BACKEND, 0, 0, true, false },
	{ "the next access makes up for it", REG, MASTER, MASTER_ON, false, false },
	{ 0 },
};

/* A driver that enables its interrupts and has no messages. */
static void start(struct fake *f)
{
	static const struct {
		u32 at, val;
	} regs[] = { { GT0_IMR, 0 },   { GT0_IER, ~0u }, { SDE_IMR, 0 },
		     { SDE_IER, ~0u }, { 0x20a8, 0 },	 { MASTER, MASTER_ON } };

	fake_place(f);
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		fake_reg_write(f, regs[i].at, regs[i].val);
}

static void die(struct fake *f)
{
	intel_gvt_destroy_vgpu(f->vgpu);
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
}

static void act(struct fake *f, const struct step *step)
{
	switch (step->action) {
	case NOTHING:
		break;
	case REG:
		fake_reg_write(f, step->at, step->val);
		break;
	case CFG:
		fake_cfg_write(f, step->at, 2, step->val);
		break;
	case USER:
		vgpu_irq_raise(f->vgpu, VGPU_IRQ_GT0, 1u << step->val);
		break;
	case PORT:
		vgpu_irq_raise(f->vgpu, VGPU_IRQ_SDE, step->val);
		break;
	case PLACE:
		start(f);
		break;
	case RESET:
		intel_gvt_reset_vgpu(f->vgpu);
		break;
	case DIE:
		die(f);
		break;
	case BACKEND:
		f->fail_intx = -(int)step->val;
		break;
	}
}

static void walk(const struct step *steps)
{
	struct fake *f = fake_vgpu();

	start(f);
	for (const struct step *step = steps; step->what; step++) {
		u64 before = intel_vgpu_counters(f->vgpu)->msi;
		u32 status;

		act(f, step);
		status = fake_cfg_read(f, PCI_STATUS, 2);
		ck_assert_msg(f->intx == step->pin, "%zu, %s: the pin is %s", step - steps,
			      step->what, f->intx ? "asserted" : "not asserted");
		ck_assert_msg(!(status & PCI_STATUS_INTERRUPT) == !step->status,
			      "%zu, %s: the status is 0x%x", step - steps, step->what, status);
		ck_assert_msg((status | PCI_STATUS_INTERRUPT) ==
				      (PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT),
			      "%zu, %s: the status is 0x%x", step - steps, step->what, status);
		ck_assert_msg(intel_vgpu_counters(f->vgpu)->msi - before == step->messages,
			      "%zu, %s: messages", step - steps, step->what);
	}
	fake_free(f);
}

static const struct step *const sequences[] = {
	handled, during, behind, masks, disabled, messages, resets, deaths, failures,
};

START_TEST(sequence)
{
	walk(sequences[_i]);
}
END_TEST

/* While messages are on, the hypervisor is not called for the pin. */
START_TEST(costs_nothing)
{
	struct fake *f = fake_vgpu();
	unsigned int before;

	start(f);
	fake_cfg_write(f, MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
	before = f->intx_calls;
	for (u32 n = 0; n < 100; n++) {
		vgpu_irq_raise(f->vgpu, VGPU_IRQ_GT0, 1);
		fake_reg_write(f, MASTER, 0);
		fake_reg_write(f, GT0_IIR, 1);
		fake_reg_write(f, MASTER, MASTER_ON);
	}
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->msi, 100);
	ck_assert_uint_eq(f->intx_calls, before);
	fake_free(f);
}
END_TEST

/* A guest was saved with the pin asserted. Restored, it gets a vGPU as after power-on. */
START_TEST(left_on)
{
	struct fake *f = fake_new();

	f->intx = true;
	fake_activate(f);
	ck_assert(!f->intx);
	fake_free(f);
}
END_TEST

/*
 * After any sequence, the pin is asserted if and only if the master is on and shows something
 * pending, the pin is not disabled, and messages are off.
 */
START_TEST(any_order)
{
	struct fake *f = fake_vgpu();
	u64 seed = _i * 7919 + 1;
	unsigned int asserted = 0;

	start(f);
	for (u32 n = 0; n < 20000; n++) {
		u32 random = unit_random(&seed), command, flags, master;
		bool was = f->intx, expect;

		switch (random % 10) {
		case 0:
			fake_reg_write(f, GT0_IMR, random >> 8);
			break;
		case 1:
			fake_reg_write(f, GT0_IER, random >> 8);
			break;
		case 2:
		case 3:
			fake_reg_write(f, GT0_IIR, random >> 8 | 0xffff);
			break;
		case 4:
			fake_reg_write(f, MASTER, random & MASTER_ON);
			break;
		case 5:
			fake_cfg_write(f, PCI_COMMAND, 2, DECODES | (random & NO_INTX));
			break;
		case 6:
			fake_cfg_write(f, MSI_FLAGS, 2, random >> 8 & 1);
			break;
		case 7:
			if (random >> 8 & 1)
				die(f);
			break;
		default:
			vgpu_irq_raise(f->vgpu, VGPU_IRQ_GT0, 1u << (random >> 8 & 31));
		}
		command = fake_cfg_read(f, PCI_COMMAND, 2);
		flags = fake_cfg_read(f, MSI_FLAGS, 2);
		master = f->mirror[MASTER / sizeof(u32)];
		expect = master & MASTER_ON && master & ~MASTER_ON && !(command & NO_INTX) &&
			 !(flags & PCI_MSI_FLAGS_ENABLE);
		UNIT_CHECK(f->intx == expect, "after %u accesses", n);
		asserted += f->intx && !was;
	}
	ck_assert_uint_gt(asserted, 100);
	fake_free(f);
}
END_TEST

Suite *suite_intx(void)
{
	Suite *suite = suite_create("intx");
	TCase *steps = tcase_create("steps"), *order = tcase_create("order");

	tcase_add_loop_test(steps, sequence, 0, ARRAY_SIZE(sequences));
	tcase_add_test(steps, costs_nothing);
	tcase_add_test(steps, left_on);
	suite_add_tcase(suite, steps);
	tcase_add_loop_test(order, any_order, 0, 4);
	suite_add_tcase(suite, order);
	return suite;
}
