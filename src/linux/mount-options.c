/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/mount-options.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/mem.h"

struct option {
	const char *name;
	struct mount_options means;
};

/*
 * An access time policy is one of several values in a common field: whichever
 * is set, the whole field must be cleared first (mount_setattr(2)).
 */
#define ATTR(set, clr)	    { .attr_set = (set), .attr_clr = (clr) }
#define ATTR_SB(a, b, c, d) { .attr_set = (a), .attr_clr = (b), .sb_set = (c), .sb_clr = (d) }
#define REC(set, clr)	    { .rec_set = (set), .rec_clr = (clr) }
#define SB(set, clr)	    { .sb_set = (set), .sb_clr = (clr) }
#define PROP(p)		    { .propagation = (p) }
#define RPROP(p)	    { .propagation = (p), .flags = MOUNT_REC_PROPAGATION }
#define FLAG(f)		    { .flags = (f) }

/* Sorted by name: bsearch(3) finds them. */
/* clang-format off */
static const struct option options[] = {
	{ "async",         SB(0, MS_SYNCHRONOUS) },
	{ "atime",         ATTR(0, MOUNT_ATTR__ATIME) },
	{ "bind",          FLAG(MOUNT_BIND) },
	{ "defaults",      FLAG(0) },
	{ "dev",           ATTR(0, MOUNT_ATTR_NODEV) },
	{ "diratime",      ATTR(0, MOUNT_ATTR_NODIRATIME) },
	{ "dirsync",       SB(MS_DIRSYNC, 0) },
	{ "exec",          ATTR(0, MOUNT_ATTR_NOEXEC) },
	{ "idmap",         FLAG(MOUNT_IDMAP) },
	{ "iversion",      SB(MS_I_VERSION, 0) },
	{ "lazytime",      SB(MS_LAZYTIME, 0) },
	{ "loud",          FLAG(0) },
	{ "mand",          SB(MS_MANDLOCK, 0) },
	{ "noatime",       ATTR(MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME) },
	{ "nodev",         ATTR(MOUNT_ATTR_NODEV, 0) },
	{ "nodiratime",    ATTR(MOUNT_ATTR_NODIRATIME, 0) },
	{ "noexec",        ATTR(MOUNT_ATTR_NOEXEC, 0) },
	{ "noiversion",    SB(0, MS_I_VERSION) },
	{ "nolazytime",    SB(0, MS_LAZYTIME) },
	{ "nomand",        SB(0, MS_MANDLOCK) },
	{ "norelatime",    ATTR(0, MOUNT_ATTR__ATIME) },
	{ "nostrictatime", ATTR(0, MOUNT_ATTR__ATIME) },
	{ "nosuid",        ATTR(MOUNT_ATTR_NOSUID, 0) },
	{ "nosymfollow",   ATTR(MOUNT_ATTR_NOSYMFOLLOW, 0) },
	{ "private",       PROP(MS_PRIVATE) },
	{ "ratime",        REC(0, MOUNT_ATTR__ATIME) },
	{ "rbind",         FLAG(MOUNT_BIND | MOUNT_RBIND) },
	{ "rdev",          REC(0, MOUNT_ATTR_NODEV) },
	{ "rdiratime",     REC(0, MOUNT_ATTR_NODIRATIME) },
	{ "relatime",      ATTR(0, MOUNT_ATTR__ATIME) },
	{ "remount",       FLAG(MOUNT_REMOUNT) },
	{ "rexec",         REC(0, MOUNT_ATTR_NOEXEC) },
	{ "ridmap",        FLAG(MOUNT_IDMAP | MOUNT_RIDMAP) },
	{ "rnoatime",      REC(MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME) },
	{ "rnodev",        REC(MOUNT_ATTR_NODEV, 0) },
	{ "rnodiratime",   REC(MOUNT_ATTR_NODIRATIME, 0) },
	{ "rnoexec",       REC(MOUNT_ATTR_NOEXEC, 0) },
	{ "rnorelatime",   REC(0, MOUNT_ATTR__ATIME) },
	{ "rnostrictatime", REC(0, MOUNT_ATTR__ATIME) },
	{ "rnosuid",       REC(MOUNT_ATTR_NOSUID, 0) },
	{ "rnosymfollow",  REC(MOUNT_ATTR_NOSYMFOLLOW, 0) },
	{ "ro",            ATTR_SB(MOUNT_ATTR_RDONLY, 0, MS_RDONLY, 0) },
	{ "rprivate",      RPROP(MS_PRIVATE) },
	{ "rrelatime",     REC(0, MOUNT_ATTR__ATIME) },
	{ "rro",           REC(MOUNT_ATTR_RDONLY, 0) },
	{ "rrw",           REC(0, MOUNT_ATTR_RDONLY) },
	{ "rshared",       RPROP(MS_SHARED) },
	{ "rslave",        RPROP(MS_SLAVE) },
	{ "rstrictatime",  REC(MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME) },
	{ "rsuid",         REC(0, MOUNT_ATTR_NOSUID) },
	{ "rsymfollow",    REC(0, MOUNT_ATTR_NOSYMFOLLOW) },
	{ "runbindable",   RPROP(MS_UNBINDABLE) },
	{ "rw",            ATTR_SB(0, MOUNT_ATTR_RDONLY, 0, MS_RDONLY) },
	{ "shared",        PROP(MS_SHARED) },
	{ "silent",        FLAG(0) },
	{ "slave",         PROP(MS_SLAVE) },
	{ "strictatime",   ATTR(MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME) },
	{ "suid",          ATTR(0, MOUNT_ATTR_NOSUID) },
	{ "symfollow",     ATTR(0, MOUNT_ATTR_NOSYMFOLLOW) },
	{ "sync",          SB(MS_SYNCHRONOUS, 0) },
	{ "tmpcopyup",     FLAG(MOUNT_TMPCOPYUP) },
	{ "unbindable",    PROP(MS_UNBINDABLE) },
};
/* clang-format on */

static int compare_name(const void *key, const void *elem)
{
	return strcmp(key, ((const struct option *)elem)->name);
}

static void merge(uint64_t *set, uint64_t *clr, uint64_t add_set, uint64_t add_clr)
{
	uint64_t touched = add_set | add_clr;

	*set = (*set & ~touched) | add_set;
	*clr = (*clr & ~touched) | add_clr;
}

bool mount_options_add(struct mount_options *o, const char *option)
{
	const struct option *found =
		bsearch(option, options, ARRAY_SIZE(options), sizeof(options[0]), compare_name);
	const struct mount_options *m;

	if (!found)
		return false;
	m = &found->means;
	merge(&o->attr_set, &o->attr_clr, m->attr_set, m->attr_clr);
	merge(&o->rec_set, &o->rec_clr, m->rec_set, m->rec_clr);
	merge(&o->sb_set, &o->sb_clr, m->sb_set, m->sb_clr);
	if (m->propagation) {
		o->propagation = m->propagation;
		o->flags &= ~MOUNT_REC_PROPAGATION;
	}
	o->flags |= m->flags;
	return true;
}

const char *mount_options_name(size_t i)
{
	return i < ARRAY_SIZE(options) ? options[i].name : NULL;
}
