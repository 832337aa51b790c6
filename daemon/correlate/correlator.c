/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/correlate/correlator.h"

#include <errno.h>
#include <sys/queue.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/correlate/match.h"

#define BUCKETS 256u /* by process id; a power of two */

typedef struct Half {
    TAILQ_ENTRY(Half) by_age;
    TAILQ_ENTRY(Half) by_pid;
    uint64_t arrived_usec;
    pid_t pid;
    bool reported;
    union {
        Denial *denial;
        Failure *failure;
        void *record;
    };
} Half;

TAILQ_HEAD(HalfQueue, Half);

/* All halves of one kind. */
typedef struct HalfTable {
    struct HalfQueue waiting;  /* oldest first */
    struct HalfQueue reported; /* oldest first */
    struct HalfQueue buckets[BUCKETS];
    size_t n_waiting, n_reported;
} HalfTable;

/* What nginx said while it started: it says so twice, on its standard error output and in its log.
 */
typedef struct StartLine {
    uint64_t hash; /* of operation, target and errno; 0: unused */
    uint64_t time_usec;
    pid_t pid;
    bool on_stderr;
} StartLine;

struct Correlator {
    bool live;
    DirectoryCheck directory_check; /* NULL: none */
    uint64_t checks_since_usec;
    unsigned n_checks;
    StartLine start_lines[CORRELATE_START_LINES];
    size_t next_start_line;
    HalfTable denials;
    HalfTable failures;
    IncidentSink sink;
    void *userdata;
    CorrelatorStatistics statistics;
};

static struct HalfQueue *table_bucket(HalfTable *table, pid_t pid)
{
    return &table->buckets[(unsigned)pid & (BUCKETS - 1)];
}

static void table_init(HalfTable *table)
{
    TAILQ_INIT(&table->waiting);
    TAILQ_INIT(&table->reported);
    for (size_t i = 0; i < BUCKETS; i++)
        TAILQ_INIT(&table->buckets[i]);
}

static void table_remove(HalfTable *table, Half *half)
{
    TAILQ_REMOVE(table_bucket(table, half->pid), half, by_pid);
    if (half->reported) {
        TAILQ_REMOVE(&table->reported, half, by_age);
        table->n_reported--;
    } else {
        TAILQ_REMOVE(&table->waiting, half, by_age);
        table->n_waiting--;
    }
    free(half->record);
    free(half);
}

static void table_clear(HalfTable *table)
{
    while (!TAILQ_EMPTY(&table->waiting))
        table_remove(table, TAILQ_FIRST(&table->waiting));
    while (!TAILQ_EMPTY(&table->reported))
        table_remove(table, TAILQ_FIRST(&table->reported));
}

/* Takes ownership of the record, also on failure. */
static int table_add(HalfTable *table, void *record, pid_t pid, uint64_t now_usec)
{
    Half *half = record ? calloc(1, sizeof(*half)) : NULL;

    if (!half) {
        free(record);
        return -ENOMEM;
    }
    half->record = record;
    half->pid = pid;
    half->arrived_usec = now_usec;
    TAILQ_INSERT_TAIL(&table->waiting, half, by_age);
    TAILQ_INSERT_TAIL(table_bucket(table, pid), half, by_pid);
    table->n_waiting++;
    return 0;
}

int correlator_new(Correlator **ret_correlator, IncidentSink sink, void *userdata)
{
    Correlator *correlator = calloc(1, sizeof(*correlator));

    if (!correlator)
        return -ENOMEM;
    table_init(&correlator->denials);
    table_init(&correlator->failures);
    correlator->sink = sink;
    correlator->userdata = userdata;
    *ret_correlator = correlator;
    return 0;
}

Correlator *correlator_free(Correlator *correlator)
{
    if (!correlator)
        return NULL;
    table_clear(&correlator->denials);
    table_clear(&correlator->failures);
    free(correlator);
    return NULL;
}

void correlator_set_live(Correlator *correlator, bool live)
{
    correlator->live = live;
}

void correlator_set_directory_check(Correlator *correlator, DirectoryCheck check)
{
    correlator->directory_check = check;
}

/* Whether a file system is to be looked at for it, which costs more than comparing names. */
static bool is_ruled_out(Correlator *correlator, const Denial *denial, const Failure *failure,
                         uint64_t now_usec)
{
    if (!correlator->directory_check || !denial->name || !streq(denial->target_class, "dir") ||
        (denial->path && denial->path[0] == '/') || denial->inode == 0 || !failure->target ||
        failure->target[0] != '/')
        return false;
    if (now_usec >= correlator->checks_since_usec + USEC_PER_SEC) {
        correlator->checks_since_usec = now_usec;
        correlator->n_checks = 0;
    }
    if (correlator->n_checks >= CORRELATE_DIRECTORY_CHECKS_MAX) {
        correlator->statistics.unchecked++;
        return false;
    }
    correlator->n_checks++;
    return !correlator->directory_check(failure->target, denial->name, denial->inode);
}

/* Whether it is the second of two; remembers the first. */
static bool is_twin(Correlator *correlator, const Failure *failure, uint64_t now_usec)
{
    uint64_t time_usec = failure->time_known ? failure->time_usec : now_usec;
    uint64_t hash = hash_string(HASH_SEED, failure->operation);
    StartLine *slot = &correlator->start_lines[correlator->next_start_line];

    if (failure->connection != 0 || failure->client)
        return false;
    hash = hash_string(hash, failure->target);
    hash = hash_bytes(hash, &failure->error, sizeof(failure->error)) | 1;
    for (size_t i = 0; i < CORRELATE_START_LINES; i++) {
        StartLine *line = &correlator->start_lines[i];

        if (line->hash != hash || line->on_stderr == failure->on_stderr ||
            (line->pid != 0 && failure->pid != 0 && line->pid != failure->pid) ||
            time_usec > line->time_usec + CORRELATE_WAIT_USEC ||
            line->time_usec > time_usec + CORRELATE_WAIT_USEC)
            continue;
        *line = (StartLine){};
        return true;
    }
    *slot = (StartLine){hash, time_usec, failure->pid, failure->on_stderr};
    correlator->next_start_line = (correlator->next_start_line + 1) % CORRELATE_START_LINES;
    return false;
}

static void report_pair(Correlator *correlator, const Denial *denial, const Failure *failure,
                        Match match, bool denial_reported, bool failure_reported)
{
    const Incident incident = {
        .denial = denial,
        .failure = failure,
        .match = match,
        .denial_reported = denial_reported,
        .failure_reported = failure_reported,
    };

    if (denial_reported || failure_reported)
        correlator->statistics.late++;
    else
        correlator->statistics.matched++;
    correlator->sink(&incident, correlator->userdata);
}

static void report_alone(Correlator *correlator, const Denial *denial, const Failure *failure)
{
    const Incident incident = {.denial = denial, .failure = failure};

    if (denial)
        correlator->statistics.denials_alone++;
    else
        correlator->statistics.failures_alone++;
    correlator->sink(&incident, correlator->userdata);
}

static void report_waiting(Correlator *correlator, HalfTable *table, Half *half)
{
    bool is_denial = table == &correlator->denials;

    TAILQ_REMOVE(&table->waiting, half, by_age);
    table->n_waiting--;
    half->reported = true;
    TAILQ_INSERT_TAIL(&table->reported, half, by_age);
    table->n_reported++;
    report_alone(correlator, is_denial ? half->denial : NULL, is_denial ? NULL : half->failure);
    if (table->n_reported > CORRELATE_PENDING_MAX) {
        table_remove(table, TAILQ_FIRST(&table->reported));
        correlator->statistics.forgotten++;
    }
}

static void make_room(Correlator *correlator, HalfTable *table)
{
    if (table->n_waiting >= CORRELATE_PENDING_MAX) {
        correlator->statistics.evicted++;
        report_waiting(correlator, table, TAILQ_FIRST(&table->waiting));
    }
}

/* The best match in a bucket; the oldest among equals, for both sides are in order. A half
 * that still waits is preferred to one that was reported. */
static Half *find_in_bucket(Correlator *correlator, struct HalfQueue *bucket, const Denial *denial,
                            const Failure *failure, uint64_t now_usec, Match *ret_match)
{
    Half *half, *best = NULL;
    Match best_match = MATCH_NONE;

    TAILQ_FOREACH(half, bucket, by_pid)
    {
        bool together =
            correlator->live && half->arrived_usec + CORRELATE_TOGETHER_USEC >= now_usec;
        const Denial *one = denial ? denial : half->denial;
        const Failure *other = failure ? failure : half->failure;
        Match match = match_halves(one, other, together);

        if (match < best_match || match == MATCH_NONE ||
            (match == best_match && (!best->reported || half->reported)) ||
            is_ruled_out(correlator, one, other, now_usec))
            continue;
        best = half;
        best_match = match;
        if (match == MATCH_CERTAIN && !half->reported)
            break;
    }
    *ret_match = best_match;
    return best;
}

static Half *find_partner(Correlator *correlator, HalfTable *table, pid_t pid, const Denial *denial,
                          const Failure *failure, uint64_t now_usec, Match *ret_match)
{
    Half *half =
        find_in_bucket(correlator, table_bucket(table, pid), denial, failure, now_usec, ret_match);

    if (half)
        return half;
    if (pid != 0) /* a start-up message has no process id */
        return find_in_bucket(correlator, table_bucket(table, 0), denial, failure, now_usec,
                              ret_match);
    for (unsigned i = 1; i < BUCKETS; i++) {
        half = find_in_bucket(correlator, &table->buckets[i], denial, failure, now_usec, ret_match);
        if (half)
            return half;
    }
    return NULL;
}

int correlator_push_denial(Correlator *correlator, const Denial *denial, uint64_t now_usec)
{
    HalfTable *failures = &correlator->failures;
    Match match;
    Half *half;
    int r;

    correlator_advance(correlator, now_usec);
    half = find_partner(correlator, failures, denial->pid, denial, NULL, now_usec, &match);
    if (half) {
        report_pair(correlator, denial, half->failure, match, false, half->reported);
        table_remove(failures, half);
        return 0;
    }
    make_room(correlator, &correlator->denials);
    r = table_add(&correlator->denials, denial_copy(denial), denial->pid, now_usec);
    if (r < 0)
        report_alone(correlator, denial, NULL);
    return r;
}

int correlator_push_failure(Correlator *correlator, const Failure *failure, uint64_t now_usec)
{
    HalfTable *denials = &correlator->denials;
    /* a backend's complaint is about another process than the one that logs it */
    pid_t pid = failure_is_of_backend(failure) ? 0 : failure->pid;
    Match match;
    Half *half;
    int r;

    correlator_advance(correlator, now_usec);
    if (is_twin(correlator, failure, now_usec)) {
        correlator->statistics.twins++;
        return 0;
    }
    if (!failure_may_match(failure)) {
        report_alone(correlator, NULL, failure); /* no denial makes such an errno */
        return 0;
    }
    half = find_partner(correlator, denials, pid, NULL, failure, now_usec, &match);
    if (half) {
        report_pair(correlator, half->denial, failure, match, half->reported, false);
        table_remove(denials, half);
        return 0;
    }
    make_room(correlator, &correlator->failures);
    r = table_add(&correlator->failures, failure_copy(failure), pid, now_usec);
    if (r < 0)
        report_alone(correlator, NULL, failure);
    return r;
}

static void advance_table(Correlator *correlator, HalfTable *table, uint64_t now_usec)
{
    Half *half;

    while ((half = TAILQ_FIRST(&table->waiting)) &&
           half->arrived_usec + CORRELATE_WAIT_USEC <= now_usec)
        report_waiting(correlator, table, half);
    while ((half = TAILQ_FIRST(&table->reported)) &&
           half->arrived_usec + CORRELATE_REMEMBER_USEC <= now_usec)
        table_remove(table, half);
}

void correlator_advance(Correlator *correlator, uint64_t now_usec)
{
    /* Denials first: a failure that is about to be reported alone is judged by
     * what is known of the denials. */
    advance_table(correlator, &correlator->denials, now_usec);
    advance_table(correlator, &correlator->failures, now_usec);
}

void correlator_flush(Correlator *correlator)
{
    HalfTable *const tables[] = {&correlator->denials, &correlator->failures};

    for (size_t i = 0; i < ELEMENTS_OF(tables); i++)
        while (!TAILQ_EMPTY(&tables[i]->waiting))
            report_waiting(correlator, tables[i], TAILQ_FIRST(&tables[i]->waiting));
}

uint64_t correlator_deadline(const Correlator *correlator)
{
    const HalfTable *const tables[] = {&correlator->denials, &correlator->failures};
    uint64_t deadline = UINT64_MAX;

    for (size_t i = 0; i < ELEMENTS_OF(tables); i++) {
        const Half *half = TAILQ_FIRST(&tables[i]->waiting);

        if (half && half->arrived_usec + CORRELATE_WAIT_USEC < deadline)
            deadline = half->arrived_usec + CORRELATE_WAIT_USEC;
    }
    return deadline;
}

void correlator_get_statistics(const Correlator *correlator, CorrelatorStatistics *ret_statistics)
{
    *ret_statistics = correlator->statistics;
    ret_statistics->pending = correlator->denials.n_waiting + correlator->failures.n_waiting;
}
