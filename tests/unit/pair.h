/* SPDX-License-Identifier: MIT */
/* A guest's vGPU with its keeper, which are two processes, as threads of one: for tests and
 * benches. */
#ifndef TESTS_UNIT_PAIR_H
#define TESTS_UNIT_PAIR_H

#include "xengt/guest/vgpu.h"
#include "xengt/keeper/keeper.h"

struct pair {
	struct xengt_keeper *keeper;
	struct xengt_vgpu *v;
};

/** pair_attach() - give @domid a vGPU of @options, or take up what is left of one: NULL. 0, or an
 * errno with @why and nothing left. */
int pair_attach(struct xengt_dom0 *dom0, struct xengt_host *host, domid_t domid,
		const struct xengt_options *options, struct pair *pair, char *why, size_t why_len);

/** pair_detach() - take it away, or with @keep leave it to the next. */
void pair_detach(struct xengt_dom0 *dom0, struct pair *pair, bool keep);

#endif
