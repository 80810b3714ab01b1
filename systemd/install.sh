#!/bin/sh
# Installs Turnpike as a service, or a newer version over an older one. As root, in a clone in which its owner has run
# `npm run layout`; an argument names a layout that lies elsewhere. Nothing is started or restarted. With DESTDIR set, all of it
# goes below that directory.
set -eu
umask 022

destdir=${DESTDIR:-}
clone=$(cd "$(dirname "$0")/.." && pwd)
layout=${1:-$clone/dist/turnpike}
opt=$destdir/opt

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail 'run it as root.'
[ -x "$layout/bin/turnpike" ] || fail "$layout is missing. Run first, as the owner of the clone: npm run layout"
"$layout/bin/turnpike" version >/dev/null || fail "$layout/bin/turnpike does not run here; the lines above say why."

# The new version lies complete beside the old one before it takes its place. The old one stays, for the way back.
mkdir -p "$opt"
rm -rf "$opt/turnpike.new"
cp -R "$layout" "$opt/turnpike.new"
chown -R 0:0 "$opt/turnpike.new"
if [ -e "$opt/turnpike" ]; then
  rm -rf "$opt/turnpike.old"
  mv "$opt/turnpike" "$opt/turnpike.old"
fi
mv "$opt/turnpike.new" "$opt/turnpike"

put() {
  mkdir -p "$(dirname "$destdir$2")"
  install -o 0 -g 0 -m 0644 "$clone/systemd/$1" "$destdir$2"
}
put turnpike.service /etc/systemd/system/turnpike.service
put turnpike.sysusers /etc/sysusers.d/turnpike.conf
put turnpike.tmpfiles /etc/tmpfiles.d/turnpike.conf
mkdir -p "$destdir/usr/local/bin"
ln -sfn /opt/turnpike/bin/turnpike "$destdir/usr/local/bin/turnpike"

# The user first: it owns what the other one makes.
systemd-sysusers --root="${destdir:-/}" turnpike.conf
systemd-tmpfiles --root="${destdir:-/}" --create turnpike.conf
if [ -z "$destdir" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

echo "Installed: $("$opt/turnpike/bin/turnpike" version). Configuration: $destdir/etc/turnpike/turnpike.yaml"
echo 'Start it: systemctl enable --now turnpike     After an upgrade: systemctl restart turnpike'
