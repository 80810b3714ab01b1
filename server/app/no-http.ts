import type { TlsMaterial } from '../transport/tls-material.ts';
import type { HttpListener } from './http-listener.ts';
import type { AdminCertificate } from './self-signed-certificate.ts';

/** The HTTP listeners of an appliance; each is null where it is off. */
export interface HttpSurface {
  readonly public: HttpListener | null;
  readonly admin: HttpListener | null;
  readonly metrics: HttpListener | null;
  /** The certificate that was made for the admin listener; null where it speaks plain HTTP, or with a configured one. */
  readonly adminCertificate: AdminCertificate | null;
  /** Serves new connections with another certificate, where the configured one is spoken. */
  setCertificate(tls: TlsMaterial): void;
  close(): Promise<void>;
}

/** That of an appliance that has none, and loads nothing for it. */
export const noHttp: HttpSurface = {
  public: null,
  admin: null,
  metrics: null,
  adminCertificate: null,
  setCertificate: () => undefined,
  close: () => Promise.resolve(),
};
