#!/bin/sh
# certbot runs this as root when it has renewed a certificate (RENEWED_LINEAGE is its directory below /etc/letsencrypt/live).
# It hands certificate and key to the group that may read /etc/turnpike/tls; Turnpike finds them there within seconds.
# Install it: install -m 0755 systemd/certbot-deploy-hook.sh /etc/letsencrypt/renewal-hooks/deploy/turnpike
set -eu
umask 077

tls=${TURNPIKE_TLS_DIR:-/etc/turnpike/tls}

# Renamed into place, so that nobody reads half of a file. The key first or last does not matter: Turnpike takes up a pair.
for name in fullchain.pem privkey.pem; do
  cp "$RENEWED_LINEAGE/$name" "$tls/$name.new"
  chown --reference="$tls" "$tls/$name.new"
  chmod 0640 "$tls/$name.new"
  mv "$tls/$name.new" "$tls/$name"
done
