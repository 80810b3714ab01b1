# Turnpike as an image; docs/install.md says how to run it, and why on the host's network.
#
#   docker build -t turnpike .
#
# Tags are pinned; their digests are for whoever builds to pin, with what their registry says:
#   docker build --build-arg DEBIAN=debian:12.12-slim@sha256:... --build-arg NPM=node:24.11.1-bookworm-slim@sha256:... .
# The one of NPM runs npm alone. Turnpike runs under the Node.js that package-lock.json pins.
ARG DEBIAN=debian:12.12-slim
ARG NPM=node:24.11.1-bookworm-slim

FROM ${NPM} AS build
# The pinned Node.js is linked with libatomic, which slim images lack.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libatomic1 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /turnpike
# What decides which packages are installed comes first: a change of the sources alone installs nothing anew.
COPY package.json package-lock.json .npmrc ./
COPY scripts/runtime scripts/runtime
RUN npm ci --include=dev --include=optional --loglevel=error
COPY tsconfig.json tsconfig.build.json README.md LICENSE CHANGELOG.md ./
COPY config config
COPY scripts scripts
COPY server server
RUN node scripts/bootstrap.mjs layout /opt/turnpike

FROM ${DEBIAN}
# The tag is fixed; the upgrade brings the security updates since. The user has a number, because that is what a cluster can check.
RUN apt-get update \
  && apt-get upgrade -y \
  && apt-get install -y --no-install-recommends libatomic1 \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --system --gid 10478 turnpike \
  && useradd --system --uid 10478 --gid turnpike --no-create-home --home-dir /var/lib/turnpike --shell /usr/sbin/nologin turnpike \
  && install -d -o turnpike -g turnpike -m 0700 /var/lib/turnpike \
  && ln -s /opt/turnpike/bin/turnpike /usr/local/bin/turnpike
COPY --from=build /opt/turnpike /opt/turnpike

# Configured by /etc/turnpike/turnpike.yaml, by flags behind `serve`, or by TURNPIKE_* variables: TURNPIKE_TURN_REALM is
# turn.realm, and with _FILE appended a variable names a file that holds the value, for secrets.
ENV TURNPIKE_DATA_DIR=/var/lib/turnpike
# The one place that is written to: the rest of the file system may be read-only.
VOLUME /var/lib/turnpike
# STUN and TURN; TURN over TLS, once there is a certificate; HTTP. The relay ports, UDP 49152-65535, are left out: publishing
# them one by one, as `docker run -P` would, takes minutes and gigabytes.
EXPOSE 3478/udp 3478/tcp 5349/tcp 8080/tcp
USER 10478:10478
# It drains for drainSeconds (30). An engine kills after 10 s unless told otherwise: docker run --stop-timeout 45
STOPSIGNAL SIGTERM
# Not healthy while it drains, either: no new sessions should be sent here.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 CMD ["/opt/turnpike/bin/turnpike", "health"]
# Node.js itself is process 1: it takes the signals, and starts no processes that somebody would have to wait for.
ENTRYPOINT ["/opt/turnpike/bin/node", "/opt/turnpike/server/cli/turnpike.js"]
CMD ["serve"]

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Turnpike" \
  org.opencontainers.image.description="A STUN/TURN server for WebRTC in one process" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
