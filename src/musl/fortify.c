/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributions build libyajl with _FORTIFY_SOURCE, against glibc: its archive
 * calls these for what it would otherwise call by the plain name.  SIZE is that of
 * the destination; what does not fit ends the program, as in glibc.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk(void *to, const void *from, size_t n, size_t size);
int __snprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, ...);
int __sprintf_chk(char *to, int flag, size_t size, const char *format, ...);

void *__memcpy_chk(void *to, const void *from, size_t n, size_t size)
{
	if (n > size)
		abort();
	return memcpy(to, from, n);
}

int __snprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, ...)
{
	va_list ap;
	int written;

	(void)flag;
	if (n > size)
		abort();
	va_start(ap, format);
	written = vsnprintf(to, n, format, ap);
	va_end(ap);
	return written;
}

int __sprintf_chk(char *to, int flag, size_t size, const char *format, ...)
{
	va_list ap;
	int written;

	(void)flag;
	va_start(ap, format);
	written = vsnprintf(to, size, format, ap);
	va_end(ap);
	if (written < 0 || (size_t)written >= size)
		abort();
	return written;
}
