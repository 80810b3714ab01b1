import Type from 'typebox';
import { Account, Password } from './accounts.ts';
import { strict } from './fields.ts';

/** Whoever is signed in. */
export const Me = Type.Object({
  account: Account,
  signInId: Type.String(),
  recoveryCodesLeft: Type.Integer(),
});

/** What is given to change one's own password. */
export const PasswordChange = Type.Object({ current: Password, password: Password }, strict);

/** What is given where whoever is signed in has to prove it again. */
export const PasswordProof = Type.Object({ password: Password }, strict);

/** A seed for an authenticator. It is in force once a code of it has been confirmed. */
export const NewTotp = Type.Object({
  secret: Type.String({ description: 'Base32, to type.' }),
  uri: Type.String({ description: 'otpauth://totp/..., to show as a QR code.' }),
});

/** What is given to confirm a seed. */
export const TotpConfirmation = Type.Object({ code: Type.String({ minLength: 6, maxLength: 16 }) }, strict);

/** Codes for whoever loses the authenticator, each good once. Shown this once. */
export const RecoveryCodes = Type.Object({ recoveryCodes: Type.Array(Type.String()) });
