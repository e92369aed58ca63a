/* SPDX-License-Identifier: MIT */
/* What xengt doctor says of a host, made of files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "xengt/doctor.h"

static char root[32];

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

static unsigned int look(char *text, size_t len)
{
	struct xengt_config config;
	unsigned int amiss;
	FILE *to = fmemopen(text, len, "w");

	ck_assert_int_eq(xengt_config_load("/dev/null", &config, text, len), 0);
	snprintf(config.socket, sizeof(config.socket), "%s/none", root);
	amiss = doctor_look(&config, root, to);
	fclose(to);
	return amiss;
}

START_TEST(host)
{
	char text[4096], command[64];

	strcpy(root, "/tmp/xengt-host-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
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
	snprintf(command, sizeof(command), "rm -r %s", root);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

Suite *suite_doctor(void)
{
	const TTest *const tests[] = { host };

	return unit_suite("doctor", tests, ARRAY_SIZE(tests));
}
