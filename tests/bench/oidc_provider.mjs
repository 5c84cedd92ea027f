// A peer for `make bench-peers`: oidc-provider on a port, in memory or on SQLite. RS256 JWTs as access tokens, rotating refresh tokens.
//   PORT, STORE=memory|sqlite, FOLDER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI; it runs in build/peers, where its packages are.
import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { PORT, STORE, FOLDER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;
const peers = createRequire(path.join(process.cwd(), 'package.json'));
const { default: Provider } = await import(pathToFileURL(path.join(process.cwd(), 'node_modules/oidc-provider/lib/index.js')));
const seconds = () => Math.floor(Date.now() / 1000);

/** Entries in a Map, found by their id or by one of the names that oidc-provider looks for. Nothing is ever removed for its age. */
function memoryStore() {
	const entries = new Map();
	const names = new Map();
	const byGrant = new Map();
	return {
		put(key, payload, secondary, grant) {
			entries.set(key, payload);
			for (const name of secondary)
				names.set(name, key);
			if (grant)
				byGrant.set(grant, [...byGrant.get(grant) ?? [], key]);
		},
		get: (key) => entries.get(key),
		getBy: (name) => entries.get(names.get(name)),
		consume: (key) => { entries.get(key).consumed = seconds(); },
		remove: (key) => entries.delete(key),
		removeGrant(grant) {
			for (const key of byGrant.get(grant) ?? [])
				entries.delete(key);
			byGrant.delete(grant);
		},
	};
}

/** The same on disk; each change is synchronised before it counts, as Latchkey does it. */
function sqliteStore() {
	const db = new (peers('better-sqlite3'))(path.join(FOLDER, 'provider.db'));
	db.pragma('journal_mode = WAL');
	db.pragma('synchronous = FULL');
	db.exec(`CREATE TABLE entries (key TEXT PRIMARY KEY, payload TEXT NOT NULL, name TEXT, grant_id TEXT, expires_at INTEGER, consumed INTEGER) WITHOUT ROWID;
		CREATE INDEX entries_by_name ON entries (name) WHERE name IS NOT NULL; CREATE INDEX entries_by_grant ON entries (grant_id) WHERE grant_id IS NOT NULL`);
	const put = db.prepare('INSERT OR REPLACE INTO entries (key, payload, name, grant_id, expires_at) VALUES (?, ?, ?, ?, ?)');
	const get = db.prepare('SELECT payload, expires_at, consumed FROM entries WHERE key = ?');
	const getBy = db.prepare('SELECT payload, expires_at, consumed FROM entries WHERE name = ?');
	const consume = db.prepare('UPDATE entries SET consumed = ? WHERE key = ?');
	const remove = db.prepare('DELETE FROM entries WHERE key = ?');
	const removeGrant = db.prepare('DELETE FROM entries WHERE grant_id = ?');
	const read = (row) => (!row || (row.expires_at && row.expires_at < seconds()) ? undefined
		: { ...JSON.parse(row.payload), ...(row.consumed ? { consumed: row.consumed } : {}) });
	return {
		put: (key, payload, [name = null], grant, life) => put.run(key, JSON.stringify(payload), name, grant ?? null, life ? seconds() + life : null),
		get: (key) => read(get.get(key)),
		getBy: (name) => read(getBy.get(name)),
		consume: (key) => consume.run(seconds(), key),
		remove: (key) => remove.run(key),
		removeGrant: (grant) => removeGrant.run(grant),
	};
}

const store = STORE === 'sqlite' ? sqliteStore() : memoryStore();

class Adapter {
	constructor(model) {
		this.model = model;
	}

	async upsert(id, payload, life) {
		const names = [payload.uid && `${this.model}:uid:${payload.uid}`, payload.userCode && `${this.model}:code:${payload.userCode}`].filter(Boolean);
		store.put(`${this.model}:${id}`, payload, names, payload.grantId, life);
	}

	async find(id) { return store.get(`${this.model}:${id}`); }
	async findByUid(uid) { return store.getBy(`${this.model}:uid:${uid}`); }
	async findByUserCode(code) { return store.getBy(`${this.model}:code:${code}`); }
	async consume(id) { store.consume(`${this.model}:${id}`); }
	async destroy(id) { store.remove(`${this.model}:${id}`); }
	async revokeByGrantId(grant) { store.removeGrant(grant); }
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const API = 'urn:measured:api';

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
	adapter: Adapter,
	jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'measured' }] },
	cookies: { keys: ['only measured'] },
	clients: [{
		client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI], response_types: ['code'],
		grant_types: ['authorization_code', 'refresh_token', 'client_credentials'], token_endpoint_auth_method: 'client_secret_basic',
	}],
	scopes: ['openid', 'profile', 'email', 'api'],
	claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
	findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id, name: 'Alice Example', email: 'alice@example.org' }) }),
	pkce: { required: () => true },
	rotateRefreshToken: true,
	issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
	features: {
		devInteractions: { enabled: true },
		clientCredentials: { enabled: true },
		introspection: { enabled: true },
		userinfo: { enabled: true },
		resourceIndicators: {
			enabled: true,
			defaultResource: async (_, __, asked) => asked,
			getResourceServerInfo: async () => ({ scope: 'api', audience: API, accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'RS256' } } }),
		},
	},
});
provider.on('server_error', (_, error) => console.error(error));
provider.listen(Number(PORT), '127.0.0.1');
