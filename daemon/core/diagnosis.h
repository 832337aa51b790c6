/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A diagnosis: one problem, with everything that is known of it. Plain data; the
 * engine fills it, the store keeps it, diagnosis-json.h and diagnosis-text.h show it.
 *
 * Every string that stems from a log is escaped when it enters (escape_for_terminal()):
 * readers get valid UTF-8 without control bytes. Paths that this changes get no fix.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/core/access.h"
#include "daemon/core/limits.h"
#include "daemon/core/plan.h"

typedef enum Verdict {
    VERDICT_UNDETERMINED,
    VERDICT_BLOCKED_BY_SELINUX,
    VERDICT_BLOCKED_SILENTLY,
    VERDICT_BLOCKED_BY_PERMISSIONS,
    VERDICT_NOT_A_PERMISSION_PROBLEM,
    VERDICT_UNEXPECTED_ACCESS,
    VERDICT_COUNT,
} Verdict;

typedef enum Cause {
    CAUSE_NONE,
    CAUSE_BOOLEAN,
    CAUSE_PORT_LABEL,
    CAUSE_FILE_LABEL,
    CAUSE_PEER_DOMAIN,
    CAUSE_MISSING_RULE,
    CAUSE_CONSTRAINT,
    CAUSE_BOUNDS,
    CAUSE_DONTAUDIT,
    CAUSE_FILE_MODE,
    CAUSE_COUNT,
} Cause;

typedef enum DiagnosisState {
    DIAGNOSIS_OPEN,
    DIAGNOSIS_APPLIED,
    DIAGNOSIS_VERIFIED,
    DIAGNOSIS_RECURRED,
    DIAGNOSIS_RESOLVED,
    DIAGNOSIS_DISMISSED,
    DIAGNOSIS_STATE_COUNT,
} DiagnosisState;

typedef enum TargetKind {
    TARGET_OTHER,
    TARGET_PORT,
    TARGET_PATH,
    TARGET_SOCKET,
    TARGET_PROCESS,
    TARGET_KIND_COUNT,
} TargetKind;

/* One access of a fix's proof, evaluated in the loaded policy as it is, and with
 * the fix in place. */
typedef struct Proof {
    Access access;
    bool before;
    bool after;
} Proof;

/* What a domain may newly do (or no longer do) to a type. Strings are owned. */
typedef struct AccessChange {
    char *domain;
    char *target_type;
    char *target_class;
    char *permissions;
} AccessChange;

typedef struct PortRange {
    uint16_t low;
    uint16_t high;
} PortRange;

typedef struct Exposure {
    bool known;       /* false: it was not computed; nothing below means anything */
    char **domains;   /* NULL-terminated, sorted: domains that gain an access */
    size_t n_domains; /* all of them; the list may have been cut */
    char **types;     /* NULL-terminated, sorted, at most EXPOSURE_TYPES_MAX of them */
    size_t n_types;   /* distinct target types of the gained accesses, all of them */
    PortRange *ports; /* merged TCP and UDP ports that the source domain gains */
    size_t n_ports;   /* ranges */
    uint32_t ports_count;
    AccessChange *gains; /* bounded sample, the diagnosis' own domain first */
    size_t n_gains;
    size_t gains_total;
} Exposure;

/* What speaks for a fix besides its exposure: for files, labels come before booleans. */
typedef enum FixEvidence {
    EVIDENCE_NONE,
    EVIDENCE_FILE_CONTEXT,
    EVIDENCE_DEFAULT_LABEL, /* the policy's own rules say so */
} FixEvidence;

typedef struct Fix {
    char *summary;
    FixEvidence evidence;
    Plan plan;
    Proof *proofs;
    size_t n_proofs;
    bool proven; /* every proof holds after */
    Exposure exposure;
    AccessChange *breaks; /* a bounded sample */
    size_t n_breaks;
    size_t breaks_total;
    char *caveat; /* what the proof does not cover, a sentence; NULL where it covers all */
    bool reversible;
} Fix;

typedef struct Refusal {
    char *action; /* what was considered: "set-boolean nis_enabled on" */
    char *reason;
} Refusal;

/* What plain permissions refuse first, in words; all NULL where they refuse nothing that is
 * known. Owned. */
typedef struct Obstacle {
    char *user;    /* who was refused: "nginx (uid 33)" */
    char *path;    /* of the component, without links in it */
    char *mode;    /* "drwx------ root root" */
    char *missing; /* "x"; empty where the rule is not about bits */
    char *rule;    /* what refuses: "the bits for others" */
} Obstacle;
/* A directive of nginx's configuration that asks for what failed. Strings are owned; NULL where
 * there is no such thing. */
typedef struct ConfigPlace {
    char *directive; /* "proxy_pass" */
    char *value;     /* its first argument, as written */
    char *context;   /* "main", "http", "stream", "mail" */
    char *server;    /* all names of the server block */
    char *location;
    char *upstream; /* the upstream block in between */
    char *file;
    unsigned line; /* 0: a default of nginx */
} ConfigPlace;

typedef struct Diagnosis {
    char *id; /* hex of the signature; stable across restarts */
    Verdict verdict;
    Cause cause;
    DiagnosisState state;
    char *summary; /* one sentence */
    uint64_t count;
    uint64_t first_seen_usec;
    uint64_t last_seen_usec;
    bool permissive; /* it was logged, not enforced */

    bool have_access;
    Access access;

    char *program;   /* comm of the process that was denied; NULL without a denial */
    char *exe;       /* what it runs, as the kernel has it; NULL where unknown */
    bool denied;     /* the kernel recorded a denial; else nginx's line is all there is */
    char *operation; /* "connect", "open", … as in a Failure; NULL without a line */
    int error;       /* errno that nginx printed; 0 without a line */
    pid_t pid;       /* of nginx's newest line; 0 where it has none */
    char *log_level; /* "crit", "error", … of the first line */
    bool in_request; /* that line belongs to a connection: a worker wrote it */

    TargetKind target_kind;
    int port;           /* -1 where none */
    char *protocol;     /* "tcp" "udp", NULL where none */
    char *path;         /* NULL where unknown */
    bool path_from_log; /* the kernel named less; the path is nginx's word */
    int ioctl_command;  /* of a denied ioctl, 16 bits; 0 where unknown */
    uint64_t inode;     /* of the object denied, as the kernel has it; 0 where unknown */
    char *component; /* the last component of the object denied, where the kernel named no more */
    char *peer_context; /* of the process that listens on a socket; NULL where unknown */

    /* Of the requests that failed because of this; newest last, distinct. */
    char *servers[DIAGNOSIS_REQUESTS_MAX];
    char *hosts[DIAGNOSIS_REQUESTS_MAX];
    char *requests[DIAGNOSIS_REQUESTS_MAX];
    char *upstreams[DIAGNOSIS_REQUESTS_MAX];

    /* nginx's text can be read in more than one way: a client wrote into it. Nothing is concluded
     * from it then. */
    bool ambiguous;
    char *
        disagreement; /* a sentence: how nginx's text contradicts the kernel; NULL if it does not */

    char *lines[DIAGNOSIS_EVIDENCE_MAX];    /* nginx log lines, newest last */
    char *evidence[DIAGNOSIS_EVIDENCE_MAX]; /* what the kernel said, newest last */
    /* Times of what was kept last: once the lists are full, a storm is sampled. */
    uint64_t context_usec;
    uint64_t evidence_usec;

    bool asked_for; /* nginx's configuration was found to ask for it */
    /* Up to which occurrence it did: what was asked for when it was denied stays so, whatever
     * becomes of the configuration. 0: it never did. */
    uint64_t asked_usec;

    Obstacle obstacle;
    bool allowed_now; /* the policy that was asked allows the access */
    bool analyzed;    /* the policy was asked; false while that is under way */
    Fix *fixes;       /* ranked, best first */
    size_t n_fixes;
    bool withheld; /* the fixes are not to be put forward: nothing asks for the access */
    Refusal *refusals;
    size_t n_refusals;
    char *notes[DIAGNOSIS_EVIDENCE_MAX];      /* what is not known, in sentences */
    ConfigPlace places[DIAGNOSIS_PLACES_MAX]; /* the best first */
    size_t n_places;
    size_t places_total;
} Diagnosis;

const char *verdict_to_string(Verdict verdict);
int verdict_from_string(const char *text, Verdict *ret_verdict);
const char *cause_to_string(Cause cause);
int cause_from_string(const char *text, Cause *ret_cause);
const char *diagnosis_state_to_string(DiagnosisState state);
int diagnosis_state_from_string(const char *text, DiagnosisState *ret_state);
const char *target_kind_to_string(TargetKind kind);
int target_kind_from_string(const char *text, TargetKind *ret_kind);

/* Returns NULL if out of memory. */
Diagnosis *diagnosis_new(void);
Diagnosis *diagnosis_free(Diagnosis *diagnosis); /* returns NULL; accepts NULL */

void fix_clear(Fix *fix);
void obstacle_clear(Obstacle *obstacle);
void exposure_clear(Exposure *exposure);
void access_change_clear(AccessChange *change);
/* Drops fixes, refusals, notes and places: the part that policy and configuration decide. */
void diagnosis_clear_analysis(Diagnosis *diagnosis);
/* Each takes ownership of the argument's content and zeroes it; 0, -ENOMEM, or
 * -E2BIG past the limit (then it is freed). */
int diagnosis_add_fix(Diagnosis *diagnosis, Fix *fix);
int diagnosis_add_refusal(Diagnosis *diagnosis, const char *action, const char *reason);
int fix_add_proof(Fix *fix, const Access *access, bool before, bool after);

void config_place_clear(ConfigPlace *place);

/* Fixes that may be put forward. */
static inline size_t diagnosis_offered_fixes(const Diagnosis *diagnosis)
{
    return diagnosis->withheld ? 0 : diagnosis->n_fixes;
}

/* Adds a copy to a bounded list of distinct strings; the oldest gives way. */
int diagnosis_remember(char **list, size_t size, const char *text);
