/* SPDX-License-Identifier: MIT */
#ifndef XENGT_TOP_H
#define XENGT_TOP_H

#include "xengt/client.h"

/** top_run() - print what each vGPU does each second, until the daemon goes. An exit status. */
int top_run(struct xengt_client *client);

#endif
