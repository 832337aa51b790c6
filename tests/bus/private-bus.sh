# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A private bus with the real polkitd on it, which knows the project's actions from the source
# tree: to be sourced. Needs root, for polkitd changes its user, and gets its directory of
# actions by a mount of its own. The caller has an array `pids`, and ends those processes.

# private_bus_start DIRECTORY SOURCE: sets DBUS_SYSTEM_BUS_ADDRESS.
private_bus_start() {
    local directory=$1 source=$2
    chmod 755 "$directory"
    mkdir -p "$directory/actions"
    cp /usr/share/polkit-1/actions/org.freedesktop.policykit.policy "$directory/actions"
    cp "$source/dbus/org.selguard.policy" "$directory/actions"
    cat >"$directory/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$directory/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
  <policy user="root"><allow own="*"/></policy>
  <policy user="polkitd"><allow own="org.freedesktop.PolicyKit1"/></policy>
</busconfig>
END
    dbus-daemon --config-file="$directory/bus.conf" --nofork --nopidfile --nosyslog \
        2>"$directory/bus.log" &
    pids+=($!)
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$directory/bus
    private_bus_wait test -S "$directory/bus"
    # SC2016: the inner shell expands it
    # shellcheck disable=SC2016
    unshare --mount sh -c 'mount --bind "$1/actions" /usr/share/polkit-1/actions &&
        exec /usr/lib/polkit-1/polkitd --no-debug' sh "$directory" >"$directory/polkit.log" 2>&1 &
    pids+=($!)
    private_bus_wait_for org.freedesktop.PolicyKit1
}

# private_bus_wait COMMAND…: until it succeeds, for 10 s.
private_bus_wait() {
    local _
    for _ in {1..100}; do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "gave up waiting for: $*" >&2
    return 1
}

# private_bus_wait_for NAME: until somebody owns it.
private_bus_wait_for() {
    private_bus_wait busctl --system --quiet status "$1"
}
