/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of a confined process (image/confine.h). */
#pragma once

struct oci_seccomp;

/* What is not in it fails with EPERM. The memory is the module's own. */
const struct oci_seccomp *confine_filter(void);
