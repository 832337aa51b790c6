/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read of /proc, /etc and attributes. */
#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/host/accounts.h"
#include "daemon/host/mounts.h"
#include "daemon/host/process.h"
#include "daemon/host/unix-sockets.h"
#include "tests/unit/test.h"

static void test_acl(void **state _unused_)
{
    /* getfattr -m- -e hex -n system.posix_acl_access of a file after setfacl -m u:1000:rx */
    static const unsigned char extended[] = {
        2, 0,    0,    0,    0x01, 0,    7,    0, 0xff, 0xff, 0xff, 0xff, 0x02, 0,    5,
        0, 0xe8, 3,    0,    0,    0x04, 0,    5, 0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,
        5, 0,    0xff, 0xff, 0xff, 0xff, 0x20, 0, 0,    0,    0xff, 0xff, 0xff, 0xff,
    };
    unsigned char damaged[sizeof(extended)];
    Acl acl;

    assert_int_equal(acl_parse(extended, sizeof(extended), &acl), 0);
    assert_int_equal(acl.n_entries, 5);
    assert_int_equal(acl_find(&acl, ACL_TAG_USER, 1000)->permissions, 5);
    assert_null(acl_find(&acl, ACL_TAG_USER, 1001));
    assert_int_equal(acl_find(&acl, ACL_TAG_MASK, 0)->permissions, 5);

    assert_int_equal(acl_parse(extended, 3, &acl), -EBADMSG);
    assert_int_equal(acl_parse(extended, sizeof(extended) - 1, &acl), -EBADMSG);
    /* without others, without the mask, another version, bits that are none, another order */
    assert_int_equal(acl_parse(extended, sizeof(extended) - 8, &acl), -EBADMSG);
    memcpy(damaged, extended, sizeof(extended));
    damaged[0] = 1;
    assert_int_equal(acl_parse(damaged, sizeof(damaged), &acl), -EBADMSG);
    memcpy(damaged, extended, sizeof(extended));
    damaged[6] = 8;
    assert_int_equal(acl_parse(damaged, sizeof(damaged), &acl), -EBADMSG);
    memcpy(damaged, extended, sizeof(extended));
    damaged[28] = 0x20;
    assert_int_equal(acl_parse(damaged, sizeof(damaged), &acl), -EBADMSG);
    memcpy(damaged, extended, sizeof(extended));
    damaged[4] = 0x20;
    assert_int_equal(acl_parse(damaged, sizeof(damaged), &acl), -EBADMSG);
}

static void test_mounts(void **state _unused_)
{
    static const char text[] =
        "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,seclabel\n"
        "30 22 0:25 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,seclabel,mode=755\n"
        "41 22 8:3 /x /srv/with\\040space ro,noexec - xfs /dev/sda3 rw,seclabel\n"
        "42 22 0:40 / /srv/nfs rw - nfs4 host:/x rw,addr=10.0.0.1\n"
        "43 22 8:4 / /srv/ctx rw - ext4 /dev/sda4 "
        "rw,context=\"system_u:object_r:httpd_sys_content_t:s0:c1,c2\"\n"
        "44 22 0:50 / /mnt/f rw - fuse.sshfs a:/b rw,user_id=0\n"
        "not a line\n"
        "45 22 8:5 / /run rw - ext4 /dev/sda5 rw";
    MountTable *table;
    const Mount *mount;

    assert_int_equal(mount_table_parse(text, strlen(text), &table), 0);
    assert_int_equal(mount_table_count(table), 7);
    mount = mount_table_find(table, "/srv/with space/file");
    assert_true(mount->read_only && mount->no_exec && mount->labelled && !mount->no_device);
    assert_string_equal(mount->root, "/x");
    assert_int_equal(mount_table_find(table, "/srv/nfs")->server, MOUNT_NFS);
    assert_int_equal(mount_table_find(table, "/srv/nfsx")->server, MOUNT_LOCAL);
    assert_string_equal(mount_table_find(table, "/srv/ctx/a")->context,
                        "system_u:object_r:httpd_sys_content_t:s0:c1,c2");
    assert_int_equal(mount_table_find(table, "/mnt/f/x")->server, MOUNT_FUSE);
    /* the later one lies over the other */
    assert_string_equal(mount_table_find(table, "/run/x")->type, "ext4");
    assert_string_equal(mount_table_find(table, "/")->point, "/");
    mount_table_free(table);
}

static void test_same_place(void **state _unused_)
{
    static const struct {
        Mount a, b;
        const char *path;
        bool same;
    } rows[] = {
        {{.point = "/", .root = "/", .device = "8:2"},
         {.point = "/", .root = "/", .device = "8:2"},
         "/srv/x",
         true},
        /* a sandbox mounts /root over itself, or parts of /var */
        {{.point = "/", .root = "/", .device = "8:2"},
         {.point = "/root", .root = "/root", .device = "8:2"},
         "/root/x",
         true},
        {{.point = "/root", .root = "/root", .device = "8:2"},
         {.point = "/", .root = "/", .device = "8:2"},
         "/root",
         true},
        {{.point = "/var", .root = "/subvol/var", .device = "8:2"},
         {.point = "/var/lib/x", .root = "/subvol/var/lib/x", .device = "8:2"},
         "/var/lib/x/y",
         true},
        {{.point = "/", .root = "/", .device = "8:2"},
         {.point = "/tmp", .root = "/tmp/systemd-private-1/tmp", .device = "8:2"},
         "/tmp/x",
         false},
        {{.point = "/", .root = "/", .device = "8:2"},
         {.point = "/tmp", .root = "/var", .device = "8:2"},
         "/tmp/x",
         false},
        {{.point = "/tmp", .root = "/", .device = "0:30"},
         {.point = "/tmp", .root = "/", .device = "0:31"},
         "/tmp/x",
         false},
        {{.point = "/", .root = "/", .device = "8:2"},
         {.point = "/", .root = "/", .device = "8:2"},
         "/",
         true},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        assert_int_equal(mount_same_place(&rows[i].a, &rows[i].b, rows[i].path), rows[i].same);
        assert_int_equal(mount_same_place(&rows[i].b, &rows[i].a, rows[i].path), rows[i].same);
    }
    assert_true(mount_same_place(NULL, NULL, "/"));
    assert_false(mount_same_place(&rows[0].a, NULL, "/"));
}

static void test_accounts(void **state _unused_)
{
    static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                                 "nginx:x:990:985::/var/lib/nginx:/sbin/nologin\n"
                                 "broken line\nhalf:x:12\nbig:x:99999999999:1::/:/\n"
                                 "app:x:1000:1000::/home/app:/bin/sh";
    static const char group[] = "root:x:0:\nnginx:x:985:\napp:x:1000:nginx\n"
                                "certs:x:101:root,nginx,\nother:x:102:nginxx\n";
    Accounts *accounts;
    Subject subject;

    assert_int_equal(accounts_parse(passwd, group, &accounts), 0);
    assert_string_equal(accounts_user_name(accounts, 990), "nginx");
    assert_string_equal(accounts_home(accounts, 0), "/root");
    assert_null(accounts_user_name(accounts, 12));
    assert_string_equal(accounts_group_name(accounts, 101), "certs");
    assert_int_equal(accounts_group_size(accounts, 101), 2);
    assert_int_equal(accounts_group_size(accounts, 1000), 2);
    assert_int_equal(accounts_make_subject(accounts, "nginx", NULL, &subject), 0);
    assert_int_equal(subject.uid, 990);
    assert_int_equal(subject.n_gids, 3);
    assert_true(subject_in_group(&subject, 1000) && subject_in_group(&subject, 101));
    assert_false(subject_in_group(&subject, 102));
    assert_int_equal(subject.capabilities, 0);
    assert_int_equal(accounts_make_subject(accounts, "nginx", "certs", &subject), 0);
    assert_int_equal(subject.gid, 101);
    assert_false(subject_in_group(&subject, 985));
    assert_int_equal(accounts_make_subject(accounts, "nobody", NULL, &subject), -ENOENT);
    accounts_free(accounts);
}

static void test_process(void **state _unused_)
{
    static const char text[] = "Name:\tnginx\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\n"
                               "PPid:\t6\nUid:\t0\t33\t33\t33\nGid:\t33\t33\t33\t33\n"
                               "Groups:\t4 33 \nCapInh:\t0\nCapEff:\t0000000000000406\n";
    ProcessStatus status;

    assert_int_equal(process_status_parse(text, &status), 0);
    assert_string_equal(status.name, "nginx");
    assert_int_equal(status.parent, 6);
    assert_int_equal(status.subject.uid, 33);
    assert_int_equal(status.subject.n_gids, 2);
    assert_true(subject_is_capable(&status.subject, 10));
    assert_false(subject_is_capable(&status.subject, 0));
    assert_int_equal(process_status_parse("Name:\tx\n", &status), -EBADMSG);
    assert_int_equal(process_status_read(getpid(), &status), 0);
    assert_int_equal(status.subject.uid, geteuid());
    assert_int_equal(process_status_read(INT32_MAX, &status), -ENOENT);
}

static void test_sockets(void **state _unused_)
{
    static const char text[] =
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "ffff9e2b: 00000002 00000000 00010000 0001 01 17001 /run/app/app.sock\n"
        "ffff9e2c: 00000003 00000000 00000000 0001 03 17002 /run/app/app.sock\n"
        "ffff9e2d: 00000002 00000000 00000000 0002 01 17003 /run/log.sock\n"
        "ffff9e2e: 00000002 00000000 00010000 0001 01 17004 @abstract\n"
        "ffff9e2f: 00000002 00000000 00010000 0001 01 17005 /run/with space\n"
        "ffff9e30: 00000002 00000000 00010000 0001 01 17006\n"
        "ffff9e31: 00000002 00000000 00010000 0001 01 17007 /run/cut";
    static const struct {
        const char *path;
        SocketState state;
    } rows[] = {
        {"/run/app/app.sock", SOCKET_STATE_LISTENING},
        {"/var/run/app/app.sock", SOCKET_STATE_LISTENING},
        {"/run/log.sock", SOCKET_STATE_BOUND},
        {"/run/with space", SOCKET_STATE_LISTENING},
        {"/run/with", SOCKET_STATE_ABSENT},
        {"/run/cut", SOCKET_STATE_LISTENING},
        {"17006", SOCKET_STATE_ABSENT},
        {"/run/none", SOCKET_STATE_ABSENT},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const char *const paths[] = {rows[i].path, NULL};

        assert_int_equal(unix_sockets_find(text, paths), rows[i].state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acl),        cmocka_unit_test(test_mounts),
        cmocka_unit_test(test_same_place), cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_process),    cmocka_unit_test(test_sockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
