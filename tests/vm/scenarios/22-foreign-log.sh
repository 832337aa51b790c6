# A log of a host with another policy: what the policy lacks is not known, never denied.
# needs: project
# timeout: 120
# takes: 5
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

# --- a log of a host with another policy
cat >"$SCENARIO_DIR/foreign.log" <<'LOG'
type=AVC msg=audit(1795379754.628:52): avc:  denied  { name_connect } for  pid=352 comm="nginx" dest=3000 scontext=system_u:system_r:other_web_t:s0 tcontext=system_u:object_r:ntop_port_t:s0 tclass=tcp_socket permissive=0
type=AVC msg=audit(1795379755.628:53): avc:  denied  { read } for  pid=352 comm="nginx" name="x" scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:other_content_t:s0 tclass=file permissive=0
type=AVC msg=audit(1795379756.628:54): avc:  denied  { frob } for  pid=352 comm="nginx" scontext=other_u:system_r:httpd_t:s0 tcontext=system_u:object_r:etc_t:s0 tclass=file permissive=0
LOG
# analyzed DOMAIN: verdict and number of fixes of each diagnosis. By a person: a service that
# starts the program gets the monitor's domain, which reads no such file.
analyzed() {
    as_user root nginx-selguard analyze --format json --domain "$1" --audit-log "$SCENARIO_DIR/foreign.log" | python3 -c '
import json, sys
print(" ".join("%s-%d" % (d["verdict"], len(d["fixes"])) for d in json.load(sys.stdin)["diagnoses"]))'
}
check_eq "a source type that this policy lacks: nothing is known" undetermined-0 "$(analyzed other_web_t)"
check_eq "nor of a target type or a user" "undetermined-0 undetermined-0" "$(analyzed httpd_t)"
