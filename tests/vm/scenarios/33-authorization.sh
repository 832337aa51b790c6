# Who may do what: each method of both services as root, as an administrator, as a member of
# selguard, as anybody else and as a service without a session. What is refused changes nothing.
# Plans that are replayed, altered, too large or outside the table are refused, and how much one user
# may ask for at once is bounded.
# needs: project
# timeout: 900
# takes: 145
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly REMEDY=(org.selguard.Remedy1 /org/selguard/Remedy1 org.selguard.Remedy1.Manager)
readonly MONITOR=(org.selguard.Nginx1 /org/selguard/Nginx1 org.selguard.Nginx1.Manager)
readonly WANTED=httpd_can_network_connect
readonly PLAN=(1 set-boolean 2 name s "$WANTED" value b true)
# Authorized, and then found to be meant for another state than this.
readonly STALE=(1 Expected as 1 'local=on policy=on runtime=on')

as() {
    case $1 in
    root) "${@:2}" ;;
    service) as_service www-data "${@:2}" ;;
    *) as_user "$@" ;;
    esac
}
# ask WHO CALL…: "yes", "no" (not authorized), or what else went wrong; the reply is in a file.
ask() {
    local output status
    output=$(as "$1" busctl --timeout=120 call "${@:2}" 2>&1)
    status=$?
    echo "$output" >"$SCENARIO_DIR/reply"
    ((status != 0)) || { echo yes && return; }
    case $output in
    *'Access denied'* | *'Not authorized'* | *'has to authenticate'*) echo no ;;
    *) head -c 300 <<<"$output" ;;
    esac
}
# row EXPECTED NAME CALL…: the answers to root, operator, reader, outsider and service.
row() {
    local answers='' who
    for who in root operator reader outsider service; do
        answers+="$(ask "$who" "${@:3}") "
    done
    check_eq "$2: root operator reader outsider service" "$1" "${answers% }"
}
# refused NAME CALL…: to all but root and administrators.
refused() {
    local answers='' who
    for who in reader outsider service; do answers+="$(ask "$who" "${@:2}") "; done
    check_eq "$1: refused to reader outsider service" 'no no no' "${answers% }"
}
state() {
    policy_fingerprint
    find /var/lib/nginx-selguard-remedy -type f -exec sha256sum {} + | sort
}
changes() { selguardctl history --json; }
newest() { changes | python3 -c 'import json, sys; c = json.load(sys.stdin); print(c[-1]["id"] if c else "")'; }
member() { changes | python3 -c 'import json, sys; print([c for c in json.load(sys.stdin) if c["id"] == sys.argv[1]][0][sys.argv[2]])' "$@"; }
is() { [[ $(member "$1" "$2") == "$3" ]]; }
on() { [[ $(getsebool "$WANTED") == *on ]]; }
job_state() { busctl get-property org.selguard.Remedy1 "$1" org.selguard.Remedy1.Job State; }
job_result() { busctl get-property org.selguard.Remedy1 "$1" org.selguard.Remedy1.Job Result; }
# What the store has of it: nothing, or what a scenario before did by hand.
record() { semanage boolean -l -C | grep "$WANTED"; }
job_over() { [[ $(job_state "$1") == *finished* ]]; }

record=$(record)
check "nothing is known of earlier days" monitor_forget
check "a backend" backend_start 3000
check "a site" nginx_site app <<'CONF'
server { listen 8008; location / { proxy_pass http://127.0.0.1:3000; } }
CONF
since_mark
expect_http 502 http://127.0.0.1:8008/
has_diagnosis() { busctl tree --list org.selguard.Nginx1 | grep -q /diagnosis/; }
check "a diagnosis" wait_until 40 has_diagnosis
path=$(busctl tree --list org.selguard.Nginx1 | grep /diagnosis/ | head -1)
diagnosis=(org.selguard.Nginx1 "$path" org.selguard.Nginx1.Diagnosis)

# The monitor.
all='yes yes yes no no' admins='yes yes no no no'
row "$all" ListDiagnoses "${MONITOR[@]}" ListDiagnoses 'a{sv}' 0
row "$all" GetStatistics "${MONITOR[@]}" GetStatistics 'a{sv}' 0
row "$all" Explain "${MONITOR[@]}" Explain 'sa{sv}' 'nothing of the kind' 0
row "$all" Preflight "${MONITOR[@]}" Preflight 'a{sv}' 0
row "$all" Describe "${diagnosis[@]}" Describe
row "$all" GetEvidence "${diagnosis[@]}" GetEvidence 'a{sv}' 0
row "$all" GetFixes "${diagnosis[@]}" GetFixes 'a{sv}' 0
row "$all" Export "${diagnosis[@]}" Export 'sa{sv}' shell 0
refused "Dismiss of one" "${diagnosis[@]}" Dismiss 'a{sv}' 0
refused "Dismiss of several" "${MONITOR[@]}" Dismiss 'asa{sv}' 1 "${path##*/}" 0
check_match "and it is still open" open "$(as_user reader selguardctl list)"
check_eq "properties are for everybody, and name nothing" yes \
    "$(ask outsider org.selguard.Nginx1 "$path" org.freedesktop.DBus.Properties GetAll s org.selguard.Nginx1.Diagnosis)"
check_not "no port, path or host" grep -qwE '3000|127\.0\.0\.1|/var|8008' "$SCENARIO_DIR/reply"
row "$admins" "Dismiss of several" "${MONITOR[@]}" Dismiss 'asa{sv}' 1 "${path##*/}" 0
row "$admins" "Dismiss of one" "${diagnosis[@]}" Dismiss 'a{sv}' 0

# The remedy service: what is refused changes nothing.
ask root "${REMEDY[@]}" ListChanges 'a{sv}' 0 >/dev/null
before=$(state)
row "$all" Check "${REMEDY[@]}" Check 'a(sa{sv})a{sv}' "${PLAN[@]}" 0
row "$admins" ListChanges "${REMEDY[@]}" ListChanges 'a{sv}' 0
refused Apply "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${PLAN[@]}" 0
refused Trial "${REMEDY[@]}" Trial 'a(sa{sv})ua{sv}' "${PLAN[@]}" 60 0
refused "Apply of a reload" "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' 1 reload-nginx 0 0
row "$admins" "Apply for another state" "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${PLAN[@]}" "${STALE[@]}"
row "$admins" "Trial for another state" "${REMEDY[@]}" Trial 'a(sa{sv})ua{sv}' "${PLAN[@]}" 60 "${STALE[@]}"
ask root "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${PLAN[@]}" "${STALE[@]}" >/dev/null
job=$(cut -d'"' -f2 "$SCENARIO_DIR/reply")
check "what was for another state ends" wait_until 60 job_over "$job"
check_match "as that" state-changed "$(job_result "$job")"

# Plans that nobody may have, root neither.
apply() { ask root "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "$@"; }
check_match "a kind that there is not" 'no such kind' "$(apply 1 run-command 1 command s reboot 0)"
check_match "advice" 'advice' "$(apply 1 advise 2 text s x commands as 1 true 0)"
check_match "a boolean of the deny-list" 'never turned on' "$(apply 1 set-boolean 2 name s nis_enabled value b true 0)"
check_match "an argument too many" 'no such argument' "$(apply 1 set-boolean 3 name s "$WANTED" value b true persist b true 0)"
check_match "one good action and a bad one" 'Action 1' \
    "$(apply 2 set-boolean 2 name s "$WANTED" value b true set-boolean 2 name s nis_enabled value b true 0)"
check_match "a module that does more than allow" 'Action 0|action 0' \
    "$(apply 1 install-module 2 name s selguard_x cil s '(typepermissive httpd_t)' 0)"
check_match "a rule for all files" 'Action 0|action 0' \
    "$(apply 1 set-file-context 3 regex s '/.*' file_type s all type s httpd_sys_content_t 0)"
check_match "an option that there is not" 'no option' "$(apply "${PLAN[@]}" 1 Force b true)"
mapfile -t many < <(echo 129; for ((i = 0; i < 129; i++)); do printf '%s\n' set-boolean 2 name s "httpd_$i" value b true; done)
check_match "129 actions" 'too many actions' "$(apply "${many[@]}" 0)"
check_match "a text of 100 KB" 'too long' "$(apply 1 install-module 2 name s selguard_x cil s "$(head -c 100000 /dev/zero | tr '\0' ' ')" 0)"
check_match "a trial of no time" 'lasts' "$(ask root "${REMEDY[@]}" Trial 'a(sa{sv})ua{sv}' "${PLAN[@]}" 0 0)"
check_match "a change that there is not" 'no change' "$(ask root "${REMEDY[@]}" Revert 'sa{sv}' ../../etc/passwd 0)"

# One user may have four changes waiting; another is still served. The lock of the store is held.
python3 -c '
import fcntl, time
lock = open("/var/lib/selinux/default/semanage.trans.LOCK")
fcntl.flock(lock, fcntl.LOCK_EX)
time.sleep(600)' &
holder=$!
sleep 1
jobs=()
for i in 1 2 3 4; do
    check_eq "change $i waits" yes "$(ask operator "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${PLAN[@]}" 0)"
    output=$(busctl tree --list org.selguard.Remedy1 | grep '/job/' | sort -V | tail -1)
    jobs+=("$output")
done
check_match "the fifth of the same user is refused" 'changes of this user' \
    "$(ask operator "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${PLAN[@]}" 0)"
check_eq "another user's waits" yes "$(ask root "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${PLAN[@]}" "${STALE[@]}")"
refused "Cancel of another's job" org.selguard.Remedy1 "${jobs[1]}" org.selguard.Remedy1.Job Cancel 'a{sv}' 0
for ((i = 3; i >= 0; i--)); do
    check_eq "cancelled by the one who asked" yes "$(ask operator org.selguard.Remedy1 "${jobs[i]}" org.selguard.Remedy1.Job Cancel 'a{sv}' 0)"
done
kill "$holder"
check_eq "nothing has been changed by all this" "$before" "$(state)"

# A trial, kept and taken back with the client, and out of order.
check_eq "a trial" yes "$(ask root "${REMEDY[@]}" Trial 'a(sa{sv})ua{sv}' "${PLAN[@]}" 900 0)"
check "is in force" wait_until 60 on
first=$(newest)
check "and recorded" wait_until 30 is "$first" state applied
refused Keep "${REMEDY[@]}" Keep 'sa{sv}' "$first" 0
refused Revert "${REMEDY[@]}" Revert 'sa{sv}' "$first" 0
check "it is in force still" on
check "the administrator keeps it" as_user operator selguardctl keep "$first" --reason "it helped"
check_eq "it is no trial any more" kept "$(member "$first" trial)"
check_match "the history has who kept it, and why" 'kept .* by operator: it helped' "$(as_user operator selguardctl history)"
check_match "the store has it" "^$WANTED *\\(on" "$(record)"
check_match "a kept one is not kept twice" '[Tt]rial' "$(as_user operator selguardctl keep "$first" 2>&1)"

# Meant for the state that it is in now, and so for no other.
readonly LATER=(1 set-boolean 2 name s "$WANTED" value b false 1 Expected as 1 'local=on policy=on runtime=on')
check_eq "a later change of the same" yes "$(ask root "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${LATER[@]}")"
off() { ! on; }
check "is in force" wait_until 120 off
second=$(newest)
check "and recorded" wait_until 60 is "$second" state applied
check_eq "the same call once more is taken" yes "$(ask root "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${LATER[@]}")"
job=$(cut -d'"' -f2 "$SCENARIO_DIR/reply")
check "and ends" wait_until 60 job_over "$job"
check_match "since the state is another" state-changed "$(job_result "$job")"
check_eq "it has changed nothing" "$second" "$(newest)"
output=$(as_user operator selguardctl revert "$first" 2>&1)
check_eq "the first cannot be taken back before it" 1 "$(($? != 0))"
check_match "and why is said" "$second" "$output"
note "out of order: $output"
check "the later one" as_user operator selguardctl revert "$second"
check "then the first" as_user operator selguardctl revert "$first"
check_eq "the store has of the boolean what it had before" "$record" "$(record)"
check "and is off" off

# The prompt, for an administrator whom no rule spares it.
polkit_ask
check_eq "unasked he may not" no "$(ask operator "${REMEDY[@]}" ListChanges 'a{sv}' 0)"
output=$(at_prompt selguard-test operator selguardctl history 2>&1)
check_match "with his password he may" 'reverted, done' "$output"
at_prompt wrong operator selguardctl revert "$first" >/dev/null 2>&1
check_not "with another he may not" test "$?" = 0
polkit_grant
