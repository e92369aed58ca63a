/* SPDX-License-Identifier: MIT */
/* A GPU's walk of tables, written a second time: it shares nothing with the core. */
#ifndef TESTS_UNIT_GTT_WALK_H
#define TESTS_UNIT_GTT_WALK_H

#include "tests/unit/fake_mpt.h"

/**
 * gtt_walk_safe() - check that all that the table of @kind at bus address @bus leads to may be
 * reached.
 * @more: nothing has changed since the last call, so what it looked at is skipped.
 */
void gtt_walk_safe(struct fake *f, bool more, u64 bus, enum gtt_kind kind);

/**
 * gtt_walk_same() - check that the table leads where the guest's table at guest physical @gpa does.
 */
void gtt_walk_same(struct fake *f, u64 gpa, u64 bus, enum gtt_kind kind);

/** gtt_walk_gpu() - the 4 KiB page that the GPU reaches at @addr below root @bus. */
u64 gtt_walk_gpu(struct fake *f, u64 bus, enum gtt_kind kind, u64 addr);

#endif
