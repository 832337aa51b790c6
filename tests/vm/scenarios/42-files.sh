# Files that nginx serves or writes: wrong labels, homes, /root, /opt, /srv, an ACL, mounts.
# needs: project
# timeout: 700
# takes: 130
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

check "a monitor that knows nothing yet" monitor_forget
site=http://127.0.0.1:8008
# content PATH [TYPE]: a page that file modes let everybody read.
content() {
    mkdir -p "$(dirname "$1")"
    echo content >"$1"
    chmod 644 "$1"
    restorecon "$(dirname "$1")" "$1"
    [[ -z ${2-} ]] || chcon -t "$2" "$1"
}

content /var/www/html/moved.html user_home_t
content /opt/shop/static/page.html
content /opt/shop/static/moved.html user_home_t
content /srv/shop/page.html
content /srv/site/releases/7/page.html
ln -s releases/7 /srv/site/current
content /srv/apart/page.html
mkdir -p /srv/around/app
restorecon -R /srv/around
content /data/www/page.html
restorecon /data
content /home/operator/public/page.html user_home_t
chcon -t user_home_t /home/operator/public
chmod 711 /home/operator
content /home/reader/site/page.html user_home_t
chcon -t user_home_t /home/reader/site
chmod 700 /home/reader
content /root/site/page.html
content /var/www/html/acl.html
setfacl -m u:www-data:--- /var/www/html/acl.html
mkdir -p /srv/usb /srv/upload /srv/noexec
# As nginx wants it; one of another owner it would try to change at its start.
chown www-data /srv/upload
chmod 700 /srv/upload
check "a medium with one label for all" mount -t tmpfs -o context=system_u:object_r:removable_t:s0 tmpfs /srv/usb
echo content >/srv/usb/page.html
check "content where nothing may be executed" \
    mount -t tmpfs -o noexec,mode=755,rootcontext=system_u:object_r:httpd_sys_content_t:s0 tmpfs /srv/noexec
echo content >/srv/noexec/page.html
restorecon /srv/noexec/page.html
chcon -t httpd_sys_content_t /srv/noexec/page.html
echo '<?php echo "taken";' >/var/www/html/upload.php
check "php-fpm, which takes uploads" systemctl start php8.2-fpm

check "a site" nginx_site shop <<'CONF'
server {
    listen 8008;
    server_name shop.example.com;
    root /var/www/html;
    location /opt/ { alias /opt/shop/static/; }
    location /srv/ { alias /srv/shop/; }
    location /current/ { alias /srv/site/current/; }
    location /dots/ { alias /srv/around/app/../../apart/; }
    location /home/ { alias /home/operator/public/; }
    location /closed/ { alias /home/reader/site/; }
    location /root/ { alias /root/site/; }
    location /data/ { alias /data/www/; }
    location /usb/ { alias /srv/usb/; }
    location /noexec/ { alias /srv/noexec/; }
    location /upload/ {
        client_body_temp_path /srv/upload;
        client_body_in_file_only clean;
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME /var/www/html/upload.php;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
    }
}
CONF
# A file system of its own for that, mounted when nginx has started already.
check "a tmpfs for uploads" mount -t tmpfs -o mode=755 tmpfs /srv/upload
keep /etc/nginx

expect_http 200 "$site/opt/page.html"
expect_http 200 "$site/noexec/page.html"
for location in moved.html opt/moved.html srv/page.html current/page.html dots/page.html home/page.html closed/page.html root/page.html \
    acl.html data/page.html usb/page.html; do
    expect_http 403 "$site/$location"
done
expect_http 500 "$site/upload/" --data 'some body'
expect_table denied

check "the moved file" apply_first /var/www/html/moved.html
expect_http 200 "$site/moved.html"
check "the one under /opt" apply_first /opt/shop/static/moved.html
expect_http 200 "$site/opt/moved.html"
check "the one behind a link" apply_first /srv/site/current/page.html
expect_http 200 "$site/current/page.html"
check "which is taken back" as_user operator selguardctl revert "$change"
# Two by hand, in one transaction of the policy store, and one by the service.
mkdir -p "$SCENARIO_DIR/batch"
check "/srv and a home" catalogue batch "$SCENARIO_DIR/batch" /srv/shop/page.html \
    /srv/around/app/../../apart/page.html /home/operator/public/page.html
check "labelled by hand" bash "$SCENARIO_DIR/batch/make"
expect_http 200 "$site/srv/page.html"
expect_http 200 "$site/dots/page.html"
expect_http 200 "$site/home/page.html"
check "a directory below the root" apply_first /data/www/page.html
expect_http 200 "$site/data/page.html"
check "a closed home as advised" follow_advice /home/reader/site/page.html
check "the ACL as advised" follow_advice /var/www/html/acl.html
expect_http 200 "$site/acl.html"
# By an administrator: what mounts at boot may not give a file system that label in this policy.
lines=$(catalogue commands /srv/usb/page.html)
note "$lines"
check "the medium as advised" as_user root bash -ec "$lines"
echo content >/srv/usb/page.html
expect_http 200 "$site/usb/page.html"
check "the upload directory as advised" follow_advice /srv/upload/0000000001
expect_http 200 "$site/upload/" --data 'some body'

check "change $change is taken back" as_user operator selguardctl revert "$change"
check "and the others" bash "$SCENARIO_DIR/batch/undo"
rm -rf /data
systemctl stop php8.2-fpm
umount /srv/usb /srv/upload /srv/noexec
