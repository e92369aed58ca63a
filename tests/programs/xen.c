/* SPDX-License-Identifier: MIT */
/*
 * Makes a program that is linked with the embedded Xen one on a host with guests: domains 21 to 23.
 * Lines on standard input are what befalls them: "destroy 21", or "access 21", an access to the
 * configuration space of slot 16. Each is answered on standard output, by "done".
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/embedded/embedded_xen.h"

#define FIRST_DOMID 21
#define NR_DOMAINS  3

static struct exen_domain *domains[NR_DOMAINS];

static void *befall(void *arg)
{
	char what[16];
	unsigned int domid;
	uint32_t val;

	while (scanf("%15s %u", what, &domid) == 2 && domid - FIRST_DOMID < NR_DOMAINS) {
		if (!strcmp(what, "destroy"))
			exen_domain_destroy(domains[domid - FIRST_DOMID]);
		else
			exen_guest_pci_read(domains[domid - FIRST_DOMID], 0, 0x80, 0, 4, &val);
		puts("done");
		fflush(stdout);
	}
	return arg;
}

__attribute__((constructor)) static void begin(void)
{
	sigset_t all, was;
	pthread_t thread;

	if (exen_init())
		abort();
	for (unsigned int i = 0; i < NR_DOMAINS; i++)
		if (!(domains[i] = exen_domain_create(FIRST_DOMID + i, 1, 64, 0)))
			abort();
	/* Signals are the program's. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &was);
	if (pthread_create(&thread, NULL, befall, NULL))
		abort();
	pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}
