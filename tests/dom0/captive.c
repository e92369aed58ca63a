/* SPDX-License-Identifier: MIT */
/*
 * Stands in for xengt-guest: a process that its guest has taken over, with the rights that
 * xengt-guest has when it serves. It tries one thing that it may not do, which the vGPU's weight
 * chooses, has xengtd log what came of it, and ends. A wall that kills it is logged by xengtd.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xengt/guest/run.h"
#include "xengt/guest/vgpu.h"
#include "xengt/jail/jail.h"

/* It uses the types of the headers above. */
#include <xen/sys/privcmd.h>

/* Each returns 0 when it had its way, or -1 with errno. */

static int map_memory(struct xengt_vgpu *v, domid_t domid)
{
	const xen_pfn_t gfn = 0x100;
	int err = 0;
	void *va = xenforeignmemory_map(v->fmem, domid, PROT_READ, 1, &gfn, &err);

	if (va && err)
		errno = -err;
	return va && !err ? 0 : -1;
}

static int memory_of_dom0(struct xengt_vgpu *v)
{
	return map_memory(v, 0);
}

/* The guest made before this one. */
static int memory_of_another(struct xengt_vgpu *v)
{
	return map_memory(v, v->domid - 1);
}

static int interrupt_of_another(struct xengt_vgpu *v)
{
	return xendevicemodel_set_pci_intx_level(v->dmod, v->domid - 1, 0, 0, 16, 0, 1);
}

static int server_of_another(struct xengt_vgpu *v)
{
	ioservid_t id;

	return xendevicemodel_create_ioreq_server(v->dmod, v->domid - 1, 1, &id);
}

/* On the numbers of privcmd's descriptors, which a process of its own could find out. */
static int hypercall(struct xengt_vgpu *v)
{
	struct privcmd_hypercall call = { .op = 17 };

	(void)v;
	for (int fd = 3; fd < 64; fd++)
		if (!ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call))
			return 0;
	return -1;
}

static int open_privcmd(struct xengt_vgpu *v)
{
	(void)v;
	return open("/dev/xen/privcmd", O_RDWR) < 0 ? -1 : 0;
}

static int read_a_file(struct xengt_vgpu *v)
{
	(void)v;
	return open("/etc/passwd", O_RDONLY) < 0 ? -1 : 0;
}

static int open_a_socket(struct xengt_vgpu *v)
{
	(void)v;
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? -1 : 0;
}

static int run_a_program(struct xengt_vgpu *v)
{
	(void)v;
	return execl("/bin/true", "true", NULL);
}

static int kill_another(struct xengt_vgpu *v)
{
	(void)v;
	return kill(getppid(), 0);
}

static int look_into_another(struct xengt_vgpu *v)
{
	(void)v;
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) ? -1 : 0;
}

static int become_root(struct xengt_vgpu *v)
{
	(void)v;
	return setuid(0);
}

static int make_code(struct xengt_vgpu *v)
{
	(void)v;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED
		       ? -1
		       : 0;
}

/* By weight, from 1. */
static const struct {
	const char *name;
	int (*run)(struct xengt_vgpu *v);
} trials[] = {
	{ "memory_of_dom0", memory_of_dom0 },
	{ "memory_of_another", memory_of_another },
	{ "interrupt_of_another", interrupt_of_another },
	{ "server_of_another", server_of_another },
	{ "hypercall", hypercall },
	{ "open_privcmd", open_privcmd },
	{ "read_a_file", read_a_file },
	{ "open_a_socket", open_a_socket },
	{ "run_a_program", run_a_program },
	{ "kill_another", kill_another },
	{ "look_into_another", look_into_another },
	{ "become_root", become_root },
	{ "make_code", make_code },
};

static void try(struct xengt_vgpu *v)
{
	unsigned int nr = v->kept->weight - 1;
	int failed;

	if (nr >= ARRAY_SIZE(trials))
		return;
	xengt_vgpu_log(v, XENGT_INFO, "captive tries %s", trials[nr].name);
	errno = 0;
	failed = trials[nr].run(v);
	xengt_vgpu_log(v, XENGT_INFO, "captive tried %s: %s", trials[nr].name,
		       failed ? strerror(errno) : "HAD ITS WAY");
}

int main(void)
{
	struct xengt_host host = { 0 };
	struct xengt_link_message m;
	struct xengt_link_start says;
	struct xengt_jail jail = { .files = 64, .threads = 32 };
	struct xengt_vgpu *v;
	char why[256] = "";
	u32 missing;

	if (xengt_link_receive(XENGT_GUEST_FD, &m) || m.len != sizeof(says))
		return 2;
	memcpy(&says, m.text, sizeof(says));
	const struct xengt_start start = { says.domid,	       says.take_up,
					   says.max_kib,       XENGT_GUEST_FD + 1,
					   XENGT_GUEST_FD + 2, XENGT_GUEST_FD + 3 };

	if (xengt_vgpu_open(&host, &start, &v, why, sizeof(why)))
		return 3;
	jail.uid = says.uid;
	jail.parent = (pid_t)says.parent;
	jail.file_max = v->file.size;
	if (xengt_jail_enter(&jail, &missing, why, sizeof(why)))
		return 4;
	try(v);
	return 0;
}
