/* SPDX-License-Identifier: MIT */
/* UUIDs as text: how vGPUs are named that stay when their guest goes. */
#ifndef XENGT_SETTINGS_UUID_H
#define XENGT_SETTINGS_UUID_H

#define XENGT_UUID_MAX 37u /* 8-4-4-4-12 digits, with the zero byte */

/**
 * xengt_uuid_parse() - read a UUID in its usual form (RFC 9562). @uuid receives it in lower case.
 * Returns 0 or -EINVAL; then @uuid is as it was.
 */
int xengt_uuid_parse(const char *text, char uuid[XENGT_UUID_MAX]);

/** xengt_uuid_make() - make a random UUID (version 4). Returns 0 or a negative errno. */
int xengt_uuid_make(char uuid[XENGT_UUID_MAX]);

#endif
