-- The schema of Latchkey, version 1. Times are seconds since 1970, bound by the caller; a *_ms column holds
-- milliseconds. *_hash columns hold the SHA-256 of a secret of 256 random bits: the secret itself is never stored.
-- Lists of words are separated by single spaces. The build embeds this file without its comments.

-- Accounts. What a user is allowed to know or prove is in other tables.
CREATE TABLE users (
  user_id TEXT PRIMARY KEY,            -- the `sub` of every token: random, never a name
  username TEXT NOT NULL UNIQUE,       -- small letters; the preferred_username claim
  password TEXT,                       -- Argon2id hash, sealed under keys/credentials.key; NULL: cannot sign in by password
  password_changed_at INTEGER,
  password_short INTEGER NOT NULL,     -- 1: it would not do alone, without a second factor that stands before it
  created_at INTEGER NOT NULL,
  disabled_at INTEGER,                 -- set: signs in nowhere, and no token of the user counts
  deletion_at INTEGER,                 -- the user wants the account gone: from then on it may be removed
  second_factor_required INTEGER NOT NULL, -- 1: signs in with two factors only
  version INTEGER NOT NULL,            -- grows with every change that the user makes: two tabs never overwrite each other
  passkey_challenges INTEGER NOT NULL  -- how many challenges for new passkeys were used up
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_deletion ON users (deletion_at) WHERE deletion_at IS NOT NULL;

-- Claims about users (OpenID Connect Core 5.1, and the operator's own, such as groups).
CREATE TABLE user_claims (
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  name TEXT NOT NULL,                  -- "email", "address", "groups"
  value TEXT NOT NULL,                 -- JSON, checked and written compactly when it was stored
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_claims_by_email ON user_claims (lower(value)) WHERE name = 'email';

-- New e-mail addresses that wait to be proven.
CREATE TABLE email_changes (
  user_id TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  email TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Authenticator apps (RFC 6238): one a user.
CREATE TABLE totp (
  user_id TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  seed TEXT NOT NULL,                  -- sealed under keys/credentials.key
  created_at INTEGER NOT NULL,
  confirmed_at INTEGER,                -- NULL: no code has shown yet that the app has it
  last_step INTEGER                    -- the time step of the last code that counted: each counts once
) STRICT, WITHOUT ROWID;

-- Recovery codes, for who lost their second factor.
CREATE TABLE recovery_codes (
  code_hash BLOB PRIMARY KEY,          -- HMAC-SHA-256 of user and code under keys/credentials.key
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- Passkeys (WebAuthn): public keys, in any number.
CREATE TABLE passkeys (
  credential_id BLOB PRIMARY KEY,      -- chosen by the authenticator
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  name TEXT NOT NULL,                  -- given by the user
  public_jwk TEXT NOT NULL,            -- in the form of signing_keys.public_jwk
  sign_count INTEGER NOT NULL,         -- 0: the authenticator does not count
  backed_up INTEGER NOT NULL,          -- 1: synchronised between devices
  transports TEXT NOT NULL,            -- words: how the browser reaches it
  created_at INTEGER NOT NULL,
  last_used_at INTEGER                 -- NULL: never
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- Browsers that a user signed in from before: a sign-in from another one is told by mail.
CREATE TABLE devices (
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  device_hash BLOB NOT NULL,           -- of the browser's own cookie
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, device_hash)
) STRICT, WITHOUT ROWID;

-- Links that were sent by mail, each of which counts once.
CREATE TABLE links (
  link_hash BLOB PRIMARY KEY,
  kind TEXT NOT NULL,                  -- reset_password | verify_email | not_me
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  detail TEXT,                         -- the address that verify_email proves; the sid that not_me ends
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_user ON links (user_id, kind);
CREATE INDEX links_by_expiry ON links (expires_at);

-- Invitations to make an account.
CREATE TABLE invitations (
  invitation_hash BLOB PRIMARY KEY,
  email TEXT,                          -- whom it is for; the new account has it, proven; NULL: anybody with the link
  requested INTEGER NOT NULL,          -- 1: asked for on the sign-up page, by whoever gets mail there; 0: made by the operator
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_request ON invitations (lower(email)) WHERE requested = 1;

-- Applications (RFC 7591 client metadata, and switches of our own).
CREATE TABLE clients (
  client_id TEXT PRIMARY KEY,
  client_name TEXT NOT NULL,           -- shown on the consent page
  client_uri TEXT,
  logo_uri TEXT,
  policy_uri TEXT,
  tos_uri TEXT,
  application_type TEXT NOT NULL,      -- web | native
  token_endpoint_auth_method TEXT,     -- none: a public client; client_secret_basic, client_secret_post; NULL: either of these two
  secret TEXT,                         -- Argon2id hash, sealed under keys/clients.key; NULL for public clients
  secret_verifier BLOB,                -- HMAC-SHA-256 under keys/clients.key, set after the first Argon2id check
  redirect_uris TEXT NOT NULL,         -- separated by spaces, compared as strings
  post_logout_redirect_uris TEXT NOT NULL,
  grant_types TEXT NOT NULL,           -- words
  scope TEXT NOT NULL,                 -- words it may ask for
  default_max_age INTEGER,             -- NULL: none
  require_auth_time INTEGER NOT NULL,
  default_acr_values TEXT,             -- words: how its users must have signed in at least; NULL: any way
  pkce TEXT NOT NULL,                  -- required | nonce | optional
  refresh_grace_seconds INTEGER,       -- NULL: by the kind of client
  refresh_idle_seconds INTEGER,        -- a refresh token unused for so long ends; NULL: the configuration's, likewise below
  refresh_seconds INTEGER,             -- a family of refresh tokens ends then at the latest
  access_token_seconds INTEGER,
  jwks TEXT,                           -- public keys for private_key_jwt: lines, each a JWK in the form of signing_keys.public_jwk
  token_endpoint_auth_signing_alg TEXT, -- NULL: any that a key is registered for
  require_pushed_authorization_requests INTEGER, -- 1: only by PAR (RFC 9126 6)
  introspection TEXT,                  -- NULL: of its own tokens and of its own resource's; all: of any token
  consent TEXT NOT NULL,               -- remember | always | none
  id_token_claims TEXT NOT NULL,       -- full | minimal
  access_token_format TEXT NOT NULL,   -- jwt | opaque
  id_token_signed_response_alg TEXT NOT NULL, -- RS256
  resource_handling TEXT NOT NULL,     -- honour | ignore
  claim_mapping TEXT NOT NULL,         -- lines: claim, tab, "constant" or the type of a source, tab, JSON or the source's name
  groups_filter TEXT NOT NULL,         -- words: only groups that begin with one of them; empty: all
  trace INTEGER NOT NULL,              -- its requests are explained in the log (demonstration clients)
  created_at INTEGER NOT NULL,
  disabled_at INTEGER
) STRICT, WITHOUT ROWID;

-- Browsers that are signed in.
CREATE TABLE sessions (
  session_hash BLOB PRIMARY KEY,       -- of the cookie
  sid TEXT NOT NULL,                   -- the `sid` claim; stays when the cookie changes
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  auth_time INTEGER NOT NULL,          -- when the user last proved who they are
  amr TEXT NOT NULL,                   -- words of RFC 8176: "pwd"
  acr TEXT NOT NULL,
  last_seen_at INTEGER NOT NULL,
  idle_seconds INTEGER NOT NULL,       -- ends when unseen for so long
  expires_at INTEGER NOT NULL,         -- ends then at the latest
  address TEXT,
  user_agent TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, sid);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Authorization requests that wait for their user: one row a request, so that tabs never mix.
CREATE TABLE flows (
  flow_id TEXT PRIMARY KEY,            -- in URLs; begins with the time, so that old ones sort first
  secret_hash BLOB NOT NULL,           -- of the cookie that binds it to one browser
  client_id TEXT REFERENCES clients ON DELETE CASCADE, -- NULL: somebody signs in without an application
  redirect_uri TEXT,
  response_mode TEXT,                  -- query | form_post
  state BLOB,                          -- echoed to the byte
  scope TEXT,                          -- words, unknown ones dropped
  nonce TEXT,
  code_challenge TEXT,
  id_token_hint TEXT,                  -- unverified, sealed by the cookie; NULL once it was read
  claims TEXT,                         -- the `claims` parameter as sent: JSON that nobody has parsed yet
  claims_id_token TEXT,                -- words: claims asked for one by one; set when `claims` was read
  claims_userinfo TEXT,
  resource TEXT,                       -- words (RFC 8707)
  confirmation TEXT,                   -- for DPoP and mTLS
  prompt TEXT,                         -- words
  max_age INTEGER,                     -- NULL: none
  login_hint TEXT,
  pushed_request_hash BLOB,            -- it came by PAR: that entry ends with the flow
  required_user_id TEXT,               -- by id_token_hint or claims: nobody else may finish it
  acr_values TEXT,                     -- words
  first_user_id TEXT,                  -- who proved a password here and owes a second factor
  first_at INTEGER,                    -- when
  stay INTEGER NOT NULL,               -- 1: "stay signed in" was chosen with the password
  passkey_challenges INTEGER NOT NULL, -- how many challenges for a passkey were used up
  selected_user_id TEXT,               -- who signed in, or was chosen, on its own pages (prompt=login, select_account)
  address TEXT,                        -- for the limit of flows under way
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX flows_by_expiry ON flows (expires_at);

-- What users allowed applications to have.
CREATE TABLE consents (
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE,
  scope TEXT NOT NULL,                 -- words
  claims TEXT NOT NULL,                -- words: claims allowed one by one
  granted_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

-- One row for each sign-in at an application: its authorization code, and what all its tokens stand on.
-- It stays after the code was used, so that a replay is seen and revokes the tokens.
CREATE TABLE grants (
  grant_id TEXT PRIMARY KEY,
  code_hash BLOB UNIQUE,
  code_expires_at INTEGER,
  code_used_at_ms INTEGER,             -- NULL: not yet
  client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  sid TEXT,                            -- the session that it came from
  redirect_uri TEXT NOT NULL,
  code_challenge TEXT,
  nonce TEXT,
  scope TEXT NOT NULL,                 -- words granted
  claims_id_token TEXT,                -- words: claims asked for one by one
  claims_userinfo TEXT,
  resource TEXT,
  confirmation TEXT,
  auth_time INTEGER NOT NULL,
  amr TEXT NOT NULL,
  acr TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  refresh_generation INTEGER,          -- of the current refresh token; NULL: none was issued
  refresh_hash BLOB,                   -- of the current one
  refresh_previous_hash BLOB,          -- of the one before
  refresh_previous_used_at INTEGER,    -- when it was first used: the grace window counts from then
  refresh_successor BLOB,              -- the current one's random part, sealed by the one before; NULL once the current one was used
  refresh_expires_at INTEGER,          -- when the current one ends if it is not used
  refresh_ends_at INTEGER,             -- when the family ends at the latest
  expires_at INTEGER NOT NULL,         -- when nothing of it can be valid any more: the row may go
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_user ON grants (user_id, client_id);
CREATE INDEX grants_by_expiry ON grants (expires_at);

-- Access tokens, found by their hash: userinfo and introspection ask here, not the signature.
CREATE TABLE access_tokens (
  token_hash BLOB PRIMARY KEY,
  grant_id TEXT REFERENCES grants ON DELETE CASCADE, -- NULL: client_credentials
  client_id TEXT NOT NULL,
  user_id TEXT,
  scope TEXT NOT NULL,
  audience TEXT NOT NULL,              -- words
  confirmation TEXT,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX access_tokens_by_grant ON access_tokens (grant_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

-- APIs that access tokens can be for (RFC 8707).
CREATE TABLE resources (
  resource TEXT PRIMARY KEY,           -- the value of the resource parameter, and the token's audience
  name TEXT NOT NULL,
  client_id TEXT,                      -- the API's own client, which may introspect its tokens
  access_token_seconds INTEGER,        -- NULL: the configuration's
  signing_alg TEXT,                    -- NULL: RS256
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Scopes beside those of OpenID Connect.
CREATE TABLE scopes (
  scope TEXT PRIMARY KEY,              -- a scope-token, or a pattern: "read:organization:*", where * is one part without a colon
  description TEXT NOT NULL,           -- what the consent page says
  resource TEXT REFERENCES resources ON DELETE CASCADE, -- NULL: of the issuer itself
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Pushed authorization requests (RFC 9126).
CREATE TABLE pushed_requests (
  request_hash BLOB PRIMARY KEY,       -- of the random part of the request_uri
  client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE,
  parameters TEXT NOT NULL,            -- as a form, checked once already, sealed by the request_uri
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);

-- Client assertions that were used: each jti counts once (RFC 7523 3).
CREATE TABLE assertions (
  assertion_hash BLOB PRIMARY KEY,     -- SHA-256 of client and jti
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX assertions_by_expiry ON assertions (expires_at);

-- What has to be sent: references alone, never a secret.
CREATE TABLE outbox (
  outbox_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,                  -- "mail.reset_password"
  user_id TEXT,
  client_id TEXT,
  sid TEXT,
  detail TEXT,                         -- a few words: the factor that was added, the old address to tell
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,           -- how often sending was tried; says, too, whose attempt is under way
  due_at INTEGER NOT NULL              -- not before; while it is being sent, until when nobody else tries
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due_at);
CREATE INDEX outbox_by_user ON outbox (user_id, kind);

-- Keys that sign tokens. The private halves are files in keys/signing.
CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  alg TEXT NOT NULL,                   -- RS256
  state TEXT NOT NULL,                 -- next | active | retired
  public_jwk TEXT NOT NULL,            -- JSON, as the jwks shows it
  created_at INTEGER NOT NULL,         -- and published
  promote_at INTEGER,                  -- of a next key: from then on any signing endpoint makes it the active one
  activated_at INTEGER,
  retired_at INTEGER,
  expires_at INTEGER                   -- a retired key leaves the jwks then
) STRICT, WITHOUT ROWID;

-- What happened, in order. Never a token, code, password or secret.
CREATE TABLE audit (
  audit_id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,                 -- "login.success"
  user_id TEXT,
  client_id TEXT,
  sid TEXT,
  grant_id TEXT,
  address TEXT,
  request_id TEXT,                     -- the id in the log
  detail TEXT                          -- a few words: the clause of a refusal, the scopes of a consent
) STRICT;
CREATE INDEX audit_by_user ON audit (user_id, audit_id) WHERE user_id IS NOT NULL;

-- The chain over the audit log: each seal covers the events up to audit_id and the seal before.
CREATE TABLE audit_seals (
  audit_id INTEGER PRIMARY KEY,        -- the last event covered
  mac BLOB NOT NULL,                   -- HMAC-SHA-256 under keys/audit.key, which no endpoint reads
  sealed_at INTEGER NOT NULL
) STRICT;

-- Counters of failed attempts, one row for each account or address and each window of time.
CREATE TABLE limits (
  subject TEXT PRIMARY KEY,            -- "login:account:…", "login:address:…"
  attempts INTEGER NOT NULL,
  expires_at INTEGER NOT NULL          -- the window's end: the count starts anew
) STRICT, WITHOUT ROWID;
CREATE INDEX limits_by_expiry ON limits (expires_at);

PRAGMA user_version = 1;
