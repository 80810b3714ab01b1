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

/** The longest lifetime of a credential that an app issues where nothing else is said, in seconds. */
export const longestDefaultTtlS = 86_400;

/** The longest lifetime that an app may be given, in seconds. */
export const maxCredentialTtlS = 604_800;

/** The lowest relay port: those below belong to other services and need privileges. */
export const minRelayPort = 1024;

/** The slowest rate limit that is of use, in bits per second: one packet of full size in its one second of depth. */
export const minBitsPerSecond = 16_000;

/** The longest label of a credential, in characters. */
export const maxLabelCharacters = 100;

/** The longest name of a room, in characters. */
export const maxRoomCharacters = 128;

/** The lifetime of a room token when none is asked for, in seconds. It is for joining: who is in stays in. */
export const defaultRoomTokenTtlS = 3_600;

/** The longest lifetime of a room token, in seconds. */
export const maxRoomTokenTtlS = 86_400;
