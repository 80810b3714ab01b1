-- Times are Unix milliseconds. A column named sealed_* holds what Sealing makes, one named *_hash a SHA-256 of something random.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE apps (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  is_enabled INTEGER NOT NULL DEFAULT 1,
  default_ttl_s INTEGER NOT NULL,
  longest_ttl_s INTEGER NOT NULL,
  longest_session_s INTEGER,
  allocations_per_subject INTEGER,
  bits_per_second_per_subject INTEGER,
  bytes_per_month INTEGER,
  peers_allow TEXT NOT NULL DEFAULT '[]',
  peers_deny TEXT NOT NULL DEFAULT '[]',
  rotate_every_days INTEGER,
  sealed_signing_key BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
  app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  sealed_value BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'retiring', 'revoked')),
  accepted_until_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  retired_at_ms INTEGER,
  revoked_at_ms INTEGER,
  last_used_at_ms INTEGER,
  PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  key_hash BLOB NOT NULL UNIQUE,
  requests_per_second INTEGER NOT NULL,
  expires_at_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  last_used_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_app ON api_keys (app_id);

CREATE TABLE turn_users (
  name TEXT PRIMARY KEY,
  realm TEXT NOT NULL,
  sealed_keys BLOB NOT NULL,
  expires_at_ms INTEGER,
  allocations INTEGER,
  bits_per_second INTEGER,
  bytes_per_month INTEGER,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE bans (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('address', 'subject', 'user')),
  address_range TEXT,
  app_id TEXT,
  name TEXT,
  reason TEXT NOT NULL,
  expires_at_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_blobs (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL COLLATE NOCASE UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('owner', 'operator', 'viewer')),
  password_hash TEXT NOT NULL,
  sealed_totp BLOB,
  totp_last_step INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL,
  last_sign_in_at_ms INTEGER,
  version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  code_hash BLOB NOT NULL,
  PRIMARY KEY (account_id, code_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_ins (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  cookie_hash BLOB NOT NULL UNIQUE,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  last_seen_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_ins_by_account ON sign_ins (account_id);

CREATE TABLE sign_in_failures (
  address TEXT NOT NULL,
  username TEXT NOT NULL COLLATE NOCASE,
  failures INTEGER NOT NULL,
  last_failure_at_ms INTEGER NOT NULL,
  PRIMARY KEY (address, username)
) STRICT, WITHOUT ROWID;

CREATE TABLE admin_tokens (
  id TEXT PRIMARY KEY,
  account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  token_hash BLOB NOT NULL UNIQUE,
  scope TEXT NOT NULL CHECK (scope IN ('read', 'operate', 'own', 'metrics')),
  expires_at_ms INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  -- Never given twice, even when all before has gone.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  address TEXT,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at_ms);

CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE (ABORT, 'the audit log is append only');
END;

CREATE TRIGGER audit_goes_by_age_alone BEFORE DELETE ON audit
WHEN old.at_ms >= coalesce((SELECT value FROM meta WHERE key = 'audit_kept_from_ms'), old.at_ms)
BEGIN
  SELECT RAISE (ABORT, 'the audit log is append only');
END;

CREATE TABLE usage (
  resolution TEXT NOT NULL CHECK (resolution IN ('minute', 'hour', 'day')),
  start_ms INTEGER NOT NULL,
  app TEXT NOT NULL,
  subject TEXT NOT NULL,
  transport TEXT NOT NULL,
  bytes_up INTEGER NOT NULL,
  bytes_down INTEGER NOT NULL,
  packets_up INTEGER NOT NULL,
  packets_down INTEGER NOT NULL,
  drops INTEGER NOT NULL,
  allocations INTEGER NOT NULL,
  peak_bits_per_second INTEGER NOT NULL,
  PRIMARY KEY (resolution, start_ms, app, subject, transport)
) STRICT, WITHOUT ROWID;

CREATE TABLE failures (
  resolution TEXT NOT NULL CHECK (resolution IN ('minute', 'hour', 'day')),
  start_ms INTEGER NOT NULL,
  cause TEXT NOT NULL,
  app TEXT NOT NULL,
  subject TEXT NOT NULL,
  transport TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (resolution, start_ms, cause, app, subject, transport)
) STRICT, WITHOUT ROWID;

CREATE TABLE monthly_bytes (
  month TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('app', 'user')),
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (month, kind, name)
) STRICT, WITHOUT ROWID;
