/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which paths may get a file-context rule or be relabelled, by their text alone.
 *
 * A rule's regular expression is one of a few shapes, which POSIX and PCRE2 read alike and which
 * cost nothing to match: a literal path, "[^/]*", "[^/]+", ".*" or ".+" inside it, and "(/.*)?" at
 * its end.
 */
#include <errno.h>
#include <stdio.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/plan-check-internal.h"

/* Nothing in here is a web site, and a wrong label can keep a system from booting, or open
 * what is the system's own. */
static const char *const protected_trees[] = {
    "/bin",           "/boot",
    "/dev",           "/etc",
    "/lib",           "/lib32",
    "/lib64",         "/proc",
    "/sbin",          "/sys",
    "/usr/bin",       "/usr/include",
    "/usr/lib",       "/usr/lib64",
    "/usr/libexec",   "/usr/sbin",
    "/usr/src",       "/usr/local/bin",
    "/usr/local/lib", "/usr/local/sbin",
    "/run/dbus",      "/run/systemd",
    "/run/udev",      "/var/lib/nginx-selguard-remedy",
    "/var/lib/rpm",   "/var/lib/dpkg",
    "/var/lib/dbus",  "/var/lib/systemd",
    "/var/lib/sss",   "/var/lib/selinux",
    "/var/log/audit", "/var/spool/cron",
};

/* Parts of the above that are about web servers and their certificates. */
static const char *const permitted_trees[] = {
    "/etc/letsencrypt", "/etc/nginx", "/etc/pki/nginx", "/etc/pki/tls", "/etc/ssl",
};

/* Directories of keys, wherever they are. */
static const char *const protected_names[] = {".ssh", ".gnupg", ".pki", ".aws", ".kube"};

/* True if `path` is `tree` or below it. */
static bool is_inside(const char *path, const char *tree)
{
    size_t length = strlen(tree);

    return strncmp(path, tree, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* Other names of the same trees, on all hosts. Policies have equivalence rules for them in one
 * direction or the other, so that a rule for either may be one for both. */
static const struct {
    const char *name, *tree;
} aliases[] = {{"/var/run", "/run"}, {"/var/lock", "/run/lock"}, {"/var/roothome", "/root"}};

static bool is_in_protected_tree(const char *path)
{
    for (size_t i = 0; i < ELEMENTS_OF(permitted_trees); i++)
        if (is_inside(path, permitted_trees[i]))
            return false;
    for (size_t i = 0; i < ELEMENTS_OF(protected_trees); i++)
        if (is_inside(path, protected_trees[i]))
            return true;
    return false;
}

static bool is_protected(const char *path)
{
    if (is_in_protected_tree(path))
        return true;
    for (size_t i = 0; i < ELEMENTS_OF(aliases); i++) {
        char other[PLAN_STRING_MAX];

        if (!is_inside(path, aliases[i].name))
            continue;
        if (snprintf(other, sizeof(other), "%s%s", aliases[i].tree,
                     path + strlen(aliases[i].name)) >= (int)sizeof(other) ||
            is_in_protected_tree(other))
            return true;
    }
    return false;
}

/* Absolute, without empty components, "." and ".."; the number of components or -EINVAL. */
static int count_components(const char *path)
{
    _cleanup_strv_ char **components = strv_split(path, "/");
    size_t separators = 0;

    if (!components)
        return -ENOMEM;
    for (const char *p = path; *p; p++)
        separators += *p == '/';
    if (path[0] != '/' || separators != strv_length(components) || strv_contains(components, ".") ||
        strv_contains(components, ".."))
        return -EINVAL;
    return (int)separators;
}

static const char *find_protected_name(const char *path)
{
    for (size_t i = 0; i < ELEMENTS_OF(protected_names); i++) {
        const char *found = path;
        size_t length = strlen(protected_names[i]);

        while ((found = strstr(found, protected_names[i]))) {
            if (found > path && found[-1] == '/' && (found[length] == '\0' || found[length] == '/'))
                return protected_names[i];
            found += length;
        }
    }
    return NULL;
}

/* Directories of every host that are not in the list above as a whole. */
static bool is_of_every_host(const char *path)
{
    static const char *const names[] = {"/home", "/lost+found", "/media", "/mnt", "/opt", "/root",
                                        "/run",  "/srv",        "/tmp",   "/usr", "/var"};

    for (size_t i = 0; i < ELEMENTS_OF(names); i++)
        if (streq(path, names[i]))
            return true;
    return is_in_protected_tree(path);
}

/* `one_directory`: nothing but the directory itself is meant, and so one that somebody made right
 * below the root may be. */
static int check_literal(const char *path, bool one_directory, char **ret_refusal)
{
    const char *name = find_protected_name(path);
    int n = count_components(path);

    if (n == -ENOMEM)
        return n;
    if (n < 0 && !streq(path, "/"))
        return refuse(ret_refusal, -EINVAL, format_string("%s is not a plain path.", path));
    if (n < 2 && !(n == 1 && one_directory && !is_of_every_host(path)))
        return refuse(
            ret_refusal, -EPERM,
            format_string("%s is too high up: two directories at least must be named.", path));
    if (name)
        return refuse(ret_refusal, -EPERM,
                      format_string("%s holds keys; its label is left alone.", name));
    return 0;
}

/* --- set-file-context ----------------------------------------------------- */

/* Splits the expression: the literal path before the first wildcard, as far as its components
 * are whole, without escapes. -EINVAL for another shape. */
static int split_regex(const char *regex, char **ret_literal)
{
    static const char *const wildcards[] = {"[^/]*", "[^/]+", ".*", ".+"};
    _cleanup_free_ char *literal = calloc(1, strlen(regex) + 1);
    size_t n = 0, n_wildcards = 0;

    if (!literal)
        return -ENOMEM;
    while (*regex && !streq(regex, "(/.*)?")) {
        size_t length = 0;

        for (size_t i = 0; i < ELEMENTS_OF(wildcards) && length == 0; i++)
            if (strncmp(regex, wildcards[i], strlen(wildcards[i])) == 0)
                length = strlen(wildcards[i]);
        if (length > 0) {
            if (n_wildcards++ == 0)
                /* The component that it stands in is not a whole one. */
                while (n > 0 && literal[n - 1] != '/')
                    n--;
            if (n_wildcards > 4)
                return -EINVAL;
            regex += length;
            continue;
        }
        if (*regex == '\\') {
            if (!regex[1] || !strchr(".+*?()[]{}^$|\\-", regex[1]))
                return -EINVAL;
            regex++;
        } else if (strchr(".+*?()[]{}^$| \t\n", *regex))
            return -EINVAL;
        if (n_wildcards == 0)
            literal[n++] = *regex;
        regex++;
    }
    if (n > 1 && literal[n - 1] == '/')
        n--;
    literal[n] = '\0';
    *ret_literal = TAKE_POINTER(literal);
    return 0;
}

static bool file_type_is_known(const char *file_type)
{
    static const char *const file_types[] = {"all",   "file",   "dir",  "char",
                                             "block", "socket", "pipe", "symlink"};

    for (size_t i = 0; i < ELEMENTS_OF(file_types); i++)
        if (streq(file_types[i], file_type))
            return true;
    return false;
}

int file_context_check_request(const Action *action, const Config *config _unused_,
                               char **ret_refusal)
{
    _cleanup_free_ char *literal = NULL;
    int r;

    if (!file_type_is_known(strempty(action->file_type)))
        return refuse(ret_refusal, -EINVAL, strdup("this is no kind of file that semanage knows."));
    if (!identifier_is_valid(strempty(action->type)))
        return refuse(ret_refusal, -EINVAL, strdup("this is not the name of a type."));
    r = split_regex(strempty(action->regex), &literal);
    if (r == -EINVAL)
        return refuse(
            ret_refusal, -EPERM,
            format_string("%s is not a path with \"[^/]*\", \".*\" or a final \"(/.*)?\", "
                          "which is all that this service takes.",
                          strempty(action->regex)));
    if (r < 0)
        return r;
    r = check_literal(literal,
                      streq(action->file_type, "dir") && !strpbrk(action->regex, "*+?([{|"),
                      ret_refusal);
    if (r < 0)
        return r;
    if (is_protected(literal))
        return refuse(ret_refusal, -EPERM,
                      format_string("%s belongs to the system; no rule is made for it.", literal));
    return 0;
}

/* --- relabel ---------------------------------------------------------------- */

/* To restore the policy's own label harms nowhere; but what is not a file system with labels
 * of its own is left alone. */
int relabel_check_request(const Action *action, const Config *config _unused_, char **ret_refusal)
{
    static const char *const without[] = {"/proc", "/sys", "/dev", "/boot"};
    const char *path = strempty(action->path);
    int r = check_literal(path, !action->recursive, ret_refusal);

    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTS_OF(without); i++)
        if (is_inside(path, without[i]))
            return refuse(ret_refusal, -EPERM,
                          format_string("nothing in %s is relabelled.", without[i]));
    if (action->recursive && is_protected(path))
        return refuse(
            ret_refusal, -EPERM,
            format_string("%s belongs to the system and is not relabelled as a whole.", path));
    return 0;
}
