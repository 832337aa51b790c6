/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our boolean sets against audit2why, which flips one boolean at a time: every
 * boolean that it names must be found, each set of one must be named by it, and
 * what it cannot find is found here.
 */
#include "tests/unit/selinux/policy-helper.h"

#include <glob.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/text.h"
#include "daemon/selinux/boolean-sets.h"

#define DENIALS_MAX 80u

typedef struct Denial {
    Access access;
    char **named; /* by audit2why: "name value" */
    char *said;   /* all that it says about it */
} Denial;

typedef struct Denials {
    Denial items[DENIALS_MAX];
    size_t n;
} Denials;

static void add_denial(Denials *denials, const char *source, const char *target,
                       const char *class_name, const char *permissions)
{
    assert_true(denials->n < DENIALS_MAX);
    assert_int_equal(
        access_init(&denials->items[denials->n++].access, source, target, class_name, permissions),
        0);
}

static void clear_denials(Denials *denials)
{
    for (size_t i = 0; i < denials->n; i++) {
        access_clear(&denials->items[i].access);
        strv_free(denials->items[i].named);
        free(denials->items[i].said);
    }
}

static void write_log(const Denials *denials, const char *path)
{
    FILE *stream = fopen(path, "we");

    assert_non_null(stream);
    for (size_t i = 0; i < denials->n; i++) {
        const Access *access = &denials->items[i].access;

        (void)fprintf(stream,
                      "type=AVC msg=audit(1795379754.628:%zu): avc:  denied  { %s } for  pid=1 "
                      "comm=\"nginx\" name=\"denial-%zu-\" scontext=%s tcontext=%s tclass=%s "
                      "permissive=0\n",
                      100 + i, access->permissions, i, access->source_context,
                      access->target_context, access->target_class);
    }
    assert_int_equal(fclose(stream), 0);
}

static void add_text(char **text, const char *more)
{
    char *longer = format_string("%s%s", *text ? *text : "", more);

    assert_non_null(longer);
    free(*text);
    *text = longer;
}

/* Its answer repeats each record and then gives the commands. */
static void run_audit2why(Denials *denials, const char *policy)
{
    char path[] = "/tmp/selguard-denials-XXXXXX";
    int fd = mkstemp(path);
    _cleanup_free_ char *command = format_string("%s -p %s -i %s", AUDIT2WHY, policy, path);
    size_t current = SIZE_MAX;
    size_t answered = 0;
    char line[4096];
    FILE *output;

    assert_true(fd >= 0);
    (void)close(fd);
    write_log(denials, path);
    output = popen(command, "re");
    assert_non_null(output);
    while (fgets(line, sizeof(line), output)) {
        const char *record = strstr(line, "name=\"denial-");
        const char *action = strstr(line, "# setsebool -P ");
        size_t index;

        if (record && sscanf(record, "name=\"denial-%zu-", &index) == 1) {
            assert_true(index < denials->n);
            current = index;
            answered++;
        } else if (action) {
            assert_true(current < denials->n);
            action += strlen("# setsebool -P ");
            line[strcspn(line, "\n")] = '\0';
            assert_int_equal(strv_append(&denials->items[current].named, action), 0);
        } else if (current < denials->n) {
            add_text(&denials->items[current].said, line);
        }
    }
    assert_int_equal(pclose(output), 0);
    (void)unlink(path);
    assert_int_equal(answered, denials->n);
}

static void compare(const Hypothesis *hypothesis, const Denial *denial, size_t *named)
{
    BooleanSets sets = {};
    size_t n_single = 0;

    assert_int_equal(boolean_sets_find(hypothesis, &denial->access, 1, &sets), 0);
    for (size_t i = 0; i < sets.n_sets; i++) {
        _cleanup_free_ char *text = NULL;

        if (sets.sets[i].n_changes != 1)
            continue;
        text = format_string("%s %d", sets.sets[i].changes[0].name, sets.sets[i].changes[0].value);
        if (!strv_contains(denial->named, text))
            print_error("only we name %s for %s %s\n", text, denial->access.target_context,
                        denial->access.permissions);
        assert_true(strv_contains(denial->named, text));
        n_single++;
    }
    if (n_single != strv_length(denial->named))
        STRV_FOREACH (name, denial->named)
            print_error("audit2why names %s for %s %s\n", *name, denial->access.target_context,
                        denial->access.permissions);
    assert_int_equal(n_single, strv_length(denial->named));
    *named += n_single;
    boolean_sets_clear(&sets);
}

/* --- the installed policy -------------------------------------------------- */

static const char *random_member(const Policy *policy, uint64_t *random, const char *attribute)
{
    PolicySpan members = policy_types_of(policy, policy_find_attribute(policy, attribute));

    assert_true(members.n > 0);
    return policy_type_name(policy, members.values[next_random(random) % members.n]);
}

static void draw_denials(const Hypothesis *hypothesis, Denials *denials)
{
    static const struct {
        const char *attribute;
        const char *class_name;
        const char *permissions;
    } kinds[] = {
        {"port_type", "tcp_socket", "name_connect"}, {"port_type", "tcp_socket", "name_bind"},
        {"file_type", "file", "open read"},          {"file_type", "dir", "search"},
        {"file_type", "sock_file", "write"},         {"domain", "unix_stream_socket", "connectto"},
    };
    const Policy *policy = hypothesis_policy(hypothesis);
    uint64_t random = 0xa2d17;
    unsigned hopeless = 0;

    for (unsigned tries = 0; tries < 200000 && denials->n < DENIALS_MAX; tries++) {
        unsigned kind = next_random(&random) % ELEMENTS_OF(kinds);
        const char *domain =
            next_random(&random) % 2 ? "httpd_t" : random_member(policy, &random, "domain");
        const char *type = random_member(policy, &random, kinds[kind].attribute);
        _cleanup_free_ char *source = format_string("system_u:system_r:%s:s0", domain);
        _cleanup_free_ char *target = streq(kinds[kind].attribute, "domain")
                                          ? format_string("system_u:system_r:%s:s0", type)
                                          : format_string("system_u:object_r:%s:s0", type);
        Access access =
            make_access(source, target, kinds[kind].class_name, kinds[kind].permissions);
        Decision decision = {};
        bool by_boolean = true;
        bool denied;

        assert_int_equal(decide_access(hypothesis, &access, &decision), 0);
        /* Not every domain has the role. */
        denied = decision.status == DECIDE_OK && !decision.allowed;
        for (size_t i = 0; i < decision.n_permissions; i++)
            by_boolean = by_boolean && (decision.permissions[i].allowed ||
                                        decision.permissions[i].blocks == BLOCK_CONDITION);
        decision_clear(&decision);
        /* Mostly what booleans could give, and some of the rest. */
        if (!denied || (!by_boolean && hopeless >= 12))
            continue;
        hopeless += !by_boolean;
        add_denial(denials, source, target, kinds[kind].class_name, kinds[kind].permissions);
    }
    assert_int_equal(denials->n, DENIALS_MAX);
}

static void test_installed_policies(void **state)
{
    glob_t found = {};

    if (glob("/etc/selinux/*/policy/policy.*", 0, NULL, &found) != 0) {
        print_message("no policy is installed (Debian: selinux-policy-default): skipped\n");
        skip();
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        _cleanup_(policy_cleanup) Policy *policy = load_policy(found.gl_pathv[i]);
        _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
        Denials denials = {};
        size_t named = 0;

        draw_denials(hypothesis, &denials);
        run_audit2why(&denials, found.gl_pathv[i]);
        for (size_t k = 0; k < denials.n; k++)
            compare(hypothesis, &denials.items[k], &named);
        print_message("%s: %zu booleans for %zu denials, the same from both\n", found.gl_pathv[i],
                      named, denials.n);
        assert_true(named >= 60);
        clear_denials(&denials);
    }
    globfree(&found);
}

/* --- what it cannot find ----------------------------------------------------- */

static void test_finds_more(void **state)
{
    static const struct {
        const char *type;
        const char *class_name;
        const char *permissions;
        size_t n_named; /* by audit2why */
        size_t n_sets;  /* by us */
        size_t smallest;
    } cases[] = {
        /* Two booleans together. */
        {"nfs_t", "file", "open read", 0, 1, 2},
        {"ntop_var_lib_t", "file", "read write", 0, 1, 2},
        {"admin_home_t", "sock_file", "getattr write", 1, 2, 1},
        /* One turned off. It sees that as well, on its own. */
        {"websm_port_t", "tcp_socket", "name_connect", 3, 3, 1},
    };
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Denials denials = {};

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        add_denial(&denials, HTTPD, object(cases[i].type), cases[i].class_name,
                   cases[i].permissions);
    run_audit2why(&denials, POLICY_FEDORA);
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        BooleanSets sets = {};

        assert_int_equal(strv_length(denials.items[i].named), cases[i].n_named);
        assert_int_equal(boolean_sets_find(hypothesis, &denials.items[i].access, 1, &sets), 0);
        assert_int_equal(sets.n_sets, cases[i].n_sets);
        assert_int_equal(sets.sets[0].n_changes, cases[i].smallest);
        boolean_sets_clear(&sets);
    }
    clear_denials(&denials);
}

/* What no boolean of the domain's own rules decides: it stops at the first obstacle, blames
 * another policy, or misses the boolean behind the bound. */
static void test_explains_more(void **state)
{
    static const char webtool[] = "system_u:system_r:webtool_t:s0";
    static const char backup[] = "system_u:system_r:backup_t:s0";
    static const char secret[] = "system_u:object_r:httpd_sys_content_t:s0:c1";
    static const char labelled[] = "system_u:object_r:etc_t:s0:c1";
    const struct {
        const char *source, *target, *class_name, *permissions;
        const char *said; /* by audit2why */
        unsigned blocks;  /* ours */
        bool dontaudit;
        const char *boolean; /* that we find, NULL: none */
    } cases[] = {
        {webtool, secret, "file", "read", "Constraint DENIED", BLOCK_CONSTRAINT, false, NULL},
        /* The rule that it asks for would change nothing. */
        {webtool, labelled, "file", "write", "Missing type enforcement",
         BLOCK_NO_RULE | BLOCK_CONSTRAINT, false, NULL},
        {backup, object("ntop_var_lib_t"), "file", "write", "Typebounds violation", BLOCK_BOUNDS,
         false, NULL},
        /* The bounding type has the rule behind a boolean. */
        {backup, object("var_log_t"), "file", "read", "Typebounds violation", BLOCK_BOUNDS, false,
         "rsync_export_all"},
        {HTTPD, object("redis_var_run_t"), "dir", "search", "should be dontaudit'd", BLOCK_NO_RULE,
         true, NULL},
    };
    _cleanup_(policy_cleanup) Policy *policy = load_policy(POLICY_FEDORA);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);
    Denials denials = {};

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        add_denial(&denials, cases[i].source, cases[i].target, cases[i].class_name,
                   cases[i].permissions);
    run_audit2why(&denials, POLICY_FEDORA);
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        const Denial *denial = &denials.items[i];
        Decision decision = {};
        BooleanSets sets = {};

        assert_non_null(denial->said);
        assert_non_null(strstr(denial->said, cases[i].said));
        assert_int_equal(strv_length(denial->named), 0);
        assert_int_equal(decide_access(hypothesis, &denial->access, &decision), 0);
        assert_false(decision.allowed);
        assert_int_equal(decision.permissions[0].blocks, cases[i].blocks);
        assert_int_equal(decision.dontaudit, cases[i].dontaudit);
        decision_clear(&decision);
        assert_int_equal(boolean_sets_find(hypothesis, &denial->access, 1, &sets), 0);
        assert_int_equal(sets.n_sets, cases[i].boolean ? 1 : 0);
        assert_int_equal(sets.hopeless, !cases[i].boolean);
        if (cases[i].boolean)
            assert_string_equal(sets.sets[0].changes[0].name, cases[i].boolean);
        boolean_sets_clear(&sets);
    }
    clear_denials(&denials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_installed_policies),
        cmocka_unit_test(test_finds_more),
        cmocka_unit_test(test_explains_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
