/* SPDX-License-Identifier: MIT */
/*
 * Pins: the guest's pages, granted by us in the guest's own grant table and mapped "for a device".
 * Xen then tells the machine frame, keeps the page there, and enters it into dom0's IOMMU if that
 * is strict.
 *
 * From xen/common/grant_table.c: Xen looks an entry's frame up in the guest's p2m when the entry is
 * first mapped, and latches it. An unmapping with a bus address does nothing unless the address is
 * that of the handle's mapping: so a handle that Xen has given to somebody else since is not
 * harmed. What a process has mapped stays mapped when the process ends.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "xengt/keeper/inside.h"
#include "xengt/settings/log.h"

#define ENTRIES (GVT_PAGE_SIZE / sizeof(grant_entry_v1_t))

/* A .status that Xen never sets: Xen has not processed this entry. */
#define NOT_DONE 1

static int grant_table_op(struct xengt_keeper *k, unsigned int cmd, void *ops, u32 nr)
{
	return xencall3(k->xcall, __HYPERVISOR_grant_table_op, cmd, (uintptr_t)ops, nr) < 0 ? -errno
											    : 0;
}

static grant_entry_v1_t *entry_of(struct xengt_keeper *k, u32 pin)
{
	/* Entries go downwards, as the frames of the table do. */
	return &k->grants.frame[pin / ENTRIES].entries[ENTRIES - 1 - pin % ENTRIES];
}

static void permit(struct xengt_keeper *k, u32 pin, u32 gfn)
{
	grant_entry_v1_t *entry = entry_of(k, pin);

	entry->domid = 0;
	entry->frame = gfn;
	__atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
}

static void withdraw(struct xengt_keeper *k, u32 pin)
{
	__atomic_store_n(&entry_of(k, pin)->flags, GTF_invalid, __ATOMIC_RELEASE);
}

/* Reserves and locks the memory of the arguments, which Xen reads and writes in place. */
static int keep_ops(struct xengt_keeper *k)
{
	struct xengt_pins *pins = k->pins;
	size_t len = offsetof(struct xengt_pins, pin) - offsetof(struct xengt_pins, ops);
	int err = xengt_file_reserve(&k->file, &pins->ops, len);

	if (err)
		return err;
	if (mlock(&pins->ops, len))
		xengt_keeper_log(k, XENGT_WARN, "cannot lock memory for hypercalls: %s",
				 strerror(errno));
	return 0;
}

static void complain(struct xengt_keeper *k, const char *what, u32 frames)
{
	if (!k->grants.complained)
		xengt_keeper_log(k, XENGT_WARN,
				 "%s (%u frames of grants used for graphics memory, %u can be)",
				 what, frames, k->grants.room);
	k->grants.complained = true;
}

static int open_table(struct xengt_keeper *k)
{
	struct xengt_grants *grants = &k->grants;
	struct xengt_pins *pins = k->pins;
	gnttab_get_version_t *version = (void *)&pins->ops;
	size_t size;
	u32 frames;
	int err = keep_ops(k);

	if (err)
		return err;
	if (k->dom0->pvh) {
		complain(k, "no bus addresses of guest pages can be had: dom0 must be a PV domain",
			 0);
		return -EOPNOTSUPP;
	}
	*version = (gnttab_get_version_t){ .dom = k->domid };
	err = grant_table_op(k, GNTTABOP_get_version, version, 1);
	if (err)
		return err;
	if (version->version != 1) {
		complain(k, "its grant table is of version 2: set max_grant_version=1", 0);
		return -EOPNOTSUPP;
	}
	if (xenforeignmemory_resource_size(k->fmem, k->domid, XENMEM_resource_grant_table,
					   XENMEM_resource_grant_table_id_shared, &size))
		return -errno;
	frames = size >> GVT_PAGE_SHIFT;
	grants->room = frames > XENGT_GRANT_FRAMES_GUEST ? frames - XENGT_GRANT_FRAMES_GUEST : 0;
	if (grants->room > XENGT_GRANT_FRAMES)
		grants->room = XENGT_GRANT_FRAMES;
	pins->last_ref = frames * ENTRIES - 1;
	grants->open = true;
	return 0;
}

/* Takes the next lower frame of the grant table. @ours: the keeper had taken it before, and its
 * entries may still be there. */
static int take_frame(struct xengt_keeper *k, bool ours)
{
	struct xengt_grants *grants = &k->grants;
	struct xengt_pins *pins = k->pins;
	u32 n = grants->frames;
	void *va = NULL;
	int err;

	if (n == grants->room) {
		complain(k,
			 "its grant table is too small: raise its max_grant_frames, if it has any, "
			 "or grant_frames in xengt.conf, and start it again",
			 n);
		return -ENOSPC;
	}
	err = xengt_file_reserve(&k->file, &pins->pin[n * ENTRIES], ENTRIES * sizeof(*pins->pin));
	if (err)
		return err;
	grants->frame[n].resource =
		xenforeignmemory_map_resource(k->fmem, k->domid, XENMEM_resource_grant_table,
					      XENMEM_resource_grant_table_id_shared,
					      pins->last_ref / ENTRIES - n, 1, &va,
					      PROT_READ | PROT_WRITE, 0);
	if (!grants->frame[n].resource)
		return -errno;
	grants->frame[n].entries = va;
	for (u32 i = 0; !ours && i < ENTRIES; i++) {
		if (grants->frame[n].entries[i].flags == GTF_invalid)
			continue;
		xenforeignmemory_unmap_resource(k->fmem, grants->frame[n].resource);
		complain(k,
			 "the guest uses all of its grant table: raise its max_grant_frames, if it "
			 "has any, or grant_frames in xengt.conf, and start it again",
			 n);
		return -ENOSPC;
	}
	grants->frames++;
	return 0;
}

int xengt_grants_take(struct xengt_keeper *k, u32 nr)
{
	int err = k->grants.open ? 0 : open_table(k);

	while (!err && k->grants.frames * ENTRIES < nr)
		err = take_frame(k, false);
	return err;
}

static void ops_noted(struct xengt_keeper *k)
{
	__atomic_store_n(&k->pins->nr_ops, 0, __ATOMIC_RELEASE);
}

/* Unmaps .ops.unmap. An entry that Xen refuses is not mapped, or not by its handle any more. */
static int unmap_ops(struct xengt_keeper *k, u32 nr)
{
	return grant_table_op(k, GNTTABOP_unmap_grant_ref, k->pins->ops.unmap, nr);
}

static struct gnttab_unmap_grant_ref unmap_op(u64 bus, u32 handle)
{
	return (struct gnttab_unmap_grant_ref){
		.dev_bus_addr = bus,
		.handle = handle,
		.status = NOT_DONE,
	};
}

/* Unmaps handles that were not noted in .pin, because xengtd died or a later call failed. */
static int recover_ops(struct xengt_keeper *k)
{
	struct xengt_pins *state = k->pins;
	u32 mapped = 0;
	int err;

	for (u32 i = 0; i < state->nr_ops && i < XENGT_GRANT_BATCH; i++) {
		const struct gnttab_map_grant_ref *op = &state->ops.map[i];

		if (op->status == GNTST_okay)
			state->ops.unmap[mapped++] = unmap_op(op->dev_bus_addr, op->handle);
	}
	err = mapped ? unmap_ops(k, mapped) : 0;
	if (!err)
		ops_noted(k);
	return err;
}

/* Maps .ops.map. Xen writes the handles into the file, where they stay until noted in .pin. */
static int map_ops(struct xengt_keeper *k, u32 nr)
{
	int err;

	__atomic_store_n(&k->pins->nr_ops, nr, __ATOMIC_RELEASE);
	err = grant_table_op(k, GNTTABOP_map_grant_ref, k->pins->ops.map, nr);
	for (u32 i = 0; i < nr; i++) {
		s16 status = k->pins->ops.map[i].status;

		if (status == GNTST_no_space || status == GNTST_no_device_space)
			err = -ENOSPC;
	}
	return err;
}

static struct gnttab_map_grant_ref map_op(domid_t domid, u32 ref)
{
	return (struct gnttab_map_grant_ref){
		.flags = GNTMAP_device_map,
		.ref = ref,
		.dom = domid,
		.status = NOT_DONE,
	};
}

int xengt_grants_map(struct xengt_keeper *k, const u32 *pins, const u32 *gfns, u32 nr)
{
	struct xengt_pins *state = k->pins;
	int err = recover_ops(k);

	if (err)
		return err;
	for (u32 i = 0; i < nr; i++) {
		if (pins[i] >= state->nr)
			state->nr = pins[i] + 1;
		state->pin[pins[i]] = (struct xengt_pin){ .gfn = gfns[i] };
		permit(k, pins[i], gfns[i]);
		state->ops.map[i] = map_op(k->domid, state->last_ref - pins[i]);
	}
	err = map_ops(k, nr);
	for (u32 i = 0; i < nr; i++) {
		const struct gnttab_map_grant_ref *op = &state->ops.map[i];
		struct xengt_pin *pin = &state->pin[pins[i]];

		if (op->status != GNTST_okay) {
			withdraw(k, pins[i]);
			continue;
		}
		pin->handle = op->handle;
		__atomic_store_n(&pin->bus, op->dev_bus_addr, __ATOMIC_RELEASE);
	}
	ops_noted(k);
	return err;
}

int xengt_grants_unmap(struct xengt_keeper *k, const u32 *pins, u32 nr)
{
	struct xengt_pins *state = k->pins;
	int err;

	for (u32 i = 0; i < nr; i++) {
		const struct xengt_pin *pin = &state->pin[pins[i]];

		state->ops.unmap[i] = unmap_op(pin->bus, pin->handle);
	}
	err = unmap_ops(k, nr);
	for (u32 i = 0; i < nr; i++) {
		if (state->ops.unmap[i].status == NOT_DONE)
			continue;
		state->pin[pins[i]].bus = 0;
		if (pins[i] / ENTRIES < k->grants.frames)
			withdraw(k, pins[i]);
	}
	return err;
}

int xengt_grants_own(struct xengt_keeper *k, const u32 *refs, u32 nr, u64 *bus)
{
	struct xengt_pins *state = k->pins;
	u32 mapped = 0;
	int err = keep_ops(k), undo;

	if (!err)
		err = recover_ops(k);
	if (err)
		return err;
	for (u32 i = 0; i < nr; i++)
		state->ops.map[i] = map_op(0, refs[i]);
	err = map_ops(k, nr);
	for (u32 i = 0; i < nr; i++) {
		const struct gnttab_map_grant_ref *op = &state->ops.map[i];

		if (op->status == GNTST_okay)
			state->ops.unmap[mapped++] = unmap_op(op->dev_bus_addr, op->handle);
		bus[i] = op->dev_bus_addr;
	}
	undo = mapped ? unmap_ops(k, mapped) : 0;
	if (!undo)
		ops_noted(k);
	if (err || undo)
		return err ? err : undo;
	return mapped == nr ? 0 : -EOPNOTSUPP;
}

int xengt_grants_recover(struct xengt_keeper *k)
{
	struct xengt_pins *state = k->pins;
	u32 batch[XENGT_GRANT_BATCH], nr = 0, all = state->nr;
	int err;

	if (!all && !state->nr_ops)
		return 0;
	if (all > XENGT_PINS_MAX)
		return -EPROTO;
	if (!k->xcall)
		k->xcall = xencall_open(NULL, 0);
	if (!k->xcall)
		return -errno;
	err = keep_ops(k);
	if (!err)
		err = recover_ops(k);
	for (u32 pin = 0; !err && pin < all; pin++) {
		if (state->pin[pin].bus)
			batch[nr++] = pin;
		if (nr && (nr == ARRAY_SIZE(batch) || pin == all - 1)) {
			err = xengt_grants_unmap(k, batch, nr);
			nr = 0;
		}
	}
	if (err)
		return err;
	/* If the domain is gone, there is no grant table to clear. */
	if (k->fmem && !open_table(k)) {
		while (k->grants.frames * ENTRIES < all && !take_frame(k, true))
			;
		for (u32 pin = 0; pin < all && pin < k->grants.frames * ENTRIES; pin++)
			withdraw(k, pin);
	}
	state->nr = 0;
	return 0;
}

void xengt_grants_close(struct xengt_keeper *k)
{
	struct xengt_grants *grants = &k->grants;

	for (u32 i = 0; i < grants->frames; i++)
		xenforeignmemory_unmap_resource(k->fmem, grants->frame[i].resource);
	grants->frames = 0;
	grants->open = false;
}
