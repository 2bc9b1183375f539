/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of strings that the specifications lay down; all are an oci_check (field.h). */
#pragma once

#include "libocispec/field.h"

/* image-spec, descriptor.md: "ALGORITHM:ENCODED"; sha256 and sha512 of the right length. */
oci_check oci_check_digest;
/* A list of CPUs: digits, commas, dashes and blanks. */
oci_check oci_check_cpu_list;
/* "2MB". */
oci_check oci_check_page_size;
/* linux.intelRdt.memBwSchema: one line that begins with "MB:". */
oci_check oci_check_mem_bw_schema;
/* The only version of the file oci-layout, and the only type of an image's rootfs. */
oci_check oci_check_layout_version;
oci_check oci_check_rootfs_type;
