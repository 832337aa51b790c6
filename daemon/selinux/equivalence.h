/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Equivalence rules of file contexts: "ALIAS ORIGINAL" makes libselinux look up a path at or below
 * ALIAS as if it were at or below ORIGINAL. A rule of semanage for ALIAS would never match, and
 * semanage refuses it: it is to be written for ORIGINAL. Format: file_contexts.subs (what
 * `semanage fcontext -e` writes) and file_contexts.subs_dist (the policy's own), see
 * selabel_file(5).
 */
#pragma once

/* The path that rules are to name. Local rules first, the policy's own on what they give. Of
 * several that fit, the longest alias: libselinux takes the first or the last, depending on its
 * version, and policies list them so that it is the longest. `file_contexts` is the path of that
 * file, beside which the others lie. Returns 1 and the path (the caller frees it), 0 where no rule
 * applies, or -ENOMEM. A missing or unreadable file has no rules. */
int equivalence_apply(const char *file_contexts, const char *path, char **ret_path);
