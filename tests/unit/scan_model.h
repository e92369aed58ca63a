/* SPDX-License-Identifier: MIT */
/*
 * The rules of the audit as plain code: each command is looked up in the tables, and each bit of it
 * compared, one after the other. The fast core/exec/scan.c must have the same results: verdict,
 * fault, counts, calls of its caller, and what it makes of the commands.
 */
#ifndef TESTS_UNIT_SCAN_MODEL_H
#define TESTS_UNIT_SCAN_MODEL_H

#include "core/exec/scan.h"

#define SCAN_CASE_LIMIT	  0xfc000000ull /* end of the guest's GGTT; copies are behind it */
#define SCAN_CASE_BATCHES 4u

enum scan_case_kind { CASE_RING, CASE_BATCH, CASE_SECOND, CASE_INDIRECT, CASE_PER_CTX };

/**
 * struct scan_case - what is audited.
 * @gvt, @engine, @user, @no_user: as in struct gvt_scan.
 * @special: there is a special().
 * @kind: the kind of @dw, which has @nr dwords.
 * @batch: the batches, of @batch_nr dwords each. Bits 13:12 of an address select one; if bits 18:16
 * are all set, there is none.
 */
struct scan_case {
	const struct intel_gvt *gvt;
	enum gvt_engine engine;
	bool user, no_user, special;
	enum scan_case_kind kind;
	const u32 *dw;
	u32 nr;
	const u32 *batch[SCAN_CASE_BATCHES];
	u32 batch_nr;
};

/**
 * scan_case_run() - audit it by core/exec/scan.c and by the model, each with copies in memory of
 * exactly their size. Ends the process if the results differ. Returns the verdict.
 */
int scan_case_run(const struct scan_case *c);

#endif
