# The stage itself: the real polkit under the enforcing policy. It answers ordinary users,
# refuses them, and takes an administrator's password on a terminal.
# timeout: 180
# takes: 18
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

main_pid() { systemctl show -P MainPID nginx; }
authority=(org.freedesktop.PolicyKit1 /org/freedesktop/PolicyKit1/Authority org.freedesktop.PolicyKit1.Authority)

since_mark
check_match "a person is unconfined_t, as after a login" unconfined_t "$(as_user outsider id -Z)"
check_match "so is one in a login session" unconfined_t "$(as_login outsider id -Z)"
check "a service of an ordinary user can ask polkit" as_service outsider busctl call "${authority[@]}" EnumerateActions s ""
check "so can a person" as_user outsider busctl call "${authority[@]}" EnumerateActions s ""

check_not "a person may not restart nginx" as_user outsider systemctl --no-ask-password restart nginx
check_not "nor may an administrator, unasked" as_user operator systemctl --no-ask-password restart nginx

before=$(main_pid)
at_prompt wrong outsider systemctl restart nginx
check_eq "the wrong password does not do" "4 $before" "$? $(main_pid)"
check "the administrator's password does" at_prompt selguard-test outsider systemctl restart nginx
check_not "nginx was restarted" test "$before" = "$(main_pid)"

# Whatever the policy refuses here would be the guest's plumbing standing in the way.
check_eq "nothing was denied meanwhile" "" "$(denials_since | sed 's/.*avc:/avc:/' | sort -u)"
