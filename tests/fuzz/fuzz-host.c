/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read of /proc, /etc and attributes: the first byte chooses which. */
#include <stdint.h>
#include <stdlib.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/host/accounts.h"
#include "daemon/host/mounts.h"
#include "daemon/host/process.h"
#include "daemon/host/unix-sockets.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void try_acl(const uint8_t *data, size_t size)
{
    Acl acl;

    if (acl_parse(data, size, &acl) < 0)
        return;
    require(acl.n_entries >= 3 && acl.n_entries <= ACL_ENTRIES_MAX);
    require(acl_find(&acl, ACL_TAG_USER_OBJ, 0) && acl_find(&acl, ACL_TAG_OTHER, 0));
    for (size_t i = 0; i < acl.n_entries; i++)
        require(acl.entries[i].permissions <= 7);
    if (acl.n_entries < ACL_ENTRIES_MAX)
        require(acl_set(&acl, ACL_TAG_USER, 4242, 5) == 0 &&
                acl_find(&acl, ACL_TAG_USER, 4242)->permissions == 5);
}

static void try_mounts(const char *text, size_t size)
{
    MountTable *table;

    if (mount_table_parse(text, size, &table) < 0)
        return;
    require(mount_table_count(table) <= MOUNTS_MAX);
    for (size_t i = 0; i < mount_table_count(table); i++) {
        const Mount *mount = mount_table_get(table, i);

        require(mount->point[0] == '/' && mount->type[0] && mount->device[0]);
        require(mount_table_find(table, mount->point));
    }
    (void)mount_table_find(table, "/srv/www/index.html");
    mount_table_free(table);
}

static void try_accounts(const char *text)
{
    Accounts *accounts;
    Subject subject;

    /* the same text as both: either way most lines are none */
    if (accounts_parse(text, text, &accounts) < 0)
        return;
    if (accounts_make_subject(accounts, "nginx", NULL, &subject) >= 0) {
        require(subject.n_gids >= 1 && subject.n_gids <= SUBJECT_GROUPS_MAX);
        require(accounts_user_name(accounts, subject.uid));
        require(subject_in_group(&subject, subject.gid));
    }
    (void)accounts_home(accounts, 0);
    (void)accounts_group_size(accounts, 0);
    accounts_free(accounts);
}

static void try_process(const char *text)
{
    ProcessStatus status;

    if (process_status_parse(text, &status) < 0)
        return;
    require(status.subject.n_gids <= SUBJECT_GROUPS_MAX && status.parent >= 0);
    require(memchr(status.name, '\0', sizeof(status.name)) != NULL);
}

static void try_sockets(const char *text)
{
    static const char *const paths[] = {"/run/app.sock", "/var/run/app.sock", NULL};

    (void)unix_sockets_find(text, paths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    text = strndup((const char *)data + 1, size - 1);
    if (!text)
        return 0;
    switch (data[0]) {
    case 'a':
        try_acl(data + 1, size - 1);
        break;
    case 'm':
        try_mounts(text, strlen(text));
        break;
    case 'u':
        try_accounts(text);
        break;
    case 'p':
        try_process(text);
        break;
    default:
        try_sockets(text);
    }
    free(text);
    return 0;
}
