import Type from 'typebox';
import { Time } from './fields.ts';

/** A browser that is signed in to the console. */
const SignIn = Type.Object({
  id: Type.String(),
  address: Type.String({ description: 'Where it signed in from.' }),
  userAgent: Type.String(),
  createdAt: Time,
  lastSeenAt: Time,
  expiresAt: Time,
  current: Type.Boolean({ description: 'Whether this request came with it.' }),
});

/** Every sign-in of an account. */
export const SignInList = Type.Object({ signIns: Type.Array(SignIn) });

/** Names a sign-in of whoever asks. */
export const OwnSignInParams = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** Names a sign-in of an account. */
export const SignInParams = Type.Object({
  id: Type.String({ maxLength: 64 }),
  signIn: Type.String({ maxLength: 64 }),
});
