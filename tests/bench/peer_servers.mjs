// The servers that `make bench-peers` compares with: how each is installed, started, set up, and signed in to.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { Browser } from '../lib/browser.mjs';
import { challenge } from '../lib/client.mjs';
import { request } from '../lib/http.mjs';
import { freePort, start } from '../lib/process.mjs';
import { ROOT } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

const PEERS = path.join(ROOT, 'build/peers');
const PACKAGES = { 'better-sqlite3': '12.9.0', 'oidc-provider': '9.13.3' };
const HERE = path.dirname(fileURLToPath(import.meta.url));

export const CLIENT = { id: 'measured', secret: 'a-secret-of-more-than-thirty-two-characters', redirect_uri: 'https://client.example/callback' };
export const VERIFIER = 'v'.repeat(64);
export const CHALLENGE = challenge(VERIFIER);

/** npm's packages, at the versions above, below build/peers. Compiling better-sqlite3 takes two minutes. */
export function installNpm() {
	mkdirSync(PEERS, { recursive: true });
	const installed = Object.entries(PACKAGES).every(([name, version]) => {
		const file = path.join(PEERS, 'node_modules', name, 'package.json');
		return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version;
	});
	if (installed && existsSync(path.join(PEERS, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node')))
		return;
	console.log('bench-peers: npm installs oidc-provider and better-sqlite3 into build/peers');
	writeFileSync(path.join(PEERS, 'package.json'), `${JSON.stringify({ private: true, dependencies: PACKAGES }, null, '\t')}\n`);
	execFileSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: PEERS, stdio: 'inherit' });
}

async function launch(name, command, args, options, port, ready) {
	const service = start(command, args, options);
	await until(`${name} answers`, async () => {
		if (service.over)
			throw new Error(`it ended: ${service.output()}`);
		return (await request(`http://127.0.0.1:${port}${ready}`)).status === 200;
	}, 30);
	return service;
}

function folderFor(name) {
	const folder = mkdtempSync(path.join(os.tmpdir(), `latchkey-bench-${name}-`));
	process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

/** Calls of glewlwyd's API, with the cookies of who signed in. */
function apiOf(base) {
	const cookies = new Map();
	const call = async (method, where, body) => {
		const answer = await request(`${base}/api/${where}`, { method, body: body && JSON.stringify(body),
			headers: { 'Content-Type': 'application/json', Cookie: [...cookies].map((pair) => pair.join('=')).join('; ') } });
		if (answer.status !== 200)
			throw new Error(`glewlwyd: ${method} ${where}: ${answer.status} ${answer.text}`);
		for (const line of answer.headers['set-cookie'] ?? []) {
			const pair = line.split(';')[0];
			cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
		}
	};
	return { call, cookie: () => [...cookies].map((pair) => pair.join('=')).join('; ') };
}

async function setUpGlewlwyd(base) {
	const { call } = apiOf(base);
	const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' },
		privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
	await call('POST', 'auth/', { username: 'admin', password: 'password' });
	await call('POST', 'mod/plugin/', { module: 'oidc', name: 'oidc', display_name: 'oidc', enabled: true, parameters: {
		iss: `${base}/api/oidc`, 'jwt-type': 'rsa', 'jwt-key-size': '256', key: privateKey, cert: publicKey, 'jwks-show': true,
		'access-token-duration': 3600, 'refresh-token-duration': 1209600, 'code-duration': 600, 'refresh-token-rolling': true,
		'refresh-token-one-use': 'always', 'allow-non-oidc': true, 'auth-type-code-enabled': true, 'auth-type-client-enabled': true,
		'auth-type-refresh-enabled': true, 'auth-type-token-enabled': false, 'auth-type-implicit-enabled': false, 'auth-type-password-enabled': false,
		'auth-type-device-enabled': false, 'pkce-allowed': true, 'pkce-required': true, 'introspection-revocation-allowed': true,
		'introspection-revocation-allow-target-client': true, 'subject-type': 'public', 'name-claim': 'mandatory', 'email-claim': 'mandatory' } });
	await call('POST', 'scope/', { name: 'api', display_name: 'api', description: 'api', password_required: false });
	await call('POST', 'client/', { client_id: CLIENT.id, client_secret: CLIENT.secret, name: 'Measured', confidential: true, enabled: true,
		redirect_uri: [CLIENT.redirect_uri], scope: ['api'], authorization_type: ['code', 'client_credentials', 'refresh_token'],
		token_endpoint_auth_method: ['client_secret_basic'] });
	await call('POST', 'user/', { username: 'alice', password: 'correct horse battery', name: 'Alice Example', email: 'alice@example.org', scope: ['openid', 'api'], enabled: true });
	const user = apiOf(base);
	await user.call('POST', 'auth/', { username: 'alice', password: 'correct horse battery' });
	await user.call('PUT', `auth/grant/${CLIENT.id}`, { scope: 'openid' });
	return user.cookie();
}

export async function startGlewlwyd() {
	const folder = folderFor('glewlwyd');
	const port = await freePort();
	const base = `http://127.0.0.1:${port}`;
	const documents = '/usr/share/doc/glewlwyd';
	const database = path.join(folder, 'glewlwyd.db');
	execFileSync('sqlite3', [database], { input: gunzipSync(readFileSync(`${documents}/database/init.sqlite3.sql.gz`)) });
	const settings = { port, bind_address: '"127.0.0.1"', external_url: `"${base}"`, cookie_domain: '"127.0.0.1"', cookie_secure: 0, log_level: '"ERROR"' };
	let text = gunzipSync(readFileSync(`${documents}/glewlwyd.conf.sample.gz`)).toString('utf8');
	for (const [key, value] of Object.entries(settings))
		text = text.replace(new RegExp(`^#?${key} *=.*$`, 'm'), `${key}=${value}`);
	text = text.replace(/^( *path *= *)"\/var\/cache\/glewlwyd\/glewlwyd.db"/m, `$1"${database}"`);
	writeFileSync(path.join(folder, 'glewlwyd.conf'), text);
	const service = await launch('glewlwyd', 'glewlwyd', [`--config-file=${path.join(folder, 'glewlwyd.conf')}`], {}, port, '/config');
	const version = execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'glewlwyd'], { encoding: 'utf8' });
	return {
		name: 'glewlwyd', version: `glewlwyd ${version}, on SQLite as Debian sets it up`, base, service, root: service.child.pid, cookie: await setUpGlewlwyd(base),
		paths: { discovery: '/api/oidc/.well-known/openid-configuration', jwks: '/api/oidc/jwks', authorize: '/api/oidc/auth', token: '/api/oidc/token',
			introspect: '/api/oidc/introspect', userinfo: '/api/oidc/userinfo' },
		// g_continue leaves out its page of JavaScript, which a browser would go through each time.
		scope: 'openid', authorize: { g_continue: '' }, credentials: { scope: 'api' }, token: {},
	};
}

/** Walks through the pages that oidc-provider has for its developers. */
async function signInAtProvider(base, scope, resource) {
	const browser = new Browser();
	const parameters = { response_type: 'code', client_id: CLIENT.id, redirect_uri: CLIENT.redirect_uri, scope, resource, state: 's', nonce: 'n',
		code_challenge: CHALLENGE, code_challenge_method: 'S256' };
	let page = await browser.visit(`${base}/auth?${new URLSearchParams(parameters)}`);
	page = await browser.submit(page, { fill: { login: 'alice', password: 'any' } });
	page = await browser.submit(page);
	if (!page.location?.searchParams.get('code'))
		throw new Error(`oidc-provider: no code at the end: ${page.status} ${page.location} ${page.text.slice(0, 300)}`);
	return browser.cookies.header(new URL(`${base}/auth`), false);
}

export async function startProvider(store) {
	const folder = folderFor(`provider-${store}`);
	const port = await freePort();
	const base = `http://127.0.0.1:${port}`;
	const api = 'urn:measured:api';
	const scope = 'openid profile email api';
	const service = await launch('oidc-provider', process.execPath, [path.join(HERE, 'oidc_provider.mjs')], { cwd: PEERS, env: { ...process.env, NODE_ENV: 'production',
		PORT: String(port), STORE: store, FOLDER: folder, CLIENT_ID: CLIENT.id, CLIENT_SECRET: CLIENT.secret, REDIRECT_URI: CLIENT.redirect_uri } },
	port, '/.well-known/openid-configuration');
	return {
		name: store === 'memory' ? 'oidc-provider, memory' : 'oidc-provider, SQLite', base, service, root: service.child.pid,
		version: `oidc-provider ${PACKAGES['oidc-provider']}, Node.js ${process.version}, ${store === 'memory' ? 'a Map: nothing survives a restart'
			: `better-sqlite3 ${PACKAGES['better-sqlite3']}, WAL, synchronous=FULL`}`,
		paths: { discovery: '/.well-known/openid-configuration', jwks: '/jwks', authorize: '/auth', token: '/token', introspect: '/token/introspection', userinfo: '/me' },
		scope, authorize: { resource: api }, token: { resource: api }, credentials: { resource: api, scope: 'api' }, opaque: true,
		cookie: await signInAtProvider(base, scope, api),
	};
}
