# 50 file-context rules: one plan of the remedy service, one `semanage import`, and runs of
# `semanage fcontext -a`, one after the other in the same machine. (Of those 10: each takes what the
# whole plan does.)
# needs: project
# timeout: 2400
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly RULES=50 RUNS=10 SERVICE=(org.selguard.Remedy1 /org/selguard/Remedy1 org.selguard.Remedy1.Manager)

regex() { printf '/srv/bench/site-%02d(/.*)?' "$1"; }
plan() {
    local i
    printf '%s\n' "$RULES"
    for ((i = 1; i <= RULES; i++)); do
        printf '%s\n' set-file-context 3 regex s "$(regex "$i")" file_type s all type s \
            httpd_sys_content_t
    done
}
job_is_over() {
    [[ $(busctl get-property "${SERVICE[0]}" "$1" org.selguard.Remedy1.Job State) == *finished* ]]
}
# run_job METHOD SIGNATURE ARGUMENT…: until its end.
run_job() {
    local reply
    reply=$(busctl call --timeout=600 "${SERVICE[@]}" "$@") || return
    while ! job_is_over "$(cut -d'"' -f2 <<<"$reply")"; do sleep 0.2; done
}
count() { grep -c '^/srv/bench/' /var/lib/selinux/default/active/file_contexts.local; }
serial() { tr -d '\0' </var/lib/selinux/default/active/commit_num; }
# measure NAME COMMAND…
measure() {
    local name=$1 begin end commits
    shift
    commits=$(serial)
    begin=$(date +%s%N)
    check "$name" "$@"
    end=$(date +%s%N)
    note "bench: $name: $(((end - begin) / 1000000)) ms, $(($(serial) - commits)) transactions"
}
import() { for ((i = 1; i <= RULES; i++)); do printf "fcontext -a -t httpd_sys_content_t '%s'\n" "$(regex "$i")"; done | semanage import; }
one_by_one() {
    local i
    for ((i = 1; i <= RUNS; i++)); do semanage fcontext -a -t httpd_sys_content_t "$(regex "$i")" || return; done
}

mapfile -t arguments < <(plan)
check "the service is up" busctl call "${SERVICE[@]}" ListChanges 'a{sv}' 0
measure "one plan of $RULES rules" run_job Apply 'a(sa{sv})a{sv}' "${arguments[@]}" 0
check_eq "all are there" "$RULES" "$(count)"
change=$(selguardctl history --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[-1]["id"])')
measure "taking them back" run_job Revert 'sa{sv}' "$change" 0
check_eq "all are gone" 0 "$(count)"
measure "$RUNS runs of semanage fcontext -a" one_by_one
check_eq "all are there" "$RUNS" "$(count)"
semanage fcontext -D
measure "one semanage import of $RULES rules" import
check_eq "all are there" "$RULES" "$(count)"
semanage fcontext -D
