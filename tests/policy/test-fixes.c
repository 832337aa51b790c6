/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every fix that is offered, in a policy that is really built with it: the accesses of its proof
 * are allowed there, by libsepol's own computation, and what it is said to open and to break is
 * what differs between the two compiled policies. For denials drawn at random.
 */
#include <glob.h>
#include <sys/stat.h>

#include "daemon/core/text.h"
#include "daemon/diagnose/analysis.h"
#include "daemon/diagnose/incident.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/ports.h"
#include "tests/policy/compiled.h"
#include "tests/policy/difference.h"
#include "tests/policy/draw.h"
#include "tests/policy/rebuild.h"
#include "tests/unit/selinux/policy-helper.h"
#include "tests/unit/selinux/policy-oracle.h"

#define SITE "/srv/site"

/* A policy and what it is made of. */
typedef struct World {
    char *folder;
    char *image;
    Source source;
    Policy *policy;
    Hypothesis *hypothesis;
    Compiled *compiled;
    FileContexts *contexts;
} World;

typedef struct Totals {
    unsigned denials, fixes, proofs, refused;
    unsigned booleans, ports, modules, files; /* plans with such an action */
    unsigned gains, losses;                   /* that were compared */
} Totals;

static void world_open(World *world, char *folder)
{
    world->policy = load_policy(world->image);
    world->hypothesis = hypothesis_new(world->policy);
    world->compiled = compiled_load(world->image);
    world->folder = folder;
    assert_non_null(world->hypothesis);
    assert_non_null(world->compiled);
}

static void world_close(World *world)
{
    (void)unlink(world->image);
    free(world->image);
    source_clear(&world->source);
    hypothesis_free(world->hypothesis);
    policy_free(world->policy);
    compiled_free(world->compiled);
    file_contexts_free(world->contexts);
    *world = (World){};
}

/* --- a fix ------------------------------------------------------------------------ */

static void fail_about(const Diagnosis *diagnosis, const Fix *fix, const char *what)
{
    fail_msg("%s %s { %s } of %s (port %d): %s: %s", diagnosis->access.source_context,
             diagnosis->access.target_context, diagnosis->access.permissions,
             diagnosis->access.target_class, diagnosis->port, fix ? fix->summary : "", what);
}

/* 1 allowed, 0 not, by libsepol and the image that it has loaded; `policy` is the same one. */
static int ask_libsepol(const Policy *policy, const Access *access)
{
    const uint32_t class = policy_find_class(policy, access->target_class);
    _cleanup_strv_ char **names = strv_split(access->permissions, " ");
    uint32_t wanted = 0, allowed = 0, audited = 0;
    unsigned reason = 0;

    STRV_FOREACH (name, names) {
        uint32_t bit = policy_find_permission(policy, class, *name);

        assert_int_not_equal(bit, 0);
        wanted |= bit;
    }
    if (!oracle_compute(access->source_context, access->target_context, class, wanted, &allowed,
                        &audited, &reason))
        return -1;
    return (allowed & wanted) == wanted;
}

static void check_proofs(const Diagnosis *diagnosis, const Fix *fix, const char *image,
                         Totals *totals)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy(image);
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = hypothesis_new(policy);

    assert_non_null(hypothesis);
    assert_true(oracle_load(image));
    for (size_t i = 0; i < fix->n_proofs; i++) {
        const Access *access = &fix->proofs[i].access;

        if (ask_libsepol(policy, access) != 1 || decide_is_allowed(hypothesis, access) != 1) {
            print_error("denied: %s %s %s { %s }\n", access->source_context, access->target_context,
                        access->target_class, access->permissions);
            fail_about(diagnosis, fix, "not allowed in the rebuilt policy");
        }
        totals->proofs++;
    }
    /* A port has the label that the proof is about. */
    if (diagnosis->target_kind == TARGET_PORT) {
        PortProtocol protocol;
        PortLabel label;
        char type[256];

        assert_int_equal(port_protocol_from_string(diagnosis->protocol, &protocol), 0);
        assert_int_equal(port_find_label(hypothesis, protocol, (uint16_t)diagnosis->port, &label),
                         0);
        assert_int_equal(
            context_type_copy(fix->proofs[0].access.target_context, type, sizeof(type)), 0);
        assert_string_equal(label.type_name, type);
    }
    oracle_unload();
}

/* Each listed change is one that was found, and is described as it is. */
static void check_sample(const Diagnosis *diagnosis, const Fix *fix, const Policy *policy,
                         const AccessChange *listed, size_t n, const Changes *found)
{
    for (size_t i = 0; i < n; i++) {
        const Change *change =
            changes_find(found, listed[i].domain, listed[i].target_type, listed[i].target_class);
        _cleanup_free_ char *permissions = NULL;

        if (change)
            permissions = policy_permissions_to_string(
                policy, policy_find_class(policy, listed[i].target_class), change->permissions);
        if (!permissions || strcmp(permissions, listed[i].permissions) != 0) {
            print_error("listed: %s %s %s { %s }, found { %s }\n", listed[i].domain,
                        listed[i].target_type, listed[i].target_class, listed[i].permissions,
                        permissions ? permissions : "");
            fail_about(diagnosis, fix, "a listed change is not one");
        }
    }
}

static void check_number(const Diagnosis *diagnosis, const Fix *fix, const char *what, size_t said,
                         size_t found)
{
    if (said == found)
        return;
    print_error("%s: said %zu, found %zu\n", what, said, found);
    fail_about(diagnosis, fix, what);
}

static void check_exposure(const Diagnosis *diagnosis, const Fix *fix, const World *world,
                           const char *image, Totals *totals)
{
    static const char *const tree[] = {"file", "dir", "lnk_file", "sock_file", NULL};
    const char *const object[] = {diagnosis->access.target_class, NULL};
    _cleanup_(compiled_cleanup) Compiled *after = compiled_load(image);
    char focus[256], old_type[256], new_type[256];
    Relabelled relabelled = {old_type, new_type, NULL};
    Differences found;

    assert_non_null(after);
    assert_int_equal(context_type_copy(diagnosis->access.source_context, focus, sizeof(focus)), 0);
    assert_int_equal(
        context_type_copy(diagnosis->access.target_context, old_type, sizeof(old_type)), 0);
    assert_int_equal(
        context_type_copy(fix->proofs[0].access.target_context, new_type, sizeof(new_type)), 0);
    for (size_t i = 0; i < fix->plan.n_actions; i++)
        if (fix->plan.actions[i].kind == ACTION_RELABEL)
            relabelled.classes = fix->plan.actions[i].recursive ? tree : object;

    found =
        differences_find(world->compiled, after, relabelled.classes ? &relabelled : NULL, focus);
    check_number(diagnosis, fix, "accesses gained", fix->exposure.gains_total, found.gains.n);
    check_number(diagnosis, fix, "accesses lost", fix->breaks_total, found.losses.n);
    check_number(diagnosis, fix, "domains", fix->exposure.n_domains,
                 changes_count_domains(&found.gains));
    check_number(diagnosis, fix, "types", fix->exposure.n_types,
                 changes_count_targets(&found.gains));
    check_number(diagnosis, fix, "ports", fix->exposure.ports_count, found.ports);
    check_sample(diagnosis, fix, world->policy, fix->exposure.gains, fix->exposure.n_gains,
                 &found.gains);
    check_sample(diagnosis, fix, world->policy, fix->breaks, fix->n_breaks, &found.losses);
    check_number(diagnosis, fix, "gains listed", fix->exposure.n_gains,
                 found.gains.n < EXPOSURE_GAINS_MAX ? found.gains.n : EXPOSURE_GAINS_MAX);
    check_number(diagnosis, fix, "losses listed", fix->n_breaks,
                 found.losses.n < EXPOSURE_GAINS_MAX ? found.losses.n : EXPOSURE_GAINS_MAX);
    totals->gains += (unsigned)found.gains.n;
    totals->losses += (unsigned)found.losses.n;
    differences_clear(&found);
}

static bool has_action(const Fix *fix, ActionKind kind)
{
    for (size_t i = 0; i < fix->plan.n_actions; i++)
        if (fix->plan.actions[i].kind == kind)
            return true;
    return false;
}

static void check_fix(const Diagnosis *diagnosis, const Fix *fix, const World *world,
                      Totals *totals)
{
    _cleanup_free_ char *image = format_string("%s/fixed", world->folder);

    assert_true(fix->proven);
    assert_true(fix->exposure.known);
    assert_true(fix->n_proofs > 0);
    if (!source_compile(&world->source, &fix->plan, image))
        fail_about(diagnosis, fix, "it does not compile");
    check_proofs(diagnosis, fix, image, totals);
    check_exposure(diagnosis, fix, world, image, totals);
    (void)unlink(image);
    totals->fixes++;
    totals->booleans += has_action(fix, ACTION_SET_BOOLEAN);
    totals->ports += has_action(fix, ACTION_SET_PORT);
    totals->modules += has_action(fix, ACTION_INSTALL_MODULE);
    totals->files += has_action(fix, ACTION_RELABEL);
}

/* --- denials ------------------------------------------------------------------------ */

typedef struct DrawnAccess {
    char *source, *target;
    const char *class, *permissions;
    const char *path; /* NULL: not known */
    int port;         /* -1 where none */
} DrawnAccess;

static void question_clear(DrawnAccess *question)
{
    free(question->source);
    free(question->target);
    *question = (DrawnAccess){};
}

static int draw_port(Draw *draw)
{
    static const uint16_t known[] = {53,   80,   600,  3000, 3001,  3306,  5000,  5432,
                                     6379, 8080, 8081, 9000, 11211, 27017, 65535, 1};

    return draw_number(draw, 3) ? known[draw_number(draw, ELEMENTS_OF(known))]
                                : 1 + (int)draw_number(draw, 65535);
}

static void draw_question(Draw *draw, const World *world, DrawnAccess *ret_question)
{
    static const struct {
        const char *class, *permissions;
    } files[] = {
        {"file", "read"},      {"file", "open"},   {"file", "getattr"},  {"file", "map"},
        {"file", "write"},     {"file", "append"}, {"dir", "search"},    {"dir", "write"},
        {"dir", "add_name"},   {"dir", "getattr"}, {"lnk_file", "read"}, {"sock_file", "write"},
        {"file", "open read"},
    };
    const char *domain = draw_number(draw, 3)
                             ? "httpd_t"
                             : policy_type_name(world->policy, draw_type(draw, "domain"));
    DrawnAccess question = {.port = -1};

    question.source = format_string("system_u:system_r:%s:s0", domain);
    switch (draw_number(draw, 4)) {
    case 0:
    case 1:
        question.port = draw_port(draw);
        question.class = "tcp_socket";
        question.permissions = draw_number(draw, 3) ? "name_connect" : "name_bind";
        question.target = port_context(world->hypothesis, PORT_TCP, (uint16_t)question.port);
        break;
    case 2: {
        size_t kind = draw_number(draw, ELEMENTS_OF(files));
        const char *type = policy_type_name(world->policy, draw_type(draw, "file_type"));

        question.class = files[kind].class;
        question.permissions = files[kind].permissions;
        question.path = draw_number(draw, 2) ? SITE "/html/index.html" : "/opt/app/data/file";
        question.target = format_string("system_u:object_r:%s:s0", type);
        break;
    }
    default: {
        const char *type = policy_type_name(world->policy, draw_type(draw, "domain"));

        question.class = "unix_stream_socket";
        question.permissions = "connectto";
        question.target = format_string("system_u:system_r:%s:s0", type);
    }
    }
    *ret_question = question;
}

static bool is_denied(const World *world, const DrawnAccess *question)
{
    const Access access =
        make_access(question->source, question->target, question->class, question->permissions);

    return question->target && decide_is_allowed(world->hypothesis, &access) == 0;
}

/* The caller frees it. */
static Diagnosis *diagnose(const World *world, const DrawnAccess *question)
{
    const bool binding = strcmp(question->permissions, "name_bind") == 0;
    const Denial denial = {
        .time_usec = 1,
        .source_context = question->source,
        .target_context = question->target,
        .target_class = question->class,
        .permissions = question->permissions,
        .path = question->path,
        .source_port = binding ? question->port : -1,
        .dest_port = binding ? -1 : question->port,
        .capability = -1,
    };
    const Incident incident = {.denial = &denial};
    const AnalysisOptions options = {.domain = "httpd_t", .file_contexts = world->contexts};
    Diagnosis *diagnosis = NULL;

    assert_int_equal(incident_to_diagnosis(&incident, &diagnosis), 0);
    assert_int_equal(analysis_run(diagnosis, world->policy, &options), 0);
    assert_int_equal(diagnosis->verdict, VERDICT_BLOCKED_BY_SELINUX);
    assert_false(diagnosis->allowed_now);
    return diagnosis;
}

/* It is denied before, by libsepol too: else no fix has anything to prove. */
static void check_denied(const World *world, const Diagnosis *diagnosis)
{
    assert_true(oracle_load(world->image));
    assert_int_equal(ask_libsepol(world->policy, &diagnosis->access), 0);
    oracle_unload();
}

/* Draws denials until `wanted` of them have fixes. */
static void check_denials(const World *world, uint64_t seed, unsigned wanted, Totals *totals)
{
    Draw draw = {.policy = world->policy, .random = seed};

    for (unsigned with_fixes = 0, tries = 0; with_fixes < wanted; tries++) {
        DrawnAccess question;
        Diagnosis *diagnosis;

        assert_true(tries < 100 * wanted);
        draw_question(&draw, world, &question);
        if (!is_denied(world, &question)) {
            question_clear(&question);
            continue;
        }
        diagnosis = diagnose(world, &question);
        check_denied(world, diagnosis);
        for (size_t i = 0; i < diagnosis->n_fixes; i++)
            check_fix(diagnosis, &diagnosis->fixes[i], world, totals);
        with_fixes += diagnosis->n_fixes > 0;
        totals->denials++;
        totals->refused += (unsigned)diagnosis->n_refusals;
        diagnosis_free(diagnosis);
        question_clear(&question);
    }
}

static void show(const char *name, const Totals *totals)
{
    print_message("%s: %u denials, %u fixes (%u with booleans, %u with ports, %u with modules, %u "
                  "with file labels), %u accesses proven, %u gained and %u lost; %u refused; 0 "
                  "failed\n",
                  name, totals->denials, totals->fixes, totals->booleans, totals->ports,
                  totals->modules, totals->files, totals->proofs, totals->gains, totals->losses,
                  totals->refused);
}

/* --- the policies --------------------------------------------------------------------- */

static FileContexts *make_contexts(const char *folder)
{
    _cleanup_free_ char *path = format_string("%s/file_contexts", folder);
    FILE *stream = fopen(path, "we");
    FileContexts *contexts = NULL;

    assert_non_null(stream);
    (void)fputs(SITE "(/.*)? system_u:object_r:httpd_sys_content_t:s0\n", stream);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(file_contexts_open(path, &contexts), 0);
    (void)unlink(path);
    return contexts;
}

static void shuffle_booleans(World *world, uint64_t seed)
{
    Draw draw = {.random = seed};
    _cleanup_strv_ char **names = NULL;

    STRV_FOREACH (line, world->source.lines) {
        char name[128];

        /* A space in a format matches none as well: "(booleanif". */
        if (strncmp(*line, "(boolean ", strlen("(boolean ")) == 0 &&
            sscanf(*line, "(boolean %127s ", name) == 1)
            assert_int_equal(strv_append(&names, name), 0);
    }
    assert_true(strv_length(names) > 5);
    STRV_FOREACH (name, names)
        if (draw_number(&draw, 4) == 0)
            assert_true(source_set_boolean(&world->source, *name, draw_number(&draw, 2) != 0));
}

static void test_own_policies(void **state)
{
    static const char *const sources[] = {SOURCES_FEDORA, SOURCES_REFPOLICY};
    char folder[] = "/tmp/selguard-fixes-XXXXXX";

    assert_non_null(mkdtemp(folder));
    for (unsigned round = 0; round < 4; round++) {
        const char *paths = sources[round % 2];
        Totals totals = {};
        World world = {.image = format_string("%s/policy", folder)};

        assert_true(source_read(&world.source, paths));
        if (round >= 2)
            shuffle_booleans(&world, 0xb001 + round);
        assert_true(source_compile(&world.source, &(Plan){}, world.image));
        world_open(&world, folder);
        world.contexts = make_contexts(folder);
        check_denials(&world, 0x9409e47 + round, 16, &totals);
        show(round % 2 ? "names of the reference policy" : "names of Fedora", &totals);
        assert_true(totals.fixes >= 25);
        assert_true(totals.ports > 0 && totals.booleans > 0 && totals.modules > 0 &&
                    totals.files > 0);
        world_close(&world);
    }
    (void)rmdir(folder);
}

/* A distribution's policy, taken back to CIL. */
static void test_installed_policies(void **state)
{
    glob_t found = {};
    char folder[] = "/tmp/selguard-fixes-XXXXXX";

    if (glob("/etc/selinux/*/policy/policy.*", 0, NULL, &found) != 0) {
        print_message("no policy is installed (Debian: selinux-policy-default): skipped\n");
        skip();
    }
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Totals totals = {};
        World world = {.image = format_string("%s/policy", folder)};

        assert_true(source_from_image(&world.source, found.gl_pathv[i]));
        assert_true(source_compile(&world.source, &(Plan){}, world.image));
        world_open(&world, folder);
        world.contexts = make_contexts(folder);
        check_denials(&world, 0xdeb1a4, 3, &totals);
        show(found.gl_pathv[i], &totals);
        world_close(&world);
    }
    globfree(&found);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_policies),
        cmocka_unit_test(test_installed_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
