// SPDX-License-Identifier: MIT
#include "tests/unit/pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int pair_attach(struct xengt_dom0 *dom0, struct xengt_host *host, domid_t domid,
		const struct xengt_options *options, struct pair *pair, char *why, size_t why_len)
{
	struct xengt_start start;
	int err;

	*pair = (struct pair){ 0 };
	err = xengt_keeper_open(dom0, domid, options, &pair->keeper, why, why_len);
	if (err)
		return err;
	err = xengt_keeper_serve(pair->keeper, &start);
	if (err)
		snprintf(why, why_len, "%s", strerror(-err));
	else
		err = xengt_vgpu_attach(host, &start, &pair->v, why, why_len);
	if (!err) {
		xengt_keeper_ready(pair->keeper, ioreq_server_id(pair->v->server));
		return 0;
	}
	xengt_keeper_close(pair->keeper, !options);
	*pair = (struct pair){ 0 };
	return err;
}

void pair_detach(struct xengt_dom0 *dom0, struct pair *pair, bool keep)
{
	domid_t domid = xengt_keeper_domid(pair->keeper);
	struct xengt_dominfo info;
	bool there = !xengt_dominfo(dom0, domid, &info) && !info.dying, clean;

	clean = xengt_vgpu_detach(pair->v, keep			? XENGT_KEEP
					   : there && info.over ? XENGT_LEAVE_MEMORY
								: XENGT_GIVE_UP);
	if (!keep)
		xengt_keeper_withdraw(pair->keeper);
	/* Of a domain that is gone nothing is left to be taken up. */
	xengt_keeper_close(pair->keeper, keep || (!clean && there));
	*pair = (struct pair){ 0 };
}
