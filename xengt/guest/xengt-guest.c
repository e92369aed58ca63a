/* SPDX-License-Identifier: MIT */
/*
 * xengt-guest: the process that serves one guest's vGPU. Only xengtd executes it, with descriptors
 * from XENGT_GUEST_FD on.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "xengt/guest/run.h"

/*
 * Ignores signals that systemd or a terminal sends to all processes of the service: xengtd ends
 * this process. Resets the OOM score, which protects xengtd and which this process has inherited.
 */
static void stand_alone(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "we");

	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (!file)
		return;
	fputs("0", file);
	fclose(file);
}

int main(int argc, char **argv)
{
	const struct xengt_guest_fds fds = {
		.link = XENGT_GUEST_FD,
		.ask = XENGT_GUEST_FD + 1,
		.kept = XENGT_GUEST_FD + 2,
		.state = XENGT_GUEST_FD + 3,
		.figures = XENGT_GUEST_FD + 4,
	};

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("xengt-guest " PACKAGE_VERSION);
		return 0;
	}
	if (argc != 2 || fcntl(fds.figures, F_GETFD) < 0) {
		fputs("xengt-guest: do not run it by hand: xengtd(8) starts it for each guest with "
		      "a vGPU\n",
		      stderr);
		return 2;
	}
	stand_alone();
	return xengt_guest_run(&fds, NULL) ? 1 : 0;
}
