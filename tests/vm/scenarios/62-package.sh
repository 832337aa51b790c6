# The Debian packages as their users have them: upgraded, removed, purged and installed again.
# What is left after a purge is what the administrator made, and the users.
# needs: packages
# timeout: 700
# takes: 150
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly DEBS=$SELGUARD_VM_LIB/packages
export DEBIAN_FRONTEND=noninteractive
version_of() { dpkg-query -W -f '${Version}' "$1"; }
has_module() { semodule -lfull | grep -qE '^200 +selguard '; }
# Whether the policy in force has that type.
in_force() { printf 'system_u:object_r:%s:s0' "$1" >/sys/fs/selinux/context; }
ours=(nginx-selguard nginx-selguard-selinux)

# as_version VERSION: both packages, with nothing but that other in them, and in the module the
# name of a type that no rule is about (of the same length: the file is a binary).
as_version() {
    local deb tree=$SCENARIO_DIR/tree
    for deb in "$DEBS"/*.deb; do
        rm -rf "$tree"
        dpkg-deb -R "$deb" "$tree" && sed -i "s/^Version: .*/Version: $1/" "$tree/DEBIAN/control" &&
            { [[ ! -e $tree$PACKAGED_MODULE ]] || sed -i 's/selguard_revision_0_t/selguard_revision_Z_t/g' "$tree$PACKAGED_MODULE"; } &&
            dpkg-deb -Zgzip -b "$tree" "$SCENARIO_DIR/$(basename "$deb" | sed "s/_[^_]*_/_$1_/")" || return
    done
}
# Whatever bears the project's name or a type of its module; the tests' own files apart.
left_over() {
    {
        find / -xdev \( -path /var/lib/selguard-vm -o -path /usr/libexec/selguard-vm -o \
            -path /usr/libexec/nginx-selguard-tests -o -path /lost+found -o -path /proc -o -path /sys -o -path /var/log \) -prune -o \
            \( -path '*nginx-selguard*' -o -path '*/selguard*' -o -path '*org.selguard*' -o -context '*:selguard*' -o -context '*:unlabeled_t:*' \) -print
        find /run \( -name '*nginx-selguard*' -o -context '*:selguard_*' \) -print
    } 2>/dev/null | grep -vE 'selguard-vm' | LC_ALL=C sort -u
}

# --- as it came
version=$(version_of nginx-selguard)
check_eq "both packages are installed" "ii  ii  " "$(dpkg-query -W -f '${db:Status-Abbrev} ' "${ours[@]}")"
check_eq "as they were delivered" "" "$(dpkg --verify "${ours[@]}" | grep -v '/usr/share/\(doc\|man\)/')"
check_eq "in its domain" selguard_t "$(domain_of nginx-selguard)"
check "without a problem" wait_until 30 no_problem
check "the remedy service answers" wait_until 60 as_user operator selguardctl history

# --- what an administrator has made: it survives all of this
install -d /etc/nginx-selguard
printf '[remedy]\nDeniedBooleans=httpd_unified\n' >/etc/nginx-selguard/selguard.conf
install -d /etc/systemd/system/nginx-selguard.service.d
printf '[Service]\nNice=5\n' >/etc/systemd/system/nginx-selguard.service.d/local.conf
systemctl daemon-reload

# --- upgrade
check "packages of a later version" as_version 99.0
check "the module in force is the one that came" in_force selguard_revision_0_t
check_not "and not the later one" in_force selguard_revision_Z_t
monitor=$(pid_of nginx-selguard) begin=$SECONDS
check "upgrade" dpkg --install "$SCENARIO_DIR"/*.deb
note "upgraded in $((SECONDS - begin)) s"
check_eq "to the later version" 99.0 "$(version_of nginx-selguard)"
check "the store has its module" packaged_module_in_store
check "which is in force" in_force selguard_revision_Z_t
check_not "in the place of the earlier one" in_force selguard_revision_0_t
check "the monitor runs" systemctl is-active nginx-selguard
check_not "and it is another process" test "$monitor" = "$(pid_of nginx-selguard)"
check_eq "in its domain" selguard_t "$(domain_of nginx-selguard)"
check_eq "as the administrator has it" 5 "$(ps -o ni= -p "$(pid_of nginx-selguard)" | tr -d ' ')"
check "without a problem" wait_until 30 no_problem
check "the remedy service answers" wait_until 60 as_user operator selguardctl history
check_eq "all labels are right" "" \
    "$(restorecon -Rnv /usr/sbin/nginx-selguard /usr/libexec/nginx-selguard /var/lib/nginx-selguard* /usr/lib/systemd/system 2>&1)"

# --- remove: the module first, without which the daemons go on
begin=$SECONDS
check "remove the module's package" dpkg --remove nginx-selguard-selinux
note "removed in $((SECONDS - begin)) s"
check_not "the module is gone" has_module
check "the monitor runs" systemctl is-active nginx-selguard
check_eq "in a domain that the policy has without the module" initrc_t "$(domain_of nginx-selguard)"
# Which the reference policy keeps from answering people.
check "and says that it is not confined" wait_until 20 bash -c 'selguardctl status | grep "SELinux does not confine"'
check "remove" dpkg --remove nginx-selguard
check_not "no process of ours is left" pgrep -f '/nginx-selguard( |$)|nginx-selguard-remedy'
check "state is kept, for who installs it again" test -d /var/lib/nginx-selguard -a -d /var/lib/nginx-selguard-remedy
check_eq "with a label that the policy has" var_lib_t "$(type_of /var/lib/nginx-selguard)"
check_not "nginx's unit has its old label back" test "$(type_of /usr/lib/systemd/system/nginx.service)" = selguard_nginx_unit_t
expect_http 200 http://127.0.0.1/

# --- purge
check "purge" dpkg --purge "${ours[@]}"
check_eq "the packages are gone" "" "$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 'nginx-selguard*' 2>/dev/null | grep -v '^un')"
check_eq "what is left is the administrator's" \
    "/etc/nginx-selguard /etc/nginx-selguard/selguard.conf /etc/systemd/system/nginx-selguard.service.d /etc/systemd/system/nginx-selguard.service.d/local.conf" \
    "$(left_over | tr '\n' ' ' | sed 's/ $//')"
# semodule keeps the directory of a priority, empty; logs stay logs.
check_eq "and of all that the installation made, nothing" "" \
    "$(grep -vxE '/var/log/.*|/var/lib/selinux/default/active/modules/200' "$DEBS/made" | while IFS= read -r path; do [[ ! -e $path && ! -L $path ]] || echo "$path"; done | tr '\n' ' ')"
check "the user and the groups stay, so that no other gets their numbers" getent passwd nginx-selguard
check_eq "systemd has nothing failed" "" "$(systemctl list-units --failed --no-legend '*selguard*' | grep -v selguard-vm)"

# --- and once more, over users that exist and a configuration that is there
begin=$SECONDS
check "install" dpkg --install "$DEBS"/*.deb
note "installed in $((SECONDS - begin)) s"
check_eq "the version that it was" "$version" "$(version_of nginx-selguard)"
check "the module is there" has_module
check_eq "one user" 1 "$(grep -c '^nginx-selguard:' /etc/passwd)"
check "the monitor runs" systemctl is-active nginx-selguard
check_eq "in its domain" selguard_t "$(domain_of nginx-selguard)"
check "without a problem" wait_until 30 no_problem
check "the remedy service answers" wait_until 60 as_user operator selguardctl history
check_eq "with the configuration that it found" httpd_unified "$(sed -n 's/^DeniedBooleans=//p' /etc/nginx-selguard/selguard.conf)"
rm -rf /etc/nginx-selguard /etc/systemd/system/nginx-selguard.service.d
systemctl daemon-reload
systemctl restart nginx-selguard
