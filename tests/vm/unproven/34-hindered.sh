# When the system does not let a change happen, or the power fails in the middle of one: afterwards
# everything is as before or as after, the record says which, and the next start makes an end of it.
# needs: project
# timeout: 1200
# takes: 330
# reboots: 1
# crash: yes
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly REMEDY=(org.selguard.Remedy1 /org/selguard/Remedy1 org.selguard.Remedy1.Manager)
readonly STATE=/var/lib/nginx-selguard-remedy STORE=/var/lib/selinux
readonly WANTED=httpd_enable_homedirs
readonly PLAN=(2 set-boolean 2 name s "$WANTED" value b true
    set-port 4 protocol s tcp low q 8082 high q 8082 type s http_port_t)

newest() { selguardctl history --json | python3 -c 'import json, sys; c = json.load(sys.stdin); print(c[-1]["id"] if c else "")'; }
member() { selguardctl history --json | python3 -c 'import json, sys; print([c for c in json.load(sys.stdin) if c["id"] == sys.argv[1]][0][sys.argv[2]])' "$@"; }
settled() { [[ $(member "$1" state) =~ ^(applied|failed|reverted)$ ]]; }
# begin: asks for the plan; the job is in $job.
begin() { job=$(busctl --timeout=120 call "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${PLAN[@]}" 0 | cut -d'"' -f2) && [[ -n $job ]]; }
phase() { busctl get-property org.selguard.Remedy1 "$job" org.selguard.Remedy1.Job Phase; }
in_phase() { [[ $(phase) == *"$1"* ]]; }
over() { [[ $(busctl get-property org.selguard.Remedy1 "$job" org.selguard.Remedy1.Job State) == *finished* ]]; }
result() { busctl get-property org.selguard.Remedy1 "$job" org.selguard.Remedy1.Job Result | cut -d'"' -f2; }
told() { journalctl -b -u nginx-selguard-remedy -o cat --no-pager | tail -n "${1-3}" | tr '\n' ' '; }
# what: of the plan is there: neither, both, or something in between.
what() {
    local boolean port
    boolean=$(semanage boolean -l -C | grep -c "$WANTED")
    port=$(semanage port -l -C | grep -c 8082)
    case $boolean$port$(getsebool "$WANTED" | grep -c 'on$') in
    000) echo neither ;;
    111) echo both ;;
    *) echo "$boolean $port $(getsebool "$WANTED")" ;;
    esac
}
# hash_of STORE
hash_of() { (cd "$1" && find . -type f -path '*/active/*' -exec sha256sum {} + | sort | sha256sum); }
# put SOURCE TARGET KIND FLAGS DATA, take_off TARGET: mount(2) and umount(2), since the program mount
# runs in a domain that may not mount on what is ours.
put() {
    python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
source, target, kind, flags, data = (a.encode() for a in sys.argv[1:])
if libc.mount(source, target, kind, int(flags), data or None):
    sys.exit(os.strerror(ctypes.get_errno()))' "$@"
}
take_off() { python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).umount2(sys.argv[1].encode(), 2))' "$1"; }
readonly MS_RDONLY=1 MS_REMOUNT=32 MS_BIND=4096
quiet() { systemctl stop nginx-selguard-remedy.path nginx-selguard-remedy.service; }
again() { quiet && systemctl start nginx-selguard-remedy.path; }
# is_said ID: what is there is what the record says; and then it goes again.
is_said() {
    local state there
    check "the change comes to an end by itself" wait_until 300 settled "$1"
    state=$(member "$1" state) there=$(what)
    note "change $1: $state, $there: $(member "$1" message)"
    case $state in
    applied) check_eq "as after, and recorded so" both "$there" ;;
    *) check_eq "as before, and recorded so" neither "$there" ;;
    esac
    check_match "the journal tells" . "$(told)"
    [[ $state != applied ]] || check "it is taken back" selguardctl revert "$1"
    check_eq "nothing of it is left" neither "$(what)"
}

if [[ $PHASE == 0 ]]; then
    since_mark
    check_eq "nothing of it is there" neither "$(what)"
    hash=$(hash_of "$STORE")

    # Somebody else holds the lock of the store, and does not let go.
    python3 -c '
import fcntl, time
lock = open("/var/lib/selinux/default/semanage.trans.LOCK")
fcntl.flock(lock, fcntl.LOCK_EX)
time.sleep(600)' &
    holder=$!
    sleep 1
    check "a change while the store is locked" begin
    check "waits" wait_until 20 in_phase waiting-for-lock
    check "not for ever" wait_until 100 over
    check_eq "and fails" failed "$(result)"
    note "locked: $(told 1)"
    kill "$holder"

    # The records cannot be written.
    quiet
    check "a small disk" put tmpfs "$STATE" tmpfs 0 \
        size=64k,mode=700,context=system_u:object_r:selguard_remedy_var_lib_t:s0 || exit
    check "the service starts on it" busctl --timeout=120 call "${REMEDY[@]}" ListChanges 'a{sv}' 0
    dd if=/dev/zero of="$STATE/full" bs=4k 2>/dev/null
    check "a change with no room for its record" begin
    check "ends" wait_until 100 over
    check_eq "not made" failed "$(result)"
    note "no room for the record: $(told 1)"
    quiet
    check "the disk is taken away" take_off "$STATE"

    # The store has no room for a second copy of itself, which is what a transaction begins with.
    size=$(($(du -sk "$STORE" | cut -f1) + 2048))
    mkdir -p /run/copy
    check "a copy of the store, in little room" put tmpfs /run/copy tmpfs 0 \
        "size=${size}k,context=system_u:object_r:semanage_store_t:s0" || exit
    cp -r "$STORE/." /run/copy/
    check "in place of the store" put /run/copy "$STORE" none $MS_BIND ''
    copy=$(hash_of "$STORE")
    check "a change with no room in the store" begin
    check "ends" wait_until 200 over
    check_eq "not made" failed "$(result)"
    note "no room in the store: $(told 1)"
    check_eq "the store is as before" "$copy" "$(hash_of "$STORE")"
    quiet
    check "the copy is taken away" take_off "$STORE"
    take_off /run/copy

    # The store is read-only.
    check "the store read-only" put "$STORE" "$STORE" none $MS_BIND '' &&
        check "for everybody" put none "$STORE" none $((MS_BIND | MS_REMOUNT | MS_RDONLY)) ''
    check "a change of a read-only store" begin
    check "ends" wait_until 100 over
    check_eq "not made" failed "$(result)"
    note "read-only: $(told 1)"
    quiet
    check "writable again" take_off "$STORE"
    again
    check_eq "the store is as before all of this" "$hash" "$(hash_of "$STORE")"
    check_eq "nothing of the plan is there" neither "$(what)"

    # Two at once, for the same: one of them does it.
    before=$(newest)
    check "two ask at once" begin
    as_user operator busctl --timeout=120 call "${REMEDY[@]}" Apply 'a(sa{sv})a{sv}' "${PLAN[@]}" 0 >/dev/null
    first=$job
    job=$(busctl tree --list org.selguard.Remedy1 | grep /job/ | sort -V | tail -1)
    check_not "there are two jobs" test "$job" = "$first"
    check "both end" wait_until 300 over
    change=$(newest)
    check_eq "there is one change more" "$((before + 1))" "$change"
    check_eq "the other finds it done" "done" "$(result)"
    check_eq "all of it is there" both "$(what)"

    # Killed while it takes that back.
    job=$(busctl --timeout=120 call "${REMEDY[@]}" Revert 'sa{sv}' "$change" 0 | cut -d'"' -f2)
    wait_until 60 in_phase committing
    sleep 3
    check "the service is killed, its worker too" systemctl kill --kill-whom=all -s KILL nginx-selguard-remedy.service
    is_said "$change"

    # The power fails in the middle of a transaction.
    check "a change" begin
    check "is being committed" wait_until 100 in_phase committing
    newest >"$SCENARIO_DIR/change"
    sync
    sleep 2
else
    is_said "$(cat "$SCENARIO_DIR/change")"
    check_eq "no mark is left" "" "$(ls "$STATE/changes/pending")"
    check_eq "nothing was denied to our daemons" "" \
        "$(grep -aE 'avc: +denied.*context=[^ ]*:selguard_' "$AUDIT_LOG" | sed 's/.*avc:/avc:/' | sort -u | head -5)"
fi
