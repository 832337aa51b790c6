/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images that libsepol itself writes with other booleans: exactly these are found. */
#include "tests/unit/selinux/policy-helper.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sepol/booleans.h>
#include <sepol/debug.h>
#include <sepol/policydb.h>

#include "daemon/core/text.h"
#include "daemon/selinux/stored-booleans.h"

/* Writes the policy with every boolean changed that `wanted` says. */
static void write_changed(const Policy *policy, const char *from, const char *to,
                          bool (*wanted)(uint32_t boolean))
{
    sepol_handle_t *handle = sepol_handle_create();
    sepol_policydb_t *db = NULL;
    sepol_policy_file_t *file = NULL;
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");

    assert_non_null(handle);
    assert_non_null(in);
    assert_non_null(out);
    sepol_msg_set_callback(handle, NULL, NULL);
    sepol_debug(0);
    assert_int_equal(sepol_policydb_create(&db), 0);
    assert_int_equal(sepol_policy_file_create(&file), 0);
    sepol_policy_file_set_fp(file, in);
    sepol_policy_file_set_handle(file, handle);
    assert_int_equal(sepol_policydb_read(db, file), 0);
    for (uint32_t boolean = 1; boolean <= policy_n_booleans(policy); boolean++) {
        const char *name = policy_boolean_name(policy, boolean);
        sepol_bool_key_t *key = NULL;
        sepol_bool_t *value = NULL;

        if (!wanted(boolean))
            continue;
        assert_int_equal(sepol_bool_key_create(handle, name, &key), 0);
        assert_int_equal(sepol_bool_query(handle, db, key, &value), 0);
        sepol_bool_set_value(value, !policy_boolean_value(policy, boolean));
        assert_int_equal(sepol_bool_set(handle, db, key, value), 0);
        sepol_bool_free(value);
        sepol_bool_key_free(key);
    }
    sepol_policy_file_set_fp(file, out);
    assert_int_equal(sepol_policydb_write(db, file), 0);
    sepol_policy_file_free(file);
    sepol_policydb_free(db);
    sepol_handle_destroy(handle);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

static bool none(uint32_t boolean)
{
    return boolean == 0;
}

static bool every(uint32_t boolean)
{
    return boolean > 0;
}

static bool third(uint32_t boolean)
{
    return boolean % 3 == 1;
}

static void check(const char *path)
{
    static bool (*const choices[])(uint32_t boolean) = {none, every, third};
    _cleanup_(policy_cleanup) Policy *policy = load_policy(path);
    char changed[] = "/tmp/selguard-stored-XXXXXX";
    int fd = mkstemp(changed);

    assert_true(fd >= 0);
    (void)close(fd);
    for (size_t i = 0; i < ELEMENTS_OF(choices); i++) {
        _cleanup_free_ StoredBoolean *differences = NULL;
        size_t n = 0, at = 0;

        write_changed(policy, path, changed, choices[i]);
        assert_int_equal(stored_booleans_compare(policy, changed, &differences, &n), 0);
        for (uint32_t boolean = 1; boolean <= policy_n_booleans(policy); boolean++) {
            if (!choices[i](boolean))
                continue;
            assert_true(at < n);
            assert_int_equal(differences[at].boolean, boolean);
            assert_int_equal(differences[at++].value, !policy_boolean_value(policy, boolean));
        }
        assert_int_equal(at, n);
    }
    (void)unlink(changed);
}

static void test_finds_changed(void **state)
{
    glob_t found;

    check(POLICY_FEDORA);
    check(POLICY_OLD);
    check(POLICY_PLAIN);
    check(POLICY_ODD);
    /* And this host's, where it has one. */
    if (glob("/etc/selinux/*/policy/policy.*", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            print_message("%s\n", found.gl_pathv[i]);
            check(found.gl_pathv[i]);
        }
        globfree(&found);
    }
}

/* Of another policy: what it does not have is left out. */
static void test_refuses_other_files(void **state)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    StoredBoolean *differences = NULL;
    size_t n = 0;

    assert_int_equal(stored_booleans_compare(policy, POLICY_ODD, &differences, &n), 0);
    assert_int_equal(n, 0);
    assert_null(differences);
    assert_int_equal(stored_booleans_compare(policy, "/dev/null", &differences, &n), -EBADMSG);
    assert_int_equal(stored_booleans_compare(policy, "/proc/self/stat", &differences, &n),
                     -EBADMSG);
    assert_int_equal(stored_booleans_compare(policy, "/nowhere", &differences, &n), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_changed),
        cmocka_unit_test(test_refuses_other_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
