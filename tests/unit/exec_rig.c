/* SPDX-License-Identifier: MIT */
#include "tests/unit/exec_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int give(struct rig *r, u64 gma, struct gvt_scan_copy *copy)
{
	u64 n = gma / RIG_AT(0) - 1;

	if (r->fail)
		return r->fail;
	if (gma % RIG_AT(0) || n >= RIG_BATCHES)
		return -EFAULT;
	*copy = (struct gvt_scan_copy){ r->batch[n], RIG_DWORDS, RIG_COPY(n) };
	return 0;
}

static int batch(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	struct rig *r = priv;

	r->copied++;
	return give(r, gma, copy);
}

static int batch_user(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	struct rig *r = priv;

	r->copied_user++;
	return give(r, gma, copy);
}

int rig_special(void *priv, u32 offset, u32 *val)
{
	struct rig *r = priv;

	r->specials++;
	r->special_at = offset;
	if (r->fail)
		return r->fail;
	*val = r->special_val;
	return 0;
}

struct rig *rig_new(enum gvt_engine engine)
{
	struct rig *r = calloc(1, sizeof(*r));

	ck_assert_ptr_nonnull(r);
	r->f = fake_new();
	r->scan = (struct gvt_scan){
		.gvt = r->f->gvt,
		.engine = engine,
		.limit = RIG_LIMIT,
		.counts = &r->counts,
		.priv = r,
		.batch = batch,
		.batch_user = batch_user,
	};
	return r;
}

void rig_free(struct rig *r)
{
	fake_free(r->f);
	free(r);
}

void rig_write(u32 *to, const u32 *dw, size_t nr)
{
	ck_assert_uint_le(nr, RIG_DWORDS);
	memset(to, 0, RIG_DWORDS * sizeof(u32));
	memcpy(to, dw, nr * sizeof(u32));
}

int rig_ring(struct rig *r)
{
	memset(&r->fault, 0, sizeof(r->fault));
	return gvt_scan_ring(&r->scan, r->ring, RIG_DWORDS, &r->fault);
}
