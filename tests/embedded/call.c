// SPDX-License-Identifier: MIT
/* libxencall, for the raw hypercalls that the project makes: to yield, and on grant tables. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <xencall.h>

#include "internal.h"

#include <xen/sched.h>

struct xencall_handle {
	struct handle h;
};

xencall_handle *xencall_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	(void)logger;
	(void)open_flags;
	return handle_open(HANDLE_CONTROL, sizeof(xencall_handle), __func__);
}

int xencall_close(xencall_handle *xcall)
{
	if (!xcall)
		return 0;
	handle_close(&xcall->h);
	free(xcall);
	return 0;
}

int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2)
{
	(void)arg2;
	if (!handle_ok(&xcall->h, __func__))
		return -1;
	if (op != __HYPERVISOR_sched_op || arg1 != SCHEDOP_yield)
		return lib_return(-ENOSYS);
	return sched_yield();
}

int xencall3(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2, uint64_t arg3)
{
	if (!handle_ok(&xcall->h, __func__))
		return -1;
	if (op != __HYPERVISOR_grant_table_op)
		return lib_return(-ENOSYS);
	return lib_return(
		grant_table_op((unsigned int)arg1, (void *)(uintptr_t)arg2, (unsigned int)arg3));
}

void *xencall_alloc_buffer_pages(xencall_handle *xcall, size_t nr_pages)
{
	if (!handle_ok(&xcall->h, __func__))
		return NULL;
	return calloc(nr_pages, PAGE_SIZE);
}

void xencall_free_buffer_pages(xencall_handle *xcall, void *p, size_t nr_pages)
{
	(void)xcall;
	(void)nr_pages;
	free(p);
}
