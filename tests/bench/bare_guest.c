/* SPDX-License-Identifier: MIT */
#include "tests/bench/bare_guest.h"

#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xengt/settings/log.h"

void bare_must(bool is, const char *what, const char *file, int line)
{
	if (is)
		return;
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

void bare_guest_start(struct bare_guest *g)
{
	struct xengt_options options = xengt_options_default();
	char why[256];

	*g = (struct bare_guest){ .dir = "/tmp/xengt-bare-XXXXXX" };
	xengt_log_level(0);
	MUST(!exen_init());
	MUST(mkdtemp(g->dir));
	g->dom0.state_dir = g->dir;
	g->dom0.state_kind = xengt_state_kind();
	MUST(!xengt_dom0_open(&g->dom0));
	MUST(!xengt_host_init(&g->host));
	g->d = exen_domain_create(BARE_DOMID, 1, BARE_PAGES, 0);
	MUST(g->d);
	MUST(!pair_attach(&g->dom0, &g->host, BARE_DOMID, &options, &g->pair, why, sizeof(why)));
	g->v = g->pair.v;
	MUST(!exen_guest_pci_write(g->d, 0, BARE_DEVFN, PCI_BASE_ADDRESS_0, 4, BARE_BAR0));
	MUST(!exen_guest_pci_write(g->d, 0, BARE_DEVFN, PCI_BASE_ADDRESS_2, 4, BARE_BAR2));
	MUST(!exen_guest_pci_write(g->d, 0, BARE_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY));
	MUST(intel_vgpu_bar(g->v->vgpu, 0, NULL) == BARE_BAR0);
}

void bare_guest_end(struct bare_guest *g)
{
	pair_detach(&g->dom0, &g->pair, false);
	xengt_host_exit(&g->host);
	xengt_dom0_close(&g->dom0);
	MUST(!exen_domain_crashed(g->d));
	MUST(!exen_fini());
	MUST(!rmdir(g->dir));
}
