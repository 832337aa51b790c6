/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each permission that no unconditional rule gives is a clause: one of its
 * conditional rules must be active. An assignment is a partial one: the values of
 * the booleans in the expressions chosen so far, one per clause. Combining the
 * clauses' assignments finds every way; what changes against today is a set.
 */
#include "daemon/selinux/boolean-sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/selinux/boolean-assignment.h"
#include "daemon/selinux/decide-internal.h"

typedef struct Clause {
    uint32_t *branches; /* condition << 1 | branch, ascending; any one suffices */
    size_t n_branches;
} Clause;

typedef struct Search {
    const Hypothesis *hypothesis;
    Clause *clauses;
    size_t n_clauses;
    Assignment *assignments;
    size_t n_assignments;
    bool complete;
    bool hopeless;
} Search;

static void search_clear(Search *search)
{
    for (size_t i = 0; i < search->n_clauses; i++)
        free(search->clauses[i].branches);
    free(search->clauses);
    free(search->assignments);
}

/* --- clauses ------------------------------------------------------------ */

typedef struct BranchSearch {
    uint32_t permission;
    Clause *clause;
} BranchSearch;

static int note_branch(uint32_t permissions, uint32_t branch, void *data)
{
    const BranchSearch *search = data;
    Clause *clause = search->clause;
    uint32_t *larger;
    size_t at = 0;

    if (!(permissions & search->permission))
        return 0;
    while (at < clause->n_branches && clause->branches[at] < branch)
        at++;
    if (at < clause->n_branches && clause->branches[at] == branch)
        return 0;
    larger = reallocarray(clause->branches, clause->n_branches + 1, sizeof(*larger));
    if (!larger)
        return -ENOMEM;
    clause->branches = larger;
    memmove(larger + at + 1, larger + at, (clause->n_branches - at) * sizeof(*larger));
    larger[at] = branch;
    clause->n_branches++;
    return 0;
}

static bool has_clause(const Search *search, const Clause *clause)
{
    for (size_t i = 0; i < search->n_clauses; i++)
        if (search->clauses[i].n_branches == clause->n_branches &&
            memcmp(search->clauses[i].branches, clause->branches,
                   clause->n_branches * sizeof(uint32_t)) == 0)
            return true;
    return false;
}

static int add_clause(Search *search, uint32_t source, uint32_t target, uint32_t class,
                      uint32_t permission)
{
    const Hypothesis *hypothesis = search->hypothesis;
    Clause clause = {};
    BranchSearch branches = {permission, &clause};
    Clause *larger;
    int r;

    r = rule_table_visit(&hypothesis->policy->rules[RULES_ALLOW_CONDITIONAL],
                         hypothesis_attributes_of(hypothesis, source),
                         hypothesis_attributes_of(hypothesis, target), class, note_branch,
                         &branches);
    if (r == 0 && clause.n_branches == 0)
        search->hopeless = true;
    if (r < 0 || clause.n_branches == 0 || has_clause(search, &clause)) {
        free(clause.branches);
        return r;
    }
    larger = reallocarray(search->clauses, search->n_clauses + 1, sizeof(*larger));
    if (!larger) {
        free(clause.branches);
        return -ENOMEM;
    }
    search->clauses = larger;
    larger[search->n_clauses++] = clause;
    return 0;
}

/* What allow rules must give for the permissions: here, and to every bounding type. */
static int add_clauses(Search *search, uint32_t source, uint32_t target, uint32_t class,
                       uint32_t permissions)
{
    const Policy *policy = search->hypothesis->policy;

    for (unsigned depth = 0; depth <= POLICY_BOUNDS_DEPTH_MAX && source != 0; depth++) {
        uint32_t target_bound = policy_type_bounds(policy, target);
        uint32_t missing = permissions & ~decide_allowed_unconditionally(search->hypothesis, source,
                                                                         target, class);

        for (; missing != 0; missing &= missing - 1) {
            int r = add_clause(search, source, target, class, missing & -missing);

            if (r < 0)
                return r;
        }
        source = policy_type_bounds(policy, source);
        target = target_bound != 0 ? target_bound : target;
    }
    return 0;
}

static int add_access(Search *search, const Access *access)
{
    const Hypothesis *hypothesis = search->hypothesis;
    const Policy *policy = hypothesis->policy;
    bool unknown_denied = policy->handle_unknown != POLICY_UNKNOWN_ALLOW;
    _cleanup_strv_ char **names = NULL;
    Question question = {};
    uint32_t wanted = 0;
    int r;

    names = strv_split(access->permissions, " ");
    if (!names)
        return -ENOMEM;
    r = question_resolve(hypothesis, access->source_context, access->target_context,
                         access->target_class, &question, /* ret_bad= */ NULL);
    if (r != DECIDE_OK)
        return r < 0 ? r : -ENODATA;

    STRV_FOREACH (name, names) {
        uint32_t permission = policy_find_permission(policy, question.class, *name);

        wanted |= permission;
        if (permission == 0 && unknown_denied)
            search->hopeless = true;
    }
    if (wanted != 0) {
        Layers layers =
            decide_layers(hypothesis, &question.source, &question.target, question.class);

        /* No boolean changes these. */
        if (wanted & ~(layers.constraints & layers.roles))
            search->hopeless = true;
        else
            r = add_clauses(search, question.source.type, question.target.type, question.class,
                            wanted);
    }
    question_clear(&question);
    return r;
}

/* --- combining ----------------------------------------------------------- */

/* Adds to `base` each valuation of the condition's booleans that makes the branch active. */
static int extend_by_branch(Search *search, const Assignment *base, uint32_t branch,
                            AssignmentList *list)
{
    const Policy *policy = search->hypothesis->policy;
    PolicySpan booleans = policy_condition_booleans(policy, branch >> 1);
    _cleanup_free_ bool *values = NULL;

    if (booleans.n > POLICY_BOOLEAN_SET_MAX) {
        search->complete = false;
        return 0;
    }
    values = calloc((size_t)policy->n_booleans + 1, sizeof(*values));
    if (!values)
        return -ENOMEM;
    for (uint32_t bits = 0; bits < UINT32_C(1) << booleans.n; bits++) {
        Assignment extended = *base;
        AssignmentResult added = ASSIGNMENT_OK;

        for (size_t i = 0; i < booleans.n; i++)
            values[booleans.values[i] - 1] = bits >> i & 1;
        if (policy_condition_evaluate(policy, branch >> 1, values) != (int)(branch & 1))
            continue;
        for (size_t i = 0; i < booleans.n && added == ASSIGNMENT_OK; i++)
            added = assignment_add(search->hypothesis, &extended, booleans.values[i],
                                   values[booleans.values[i] - 1]);
        if (added == ASSIGNMENT_TOO_LARGE)
            search->complete = false;
        if (added == ASSIGNMENT_OK) {
            int r = assignment_list_add(list, &extended, &search->complete);

            if (r < 0)
                return r;
        }
    }
    return 0;
}

static int combine_clauses(Search *search)
{
    search->assignments = calloc(1, sizeof(*search->assignments));
    if (!search->assignments)
        return -ENOMEM;
    search->n_assignments = 1;

    for (size_t c = 0; c < search->n_clauses; c++) {
        const Clause *clause = &search->clauses[c];
        AssignmentList next = {};

        for (size_t a = 0; a < search->n_assignments; a++)
            for (size_t b = 0; b < clause->n_branches; b++) {
                int r =
                    extend_by_branch(search, &search->assignments[a], clause->branches[b], &next);
                if (r < 0) {
                    free(next.items);
                    return r;
                }
            }
        free(search->assignments);
        search->assignments = next.items;
        search->n_assignments = next.n;
    }
    return 0;
}

/* Leaves only the changes, and of those only the minimal. */
static int keep_minimal_changes(Search *search)
{
    AssignmentList minimal = {};

    for (size_t i = 0; i < search->n_assignments; i++) {
        const Assignment *from = &search->assignments[i];
        Assignment changes = {.n_changes = from->n_changes};
        int r;

        for (uint32_t t = 0; t < from->n_terms; t++)
            if (hypothesis_boolean(search->hypothesis, from->terms[t] >> 1) !=
                ((from->terms[t] & 1) != 0))
                changes.terms[changes.n_terms++] = from->terms[t];
        r = assignment_list_add(&minimal, &changes, &search->complete);
        if (r < 0) {
            free(minimal.items);
            return r;
        }
    }
    free(search->assignments);
    search->assignments = minimal.items;
    search->n_assignments = minimal.n;
    return 0;
}

/* --- sets --------------------------------------------------------------- */

void boolean_sets_clear(BooleanSets *sets)
{
    for (size_t i = 0; i < sets->n_sets; i++)
        free(sets->sets[i].changes);
    free(sets->sets);
    *sets = (BooleanSets){};
}

int boolean_set_apply(const BooleanSet *set, Hypothesis *hypothesis)
{
    for (size_t i = 0; i < set->n_changes; i++) {
        int r = hypothesis_set_boolean_value(hypothesis, set->changes[i].boolean,
                                             set->changes[i].value);

        if (r < 0)
            return r;
    }
    return 0;
}

static int all_allowed(const Hypothesis *hypothesis, const Access *accesses, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int r = decide_is_allowed(hypothesis, &accesses[i]);

        if (r <= 0)
            return r;
    }
    return 1;
}

/* 1 if the set makes all accesses allowed, 0 if not, or an error. */
static int prove_set(const Hypothesis *hypothesis, const BooleanSet *set, const Access *accesses,
                     size_t n_accesses)
{
    _cleanup_(hypothesis_cleanup) Hypothesis *changed = hypothesis_copy(hypothesis);
    int r;

    if (!changed)
        return -ENOMEM;
    r = boolean_set_apply(set, changed);
    return r < 0 ? r : all_allowed(changed, accesses, n_accesses);
}

static int compare_changes(const void *a, const void *b)
{
    return strcmp(((const BooleanChange *)a)->name, ((const BooleanChange *)b)->name);
}

static int compare_sets(const void *a, const void *b)
{
    const BooleanSet *x = a;
    const BooleanSet *y = b;

    if (x->n_changes != y->n_changes)
        return x->n_changes < y->n_changes ? -1 : 1;
    for (size_t i = 0; i < x->n_changes; i++) {
        int order = compare_changes(&x->changes[i], &y->changes[i]);

        if (order != 0)
            return order;
    }
    return 0;
}

static int set_from_assignment(const Policy *policy, const Assignment *assignment,
                               BooleanSet *ret_set)
{
    BooleanSet set = {.n_changes = assignment->n_terms};

    set.changes = calloc(set.n_changes + 1, sizeof(*set.changes));
    if (!set.changes)
        return -ENOMEM;
    for (size_t i = 0; i < set.n_changes; i++) {
        uint32_t boolean = assignment->terms[i] >> 1;

        set.changes[i] = (BooleanChange){
            .boolean = boolean,
            .name = strempty(policy_boolean_name(policy, boolean)),
            .value = assignment->terms[i] & 1,
        };
    }
    qsort(set.changes, set.n_changes, sizeof(*set.changes), compare_changes);
    *ret_set = set;
    return 0;
}

static int collect_sets(Search *search, const Access *accesses, size_t n_accesses,
                        BooleanSets *sets)
{
    sets->sets = calloc(search->n_assignments + 1, sizeof(*sets->sets));
    if (!sets->sets)
        return -ENOMEM;
    for (size_t i = 0; i < search->n_assignments; i++) {
        BooleanSet set = {};
        int r = set_from_assignment(search->hypothesis->policy, &search->assignments[i], &set);

        if (r >= 0)
            r = prove_set(search->hypothesis, &set, accesses, n_accesses);
        if (r > 0)
            sets->sets[sets->n_sets++] = set;
        else
            free(set.changes);
        if (r < 0)
            return r;
    }
    qsort(sets->sets, sets->n_sets, sizeof(*sets->sets), compare_sets);
    for (; sets->n_sets > POLICY_BOOLEAN_SETS_MAX; sets->n_sets--) {
        free(sets->sets[sets->n_sets - 1].changes);
        search->complete = false;
    }
    return 0;
}

int boolean_sets_find(const Hypothesis *hypothesis, const Access *accesses, size_t n_accesses,
                      BooleanSets *ret_sets)
{
    _cleanup_(search_clear) Search search = {.hypothesis = hypothesis, .complete = true};
    BooleanSets sets = {};
    int r;

    if (n_accesses == 0)
        return -EINVAL;
    r = all_allowed(hypothesis, accesses, n_accesses);
    if (r < 0)
        return r;
    if (r > 0) {
        *ret_sets = (BooleanSets){.complete = true, .already_allowed = true};
        return 0;
    }

    for (size_t i = 0; i < n_accesses && r >= 0; i++)
        r = add_access(&search, &accesses[i]);
    if (r >= 0 && !search.hopeless)
        r = combine_clauses(&search);
    if (r >= 0 && !search.hopeless)
        r = keep_minimal_changes(&search);
    if (r >= 0 && !search.hopeless)
        r = collect_sets(&search, accesses, n_accesses, &sets);
    if (r < 0) {
        boolean_sets_clear(&sets);
        return r;
    }
    sets.complete = search.complete;
    sets.hopeless = search.hopeless || (sets.n_sets == 0 && search.complete);
    *ret_sets = sets;
    return 0;
}
