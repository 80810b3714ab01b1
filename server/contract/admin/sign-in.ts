import Type from 'typebox';
import { Account, Password, Username } from './accounts.ts';
import { strict } from './fields.ts';

/** What is given to sign in. */
export const SignInRequest = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 64 }),
    password: Password,
    code: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'A time-based code or a recovery code, where the account asks for one (`code_required`).',
      }),
    ),
  },
  strict,
);

/** Who is signed in now. */
export const SignedIn = Type.Object({ account: Account });

/** What is given with the setup link. */
export const SetupRequest = Type.Object(
  {
    token: Type.String({ maxLength: 128, description: 'What follows /setup/ in the link.' }),
    username: Username,
    password: Password,
  },
  strict,
);

/** Whether there is an owner yet. */
export const SetupState = Type.Object({
  state: Type.Enum(['needed', 'done'], { description: 'needed: the setup link makes the first owner.' }),
});
