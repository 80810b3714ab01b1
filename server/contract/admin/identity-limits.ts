/** The shortest password of an account, in characters. */
export const minPasswordCharacters = 12;

/** The longest, which is as much as is hashed. */
export const maxPasswordCharacters = 512;

/** Recovery codes that come with time-based codes. */
export const recoveryCodeCount = 10;

/** The longest lifetime of an admin token, in days. */
export const maxTokenDays = 365;
