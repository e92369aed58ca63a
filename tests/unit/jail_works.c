/* SPDX-License-Identifier: MIT */
/* What a guest's process needs once it is inside: each by a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xen/xen.h>
/* It uses its types. */
#include <xen/sys/privcmd.h>

#include "core/base/clock.h"
#include "tests/unit/jail_attack.h"

/* Inside there is nobody to tell but by how the process ends. */
#define WANT(expr)                                 \
	do {                                       \
		if (!(expr))                       \
			return -(errno ?: EPROTO); \
	} while (0)

static void check_works(jail_act act)
{
	int whole = jail_run(JAIL_ENTER, act), filtered = jail_run(JAIL_CONTAINER, act);

	ck_assert_msg(!whole, "%s", jail_outcome(whole));
	ck_assert_msg(!filtered, "in a container: %s", jail_outcome(filtered));
}

static pthread_barrier_t meeting;

static void *meet(void *name)
{
	char *own = malloc(100000);

	prctl(PR_SET_NAME, name);
	memset(own, 1, 100000);
	pthread_barrier_wait(&meeting);
	free(own);
	return NULL;
}

static long use_threads(const struct jail_world *w)
{
	pthread_t threads[JAIL_THREADS - 1];

	(void)w;
	pthread_barrier_init(&meeting, NULL, ARRAY_SIZE(threads));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		WANT(!(errno = pthread_create(&threads[i], NULL, meet, "one")));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		WANT(!(errno = pthread_join(threads[i], NULL)));
	return 0;
}

START_TEST(threads)
{
	check_works(use_threads);
}
END_TEST

static long start_too_many(const struct jail_world *w)
{
	pthread_t thread;
	int err = 0;

	(void)w;
	pthread_barrier_init(&meeting, NULL, JAIL_THREADS + 1);
	for (unsigned int i = 1; i < JAIL_THREADS && !err; i++)
		err = pthread_create(&thread, NULL, meet, "one");
	return err ? -EPROTO : -pthread_create(&thread, NULL, meet, "more");
}

START_TEST(threads_bound)
{
	ck_assert_int_eq(jail_run(JAIL_ENTER, start_too_many), EAGAIN);
	ck_assert_int_eq(jail_run(JAIL_CONTAINER, start_too_many), EAGAIN);
}
END_TEST

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(int));
}

static long use_memory(const struct jail_world *w)
{
	size_t len = MiB(8);
	char *big = malloc(len), *more;

	(void)w;
	WANT(big);
	memset(big, 1, len);
	more = realloc(big, 2 * len);
	WANT(more && more[len - 1] == 1);
	for (size_t i = 0; i < len / 4096; i++)
		more[i * 4096] = i * 7;
	qsort(more, len / 4096, 4096, compare);
	free(more);
	for (size_t i = 0; i < 1000; i++) {
		more = calloc(1, i * 64 + 1);
		WANT(more);
		free(more);
	}
	return 0;
}

START_TEST(memory)
{
	check_works(use_memory);
}
END_TEST

static long corrupt_memory(const struct jail_world *w)
{
	volatile long behind = 4;

	(void)w;
	free((char *)malloc(1000) + behind);
	return 0;
}

/* The library says what it found, and aborts. */
START_TEST(corrupted)
{
	/* The sanitizers have another end for it. */
	if (JAIL_SANITIZED)
		return;
	ck_assert_int_eq(dup2(jail_here()->null, STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_eq(jail_run(JAIL_ENTER, corrupt_memory), -SIGABRT);
}
END_TEST

static long use_file(const struct jail_world *w)
{
	struct stat st;
	char text[6];
	char *map;

	WANT(!fstat(w->file, &st) && st.st_size == JAIL_FILE_SIZE);
	WANT(!posix_fallocate(w->file, 0, JAIL_FILE_SIZE));
	map = mmap(NULL, JAIL_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, w->file, 0);
	WANT(map != MAP_FAILED);
	memcpy(map + JAIL_FILE_SIZE - 6, "mapped", 6);
	WANT(lseek(w->file, 0, SEEK_SET) == 0);
	WANT(write(w->file, "inside", 6) == 6);
	WANT(lseek(w->file, JAIL_FILE_SIZE - 6, SEEK_SET) > 0);
	WANT(read(w->file, text, 6) == 6 && !memcmp(text, "mapped", 6));
	return munmap(map, JAIL_FILE_SIZE);
}

START_TEST(files)
{
	char text[6];

	check_works(use_file);
	ck_assert_int_eq(pread(jail_here()->file, text, 6, 0), 6);
	ck_assert_mem_eq(text, "inside", 6);
	ck_assert_int_eq(pread(jail_here()->file, text, 6, JAIL_FILE_SIZE - 6), 6);
	ck_assert_mem_eq(text, "mapped", 6);
}
END_TEST

static void *ring(void *fd)
{
	return eventfd_write(*(int *)fd, 5) ? fd : NULL;
}

static long use_events(const struct jail_world *w)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), set = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd one = { .fd = fd, .events = POLLIN };
	eventfd_t value;
	pthread_t thread;

	(void)w;
	WANT(fd >= 0 && set >= 0);
	WANT(!epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	WANT(!pthread_create(&thread, NULL, ring, &fd));
	WANT(poll(&one, 1, -1) == 1);
	WANT(epoll_wait(set, &event, 1, -1) == 1);
	WANT(!eventfd_read(fd, &value) && value == 5);
	WANT(!pthread_join(thread, NULL));
	return close(set) || close(fd);
}

START_TEST(events)
{
	check_works(use_events);
}
END_TEST

static long use_clock(const struct jail_world *w)
{
	u64 before = clock_now_ns();
	struct timespec until;
	sem_t never;

	(void)w;
	WANT(!usleep(1000) && clock_now_ns() - before >= 1000000);
	WANT(!sem_init(&never, 0, 0));
	clock_gettime(CLOCK_MONOTONIC, &until);
	WANT(sem_clockwait(&never, CLOCK_MONOTONIC, &until) < 0 && errno == ETIMEDOUT);
	return 0;
}

START_TEST(clocks)
{
	check_works(use_clock);
}
END_TEST

/* The library tries what is refused here, and goes on without it. */
static long use_library(const struct jail_world *w)
{
	FILE *device = fdopen(w->null, "w");
	time_t now = time(NULL);
	struct tm local;

	WANT(device && fprintf(device, "a line\n") == 7 && !fclose(device));
	WANT(localtime_r(&now, &local));
	WANT(!fopen("/etc/passwd", "re") && errno == EACCES);
	return 0;
}

START_TEST(library)
{
	check_works(use_library);
}
END_TEST

static long speak(const struct jail_world *w)
{
	char text[8];

	WANT(dprintf(w->sock, "I am %s\n", "inside") == 12);
	WANT(recv(w->sock, text, sizeof(text), 0) == 5 && !memcmp(text, "hello", 5));
	return send(w->sock, "bye", 3, MSG_NOSIGNAL) == 3 ? 0 : -errno;
}

START_TEST(speaking)
{
	const struct jail_world *w = jail_here();
	char text[16] = "";
	pid_t pid = jail_start(JAIL_ENTER, speak);

	ck_assert_int_eq(recv(w->far, text, 12, MSG_WAITALL), 12);
	ck_assert_str_eq(text, "I am inside\n");
	ck_assert_int_eq(send(w->far, "hello", 5, 0), 5);
	ck_assert_int_eq(recv(w->far, text, 3, MSG_WAITALL), 3);
	ck_assert_mem_eq(text, "bye", 3);
	ck_assert_int_eq(jail_end(pid), 0);
}
END_TEST

static long give_up(const struct jail_world *w)
{
	(void)w;
	abort();
}

static volatile sig_atomic_t caught;

static void catch (int signal)
{
	caught = signal;
}

static long signal_itself(const struct jail_world *w)
{
	struct sigaction action = { .sa_handler = catch };
	sigset_t set;

	(void)w;
	WANT(!sigaction(SIGUSR1, &action, NULL));
	WANT(!raise(SIGUSR1) && caught == SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

START_TEST(signals)
{
	check_works(signal_itself);
	ck_assert_int_eq(jail_run(JAIL_ENTER, give_up), -SIGABRT);
}
END_TEST

/* As main() does when it returns; the sanitizers have their word at the end. */
static long leave(const struct jail_world *w)
{
	(void)w;
	exit(7);
}

START_TEST(leaving)
{
	ck_assert_int_eq(jail_run(JAIL_ENTER, leave), 7);
}
END_TEST

static long err_in_memory(const struct jail_world *w)
{
	volatile size_t at = 16;
	volatile char *few = malloc(at);

	(void)w;
	few[at] = 1;
	free((char *)few);
	return 0;
}

/* A build with sanitizers ends as elsewhere: not by a call that its report makes. */
START_TEST(sanitizers)
{
	if (!JAIL_SANITIZED)
		return;
	/* The report is for nobody to read. */
	ck_assert_int_eq(dup2(jail_here()->null, STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_eq(jail_run(JAIL_NO_FILTER, err_in_memory), 1);
	ck_assert_int_eq(jail_run(JAIL_ENTER, err_in_memory), 1);
}
END_TEST

static long wait_long(const struct jail_world *w)
{
	struct pollfd none = { .fd = w->sock, .events = POLLIN };

	WANT(write(w->sock, "x", 1) == 1);
	return poll(&none, 1, 600000) == 1 ? 0 : -errno;
}

/* Of /proc/PID/stat: the letter behind the name. */
static char state_of(pid_t pid)
{
	char path[32], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
	fclose(file);
	return state;
}

/* A wait with a time that ends in a stop is begun again by a system call of its own. */
START_TEST(stopped)
{
	int far = jail_here()->far, status;
	pid_t pid = jail_start(JAIL_ENTER, wait_long);
	char x;

	ck_assert_int_eq(read(far, &x, 1), 1);
	while (state_of(pid) != 'S')
		unit_sleep(1);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	ck_assert_int_eq(write(far, "x", 1), 1);
	ck_assert_int_eq(jail_end(pid), 0);
}
END_TEST

/* Calls that libraries make now and then: the kernel answers each, that its arguments are bad. */
START_TEST(calls)
{
	static const struct timespec none;
	const struct jail_attack left[] = {
		{ "readv", EBADF, 0, { SYS_readv, -1 } },
		{ "writev", EBADF, 0, { SYS_writev, -1 } },
		{ "ppoll", 0, 0, { SYS_ppoll, 0, 0, PTR(&none) } },
		{ "fstat", EBADF, 0, { SYS_fstat, -1 } },
		{ "newfstatat", EBADF, 0, { SYS_newfstatat, -1, PTR(""), 0, AT_EMPTY_PATH } },
		{ "fcntl", EBADF, 0, { SYS_fcntl, -1, F_GETFL } },
		{ "fcntl", EBADF, 0, { SYS_fcntl, -1, F_SETFL } },
		{ "fcntl", EBADF, 0, { SYS_fcntl, -1, F_GETLK } },
		{ "fcntl", EBADF, 0, { SYS_fcntl, -1, F_SETLK } },
		{ "recvmsg", EBADF, 0, { SYS_recvmsg, -1 } },
		{ "epoll_pwait", EBADF, 0, { SYS_epoll_pwait, -1 } },
		{ "guard pages", EINVAL, 0, { SYS_madvise, 1, 0, 102 } },
		{ "guard pages", EINVAL, 0, { SYS_madvise, 1, 0, 103 } },
		{ "sched_yield", 0, 0, { SYS_sched_yield } },
		{ "sched_getaffinity", EINVAL, 0, { SYS_sched_getaffinity } },
		{ "sigaltstack", 0, 0, { SYS_sigaltstack } },
		{ "clock_gettime", EINVAL, 0, { SYS_clock_gettime, 1000 } },
		{ "gettimeofday", 0, 0, { SYS_gettimeofday } },
		{ "time", 0, 0, { SYS_time } },
		{ "nanosleep", EFAULT, 0, { SYS_nanosleep } },
		{ "getrandom", 0, 0, { SYS_getrandom } },
		/* MAP_DROPPABLE | MAP_ANONYMOUS; of no length, which no kernel gives. */
		{ "memory for the vDSO's",
		  EINVAL,
		  0,
		  { SYS_mmap, 0, 0, PROT_READ | PROT_WRITE, 0x28, -1 } },
		{ "isatty", ENOTTY, 0, { SYS_ioctl, jail_here()->null, TCGETS } },
		{ "isatty, of late", ENOTTY, 0, { SYS_ioctl, jail_here()->null, 0x802c542a } },
		{ "map as long ago",
		  ENOTTY,
		  0,
		  { SYS_ioctl, jail_here()->null, IOCTL_PRIVCMD_MMAPBATCH } },
	};

	jail_try(left, ARRAY_SIZE(left));
}
END_TEST

Suite *suite_jail_works(void)
{
	const TTest *const tests[] = {
		threads, threads_bound, memory,	 corrupted, files,	events,	 clocks,
		library, speaking,	signals, leaving,   sanitizers, stopped, calls,
	};

	return unit_suite_with("jail_works", jail_setup, jail_teardown, tests, ARRAY_SIZE(tests));
}
