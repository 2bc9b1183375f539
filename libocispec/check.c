/* SPDX-License-Identifier: Apache-2.0 */
#include "libocispec/check.h"

#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

/* Whether the LEN bytes at S, at least one, are all in SET. */
static bool is_made_of(const char *s, size_t len, const char *set)
{
	return len > 0 && strspn(s, set) >= len;
}

/* Components of small letters and digits, with one separator between two. */
static bool is_algorithm(const char *s, size_t len)
{
	const char *end = s + len;

	for (;; s++) {
		size_t n = strspn(s, LOWER DIGIT);

		s += n;
		if (n == 0 || s >= end)
			return n > 0 && s == end;
		if (!strchr("+._-", *s))
			return false;
	}
}

static bool is_hex(const char *s, size_t len, size_t want)
{
	return len == want && is_made_of(s, len, DIGIT "abcdef");
}

const char *oci_check_digest(const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len);
	const char *encoded = colon ? colon + 1 : s;
	size_t n = len - (size_t)(encoded - s);

	if (!colon || !is_algorithm(s, (size_t)(colon - s)) ||
	    !is_made_of(encoded, n, LOWER UPPER DIGIT "=_-"))
		return "a digest: ALGORITHM:ENCODED";
	if (strncmp(s, "sha256:", 7) == 0 && !is_hex(encoded, n, 64))
		return "sha256: and 64 hexadecimal digits";
	if (strncmp(s, "sha512:", 7) == 0 && !is_hex(encoded, n, 128))
		return "sha512: and 128 hexadecimal digits";
	return NULL;
}

const char *oci_check_cpu_list(const char *s, size_t len)
{
	return len == 0 || is_made_of(s, len, DIGIT ", -")
		       ? NULL
		       : "a list of CPUs such as 0-3,7";
}

const char *oci_check_page_size(const char *s, size_t len)
{
	size_t n = strspn(s, DIGIT);
	bool ok = n > 0 && s[0] != '0' && len == n + 2 && strchr("KMG", s[n]) &&
		  s[n + 1] == 'B';

	return ok ? NULL : "a size of pages: a number and KB, MB or GB";
}

const char *oci_check_mem_bw_schema(const char *s, size_t len)
{
	bool ok = strncmp(s, "MB:", 3) == 0 && !memchr(s, '\n', len);

	return ok ? NULL : "one line that begins with MB:";
}

const char *oci_check_layout_version(const char *s, size_t len)
{
	return len == 5 && strcmp(s, "1.0.0") == 0 ? NULL : "\"1.0.0\"";
}

const char *oci_check_rootfs_type(const char *s, size_t len)
{
	return len == 6 && strcmp(s, "layers") == 0 ? NULL : "\"layers\"";
}
