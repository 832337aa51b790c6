/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain permissions, as tables: each row is one rule of the kernel. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/host/permission.h"
#include "tests/unit/test.h"

#define NGINX 990u
#define APP   1000u
#define GUEST 1001u

/* user.name.uid:bits … as rows; a zero tag ends it */
typedef struct AclRow {
    AclTag tag;
    uint32_t id;
    unsigned permissions;
} AclRow;

static void fill_acl(const AclRow *rows, Acl *acl)
{
    *acl = (Acl){};
    for (; rows->tag; rows++)
        assert_int_equal(acl_set(acl, rows->tag, rows->id, rows->permissions), 0);
}

static void test_bits(void **state _unused_)
{
    static const struct {
        const char *what;
        mode_t mode;
        uint32_t uid, gid;
        AclRow acl[8];
        unsigned wanted, missing;
        RefusalRule rule;
    } rows[] = {
        {"others may", S_IFDIR | 0755, 0, 0, {}, 1, 0, REFUSAL_OTHER},
        {"others may not", S_IFDIR | 0750, 0, 0, {}, 1, 1, REFUSAL_OTHER},
        {"the group may", S_IFREG | 0640, 0, NGINX, {}, 4, 0, REFUSAL_GROUP},
        {"the group may less than others", S_IFREG | 0604, 0, NGINX, {}, 4, 4, REFUSAL_GROUP},
        {"a supplementary group", S_IFREG | 0040, 0, 33, {}, 4, 0, REFUSAL_GROUP},
        {"the owner may less than others", S_IFREG | 0044, NGINX, 0, {}, 4, 4, REFUSAL_OWNER},
        {"part of what is wanted", S_IFDIR | 0755, 0, 0, {}, 3, 2, REFUSAL_OTHER},
        {"an entry for the user",
         S_IFDIR | 0710,
         0,
         0,
         {{ACL_TAG_USER_OBJ, 0, 7},
          {ACL_TAG_USER, NGINX, 1},
          {ACL_TAG_GROUP_OBJ, 0, 0},
          {ACL_TAG_MASK, 0, 1},
          {ACL_TAG_OTHER, 0, 0}},
         1,
         0,
         REFUSAL_ACL_MASK},
        {"the mask takes it away",
         S_IFDIR | 0740,
         0,
         0,
         {{ACL_TAG_USER_OBJ, 0, 7},
          {ACL_TAG_USER, NGINX, 1},
          {ACL_TAG_GROUP_OBJ, 0, 0},
          {ACL_TAG_MASK, 0, 4},
          {ACL_TAG_OTHER, 0, 7}},
         1,
         1,
         REFUSAL_ACL_MASK},
        {"an empty mask has the list left out",
         S_IFDIR | 0701,
         0,
         0,
         {{ACL_TAG_USER_OBJ, 0, 7},
          {ACL_TAG_USER, NGINX, 0},
          {ACL_TAG_GROUP_OBJ, 0, 0},
          {ACL_TAG_MASK, 0, 0},
          {ACL_TAG_OTHER, 0, 1}},
         1,
         0,
         REFUSAL_OTHER},
        {"another user's entry does not count",
         S_IFREG | 0660,
         0,
         0,
         {{ACL_TAG_USER_OBJ, 0, 6},
          {ACL_TAG_USER, GUEST, 6},
          {ACL_TAG_GROUP_OBJ, 0, 6},
          {ACL_TAG_MASK, 0, 6},
          {ACL_TAG_OTHER, 0, 0}},
         4,
         4,
         REFUSAL_ACL_OTHER},
        {"a group entry that grants beats one that does not",
         S_IFREG | 0660,
         0,
         NGINX,
         {{ACL_TAG_USER_OBJ, 0, 6},
          {ACL_TAG_GROUP_OBJ, 0, 0},
          {ACL_TAG_GROUP, 33, 4},
          {ACL_TAG_MASK, 0, 6},
          {ACL_TAG_OTHER, 0, 0}},
         4,
         0,
         REFUSAL_ACL_MASK},
        {"a member of a group without it is not one of the others",
         S_IFREG | 0664,
         0,
         NGINX,
         {{ACL_TAG_USER_OBJ, 0, 6},
          {ACL_TAG_GROUP_OBJ, 0, 0},
          {ACL_TAG_MASK, 0, 6},
          {ACL_TAG_OTHER, 0, 4}},
         4,
         4,
         REFUSAL_ACL_GROUP},
        {"bits of two groups do not add up",
         S_IFREG | 0660,
         0,
         NGINX,
         {{ACL_TAG_USER_OBJ, 0, 6},
          {ACL_TAG_GROUP_OBJ, 0, 4},
          {ACL_TAG_GROUP, 33, 2},
          {ACL_TAG_MASK, 0, 6},
          {ACL_TAG_OTHER, 0, 0}},
         6,
         2,
         REFUSAL_ACL_GROUP},
    };
    const Subject subject = {.uid = NGINX, .gid = NGINX, .gids = {NGINX, 33}, .n_gids = 2};

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        PathComponent component = {.mode = rows[i].mode, .uid = rows[i].uid, .gid = rows[i].gid};
        RefusalRule rule = REFUSAL_NONE;
        unsigned missing;
        Acl acl;

        if (rows[i].acl[0].tag) {
            fill_acl(rows[i].acl, &acl);
            component.acl = &acl;
        }
        missing = permission_missing(&component, &subject, rows[i].wanted, &rule);
        if (missing != rows[i].missing || rule != rows[i].rule)
            fail_msg("%s: missing %u by rule %d", rows[i].what, missing, rule);
    }
}

/* A path of directories and an object, all root's and open; rows change single components. */
typedef struct PathRow {
    const char *what;
    struct {
        size_t index;
        mode_t mode;
        uint32_t uid, gid;
        bool immutable, append_only, read_only, no_exec;
    } change[3]; /* a zero mode ends it */
    bool missing;
    PathNeed need;
    uint64_t capabilities;
    bool links_protected, owners_unknown;
    PermissionAnswer answer;
    size_t first;
    RefusalRule rule;
    int error;
} PathRow;

#define CAP(number) (UINT64_C(1) << (number))

static void test_paths(void **state _unused_)
{
    enum { ROOT, SRV, SITE, FILE_ };
    static const PathRow rows[] = {
        {"open", {}, .need = PATH_NEED_READ, .answer = PERMISSION_ALLOWED},
        {"a directory on the way",
         {{SRV, S_IFDIR | 0700}},
         .need = PATH_NEED_REACH,
         .answer = PERMISSION_REFUSED,
         .first = SRV,
         .rule = REFUSAL_OTHER,
         .error = EACCES},
        {"a directory that may be listed only",
         {{SRV, S_IFDIR | 0744}},
         .need = PATH_NEED_READ,
         .answer = PERMISSION_REFUSED,
         .first = SRV,
         .rule = REFUSAL_OTHER,
         .error = EACCES},
        {"the nearer obstacle is met first",
         {{SRV, S_IFDIR | 0700}, {FILE_, S_IFREG | 0600}},
         .need = PATH_NEED_READ,
         .answer = PERMISSION_REFUSED,
         .first = SRV,
         .rule = REFUSAL_OTHER,
         .error = EACCES},
        {"CAP_DAC_READ_SEARCH passes and reads",
         {{SRV, S_IFDIR | 0700}, {FILE_, S_IFREG | 0600}},
         .need = PATH_NEED_READ,
         .capabilities = CAP(CAP_DAC_READ_SEARCH),
         .answer = PERMISSION_ALLOWED},
        {"but does not write",
         {{FILE_, S_IFREG | 0600}},
         .need = PATH_NEED_WRITE,
         .capabilities = CAP(CAP_DAC_READ_SEARCH),
         .answer = PERMISSION_REFUSED,
         .first = FILE_,
         .rule = REFUSAL_OTHER,
         .error = EACCES},
        {"CAP_DAC_OVERRIDE writes",
         {{FILE_, S_IFREG | 0}},
         .need = PATH_NEED_WRITE,
         .capabilities = CAP(CAP_DAC_OVERRIDE),
         .answer = PERMISSION_ALLOWED},
        {"but executes only what somebody may",
         {{FILE_, S_IFREG | 0666}},
         .need = PATH_NEED_EXECUTE,
         .capabilities = CAP(CAP_DAC_OVERRIDE),
         .answer = PERMISSION_REFUSED,
         .first = FILE_,
         .rule = REFUSAL_OTHER,
         .error = EACCES},
        {"a socket wants to be written to",
         {{FILE_, S_IFSOCK | 0755}},
         .need = PATH_NEED_CONNECT,
         .answer = PERMISSION_REFUSED,
         .first = FILE_,
         .rule = REFUSAL_OTHER,
         .error = EACCES},
        {"a new file wants its directory",
         {{SITE, S_IFDIR | 0755}},
         .missing = true,
         .need = PATH_NEED_WRITE,
         .answer = PERMISSION_REFUSED,
         .first = SITE,
         .rule = REFUSAL_OTHER,
         .error = EACCES},
        {"a missing file to read",
         {},
         .missing = true,
         .need = PATH_NEED_READ,
         .answer = PERMISSION_MISSING},
        {"sticky: somebody else's file",
         {{SITE, S_IFDIR | S_ISVTX | 0777}},
         .need = PATH_NEED_REMOVE,
         .answer = PERMISSION_REFUSED,
         .first = SITE,
         .rule = REFUSAL_STICKY,
         .error = EPERM},
        {"sticky: an own file",
         {{SITE, S_IFDIR | S_ISVTX | 0777}, {FILE_, S_IFREG | 0600, NGINX}},
         .need = PATH_NEED_REMOVE,
         .answer = PERMISSION_ALLOWED},
        {"sticky: CAP_FOWNER",
         {{SITE, S_IFDIR | S_ISVTX | 0777}},
         .need = PATH_NEED_REMOVE,
         .capabilities = CAP(CAP_FOWNER),
         .answer = PERMISSION_ALLOWED},
        {"immutable",
         {{FILE_, S_IFREG | 0666, .immutable = true}},
         .need = PATH_NEED_WRITE,
         .capabilities = UINT64_MAX,
         .answer = PERMISSION_REFUSED,
         .first = FILE_,
         .rule = REFUSAL_IMMUTABLE,
         .error = EPERM},
        {"read-only",
         {{FILE_, S_IFREG | 0666, .read_only = true}},
         .need = PATH_NEED_WRITE,
         .capabilities = UINT64_MAX,
         .answer = PERMISSION_REFUSED,
         .first = FILE_,
         .rule = REFUSAL_READ_ONLY,
         .error = EROFS},
        {"read-only does not matter to reading",
         {{FILE_, S_IFREG | 0644, .read_only = true, .no_exec = true}},
         .need = PATH_NEED_READ,
         .answer = PERMISSION_ALLOWED},
        {"noexec: a module",
         {{FILE_, S_IFREG | 0755, .no_exec = true}},
         .need = PATH_NEED_MAP,
         .capabilities = UINT64_MAX,
         .answer = PERMISSION_REFUSED,
         .first = FILE_,
         .rule = REFUSAL_NO_EXEC,
         .error = EPERM},
        {"another user's link in a shared directory",
         {{SRV, S_IFDIR | S_ISVTX | 0777}, {SITE, S_IFLNK | 0777, APP}},
         .need = PATH_NEED_READ,
         .links_protected = true,
         .answer = PERMISSION_REFUSED,
         .first = SITE,
         .rule = REFUSAL_LINK,
         .error = EACCES},
        {"root's link in root's shared directory",
         {{SRV, S_IFDIR | S_ISVTX | 0777}, {SITE, S_IFLNK | 0777}},
         .need = PATH_NEED_READ,
         .links_protected = true,
         .answer = PERMISSION_ALLOWED},
        {"without owners: open for all",
         {},
         .need = PATH_NEED_READ,
         .owners_unknown = true,
         .answer = PERMISSION_ALLOWED},
        {"without owners: who knows",
         {{SRV, S_IFDIR | 0700}},
         .need = PATH_NEED_READ,
         .owners_unknown = true,
         .answer = PERMISSION_NOT_KNOWN},
        {"without owners: closed for all",
         {{SRV, S_IFDIR | 0600}},
         .need = PATH_NEED_READ,
         .owners_unknown = true,
         .answer = PERMISSION_REFUSED,
         .first = SRV,
         .rule = REFUSAL_OTHER,
         .error = EACCES},
        {"chmod of another's file",
         {{FILE_, S_IFREG | 0666}},
         .need = PATH_NEED_OWN,
         .answer = PERMISSION_REFUSED,
         .first = FILE_,
         .rule = REFUSAL_NOT_OWNER,
         .error = EPERM},
    };
    static char names[][16] = {"/", "/srv", "/srv/site", "/srv/site/file"};

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const PathRow *row = &rows[i];
        PathComponent components[] = {
            {.path = names[ROOT], .mode = S_IFDIR | 0755},
            {.path = names[SRV], .mode = S_IFDIR | 0755},
            {.path = names[SITE], .mode = S_IFDIR | 0755},
            {.path = names[FILE_], .mode = S_IFREG | 0644},
        };
        const PathFacts facts = {
            .components = components,
            .n_components = ELEMENTS_OF(components) - row->missing,
            .object = row->missing ? -1 : FILE_,
            .parent = SITE,
            .error = row->missing ? -ENOENT : 0,
            .missing_last = row->missing,
            .links_protected = row->links_protected,
            .owners_unknown = row->owners_unknown,
        };
        const Subject subject = {.uid = NGINX, .gid = NGINX, .capabilities = row->capabilities};
        PermissionResult result;

        for (size_t c = 0; c < ELEMENTS_OF(row->change) && row->change[c].mode; c++) {
            PathComponent *component = &components[row->change[c].index];

            component->mode = row->change[c].mode;
            component->uid = row->change[c].uid;
            component->gid = row->change[c].gid;
            component->immutable = row->change[c].immutable;
            component->append_only = row->change[c].append_only;
            component->read_only = row->change[c].read_only;
            component->no_exec = row->change[c].no_exec;
        }
        permission_check_path(&facts, &subject, row->need, &result);
        if (result.answer != row->answer)
            fail_msg("%s: answer %d", row->what, result.answer);
        if (row->answer != PERMISSION_REFUSED)
            continue;
        assert_true(result.n_refusals > 0);
        if (result.refusals[0].component != row->first || result.refusals[0].rule != row->rule ||
            result.refusals[0].error != row->error)
            fail_msg("%s: component %zu, rule %d, error %d", row->what,
                     result.refusals[0].component, result.refusals[0].rule,
                     result.refusals[0].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
