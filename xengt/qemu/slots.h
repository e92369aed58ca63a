/* SPDX-License-Identifier: MIT */
/*
 * Which device numbers ("slots") of PCI bus 0 the device model's devices have.
 *
 * Xen gives an access to a function to the first ioreq server that claims it. Where QEMU claims our
 * slot too, the guest sees QEMU's device and no vGPU, and nobody is told.
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
 * xengt_slots_take() - @who gets @slot, or the lowest free one where @slot is negative, as QEMU
 * hands them out (do_pci_register_device() in hw/pci/pci.c). Nothing happens when none is free, or
 * @slot is 32 or more; the first device of a slot keeps it.
 */
void xengt_slots_take(struct xengt_slots *slots, int slot, const char *who);

/** xengt_slots_on_pci() - whether QEMU's device type @driver is a PCI device. */
bool xengt_slots_on_pci(const char *driver);

/**
 * xengt_slots_number() - the PCI device number that @addr begins with, as QEMU and xl have it:
 * "10", "0x10" and "10.1" are hexadecimal. Returns -1 where there is none: QEMU chooses.
 */
int xengt_slots_number(const char *addr);

/**
 * xengt_slots_of_model() - the slots that QEMU gives away when libxl starts it with @args, which
 * end with NULL and are without the program's name. @slots is overwritten.
 */
void xengt_slots_of_model(char *const *args, struct xengt_slots *slots);

/**
 * xengt_slots_choose() - the slot of a vGPU beside what has @slots.
 * @slot: 1 to 31, the one that is asked for, or 0 for one that is free, which is written back.
 * Returns 0; -EBUSY or -ENOSPC with @why, a sentence for the user.
 */
int xengt_slots_choose(const struct xengt_slots *slots, u32 *slot, char *why, size_t why_len);

/**
 * xengt_slots_beside_model() - the slot of a vGPU with @options ("key=value,...", or NULL) beside
 * the devices that QEMU has with @args, as above. Returns as xengt_slots_choose() does, with @slot.
 */
int xengt_slots_beside_model(char *const *args, const char *options, u32 *slot, char *why,
			     size_t why_len);

#endif
