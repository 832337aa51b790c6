# shellcheck shell=bash
# Helpers for scenarios: `. "$SELGUARD_VM_LIB/lib.sh"` first. See ../README.md.
# A failing check never ends the scenario; `exit` does.
set -u -o pipefail
cd /

readonly AUDIT_LOG=/var/log/audit/audit.log
readonly NGINX_ERROR_LOG=/var/log/nginx/error.log
readonly SITES=/etc/nginx/conf.d MAIN_SNIPPETS=/etc/nginx/modules-enabled
readonly GRANT_RULE=/etc/polkit-1/rules.d/10-selguard-vm.rules

# --- results ---------------------------------------------------------------------------

# emit LINE: to the host, and into the scenario's log.
emit() {
        printf '%s\n' "$1" >/dev/ttyS1
        [[ -z ${SCENARIO_LOG-} ]] || printf '%s\n' "$1" >>"$SCENARIO_LOG"
}

# note TEXT: a remark in the output that is neither passed nor failed.
note() { emit "# $*"; }

pass() {
        echo pass >>"$SELGUARD_VM_VAR/checks"
        emit "ok - $1"
}

# fail NAME DETAIL
fail() {
        echo fail >>"$SELGUARD_VM_VAR/checks"
        emit "not ok - $1 # ${2-}"
        return 1
}

# check NAME COMMAND…: passes when the command succeeds. It runs in this shell, so functions
# and variables work; what it printed is shown when it fails.
check() {
        local name=$1 out status
        shift
        out=$(mktemp)
        "$@" >"$out" 2>&1
        status=$?
        if ((status == 0)); then
                pass "$name"
        else
                fail "$name" "status $status from: $*"
                tail -n 15 "$out" | while IFS= read -r line; do emit "#   $line"; done
        fi
        cat "$out" >>"${SCENARIO_LOG:-/dev/null}"
        rm -f "$out"
        return "$status"
}

# check_not NAME COMMAND…: passes when the command fails.
check_not() {
        local name=$1
        shift
        check "$name" negate "$@"
}
negate() { ! "$@"; }

# check_eq NAME EXPECTED ACTUAL
check_eq() {
        if [[ $2 == "$3" ]]; then
                pass "$1"
        else
                fail "$1" "expected '$2', got '$3'"
        fi
}

# check_match NAME REGEX TEXT
check_match() {
        if [[ $3 =~ $2 ]]; then
                pass "$1"
        else
                fail "$1" "'$3' does not match $2"
        fi
}

# skip REASON: ends the scenario without a verdict.
skip() {
        echo skip >>"$SELGUARD_VM_VAR/checks"
        emit "ok - $SCENARIO # SKIP $*"
        exit 0
}

# wait_until SECONDS COMMAND…: tries until the command succeeds; fails after SECONDS (more
# where the host is known to be slow).
wait_until() {
        local end=$((SECONDS + $1 * ${SELGUARD_VM_SCALE:-1})) began pause
        shift
        while :; do
                began=${EPOCHREALTIME/[.,]/}
                ! "$@" || return 0
                ((SECONDS < end)) || return 1
                # As long as the question took: what is asked is to have the processor, too.
                pause=$((${EPOCHREALTIME/[.,]/} - began))
                pause=$((pause < 300000 ? 300000 : pause > 2000000 ? 2000000 : pause))
                sleep "$(printf '%d.%06d' $((pause / 1000000)) $((pause % 1000000)))"
        done
}

# --- requests and backends -------------------------------------------------------------

# http_code URL [curl options…]: the status code alone, 000 when there was no answer.
http_code() { curl -s -o /dev/null -w '%{http_code}' --max-time 20 "${@:2}" "$1" || true; }

# http_is CODE URL [curl options…]: for wait_until.
http_is() { [[ $(http_code "${@:2}") == "$1" ]]; }

# expect_http CODE URL [curl options…]
expect_http() { check_eq "$2 answers $1" "$1" "$(http_code "${@:2}")"; }

backend_unit() { printf 'selguard-backend-%s.service' "$(tr -c 'a-zA-Z0-9\n' - <<<"$1")"; }

# backend_start PORT | ADDRESS:PORT | [ADDRESS]:PORT | unix:PATH: a live HTTP backend that
# answers 200 to everything, up when this returns. Started by PID 1, as a real service is;
# it has no domain of its own (initrc_t).
backend_start() {
        systemd-run --quiet --collect --unit="$(backend_unit "$1")" --service-type=notify \
                python3 "$SELGUARD_VM_LIB/backend.py" "$1"
}

backend_stop() { systemctl stop "$(backend_unit "$1")"; }

# --- nginx -----------------------------------------------------------------------------

nginx_workers() { ps -o pid= -C nginx | sort -n | tail -n +2 | tr -d ' ' | tr '\n' ' '; }

# nginx_reload: reloads and waits for the new workers. Fails when they do not come, which is
# what a configuration that cannot be applied looks like.
nginx_reload() {
        local before
        before=$(nginx_workers)
        systemctl reload nginx || return 1
        wait_until 10 nginx_workers_changed "$before"
}
# The old workers are gone, and there are new ones.
nginx_workers_changed() {
        local now pid
        now=" $(nginx_workers)"
        [[ $now != ' ' ]] || return 1
        for pid in $1; do [[ $now != *" $pid "* ]] || return 1; done
}

# nginx_test: nginx -t. It runs in httpd_t, which may write to a pipe of ours but not to a
# file that check captures into: that would be one more denial.
nginx_test() { nginx -t 2>&1 | cat; }

# nginx_site NAME <<conf: a server block (http context), tested, loaded.
nginx_site() { cat >"$SITES/$1.conf" && nginx_test && nginx_reload; }

# nginx_main NAME <<conf: the same for the main context (stream { … }).
nginx_main() { cat >"$MAIN_SNIPPETS/90-vm-$1.conf" && nginx_test && nginx_reload; }

# reset_nginx: the state every scenario starts with: Debian's default site only, no
# backends. The logs stay. The runner calls it after each scenario.
reset_nginx() {
        rm -f "$SITES"/*.conf "$MAIN_SNIPPETS"/90-vm-*.conf
        systemctl stop 'selguard-backend-*' 2>/dev/null
        if ! systemctl is-active --quiet nginx || ! nginx_reload; then
                systemctl reset-failed nginx 2>/dev/null
                systemctl restart nginx
        fi
}

# --- denials and log lines -------------------------------------------------------------

# since_mark: what denials_since and errors_since look at begins here.
since_mark() {
        AUDIT_MARK=$(stat -c %s "$AUDIT_LOG")
        ERROR_MARK=$(stat -c %s "$NGINX_ERROR_LOG")
}

# denials_since [REGEX]: the AVC lines since the mark (enriched fields cut off) that match.
# Without what a program asks for that starts in another domain: environment, signals and limits of
# the one before. Not to get them is what the change is for, and only --strict records it.
inherited='noatsecure\|siginh\|rlimitinh'
# shellcheck disable=SC2120 # a regex is optional
denials_since() {
        tail -c +$((AUDIT_MARK + 1)) "$AUDIT_LOG" | grep -aE '^type=(USER_)?AVC .* denied ' | grep -av " { \($inherited\) } " | sed 's/\x1d.*//' | grep -aE -- "${1:-.}"
}

# errors_since [REGEX]: the same for nginx's error log.
errors_since() { tail -c +$((ERROR_MARK + 1)) "$NGINX_ERROR_LOG" | grep -aE -- "${1:-.}"; }

# expect_denial REGEX: waits a little, since auditd writes when it gets the time.
expect_denial() { check "denied: $1" wait_until 10 denials_since "$1"; }

# --- the catalogue ---------------------------------------------------------------------

catalogue() { python3 "$SELGUARD_VM_LIB/catalogue.py" "$@"; }

# expect_table STAGE [SECONDS]: every row of that stage in the scenario's table
# (../catalogue/SCENARIO), once the monitor has had that long.
expect_table() {
        local result name why begin=$SECONDS
        while IFS=$'\t' read -r result name why; do
                case $result in
                ok) pass "$name" ;;
                note) note "$name" ;;
                *) fail "$name" "$why" ;;
                esac
        done < <(catalogue check "$SELGUARD_VM_LIB/catalogue/$SCENARIO" "$1" $((${2:-30} * ${SELGUARD_VM_SCALE:-1})) 2>&1)
        note "the diagnoses after $((SECONDS - begin)) s"
}

# apply_first TARGET [ACCESS]: the first fix of that diagnosis, by the service; sets $change.
apply_first() {
        local id output status begin=$SECONDS
        id=$(catalogue id "$@") || return
        output=$(as_user operator selguardctl apply "$id" 2>&1)
        status=$?
        # shellcheck disable=SC2034 # for the scenario
        change=$(sed -n 's/.*selguardctl revert //p' <<<"$output")
        note "$1: $(tr '\n' ' ' <<<"$output") ($((SECONDS - begin)) s)"
        return "$status"
}

# follow_advice TARGET [ACCESS]: its commands, by hand.
follow_advice() {
        local lines
        lines=$(catalogue commands "$@") || return
        note "$1: $(tr '\n' ';' <<<"$lines")"
        bash -ec "$lines"
}

# keep FILE…: leaves copies in the results, under the scenario's name.
keep() { mkdir -p "$SELGUARD_VM_VAR/results/$SCENARIO" && cp -r "$@" "$SELGUARD_VM_VAR/results/$SCENARIO/"; }

# monitor_forget: the monitor starts as on the first day.
monitor_forget() {
        systemctl stop nginx-selguard.service && rm -rf /var/lib/nginx-selguard/state* /var/lib/private/nginx-selguard/state* &&
                systemctl start nginx-selguard.service
}

# Of a unit's main process: its number, its domain.
pid_of() { systemctl show -P MainPID "$1"; }
domain_of() { ps -o label= -p "$(pid_of "$1")" | cut -d: -f3; }
# type_of PATH: the type that a file is labelled with.
type_of() { stat -c %C "$1" | cut -d: -f3; }

# What hinders the monitor, a line each; whether one has REGEX; whether it answers and nothing does.
problems() { as_user reader selguardctl status | sed -n 's/^  problem  *//p'; }
has_problem() { problems | grep -q "$1"; }
no_problem() {
        local status
        status=$(as_user reader selguardctl status) && [[ -n $status ]] && ! grep -q '^  problem ' <<<"$status"
}

# The module that the package brings; whether the store has that very one.
readonly PACKAGED_MODULE=/usr/share/selinux/packages/selguard.pp
packaged_module_in_store() { (cd "$SCENARIO_DIR" && semodule --store=default --priority=200 --hll --extract=selguard && cmp selguard.pp "$PACKAGED_MODULE"); }

# policy_fingerprint: changes with any local customization, module or runtime boolean.
policy_fingerprint() {
        (
                cd /var/lib/selinux/default/active || exit
                getsebool -a
                ls modules/*
                sha256sum ./*.local 2>/dev/null
        ) | sha256sum
}

# --- people ----------------------------------------------------------------------------
# reader (group selguard), outsider (no groups), operator (group sudo; polkit grants it
# org.selguard.* without asking, see polkit_ask). The password of operator, whom polkit
# takes for an administrator: selguard-test

# as_user USER COMMAND…: quickest; in unconfined_t, like a person who logged in, but without
# a login session. Polkit agents that register as a fallback (selguardctl's, systemctl's)
# are ignored without one: use as_login for prompts.
as_user() {
        if ! selinuxenabled; then
                runuser -u "$1" -- env HOME="/home/$1" "${@:2}"
                return
        fi
        runuser -u "$1" -- runcon unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 \
                env HOME="/home/$1" "${@:2}"
}

# as_login USER COMMAND…: in a login session of its own, no terminal (0.8 s more).
as_login() { through_pipes systemd-run --quiet --collect --pipe --wait --uid="$1" -p PAMName=login -- "${@:2}"; }

# as_service USER COMMAND…: a process of that user in no session and in initrc_t.
as_service() { through_pipes systemd-run --quiet --collect --pipe --wait --uid="$1" -- "${@:2}"; }

# systemd-run hands its own stdout over the bus, and SELinux has dbus-daemon refuse a file
# that it may not write itself (a log in /tmp): it gets pipes instead.
# (Not >(…): bash opens that with O_CREAT, which is one more denial in audit.log.)
through_pipes() { { { "$@" </dev/null 2>&3 3>&- 4>&- | cat 3>&-; } 3>&1 >&4 | cat >&2; } 4>&1; }

# at_prompt PASSWORD USER COMMAND…: in a login session on a terminal; types the password each
# time one is asked for. Its output and status; status 97 when nobody asked.
at_prompt() {
        "$SELGUARD_VM_LIB/answer-prompt" "$1" systemd-run --quiet --collect --pty --wait \
                --uid="$2" -p PAMName=login -- "${@:3}"
}

# polkit_ask, polkit_grant: take away, and give back, the rule that spares operator the
# prompt. polkitd watches the directory itself, but says nothing when it has noticed.
polkit_ask() { rm -f "$GRANT_RULE"; systemctl try-restart polkit; }
polkit_grant() { install -m 644 "$SELGUARD_VM_LIB/10-selguard-vm.rules" "$GRANT_RULE"; restorecon "$GRANT_RULE"; systemctl try-restart polkit; }
