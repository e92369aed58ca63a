/* SPDX-License-Identifier: MIT */
/* For tests of the audit: what is submitted, and the callbacks. */
#ifndef TESTS_UNIT_EXEC_RIG_H
#define TESTS_UNIT_EXEC_RIG_H

#include "core/exec/scan.h"
#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define RIG_LIMIT   0xfc000000ull /* the start of the hidden range */
#define RIG_BATCHES 4u
#define RIG_DWORDS  64u
#define RIG_AT(n)   (0x100000ull * ((n) + 1)) /* address of the guest's batch @n */
#define RIG_COPY(n) (RIG_LIMIT + 0x1000ull * (n))

struct rig {
	struct fake *f;
	struct gvt_scan scan;
	struct gvt_scan_counts counts;
	struct gvt_scan_fault fault;
	u32 ring[RIG_DWORDS];
	u32 batch[RIG_BATCHES][RIG_DWORDS]; /* copies; before the audit, what the guest wrote */
	unsigned int copied, copied_user;
	u32 special_at;	 /* register offset of the last call of special() */
	u32 special_val; /* the value that special() gives */
	unsigned int specials;
	int fail; /* errno that copying fails with */
};

/** rig_new() - one for @engine, whose only callback copies batches. */
struct rig *rig_new(enum gvt_engine engine);
void rig_free(struct rig *r);

/* Sets the dwords of the ring, or of batch @n, with zeroes behind them. */
#define RIG_RING(r, ...) \
	rig_write((r)->ring, (u32[]){ __VA_ARGS__ }, sizeof((u32[]){ __VA_ARGS__ }) / 4)
#define RIG_BATCH(r, n, ...) \
	rig_write((r)->batch[n], (u32[]){ __VA_ARGS__ }, sizeof((u32[]){ __VA_ARGS__ }) / 4)

void rig_write(u32 *to, const u32 *dw, size_t nr);

/** rig_special() - a special() that notes the offset and answers as @r says. */
int rig_special(void *priv, u32 offset, u32 *val);

/** rig_ring() - audit the ring. */
int rig_ring(struct rig *r);

#endif
