/* SPDX-License-Identifier: MIT */
#include "xengt/settings/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* No source file and line in the journal: a developer can search for the message. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "core/base/number.h"

#define FIELDS_MAX 8u
#define LINE_MAX   1024u

static enum xengt_level threshold = XENGT_INFO;

static const char *const message_ids[XENGT_EVENTS] = {
	[XENGT_ATTACHED] = "f2aaeeadbf674ec5b7315c62598fa2db",
	[XENGT_DETACHED] = "a7af6ff8c1854f87904174273ca17d5d",
	[XENGT_RESTARTED] = "469e461a16884c5cbf137e87b5a48c63",
	[XENGT_REFUSED] = "491ddb04e8574173bf65e99618c4f01b",
	[XENGT_HANG] = "fe85d39f9fbf4e41ae09d7d5779afa9b",
	[XENGT_RESET] = "a6ae7cde53a1457caedf1d3c7fa05bde",
	[XENGT_DIED] = "4aa6dc0ae85d4aeb80c964b1b442f61b",
};

void xengt_log_level(enum xengt_level level)
{
	threshold = level;
}

/* Whether standard error is the journal's stream: JOURNAL_STREAM names its file
 * (systemd.exec(5)). */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	u64 dev, ino;

	return stream && !xengt_number_at(&stream, XENGT_DECIMAL, ~0ull, &dev) &&
	       *stream++ == ':' && !xengt_number(stream, XENGT_DECIMAL, 0, ~0ull, &ino) &&
	       !fstat(2, &st) && st.st_dev == dev && st.st_ino == ino;
}

struct entry {
	struct iovec field[FIELDS_MAX];
	char text[FIELDS_MAX][LINE_MAX];
	int nr;
};

static void put(struct entry *entry, const char *name, const char *value)
{
	struct iovec *field = &entry->field[entry->nr];

	if (!value)
		return;
	field->iov_base = entry->text[entry->nr++];
	snprintf(field->iov_base, LINE_MAX, "%s=%s", name, value);
	field->iov_len = strlen(field->iov_base);
}

static void put_number(struct entry *entry, const char *name, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	put(entry, name, text);
}

static void tell_journal(const struct xengt_subject *of, enum xengt_event event,
			 enum xengt_level level, const char *line)
{
	struct entry entry = { .nr = 0 };

	put(&entry, "MESSAGE", line);
	put_number(&entry, "PRIORITY", level);
	put(&entry, "MESSAGE_ID", message_ids[event]);
	if (of) {
		put_number(&entry, "XENGT_DOMID", of->domid);
		put(&entry, "XENGT_VM", of->name);
		put(&entry, "XENGT_VGPU", of->vgpu);
		put(&entry, "XENGT_REASON", of->reason);
	}
	/* If the journal does not take the entry, write a line with its level to standard error. */
	if (sd_journal_sendv(entry.field, entry.nr) < 0)
		fprintf(stderr, "<%d>%s\n", level, line);
}

static void tell(const struct xengt_subject *of, enum xengt_event event, enum xengt_level level,
		 const char *line)
{
	if (is_journal())
		tell_journal(of, event, level, line);
	else
		fprintf(stderr, "xengtd: %s\n", line);
}

void xengt_vlog_of(const struct xengt_subject *of, enum xengt_event event, enum xengt_level level,
		   const char *format, va_list args)
{
	char line[LINE_MAX - 16];
	int at;

	if (level > threshold)
		return;
	if (of->name)
		at = snprintf(line, sizeof(line), "%s (domain %u): ", of->name, of->domid);
	else
		at = snprintf(line, sizeof(line), "domain %u: ", of->domid);
	vsnprintf(line + at, sizeof(line) - at, format, args);
	tell(of, event, level, line);
}

void xengt_log_of(const struct xengt_subject *of, enum xengt_event event, enum xengt_level level,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	xengt_vlog_of(of, event, level, format, args);
	va_end(args);
}

void xengt_log(enum xengt_level level, const char *format, ...)
{
	char line[LINE_MAX - 16];
	va_list args;

	if (level > threshold)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	tell(NULL, XENGT_OTHER, level, line);
}
