/** Live REST secrets at once: each costs a key derivation for every unauthenticated request. */
export const maxLiveSecrets = 8;

/** The shortest REST secret that is taken, in characters. Whoever holds one credential can try guesses offline. */
export const minSecretCharacters = 16;

/** The longest realm, in bytes of UTF-8 (RFC 8489 section 14.9: fewer than 128 characters). It is in every challenge sent to a stranger. */
export const maxRealmBytes = 127;

/** The longest USERNAME, in bytes of UTF-8 (RFC 8489 section 14.3: fewer than 509). */
export const maxUsernameBytes = 508;

/** The longest subject that credentials are issued for, in bytes of UTF-8; it leaves room for the expiry before it. */
export const maxSubjectBytes = 256;

/** The lifetime of an issued credential when none is asked for, in seconds. */
export const defaultCredentialTtlS = 43_200;

/** The longest lifetime of an issued credential, in seconds. */
export const maxCredentialTtlS = 86_400;

/** The lowest relay port: those below belong to other services and need privileges. */
export const minRelayPort = 1024;

/** The slowest rate limit that is of use, in bits per second: one packet of full size in its one second of depth. */
export const minBitsPerSecond = 16_000;
