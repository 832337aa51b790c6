/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/host/accounts.h"

#include <errno.h>
#include <fcntl.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/host/small-file.h"
#include "daemon/nginx/conf-root.h"

typedef struct User {
    const char *name, *home;
    uint32_t uid, gid;
} User;

typedef struct Group {
    const char *name;
    const char *members; /* separated by commas */
    uint32_t gid;
} Group;

struct Accounts {
    char *passwd, *group;
    User *users;
    Group *groups;
    size_t n_users, n_groups;
};

Accounts *accounts_free(Accounts *accounts)
{
    if (!accounts)
        return NULL;
    free(accounts->passwd);
    free(accounts->group);
    free(accounts->users);
    free(accounts->groups);
    free(accounts);
    return NULL;
}

static size_t count_lines(const char *text)
{
    size_t n = 1;

    for (; (text = strchr(text, '\n')); text++)
        n++;
    return n;
}

/* Cuts a line into fields at colons. Returns how many there are, at most `max`. */
static size_t cut_fields(char *line, char **fields, size_t max)
{
    size_t n = 0;

    while (line && n < max) {
        char *colon = strchr(line, ':');

        if (colon)
            *colon++ = '\0';
        fields[n++] = line;
        line = colon;
    }
    return n;
}

static bool parse_id(const char *text, uint32_t *ret_id)
{
    uint64_t number;

    if (parse_number(text, 0, UINT32_MAX - 1, &number) < 0)
        return false;
    *ret_id = (uint32_t)number;
    return true;
}

/* name:password:uid:gid:comment:home:shell */
static void take_user(Accounts *accounts, char *line)
{
    char *fields[7];
    const size_t n = cut_fields(line, fields, ELEMENTS_OF(fields));
    User user = {};

    if (n < 4 || !*fields[0] || !parse_id(fields[2], &user.uid) || !parse_id(fields[3], &user.gid))
        return;
    user.name = fields[0];
    user.home = n > 5 ? fields[5] : "";
    accounts->users[accounts->n_users++] = user;
}

/* name:password:gid:members */
static void take_group(Accounts *accounts, char *line)
{
    char *fields[4];
    const size_t n = cut_fields(line, fields, ELEMENTS_OF(fields));
    Group group = {};

    if (n < 3 || !*fields[0] || !parse_id(fields[2], &group.gid))
        return;
    group.name = fields[0];
    group.members = n > 3 ? fields[3] : "";
    accounts->groups[accounts->n_groups++] = group;
}

static void take_lines(Accounts *accounts, char *text, void (*take)(Accounts *, char *))
{
    while (text) {
        char *next = strchr(text, '\n');

        if (next)
            *next++ = '\0';
        take(accounts, text);
        text = next;
    }
}

int accounts_parse(const char *passwd, const char *group, Accounts **ret_accounts)
{
    Accounts *accounts = calloc(1, sizeof(*accounts));

    if (!accounts)
        return -ENOMEM;
    accounts->passwd = strdup(strempty(passwd));
    accounts->group = strdup(strempty(group));
    if (accounts->passwd && accounts->group) {
        accounts->users = calloc(count_lines(accounts->passwd), sizeof(*accounts->users));
        accounts->groups = calloc(count_lines(accounts->group), sizeof(*accounts->groups));
    }
    if (!accounts->users || !accounts->groups) {
        accounts_free(accounts);
        return -ENOMEM;
    }
    take_lines(accounts, accounts->passwd, take_user);
    take_lines(accounts, accounts->group, take_group);
    *ret_accounts = accounts;
    return 0;
}

static int read_beneath(int root_fd, const char *path, char **ret_text)
{
    _cleanup_close_ int fd = conf_root_open(root_fd, path, O_RDONLY);
    size_t length;

    return fd < 0 ? fd : small_file_read_fd(fd, ACCOUNTS_FILE_SIZE_MAX, ret_text, &length);
}

int accounts_read(int root_fd, Accounts **ret_accounts)
{
    _cleanup_free_ char *passwd = NULL, *group = NULL;

    if (read_beneath(root_fd, "/etc/passwd", &passwd) == -ENOMEM ||
        read_beneath(root_fd, "/etc/group", &group) == -ENOMEM)
        return -ENOMEM;
    return accounts_parse(passwd, group, ret_accounts);
}

static const User *find_user(const Accounts *accounts, const char *name)
{
    for (size_t i = 0; i < accounts->n_users; i++)
        if (streq(accounts->users[i].name, name))
            return &accounts->users[i];
    return NULL;
}

static const User *find_uid(const Accounts *accounts, uint32_t uid)
{
    for (size_t i = 0; i < accounts->n_users; i++)
        if (accounts->users[i].uid == uid)
            return &accounts->users[i];
    return NULL;
}

static const Group *find_group(const Accounts *accounts, const char *name)
{
    for (size_t i = 0; i < accounts->n_groups; i++)
        if (streq(accounts->groups[i].name, name))
            return &accounts->groups[i];
    return NULL;
}

const char *accounts_user_name(const Accounts *accounts, uint32_t uid)
{
    const User *user = accounts ? find_uid(accounts, uid) : NULL;

    return user ? user->name : NULL;
}

const char *accounts_home(const Accounts *accounts, uint32_t uid)
{
    const User *user = accounts ? find_uid(accounts, uid) : NULL;

    return user ? user->home : NULL;
}

const char *accounts_group_name(const Accounts *accounts, uint32_t gid)
{
    for (size_t i = 0; accounts && i < accounts->n_groups; i++)
        if (accounts->groups[i].gid == gid)
            return accounts->groups[i].name;
    return NULL;
}

static bool has_member(const Group *group, const char *name)
{
    const size_t length = strlen(name);

    for (const char *at = group->members; *at;) {
        const size_t word = strcspn(at, ",");

        if (word == length && strncmp(at, name, length) == 0)
            return true;
        at += word;
        at += *at == ',';
    }
    return false;
}

static size_t count_members(const Group *group)
{
    size_t n = 0;

    for (const char *at = group->members; *at;) {
        const size_t word = strcspn(at, ",");

        n += word > 0;
        at += word;
        at += *at == ',';
    }
    return n;
}

size_t accounts_group_size(const Accounts *accounts, uint32_t gid)
{
    size_t n = 0;

    if (!accounts)
        return 0;
    for (size_t i = 0; i < accounts->n_users; i++)
        n += accounts->users[i].gid == gid;
    for (size_t i = 0; i < accounts->n_groups; i++)
        if (accounts->groups[i].gid == gid)
            n += count_members(&accounts->groups[i]);
    return n;
}

static int add_gid(Subject *subject, uint32_t gid)
{
    for (size_t i = 0; i < subject->n_gids; i++)
        if (subject->gids[i] == gid)
            return 0;
    if (subject->n_gids == SUBJECT_GROUPS_MAX)
        return -E2BIG;
    subject->gids[subject->n_gids++] = gid;
    return 0;
}

int accounts_make_subject(const Accounts *accounts, const char *user_name, const char *group_name,
                          Subject *ret_subject)
{
    const User *user = find_user(accounts, user_name);
    const Group *group = find_group(accounts, group_name ? group_name : user_name);
    Subject subject = {};
    int r;

    if (!user || !group)
        return -ENOENT;
    subject.uid = user->uid;
    subject.gid = group->gid;
    /* initgroups(user, group) */
    r = add_gid(&subject, group->gid);
    for (size_t i = 0; r >= 0 && i < accounts->n_groups; i++)
        if (has_member(&accounts->groups[i], user_name))
            r = add_gid(&subject, accounts->groups[i].gid);
    if (r < 0)
        return r;
    *ret_subject = subject;
    return 0;
}
