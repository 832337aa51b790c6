/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our decisions against the running kernel's: for drawn questions, and for every permission of
 * their classes, over the policy that the kernel itself gives out. First with the booleans as
 * they are, then with some of them flipped at run time, which are put back.
 *
 *   kernel-agree [QUESTIONS [FLIPPED]]
 *
 * Exit status: 0 the same everywhere, 1 not, 2 it could not be asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <selinux/selinux.h>
#include <stdint.h>
#include <time.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/selinux/decide.h"
#include "daemon/selinux/kernel.h"
#include "daemon/selinux/security-context.h"
#include "tests/policy/draw.h"

#define FLIPPED_MAX    256u
#define REPORTED_MAX   20u
#define LOAD_TRIES_MAX 100u

typedef struct Totals {
    unsigned questions; /* one permission each */
    unsigned allowed;
    unsigned silent;
    unsigned by_constraint;
    unsigned by_condition;
    unsigned contexts;
    unsigned asked; /* through kernel_ask() as well */
    unsigned different;
} Totals;

static Totals totals;

static void report(const char *what, const char *source, const char *target, const char *class,
                   const char *permission, bool ours)
{
    if (totals.different++ < REPORTED_MAX)
        printf("different: %s: %s %s %s %s: we say %s\n", what, source, target, class, permission,
               ours ? "yes" : "no");
}

/* --- the policy ------------------------------------------------------------ */

/* The kernel lets one process read its policy at a time: the monitor's worker may be at it. */
static Policy *load_policy(void)
{
    static const struct timespec pause = {.tv_nsec = 100000000};
    KernelState state = {};
    Policy *policy = NULL;
    int r = kernel_read_state(&state);

    for (unsigned tries = 0; r >= 0 && state.policy_path && !policy; tries++) {
        _cleanup_free_ char *message = NULL;

        r = policy_load_file(state.policy_path, &policy, &message);
        if (r == -EBUSY && tries < LOAD_TRIES_MAX) {
            (void)nanosleep(&pause, NULL);
            r = 0;
        } else if (r < 0) {
            (void)fprintf(stderr, "kernel-agree: %s: %s\n", state.policy_path,
                          message ? message : strerror(-r));
        }
    }
    kernel_state_clear(&state);
    return policy;
}

/* --- questions ------------------------------------------------------------- */

static bool kernel_takes(const Policy *policy, const char *text, void *userdata _unused_)
{
    SecurityContext context = {};
    int status = security_context_parse(policy, /* hypothesis= */ NULL, text, &context);
    bool valid = security_check_context_raw(text) == 0;

    security_context_clear(&context);
    totals.contexts++;
    if ((status == CONTEXT_OK) != valid)
        report("valid context", text, "", "", "", status == CONTEXT_OK);
    return valid;
}

static void compare_permission(const Draw *draw, const Decision *decision,
                               const DecidePermission *ours, const struct av_decision *theirs,
                               security_class_t class)
{
    const char *class_name = policy_class_name(draw->policy, draw->class);
    access_vector_t bit = string_to_av_perm(class, ours->name);
    bool allowed = (theirs->allowed & bit) != 0;
    bool silent = !allowed && !(theirs->auditdeny & bit);

    totals.questions++;
    totals.allowed += ours->allowed;
    totals.silent += ours->dontaudit;
    totals.by_constraint += (ours->blocks & BLOCK_CONSTRAINT) != 0;
    totals.by_condition += (ours->blocks & BLOCK_CONDITION) != 0;
    if (bit == 0)
        report("known permission", draw->source, draw->target, class_name, ours->name, true);
    if (ours->allowed != allowed)
        report("allowed", draw->source, draw->target, class_name, ours->name, ours->allowed);
    if (ours->dontaudit != silent)
        report("silent", draw->source, draw->target, class_name, ours->name, ours->dontaudit);
    if (decision->permissive != ((theirs->flags & SELINUX_AVD_FLAGS_PERMISSIVE) != 0))
        report("permissive", draw->source, "", "", "", decision->permissive);
}

/* What the monitor itself asks the kernel, for one permission of each question. */
static void compare_ask(Draw *draw, const Decision *decision)
{
    const DecidePermission *ours =
        &decision->permissions[draw_number(draw, (uint32_t)decision->n_permissions)];
    _cleanup_free_ char *class_name = strdup(policy_class_name(draw->policy, draw->class));
    const Access access = {draw->source, draw->target, class_name, ours->name};
    int allowed = class_name ? kernel_ask(&access, /* ret_permissive= */ NULL) : -ENOMEM;

    totals.asked++;
    if (allowed != (int)ours->allowed)
        report(allowed < 0 ? strerror(-allowed) : "kernel_ask", draw->source, draw->target,
               class_name, ours->name, ours->allowed);
}

static int compare(Draw *draw, const Hypothesis *hypothesis)
{
    const uint32_t all = policy_class_permissions(draw->policy, draw->class);
    _cleanup_free_ char *names = policy_permissions_to_string(draw->policy, draw->class, all);
    _cleanup_free_ char *class_name = strdup(policy_class_name(draw->policy, draw->class));
    const Access access = {draw->source, draw->target, class_name, names};
    struct av_decision theirs = {};
    Decision decision = {};
    security_class_t class;
    int r;

    if (all == 0)
        return 0;
    if (!names || !class_name)
        return -ENOMEM;
    class = string_to_security_class(class_name);
    r = decide_access(hypothesis, &access, &decision);
    if (r < 0)
        return r;
    if (class == 0 || decision.status != DECIDE_OK ||
        security_compute_av_flags_raw(draw->source, draw->target, class, ~(access_vector_t)0,
                                      &theirs) < 0) {
        report(decision.problem ? decision.problem : strerror(errno), draw->source, draw->target,
               class_name, names, decision.status == DECIDE_OK);
    } else {
        for (size_t i = 0; i < decision.n_permissions; i++)
            compare_permission(draw, &decision, &decision.permissions[i], &theirs, class);
        compare_ask(draw, &decision);
    }
    decision_clear(&decision);
    return 0;
}

static int compare_all(unsigned questions, uint64_t seed, const char *name)
{
    _cleanup_(policy_cleanup) Policy *policy = load_policy();
    _cleanup_(hypothesis_cleanup) Hypothesis *hypothesis = policy ? hypothesis_new(policy) : NULL;
    Draw draw = {.policy = policy, .random = seed, .is_valid = kernel_takes};
    const Totals before = totals;

    if (!hypothesis)
        return -ENODATA;
    for (uint32_t boolean = 1; boolean <= policy_n_booleans(policy); boolean++) {
        const char *boolean_name = policy_boolean_name(policy, boolean);
        bool current, pending;

        if (kernel_read_boolean(boolean_name, &current, &pending) < 0 ||
            current != policy_boolean_value(policy, boolean))
            report("boolean", boolean_name, "", "", "", policy_boolean_value(policy, boolean));
    }
    for (unsigned i = 0; i < questions; i++) {
        int r;

        if (i % 3 == 0)
            draw_any(&draw);
        else
            draw_like_denial(&draw);
        r = compare(&draw, hypothesis);
        if (r < 0)
            return r;
    }
    printf("%s: %u questions in %u pairs of contexts: %u allowed, %u silent, held up by conditions "
           "%u, by constraints %u; %u contexts; %u different\n",
           name, totals.questions - before.questions, questions, totals.allowed - before.allowed,
           totals.silent - before.silent, totals.by_condition - before.by_condition,
           totals.by_constraint - before.by_constraint, totals.contexts - before.contexts,
           totals.different - before.different);
    return 0;
}

/* --- booleans --------------------------------------------------------------- */

typedef struct Flipped {
    char *names[FLIPPED_MAX];
    int values[FLIPPED_MAX]; /* before */
    size_t n;
} Flipped;

/* Draws distinct booleans. Not those that would lock the policy: they could not be put back. */
static int choose_booleans(size_t wanted, uint64_t seed, Flipped *flipped)
{
    char **names = NULL;
    int n = 0;
    Draw draw = {.random = seed};

    if (security_get_boolean_names(&names, &n) < 0)
        return -errno;
    for (unsigned tries = 0; n > 0 && tries < 10000 && flipped->n < wanted; tries++) {
        char **name = &names[draw_number(&draw, (uint32_t)n)];
        int value;

        if (!*name || strncmp(*name, "secure_mode", strlen("secure_mode")) == 0)
            continue;
        value = security_get_boolean_active(*name);
        if (value < 0)
            continue;
        flipped->values[flipped->n] = value;
        flipped->names[flipped->n++] = TAKE_POINTER(*name);
    }
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return flipped->n == wanted ? 0 : -ENODATA;
}

static int set_booleans(const Flipped *flipped, bool flip)
{
    for (size_t i = 0; i < flipped->n; i++)
        if (security_set_boolean(flipped->names[i],
                                 flip ? !flipped->values[i] : flipped->values[i]) < 0)
            return -errno;
    return security_commit_booleans() < 0 ? -errno : 0;
}

static int compare_flipped(unsigned questions, size_t wanted, uint64_t seed, const char *name)
{
    Flipped flipped = {};
    int r = choose_booleans(wanted, seed, &flipped);

    if (r >= 0) {
        int restored;

        r = set_booleans(&flipped, true);
        if (r >= 0)
            r = compare_all(questions, seed, name);
        restored = set_booleans(&flipped, false);
        r = r < 0 ? r : restored;
    }
    for (size_t i = 0; i < flipped.n; i++)
        free(flipped.names[i]);
    return r;
}

int main(int argc, char **argv)
{
    uint64_t questions = 1500, wanted = 20;
    int r = 0;

    if ((argc > 1 && parse_number(argv[1], 1, 1000000, &questions) < 0) ||
        (argc > 2 && parse_number(argv[2], 1, FLIPPED_MAX, &wanted) < 0) || argc > 3) {
        (void)fprintf(stderr, "usage: kernel-agree [QUESTIONS [FLIPPED]]\n");
        return 2;
    }
    if (is_selinux_enabled() <= 0) {
        (void)fprintf(stderr, "kernel-agree: SELinux is not enabled here\n");
        return 2;
    }
    r = compare_all((unsigned)questions, 0x3e12e1, "booleans as they are");
    if (r >= 0)
        r = compare_flipped((unsigned)questions, wanted, 0xf11, "some flipped");
    if (r >= 0)
        r = compare_flipped((unsigned)questions, wanted, 0xf12, "others flipped");
    /* All are back where they were. */
    if (r >= 0)
        r = compare_all((unsigned)questions / 10 + 1, 0xbacc, "put back");
    if (r < 0) {
        (void)fprintf(stderr, "kernel-agree: %s\n", strerror(-r));
        return 2;
    }
    printf("%u questions, %u by kernel_ask, %u different\n", totals.questions, totals.asked,
           totals.different);
    return totals.different > 0 || totals.allowed == 0 || totals.by_condition == 0 ||
           totals.by_constraint == 0;
}
