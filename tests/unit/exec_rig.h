/* SPDX-License-Identifier: MIT */
/* What the tests of the audit submit, and with what an owner of copies answers. */
#ifndef TESTS_UNIT_EXEC_RIG_H
#define TESTS_UNIT_EXEC_RIG_H

#include "core/exec/scan.h"
#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define RIG_LIMIT   0xfc000000ull /* the hidden range begins */
#define RIG_BATCHES 4u
#define RIG_DWORDS  64u
#define RIG_AT(n)   (0x100000ull * ((n) + 1)) /* where the guest has its batch @n */
#define RIG_COPY(n) (RIG_LIMIT + 0x1000ull * (n))

struct rig {
	struct fake *f;
	struct gvt_scan scan;
	struct gvt_scan_counts counts;
	struct gvt_scan_fault fault;
	u32 ring[RIG_DWORDS];
	u32 batch[RIG_BATCHES][RIG_DWORDS]; /* copies; what the guest wrote before it is scanned */
	unsigned int copied, copied_user;
	u32 special_at;	 /* register offset that special() was asked for last */
	u32 special_val; /* what it answers */
	unsigned int specials;
	int fail; /* what copying fails with */
};

/** rig_new() - for @engine, with no callback but the copying of batches. */
struct rig *rig_new(enum gvt_engine engine);
void rig_free(struct rig *r);

/* The dwords of a buffer, zeroes behind them: the ring's, or those of batch @n. */
#define RIG_RING(r, ...) \
	rig_write((r)->ring, (u32[]){ __VA_ARGS__ }, sizeof((u32[]){ __VA_ARGS__ }) / 4)
#define RIG_BATCH(r, n, ...) \
	rig_write((r)->batch[n], (u32[]){ __VA_ARGS__ }, sizeof((u32[]){ __VA_ARGS__ }) / 4)

void rig_write(u32 *to, const u32 *dw, size_t nr);

/** rig_special() - a special() that notes and answers as @r says. */
int rig_special(void *priv, u32 offset, u32 *val);

/** rig_ring() - audit the ring. */
int rig_ring(struct rig *r);

#endif
