/* SPDX-License-Identifier: MIT */
/* What xengt doctor says of a host, made of files, and of guests' configurations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "xengt/doctor.h"
#include "xengt/xlcfg.h"

#define UUID "a0000000-0000-4000-8000-00000000000a"

static char root[32];

static void new_root(void)
{
	strcpy(root, "/tmp/xengt-host-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	ck_assert_int_eq(system(command), 0);
}

static void put(const char *path, const char *text)
{
	char command[256], full[128];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", full);
	ck_assert_int_eq(system(command), 0);
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	chmod(full, 0755);
}

/* What is printed, and how much is wrong. */
static unsigned int print(struct json_object *found, char *text, size_t len)
{
	unsigned int amiss = doctor_amiss(found);
	FILE *to = fmemopen(text, len, "w");

	doctor_print(found, to);
	fclose(to);
	json_object_put(found);
	return amiss;
}

static unsigned int look(char *text, size_t len)
{
	struct xengt_config config;

	ck_assert_int_eq(xengt_config_load("/dev/null", &config, text, len), 0);
	snprintf(config.socket, sizeof(config.socket), "%s/none", root);
	return print(doctor_host(&config, root), text, len);
}

START_TEST(host)
{
	char text[4096];

	new_root();
	ck_assert_uint_eq(look(text, sizeof(text)), 7);
	ck_assert_ptr_null(strstr(text, "ok "));

	put("/proc/xen/capabilities", "control_d\n");
	put("/sys/hypervisor/version/major", "4\n");
	put("/sys/hypervisor/version/minor", "16\n");
	put("/sys/hypervisor/properties/capabilities", "xen-3.0-x86_64 hvm-3.0-x86_64 \n");
	put("/dev/xen/privcmd", "");
	put("/dev/xen/evtchn", "");
	put("/dev/fuse", "");
	put("/usr/lib/xen/bin/qemu-system-i386", "");
	/* A Xen too old, and no daemon. */
	ck_assert_uint_eq(look(text, sizeof(text)), 2);
	ck_assert_ptr_nonnull(strstr(text, "NOT SO  Xen is 4.17 or newer\n"));
	ck_assert_ptr_nonnull(strstr(text, "NOT SO  the daemon answers\n        systemctl start"));
	ck_assert_ptr_nonnull(strstr(text, "ok      this is Xen's dom0\n"));
	put("/sys/hypervisor/version/minor", "17\n");
	ck_assert_uint_eq(look(text, sizeof(text)), 1);
	put("/sys/hypervisor/version/major", "5\n");
	put("/sys/hypervisor/version/minor", "0\n");
	ck_assert_uint_eq(look(text, sizeof(text)), 1);
	remove_root();
}
END_TEST

/* ---- guests' configurations ---- */

#define DM "/usr/libexec/xengt/xengt-dm"

static const char good[] = "# a guest\nname = 'g'\ntype = \"hvm\"\nmemory = 1024\nvcpus = 2\n"
			   "device_model_version = \"qemu-xen\"\n"
			   "device_model_override = \"" DM "\"\n"
			   "device_model_args = [ \"-xengt\", \"type=i915-GVTg_V5_4\" ]\n"
			   "max_grant_version = 1\nmax_grant_frames = 512\n";

static unsigned int visit(const char *cfg, const char *types, const char *vgpus, char *text,
			  size_t len)
{
	struct json_object *all_types = types ? json_tokener_parse(types) : NULL;
	struct json_object *all_vgpus = vgpus ? json_tokener_parse(vgpus) : NULL, *found;
	struct xengt_config config;
	char path[64], why[256];

	ck_assert_int_eq(xengt_config_load("/dev/null", &config, why, sizeof(why)), 0);
	snprintf(path, sizeof(path), "%s/guest.cfg", root);
	put("/guest.cfg", cfg);
	found = doctor_guest(&config, root, path, all_types, all_vgpus, why, sizeof(why));
	ck_assert_msg(found != NULL, "%s", why);
	json_object_put(all_types);
	json_object_put(all_vgpus);
	return print(found, text, len);
}

/* A line at the end takes the place of an earlier one. */
static const struct {
	const char *line, *says;
} complaints[] = {
	{ "type = 'pv'", "NOT SO  it is an HVM guest\n        type = \"hvm\"\n" },
	{ "hap = 0", "NOT SO  it has nested paging\n        hap = 1\n" },
	{ "maxvcpus = 129", "NOT SO  it has no more vCPUs than are served\n        vcpus = 128\n" },
	{ "maxmem = 2048", "NOT SO  all its memory is there from the start\n"
			   "        maxmem = 1024\n" },
	{ "device_model_override = \"/usr/bin/qemu\"",
	  "NOT SO  xengt-dm starts its device model\n        device_model_override = \"" },
	{ "device_model_override = \"/nowhere/xengt-dm\"",
	  "NOT SO  xengt-dm starts its device model\n" },
	{ "device_model_version = \"qemu-xen-traditional\"",
	  "NOT SO  xengt-dm starts its device model\n"
	  "        device_model_version = \"qemu-xen\"\n" },
	{ "device_model_args = [ \"-nodefaults\" ]",
	  "NOT SO  it asks for a vGPU\n"
	  "        device_model_args = [ \"-xengt\", \"type=i915-GVTg_V5_2\" ]\n" },
	{ "device_model_args = [ \"-xengt\", \"aperture_mb=100\" ]",
	  "NOT SO  it asks for one that can be\n        behind -xengt: aperture_mb=100: it takes a "
	  "power of two from 64 to 1024\n" },
	{ "device_model_args = [ \"-xengt\", \"type=none\" ]",
	  "NOT SO  its vGPU is to be had\n        there is no type 'none'" },
	{ "device_model_args = [ \"-xengt\", \"type=i915-GVTg_V5_1\" ]",
	  "NOT SO  its vGPU is to be had\n        no more of type i915-GVTg_V5_1" },
	{ "device_model_args = [ \"-xengt\", \"uuid=b0000000-0000-4000-8000-00000000000b\" ]",
	  "NOT SO  its vGPU is to be had\n"
	  "        xengt create TYPE b0000000-0000-4000-8000-00000000000b\n" },
	{ "shadow_memory = 2", "NOT SO  there is memory for its page tables\n"
			       "        shadow_memory = 6\n" },
};

static const char daemon_types[] = "[{\"type\":\"i915-GVTg_V5_4\",\"available\":1},"
				   "{\"type\":\"i915-GVTg_V5_1\",\"available\":0}]";

START_TEST(guest_wrong)
{
	char cfg[2048], text[4096];

	new_root();
	put(DM, "");
	ck_assert_msg(!visit(good, daemon_types, "[]", text, sizeof(text)), "%s", text);
	ck_assert_ptr_null(strstr(text, "note"));
	snprintf(cfg, sizeof(cfg), "%s%s\n", good, complaints[_i].line);
	ck_assert_msg(visit(cfg, daemon_types, "[]", text, sizeof(text)) == 1, "%s: %s",
		      complaints[_i].line, text);
	ck_assert_msg(strstr(text, complaints[_i].says) != NULL, "%s: %s", complaints[_i].line,
		      text);
	remove_root();
}
END_TEST

/* What works, and could do better. */
static const struct {
	const char *line, *vgpus, *says;
} notes[] = {
	{ "max_grant_version = 2", "[]",
	  "note    its grant table can be used for the aperture\n        max_grant_version = 1" },
	{ "max_grant_frames = 64", "[]",
	  "note    its grant table is large enough for the aperture\n        for 95 MiB of 128 at "
	  "a "
	  "time; for all of it max_grant_frames = 81, and" },
	{ "max_grant_frames = 16", "[]", "        for 0 MiB of 128 at a time; " },
	{ "device_model_args = [ \"-xengt\", \"aperture_mb=256\" ]\nmemory = 3600", "[]",
	  "note    there is room for the aperture\n        mmio_hole = 512 (or" },
	{ "device_model_args = [ \"-xengt\", \"aperture_mb=512\" ]\nmemory = 3500", "[]",
	  "note    there is room for the aperture\n        mmio_hole = 1024 (or" },
	{ "mmio_hole = 256\ndevice_model_args = [ \"-xengt\", \"aperture_mb=256\" ]", "[]",
	  "note    there is room for the aperture\n        mmio_hole = 512 (or" },
	{ "device_model_args = [ \"-xengt\", \"uuid=" UUID "\" ]",
	  "[{\"uuid\":\"" UUID "\",\"type\":\"i915-GVTg_V5_4\",\"state\":\"running\","
	  "\"name\":\"other\",\"aperture_mb\":128,\"memory_mb\":512}]",
	  "note    its vGPU is to be had\n        other has it now\n" },
};

START_TEST(guest_notes)
{
	char cfg[2048], text[4096];

	new_root();
	put(DM, "");
	snprintf(cfg, sizeof(cfg), "%s%s\n", good, notes[_i].line);
	visit(cfg, daemon_types, notes[_i].vgpus, text, sizeof(text));
	ck_assert_msg(strstr(text, notes[_i].says) != NULL, "%s: %s", notes[_i].line, text);
	remove_root();
}
END_TEST

/* Without a daemon that is said, and all else still is. */
START_TEST(guest_alone)
{
	char text[4096];

	new_root();
	put(DM, "");
	ck_assert_uint_eq(visit(good, NULL, NULL, text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(strstr(text, "note    its vGPU is to be had\n"));
	/* Of a file with nothing in it each thing that has to be set is named. */
	ck_assert_uint_eq(visit("", NULL, NULL, text, sizeof(text)), 3);
	remove_root();
}
END_TEST

/* The configurations that are shipped are as they should be. */
START_TEST(guest_examples)
{
	static const char *const names[] = { "one-vgpu.cfg", "two-vcpus.cfg" };
	struct xengt_config config;
	char path[512], why[256], text[4096];

	new_root();
	put(DM, "");
	ck_assert_int_eq(xengt_config_load("/dev/null", &config, why, sizeof(why)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct json_object *found;

		snprintf(path, sizeof(path), "%s/xl-configs/%s", TOP_SRCDIR, names[i]);
		found = doctor_guest(&config, root, path, NULL, NULL, why, sizeof(why));
		ck_assert_msg(found != NULL, "%s", why);
		ck_assert_msg(!print(found, text, sizeof(text)), "%s: %s", names[i], text);
	}
	remove_root();
}
END_TEST

/* ---- what xl reads, and what it does not ---- */

static int read_cfg(const char *text, struct xlcfg **cfg, char *why)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/f", root);
	put("/f", text);
	return xlcfg_read(path, cfg, why, 256);
}

START_TEST(xl_values)
{
	struct xlcfg *cfg;
	char why[256];

	new_root();
	ck_assert_int_eq(read_cfg("a=1;b = 0x10\t# c\nl=['x' ,\n # d\n \"y\\\"z\",\n] ; s='#'\n"
				  "l += [ \"t\" ]\na = 2\nn = [[1, 2], 3]",
				  &cfg, why),
			 0);
	ck_assert_int_eq(xlcfg_number(cfg, "a", 0), 2);
	ck_assert_int_eq(xlcfg_number(cfg, "b", 0), 16);
	ck_assert_int_eq(xlcfg_number(cfg, "c", 5), 5);
	ck_assert_str_eq(xlcfg_item(cfg, "l", 0), "x");
	ck_assert_str_eq(xlcfg_item(cfg, "l", 1), "y\"z");
	ck_assert_str_eq(xlcfg_item(cfg, "l", 2), "t");
	ck_assert_ptr_null(xlcfg_item(cfg, "l", 3));
	ck_assert_str_eq(xlcfg_string(cfg, "s"), "#");
	ck_assert_int_eq(xlcfg_number(cfg, "s", 7), 7);
	ck_assert_str_eq(xlcfg_item(cfg, "n", 2), "3");
	xlcfg_free(cfg);
	remove_root();
}
END_TEST

START_TEST(xl_mistakes)
{
	static const struct {
		const char *text;
		unsigned int line;
	} cases[] = {
		{ "a", 1 },	      { "a = ", 1 },	 { "\na = b", 2 },     { "a = 'x", 1 },
		{ "a = \"x\n\"", 1 }, { "a = [ 1,", 1 }, { "a = [\n1\n}", 3 }, { "= 1", 1 },
		{ "a = 1 2", 1 },     { "A = 1", 1 },	 { "a = 'x\\", 1 },    { "a += ", 1 },
	};
	struct xlcfg *cfg;
	char why[256], place[64];

	new_root();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_msg(read_cfg(cases[i].text, &cfg, why) == -EINVAL, "%s", cases[i].text);
		snprintf(place, sizeof(place), "%s/f:%u: ", root, cases[i].line);
		ck_assert_msg(strstr(why, place) == why, "'%s': %s", cases[i].text, why);
	}
	ck_assert_int_eq(xlcfg_read("/nowhere", &cfg, why, sizeof(why)), -ENOENT);
	ck_assert_str_eq(why, "/nowhere: No such file or directory");
	remove_root();
}
END_TEST

Suite *suite_doctor(void)
{
	const TTest *const tests[] = { host, guest_alone, guest_examples, xl_values, xl_mistakes };
	Suite *suite = unit_suite("doctor", tests, ARRAY_SIZE(tests));
	TCase *guests = tcase_create("guests");

	tcase_add_loop_test(guests, guest_wrong, 0, ARRAY_SIZE(complaints));
	tcase_add_loop_test(guests, guest_notes, 0, ARRAY_SIZE(notes));
	suite_add_tcase(suite, guests);
	return suite;
}
