import type { ApplicationPorts } from '../api/public/ports.ts';
import type { Readiness } from '../api/public/health.ts';
import { createMetricsListener } from '../api/metrics-listener.ts';
import { createPublicListener } from '../api/public-listener.ts';
import { observeResponses } from '../api/response-times.ts';
import { TrustedProxies } from '../api/trusted-proxies.ts';
import type { HttpListen } from '../config/resolved-config.ts';
import { ipv4, ipv6, sameIp } from '../stun/transport-address.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import type { ApplianceView } from './appliance-view.ts';
import { EnvironmentError } from './errors.ts';
import { openHttpListener, type HttpListener, type HttpListening } from './http-listener.ts';
import type { Management } from './management.ts';
import { publicUrlOf } from './running-parts.ts';
import type { HttpSurface } from './no-http.ts';
import { adminCertificate } from './self-signed-certificate.ts';

const ipv4Loopback = ipv4(0x7f000001);
const ipv6Loopback = ipv6(0, 0, 0, 1);

/** What the HTTP listeners are opened with. */
export interface HttpSurfaceParts {
  readonly view: ApplianceView;
  readonly management: Management;
  /** Null: no certificate is configured. */
  readonly tls: TlsMaterial | null;
  readonly readiness: () => Readiness;
  readonly onFailure: (error: Error) => void;
}

/**
 * Opens the HTTP listeners, or none.
 * @throws EnvironmentError when a port cannot be bound
 */
export async function openHttpSurface(parts: HttpSurfaceParts): Promise<HttpSurface> {
  const { view, management, tls } = parts;
  const { http } = view.config();
  const opened: HttpListener[] = [];
  const open = async (listening: HttpListening): Promise<HttpListener> => {
    const listener = await openHttpListener(observed(listening, management));
    opened.push(listener);
    return listener;
  };
  const needsCertificate = tls === null && [http.admin, http.metrics].some((listen) => listen?.scheme === 'https');
  const made = needsCertificate ? adminCertificate(view.state.path, Date.now()) : null;
  const materialOf = (listen: HttpListen): TlsMaterial | null =>
    listen.scheme === 'http' ? null : (tls ?? made?.material ?? null);
  try {
    const publicListener = http.public === null ? null : await open(publicListening(parts, http.public));
    const openAdmin = (listen: HttpListen): Promise<HttpListener> =>
      open(adminListening(parts, listen, materialOf(listen)));
    const admin = http.admin === null ? null : await onLoopback(http.admin, openAdmin);
    const metrics =
      http.metrics === null ? null : await open(metricsListening(parts, http.metrics, materialOf(http.metrics)));
    return {
      public: publicListener,
      admin,
      metrics,
      adminCertificate: made,
      setCertificate: (renewed) => {
        publicListener?.setCertificate(renewed);
        if (http.admin?.scheme === 'https') admin?.setCertificate(renewed);
        if (http.metrics?.scheme === 'https') metrics?.setCertificate(renewed);
      },
      close: async () => {
        await Promise.all(opened.map((listener) => listener.close()));
      },
    };
  } catch (error) {
    await Promise.all(opened.map((listener) => listener.close()));
    throw error;
  }
}

/** Opens at [::1] what the default, 127.0.0.1, cannot be opened at: the loopback of a host without IPv4. */
async function onLoopback(
  listen: HttpListen,
  open: (listen: HttpListen) => Promise<HttpListener>,
): Promise<HttpListener> {
  try {
    return await open(listen);
  } catch (error) {
    const isMissing = error instanceof EnvironmentError && error.code === 'address_unavailable';
    if (!isMissing || listen.host === '*' || !sameIp(listen.host, ipv4Loopback)) throw error;
    return open({ ...listen, host: ipv6Loopback });
  }
}

/** The same, with every answer counted. */
function observed(listening: HttpListening, { metrics }: Management): HttpListening {
  const build: HttpListening['build'] = (gate) =>
    observeResponses(listening.build(gate), (answered) => metrics.observeHttp(answered));
  return { ...listening, build };
}

function adminListening(
  { management, onFailure }: HttpSurfaceParts,
  bind: HttpListen,
  tls: TlsMaterial | null,
): HttpListening {
  return {
    key: 'http.admin',
    bind,
    tls,
    onFailure,
    build: (gate) => management.api.createListener({ tls, ...gate }),
  };
}

function metricsListening(
  { management, onFailure }: HttpSurfaceParts,
  bind: HttpListen,
  tls: TlsMaterial | null,
): HttpListening {
  const metrics = (): ReturnType<typeof management.metrics.scrape> => management.metrics.scrape();
  return {
    key: 'http.metrics',
    bind,
    tls,
    onFailure,
    build: (gate) => createMetricsListener({ tls, metrics, onFailure, ...gate }),
  };
}

function publicListening(
  { view, management, tls, readiness, onFailure }: HttpSurfaceParts,
  bind: HttpListening['bind'],
): HttpListening {
  const { store, accounting } = view.records;
  const applications: ApplicationPorts = {
    store,
    issuing: management.issuing,
    isExhausted: (appId) => accounting.isAppExhausted(appId),
    publicUrl: () => publicUrlOf(view.running()),
    proxies: new TrustedProxies(view.config().http.trustedProxies),
    nowMs: () => Date.now(),
  };
  return {
    key: 'http.public',
    bind,
    tls,
    onFailure,
    build: (gate) => createPublicListener({ tls, onFailure, readiness, applications }, gate),
  };
}
