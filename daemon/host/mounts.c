/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/mounts.h"

#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/host/small-file.h"

struct MountTable {
    char *text;
    char *raw; /* the same, of which only words are cut off */
    Mount *mounts;
    size_t n_mounts;
};

MountTable *mount_table_free(MountTable *table)
{
    if (!table)
        return NULL;
    free(table->text);
    free(table->raw);
    free(table->mounts);
    free(table);
    return NULL;
}

/* The kernel writes space, tab, newline and backslash as three octal digits. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
            from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
            const int byte = (from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0');

            if (byte != 0) {
                *to++ = (char)byte;
                from += 3;
                continue;
            }
        }
        *to++ = *from;
    }
    *to = '\0';
}

/* Cuts the next word off; NULL at the end of the line. */
static char *next_word(char **line)
{
    char *word;

    *line += strspn(*line, " ");
    if (**line == '\0')
        return NULL;
    word = *line;
    *line += strcspn(*line, " ");
    if (**line)
        *(*line)++ = '\0';
    return word;
}

static MountServer server_of_type(const char *type)
{
    static const struct {
        const char *type;
        MountServer server;
    } servers[] = {
        {"nfs", MOUNT_NFS},
        {"nfs4", MOUNT_NFS},
        {"cifs", MOUNT_CIFS},
        {"smb3", MOUNT_CIFS},
        {"smbfs", MOUNT_CIFS},
        {"fuse", MOUNT_FUSE},
        {"fuseblk", MOUNT_FUSE},
        {"autofs", MOUNT_AUTOFS},
        {"ceph", MOUNT_OTHER_NETWORK},
        {"afs", MOUNT_OTHER_NETWORK},
        {"9p", MOUNT_OTHER_NETWORK},
        {"lustre", MOUNT_OTHER_NETWORK},
        {"gpfs", MOUNT_OTHER_NETWORK},
        {"coda", MOUNT_OTHER_NETWORK},
    };

    for (size_t i = 0; i < ELEMENTS_OF(servers); i++)
        if (streq(servers[i].type, type))
            return servers[i].server;
    return strncmp(type, "fuse.", strlen("fuse.")) == 0 ? MOUNT_FUSE : MOUNT_LOCAL;
}

/* An option may hold commas between quotes: context="system_u:object_r:x:s0:c1,c2". */
static char *next_option(char **options)
{
    bool quoted = false;
    char *option = *options, *at = option;

    if (*option == '\0')
        return NULL;
    for (; *at && (quoted || *at != ','); at++)
        if (*at == '"')
            quoted = !quoted;
    if (*at)
        *at++ = '\0';
    *options = at;
    return option;
}

static const char *unquote(char *text)
{
    const size_t length = strlen(text);

    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        text[length - 1] = '\0';
        return text + 1;
    }
    return text;
}

static void take_options(Mount *mount, char *options)
{
    char *option;

    while ((option = next_option(&options))) {
        if (streq(option, "ro"))
            mount->read_only = true;
        else if (streq(option, "noexec"))
            mount->no_exec = true;
        else if (streq(option, "nodev"))
            mount->no_device = true;
        else if (streq(option, "nosuid"))
            mount->no_suid = true;
        else if (streq(option, "seclabel"))
            mount->labelled = true;
        else if (strncmp(option, "context=", strlen("context=")) == 0)
            mount->context = unquote(option + strlen("context="));
    }
}

/* The word as it stood in the table. */
static const char *raw_word(const MountTable *table, const char *word)
{
    char *raw = table->raw + (word - table->text);

    raw[strcspn(raw, " \n")] = '\0';
    return raw;
}

/* id parent major:minor root point options [optional…] - type source super-options */
static bool parse_line(const MountTable *table, char *line, Mount *ret_mount)
{
    Mount mount = {};
    char *device, *root, *point, *options, *word, *type, *source, *super_options;

    for (int i = 0; i < 2; i++) /* id, parent */
        if (!next_word(&line))
            return false;
    if (!(device = next_word(&line)) || !(root = next_word(&line)) || !(point = next_word(&line)) ||
        !(options = next_word(&line)))
        return false;
    do {
        word = next_word(&line);
        if (!word)
            return false;
    } while (!streq(word, "-"));
    if (!(type = next_word(&line)) || !(source = next_word(&line)) ||
        !(super_options = next_word(&line)) || point[0] != '/')
        return false;
    mount.options = raw_word(table, options);
    mount.super_options = raw_word(table, super_options);
    unescape(root);
    unescape(point);
    unescape(source);
    unescape(super_options);
    mount.device = device;
    mount.root = root;
    mount.point = point;
    mount.type = type;
    mount.source = source;
    mount.server = server_of_type(type);
    take_options(&mount, options);
    take_options(&mount, super_options);
    *ret_mount = mount;
    return true;
}

static int parse(MountTable *table)
{
    size_t lines = 1;
    char *line = table->text;

    for (const char *at = table->text; (at = strchr(at, '\n')); at++)
        lines++;
    if (lines > MOUNTS_MAX)
        return -E2BIG;
    table->mounts = calloc(lines, sizeof(*table->mounts));
    if (!table->mounts)
        return -ENOMEM;
    while (line) {
        char *next = strchr(line, '\n');

        if (next)
            *next++ = '\0';
        if (parse_line(table, line, &table->mounts[table->n_mounts]))
            table->n_mounts++;
        line = next;
    }
    return 0;
}

int mount_table_parse(const char *text, size_t length, MountTable **ret_table)
{
    MountTable *table = calloc(1, sizeof(*table));
    int r = -ENOMEM;

    if (!table)
        return r;
    table->text = strndup(text, length);
    table->raw = strndup(text, length);
    if (table->text && table->raw)
        r = parse(table);
    if (r < 0) {
        mount_table_free(table);
        return r;
    }
    *ret_table = table;
    return 0;
}

int mount_table_read(const char *path, MountTable **ret_table)
{
    _cleanup_free_ char *text = NULL;
    size_t length;
    int r = small_file_read(path, MOUNT_TABLE_SIZE_MAX, &text, &length);

    return r < 0 ? r : mount_table_parse(text, length, ret_table);
}

size_t mount_table_count(const MountTable *table)
{
    return table->n_mounts;
}

const Mount *mount_table_get(const MountTable *table, size_t index)
{
    return index < table->n_mounts ? &table->mounts[index] : NULL;
}

/* Whether the path is the mount point or below it. */
static bool is_below(const char *path, const char *point)
{
    const size_t length = strlen(point);

    if (length == 1)
        return true;
    return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

const Mount *mount_table_find(const MountTable *table, const char *path)
{
    const Mount *found = NULL;

    /* Of several on one point the last was mounted over the others. */
    for (size_t i = 0; table && i < table->n_mounts; i++) {
        const Mount *mount = &table->mounts[i];

        if (is_below(path, mount->point) &&
            (!found || strlen(mount->point) >= strlen(found->point)))
            found = mount;
    }
    return found;
}

/* The place within the file system, in two parts: the root of the mount, and what follows the
 * mount point. Neither ends with a slash. */
static void place_of(const Mount *mount, const char *path, size_t *ret_root, const char **ret_rest)
{
    const char *rest = path + (streq(mount->point, "/") ? 0 : strlen(mount->point));

    *ret_root = streq(mount->root, "/") ? 0 : strlen(mount->root);
    *ret_rest = streq(rest, "/") ? "" : rest;
}

bool mount_same_place(const Mount *a, const Mount *b, const char *path)
{
    const char *a_rest, *b_rest;
    size_t a_root, b_root;

    if (!a || !b)
        return a == b;
    if (!streq(a->device, b->device))
        return false;
    place_of(a, path, &a_root, &a_rest);
    place_of(b, path, &b_root, &b_rest);
    if (a_root + strlen(a_rest) != b_root + strlen(b_rest))
        return false;
    if (a_root > b_root) {
        const Mount *longer = a;

        a = b;
        b = longer;
        a_rest = b_rest;
        place_of(a, path, &a_root, &a_rest);
        place_of(b, path, &b_root, &b_rest);
    }
    /* a has the shorter root: the rest of b's root is the beginning of what follows a's. */
    return strncmp(a->root, b->root, a_root) == 0 &&
           strncmp(a_rest, b->root + a_root, b_root - a_root) == 0 &&
           streq(a_rest + (b_root - a_root), b_rest);
}
