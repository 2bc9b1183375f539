/* SPDX-License-Identifier: Apache-2.0 */
#include "libocispec/utf8.h"

#include <stdint.h>
#include <string.h>

/* The length of the character of more than one byte at S; 0 if it is none. */
static size_t character_length(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Whether none of 8 bytes is NUL or above ASCII: nearly all of a document is so. */
static bool is_plain(const unsigned char *s)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	uint64_t word;

	memcpy(&word, s, sizeof(word));
	return (((word - ones) | word) & highs) == 0;
}

bool utf8_is_text(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;

	while (s < end) {
		size_t n = 1;

		if (end - s >= 8 && is_plain(s)) {
			s += 8;
			continue;
		}
		if (*s == '\0')
			return false;
		if (*s >= 0x80)
			n = character_length(s, (size_t)(end - s));
		if (n == 0)
			return false;
		s += n;
	}
	return true;
}
