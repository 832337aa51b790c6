# 50 file-context rules: one plan of the remedy service, one `semanage import`, and runs of
# `semanage fcontext -a`, one after the other in the same machine. (Of those 3: each is a transaction,
# as the whole plan is one. All 50 are made by tests/bench/file-contexts.)
# needs: project
# timeout: 2400
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly RULES=50 RUNS=3 SERVICE=(org.selguard.Remedy1 /org/selguard/Remedy1 org.selguard.Remedy1.Manager)

# regex WHO N
regex() { printf '/srv/bench/%s-%02d(/.*)?' "$@"; }
plan() {
    local i
    printf '%s\n' "$RULES"
    for ((i = 1; i <= RULES; i++)); do
        printf '%s\n' set-file-context 3 regex s "$(regex plan "$i")" file_type s all type s \
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
count() { grep -c "^/srv/bench/$1" /var/lib/selinux/default/active/file_contexts.local; }
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
import() { for ((i = 1; i <= RULES; i++)); do printf "fcontext -a -t httpd_sys_content_t '%s'\n" "$(regex import "$i")"; done | semanage import; }
one_by_one() {
    local i
    for ((i = 1; i <= RUNS; i++)); do semanage fcontext -a -t httpd_sys_content_t "$(regex run "$i")" || return; done
}

mapfile -t arguments < <(plan)
check "the service is up" busctl call "${SERVICE[@]}" ListChanges 'a{sv}' 0
measure "one plan of $RULES rules" run_job Apply 'a(sa{sv})a{sv}' "${arguments[@]}" 0
check_eq "all are there" "$RULES" "$(count plan)"
check_eq "each with its audit record" "$RULES" "$(ausearch -m USER_MAC_CONFIG_CHANGE 2>/dev/null |
    grep -c 'resrc=fcontext op=add tglob="/srv/bench/plan-.* change=[0-9]* requester=0 .*res=success')"
measure "$RUNS runs of semanage fcontext -a" one_by_one
check_eq "all are there" "$RUNS" "$(count run)"
measure "one semanage import of $RULES rules" import
check_eq "all are there" "$RULES" "$(count import)"
