#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The real polkitd is asked about every action that is shipped. It ignores a policy file that it
# cannot read without a word, so nothing else tells whether ours counts.
#
# Runs polkitd on a private bus, in a mount namespace in which its directories hold our files
# alone and the users are known that the files name.
#
# Environment: SELGUARD_SOURCE_ROOT, SELGUARD_REMEDY.
set -euo pipefail

skip() {
    echo "skipped: $1" >&2
    exit 77
}

polkitd=
for candidate in /usr/lib/polkit-1/polkitd /usr/libexec/polkitd; do
    [[ -x $candidate ]] && polkitd=$candidate
done

if [[ -z ${SELGUARD_IN_NAMESPACE-} ]]; then
    [[ $EUID -eq 0 ]] || skip "only root can do this"
    [[ -n $polkitd ]] || skip "there is no polkitd"
    for tool in dbus-daemon busctl pkcheck setpriv unshare; do
        command -v "$tool" >/dev/null || skip "there is no $tool"
    done
    unshare --mount true 2>/dev/null || skip "no mount namespace can be made here"
    SELGUARD_IN_NAMESPACE=1 exec unshare --mount "$0"
fi

failures=0
fail() {
    echo "FAILED: $1" >&2
    failures=$((failures + 1))
}

directory=$(mktemp -d /tmp/selguard-polkitd-XXXXXX)
chmod 755 "$directory"
children=()
cleanup() {
    for child in "${children[@]}"; do
        kill "$child" 2>/dev/null || true
    done
    rm -rf "$directory"
}
trap cleanup EXIT

# --- the world that polkitd sees

monitor_uid=64990 reader_uid=64991 ordinary_uid=64992
mkdir "$directory/actions" "$directory/rules" "$directory/policies"
cp "$SELGUARD_SOURCE_ROOT"/dbus/*.policy "$directory/actions/"
cp "$SELGUARD_SOURCE_ROOT"/dbus/*.rules "$directory/rules/"
cp "$SELGUARD_SOURCE_ROOT"/dbus/*.conf "$directory/policies/"
grep -v '^nginx-selguard:' /etc/passwd >"$directory/passwd"
grep -v '^selguard:' /etc/group >"$directory/group"
cat >>"$directory/passwd" <<END
nginx-selguard:x:$monitor_uid:$monitor_uid::/:/bin/false
reader:x:$reader_uid:$reader_uid::/:/bin/false
ordinary:x:$ordinary_uid:$ordinary_uid::/:/bin/false
END
cat >>"$directory/group" <<END
nginx-selguard:x:$monitor_uid:
reader:x:$reader_uid:
ordinary:x:$ordinary_uid:
selguard:x:64993:reader
END
mount --bind "$directory/passwd" /etc/passwd
mount --bind "$directory/group" /etc/group
mount --bind "$directory/actions" /usr/share/polkit-1/actions
mount --bind "$directory/rules" /usr/share/polkit-1/rules.d

cat >"$directory/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$directory/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <policy user="root"><allow own="org.freedesktop.PolicyKit1"/></policy>
  <policy user="polkitd"><allow own="org.freedesktop.PolicyKit1"/></policy>
  <includedir>$directory/policies</includedir>
</busconfig>
END
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$directory/bus
dbus-daemon --config-file="$directory/bus.conf" --nofork 2>"$directory/dbus.log" &
children+=($!)

wait_for() {
    for _ in $(seq 100); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "gave up waiting for: $*" >&2
    cat "$directory"/*.log >&2
    exit 1
}
owned() {
    busctl --address="$DBUS_SYSTEM_BUS_ADDRESS" call org.freedesktop.DBus /org/freedesktop/DBus \
        org.freedesktop.DBus GetNameOwner s "$1"
}
wait_for test -S "$directory/bus"
"$polkitd" --no-debug 2>"$directory/polkitd.log" &
children+=($!)
wait_for owned org.freedesktop.PolicyKit1

# --- every action is known, and decided as intended

shipped=$(sed -n 's/.*<action id="\([^"]*\)".*/\1/p' "$directory"/actions/*.policy | sort)
known=$(pkaction | sort)
[[ -n $shipped ]] || fail "the policy files name no action"
[[ $shipped == "$known" ]] ||
    fail "polkitd does not know what is shipped: $(diff <(echo "$shipped") <(echo "$known"))"

# Whatever the daemons ask for must be shipped.
while read -r action; do
    grep -qx "$action" <<<"$shipped" || fail "$action is asked for and not shipped"
done < <(grep -rhoE '"org\.selguard\.(nginx1|remedy1)\.[a-z-]+"' --include='*.[ch]' \
    "$SELGUARD_SOURCE_ROOT/daemon" | tr -d '"' | sort -u)

subject_of() {
    setpriv --reuid="$1" --regid="$1" --clear-groups sleep 300 &
    subject=$!
    children+=("$subject")
}
subject_of 0 && root_subject=$subject
subject_of $reader_uid && reader_subject=$subject
subject_of $ordinary_uid && ordinary_subject=$subject
sleep 0.3

# 0 yes, 1 no, 2 a password is needed; as pkcheck has it. Arguments: expected, action, subject,
# who, who asks.
check() {
    local code=0
    ${5:+setpriv --reuid=$5 --regid=$5 --clear-groups} \
        pkcheck --action-id "$2" --process "$3" >/dev/null 2>"$directory/pkcheck.log" || code=$?
    [[ $code -eq $1 ]] || fail "$2 for $4: pkcheck says $code, not $1: $(<"$directory/pkcheck.log")"
}

for action in $shipped; do
    check 0 "$action" "$root_subject" root
    check 2 "$action" "$ordinary_subject" "an ordinary user"
    case $action in
    org.selguard.nginx1.read | org.selguard.remedy1.check)
        check 0 "$action" "$reader_subject" "a member of selguard" ;;
    *)
        check 2 "$action" "$reader_subject" "a member of selguard" ;;
    esac
    # The monitor is not root: it may ask about others for its own actions alone.
    case $action in
    org.selguard.nginx1.*)
        check 2 "$action" "$ordinary_subject" "an ordinary user, asked by the monitor" $monitor_uid ;;
    *)
        check 127 "$action" "$ordinary_subject" "an ordinary user, asked by the monitor" $monitor_uid ;;
    esac
done

# --- the remedy service with it

"$SELGUARD_REMEDY" --bus-address="$DBUS_SYSTEM_BUS_ADDRESS" --store-root="$directory/none" \
    --changes-dir="$directory/changes" --config="$directory/none.conf" --idle-timeout=0 \
    2>"$directory/remedy.log" &
children+=($!)
wait_for owned org.selguard.Remedy1

# apply WHO [OPTION…]
apply() {
    local who=$1
    shift
    setpriv --reuid="$who" --regid="$who" --clear-groups \
        busctl --address="$DBUS_SYSTEM_BUS_ADDRESS" "$@" call org.selguard.Remedy1 \
        /org/selguard/Remedy1 org.selguard.Remedy1.Manager Apply 'a(sa{sv})a{sv}' \
        1 set-boolean 2 name s httpd_can_network_connect value b true 0 2>&1
}

# polkitd takes the prompt from root, and root's authorization gives a job.
answer=$(apply 0) || fail "root may not apply: $answer"
[[ $answer == 'o "/org/selguard/Remedy1/job/1"' ]] || fail "root's Apply gave: $answer"
answer=$(apply $ordinary_uid --allow-interactive-authorization=no) && fail "anybody may apply"
[[ $answer == *"has to authenticate"* ]] || fail "an ordinary user is told: $answer"
# With interaction allowed, and nobody there to ask.
answer=$(apply $ordinary_uid) && fail "anybody may apply"
[[ $answer == *ccess* ]] || fail "an ordinary user without an agent is told: $answer"
answer=$(apply $reader_uid --allow-interactive-authorization=no) && fail "a reader may apply"
[[ $answer == *"has to authenticate"* ]] || fail "a reader is told: $answer"

[[ $failures -eq 0 ]] || exit 1
echo "polkitd knows and decides as intended: $(wc -w <<<"$shipped") actions"
