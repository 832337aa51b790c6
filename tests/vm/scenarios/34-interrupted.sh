# The service is killed in the middle of a change, and the power fails in the middle of another:
# afterwards everything is as before or as after, the record says which, and the next start makes an
# end of it. (What else may be in the way, a full disk or a lock, is tests/bus/remedy-*-test.c.)
# needs: project
# timeout: 600
# takes: 85
# policy: whole
# reboots: 1
# crash: yes
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly REMEDY=(org.selguard.Remedy1 /org/selguard/Remedy1 org.selguard.Remedy1.Manager)
readonly STATE=/var/lib/nginx-selguard-remedy
readonly WANTED=httpd_enable_homedirs
readonly PLAN=(2 set-boolean 2 name s "$WANTED" value b true
    set-port 4 protocol s tcp low q 8082 high q 8082 type s http_port_t)

newest() { selguardctl history --json | python3 -c 'import json, sys; c = json.load(sys.stdin); print(c[-1]["id"] if c else "")'; }
member() { selguardctl history --json | python3 -c 'import json, sys; print([c for c in json.load(sys.stdin) if c["id"] == sys.argv[1]][0][sys.argv[2]])' "$@"; }
settled() { [[ $(member "$1" state) =~ ^(applied|failed|reverted)$ ]]; }
# begin METHOD SIGNATURE ARGUMENT…: until its commit has begun and is at work.
begin() {
    job=$(busctl --timeout=120 call "${REMEDY[@]}" "$@" 0 | cut -d'"' -f2) && wait_until 60 in_phase committing && sleep 3
}
in_phase() { [[ $(busctl get-property org.selguard.Remedy1 "$job" org.selguard.Remedy1.Job Phase) == *"$1"* ]]; }
# what: of the plan is there, in the store and the kernel: neither, both, or something in between.
what() {
    local store kernel
    store=$(semanage export | grep -oE "boolean -m -1 $WANTED|port -a .*8082" | tr '\n' ' ')
    kernel=$(getsebool "$WANTED")
    case $store$kernel in
    "$WANTED --> off") echo neither ;;
    *"$WANTED port -a "*'8082 '*'on') echo both ;;
    *) echo "$store/ $kernel" ;;
    esac
}
# is_said ID: what is there is what the record says.
is_said() {
    check "the change comes to an end by itself" wait_until 120 settled "$1"
    state=$(member "$1" state)
    note "change $1: $state: $(member "$1" message)"
    case $state in
    applied) check_eq "as after, and recorded so" both "$(what)" ;;
    *) check_eq "as before, and recorded so" neither "$(what)" ;;
    esac
    check_match "the journal tells" "Change $1 " \
        "$(journalctl -b -o cat --no-pager SELGUARD_OPERATION=recover)"
}

if [[ $PHASE == 0 ]]; then
    check_eq "nothing of it is there" neither "$(what)"
    check "a change is being committed" begin Apply 'a(sa{sv})a{sv}' "${PLAN[@]}"
    change=$(newest)
    check "the service is killed, its worker too" systemctl kill --kill-whom=all -s KILL nginx-selguard-remedy.service
    is_said "$change"

    if [[ $state == applied ]]; then
        check "its revert is being committed" begin Revert 'sa{sv}' "$change"
    else
        check "another is being committed" begin Apply 'a(sa{sv})a{sv}' "${PLAN[@]}"
        change=$(newest)
    fi
    echo "$change" >"$SCENARIO_DIR/change"
    sync
else
    change=$(cat "$SCENARIO_DIR/change")
    is_said "$change"
    [[ $state != applied ]] || check "it is taken back" selguardctl revert "$change"
    check_eq "nothing of it is left" neither "$(what)"
    check_eq "no mark is left" "" "$(ls "$STATE/changes/pending")"
    check_eq "nothing was denied to our daemons" "" \
        "$(grep -aE 'avc: +denied.*context=[^ ]*:selguard_' "$AUDIT_LOG" | sed 's/.*avc:/avc:/' | sort -u | head -5)"
fi
