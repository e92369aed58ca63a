/* SPDX-License-Identifier: MIT */
/* A keeper's life, and the thread that answers a guest's process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/number.h"
#include "xengt/keeper/inside.h"
#include "xengt/keeper/keeper.h"
#include "xengt/state/renew.h"

/* The PCI slot of a vGPU whose options name none. */
#define DEFAULT_SLOT 0x10u

/* ---- opened, step by step ---- */

/* Uses the keeper's file, which is mapped, and whole. */
static void use_file(struct xengt_keeper *k)
{
	k->kept = k->file.section[XENGT_KEPT_GUEST];
	k->pins = k->file.section[XENGT_KEPT_PINS];
	k->aliases = k->file.section[XENGT_KEPT_ALIASES];
}

static int take_file(struct xengt_keeper *k, char *why, size_t len)
{
	const char *dir = k->dom0->state_dir;
	int fd = xengt_file_renew(dir, k->domid, &xengt_kept_kind, why, len), err;
	char wrong[192];

	if (fd < 0)
		return fd;
	err = xengt_file_take(&k->file, &xengt_kept_kind, fd, k->domid, true, wrong, sizeof(wrong));
	if (!err)
		err = xengt_file_check(&k->file, wrong, sizeof(wrong));
	if (err) {
		snprintf(why, len, "%s/%u%s: %s", dir, k->domid, xengt_kept_kind.suffix, wrong);
		return err;
	}
	xengt_file_unseal(&k->file);
	use_file(k);
	return 0;
}

/* Opens the file that an earlier process left. */
static int take_state(struct xengt_keeper *k, char *why, size_t len)
{
	int fd = xengt_file_renew(k->dom0->state_dir, k->domid, &k->dom0->state_kind, why, len);

	k->state_fd = fd;
	return fd < 0 ? fd : 0;
}

static int make_files(struct xengt_keeper *k, const struct xengt_options *options, char *why,
		      size_t len)
{
	const char *dir = k->dom0->state_dir;
	int fd = xengt_file_open(dir, k->domid, k->dom0->state_kind.suffix, true, why, len), err;

	if (fd < 0)
		return fd;
	k->state_fd = fd;
	fd = xengt_file_open(dir, k->domid, xengt_kept_kind.suffix, true, why, len);
	if (fd < 0) {
		xengt_file_remove(dir, k->domid, k->dom0->state_kind.suffix);
		return fd;
	}
	err = xengt_file_begin(&k->file, &xengt_kept_kind, fd, k->domid);
	if (err) {
		snprintf(why, len, "%s: %s", dir, strerror(-err));
		return err;
	}
	use_file(k);
	k->kept->options = *options;
	if (!options->slot)
		k->kept->options.slot = DEFAULT_SLOT;
	k->kept->weight = options->weight;
	k->kept->cap = options->cap;
	return 0;
}

static int check_domain(struct xengt_keeper *k, bool take_up, char *why, size_t len)
{
	struct xengt_dominfo info;
	int err = xengt_dominfo(k->dom0, k->domid, &info);

	if (err && err != -ESRCH) {
		snprintf(why, len, "cannot look domain %u up: %s", k->domid, strerror(-err));
		return err;
	}
	if (err || info.dying) {
		snprintf(why, len, "there is no domain %u", k->domid);
		return -ESRCH;
	}
	if (!info.hvm || !info.hap) {
		snprintf(why, len,
			 info.hvm ? "domain %u has shadow paging: set hap=1"
				  : "domain %u is no HVM guest: set type=\"hvm\"",
			 k->domid);
		return -EOPNOTSUPP;
	}
	if (take_up && memcmp(k->kept->uuid, info.uuid, sizeof(info.uuid))) {
		snprintf(why, len, "domain %u is another one by now", k->domid);
		return -ESTALE;
	}
	memcpy(k->kept->uuid, info.uuid, sizeof(info.uuid));
	k->max_kib = info.max_kib;
	return 0;
}

/* Opens the handles for grants and for the guest's grant table. */
static int open_handles(struct xengt_keeper *k, char *why, size_t len)
{
	k->xcall = xencall_open(NULL, 0);
	k->fmem = xenforeignmemory_open(NULL, 0);
	if (k->xcall && k->fmem)
		return 0;
	snprintf(why, len, "cannot open Xen's interfaces: %s", strerror(errno));
	return -errno;
}

static void read_name(struct xengt_keeper *k)
{
	char *name = xengt_dom0_read(k->dom0, XENGT_NAME_PATH, k->domid);

	if (name || !k->name[0])
		snprintf(k->name, sizeof(k->name), "%s", name ? name : "?");
	free(name);
}

int xengt_keeper_open(struct xengt_dom0 *dom0, domid_t domid, const struct xengt_options *options,
		      struct xengt_keeper **out, char *why, size_t why_len)
{
	struct xengt_keeper *k = calloc(1, sizeof(*k));
	int err;

	if (!k) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	k->dom0 = dom0;
	k->domid = domid;
	k->clock = &xengt_keeper_clock;
	k->fd = k->state_fd = -1;
	k->file = (struct xengt_file){ .kind = &xengt_kept_kind, .fd = -1 };
	pthread_mutex_init(&k->lock, NULL);
	if (!domid || domid >= DOMID_FIRST_RESERVED) {
		snprintf(why, why_len, "domain %u is no guest", domid);
		err = -EINVAL;
	} else {
		err = options ? make_files(k, options, why, why_len) : take_file(k, why, why_len);
	}
	if (!err)
		err = check_domain(k, !options, why, why_len);
	/* Pinned pages keep the memory of a dead domain: unmap those that an earlier xengtd
	 * left. */
	if (!err)
		err = open_handles(k, why, why_len);
	if (!err) {
		read_name(k);
		err = options ? 0 : xengt_keeper_recover(k);
		if (err)
			snprintf(why, why_len, "cannot unmap pages of the guest: %s",
				 strerror(-err));
	}
	if (!err && !options)
		err = take_state(k, why, why_len);
	if (!err) {
		*out = k;
		return 0;
	}
	/* The files stay if the domain lives: a later try may take the vGPU up. */
	xengt_keeper_close(k, err == -EEXIST || (!options && err != -ESRCH && err != -ESTALE));
	return err;
}

/* ---- the process that asks ---- */

/* Waits while the process has had more of the keeper's time than it may. False: it is gone. */
static bool afford(struct xengt_keeper *k)
{
	const struct xengt_keeper_clock *clock = k->clock;
	u64 ns = xengt_budget_charge(&k->budget, clock->now_ns(), clock->spent_ns());

	if (!ns)
		return true;
	if (!k->throttled) {
		pthread_mutex_lock(&k->lock);
		xengt_keeper_log(k, XENGT_WARN,
				 "its process asks more of xengtd than it may, and has to wait");
		pthread_mutex_unlock(&k->lock);
	}
	k->throttled = true;
	return clock->wait(k->fd, ns);
}

static void *serve(void *arg)
{
	struct xengt_keeper *k = arg;
	struct xengt_question question;
	struct xengt_answer answer;

	while (afford(k)) {
		ssize_t got = recv(k->fd, &question, sizeof(question), 0);

		if (got < 0 && errno == EINTR)
			continue;
		/* The process has hung up, or sent a malformed question: hang up. */
		if (got < (ssize_t)offsetof(struct xengt_question, pin) ||
		    (size_t)got != xengt_question_len(&question))
			break;
		pthread_mutex_lock(&k->lock);
		xengt_keeper_answer(k, &question, &answer);
		pthread_mutex_unlock(&k->lock);
		if (send(k->fd, &answer, xengt_answer_len(answer.nr), MSG_NOSIGNAL) < 0)
			break;
	}
	shutdown(k->fd, SHUT_RDWR);
	return NULL;
}

/* Opens descriptors for a process. */
static int open_for(struct xengt_keeper *k, struct xengt_start *start)
{
	char path[64];

	/* Opened anew, read-only: a duplicate could be written to. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", k->file.fd);
	start->kept_fd = open(path, O_RDONLY | O_CLOEXEC);
	start->state_fd = fcntl(k->state_fd, F_DUPFD_CLOEXEC, 0);
	return start->kept_fd < 0 || start->state_fd < 0 ? -errno : 0;
}

static int start_thread(struct xengt_keeper *k)
{
	char name[16];
	int err;

	xengt_budget_begin(&k->budget);
	err = -pthread_create(&k->thread, NULL, serve, k);
	if (err)
		return err;
	k->serves = true;
	snprintf(name, sizeof(name), "keeper-%u", k->domid);
	pthread_setname_np(k->thread, name);
	return 0;
}

int xengt_keeper_serve(struct xengt_keeper *k, struct xengt_start *start)
{
	int fds[2] = { -1, -1 }, err;

	*start = (struct xengt_start){
		.domid = k->domid,
		.take_up = xengt_file_is_ready(&k->file),
		.max_kib = k->max_kib,
		.kept_fd = -1,
		.state_fd = -1,
	};
	err = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) ? -errno
									 : open_for(k, start);
	if (!err) {
		start->ask_fd = fds[1];
		k->fd = fds[0];
		err = start_thread(k);
	}
	if (!err)
		return 0;
	const int all[] = { fds[0], fds[1], start->kept_fd, start->state_fd };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] >= 0)
			close(all[i]);
	k->fd = -1;
	return err;
}

void xengt_keeper_stop(struct xengt_keeper *k)
{
	if (!k->serves)
		return;
	shutdown(k->fd, SHUT_RDWR);
	pthread_join(k->thread, NULL);
	close(k->fd);
	k->fd = -1;
	k->serves = false;
}

int xengt_keeper_recover(struct xengt_keeper *k)
{
	int err;

	pthread_mutex_lock(&k->lock);
	/* Aliases first: a page must not be shown once it is not pinned. */
	err = xengt_alias_recover(k);
	if (!err)
		err = xengt_grants_recover(k);
	__atomic_sub_fetch(&k->dom0->pins, k->pinned, __ATOMIC_RELAXED);
	k->pinned = 0;
	pthread_mutex_unlock(&k->lock);
	return err;
}

static bool alive(struct xengt_keeper *k)
{
	struct xengt_dominfo info;

	return !xengt_dominfo(k->dom0, k->domid, &info) && !info.dying;
}

bool xengt_keeper_close(struct xengt_keeper *k, bool keep)
{
	bool clean = true;

	xengt_keeper_stop(k);
	if (k->kept) {
		clean = !xengt_keeper_recover(k);
		if (!keep && k->kept->paused && alive(k))
			xengt_memory_pause(k, false);
		if (!clean && !keep)
			xengt_keeper_log(k, XENGT_ERR,
					 "pages of it stay pinned until xengtd is started again");
		if (!clean || keep)
			xengt_file_seal(&k->file);
	}
	if (clean && !keep) {
		xengt_file_remove(k->dom0->state_dir, k->domid, k->dom0->state_kind.suffix);
		xengt_file_remove(k->dom0->state_dir, k->domid, xengt_kept_kind.suffix);
	}
	xengt_grants_close(k);
	if (k->xcall)
		xencall_close(k->xcall);
	if (k->fmem)
		xenforeignmemory_close(k->fmem);
	xengt_file_close(&k->file);
	if (k->state_fd >= 0)
		close(k->state_fd);
	pthread_mutex_destroy(&k->lock);
	free(k->shown);
	free(k);
	return clean;
}

/* ---- xenstore ---- */

/* Writes the vGPU's settings below the domain in xenstore, for administrators. */
void xengt_keeper_publish(struct xengt_keeper *k)
{
	const struct {
		const char *key;
		u32 value;
	} keys[] = {
		{ "id", k->kept->options.id },
		{ "slot", k->kept->options.slot },
		{ "aperture-mb", k->kept->options.aperture_mib },
		{ "fences", k->kept->options.fences },
		{ "ioreq-server", k->server },
	};
	char path[96], value[16];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/xengt/%s", k->domid, keys[i].key);
		snprintf(value, sizeof(value), "%u", keys[i].value);
		xengt_store_write(k->dom0->store, path, value);
	}
}

void xengt_keeper_ready(struct xengt_keeper *k, u32 server)
{
	k->server = server;
	xengt_file_ready(&k->file);
	xengt_keeper_publish(k);
}

void xengt_keeper_withdraw(struct xengt_keeper *k)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/xengt", k->domid);
	xengt_store_remove(k->dom0->store, path);
}

void xengt_keeper_follow(struct xengt_keeper *k)
{
	char *text = xengt_dom0_read(k->dom0, XENGT_MEMORY_PATH, k->domid);
	u64 target_kib = 0;

	if (text)
		xengt_number(text, XENGT_DECIMAL, 0, ~0ull, &target_kib);
	free(text);
	pthread_mutex_lock(&k->lock);
	read_name(k);
	xengt_memory_follow(k, target_kib);
	pthread_mutex_unlock(&k->lock);
}

/* ---- for the main thread ---- */

struct xengt_kept *xengt_keeper_kept(struct xengt_keeper *k)
{
	return k->kept;
}

void xengt_keeper_charge_by(struct xengt_keeper *k, const struct xengt_keeper_clock *clock)
{
	k->clock = clock;
}

const char *xengt_keeper_name(const struct xengt_keeper *k)
{
	return k->name;
}

domid_t xengt_keeper_domid(const struct xengt_keeper *k)
{
	return k->domid;
}
