/* SPDX-License-Identifier: MIT */
/* Attacks on the kernel, on Xen, and for more than the process may have. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <xen/xen.h>
/* They use its types. */
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#include "tests/unit/jail_attack.h"

#define X32 0x40000000l

#define RW (PROT_READ | PROT_WRITE)

static long make_executable(const struct jail_world *w)
{
	void *page = mmap(NULL, GVT_PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)w;
	return RAW(SYS_mprotect, page, GVT_PAGE_SIZE, PROT_READ | PROT_EXEC);
}

static long make_executable_by_key(const struct jail_world *w)
{
	void *page = mmap(NULL, GVT_PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)w;
	return RAW(SYS_pkey_mprotect, page, GVT_PAGE_SIZE, PROT_READ | PROT_EXEC, -1);
}

static long make_code(const struct jail_world *w)
{
	return RAW(SYS_mprotect, (uintptr_t)&make_code & ~(GVT_PAGE_SIZE - 1), GVT_PAGE_SIZE,
		   RW | PROT_EXEC)
		       ?: (long)w->null;
}

static long map_too_much(const struct jail_world *w)
{
	(void)w;
	return RAW(SYS_mmap, NULL, JAIL_MEMORY, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

START_TEST(memory)
{
	const struct jail_world *w = jail_here();
	const struct jail_attack attacks[] = {
		{ "map code",
		  JAIL_KILLED,
		  0,
		  { SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0 } },
		{ "map code of a file",
		  JAIL_KILLED,
		  0,
		  { SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, w->file, 0 } },
		{ "make code of memory", JAIL_KILLED, 0, .act = make_executable },
		{ "make code of memory", JAIL_KILLED, 0, .act = make_executable_by_key },
		{ "write to code", JAIL_KILLED, 0, .act = make_code },
		{ "map shared memory of no file",
		  JAIL_KILLED,
		  0,
		  { SYS_mmap, 0, 4096, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0 } },
		{ "map a stack that grows",
		  JAIL_KILLED,
		  0,
		  { SYS_mmap, 0, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0 } },
		{ "lock memory",
		  JAIL_KILLED,
		  EPERM,
		  { SYS_mmap, 0, MiB(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0 } },
		{ "have huge pages",
		  JAIL_KILLED,
		  0,
		  { SYS_mmap, 0, MiB(2), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0 } },
		{ "lock memory", JAIL_KILLED, EPERM, { SYS_mlockall, MCL_FUTURE } },
		{ "share pages with others",
		  JAIL_KILLED,
		  0,
		  { SYS_madvise, 0, 0, MADV_MERGEABLE } },
		{ "find a segment", JAIL_KILLED, ENOENT, { SYS_shmget, w->key, 0, 0 } },
		{ "attach a segment", JAIL_KILLED, 0, { SYS_shmat, 0, 0, 0 } },
		{ "make a message queue",
		  JAIL_KILLED,
		  EOVERFLOW,
		  { SYS_mq_open, PTR("x"), O_CREAT | O_RDWR, 0600, 0 } },
		{ "make semaphores", JAIL_KILLED, 0, { SYS_semget, 1, 1, IPC_CREAT } },
		{ "handle page faults", JAIL_KILLED, 0, { SYS_userfaultfd, 1 } },
	};
	const struct jail_attack bounds[] = {
		{ "have more memory", ENOMEM, ENOMEM, .act = map_too_much },
		{ "have more address space",
		  ENOMEM,
		  ENOMEM,
		  { SYS_mmap, 0, JAIL_SPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 } },
		{ "have more address space of a file",
		  ENOMEM,
		  ENOMEM,
		  { SYS_mmap, 0, JAIL_SPACE, RW, MAP_SHARED, w->file, 0 } },
	};

	jail_try(attacks, ARRAY_SIZE(attacks));
	/* The address sanitizer's shadow memory leaves no room for a bound. */
	if (!JAIL_SANITIZED)
		jail_try(bounds, ARRAY_SIZE(bounds));
}
END_TEST

static long fill_descriptors(const struct jail_world *w)
{
	long fd;

	(void)w;
	do
		fd = RAW(SYS_eventfd2, 0, 0);
	while (fd >= 0 && fd < (long)JAIL_FILES);
	return fd;
}

static long lengthen_by_writing(const struct jail_world *w)
{
	long at = RAW(SYS_lseek, w->file, JAIL_FILE_SIZE, SEEK_SET);

	return at < 0 ? at : RAW(SYS_write, w->file, "x", 1);
}

START_TEST(bounds)
{
	const struct jail_world *w = jail_here();
	const struct jail_attack attacks[] = {
		{ "have more descriptors", EMFILE, EMFILE, .act = fill_descriptors },
		{ "write behind the file's end", -SIGXFSZ, -SIGXFSZ, .act = lengthen_by_writing },
		{ "reserve behind the file's end",
		  -SIGXFSZ,
		  -SIGXFSZ,
		  { SYS_fallocate, w->file, 0, 0, JAIL_FILE_SIZE + 1 } },
	};

	jail_try(attacks, ARRAY_SIZE(attacks));
}
END_TEST

/* On a device that knows none of them: who sees ENOTTY has been let through. */
START_TEST(xen)
{
	const struct jail_world *w = jail_here();
	const struct jail_attack attacks[] = {
		{ "make a hypercall",
		  JAIL_KILLED,
		  0,
		  { SYS_ioctl, w->null, IOCTL_PRIVCMD_HYPERCALL } },
		{ "map by machine frames",
		  JAIL_KILLED,
		  0,
		  { SYS_ioctl, w->null, IOCTL_PRIVCMD_MMAP } },
		{ "restrict to another domain",
		  JAIL_KILLED,
		  0,
		  { SYS_ioctl, w->null, IOCTL_PRIVCMD_RESTRICT } },
		{ "bind a virtual interrupt",
		  JAIL_KILLED,
		  0,
		  { SYS_ioctl, w->null, IOCTL_EVTCHN_BIND_VIRQ } },
		{ "make a port",
		  JAIL_KILLED,
		  0,
		  { SYS_ioctl, w->null, IOCTL_EVTCHN_BIND_UNBOUND_PORT } },
		{ "reset the ports", JAIL_KILLED, 0, { SYS_ioctl, w->null, IOCTL_EVTCHN_RESET } },
		{ "restrict to another domain",
		  JAIL_KILLED,
		  0,
		  { SYS_ioctl, w->null, IOCTL_EVTCHN_RESTRICT_DOMID } },
		{ "map a grant",
		  JAIL_KILLED,
		  0,
		  { SYS_ioctl, w->null, IOCTL_GNTDEV_MAP_GRANT_REF } },
		{ "type on a terminal", JAIL_KILLED, 0, { SYS_ioctl, w->null, TIOCSTI } },
		{ "work on a domain", ENOTTY, 0, { SYS_ioctl, w->null, IOCTL_PRIVCMD_DM_OP } },
		{ "map pages", ENOTTY, 0, { SYS_ioctl, w->null, IOCTL_PRIVCMD_MMAPBATCH_V2 } },
		{ "map a resource",
		  ENOTTY,
		  0,
		  { SYS_ioctl, w->null, IOCTL_PRIVCMD_MMAP_RESOURCE } },
		{ "notify", ENOTTY, 0, { SYS_ioctl, w->null, IOCTL_EVTCHN_NOTIFY } },
		{ "bind", ENOTTY, 0, { SYS_ioctl, w->null, IOCTL_EVTCHN_BIND_INTERDOMAIN } },
		{ "unbind", ENOTTY, 0, { SYS_ioctl, w->null, IOCTL_EVTCHN_UNBIND } },
	};

	jail_try(attacks, ARRAY_SIZE(attacks));
}
END_TEST

static long by_interrupt(const struct jail_world *w)
{
	long got;

	(void)w;
	/* getpid() of i386 */
	__asm__ volatile("int $0x80" : "=a"(got) : "a"(20l) : "memory", "r8", "r9", "r10", "r11");
	return got;
}

static void *in_thread(void *act)
{
	(*(jail_act *)act)(jail_here());
	return NULL;
}

/* All threads have to end, not the one that made the call. */
static long by_thread(jail_act act)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, in_thread, &act);

	return err ? -err : -pthread_join(thread, NULL);
}

static long listen_somewhere(const struct jail_world *w)
{
	return RAW(SYS_listen, w->sock, 1);
}

static long listen_by_thread(const struct jail_world *w)
{
	(void)w;
	return by_thread(listen_somewhere);
}

static long by_interrupt_of_thread(const struct jail_world *w)
{
	(void)w;
	return by_thread(by_interrupt);
}

START_TEST(kernel)
{
	const struct timeval time = { 1, 1 };
	const struct jail_attack attacks[] = {
		{ "another ABI: i386", JAIL_KILLED, 0, .act = by_interrupt },
		{ "another ABI: i386, by a thread", JAIL_KILLED, 0, .act = by_interrupt_of_thread },
		{ "a call by a thread", JAIL_KILLED, 0, .act = listen_by_thread },
		{ "another ABI: x32", JAIL_KILLED, 0, { X32 | SYS_getpid } },
		{ "another ABI: x32", JAIL_KILLED, 0, { X32 | SYS_read } },
		{ "have rings", JAIL_KILLED, 0, { SYS_io_uring_setup, 1 } },
		{ "have asynchronous I/O", JAIL_KILLED, 0, { SYS_io_setup, 1 } },
		{ "load a program", JAIL_KILLED, 0, { SYS_bpf, 5 } },
		{ "measure", JAIL_KILLED, 0, { SYS_perf_event_open } },
		{ "have a key", JAIL_KILLED, 0, { SYS_add_key } },
		{ "work on keys", JAIL_KILLED, 0, { SYS_keyctl } },
		{ "ask for a key", JAIL_KILLED, 0, { SYS_request_key } },
		{ "lend priority", JAIL_KILLED, 0, { SYS_futex, 0, FUTEX_LOCK_PI } },
		{ "move waiters", JAIL_KILLED, 0, { SYS_futex, 0, FUTEX_CMP_REQUEUE_PI } },
		{ "load a module", JAIL_KILLED, 0, { SYS_finit_module, -1, PTR(""), 0 } },
		{ "set the clock", JAIL_KILLED, EPERM, { SYS_settimeofday, PTR(&time) } },
		{ "reach ports", JAIL_KILLED, 0, { SYS_iopl, 3 } },
		{ "reboot", JAIL_KILLED, EPERM, { SYS_reboot, 0xfee1dead, 672274793, 0 } },
		{ "name the host", JAIL_KILLED, EPERM, { SYS_sethostname, PTR("x"), 1 } },
	};

	jail_try(attacks, ARRAY_SIZE(attacks));
}
END_TEST

/* All calls of which some use is left, or that are refused without an end. */
static const long left[] = {
	SYS_ioctl,
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_close,
	SYS_lseek,
	SYS_poll,
	SYS_ppoll,
	SYS_fallocate,
	SYS_fstat,
	SYS_newfstatat,
	SYS_fcntl,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_sendto,
	SYS_recvfrom,
	SYS_eventfd2,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_wait,
	SYS_epoll_pwait,
	SYS_mmap,
	SYS_mprotect,
	SYS_munmap,
	SYS_mremap,
	SYS_brk,
	SYS_madvise,
	SYS_clone,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_prctl,
	SYS_futex,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_getpid,
	SYS_gettid,
	SYS_exit,
	SYS_exit_group,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_tgkill,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_time,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_getrandom,
	SYS_clone3,
	SYS_openat,
	SYS_sysinfo,
};

/* The kernel's own, for probes that its administrator set: no filter sees them (Linux 6.14). */
#define URETPROBE 335
#define UPROBE	  336

static bool is_left(long nr)
{
	if (JAIL_SANITIZED && (nr == SYS_open || nr == SYS_readlink))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		if (left[i] == nr)
			return true;
	return false;
}

/* Those that no Linux has yet, too. */
START_TEST(all_calls)
{
	int outcome;

	for (long nr = 0; nr < 512; nr++) {
		if (is_left(nr) || nr == URETPROBE || nr == UPROBE)
			continue;
		outcome = jail_try_call(nr);
		ck_assert_msg(outcome == JAIL_KILLED, "system call %ld: %s", nr,
			      jail_outcome(outcome));
	}
}
END_TEST

Suite *suite_jail_attacks_kernel(void)
{
	const TTest *const tests[] = { memory, bounds, xen, kernel, all_calls };

	return unit_suite_with("jail_attacks_kernel", jail_setup, jail_teardown, tests,
			       ARRAY_SIZE(tests));
}
