/* SPDX-License-Identifier: MIT */
/* The slots of QEMU's devices: from its arguments, and as it tells over QMP. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"
#include "xengt/qemu/qmp.h"
#include "xengt/qemu/slots.h"

#define WORDS_MAX 32

/* Splits "OPTION VALUE OPTION VALUE" into arguments. No value has a blank. */
static void split(char *text, char *words[WORDS_MAX])
{
	size_t nr = 0;

	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		words[nr++] = word;
	ck_assert_uint_lt(nr, WORDS_MAX);
	words[nr] = NULL;
}

/* The case "slots" on real Xen compares this with what real QEMU does with such arguments. */
static const struct {
	const char *args, *takes; /* slots from 2 on, in order: "SLOT=DEVICE" */
} models[] = {
	{ "-machine pc", "" },
	{ "-machine xenfv", "2=xen-platform" },
	{ "-M xenfv,suppress-vmdesc=on", "2=xen-platform" },
	{ "-device VGA,vgamem_mb=16 -machine xenfv", "2=xen-platform 3=VGA" },
	{ "-machine pc -device e1000,addr=0x10", "16=e1000" },
	{ "-machine pc -device e1000,addr=10", "16=e1000" },
	{ "-machine pc -device e1000,addr=10.1,multifunction=on", "16=e1000" },
	{ "-machine pc -device addr=3,driver=e1000,addr=5", "5=e1000" },
	{ "-machine pc --device e1000,id=nic0", "2=e1000 (nic0)" },
	{ "-machine pc -device e1000,addr=2 -device rtl8139", "2=e1000 3=rtl8139" },
	/* A device gets the first slot that is free when it is made. */
	{ "-machine pc -device rtl8139 -device e1000,addr=2", "2=rtl8139" },
	{ "-machine pc -device e1000,mac=00:00:00:00:00:01,bus=pci.0", "2=e1000" },
	{ "-machine pc -device e1000,id=a,,b,addr=7", "7=e1000 (a,b)" },
	/* Keys that end in "addr". */
	{ "-machine pc -device loader,file=/x,addr=0x10 -device vfio-pci,host_addr=10",
	  "2=vfio-pci" },
	/* Devices that are not on bus 0. */
	{ "-machine pc -device pci-bridge,id=b,chassis_nr=1 -device e1000,bus=b,addr=0x10",
	  "2=pci-bridge (b)" },
	{ "-machine pc -device usb-ehci,id=u -device usb-tablet,bus=u.0 -device usb-kbd",
	  "2=usb-ehci (u)" },
	{ "-machine pc -device virtio-serial -device virtserialport -device ide-hd,bus=ide.0",
	  "2=virtio-serial" },
	{ "-machine pc -usb -usbdevice tablet", "" },
	/* A value is not an option, even if it looks like one. Some options have no value. */
	{ "-name -device -machine xenfv", "2=xen-platform" },
	{ "-append -machine -machine pc -name -vga -vnc none", "" },
	{ "-machine pc -nodefaults -S -usb -device e1000", "2=e1000" },
	{ "-machine pc /a.img -device e1000", "2=e1000" },
	/* Some options make devices before Xen's platform device, and some after every -device. */
	{ "-machine xenfv -device e1000 -vga std -net nic,model=rtl8139",
	  "2=VGA (-vga std) 3=rtl8139 4=xen-platform 5=e1000" },
	{ "-machine pc -net none -nic none -vga none -net user", "" },
	{ "-machine pc -net nic,model=ne2k_isa -nic user,model=e1000,addr=9", "9=e1000" },
	{ "-machine pc -drive if=virtio,id=d,file=/x -device e1000 -virtfs local",
	  "2=e1000 3=virtio-9p-pci (-virtfs) 4=virtio-blk (d)" },
	{ "-machine pc -drive if=ide,file=/x -audio none,model=hda -device e1000",
	  "2=hda 3=e1000" },
	{ "-machine pc -device {\"driver\":\"e1000\",\"addr\":128} -device {\"driver\":\"e1000\"} "
	  "-device "
	  "rtl8139 -device {\"driver\":\"e1000\",\"id\":\"j\",\"addr\":\"1f\"}",
	  "2=rtl8139 3=e1000 16=e1000 31=e1000 (j)" },
	/* QEMU would not start with these. They must do no harm. */
	{ "-machine pc -device {\"driver\":7} -device {\"driver\":null} -device {} -device [] "
	  "-device {",
	  "2=[] 3=7" },
	{ "-machine pc -device e1000,addr=32 -device e1000,addr=-1 -device e1000,addr=",
	  "2=e1000 3=e1000 4=e1000" },
	{ "-machine pc -device ,addr=10 -device =,= -device", "" },
	{ "-machine", "" },
	{ "", "" },
};

START_TEST(by_arguments)
{
	char text[512], said[512] = "", *words[WORDS_MAX];
	struct xengt_slots slots;

	snprintf(text, sizeof(text), "%s", models[_i].args);
	split(text, words);
	xengt_slots_of_model(words, &slots);
	ck_assert_str_eq(slots.who[0], "host bridge");
	ck_assert_str_eq(slots.who[1], "PIIX3");
	for (unsigned int i = 2; i < XENGT_SLOTS; i++)
		if (slots.who[i][0])
			snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%u=%s",
				 said[0] ? " " : "", i, slots.who[i]);
	ck_assert_msg(!strcmp(said, models[_i].takes), "%s: '%s'", models[_i].args, said);
}
END_TEST

/* More devices than slots, with a very long name each. */
START_TEST(full)
{
	char *words[2 * 40 + 1], name[1000], why[256];
	struct xengt_slots slots;
	u32 slot = 0;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < 40; i++) {
		words[2 * i] = "-device";
		words[2 * i + 1] = name;
	}
	words[2 * 40] = NULL;
	xengt_slots_of_model(words, &slots);
	ck_assert_int_eq(xengt_slots_choose(&slots, &slot, why, sizeof(why)), -ENOSPC);
	ck_assert_str_eq(why, "the device model's devices have all slots of PCI bus 0");
	slot = 16;
	ck_assert_int_eq(xengt_slots_choose(&slots, &slot, why, sizeof(why)), -EBUSY);
	/* All but two slots are taken: one from 16 up is chosen first. */
	slots.who[5][0] = slots.who[30][0] = '\0';
	xengt_slots_take(&slots, 5, "a\033[2J\n\x9b");
	ck_assert_str_eq(slots.who[5], "a?[2J??");
	slots.who[5][0] = '\0';
	slot = 0;
	ck_assert_int_eq(xengt_slots_choose(&slots, &slot, why, sizeof(why)), 0);
	ck_assert_uint_eq(slot, 30);
	slots.who[30][0] = 'x';
	slot = 0;
	ck_assert_int_eq(xengt_slots_choose(&slots, &slot, why, sizeof(why)), 0);
	ck_assert_uint_eq(slot, 5);
}
END_TEST

/* xengt-dm adds the guest's options to the arguments. */
START_TEST(beside)
{
	static const struct {
		const char *args, *options;
		int err;
		u32 slot;
		const char *why;
	} cases[] = {
		{ "-machine xenfv", NULL, 0, 16, "" },
		{ "-machine xenfv", "type=i915-GVTg_V5_4", 0, 16, "" },
		{ "-machine xenfv", "slot=5", 0, 5, "" },
		{ "-machine xenfv -device e1000,addr=0x10", NULL, 0, 17, "" },
		{ "-machine xenfv -device e1000,addr=0x10", "aperture_mb=100,slot=16", 0, 17, "" },
		{ "-machine xenfv -device e1000,addr=0x10,id=n", "slot=16", -EBUSY, 16,
		  "PCI slot 16 is the device model's e1000 (n) already: slot=17 is free" },
		{ "-machine xenfv -device cirrus-vga", "slot=3", -EBUSY, 3,
		  "PCI slot 3 is the device model's cirrus-vga already: slot=16 is free" },
		{ "-machine xenfv", "slot=1", -EBUSY, 1,
		  "PCI slot 1 is the device model's PIIX3 already: slot=16 is free" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256], why[256] = "", *words[WORDS_MAX];
		u32 slot;

		snprintf(text, sizeof(text), "%s", cases[i].args);
		split(text, words);
		ck_assert_int_eq(xengt_slots_beside_model(words, cases[i].options, &slot, why,
							  sizeof(why)),
				 cases[i].err);
		ck_assert_uint_eq(slot, cases[i].slot);
		if (cases[i].err)
			ck_assert_str_eq(why, cases[i].why);
	}
}
END_TEST

/* ---- a domain whose QEMU runs ---- */

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define READY	 "{\"return\": {}}\r\n"
#define DEVICES                                                                                    \
	"{\"return\": [{\"bus\": 0, \"devices\": [{\"slot\": 0, \"function\": 0, \"class_info\": " \
	"{\"desc\": \"Host bridge\"}, \"qdev_id\": \"\"}, {\"slot\": 16, \"function\": 0, "        \
	"\"class_info\": {\"desc\": \"Ethernet controller\"}, \"qdev_id\": \"nic0\"}]}, "          \
	"{\"bus\": "                                                                               \
	"1, \"devices\": [{\"slot\": 17}]}]}\r\n"

struct qemu {
	char path[64];
	int listen_fd;
	pid_t pid;
};

/*
 * Starts a process that answers the first client: @says once, then @again for ever unless it is
 * NULL.
 */
static void qemu_start(struct qemu *q, const char *dir, const char *says, const char *again)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(q->path, sizeof(q->path), "%s/qmp-libxenstat-%u", dir, FIRST_DOMID);
	strcpy(addr.sun_path, q->path);
	q->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(q->listen_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(q->listen_fd, 1), 0);
	q->pid = fork();
	ck_assert_int_ge(q->pid, 0);
	if (!q->pid) {
		int fd = accept(q->listen_fd, NULL, NULL);
		char ignored[256];

		if (write(fd, says, strlen(says)) < 0)
			_exit(1);
		while (again && send(fd, again, strlen(again), MSG_NOSIGNAL) > 0)
			usleep(1000);
		while (read(fd, ignored, sizeof(ignored)) > 0)
			;
		pause();
		_exit(0);
	}
}

static void qemu_stop(struct qemu *q)
{
	kill(q->pid, SIGKILL);
	ck_assert_int_eq(waitpid(q->pid, NULL, 0), q->pid);
	close(q->listen_fd);
	unlink(q->path);
}

START_TEST(by_hand)
{
	struct rig *r = daemon_rig_new();
	struct qemu q;

	qemu_start(&q, r->dir, GREETING READY "{\"event\": \"X\"}\r\n" DEVICES, NULL);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "slot=16"), -EBUSY);
	ck_assert_str_eq(r->why,
			 "PCI slot 16 is the device model's Ethernet controller (nic0) already: "
			 "slot=17 is free");
	qemu_stop(&q);
	/* A free slot is found. Slots behind a bridge are not on bus 0. */
	qemu_start(&q, r->dir, GREETING READY DEVICES, NULL);
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_uint_eq(xengt_keeper_kept(r->daemon.guests->keeper)->options.slot, 17);
	qemu_stop(&q);
	daemon_rig_free(r);
}
END_TEST

/* An earlier domain with this number left a socket that nobody listens on. */
START_TEST(left_over)
{
	struct rig *r = daemon_rig_new();
	struct qemu q;

	qemu_start(&q, r->dir, "", NULL);
	kill(q.pid, SIGKILL);
	waitpid(q.pid, NULL, 0);
	close(q.listen_fd);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "slot=16"), 0);
	unlink(q.path);
	daemon_rig_free(r);
}
END_TEST

/* A QEMU that its guest controls: silent, endless, or sending nonsense. */
static const struct {
	const char *says, *again;
	int err;
} hostile[] = {
	{ "", NULL, -ETIMEDOUT },
	{ GREETING, NULL, -ETIMEDOUT },
	{ GREETING READY, "{\"event\": \"X\"}\n", -ETIMEDOUT },
	{ GREETING READY, "{", -ETIMEDOUT },
	{ GREETING "no JSON\n", NULL, -EPROTO },
	{ "7\n[]\n\"QMP\"\n", NULL, -ETIMEDOUT },
	{ GREETING READY "{\"return\": 7}\n", NULL, 0 },
	{ GREETING READY "{\"return\": [7, {\"devices\": 7}, {\"devices\": [7, {\"slot\": -5}, "
			 "{\"slot\": 99}, {\"slot\": \"x\", \"class_info\": 7}]}]}\n",
	  NULL, 0 },
};

START_TEST(hostile_model)
{
	struct rig *r = daemon_rig_new();
	struct qemu q;

	qemu_start(&q, r->dir, hostile[_i].says, hostile[_i].again);
	ck_assert_int_eq(daemon_rig_attach(r, 0, "slot=16"), hostile[_i].err);
	if (hostile[_i].err)
		ck_assert_msg(strstr(r->why,
				     "the device model does not say which PCI slots it has") ==
				      r->why,
			      "%s", r->why);
	qemu_stop(&q);
	daemon_rig_free(r);
}
END_TEST

Suite *suite_slots(void)
{
	const TTest *const tests[] = { full, beside, by_hand, left_over };
	Suite *suite = unit_suite("slots", tests, ARRAY_SIZE(tests));
	TCase *loops = tcase_create("tables");

	tcase_add_loop_test(loops, by_arguments, 0, ARRAY_SIZE(models));
	tcase_add_loop_test(loops, hostile_model, 0, ARRAY_SIZE(hostile));
	suite_add_tcase(suite, loops);
	return suite;
}
