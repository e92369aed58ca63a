/* SPDX-License-Identifier: MIT */
/*
 * Which device numbers ("slots") of PCI bus 0 the device model's devices have.
 *
 * Xen sends accesses to a PCI function to the first ioreq server that claims it. If QEMU claims our
 * slot too, the guest sees QEMU's device and no vGPU, and there is no error.
 */
#ifndef XENGT_QEMU_SLOTS_H
#define XENGT_QEMU_SLOTS_H

#include "core/base/types.h"

#define XENGT_SLOTS	    32u
#define XENGT_SLOT_NAME_MAX 64u
#define XENGT_SLOT_FIRST    0x10u /* the first one tried: QEMU fills the bus from slot 0 on */

struct xengt_slots {
	char who[XENGT_SLOTS][XENGT_SLOT_NAME_MAX]; /* the device there; "": none */
};

/**
 * xengt_slots_take() - give @who @slot or, if @slot is negative, the lowest free one, as QEMU does
 * (do_pci_register_device() in hw/pci/pci.c). Nothing happens if none is free, @slot is 32 or more,
 * or it is taken.
 */
void xengt_slots_take(struct xengt_slots *slots, int slot, const char *who);

/** xengt_slots_on_pci() - whether QEMU's device type @driver is a PCI device. */
bool xengt_slots_on_pci(const char *driver);

/**
 * xengt_slots_number() - the PCI device number that @addr begins with, as QEMU and xl read it:
 * "10", "0x10" and "10.1" are hexadecimal. Returns -1 if there is none: QEMU chooses one.
 */
int xengt_slots_number(const char *addr);

/**
 * xengt_slots_of_model() - the slots that devices have when libxl starts QEMU with @args, which end
 * with NULL and do not include the program's name. @slots is overwritten.
 */
void xengt_slots_of_model(char *const *args, struct xengt_slots *slots);

/**
 * xengt_slots_choose() - choose a vGPU's slot that no device of @slots has.
 * @slot: 1 to 31, the wanted slot; 0: receives a free one.
 * Returns 0; -EBUSY or -ENOSPC with @why, a sentence for the user.
 */
int xengt_slots_choose(const struct xengt_slots *slots, u32 *slot, char *why, size_t why_len);

/**
 * xengt_slots_beside_model() - choose the slot of a vGPU with @options ("key=value,...", or NULL)
 * that no device of QEMU with @args has. @slot receives it. Returns as xengt_slots_choose().
 */
int xengt_slots_beside_model(char *const *args, const char *options, u32 *slot, char *why,
			     size_t why_len);

#endif
