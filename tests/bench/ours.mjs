// An installation that is measured through lighttpd, as CGI or as FastCGI, and what is asked of it.
import { rmSync } from 'node:fs';
import path from 'node:path';

import { Browser, isLogin, loginForm } from '../lib/browser.mjs';
import { authorization, authorize, obtain } from '../lib/client.mjs';
import { basic, formBody, request } from '../lib/http.mjs';
import { start } from '../lib/process.mjs';
import { ALICE, ROOT, install } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

export const ENDPOINTS = path.join(ROOT, 'build/cgi-bin');
export const API = 'https://api.example';
const SCOPE = 'openid profile email';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** With what a request costs by default, except that Argon2id costs next to nothing unless `settings` say otherwise. */
export async function installOurs({ settings = {}, clients = [] } = {}) {
	const server = await install({
		host: '127.0.0.1',
		settings: { log_level: 'info', access_token_seconds: 86400, flow_seconds: 86400, ...settings },
		clients: [
			{ client_name: 'Measured', redirect_uris: ['https://client.example/callback'], grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] },
			...clients,
		],
		users: [ALICE],
	});
	await server.latchkey(['key', 'rotate', '--alg', 'ES256']);
	await server.latchkey(['resource', 'add', API, '--name', 'Measured API', '--signing-alg', 'ES256']);
	process.on('exit', () => rmSync(server.directory, { recursive: true, force: true }));
	return server;
}

/** Serves it with scripts/serve; gives the pid that its processes descend from. */
export async function serveOurs(server, { fastcgi }) {
	server.service = start(path.join(ROOT, 'scripts/serve'), ['--port', String(server.port), ...(fastcgi ? ['--fastcgi'] : [])],
		{ env: server.environment, cwd: ROOT });
	await until(`${server.issuer} answers`, async () => {
		if (server.service.over)
			throw new Error(`scripts/serve ended:\n${server.service.output()}`);
		return (await request(`${server.issuer}/.well-known/openid-configuration`)).status === 200;
	});
	return server.service.child.pid;
}

const pathOf = (url) => new URL(url).pathname + new URL(url).search;
const get = (url, headers = {}) => ({ method: 'GET', path: pathOf(url), headers, status: 200 });
const post = (url, form, headers = {}) => ({ method: 'POST', path: pathOf(url), headers: { ...FORM, ...headers }, body: formBody(form), status: 200 });

/** A browser that signed in and allowed the client; `tokens` of that client. */
export async function signedIn(server, user = 'alice') {
	const browser = new Browser();
	const outcome = await obtain(server, browser, server.clients.Measured, { scope: SCOPE }, { user: server.users[user] });
	return { browser, tokens: outcome.tokens };
}

const cookieOf = (server, browser) => ({ Cookie: browser.cookies.header(server.url('authorize'), false) });
export const clientHeader = ({ clients: { Measured: client } }) => ({ Authorization: basic(client.client_id, client.client_secret) });

export function authorizeRequest(server, browser) {
	const { url, verifier } = authorization(server, server.clients.Measured, { scope: SCOPE });
	return { verifier, request: { ...get(url, cookieOf(server, browser)), status: 303, where: 'location', text: 'code=' } };
}

/** The sign-in form of a browser that signed in before: no mail about a new device goes out. */
export async function loginRequest(server, browser, user = 'alice') {
	const stranger = new Browser();
	const device = browser.cookies.of(new URL(server.issuer).hostname).get('device');
	if (device)
		stranger.cookies.of(new URL(server.issuer).hostname).set('device', device);
	const page = await stranger.visit(authorization(server, server.clients.Measured, { scope: SCOPE }).url);
	if (!isLogin(page))
		throw new Error(`${page.url} is no sign-in page: ${page.status}`);
	const form = loginForm(page);
	const fields = form.fields.filter(({ type }) => type !== 'checkbox').map(({ name, value }) => [name, server.users[user][name] ?? value]);
	const url = new URL(form.action, page.url);
	return { ...post(url, fields, { ...cookieOf(server, stranger), Origin: url.origin, 'Sec-Fetch-Site': 'same-origin' }),
		status: 303, where: 'location', text: '/authorize?flow=' };
}

/** Requests that are sent alike by all connections. */
const alike = (one) => async () => ({ requests: [await one()] });

/** One chain a connection: `count` families of refresh tokens. */
export async function refreshChains(server, browser, count) {
	const one = { ...post(server.url('token'), [['grant_type', 'refresh_token'], ['refresh_token', '']], clientHeader(server)), append: true,
		text: '"access_token":"eyJ', take: '"refresh_token":"([^"]+)"' };
	const chains = [];
	for (let i = 0; i < count; i++) {
		const { tokens } = await obtain(server, browser, server.clients.Measured, { scope: SCOPE });
		chains.push({ requests: [one], value: tokens.refresh_token });
	}
	return { chains };
}

export function codeChain(server, browser) {
	const { request: first, verifier } = authorizeRequest(server, browser);
	const redeem = { ...post(server.url('token'), [['grant_type', 'authorization_code'], ['redirect_uri', server.clients.Measured.redirect_uris[0]],
		['code_verifier', verifier], ['code', '']], clientHeader(server)), append: true, text: '"id_token":"eyJ' };
	return { requests: [{ ...first, take: '[?&]code=([^&]+)' }, redeem] };
}

/** What the table has a row for: { name, floor, requests (of one exchange), targets of each mode, plan(server, connections) }. */
export const OPERATIONS = [
	{ name: 'discovery, file', floor: 'static', plan: (s) => alike(() => ({ ...get(`${s.issuer}/.well-known/openid-configuration`), text: '"issuer":' })), fast: { rate: 60000 } },
	{ name: 'jwks, file', floor: 'static', plan: (s) => alike(() => ({ ...get(`${s.issuer}/.well-known/jwks.json`), text: '"keys":' })), fast: { rate: 60000 } },
	{ name: 'discovery', plan: (s) => alike(() => ({ ...get(s.url('discovery')), text: '"issuer":' })), cgi: { cpu: 1.1 }, fast: { part: 0.9 } },
	{ name: 'jwks', plan: (s) => alike(() => ({ ...get(s.url('jwks')), text: '"keys":' })), cgi: { cpu: 1.1 }, fast: { part: 0.9 } },
	{ name: 'authorize', plan: (s, { browser }) => alike(() => authorizeRequest(s, browser).request), cgi: { cpu: 3.4 } },
	{ name: 'client_credentials RS256', plan: (s) => alike(() => ({ ...post(s.url('token'), { grant_type: 'client_credentials' }, clientHeader(s)),
		text: '"access_token":"eyJ' })), cgi: { cpu: 3.7, rate: 750 }, fast: { rate: 3000 } },
	{ name: 'client_credentials ES256', plan: (s) => alike(() => ({ ...post(s.url('token'), { grant_type: 'client_credentials', resource: API }, clientHeader(s)),
		text: '"access_token":"eyJ' })), cgi: { cpu: 2.8, rate: 950 }, fast: { rate: 5000 } },
	{ name: 'introspect', plan: (s, { tokens }) => alike(() => ({ ...post(s.url('introspect'), { token: tokens.access_token }, clientHeader(s)),
		text: '"active":true' })), cgi: { cpu: 2.1, rate: 1500 }, fast: { part: 0.7, rate: 16000 } },
	{ name: 'userinfo', plan: (s, { tokens }) => alike(() => ({ ...get(s.url('userinfo'), { Authorization: `Bearer ${tokens.access_token}` }),
		text: '"sub":"' })), cgi: { cpu: 2.1, rate: 1500 }, fast: { part: 0.7, rate: 16000 } },
	{ name: 'refresh', plan: (s, { browser }) => (count) => refreshChains(s, browser, count), cgi: { cpu: 4.3, rate: 600, p99: 80 }, fast: { rate: 1700, p99: 20 } },
	{ name: 'code flow', requests: 2, plan: (s, { browser }) => async (count) => ({ chains: Array.from({ length: count }, () => codeChain(s, browser)) }),
		cgi: { cpu: 7.0, rate: 400, p99: 80 }, fast: { rate: 1300, p99: 20 } },
	{ name: 'sign-in', plan: (s, { browser }) => alike(() => loginRequest(s, browser)), cgi: { cpu: 5.0 } },
	{ name: 'sign-in, Argon2id 19 MiB', settings: { argon2_memory_kib: 19456, argon2_iterations: 2 },
		plan: (s, { browser }) => alike(() => loginRequest(s, browser)) },
];

export const CHEAP = { argon2_memory_kib: 8, argon2_iterations: 1 };

/** One sign-in, after which the password is kept in the way that the settings ask for now. */
export async function signInOnce(server) {
	const outcome = await authorize(server, new Browser(), server.clients.Measured, { scope: SCOPE });
	if (!outcome.params.get('code'))
		throw new Error(`no code: ${outcome.url}`);
}
