/* SPDX-License-Identifier: MIT */
/* The log's lines on standard error, and its entries in a journal that the test plays. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "xengt/settings/log.h"

#define JOURNAL "/run/systemd/journal"

static const struct xengt_subject guest = { 7, "desk", "some-uuid", "ring" };

/* Makes a file this process's standard error. Returns it for reading. */
static FILE *take_stderr(void)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(dup2(fileno(file), 2), 2);
	return file;
}

static const char *written(FILE *file)
{
	static char text[1024];
	size_t len;

	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	return text;
}

/* Sets the variable as systemd does where standard error is the journal's stream. */
static void name_stream(unsigned int differs)
{
	char stream[64];
	struct stat st;

	ck_assert_int_eq(fstat(2, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + differs);
	ck_assert_int_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
}

/* The journal's socket, in a /run of this process's own. Check runs each test in a process. */
static int be_journal(void)
{
	struct sockaddr_un at = { AF_UNIX, JOURNAL "/socket" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("none", "/run", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mkdir("/run/systemd", 0755), 0);
	ck_assert_int_eq(mkdir(JOURNAL, 0755), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* The next entry, with a newline also before its first field. */
static const char *entry(int fd)
{
	static char text[2048];
	ssize_t len = recv(fd, text + 1, sizeof(text) - 2, 0);

	ck_assert_msg(len > 0, "no entry: %s", strerror(errno));
	text[0] = '\n';
	text[1 + len] = '\0';
	return text;
}

static void check_has(const char *text, const char *field)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%s\n", field);
	ck_assert_msg(strstr(text, line) != NULL, "%s is not in %s", field, text);
}

START_TEST(plain)
{
	FILE *file = take_stderr();

	/* The variable was inherited, and names another stream than ours. */
	name_stream(1);
	xengt_log_level(XENGT_INFO);
	xengt_log(XENGT_ERR, "one %d", 1);
	xengt_log(XENGT_DEBUG, "two");
	xengt_log_of(&guest, XENGT_HANG, XENGT_WARN, "stands %s", "still");
	xengt_log_of(&(struct xengt_subject){ .domid = 9 }, XENGT_REFUSED, XENGT_ERR, "no vGPU");
	ck_assert_str_eq(written(file), "xengtd: one 1\nxengtd: desk (domain 7): stands still\n"
					"xengtd: domain 9: no vGPU\n");
	unsetenv("JOURNAL_STREAM");
	xengt_log(XENGT_ERR, "three");
	ck_assert_ptr_nonnull(strstr(written(file), "no vGPU\nxengtd: three\n"));
	fclose(file);
}
END_TEST

START_TEST(journal)
{
	FILE *file;
	const char *text;
	int fd;

	/* Without the right to a /run of its own, this process cannot play the journal. */
	if (unshare(CLONE_NEWNS)) {
		ck_assert_int_eq(errno, EPERM);
		return;
	}
	fd = be_journal();
	file = take_stderr();
	name_stream(0);
	xengt_log_level(XENGT_INFO);
	xengt_log(XENGT_ERR, "one");
	text = entry(fd);
	check_has(text, "MESSAGE=one");
	check_has(text, "PRIORITY=3");
	ck_assert_ptr_null(strstr(text, "MESSAGE_ID"));
	ck_assert_ptr_null(strstr(text, "XENGT_"));

	xengt_log_of(&guest, XENGT_HANG, XENGT_WARN, "stands still");
	text = entry(fd);
	check_has(text, "MESSAGE=desk (domain 7): stands still");
	check_has(text, "PRIORITY=4");
	check_has(text, "MESSAGE_ID=fe85d39f9fbf4e41ae09d7d5779afa9b");
	check_has(text, "XENGT_DOMID=7");
	check_has(text, "XENGT_VM=desk");
	check_has(text, "XENGT_VGPU=some-uuid");
	check_has(text, "XENGT_REASON=ring");

	xengt_log_of(&(struct xengt_subject){ .domid = 9 }, XENGT_REFUSED, XENGT_ERR, "no vGPU");
	text = entry(fd);
	check_has(text, "XENGT_DOMID=9");
	ck_assert_ptr_null(strstr(text, "XENGT_VM"));
	xengt_log(XENGT_DEBUG, "not told");
	ck_assert_int_lt(recv(fd, (char[1]){ 0 }, 1, 0), 0);
	/* Everything went to the journal as entries, and nothing as lines. */
	ck_assert_str_eq(written(file), "");
	close(fd);
	fclose(file);
}
END_TEST

Suite *suite_log(void)
{
	const TTest *const tests[] = { plain, journal };

	return unit_suite("log", tests, ARRAY_SIZE(tests));
}
