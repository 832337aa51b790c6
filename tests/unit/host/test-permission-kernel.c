/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plain permissions against the kernel itself: random trees with modes, owners and lists, walked as
 * the monitor walks them, and then tried by a process with random user, groups and capabilities.
 * Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/host/path-walk.h"
#include "tests/unit/test.h"

#define ROUNDS 500

static uint64_t random_state = 88172645463325252u;

static unsigned draw(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state % below);
}

static const uint32_t ids[] = {0, 61001, 61002, 61003};

static uint32_t draw_id(void)
{
    return ids[draw(ELEMENTS_OF(ids))];
}

/* The attribute as setfacl would write it. */
static bool set_acl(const char *path)
{
    struct {
        uint32_t version;
        struct {
            uint16_t tag, permissions;
            uint32_t id;
        } entries[6];
    } attribute = {.version = 2};
    const uint32_t none = UINT32_MAX;
    size_t n = 0;

#define ADD(t, i)                                                                                  \
    do {                                                                                           \
        attribute.entries[n].tag = (t);                                                            \
        attribute.entries[n].permissions = (uint16_t)draw(8);                                      \
        attribute.entries[n++].id = (i);                                                           \
    } while (0)
    ADD(ACL_TAG_USER_OBJ, none);
    if (draw(2))
        ADD(ACL_TAG_USER, ids[1 + draw(3)]);
    ADD(ACL_TAG_GROUP_OBJ, none);
    if (draw(2))
        ADD(ACL_TAG_GROUP, ids[1 + draw(3)]);
    ADD(ACL_TAG_MASK, none);
    if (draw(4) == 0)
        attribute.entries[n - 1].permissions = 0;
    ADD(ACL_TAG_OTHER, none);
#undef ADD
    return setxattr(path, "system.posix_acl_access", &attribute, 4 + n * 8, 0) == 0;
}

static mode_t draw_mode(void)
{
    static const mode_t usual[] = {0755, 0750, 0711, 0700, 0775, 0770, 01777, 0640, 0644, 0};

    return draw(2) ? usual[draw(ELEMENTS_OF(usual))] : draw(01000);
}

static bool lists_work = true;

static void dress(const char *path, bool link)
{
    if (lchown(path, draw_id(), draw_id()) < 0)
        fail_msg("lchown: %s", strerror(errno));
    if (link)
        return;
    if (chmod(path, draw_mode()) < 0)
        fail_msg("chmod: %s", strerror(errno));
    if (draw(3) == 0 && !set_acl(path))
        lists_work = false;
}

typedef struct Tree {
    char top[64], a[80], b[96], object[112], link[112];
    bool directory, socket, with_link;
} Tree;

static void copy_path(struct sockaddr_un *address, const char *path)
{
    assert_true(strlen(path) < sizeof(address->sun_path));
    memcpy(address->sun_path, path, strlen(path) + 1);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    copy_path(&address, path);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        fail_msg("socket: %s", strerror(errno));
    (void)close(fd);
}

static void make_tree(Tree *tree)
{
    (void)snprintf(tree->a, sizeof(tree->a), "%s/a", tree->top);
    (void)snprintf(tree->b, sizeof(tree->b), "%s/b", tree->a);
    (void)snprintf(tree->object, sizeof(tree->object), "%s/object", tree->b);
    (void)snprintf(tree->link, sizeof(tree->link), "%s/link", tree->top);
    tree->directory = draw(4) == 0;
    tree->socket = !tree->directory && draw(3) == 0;
    tree->with_link = draw(3) == 0;
    if (mkdir(tree->a, 0700) < 0 || mkdir(tree->b, 0700) < 0)
        fail_msg("mkdir: %s", strerror(errno));
    if (tree->directory)
        assert_int_equal(mkdir(tree->object, 0700), 0);
    else if (tree->socket)
        make_socket(tree->object);
    else
        (void)close(open(tree->object, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(symlink("a/b/object", tree->link), 0);
    dress(tree->object, false);
    dress(tree->b, false);
    dress(tree->a, false);
    dress(tree->link, true);
}

static void remove_tree(const Tree *tree)
{
    char made[128];

    (void)snprintf(made, sizeof(made), "%s/new", tree->b);
    (void)rmdir(made);
    (void)unlink(tree->link);
    (void)remove(tree->object);
    (void)rmdir(tree->b);
    (void)rmdir(tree->a);
}

/* --- in the child: what the kernel says ---------------------------------- */

static void become(const Subject *subject)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {};

    for (size_t i = 0; i < 2; i++)
        data[i].permitted = data[i].effective = (uint32_t)(subject->capabilities >> (32 * i));
    if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(subject->n_gids, subject->gids) < 0 ||
        setresgid(subject->gid, subject->gid, subject->gid) < 0 ||
        setresuid(subject->uid, subject->uid, subject->uid) < 0 ||
        syscall(SYS_capset, &header, data) < 0)
        _exit(200);
}

static int attempt(const Tree *tree, const char *path, PathNeed need)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    int fd, r = 0;

    switch (need) {
    case PATH_NEED_REACH:
        r = stat(path, &status);
        break;
    case PATH_NEED_READ:
        r = open(path, O_RDONLY | O_NONBLOCK);
        break;
    case PATH_NEED_WRITE:
        r = open(path, O_WRONLY | O_APPEND);
        break;
    case PATH_NEED_CREATE:
        r = mkdir(path, 0700);
        if (r < 0 && errno == EEXIST)
            return 0; /* only asked where it is missing */
        break;
    case PATH_NEED_REMOVE:
        r = tree->directory ? rmdir(path) : unlink(path);
        break;
    case PATH_NEED_CONNECT:
        copy_path(&address, path);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        r = connect(fd, (const struct sockaddr *)&address, sizeof(address));
        if (r < 0 && errno == ECONNREFUSED)
            return 0; /* nobody listens: it got through */
        break;
    case PATH_NEED_OWN:
        r = chmod(path, 0755);
        break;
    case PATH_NEED_EXECUTE:
        r = faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
        break;
    case PATH_NEED_MAP:
    case PATH_NEED_COUNT:
        return 0;
    }
    return r < 0 ? errno : 0;
}

static int ask_kernel(const Tree *tree, const char *path, PathNeed need, const Subject *subject)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        become(subject);
        _exit(attempt(tree, path, need));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* --- the comparison ------------------------------------------------------- */

static Subject draw_subject(void)
{
    static const unsigned useful[] = {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER};
    Subject subject = {.uid = draw_id(), .gid = ids[1 + draw(3)]};

    subject.gids[subject.n_gids++] = subject.gid;
    if (draw(2))
        subject.gids[subject.n_gids++] = draw_id();
    for (size_t i = 0; i < ELEMENTS_OF(useful); i++)
        if (draw(5) == 0)
            subject.capabilities |= UINT64_C(1) << useful[i];
    return subject;
}

static PathNeed draw_need(const Tree *tree)
{
    static const PathNeed needs[] = {
        PATH_NEED_REACH,  PATH_NEED_READ, PATH_NEED_WRITE,   PATH_NEED_CREATE,
        PATH_NEED_REMOVE, PATH_NEED_OWN,  PATH_NEED_EXECUTE,
    };
    PathNeed need = needs[draw(ELEMENTS_OF(needs))];

    if (tree->socket && (need == PATH_NEED_READ || need == PATH_NEED_WRITE))
        return PATH_NEED_CONNECT;
    if (tree->directory && need == PATH_NEED_WRITE)
        return PATH_NEED_READ; /* the kernel says EISDIR */
    return need;
}

static const char *describe(const PathFacts *facts, const Subject *subject)
{
    static char text[4096];
    size_t n = 0;

    for (size_t i = 0; i < facts->n_components; i++) {
        const PathComponent *component = &facts->components[i];

        n += (size_t)snprintf(text + n, sizeof(text) - n, "\n  %s %o %u:%u", component->path,
                              component->mode, component->uid, component->gid);
        for (size_t e = 0; component->acl && e < component->acl->n_entries; e++)
            n += (size_t)snprintf(text + n, sizeof(text) - n, " %x/%u=%o",
                                  component->acl->entries[e].tag, component->acl->entries[e].id,
                                  component->acl->entries[e].permissions);
    }
    (void)snprintf(text + n, sizeof(text) - n, "\n  uid %u gid %u,%u caps %jx", subject->uid,
                   subject->gid, subject->gids[subject->n_gids - 1],
                   (uintmax_t)subject->capabilities);
    return text;
}

static void compare(const Tree *tree, unsigned *refused)
{
    const Subject subject = draw_subject();
    const PathNeed need = draw_need(tree);
    char missing[128];
    const char *path = tree->with_link && need != PATH_NEED_REMOVE ? tree->link : tree->object;
    PathWalkOptions options = {
        .root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
        .follow_last = need != PATH_NEED_REMOVE && need != PATH_NEED_CREATE,
    };
    PermissionResult result;
    PathFacts facts;
    int kernel, ours;

    if (need == PATH_NEED_CREATE) {
        (void)snprintf(missing, sizeof(missing), "%s/new", tree->b);
        path = missing;
    }
    assert_int_equal(path_walk(path, &options, &facts), 0);
    (void)close(options.root_fd);
    {
        char value = '0';
        int fd = open("/proc/sys/fs/protected_symlinks", O_RDONLY | O_CLOEXEC);

        facts.links_protected = fd >= 0 && read(fd, &value, 1) == 1 && value == '1';
        if (fd >= 0)
            (void)close(fd);
    }
    permission_check_path(&facts, &subject, need, &result);
    ours = result.answer == PERMISSION_REFUSED ? result.refusals[0].error : 0;
    kernel = ask_kernel(tree, path, need, &subject);
    if (kernel != ours || result.answer == PERMISSION_NOT_KNOWN)
        fail_msg("need %d of %s: the kernel says %d (%s), we say %d%s", need, path, kernel,
                 strerror(kernel), ours, describe(&facts, &subject));
    *refused += ours != 0;
    path_facts_clear(&facts);
}

static void test_against_kernel(void **state _unused_)
{
    Tree tree = {.top = "/tmp/selguard-permission-XXXXXX"};
    unsigned refused = 0;

    if (geteuid() != 0)
        skip();
    assert_non_null(mkdtemp(tree.top));
    assert_int_equal(chmod(tree.top, 0755), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        make_tree(&tree);
        compare(&tree, &refused);
        remove_tree(&tree);
    }
    (void)rmdir(tree.top);
    print_message("%u questions, %u refused, access control lists: %s\n", (unsigned)ROUNDS, refused,
                  lists_work ? "yes" : "not on this file system");
    /* Neither all nor nothing: else it would show little. */
    assert_in_range(refused, ROUNDS / 5, ROUNDS * 4 / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
