/* SPDX-License-Identifier: MIT */
#include "tests/unit/daemon_rig.h"
#include "xengt/daemon/clients.h"
#include "xengt/daemon/process.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xengt/settings/log.h"
#include "xengt/xen/state.h"

struct xengt_vgpu *daemon_rig_vgpu(struct rig *r, unsigned int at)
{
	struct xengt_vgpu *v = __atomic_load_n(&r->process[at].v, __ATOMIC_ACQUIRE);

	ck_assert_ptr_nonnull(v);
	return v;
}

void daemon_rig_over(void *arg, struct guest *guest, int err, const char *why)
{
	struct rig *r = arg;

	(void)guest;
	r->over = true;
	r->err = err;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

int daemon_rig_wait(struct rig *r)
{
	while (!r->over)
		ck_assert_int_ge(sd_event_run(r->daemon.loop, ~0ull), 0);
	return r->err;
}

static void on_settled(void *arg, const struct process_answer *answer)
{
	daemon_rig_over(arg, NULL, answer->err, "");
}

void daemon_rig_settle(struct rig *r, unsigned int at)
{
	struct guest *guest = daemon_find_domid(&r->daemon, FIRST_DOMID + at);

	ck_assert_ptr_nonnull(guest);
	r->over = false;
	process_ask(guest, XENGT_LINK_COUNT, 0, NULL, on_settled, r);
	ck_assert_int_eq(daemon_rig_wait(r), 0);
}

/* ---- the daemon ---- */

static void begin(struct rig *r)
{
	struct daemon *daemon = &r->daemon;

	daemon->instances = (struct xengt_instances){ .config = &daemon->config };
	daemon->dom0.state_dir = daemon->config.state_dir;
	daemon->dom0.state_kind = xengt_state_kind();
	daemon->qmp_dir = r->dir;
	daemon->runner = &threads_runner;
	daemon->listener = &follow_listener;
	daemon->mounter = TOP_BUILDDIR "/xengt/xengt-mount";
	daemon->runner_priv = r->process;
	ck_assert_int_eq(xengt_dom0_open(&daemon->dom0), 0);
	xengt_instances_load(&daemon->instances);
	daemon_take_up_all(daemon);
	for (struct guest *guest = daemon->guests; guest; guest = guest->next)
		while (process_state(guest) == PROCESS_STARTS)
			ck_assert_int_ge(sd_event_run(daemon->loop, ~0ull), 0);
}

static void end(struct rig *r)
{
	daemon_leave_all(&r->daemon);
	xengt_instances_free(&r->daemon.instances);
	xengt_dom0_close(&r->daemon.dom0);
}

struct rig *daemon_rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	ck_assert_ptr_nonnull(r);
	xengt_log_level(0);
	ck_assert_int_eq(exen_init(), 0);
	strcpy(r->dir, "/tmp/xengt-daemon-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(r->dir));
	ck_assert_int_eq(xengt_config_load("/dev/null", &r->daemon.config, r->why, sizeof(r->why)),
			 0);
	strcpy(r->daemon.config.state_dir, r->dir);
	r->daemon.lock_fd = r->daemon.cgroup.fd = -1;
	ck_assert_int_ge(sd_event_new(&r->daemon.loop), 0);
	for (unsigned int i = 0; i < NR_DOMAINS; i++) {
		r->d[i] = exen_domain_create(FIRST_DOMID + i, 1, 64, 0);
		ck_assert_ptr_nonnull(r->d[i]);
	}
	begin(r);
	return r;
}

void daemon_rig_restart(struct rig *r)
{
	end(r);
	begin(r);
}

void daemon_rig_free(struct rig *r)
{
	while (r->daemon.guests)
		daemon_rig_detach(r, r->daemon.guests);
	while (r->daemon.instances.first)
		ck_assert_int_eq(xengt_instance_remove(&r->daemon.instances,
						       r->daemon.instances.first, r->why,
						       sizeof(r->why)),
				 0);
	end(r);
	sd_event_unref(r->daemon.loop);
	ck_assert_uint_eq(exen_fini(), 0);
	ck_assert_msg(!rmdir(r->dir), "files are left in %s", r->dir);
	free(r);
}

int daemon_rig_attach(struct rig *r, unsigned int at, const char *options)
{
	daemon_reap(&r->daemon);
	r->over = false;
	daemon_attach(&r->daemon, FIRST_DOMID + at, options, daemon_rig_over, r);
	return daemon_rig_wait(r);
}

void daemon_rig_detach(struct rig *r, struct guest *guest)
{
	while (guest->work)
		ck_assert_int_ge(sd_event_run(r->daemon.loop, ~0ull), 0);
	r->over = false;
	daemon_detach(guest, daemon_rig_over, r);
	ck_assert_int_eq(daemon_rig_wait(r), 0);
}

void daemon_rig_quiet(struct rig *r)
{
	for (struct guest *guest = r->daemon.guests; guest; guest = guest->next)
		while (guest->work)
			ck_assert_int_ge(sd_event_run(r->daemon.loop, ~0ull), 0);
}

#define BAR0 0xf4000000ull
#define BAR2 0x80000000ull

void daemon_rig_place(struct rig *r, unsigned int at)
{
	static const struct {
		unsigned int reg, size;
		u32 val;
	} writes[] = { { 0x10, 4, BAR0 }, { 0x18, 4, BAR2 }, { 0x04, 2, 6 } };

	for (size_t i = 0; i < ARRAY_SIZE(writes); i++)
		ck_assert_int_eq(exen_guest_pci_write(r->d[at], 0, 0x80, writes[i].reg,
						      writes[i].size, writes[i].val),
				 0);
}

void daemon_rig_write_reg(struct rig *r, unsigned int at, u32 offset, u32 val)
{
	ck_assert_int_eq(exen_guest_write(r->d[at], 0, BAR0 + offset, 4, val), 0);
}

u32 daemon_rig_available(struct rig *r, const char *type)
{
	const struct xengt_type *found = xengt_types_find(&r->daemon.config.types, type);

	ck_assert_ptr_nonnull(found);
	return xengt_instances_available(&r->daemon.instances, found);
}

unsigned int daemon_rig_files(const struct rig *r)
{
	DIR *dir = opendir(r->dir);
	struct dirent *entry;
	unsigned int nr = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

u64 daemon_rig_ino(struct rig *r, const char *path)
{
	char *copy = strdup(path), *rest = copy, *name;
	u64 ino = TREE_ROOT;

	while (ino && (name = strsep(&rest, "/")))
		if (*name && tree_lookup(&r->daemon, ino, name, &ino))
			ino = 0;
	free(copy);
	return ino;
}

const char *daemon_rig_read(struct rig *r, const char *path)
{
	static char text[TREE_VALUE_MAX + 1];
	u64 ino = daemon_rig_ino(r, path);
	int len = ino ? tree_read(&r->daemon, ino, text) : -ENOENT;

	if (len < 0)
		snprintf(text, sizeof(text), "%d", len);
	else
		text[len] = '\0';
	return text;
}

static void on_stored(void *arg, int err)
{
	daemon_rig_over(arg, NULL, err, "");
}

int daemon_rig_store(struct rig *r, u64 ino, const char *text, size_t len)
{
	int err;

	r->over = false;
	err = tree_write(&r->daemon, ino, text, len, on_stored, r);
	return err == -EINPROGRESS ? daemon_rig_wait(r) : err;
}

int daemon_rig_write(struct rig *r, const char *path, const char *text)
{
	u64 ino = daemon_rig_ino(r, path);

	return ino ? daemon_rig_store(r, ino, text, strlen(text)) : -ENOENT;
}
