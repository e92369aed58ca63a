/* SPDX-License-Identifier: MIT */
/* The tree of files, node by node: its entries, their contents, and each misuse with its errno. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"

#define TYPE8 "mdev_supported_types/" V5_8
#define NEW   "control/create_gvt_instance"

/* The names in a directory, each followed by a blank. */
static const char *names(struct rig *r, const char *path)
{
	static char all[2048];
	char name[NAME_MAX + 1];
	u64 ino;

	all[0] = '\0';
	for (unsigned int at = 0; !tree_list(&r->daemon, daemon_rig_ino(r, path), at, name, &ino);
	     at++) {
		ck_assert_uint_lt(strlen(all) + strlen(name) + 2, sizeof(all));
		strcat(all, name);
		strcat(all, " ");
	}
	return all;
}

START_TEST(directories)
{
	struct rig *r = daemon_rig_new();

	ck_assert_str_eq(names(r, ""), "control mdev_supported_types ");
	ck_assert_str_eq(names(r, "control"),
			 "create_gvt_instance available_resources last_error ");
	ck_assert_str_eq(names(r, "mdev_supported_types"),
			 "i915-GVTg_V5_1 i915-GVTg_V5_2 i915-GVTg_V5_4 i915-GVTg_V5_8 ");
	ck_assert_str_eq(names(r, TYPE8),
			 "devices name description device_api available_instances create ");
	ck_assert_str_eq(names(r, TYPE8 "/devices"), "");
	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A "\n"), 0);
	ck_assert_int_eq(daemon_rig_write(r, NEW, "22,64,448,4"), 0);
	ck_assert_str_eq(names(r, TYPE8 "/devices"), UUID_A " ");
	ck_assert_str_eq(names(r, UUID_A), "intel_vgpu remove mdev_type ");
	ck_assert_str_eq(names(r, UUID_A "/intel_vgpu"), "vgpu_id ");
	ck_assert_str_eq(names(r, "vm22"), "schedule counters vgpu_id uuid state vgpu_bar_info ");
	ck_assert_str_eq(names(r, "vm22/schedule"), "weight cap ");
	ck_assert_ptr_nonnull(strstr(names(r, "vm22/counters"), "mmio_write "));
	/* The guest's directory exists as long as it has a vGPU. */
	ck_assert_uint_ne(daemon_rig_ino(r, "vm22"), 0);
	ck_assert_int_eq(daemon_rig_write(r, NEW, "-22"), 0);
	ck_assert_uint_eq(daemon_rig_ino(r, "vm22"), 0);
	ck_assert_str_eq(names(r, ""), "control mdev_supported_types " UUID_A " ");
	daemon_rig_free(r);
}
END_TEST

/* Every entry of a directory is found by its name, and its mode fits what it can do. */
static void walk(struct rig *r, u64 dir, unsigned int depth, unsigned int *nr)
{
	char name[NAME_MAX + 1], text[TREE_VALUE_MAX];
	u64 ino, found;

	ck_assert_uint_lt(depth, 5);
	for (unsigned int at = 0; !tree_list(&r->daemon, dir, at, name, &ino); at++) {
		struct stat attr = { 0 };
		int len;

		(*nr)++;
		ck_assert_int_eq(tree_lookup(&r->daemon, dir, name, &found), 0);
		ck_assert_uint_eq(found, ino);
		ck_assert_int_eq(tree_attr(&r->daemon, ino, &attr), 0);
		ck_assert_uint_eq(attr.st_ino, ino);
		len = tree_read(&r->daemon, ino, text);
		if (S_ISDIR(attr.st_mode)) {
			ck_assert_int_eq(len, -EISDIR);
			ck_assert_int_eq(daemon_rig_store(r, ino, "", 0), -EISDIR);
			walk(r, ino, depth + 1, nr);
			continue;
		}
		ck_assert_int_eq(tree_list(&r->daemon, ino, 0, name, &found), -ENOTDIR);
		ck_assert_int_eq(tree_lookup(&r->daemon, ino, "x", &found), -ENOTDIR);
		if (attr.st_mode & 0444)
			ck_assert_msg(len > 0 && len < (int)TREE_VALUE_MAX, "%s: %d", name, len);
		else
			ck_assert_int_eq(len, -EACCES);
		/* No file takes an empty value. A file that cannot be written refuses any. */
		ck_assert_int_eq(daemon_rig_store(r, ino, "", 0),
				 attr.st_mode & 0222 && S_ISREG(attr.st_mode) ? -EINVAL : -EACCES);
	}
}

START_TEST(whole_tree)
{
	struct rig *r = daemon_rig_new();
	unsigned int nr = 0;

	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "uuid=" UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	walk(r, TREE_ROOT, 0, &nr);
	ck_assert_uint_gt(nr, 120);
	daemon_rig_free(r);
}
END_TEST

START_TEST(values)
{
	struct rig *r = daemon_rig_new();

	r->daemon.config.max_vgpus = 3;
	r->daemon.config.memory_mb = 4000;
	ck_assert_str_eq(daemon_rig_read(r, TYPE8 "/name"), V5_8 "\n");
	ck_assert_str_eq(daemon_rig_read(r, TYPE8 "/device_api"), "xen-ioreq\n");
	ck_assert_str_eq(daemon_rig_read(r, TYPE8 "/description"),
			 "low_gm_size: 64MB\nhigh_gm_size: 384MB\nfence: 32\n"
			 "resolution: 1024x768\nweight: 2\ncap: 0\n");
	ck_assert_str_eq(daemon_rig_read(r, TYPE8 "/available_instances"), "3\n");
	ck_assert_str_eq(daemon_rig_read(r, "control/available_resources"),
			 "vgpus: 3\nhigh_gm_mb: 4000\n");
	ck_assert_int_eq(daemon_rig_attach(r, 0, "type=" V5_1), 0);
	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	ck_assert_str_eq(daemon_rig_read(r, TYPE8 "/available_instances"), "1\n");
	ck_assert_str_eq(daemon_rig_read(r, "mdev_supported_types/" V5_1 "/available_instances"),
			 "0\n");
	ck_assert_str_eq(daemon_rig_read(r, "control/available_resources"),
			 "vgpus: 1\nhigh_gm_mb: 1568\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/vgpu_id"), "1\n");
	ck_assert_str_eq(daemon_rig_read(r, UUID_A "/intel_vgpu/vgpu_id"), "2\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/state"), "running\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/vgpu_bar_info"),
			 "0 0x1000000 off\n2 0x20000000 off\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/schedule/weight"), "16\n");
	ck_assert_str_eq(daemon_rig_read(r, UUID_A "/mdev_type"), "../" TYPE8);
	ck_assert_str_eq(daemon_rig_read(r, TYPE8 "/devices/" UUID_A), "../../../" UUID_A);
	daemon_rig_free(r);
}
END_TEST

/* A counter is read as it is now. */
START_TEST(counters)
{
	struct rig *r = daemon_rig_new();
	u32 val;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/cfg_read"), "0\n");
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(exen_guest_pci_read(r->d[0], 0, 0x80, 0, 4, &val), 0);
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/cfg_read"), "5\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/requests"), "5\n");
	daemon_rig_free(r);
}
END_TEST

/* The metrics agree with the files, and Prometheus takes each line. */
START_TEST(metrics)
{
	static const char name[] = "a\"b\\c\nd";
	struct rig *r = daemon_rig_new();
	char *text, *line, *rest;
	u32 val;

	r->daemon.config.max_vgpus = 5;
	ck_assert_int_eq(daemon_rig_attach(r, 0, "type=" V5_8), 0);
	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	ck_assert(xs_write(xengt_store_handle(r->daemon.dom0.store), XBT_NULL,
			   "/local/domain/21/name", name, strlen(name)));
	daemon_on_xenstore(&r->daemon);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(exen_guest_pci_read(r->d[0], 0, 0x80, 0, 4, &val), 0);
	text = metrics_text(&r->daemon);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\nxengt_available{type=\"" V5_8 "\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "domain=\"a\\\"b\\\\c\\nd\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "{id=\"2\",type=\"" V5_8 "\",domain=\"\"} 0\n"));
	ck_assert_ptr_nonnull(strstr(text, "{id=\"2\"} 402653184\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nxengt_vgpu_cfg_read_total{id=\""));
	line = strstr(text, "\nxengt_vgpu_cfg_read_total{");
	ck_assert_int_eq(strncmp(strchr(line, '}'), "} 3\n", 4), 0);
	for (rest = text; (line = strsep(&rest, "\n")) && rest;)
		ck_assert_msg(!strncmp(line, "# ", 2) || !strncmp(line, "xengt_", 6), "%s", line);
	ck_assert_str_eq(line, "");
	free(text);
	daemon_rig_free(r);
}
END_TEST

START_TEST(create_misuse)
{
	static const struct {
		const char *path, *text;
		int err;
	} cases[] = {
		{ TYPE8 "/create", "1", -EINVAL },
		{ TYPE8 "/create", "\n", -EINVAL },
		{ TYPE8 "/create", UUID_A, -EEXIST },
		{ TYPE8 "/create", UUID_A "\n\n", -EINVAL },
		{ TYPE8 "/create", UUID_A " ", -EINVAL },
		{ "mdev_supported_types/" V5_1 "/create", UUID_A, -EEXIST },
		{ "mdev_supported_types/none/create", UUID_B, -ENOENT },
		{ UUID_A "/remove", "", -EINVAL },
		{ UUID_A "/remove", "2", -EINVAL },
		{ UUID_A "/remove", "1 ", -EINVAL },
		{ UUID_A "/remove", "yes", -EINVAL },
		{ UUID_A "/remove", "0", 0 },
		{ UUID_A "/remove", "1", -EBUSY },
		{ UUID_B "/remove", "1", -ENOENT },
		{ "vm21/schedule/weight", "0", -EINVAL },
		{ "vm21/schedule/weight", "17", -EINVAL },
		{ "vm21/schedule/cap", "-1", -EINVAL },
		{ "vm21/schedule/cap", "101", -EINVAL },
		{ "vm21/state", "running", -EACCES },
		{ TYPE8 "/name", "x", -EACCES },
		{ UUID_A "/mdev_type", "x", -EACCES },
		{ NEW, "", -EINVAL },
		{ NEW, "22", -EINVAL },
		{ NEW, "22,64,448", -EINVAL },
		{ NEW, "22,64,448,", -EINVAL },
		{ NEW, "22,64,448,4,", -EINVAL },
		{ NEW, "22,64,448,4 ", -EINVAL },
		{ NEW, "22,64,448,4,x", -EINVAL },
		{ NEW, "22,-64,448,4", -EINVAL },
		{ NEW, "+22,64,448,4", -EINVAL },
		{ NEW, " 22,64,448,4", -EINVAL },
		{ NEW, "22,64,448,4,--1", -EINVAL },
		{ NEW, "22,65,448,4", -EINVAL },
		{ NEW, "22,64,448,33", -EINVAL },
		{ NEW, "22,64,448,0", -EINVAL },
		{ NEW, "22,64,0,4", -EINVAL },
		{ NEW, "22,64,4480000,4", -EINVAL },
		{ NEW, "-", -EINVAL },
		{ NEW, "--21", -EINVAL },
		{ NEW, "-21x", -EINVAL },
		{ NEW, "- 21", -EINVAL },
		{ NEW, "-22", -ESRCH },
		{ NEW, "-0", -ESRCH },
		{ NEW, "0,64,448,4", -EINVAL },
		{ NEW, "32752,64,448,4", -EINVAL },
		{ NEW, "99,64,448,4", -ESRCH },
		{ NEW, "21,64,448,4", -EEXIST },
		{ NEW,
		  "22,64,448,4,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
		  "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
		  -EINVAL },
		{ NEW,
		  "22,64,448,4,"
		  "0000000000000000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000000000000000000000000000000000",
		  -E2BIG },
	};
	struct rig *r = daemon_rig_new();

	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "uuid=" UUID_A), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err = daemon_rig_write(r, cases[i].path, cases[i].text);

		ck_assert_msg(err == cases[i].err, "'%s' to %s: %d", cases[i].text, cases[i].path,
			      err);
		ck_assert_ptr_null(r->daemon.instances.first->next);
		ck_assert_ptr_nonnull(r->daemon.instances.first->guest);
	}
	/* A NUL inside does not end the value. */
	ck_assert_int_eq(daemon_rig_store(r, daemon_rig_ino(r, NEW), "-21\0x", 5), -EINVAL);
	r->daemon.config.max_vgpus = 1;
	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_B), -ENOSPC);
	ck_assert_int_eq(daemon_rig_write(r, NEW, "22,64,448,4"), -ENOSPC);
	daemon_rig_free(r);
}
END_TEST

START_TEST(gvt_instance)
{
	struct rig *r = daemon_rig_new();
	const struct xengt_options *made;

	ck_assert_int_eq(daemon_rig_write(r, NEW, "21,128,448,8,-1,50\n"), 0);
	made = &xengt_keeper_kept(daemon_find_domid(&r->daemon, FIRST_DOMID)->keeper)->options;
	ck_assert_uint_eq(made->aperture_mib, 128);
	ck_assert_uint_eq(made->memory_mib, 448);
	ck_assert_uint_eq(made->fences, 8);
	ck_assert_int_eq(daemon_rig_write(r, NEW, "-21\n"), 0);
	ck_assert_ptr_null(r->daemon.guests);
	ck_assert_ptr_null(r->daemon.instances.first);
	daemon_rig_free(r);
}
END_TEST

START_TEST(schedule)
{
	struct rig *r = daemon_rig_new();
	const struct xengt_kept *of_guest;

	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "uuid=" UUID_A), 0);
	of_guest = xengt_keeper_kept(daemon_find_domid(&r->daemon, FIRST_DOMID)->keeper);
	ck_assert_int_eq(daemon_rig_write(r, "vm21/schedule/weight", "11\n"), 0);
	ck_assert_int_eq(daemon_rig_write(r, "vm21/schedule/cap", "40"), 0);
	ck_assert_str_eq(daemon_rig_read(r, "vm21/schedule/weight"), "11\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/schedule/cap"), "40\n");
	ck_assert_uint_eq(of_guest->weight, 11);
	ck_assert_uint_eq(of_guest->cap, 40);
	daemon_rig_free(r);
}
END_TEST

/* A node that was looked up and has gone is not confused with its successor. */
START_TEST(gone)
{
	struct rig *r = daemon_rig_new();
	char text[TREE_VALUE_MAX];
	struct stat attr;
	u64 dir, file, type, found;

	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	dir = daemon_rig_ino(r, UUID_A);
	file = daemon_rig_ino(r, UUID_A "/remove");
	ck_assert_int_eq(daemon_rig_store(r, file, "1", 1), 0);
	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	ck_assert_int_eq(daemon_rig_store(r, file, "1", 1), -ENOENT);
	ck_assert_int_eq(tree_attr(&r->daemon, dir, &attr), -ENOENT);
	ck_assert_int_eq(tree_lookup(&r->daemon, dir, "remove", &found), -ENOENT);

	ck_assert_int_eq(daemon_rig_attach(r, 0, "uuid=" UUID_A), 0);
	file = daemon_rig_ino(r, "vm21/counters/requests");
	dir = daemon_rig_ino(r, "vm21");
	exen_domain_destroy(r->d[0]);
	daemon_reap(&r->daemon);
	ck_assert_int_eq(tree_read(&r->daemon, file, text), -ENOENT);
	ck_assert_int_eq(tree_attr(&r->daemon, dir, &attr), -ENOENT);

	type = daemon_rig_ino(r, TYPE8 "/create");
	ck_assert_int_eq(
		xengt_config_reload("/dev/null", &r->daemon.config, r->why, sizeof(r->why)), 0);
	ck_assert_int_eq(daemon_rig_store(r, type, UUID_B, strlen(UUID_B)), -ENOENT);
	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_B), 0);
	daemon_rig_free(r);
}
END_TEST

/* An open file of a guest belongs to that guest, even if another one has its vGPU now. */
START_TEST(guest_by_guest)
{
	struct rig *r = daemon_rig_new();
	char text[TREE_VALUE_MAX];
	u64 file, dir, found;

	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "uuid=" UUID_A), 0);
	file = daemon_rig_ino(r, "vm21/vgpu_bar_info");
	dir = daemon_rig_ino(r, "vm21/counters");
	daemon_rig_detach(r, r->daemon.guests);
	ck_assert_int_eq(daemon_rig_attach(r, 1, "uuid=" UUID_A), 0);
	ck_assert_uint_ne(daemon_rig_ino(r, "vm22/vgpu_bar_info"), 0);
	ck_assert_int_eq(tree_read(&r->daemon, file, text), -ENOENT);
	ck_assert_int_eq(tree_lookup(&r->daemon, dir, "requests", &found), -ENOENT);
	daemon_rig_free(r);
}
END_TEST

/* A file has the reason of the last write that failed, and the log has each. */
START_TEST(last_error)
{
	static const struct {
		const char *path, *text, *says;
	} writes[] = {
		{ NEW, "21,64,448,4", "domain 21 has a vGPU already" },
		{ NEW, "4000,64,448,4", "there is no domain 4000" },
		{ NEW, "7", "it takes VMID,LOW,HIGH,FENCES or -VMID" },
		{ NEW, "-22", "domain 22 has no vGPU" },
		{ NEW, "-x", "'x' is no domain's number" },
		{ TYPE8 "/create", "x", "'x' is no UUID" },
		{ TYPE8 "/create", UUID_A, "there is a vGPU " UUID_A " already" },
		{ UUID_A "/remove", "1", "a guest has vGPU " UUID_A },
		{ UUID_A "/remove", "2", "it takes 0 or 1" },
		{ "vm21/schedule/weight", "17", "weight=17" },
		{ "vm21/schedule/cap", "x", "cap=x" },
	};
	struct rig *r = daemon_rig_new();
	char said[16384], line[256];
	FILE *log = tmpfile();

	ck_assert_str_eq(daemon_rig_read(r, "control/last_error"), "none\n");
	ck_assert_int_eq(daemon_rig_write(r, TYPE8 "/create", UUID_A), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "uuid=" UUID_A), 0);
	ck_assert_str_eq(daemon_rig_read(r, "control/last_error"), "none\n");
	unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(dup2(fileno(log), 2), 2);
	xengt_log_level(XENGT_WARN);
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		const char *name = strrchr(writes[i].path, '/') + 1, *file;

		ck_assert_int_lt(daemon_rig_write(r, writes[i].path, writes[i].text), 0);
		file = daemon_rig_read(r, "control/last_error");
		snprintf(line, sizeof(line), "%s '%s': ", name, writes[i].text);
		ck_assert_msg(strstr(file, line) == file, "%s", file);
		ck_assert_msg(strstr(file, writes[i].says) != NULL, "%s: %s", writes[i].says, file);
	}
	/* A write that succeeds does not change it. */
	ck_assert_int_eq(daemon_rig_write(r, "vm21/schedule/cap", "3"), 0);
	ck_assert_str_ne(daemon_rig_read(r, "control/last_error"), "none\n");
	rewind(log);
	said[fread(said, 1, sizeof(said) - 1, log)] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++)
		ck_assert_msg(strstr(said, writes[i].says) != NULL, "%s: %s", writes[i].says, said);
	fclose(log);
	daemon_rig_free(r);
}
END_TEST

/* The kernel keeps inode numbers. None of them does harm, however wrong. */
START_TEST(any_inode)
{
	struct rig *r = daemon_rig_new();
	char text[TREE_VALUE_MAX], name[NAME_MAX + 1];
	u64 seed = 7, ino;
	struct stat attr;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	for (int i = 0; i < 100000; i++) {
		u64 any = unit_random(&seed);
		u64 of = (any & 3) << 16 | (any >> 8 & 0x3f) << 8 | (any >> 16 & 0x3f);

		tree_attr(&r->daemon, i % 2 ? any : of, &attr);
		tree_read(&r->daemon, i % 2 ? any : of, text);
		tree_list(&r->daemon, i % 2 ? any : of, any >> 32 & 15, name, &ino);
		tree_lookup(&r->daemon, i % 2 ? any : of, "vgpu_id", &ino);
	}
	ck_assert_ptr_nonnull(r->daemon.guests);
	daemon_rig_free(r);
}
END_TEST

Suite *suite_tree(void)
{
	const TTest *const tests[] = {
		directories, whole_tree, values,    counters, create_misuse,  gvt_instance,
		schedule,    gone,	 any_inode, metrics,  guest_by_guest, last_error,
	};

	return unit_suite("tree", tests, ARRAY_SIZE(tests));
}
