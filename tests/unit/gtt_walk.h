/* SPDX-License-Identifier: MIT */
/* Tables as a GPU walks them, written a second time: nothing of the core's is used. */
#ifndef TESTS_UNIT_GTT_WALK_H
#define TESTS_UNIT_GTT_WALK_H

#include "tests/unit/fake_mpt.h"

/**
 * gtt_walk_safe() - all that the table of @kind at bus address @bus leads to may be reached.
 * @more: nothing changed since the last call; what it saw need not be looked at again.
 */
void gtt_walk_safe(struct fake *f, bool more, u64 bus, enum gtt_kind kind);

/** gtt_walk_same() - it leads where the guest's table at guest physical @gpa does. */
void gtt_walk_same(struct fake *f, u64 gpa, u64 bus, enum gtt_kind kind);

/** gtt_walk_gpu() - the page of 4 KiB that the GPU finds at @addr below root @bus. */
u64 gtt_walk_gpu(struct fake *f, u64 bus, enum gtt_kind kind, u64 addr);

#endif
