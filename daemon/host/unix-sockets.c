/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/unix-sockets.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/access.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/host/process.h"
#include "daemon/host/small-file.h"

#define FLAG_LISTENING 0x10000u /* __SO_ACCEPTCON of linux/net.h */

/* --- the table ------------------------------------------------------------ */

/* One word of a line; false at its end. */
static bool next_word(const char **at, const char **ret_word, size_t *ret_length)
{
    *at += strspn(*at, " ");
    *ret_word = *at;
    *ret_length = strcspn(*at, " \n");
    *at += *ret_length;
    return *ret_length > 0;
}

static const char *without_var(const char *path)
{
    return strncmp(path, "/var/run/", strlen("/var/run/")) == 0 ? path + strlen("/var") : path;
}

static bool is_one_of(const char *name, size_t length, const char *const *paths)
{
    _cleanup_free_ char *copy = strndup(name, length);

    for (; copy && *paths; paths++)
        if (streq(without_var(copy), without_var(*paths)))
            return true;
    return false;
}

/* Num: RefCount Protocol Flags Type St Inode Path */
static SocketState state_of_line(const char *line, const char *const *paths)
{
    const char *word = NULL;
    unsigned long flags = 0;
    size_t length = 0;

    for (unsigned i = 0; i < 7; i++) {
        if (!next_word(&line, &word, &length))
            return SOCKET_STATE_ABSENT;
        if (i == 3)
            flags = strtoul(word, NULL, 16);
    }
    if (*line != ' ')
        return SOCKET_STATE_ABSENT;
    line++;
    if (!is_one_of(line, strcspn(line, "\n"), paths))
        return SOCKET_STATE_ABSENT;
    return flags & FLAG_LISTENING ? SOCKET_STATE_LISTENING : SOCKET_STATE_BOUND;
}

SocketState unix_sockets_find(const char *text, const char *const *paths)
{
    SocketState found = SOCKET_STATE_ABSENT;

    while (*text && found != SOCKET_STATE_LISTENING) {
        const SocketState state = state_of_line(text, paths);

        if (state > found)
            found = state;
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return found;
}

/* --- the peer ------------------------------------------------------------- */

typedef struct Search {
    const char *path;
    uint32_t owner;
    /* The context of those found, and whether they are of several types. */
    char *by_command, *by_owner;
    bool commands_differ, owners_differ;
} Search;

static int add_candidate(char **context, bool *differ, const char *candidate)
{
    char a[256], b[256];

    if (!*context)
        return string_replace(context, candidate);
    if (context_type_copy(*context, a, sizeof(a)) < 0 ||
        context_type_copy(candidate, b, sizeof(b)) < 0 || !streq(a, b))
        *differ = true;
    return 0;
}

/* Arguments such as /run/x.sock, unix:/run/x.sock, --bind=/run/x.sock:… */
static bool command_names(pid_t pid, const char *path)
{
    _cleanup_free_ char *text = NULL;
    char file[64];
    size_t length = 0;

    (void)snprintf(file, sizeof(file), "/proc/%d/cmdline", (int)pid);
    if (small_file_read(file, PROCESS_STATUS_SIZE_MAX, &text, &length) < 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = '\n';
    for (const char *at = text; (at = strstr(at, path)); at++) {
        const char before = at > text ? at[-1] : '\n', after = at[strlen(path)];

        if (strchr("\n:=,", before) && (after == '\0' || strchr("\n:,", after)))
            return true;
    }
    return false;
}

static int consider(Search *search, pid_t pid)
{
    _cleanup_free_ char *context = NULL;
    ProcessStatus status;
    bool named, owned;
    int r = 0;

    if (process_status_read(pid, &status) < 0 || streq(status.name, "nginx"))
        return 0;
    named = command_names(pid, search->path);
    owned = search->owner != 0 && status.subject.uid == search->owner;
    if ((!named && !owned) || process_context_read(pid, &context) < 0)
        return 0;
    if (named)
        r = add_candidate(&search->by_command, &search->commands_differ, context);
    if (r >= 0 && owned)
        r = add_candidate(&search->by_owner, &search->owners_differ, context);
    return r;
}

static int search_processes(Search *search)
{
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    size_t scanned = 0;
    int r = 0;

    if (!directory)
        return -errno;
    while (r >= 0 && scanned < PROCESSES_SCANNED_MAX && (entry = readdir(directory))) {
        uint64_t pid;

        if (parse_number(entry->d_name, 1, INT32_MAX, &pid) < 0)
            continue;
        scanned++;
        r = consider(search, (pid_t)pid);
    }
    (void)closedir(directory);
    return r;
}

int unix_sockets_find_peer(const char *path, uint32_t owner, char **ret_context,
                           PeerSource *ret_source)
{
    Search search = {.path = path, .owner = owner};
    int r = search_processes(&search);

    if (r >= 0) {
        r = -ENOENT;
        if (search.by_command && !search.commands_differ) {
            *ret_context = TAKE_POINTER(search.by_command);
            *ret_source = PEER_COMMAND_LINE;
            r = 0;
        } else if (!search.by_command && search.by_owner && !search.owners_differ) {
            *ret_context = TAKE_POINTER(search.by_owner);
            *ret_source = PEER_OWNER;
            r = 0;
        }
    }
    free(search.by_command);
    free(search.by_owner);
    return r;
}
