/** Which credential a key belongs to. */
export type Credential =
  | { readonly kind: 'static'; readonly name: string }
  | {
      readonly kind: 'rest';
      readonly app: string;
      /** Without the app that its username names. */
      readonly subject: string;
      readonly secretId: string;
      /** The API key that issued it; null when its username names none. */
      readonly keyId: string | null;
      /** Unix time in seconds: the username's expiry, or the end of a retiring secret where that comes first. */
      readonly expiresAtS: number;
    };

/** Whom quotas, buckets and bans go by, as a `Map` key: a subject of one app, or a static user. */
export type HolderKey = string & { readonly brand: 'HolderKey' };

/** The key of an app's subject. An app's id holds no slash, so no two pairs share a key. */
export function subjectKey(app: string, subject: string): HolderKey {
  return `${app}/${subject}` as HolderKey;
}

/** The key of a static user: no app has the empty id. */
export function userKey(name: string): HolderKey {
  return `/${name}` as HolderKey;
}

/** Whom a credential's sessions are counted under. */
export function holderOf(credential: Credential): HolderKey {
  return credential.kind === 'rest' ? subjectKey(credential.app, credential.subject) : userKey(credential.name);
}
