/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sepol/debug.h>
#include <sepol/policydb.h>

#include "daemon/core/limits.h"

static void test_reads_names(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    uint32_t httpd = policy_find_type(policy, "httpd_t");
    uint32_t domain = policy_find_attribute(policy, "domain");
    uint32_t file = policy_find_class(policy, "file");
    uint32_t boolean = policy_find_boolean(policy, "httpd_can_network_connect");
    _cleanup_free_ char *text = NULL;

    assert_int_equal(policy_version(policy), 33);
    assert_true(policy_is_mls(policy));
    assert_int_equal(policy_handle_unknown(policy), POLICY_UNKNOWN_ALLOW);
    assert_int_not_equal(httpd, 0);
    assert_string_equal(policy_type_name(policy, httpd), "httpd_t");
    assert_false(policy_type_is_attribute(policy, httpd));
    assert_true(policy_type_has_attribute(policy, httpd, domain));
    assert_false(policy_type_has_attribute(policy, policy_find_type(policy, "etc_t"), domain));

    /* A type is no attribute and the other way round. */
    assert_int_equal(policy_find_type(policy, "domain"), 0);
    assert_int_equal(policy_find_attribute(policy, "httpd_t"), 0);
    assert_int_equal(policy_find_type(policy, "httpd_sock_t"), 0);
    assert_int_equal(policy_find_type(policy, ""), 0);

    assert_int_not_equal(file, 0);
    assert_string_equal(policy_class_name(policy, file), "file");
    /* From the common and from the class itself. */
    assert_int_not_equal(policy_find_permission(policy, file, "read"), 0);
    assert_int_not_equal(policy_find_permission(policy, file, "entrypoint"), 0);
    assert_int_equal(policy_find_permission(policy, file, "name_connect"), 0);
    text = policy_permissions_to_string(policy, file,
                                        policy_find_permission(policy, file, "write") |
                                            policy_find_permission(policy, file, "append") |
                                            policy_find_permission(policy, file, "open"));
    assert_string_equal(text, "append open write");

    assert_int_not_equal(boolean, 0);
    assert_string_equal(policy_boolean_name(policy, boolean), "httpd_can_network_connect");
    assert_false(policy_boolean_value(policy, boolean));
    assert_true(policy_boolean_value(policy, policy_find_boolean(policy, "httpd_verify_dns")));
    assert_int_equal(policy_find_boolean(policy, "no_such_boolean"), 0);
    assert_int_not_equal(policy_find_role(policy, "system_r"), 0);
    assert_int_not_equal(policy_find_user(policy, "system_u"), 0);
}

static void test_resolves_aliases(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    uint32_t content = policy_find_type(policy, "httpd_sys_content_t");
    bool found = false;

    assert_int_equal(policy_find_type(policy, "web_content_t"), content);
    assert_string_equal(policy_type_name(policy, content), "httpd_sys_content_t");
    assert_int_equal(policy_n_aliases(policy), 2);
    for (size_t i = 0; i < policy_n_aliases(policy); i++) {
        const char *name;
        uint32_t type;

        policy_get_alias(policy, i, &name, &type);
        assert_int_equal(type, content);
        found = found || streq(name, "httpd_user_content_t");
    }
    assert_true(found);
}

static void test_reads_attributes_both_ways(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);

    for (uint32_t type = 1; type <= policy_n_types(policy); type++) {
        PolicySpan attributes = policy_attributes_of(policy, type);

        if (policy_type_is_attribute(policy, type) || !policy_type_name(policy, type))
            continue;
        assert_true(policy_type_has_attribute(policy, type, type));
        for (size_t i = 0; i < attributes.n; i++) {
            PolicySpan members = policy_types_of(policy, attributes.values[i]);
            bool found = false;

            for (size_t m = 0; m < members.n; m++)
                found = found || members.values[m] == type;
            assert_true(found);
        }
    }
    assert_int_equal(policy_types_of(policy, policy_find_attribute(policy, "nsswitch_domain")).n,
                     4);
    assert_int_equal(policy_attributes_of(policy, 0).n, 0);
    assert_int_equal(policy_attributes_of(policy, UINT32_MAX).n, 0);
    assert_null(policy_type_name(policy, UINT32_MAX));
}

static void test_reads_flags(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);

    assert_true(policy_type_is_permissive(policy, policy_find_type(policy, "crond_t")));
    assert_false(policy_type_is_permissive(policy, policy_find_type(policy, "httpd_t")));
    assert_int_equal(policy_type_bounds(policy, policy_find_type(policy, "backup_t")),
                     policy_find_type(policy, "rsync_t"));
    assert_int_equal(policy_type_bounds(policy, policy_find_type(policy, "rsync_t")), 0);
    /* extended_socket_class is the third capability of the kernel's list. */
    assert_true(policy_has_capability(policy, 2));
    assert_false(policy_has_capability(policy, 3));
    assert_false(policy_has_capability(policy, 1000));
}

static void test_reads_variants(void **state)
{
    _cleanup_(policy_cleanup) Policy *plain = load_policy(POLICY_PLAIN);
    _cleanup_(policy_cleanup) Policy *refpolicy = load_policy(POLICY_REFPOLICY);
    _cleanup_(policy_cleanup) Policy *old = load_policy(POLICY_OLD);

    assert_false(policy_is_mls(plain));
    assert_int_equal(policy_handle_unknown(plain), POLICY_UNKNOWN_DENY);
    assert_int_not_equal(policy_find_type(refpolicy, "httpd_runtime_t"), 0);
    assert_int_equal(policy_find_type(refpolicy, "httpd_var_run_t"), 0);
    assert_int_equal(policy_version(old), 30);
}

static void test_renders_conditions(void **state)
{
    static const char *const expected[] = {
        "httpd_can_network_connect",
        "httpd_enable_homedirs && use_nfs_home_dirs",
        "httpd_can_network_relay || !httpd_verify_dns",
        "httpd_enable_homedirs ^ (use_nfs_home_dirs && !secure_mode)",
        "httpd_enable_homedirs == secure_mode",
        "use_nfs_home_dirs != secure_mode",
    };
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    bool found[ELEMENTS_OF(expected)] = {};

    for (uint32_t i = 0; i < policy_n_conditions(policy); i++) {
        _cleanup_free_ char *text = policy_condition_to_string(policy, i);

        assert_non_null(text);
        for (size_t k = 0; k < ELEMENTS_OF(expected); k++)
            found[k] = found[k] || streq(text, expected[k]);
    }
    for (size_t k = 0; k < ELEMENTS_OF(expected); k++) {
        if (!found[k])
            print_error("not rendered: %s\n", expected[k]);
        assert_true(found[k]);
    }
}

/* --- bad input ---------------------------------------------------------- */

static char *read_image(const char *path, size_t *ret_size)
{
    FILE *stream = fopen(path, "re");
    char *image;
    long size;

    assert_non_null(stream);
    assert_int_equal(fseek(stream, 0, SEEK_END), 0);
    size = ftell(stream);
    rewind(stream);
    image = malloc((size_t)size);
    assert_non_null(image);
    assert_int_equal(fread(image, 1, (size_t)size, stream), size);
    (void)fclose(stream);
    *ret_size = (size_t)size;
    return image;
}

static void expect_failure(const void *image, size_t size, int error, const char *reason)
{
    Policy *const untouched = (Policy *)(uintptr_t)1;
    Policy *policy = untouched;
    _cleanup_free_ char *message = NULL;

    assert_int_equal(policy_load_memory(image, size, &policy, &message), error);
    assert_ptr_equal(policy, untouched);
    assert_non_null(message);
    if (!strstr(message, reason))
        print_error("\"%s\" does not say \"%s\"\n", message, reason);
    assert_non_null(strstr(message, reason));
}

static void test_rejects_bad_images(void **state)
{
    size_t size = 0;
    _cleanup_free_ char *image = read_image(POLICY_FEDORA, &size);
    _cleanup_free_ char *text = calloc(1, 4096);
    static const unsigned char module[] = {0x8d, 0xff, 0x7c, 0xf9, 15, 0, 0, 0};

    assert_non_null(text);
    expect_failure(image, 0, -EBADMSG, "too short");
    expect_failure(image, 7, -EBADMSG, "too short");
    expect_failure(image, 20, -EBADMSG, "truncated");
    expect_failure(image, size / 2, -EBADMSG, "truncated");
    expect_failure(text, 4096, -EBADMSG, "not a binary SELinux policy");
    expect_failure(module, sizeof(module), -EBADMSG, "module");
    expect_failure(image, POLICY_FILE_SIZE_MAX + 1, -EFBIG, "larger than");

    image[16] = 99; /* the version */
    expect_failure(image, size, -EPROTONOSUPPORT, "version 99");
    image[16] = 3;
    expect_failure(image, size, -EPROTONOSUPPORT, "version 3");
    image[16] = 33;
    memcpy(image + 8, "XenFlask", 8);
    expect_failure(image, size, -EPROTONOSUPPORT, "not for Linux");
}

static void test_rejects_bad_files(void **state)
{
    char path[] = "/tmp/selguard-policy-XXXXXX";
    _cleanup_free_ char *missing = NULL, *folder = NULL, *huge = NULL;
    Policy *policy = NULL;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(policy_load_file("/nonexistent/policy", &policy, &missing), -ENOENT);
    assert_non_null(strstr(missing, "/nonexistent/policy"));
    assert_int_equal(policy_load_file("/tmp", &policy, &folder), -EBADMSG);
    assert_non_null(strstr(folder, "regular file"));
    assert_int_equal(ftruncate(fd, (off_t)POLICY_FILE_SIZE_MAX + 1), 0);
    assert_int_equal(policy_load_file(path, &policy, &huge), -EFBIG);
    assert_non_null(strstr(huge, "larger"));
    assert_int_equal(policy_load_file("/dev/null", &policy, /* ret_message= */ NULL), -EBADMSG);
    assert_null(policy);
    (void)close(fd);
    (void)unlink(path);
}

/* Truncations are refused: each in the header and the names, then one in thirteen. */
static void test_rejects_truncations(void **state)
{
    size_t size = 0;
    _cleanup_free_ char *image = read_image(POLICY_FEDORA, &size);

    for (size_t length = 0; length < size; length += length < 1500 ? 1 : 13) {
        Policy *policy = NULL;

        assert_true(policy_load_memory(image, length, &policy, /* ret_message= */ NULL) < 0);
        assert_null(policy);
    }
}

static void ask_everything(const Policy *policy)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    uint32_t n = policy_n_types(policy);

    assert_non_null(hypothesis);
    for (uint32_t i = 0; i < policy_n_conditions(policy); i++)
        free(policy_condition_to_string(policy, i));
    for (uint32_t source = 1; source <= n; source += 7)
        for (uint32_t target = 1; target <= n; target += 5)
            for (uint32_t class = 1; class <= policy_n_classes(policy); class ++)
                (void)decide_allowed_by_rules(hypothesis, source, target, class);
    for (uint32_t class = 1; class <= policy_n_classes(policy); class ++) {
        Access access = make_access(HTTPD, "system_u:system_r:webtool_t:s0-s0:c0.c7",
                                    strempty(policy_class_name(policy, class)), "read signal");
        Decision decision = {};

        if (decide_access(hypothesis, &access, &decision) == 0)
            decision_clear(&decision);
    }
}

/* Where a child was when it ended: libsepol alone may crash or loop over a crafted image,
 * which is why the product gives it a process of its own; our code may not. */
typedef enum Stage {
    STAGE_LIBSEPOL,
    STAGE_OURS,
    STAGE_DONE,
} Stage;

static void load_flipped(char *image, size_t size, volatile Stage *stage)
{
    struct itimerval limit = {.it_value = {.tv_usec = 400000}};
    sepol_policy_file_t *file = NULL;
    sepol_policydb_t *db = NULL;
    Policy *policy = NULL;

    (void)signal(SIGSEGV, SIG_DFL);
    (void)signal(SIGABRT, SIG_DFL);
    (void)signal(SIGBUS, SIG_DFL);
    (void)signal(SIGFPE, SIG_DFL);
    (void)setitimer(ITIMER_REAL, &limit, NULL);
    sepol_debug(0);
    if (sepol_policydb_create(&db) < 0 || sepol_policy_file_create(&file) < 0)
        _exit(1);
    sepol_policy_file_set_mem(file, image, size);
    (void)sepol_policydb_read(db, file);
    sepol_policydb_free(db);
    sepol_policy_file_free(file);

    *stage = STAGE_OURS;
    limit.it_value = (struct timeval){.tv_sec = 20};
    (void)setitimer(ITIMER_REAL, &limit, NULL);
    if (policy_load_memory(image, size, &policy, /* ret_message= */ NULL) == 0)
        ask_everything(policy);
    policy_free(policy);
    *stage = STAGE_DONE;
    _exit(0);
}

static void test_survives_flipped_bits(void **state)
{
    size_t size = 0;
    _cleanup_free_ char *image = read_image(POLICY_FEDORA, &size);
    uint64_t random = 0x5e1f;
    unsigned libsepol = 0;
    unsigned ours = 0;
    volatile Stage *stage =
        mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(stage, MAP_FAILED);
    for (unsigned round = 0; round < 600; round++) {
        size_t at = 20 + next_random(&random) % (size - 20);
        char bit = (char)(1u << next_random(&random) % 8);
        int status = 0;
        pid_t child;

        *stage = STAGE_LIBSEPOL;
        image[at] ^= bit;
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
            load_flipped(image, size, stage);
        assert_int_equal(waitpid(child, &status, 0), child);
        image[at] ^= bit;
        if (*stage == STAGE_DONE && WIFEXITED(status) && WEXITSTATUS(status) == 0)
            continue;
        libsepol += *stage == STAGE_LIBSEPOL;
        ours += *stage != STAGE_LIBSEPOL;
        if (*stage != STAGE_LIBSEPOL)
            print_error("byte %zu ^ %#x: status %#x\n", at, (unsigned)(unsigned char)bit,
                        (unsigned)status);
    }
    print_message("libsepol itself failed on %u of 600 images\n", libsepol);
    (void)munmap((void *)(uintptr_t)stage, sizeof(*stage));
    assert_int_equal(ours, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_names),
        cmocka_unit_test(test_resolves_aliases),
        cmocka_unit_test(test_reads_attributes_both_ways),
        cmocka_unit_test(test_reads_flags),
        cmocka_unit_test(test_reads_variants),
        cmocka_unit_test(test_renders_conditions),
        cmocka_unit_test(test_rejects_bad_images),
        cmocka_unit_test(test_rejects_bad_files),
        cmocka_unit_test(test_rejects_truncations),
        cmocka_unit_test(test_survives_flipped_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
