import { adminMethods, isSubject, isTtl, type AdminMethod, type AdminRequest, type ControlRequest } from './control.ts';
import { maxCredentialTtlS, maxSubjectBytes } from './limits.ts';

const appId = /^[a-z][a-z0-9-]{0,31}$/;
/** Segments of unreserved characters and percent-encoded bytes: nothing that a router could read in another way. */
const adminPath = /^(?:\/(?!\.{1,2}(?:\/|$))(?:[A-Za-z0-9._~:@!$&'()*+,;=-]|%(?!2[Ee])[0-9A-Fa-f]{2})+)+$/;

/** Reads what came through the control socket; a text says what is wrong with it. */
export function parseControlRequest(value: unknown): ControlRequest | string {
  if (typeof value !== 'object' || value === null || !('command' in value)) return 'a request is {"command": ...}';
  const { command, ...members } = value as { command: unknown } & Members;
  switch (command) {
    case 'health':
    case 'drain':
    case 'setup-link':
      return { command };
    case 'ice':
      return parseIce(members);
    case 'admin':
      return parseAdmin(members);
    case 'backup':
      return parseBackup(members);
    default:
      return `there is no command ${JSON.stringify(command)}: health, drain, ice, admin, backup or setup-link`;
  }
}

type Members = Readonly<Record<string, unknown>>;

function parseIce({ app, ttlSeconds, subject }: Members): ControlRequest | string {
  if (app !== undefined && !(typeof app === 'string' && appId.test(app))) {
    return `app ${JSON.stringify(app)} is no id of an app`;
  }
  if (ttlSeconds !== undefined && !isTtl(ttlSeconds)) {
    return `ttlSeconds ${JSON.stringify(ttlSeconds)} is not a whole number from 1 to ${maxCredentialTtlS}`;
  }
  if (subject !== undefined && !isSubject(subject)) {
    return `subject is not a text of at most ${maxSubjectBytes} bytes without control characters`;
  }
  return {
    command: 'ice',
    ...(app === undefined ? {} : { app }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function parseAdmin({ method, path, query, body, ifMatch }: Members): AdminRequest | string {
  if (!isAdminMethod(method)) return `method ${JSON.stringify(method)} is none of ${adminMethods.join(', ')}`;
  if (typeof path !== 'string' || !adminPath.test(path)) {
    return 'path is not one below /admin/v1 with encoded segments, such as /apps/chat';
  }
  if (query !== undefined && !isTextRecord(query)) return 'query is not an object of texts';
  if (ifMatch !== undefined && !(typeof ifMatch === 'string' && /^[\x21-\x7e]{1,256}$/.test(ifMatch))) {
    return 'ifMatch is no entity tag';
  }
  return {
    command: 'admin',
    method,
    path,
    ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { body }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
  };
}

function parseBackup({ file }: Members): ControlRequest | string {
  if (typeof file !== 'string' || !file.startsWith('/') || file.includes('\0')) return 'file is not an absolute path';
  return { command: 'backup', file };
}

function isAdminMethod(value: unknown): value is AdminMethod {
  return adminMethods.some((method) => method === value);
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === 'string');
}
