/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/tree/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "xengt/daemon/process.h"
#include "xengt/guest/tell/tell.h"
#include "xengt/settings/log.h"

/* What an inode stands for; pointers that do not apply are NULL. */
struct object {
	struct daemon *daemon;
	const struct xengt_type *type;
	struct xengt_instance *instance;
	unsigned int index; /* of a counter */
	struct writing *writing;
};

/* A write that takes time: what it was, for the sentence when it fails. */
struct writing {
	struct daemon *daemon;
	bool later; /* tree_write() has returned */
	bool over;
	int err;
	char what[TREE_WORD_MAX + 64]; /* FILE 'TEXT' */
	tree_done *done;
	void *arg;
};

enum row_number {
	ROOT,
	CONTROL,
	TYPES,
	TYPE, /* one type's directory */
	DEVICES,
	DEVICE, /* a link to an instance's directory */
	VM,	/* a guest's directory */
	SCHEDULE,
	COUNTERS,
	COUNTER, /* one counter's file */
	INSTANCE,
	INTEL_VGPU,
	FIRST_FILE,
};

/* ---- reading ---- */

static int say_u64(char *text, u64 value)
{
	return snprintf(text, TREE_VALUE_MAX, "%llu\n", (unsigned long long)value);
}

static int say(char *text, const char *value)
{
	return snprintf(text, TREE_VALUE_MAX, "%.*s\n", (int)TREE_VALUE_MAX - 2, value);
}

/* What is left for all types: vGPUs (of the type with most), and MiB of graphics memory. */
static int show_resources(const struct object *o, char *text)
{
	const struct xengt_instances *all = &o->daemon->instances;
	u32 memory = xengt_instances_memory_left(all), most = 0;

	for (u32 i = 0; i < o->daemon->config.types.nr; i++) {
		u32 nr = xengt_instances_available(all, &o->daemon->config.types.list[i]);

		most = nr > most ? nr : most;
	}
	if (memory == ~0u)
		return snprintf(text, TREE_VALUE_MAX, "vgpus: %u\nhigh_gm_mb: unlimited\n", most);
	return snprintf(text, TREE_VALUE_MAX, "vgpus: %u\nhigh_gm_mb: %u\n", most, memory);
}

static int show_type_name(const struct object *o, char *text)
{
	return say(text, o->type->options.type);
}

static int show_description(const struct object *o, char *text)
{
	xengt_type_describe(o->type, text, TREE_VALUE_MAX);
	return strlen(text);
}

static int show_api(const struct object *o, char *text)
{
	(void)o;
	return say(text, "xen-ioreq");
}

static int show_available(const struct object *o, char *text)
{
	return say_u64(text, xengt_instances_available(&o->daemon->instances, o->type));
}

static int show_id(const struct object *o, char *text)
{
	return say_u64(text, o->instance->options.id);
}

static int show_uuid(const struct object *o, char *text)
{
	return say(text, o->instance->options.uuid);
}

static int show_state(const struct object *o, char *text)
{
	return say(text, describe_state(o->instance));
}

static int show_weight(const struct object *o, char *text)
{
	return say_u64(text, o->instance->options.weight);
}

static int show_cap(const struct object *o, char *text)
{
	return say_u64(text, o->instance->options.cap);
}

/* A line for each BAR: its number, size, and address or "off". */
static int show_bars(const struct object *o, char *text)
{
	const u64 sizes[] = { GVT_BAR0_SIZE, MiB((u64)o->instance->options.aperture_mib) };
	const struct xengt_figures *figures;
	int at = 0;

	process_count(o->daemon);
	figures = process_figures(o->instance->guest);
	for (unsigned int bar = 0; bar <= 2; bar += 2) {
		u64 size = sizes[bar / 2], gpa = figures->bar_at[bar / 2];

		at += snprintf(text + at, TREE_VALUE_MAX - at, "%u 0x%llx ", bar,
			       (unsigned long long)size);
		at += snprintf(text + at, TREE_VALUE_MAX - at,
			       gpa == INTEL_GVT_BAR_OFF ? "off\n" : "0x%llx\n",
			       (unsigned long long)gpa);
	}
	return at;
}

static int show_counter(const struct object *o, char *text)
{
	struct counter counter;

	if (!counter_name(o->index, &counter))
		return -ENOENT;
	process_count(o->daemon);
	return say_u64(text, process_figures(o->instance->guest)->counters[o->index]);
}

static int show_device(const struct object *o, char *text)
{
	return snprintf(text, TREE_VALUE_MAX, "../../../%s", o->instance->options.uuid);
}

static int show_mdev_type(const struct object *o, char *text)
{
	return snprintf(text, TREE_VALUE_MAX, "../mdev_supported_types/%s",
			o->instance->options.type);
}

static int show_error(const struct object *o, char *text)
{
	return say(text, o->daemon->tree_error[0] ? o->daemon->tree_error : "none");
}

/* ---- writing ---- */

static int store_create(const struct object *o, const char *text, char *why, size_t len)
{
	struct xengt_instance *made;

	return xengt_instance_create_type(&o->daemon->instances, o->type->options.type, text, &made,
					  why, len);
}

static int store_remove(const struct object *o, const char *text, char *why, size_t len)
{
	u64 val;

	if (xengt_number(text, XENGT_DECIMAL, 0, 1, &val)) {
		snprintf(why, len, "it takes 0 or 1");
		return -EINVAL;
	}
	return val ? xengt_instance_remove(&o->daemon->instances, o->instance, why, len) : 0;
}

/* Whoever writes gets only an errno: the sentence goes to the log and to the file last_error. */
static void explain(struct daemon *daemon, const char *what, int err, const char *why)
{
	snprintf(daemon->tree_error, sizeof(daemon->tree_error), "%s: %s", what,
		 *why ? why : strerror(-err));
	xengt_log(XENGT_WARN, "not done: %s", daemon->tree_error);
}

static void on_over(void *arg, struct guest *guest, int err, const char *why)
{
	struct writing *writing = arg;

	(void)guest;
	if (err)
		explain(writing->daemon, writing->what, err, why);
	writing->over = true;
	writing->err = err;
	if (!writing->later)
		return;
	writing->done(writing->arg, err);
	free(writing);
}

static int destroy_instance(const struct object *o, const char *text, char *why, size_t len)
{
	struct guest *guest;
	u64 vmid;

	if (xengt_number(text, XENGT_DECIMAL, 0, DOMID_FIRST_RESERVED - 1, &vmid)) {
		snprintf(why, len, "'%s' is no domain's number", text);
		return -EINVAL;
	}
	guest = daemon_find_domid(o->daemon, vmid);
	if (!guest) {
		snprintf(why, len, "domain %s has no vGPU", text);
		return -ESRCH;
	}
	daemon_detach(guest, on_over, o->writing);
	return -EINPROGRESS;
}

/*
 * "-VMID" detaches a guest's vGPU; "VMID,LOW,HIGH,FENCES[,...]" attaches one, sizes in MiB. XenGT
 * and AcrnGT had more numbers behind these, for displays and caps, which are ignored.
 */
static int store_instance(const struct object *o, const char *text, char *why, size_t len)
{
	enum { VMID, LOW, HIGH, FENCES, NEEDED, MOST = 16 };
	char options[TREE_WORD_MAX];
	u64 val[MOST];
	u32 nr = 0;

	if (*text == '-')
		return destroy_instance(o, text + 1, why, len);
	snprintf(why, len, "it takes VMID,LOW,HIGH,FENCES or -VMID");
	do {
		/* XenGT has -1 there for a display that no guest has. */
		if (nr >= NEEDED && *text == '-')
			text++;
		if (nr == MOST || xengt_number_at(&text, XENGT_DECIMAL, 1u << 30, &val[nr++]))
			return -EINVAL;
	} while (*text++ == ',');
	if (text[-1] || nr < NEEDED || val[VMID] >= DOMID_FIRST_RESERVED)
		return -EINVAL;
	snprintf(options, sizeof(options), "low_gm_mb=%u,high_gm_mb=%u,fences=%u", (u32)val[LOW],
		 (u32)val[HIGH], (u32)val[FENCES]);
	daemon_reap(o->daemon);
	daemon_attach(o->daemon, val[VMID], options, on_over, o->writing);
	return -EINPROGRESS;
}

static int store_share(const struct object *o, const char *key, const char *text, char *why,
		       size_t len)
{
	struct xengt_options next = o->instance->options;

	if (xengt_options_set(&next, key, text, why, len))
		return -EINVAL;
	return daemon_schedule(o->daemon, o->instance, next.weight, next.cap);
}

static int store_weight(const struct object *o, const char *text, char *why, size_t len)
{
	return store_share(o, "weight", text, why, len);
}

static int store_cap(const struct object *o, const char *text, char *why, size_t len)
{
	return store_share(o, "cap", text, why, len);
}

/* ---- the table ---- */

/*
 * A row without a name stands for one entry for each type, vGPU, guest or counter. The modes give
 * access to root alone, as the mount does (mount.c).
 */
static const struct row {
	const char *name;
	u8 parent;
	mode_t mode;
	int (*show)(const struct object *o, char *text);
	int (*store)(const struct object *o, const char *text, char *why, size_t len);
} rows[] = {
	[ROOT] = { .mode = S_IFDIR | 0500 },
	[CONTROL] = { "control", ROOT, S_IFDIR | 0500 },
	[TYPES] = { "mdev_supported_types", ROOT, S_IFDIR | 0500 },
	[TYPE] = { NULL, TYPES, S_IFDIR | 0500 },
	[DEVICES] = { "devices", TYPE, S_IFDIR | 0500 },
	[DEVICE] = { NULL, DEVICES, S_IFLNK | 0777, show_device },
	[VM] = { NULL, ROOT, S_IFDIR | 0500 },
	[SCHEDULE] = { "schedule", VM, S_IFDIR | 0500 },
	[COUNTERS] = { "counters", VM, S_IFDIR | 0500 },
	[COUNTER] = { NULL, COUNTERS, S_IFREG | 0400, show_counter },
	[INSTANCE] = { NULL, ROOT, S_IFDIR | 0500 },
	[INTEL_VGPU] = { "intel_vgpu", INSTANCE, S_IFDIR | 0500 },

	[FIRST_FILE] = { "create_gvt_instance", CONTROL, S_IFREG | 0200, NULL, store_instance },
	{ "available_resources", CONTROL, S_IFREG | 0400, show_resources },
	{ "last_error", CONTROL, S_IFREG | 0400, show_error },
	{ "name", TYPE, S_IFREG | 0400, show_type_name },
	{ "description", TYPE, S_IFREG | 0400, show_description },
	{ "device_api", TYPE, S_IFREG | 0400, show_api },
	{ "available_instances", TYPE, S_IFREG | 0400, show_available },
	{ "create", TYPE, S_IFREG | 0200, NULL, store_create },
	{ "vgpu_id", VM, S_IFREG | 0400, show_id },
	{ "uuid", VM, S_IFREG | 0400, show_uuid },
	{ "state", VM, S_IFREG | 0400, show_state },
	{ "vgpu_bar_info", VM, S_IFREG | 0400, show_bars },
	{ "weight", SCHEDULE, S_IFREG | 0600, show_weight, store_weight },
	{ "cap", SCHEDULE, S_IFREG | 0600, show_cap, store_cap },
	{ "remove", INSTANCE, S_IFREG | 0200, NULL, store_remove },
	{ "mdev_type", INSTANCE, S_IFLNK | 0777, show_mdev_type },
	{ "vgpu_id", INTEL_VGPU, S_IFREG | 0400, show_id },
};

/* ---- inode numbers: row + 1, index, and a serial number or a type's ---- */

static u64 ino_of(unsigned int row, unsigned int index, u32 id)
{
	return (u64)id << 16 | index << 8 | (row + 1);
}

static unsigned int row_of(u64 ino)
{
	return (ino & 0xff) - 1;
}

static u32 type_id(const struct daemon *daemon, u32 index)
{
	return daemon->config.types.generation * XENGT_TYPES_MAX + index;
}

/* Whether @row is, or lies below, @top. */
static bool below(unsigned int row, unsigned int top)
{
	while (row != top && row != ROOT)
		row = rows[row].parent;
	return row == top;
}

/* A file that is open below a guest's directory stays that guest's, even if the vGPU has another
 * guest by now. */
static struct xengt_instance *instance_of_guest(const struct daemon *daemon, u32 serial)
{
	for (const struct guest *guest = daemon->guests; guest; guest = guest->next)
		if (guest->serial == serial)
			return guest->instance;
	return NULL;
}

static int resolve(struct daemon *daemon, u64 ino, const struct row **out, struct object *o)
{
	unsigned int row = row_of(ino);
	u32 id = ino >> 16;

	*o = (struct object){ .daemon = daemon, .index = ino >> 8 & 0xff };
	if (row >= ARRAY_SIZE(rows))
		return -ENOENT;
	if (below(row, TYPE) && row != DEVICE) {
		if (id / XENGT_TYPES_MAX != daemon->config.types.generation ||
		    id % XENGT_TYPES_MAX >= daemon->config.types.nr)
			return -ENOENT;
		o->type = &daemon->config.types.list[id % XENGT_TYPES_MAX];
	} else if (below(row, VM)) {
		o->instance = instance_of_guest(daemon, id);
		if (!o->instance)
			return -ENOENT;
	} else if (row == DEVICE || below(row, INSTANCE)) {
		o->instance = xengt_instances_serial(&daemon->instances, id);
		if (!o->instance)
			return -ENOENT;
	}
	*out = &rows[row];
	return 0;
}

/* ---- directories ---- */

struct entry {
	char name[NAME_MAX + 1];
	u64 ino;
};

/* A search for an entry: by name or, if .name is NULL, by position. */
struct search {
	const char *name;
	unsigned int at;
	struct entry found;
};

static bool offer(struct search *search, const char *name, u64 ino)
{
	if (search->name ? strcmp(search->name, name) != 0 : search->at-- != 0)
		return false;
	snprintf(search->found.name, sizeof(search->found.name), "%s", name);
	search->found.ino = ino;
	return true;
}

static bool offer_instances(struct search *search, const struct object *o, unsigned int row)
{
	char name[16];

	for (struct xengt_instance *i = o->daemon->instances.first; i; i = i->next) {
		if (row == VM ? !i->guest
			      : o->type && strcmp(i->options.type, o->type->options.type))
			continue;
		if (row == VM)
			snprintf(name, sizeof(name), "vm%u", i->guest->domid);
		if (offer(search, row == VM ? name : i->options.uuid,
			  ino_of(row, 0, row == VM ? i->guest->serial : i->serial)))
			return true;
	}
	return false;
}

static bool offer_counters(struct search *search, const struct object *o)
{
	char name[COUNTER_FILE_MAX];
	struct counter counter;

	for (unsigned int i = 0; counter_name(i, &counter); i++) {
		counter_file(&counter, name);
		if (offer(search, name, ino_of(COUNTER, i, o->instance->guest->serial)))
			return true;
	}
	return false;
}

static bool offer_types(struct search *search, const struct object *o)
{
	const struct xengt_types *types = &o->daemon->config.types;

	for (u32 i = 0; i < types->nr; i++)
		if (offer(search, types->list[i].options.type,
			  ino_of(TYPE, 0, type_id(o->daemon, i))))
			return true;
	return false;
}

static int find(struct daemon *daemon, u64 dir, struct search *search)
{
	const struct row *row;
	struct object o;
	int err = resolve(daemon, dir, &row, &o);

	if (err)
		return err;
	if (!S_ISDIR(row->mode))
		return -ENOTDIR;
	for (unsigned int i = 1; i < ARRAY_SIZE(rows); i++) {
		bool found;

		if (&rows[rows[i].parent] != row)
			continue;
		if (rows[i].name)
			found = offer(search, rows[i].name, ino_of(i, 0, dir >> 16));
		else if (i == TYPE)
			found = offer_types(search, &o);
		else if (i == COUNTER)
			found = offer_counters(search, &o);
		else
			found = offer_instances(search, &o, i);
		if (found)
			return 0;
	}
	return -ENOENT;
}

int tree_lookup(struct daemon *daemon, u64 dir, const char *name, u64 *ino)
{
	struct search search = { .name = name };
	int err = find(daemon, dir, &search);

	if (!err)
		*ino = search.found.ino;
	return err;
}

int tree_list(struct daemon *daemon, u64 dir, unsigned int at, char *name, u64 *ino)
{
	struct search search = { .at = at };
	int err = find(daemon, dir, &search);

	if (err)
		return err;
	strcpy(name, search.found.name);
	*ino = search.found.ino;
	return 0;
}

/* ---- files ---- */

int tree_attr(struct daemon *daemon, u64 ino, struct stat *attr)
{
	const struct row *row;
	struct object o;
	int err = resolve(daemon, ino, &row, &o);

	if (err)
		return err;
	attr->st_ino = ino;
	attr->st_mode = row->mode;
	attr->st_nlink = S_ISDIR(row->mode) ? 2 : 1;
	/* A page, as in sysfs, for programs that read as much as the size says. */
	attr->st_size = S_ISREG(row->mode) ? GVT_PAGE_SIZE : 0;
	attr->st_blksize = GVT_PAGE_SIZE;
	return 0;
}

int tree_read(struct daemon *daemon, u64 ino, char *text)
{
	const struct row *row;
	struct object o;
	int err = resolve(daemon, ino, &row, &o);

	if (err)
		return err;
	if (S_ISDIR(row->mode))
		return -EISDIR;
	return row->show ? row->show(&o, text) : -EACCES;
}

/* Has @writing done as @row says. Returns as tree_write(); after -EINPROGRESS it frees itself. */
static int store(const struct row *row, struct object *o, const char *text, size_t len)
{
	struct writing *writing = o->writing;
	char word[TREE_WORD_MAX], why[256] = "";
	int err;

	snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : 0), text);
	snprintf(writing->what, sizeof(writing->what), "%s '%s'", row->name, word);
	if (len >= sizeof(word))
		err = -E2BIG;
	else if (strlen(word) != len)
		err = -EINVAL;
	else
		err = row->store(o, word, why, sizeof(why));
	if (err != -EINPROGRESS) {
		if (err)
			explain(o->daemon, writing->what, err, why);
		return err;
	}
	if (writing->over)
		return writing->err;
	writing->later = true;
	return -EINPROGRESS;
}

int tree_write(struct daemon *daemon, u64 ino, const char *text, size_t len, tree_done *done,
	       void *arg)
{
	const struct row *row;
	struct object o;
	int err = resolve(daemon, ino, &row, &o);

	if (err)
		return err;
	if (S_ISDIR(row->mode))
		return -EISDIR;
	if (!row->store)
		return -EACCES;
	if (len && text[len - 1] == '\n')
		len--;
	o.writing = calloc(1, sizeof(*o.writing));
	if (!o.writing)
		return -ENOMEM;
	*o.writing = (struct writing){ .daemon = daemon, .done = done, .arg = arg };
	err = store(row, &o, text, len);
	if (err != -EINPROGRESS)
		free(o.writing);
	return err;
}
