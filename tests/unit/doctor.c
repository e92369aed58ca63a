/* SPDX-License-Identifier: MIT */
/* What xengt doctor says of a host, which is made of files, and of guests' configurations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "xengt/cli/doctor.h"

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

	snprintf(command, sizeof(command), "/bin/rm -r %s", root);
	ck_assert_int_eq(system(command), 0);
}

static void put(const char *path, const char *text)
{
	char command[256], full[128];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	snprintf(command, sizeof(command), "PATH=/bin:/usr/bin; mkdir -p $(dirname %s)", full);
	ck_assert_int_eq(system(command), 0);
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	chmod(full, 0755);
}

/* What is printed, and how many things are wrong. */
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
	/* Xen is too old, and there is no daemon. */
	ck_assert_uint_eq(look(text, sizeof(text)), 2);
	ck_assert_ptr_nonnull(strstr(text, "NOT SO  Xen is 4.17 or newer\n"));
	ck_assert_ptr_nonnull(strstr(text, "NOT SO  xengtd answers\n        systemctl start"));
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
			   "max_grant_version = 1\nmax_grant_frames = 81\n";

/* A host with Xen 4.17 and its parameters. xl is a script that accepts everything. */
static const struct doctor_xen xen = { .grant_frames = 256, .maptrack_frames = 1024 };

static void new_guests_root(void)
{
	char path[64];

	new_root();
	put(DM, "");
	put(XENGT_DM_PATH, "");
	put("/sys/hypervisor/version/major", "4\n");
	put("/sys/hypervisor/version/minor", "17\n");
	put("/bin/xl", "#!/bin/sh\nexit 0\n");
	put("/usr/libexec/xen-qemu-system-i386",
	    "#!/bin/sh\n[ \"$1\" = -version ] && echo 'QEMU emulator version 10.0.7 (Debian)'\n"
	    "echo 'Copyright'\n");
	snprintf(path, sizeof(path), "%s/bin:/bin:/usr/bin", root);
	setenv("PATH", path, 1);
}

/* Doctor's findings for @cfg, as objects; or NULL with @why. */
static struct json_object *examine(const struct doctor_xen *with, const char *cfg,
				   const char *types, const char *vgpus, char *why, size_t len)
{
	struct json_object *all_types = types ? json_tokener_parse(types) : NULL;
	struct json_object *all_vgpus = vgpus ? json_tokener_parse(vgpus) : NULL, *found;
	struct xengt_config config;
	char path[64];

	ck_assert_int_eq(xengt_config_load("/dev/null", &config, why, len), 0);
	snprintf(path, sizeof(path), "%s/guest.cfg", root);
	put("/guest.cfg", cfg);
	found = doctor_guest(&config, root, path, with, all_types, all_vgpus, why, len);
	json_object_put(all_types);
	json_object_put(all_vgpus);
	return found;
}

static unsigned int visit(const char *cfg, const char *types, const char *vgpus, char *text,
			  size_t len)
{
	struct json_object *found = examine(&xen, cfg, types, vgpus, text, len);

	ck_assert_msg(found != NULL, "%s", text);
	return print(found, text, len);
}

/* A line at the end replaces an earlier one. */
static const struct {
	const char *line, *says;
} complaints[] = {
	{ "type = 'pv'", "NOT SO  it is an HVM guest\n        type = \"hvm\"\n" },
	{ "hap = 0", "NOT SO  it has nested paging\n        hap = 1\n" },
	{ "maxvcpus = 200", "NOT SO  it has 128 vCPUs or fewer\n        maxvcpus = 128\n" },
	{ "vcpus = 129", "NOT SO  it has 128 vCPUs or fewer\n        vcpus = 128\n" },
	{ "vcpus = 130; maxvcpus = 140", "NOT SO  it has 128 vCPUs or fewer\n"
					 "        vcpus = 128; maxvcpus = 128\n" },
	{ "type = 'pv'; builder = 'generic'",
	  "NOT SO  it is an HVM guest\n        type = \"hvm\"; builder = \"hvm\"\n" },
	{ "device_model_stubdomain_override = 1",
	  "NOT SO  xengt-dm starts its device model\n"
	  "        device_model_stubdomain_override = 0\n" },
	{ "device_model_user = 'root'",
	  "NOT SO  its device model's user is there\n        "
	  "device_model_user = \"nobody\"  # there is no user root, or" },
	{ "device_model_user = 'nobody-at-all'", "NOT SO  its device model's user is there\n" },
	{ "dm_restrict = 1",
	  "NOT SO  its device model's user is there\n        dm_restrict = 0  #" },
	{ "kernel = '/nowhere'", "NOT SO  what it boots from is there\n        kernel: there is no "
				 "/nowhere\n" },
	{ "soundhw = 'ac97'", "NOT SO  its sound card has something to play to\n"
			      "        device_model_args += [ \"-audio\", \"none\" ]  # or" },
	{ "extra = 'quiet'", "NOT SO  what it boots from is there\n        take extra out, or" },
	{ "max_grant_frames = 300",
	  "NOT SO  Xen accepts its grant table's size and version\n"
	  "        max_grant_frames = 256  # or grant_frames = 300 in " XENGT_CONFIG_FILE
	  ", and systemctl restart xengtd\n" },
	{ "max_grant_version = 3", "NOT SO  Xen accepts its grant table's size and version\n"
				   "        max_grant_version = 1\n" },
	{ "max_maptrack_frames = 1025", "NOT SO  Xen accepts its grant table's size and version\n"
					"        max_maptrack_frames = 1024\n" },
	{ "passthrough = 'enabled'; pci = [ '00:1f.0' ]; vpmu = 1",
	  "NOT SO  the host has the features that it asks for\n        passthrough = \"disabled\"; "
	  "pci = [ ]; "
	  "vpmu "
	  "= 0\n" },
	{ "device_model_args = [ '-append', '-xengt', '-device', 'e1000' ]",
	  "NOT SO  it asks for a vGPU\n" },
	{ "device_model_args += [ '-device', 'e1000,addr=0x10', '-xengt', 'slot=16' ]",
	  "NOT SO  no device of QEMU's has its PCI slot\n        device_model_args += [ "
	  "\"-xengt\", "
	  "\"slot=16,slot=17\" ]  # PCI slot 16 is the device model's e1000 already: slot=17 is "
	  "free\n" },
	{ "device_model_args_hvm = [ '-xengt', 'slot=3' ]",
	  "NOT SO  no device of QEMU's has its PCI slot\n        device_model_args_hvm += [ "
	  "\"-xengt\", "
	  "\"slot=3,slot=16\" ]  # PCI slot 3 is the device model's cirrus-vga" },
	{ "pci = [ '00:1f.0@4' ]; device_model_args_hvm = [ '-xengt', 'slot=4' ]",
	  "host device 00:1f.0@4 already" },
	{ "usbversion = 2; device_model_args_hvm = [ '-xengt', 'slot=29' ]",
	  "PCI slot 29 is the device model's ich9-usb-ehci1 (usb) already" },
	{ "vif = [ '', 'model = e1000, type=ioemu' ]; device_model_args_hvm = [ '-xengt', 'slot=5' "
	  "]",
	  "PCI slot 5 is the device model's e1000 (nic1) already" },
	{ "disk = [ '/x,raw,sda,w' ]; device_model_args_hvm = [ '-xengt', 'slot=3' ]",
	  "PCI slot 3 is the device model's lsi53c895a already" },
	{ "spice = 1; spicevdagent = 1; vga = 'none'; device_model_args_hvm = [ '-xengt', 'slot=3' "
	  "]",
	  "PCI slot 3 is the device model's virtio-serial already" },
	{ "soundhw = 'hda'; hdtype = 'ahci'; device_model_args_hvm = [ '-audio', 'none', '-xengt', "
	  "'slot=5' ]",
	  "PCI slot 5 is the device model's ahci (ahci0) already" },
	{ "usbctrl = [ 'version=3' ]; device_model_args_hvm = [ '-xengt', 'slot=4' ]",
	  "PCI slot 4 is the device model's USB controller (usbctrl 0) already" },
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
	  "        device_model_args += [ \"-xengt\", \"type=i915-GVTg_V5_2\" ]\n" },
	{ "device_model_args = [ \"-xengt\" ]",
	  "NOT SO  it asks for a vGPU\n"
	  "        device_model_args += [ \"type=i915-GVTg_V5_2\" ]\n" },
	{ "device_model_args = [ \"-xengt\", \"aperture_mb=100\" ]",
	  "NOT SO  the vGPU that it asks for can exist\n        behind -xengt: aperture_mb=100: it "
	  "takes a "
	  "power of two from 64 to 1024\n" },
	{ "device_model_args = [ \"-xengt\", \"type=none\" ]",
	  "NOT SO  its vGPU is available\n        there is no type 'none'" },
	{ "device_model_args = [ \"-xengt\", \"type=i915-GVTg_V5_1\" ]",
	  "NOT SO  its vGPU is available\n        no more of type i915-GVTg_V5_1" },
	{ "device_model_args = [ \"-xengt\", \"uuid=b0000000-0000-4000-8000-00000000000b\" ]",
	  "NOT SO  its vGPU is available\n"
	  "        xengt create TYPE b0000000-0000-4000-8000-00000000000b\n" },
	{ "shadow_memory = 2", "NOT SO  there is memory for its page tables\n"
			       "        shadow_memory = 6\n" },
};

static const char daemon_types[] = "[{\"type\":\"i915-GVTg_V5_2\",\"available\":1},{\"type\":"
				   "\"i915-GVTg_V5_4\",\"available\":1},"
				   "{\"type\":\"i915-GVTg_V5_1\",\"available\":0}]";

/* Adds the advice of each finding to @cfg, if it is a line of a configuration. */
static void follow(struct json_object *found, char *cfg, size_t len, bool *followed)
{
	*followed = false;
	for (size_t i = 0; i < json_object_array_length(found); i++) {
		struct json_object *one = json_object_array_get_idx(found, i), *state, *advice;
		const char *line;

		ck_assert(json_object_object_get_ex(one, "state", &state));
		if (strcmp(json_object_get_string(state), "wrong"))
			continue;
		ck_assert(json_object_object_get_ex(one, "advice", &advice));
		line = json_object_get_string(advice);
		if (!strstr(line, " = ") && !strstr(line, " += "))
			continue;
		snprintf(cfg + strlen(cfg), len - strlen(cfg), "%s\n", line);
		*followed = true;
	}
}

START_TEST(guest_wrong)
{
	struct doctor_xen with = xen;
	char cfg[2048], text[8192];
	struct json_object *found;
	bool cured;

	new_guests_root();
	ck_assert_msg(!visit(good, daemon_types, "[]", text, sizeof(text)), "%s", text);
	ck_assert_ptr_null(strstr(text, "note"));
	snprintf(cfg, sizeof(cfg), "%s%s\n", good, complaints[_i].line);
	with.no_passthrough = with.no_vpmu = !!strstr(cfg, "vpmu");
	found = examine(&with, cfg, daemon_types, "[]", text, sizeof(text));
	ck_assert_msg(found != NULL, "%s", text);
	follow(found, cfg, sizeof(cfg), &cured);
	ck_assert_msg(print(found, text, sizeof(text)) == 1, "%s: %s", complaints[_i].line, text);
	ck_assert_msg(strstr(text, complaints[_i].says) != NULL, "%s: %s", complaints[_i].line,
		      text);
	/* Following the advice for a configuration helps. */
	if (cured) {
		found = examine(&with, cfg, daemon_types, "[]", text, sizeof(text));
		ck_assert_msg(found != NULL, "%s: %s", cfg, text);
		ck_assert_msg(!print(found, text, sizeof(text)), "%s: %s", cfg, text);
	}
	remove_root();
}
END_TEST

/* Configurations that work, but could be better. */
static const struct {
	const char *line, *vgpus, *says;
} notes[] = {
	{ "max_grant_version = 2", "[]",
	  "note    its grant table can be used for the aperture\n        max_grant_version = 1  # "
	  "or" },
	{ "max_grant_frames = 64", "[]",
	  "note    its grant table is large enough for the aperture\n        max_grant_frames = 81 "
	  " # "
	  "now 95 MiB of 128 at a time are seen without a trap\n" },
	{ "max_grant_frames = 16", "[]", "  # now 0 MiB of 128 at a time " },
	{ "device_model_args = [ \"-xengt\", \"aperture_mb=512\" ]", "[]",
	  "        max_grant_frames = 273  # now 129 MiB of 512 at a time are seen without a trap; "
	  "before that systemctl restart xengtd; on a Xen without hypfs, gnttab_max_frames=273 "
	  "on" },
	{ "device_model_args = [ \"-xengt\", \"aperture_mb=1024\" ]", "[]",
	  "; before that grant_frames = 529 in " XENGT_CONFIG_FILE
	  ", and systemctl restart xengtd\n" },
	{ "device_model_args = [ \"-xengt\", \"aperture_mb=256\" ]\nmemory = 3600", "[]",
	  "note    there is room for the aperture\n        mmio_hole = 512  # or" },
	{ "device_model_args = [ \"-xengt\", \"aperture_mb=512\" ]\nmemory = 3500", "[]",
	  "note    there is room for the aperture\n        mmio_hole = 1024  # or" },
	{ "mmio_hole = 256\ndevice_model_args = [ \"-xengt\", \"aperture_mb=256\" ]", "[]",
	  "note    there is room for the aperture\n        mmio_hole = 512  # or" },
	{ "device_model_args = [ \"-xengt\", \"uuid=" UUID "\" ]",
	  "[{\"uuid\":\"" UUID "\",\"type\":\"i915-GVTg_V5_4\",\"state\":\"running\","
	  "\"name\":\"other\",\"aperture_mb\":128,\"memory_mb\":512}]",
	  "note    its vGPU is available\n        other has it now\n" },
};

START_TEST(guest_notes)
{
	char cfg[2048], text[8192];

	new_guests_root();
	snprintf(cfg, sizeof(cfg), "%s%s\n", good, notes[_i].line);
	visit(cfg, daemon_types, notes[_i].vgpus, text, sizeof(text));
	ck_assert_msg(strstr(text, notes[_i].says) != NULL, "%s: %s", notes[_i].line, text);
	remove_root();
}
END_TEST

/* Good configurations beside those of other tests: nothing must be reported. */
START_TEST(guest_fine)
{
	static const char *const lines[] = {
		"builder = 'hvm'",
		"type = 'h'",
		"vcpus = '2'",
		"hap = 0; hap = 1",
		"maxmem = 1024; maxvcpus = 128",
		"hap = [ 0 ]",
		"device_model_args += [ '-device', 'e1000,addr=0x10' ]",
		"device_model_args_hvm = [ '-xengt', 'type=i915-GVTg_V5_4,slot=20' ]",
		"device_model_user = 'nobody'; dm_restrict = 1",
		"passthrough = 'disabled'",
		"device_model_stubdomain_override = 0",
		"max_grant_frames = 256",
	};
	char cfg[2048], text[8192];

	new_guests_root();
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		snprintf(cfg, sizeof(cfg), "%s%s\n", good, lines[i]);
		ck_assert_msg(!visit(cfg, daemon_types, "[]", text, sizeof(text)), "%s: %s",
			      lines[i], text);
	}
	/* Only the most memory is set; the device model's kind is the default. */
	snprintf(cfg, sizeof(cfg),
		 "name = 'g'; type = 'hvm'; maxmem = 1024\ndevice_model_override = '" DM "'\n"
		 "device_model_args = [ '-xengt', 'type=i915-GVTg_V5_4' ]\n");
	ck_assert_msg(!visit(cfg, daemon_types, "[]", text, sizeof(text)), "%s", text);
	remove_root();
}
END_TEST

/* Defaults of Xen and xl are used. Since 4.18 Xen's parameters are no bounds. */
START_TEST(guest_defaults)
{
	static const struct doctor_xen small = { .grant_frames = 32, .maptrack_frames = 8 };
	char cfg[2048], text[8192];
	struct json_object *found;

	new_guests_root();
	put("/etc/xen/xl.conf", "max_grant_version = 1\nmax_grant_frames = 40\n");
	strcpy(cfg, good);
	*strstr(cfg, "max_grant_version") = '\0';
	found = examine(&small, cfg, daemon_types, "[]", text, sizeof(text));
	ck_assert_uint_eq(print(found, text, sizeof(text)), 1);
	ck_assert_ptr_nonnull(
		strstr(text, "        max_grant_frames = 32  # or systemctl restart xengtd; "));
	ck_assert_ptr_nonnull(
		strstr(text, "ok      its grant table can be used for the aperture\n"));
	put("/etc/xen/xl.conf", "max_grant_version = 1\n");
	found = examine(&small, cfg, daemon_types, "[]", text, sizeof(text));
	ck_assert_uint_eq(print(found, text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(strstr(text, "# now 31 MiB of 128 at a time"));
	put("/sys/hypervisor/version/minor", "18\n");
	snprintf(cfg + strlen(cfg), 64, "max_grant_frames = 81; max_maptrack_frames = 999\n");
	found = examine(&small, cfg, daemon_types, "[]", text, sizeof(text));
	ck_assert_uint_eq(print(found, text, sizeof(text)), 0);
	ck_assert_ptr_null(strstr(text, "note"));
	remove_root();
}
END_TEST

/* What xl itself refuses is reported. If xl is missing, that is reported. */
START_TEST(guest_xl)
{
	char text[8192];

	new_guests_root();
	put("/bin/xl",
	    "#!/bin/sh\n[ \"$1 $2 $3\" = '-N create -q' ] && grep -q name \"$4\" || exit 9\n"
	    "printf 'warning: x\\nUnknown vga specified\\n' >&2\nexit 1\n");
	ck_assert_uint_eq(visit(good, daemon_types, "[]", text, sizeof(text)), 1);
	ck_assert_ptr_nonnull(
		strstr(text, "NOT SO  xl accepts it\n        xl says: Unknown vga specified\n"));
	setenv("PATH", "/nowhere", 1);
	ck_assert_uint_eq(visit(good, daemon_types, "[]", text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(
		strstr(text, "note    xl accepts it\n        xl could not be asked: No such"));
	remove_root();
}
END_TEST

/* If there is no daemon, that is reported, and all other findings as well. */
START_TEST(guest_alone)
{
	char text[8192];

	new_guests_root();
	ck_assert_uint_eq(visit(good, NULL, NULL, text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(strstr(text, "note    its vGPU is available\n"));
	/* For an empty file, each setting that is needed is named. */
	ck_assert_uint_eq(visit("", NULL, NULL, text, sizeof(text)), 4);
	remove_root();
}
END_TEST

/* The configurations that are shipped have no findings. */
START_TEST(guest_examples)
{
	static const char *const names[] = { "one-vgpu.cfg", "two-vcpus.cfg", "debian.cfg" };
	struct xengt_config config;
	char path[512], why[256], text[8192];

	new_guests_root();
	put("/var/lib/xengt/guest/vmlinuz", "");
	put("/var/lib/xengt/guest/initrd.img", "");
	ck_assert_int_eq(xengt_config_load("/dev/null", &config, why, sizeof(why)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct json_object *found;

		snprintf(path, sizeof(path), "%s/xl-configs/%s", TOP_SRCDIR, names[i]);
		found = doctor_guest(&config, root, path, &xen, NULL, NULL, why, sizeof(why));
		ck_assert_msg(found != NULL, "%s", why);
		ck_assert_msg(!print(found, text, sizeof(text)), "%s: %s", names[i], text);
	}
	remove_root();
}
END_TEST

/* ---- what xl reads and what it does not ---- */

static const struct {
	const char *text;
	unsigned int line; /* 0: xl reads it */
} files[] = {
	{ "", 0 },
	{ "a=1;b = 0x10\t# c\nl=['x' ,\n\n \"y\\\"z\",\n] ; s='#'\nl += [ \"t\" ]\n", 0 },
	{ "n = [[1, 2], 3]\n", 0 },
	{ "a", 1 },
	{ "a = ]\n", 1 },
	{ "\na = b\n", 2 },
	{ "a = 'x\n", 1 },
	{ "a = [ 1,\n", 1 },
	{ "a = 1 2\n", 1 },
	{ "A = 1\n", 1 },
	{ "a = 1\nfooB = 1\n", 2 },
	{ "vcpus = 1\r\n", 1 },
	{ "a = [\"a\" \"b\"]\n", 1 },
	{ "a = [ , ]\n", 1 },
	{ "memory = 16M\n", 1 },
	{ "a = 1_024\n", 1 },
	{ "a = 10.5\n", 1 },
	{ "a = -1\n", 1 },
};

START_TEST(xl_files)
{
	char why[256], place[64];
	struct json_object *found;

	new_guests_root();
	found = examine(&xen, files[_i].text, NULL, NULL, why, sizeof(why));
	ck_assert_msg(!found == !!files[_i].line, "'%s'", files[_i].text);
	snprintf(place, sizeof(place), "%s/guest.cfg:%u: ", root, files[_i].line);
	if (!found)
		ck_assert_msg(strstr(why, place) == why, "'%s': %s", files[_i].text, why);
	json_object_put(found);
	remove_root();
}
END_TEST

/* No file, a folder, and a file whose length makes a difference for how it is read. */
START_TEST(xl_other_files)
{
	static const char *const paths[][2] = {
		{ "/nowhere", "/nowhere: No such file or directory" },
		{ "/proc", "/proc: Is a directory" },
	};
	const size_t len = 1 << 20;
	struct xengt_config config;
	char why[256], *text = malloc(len + 64);
	struct json_object *found;

	new_guests_root();
	ck_assert_int_eq(xengt_config_load("/dev/null", &config, why, sizeof(why)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		ck_assert_ptr_null(doctor_guest(&config, root, paths[i][0], &xen, NULL, NULL, why,
						sizeof(why)));
		ck_assert_str_eq(why, paths[i][1]);
	}
	strcpy(text, "x = [ ");
	for (size_t at = strlen(text); at < len; at += strlen(text + at))
		sprintf(text + at, "\"%zu\", ", at);
	strcat(text, "]\n");
	found = examine(&xen, text, NULL, NULL, why, sizeof(why));
	ck_assert_msg(found != NULL, "%s", why);
	json_object_put(found);
	free(text);
	remove_root();
}
END_TEST

Suite *suite_doctor(void)
{
	const TTest *const tests[] = { host,	 guest_alone,	 guest_fine,	guest_defaults,
				       guest_xl, guest_examples, xl_other_files };
	Suite *suite = unit_suite("doctor", tests, ARRAY_SIZE(tests));
	TCase *guests = tcase_create("guests");

	tcase_add_loop_test(guests, guest_wrong, 0, ARRAY_SIZE(complaints));
	tcase_add_loop_test(guests, guest_notes, 0, ARRAY_SIZE(notes));
	tcase_add_loop_test(guests, xl_files, 0, ARRAY_SIZE(files));
	suite_add_tcase(suite, guests);
	return suite;
}
