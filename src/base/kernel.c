/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kernel.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

/* Names and descriptions of notes are padded to this. */
enum { NOTE_ALIGN = 4 };

static size_t padded(size_t size)
{
	return (size + NOTE_ALIGN - 1) & ~(size_t)(NOTE_ALIGN - 1);
}

/* LINUX_VERSION_CODE out of a segment of notes; 0: not there. */
static uint32_t version_in(const char *notes, size_t size)
{
	static const char owner[] = "Linux";
	ElfW(Nhdr) note;
	uint32_t version = 0;

	while (size >= sizeof(note)) {
		size_t used;

		memcpy(&note, notes, sizeof(note));
		used = sizeof(note) + padded(note.n_namesz) + padded(note.n_descsz);
		if (used > size)
			return 0;
		if (note.n_type == 0 && note.n_namesz == sizeof(owner) &&
		    note.n_descsz == sizeof(version) &&
		    memcmp(notes + sizeof(note), owner, sizeof(owner)) == 0) {
			memcpy(&version, notes + sizeof(note) + padded(sizeof(owner)),
			       sizeof(version));
			return version;
		}
		notes += used;
		size -= used;
	}
	return 0;
}

bool kernel_is_at_least(unsigned int major, unsigned int minor)
{
	const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR);
	const ElfW(Ehdr) *header = (const void *)vdso;
	const ElfW(Phdr) *segment = vdso ? (const void *)(vdso + header->e_phoff) : NULL;
	uint32_t version = 0;

	for (unsigned int i = 0; vdso && version == 0 && i < header->e_phnum; i++)
		if (segment[i].p_type == PT_NOTE)
			version = version_in(vdso + segment[i].p_offset, segment[i].p_filesz);
	return version >= (major << 16 | minor << 8);
}
