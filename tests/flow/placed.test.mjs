// Where a server can stand: below a path, behind a TLS proxy, at a bare address, with IPv6, with other paths for endpoints and files.
// In each place a client that knows the issuer alone (openid-client) goes through the whole code flow, and doctor finds no problem.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import * as oidc from 'openid-client';

import { Browser, finish } from '../lib/browser.mjs';
import { certificate } from '../lib/front.mjs';
import { request } from '../lib/http.mjs';
import { freePort, start } from '../lib/process.mjs';
import { ALICE, install, startServer } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

const CLIENT = {
	client_name: 'app', redirect_uris: ['https://app.example/cb'], post_logout_redirect_uris: ['https://app.example/bye'],
	grant_types: ['authorization_code', 'refresh_token'],
};

/** How this test's programs reach a server: `server.ca` vouches for it, `from` is the address that they come from. */
function reach(server, { from, headers } = {}) {
	const send = (url, options = {}) => request(url, { ...options, ca: server.ca, localAddress: from, headers: { ...options.headers, ...headers } });
	const fetch = async (url, { method, headers: given, body }) => {
		const answer = await send(url, { method, headers: Object.fromEntries(new Headers(given)), body: body?.toString() });
		const plain = Object.entries(answer.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
		return new Response([204, 304].includes(answer.status) ? null : answer.bytes, { status: answer.status, headers: plain });
	};
	return { send, fetch, browser: new Browser({ transport: send }) };
}

/** Discovery, sign-in, consent, code, ID token, userinfo, refresh, account page, sign-out: { browser, pages }. */
async function wholeFlow(server, how = {}) {
	const { send, fetch, browser } = reach(server, how);
	const client = server.clients.app;
	const configuration = await oidc.discovery(new URL(server.issuer), client.client_id, client.client_secret, undefined,
		{ execute: server.ca ? [] : [oidc.allowInsecureRequests], [oidc.customFetch]: fetch });
	oidc.enableNonRepudiationChecks(configuration); // fetches the jwks, too
	for (const [name, url] of Object.entries(configuration.serverMetadata()))
		if (/_(endpoint|uri)$/.test(name) && typeof url === 'string')
			assert.ok(url.startsWith(`${server.issuer}/`), `${name}: ${url}`);
	const verifier = oidc.randomPKCECodeVerifier();
	const expected = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true };
	const url = oidc.buildAuthorizationUrl(configuration, {
		redirect_uri: client.redirect_uris[0], scope: 'openid email offline_access', state: expected.expectedState, prompt: 'consent',
		nonce: expected.expectedNonce, code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
	});
	const first = await browser.visit(url);
	assert.ok(first.url.href.startsWith(`${server.issuer}/`), first.url.href);
	const assets = [...first.text.matchAll(/(?:href|src)="([^"#]+\.(?:css|js|svg))"/g)].map(([, reference]) => new URL(reference, first.url));
	assert.ok(assets.length >= 2);
	for (const asset of assets)
		assert.equal((await send(asset)).status, 200, asset.href);
	const { url: arrived, pages } = await finish(browser, first, server.issuer, { user: server.users.alice });
	assert.deepEqual(pages, ['login', 'consent']);
	const tokens = await oidc.authorizationCodeGrant(configuration, arrived, expected);
	assert.equal(tokens.claims().iss, server.issuer);
	assert.equal((await oidc.fetchUserInfo(configuration, tokens.access_token, tokens.claims().sub)).email, ALICE.claims.email);
	const again = await oidc.refreshTokenGrant(configuration, tokens.refresh_token);
	assert.ok((await oidc.tokenIntrospection(configuration, again.access_token)).active);
	const account = await browser.visit(`${server.issuer}${server.staticPath ?? ''}/account/`);
	assert.equal(account.status, 200);
	assert.equal((await browser.send(`${server.issuer}${server.endpointPath ?? '/cgi-bin'}/account/overview`, { from: account.url })).status, 200);
	const leave = await browser.visit(oidc.buildEndSessionUrl(configuration, { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'https://app.example/bye' }));
	const bye = leave.location ?? (await browser.submit(leave, { button: 'allow', go: (next) => next.origin === leave.url.origin })).location;
	assert.equal(bye.href.split('?')[0], 'https://app.example/bye');
	assert.equal((await browser.send(`${server.issuer}${server.endpointPath ?? '/cgi-bin'}/account/overview`)).status, 401);
	return { browser };
}

async function doctorFindsNoProblem(server, ...args) {
	const { code, stdout } = await server.latchkey(['doctor', '--quiet', ...args], { fails: true });
	assert.equal(code, 0, stdout);
}

async function addressesOf(server, event) {
	const { stdout } = await server.latchkey(['audit', '--json', '--event', event]);
	return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line).address);
}

function place(title, { skip, options, more }) {
	describe(title, { skip }, () => {
		let server;
		before(async () => {
			server = await startServer({ clients: [CLIENT], ...options });
			server.endpointPath = options.settings?.endpoint_path;
			server.staticPath = options.settings?.static_path;
		});
		after(() => server?.stop());

		test('the whole code flow', async () => {
			const { browser } = await wholeFlow(server);
			for (const line of browser.setCookies)
				assert.doesNotMatch(line, /__Host-|;\s*Secure/i);
		});
		test('doctor finds no problem', () => doctorFindsNoProblem(server));
		for (const [name, body] of Object.entries(more ?? {}))
			test(name, () => body(server));
	});
}

place('at the bare address 127.0.0.1', { options: { host: '127.0.0.1' } });

const hasIpv6 = Object.values(os.networkInterfaces()).flat().some(({ address }) => address === '::1');
place('at [::1]', {
	skip: !hasIpv6 && 'needs IPv6',
	options: { host: '[::1]' },
	more: {
		'the address of who signed in is an IPv6 one': async (server) => {
			assert.deepEqual([...new Set(await addressesOf(server, 'login.success'))], ['::1']);
		},
	},
});

place('below the path /id', {
	options: { base: '/id' },
	more: {
		'RFC 8414: the well-known part comes before the path, too': async (server) => {
			const { origin } = new URL(server.issuer);
			const wanted = await request(`${server.issuer}/.well-known/openid-configuration`);
			for (const name of ['oauth-authorization-server', 'openid-configuration']) {
				const answer = await request(`${origin}/.well-known/${name}/id`);
				assert.equal(answer.status, 200);
				assert.equal(answer.text, wanted.text);
			}
		},
		'no endpoint and no document is there without the path': async (server) => {
			const { origin } = new URL(server.issuer);
			for (const url of ['/cgi-bin/token', '/cgi-bin/discovery', '/.well-known/openid-configuration'])
				assert.match(String((await request(`${origin}${url}`)).status), /^40[34]$/, url);
		},
	},
});

place('with other paths for endpoints and files', {
	options: { settings: { endpoint_path: '/sign/in', static_path: '/files' } },
	more: {
		'no endpoint is at the usual one': async (server) => {
			for (const url of ['/cgi-bin/token', '/cgi-bin/discovery'])
				assert.match(String((await request(`${server.issuer}${url}`)).status), /^40[34]$/, url);
		},
	},
});

const MODULES = '/usr/lib/apache2/modules';
const APACHE = ['/usr/sbin/apache2', '/usr/sbin/httpd'].find(existsSync);

/** Apache with TLS on `port` of 127.0.0.1, passing everything to the server that listens on `to`. */
async function startTlsProxy({ folder, port, to, certFile, keyFile }) {
	const file = path.join(folder, 'apache.conf');
	await chmod(folder, 0o755);
	await writeFile(file, `
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ServerName localhost
Listen 127.0.0.1:${port}
${['mpm_event', 'authz_core', 'ssl', 'headers', 'proxy', 'proxy_http'].map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
ErrorLog ${folder}/error.log
Mutex default:${folder}
User ${process.getuid() === 0 ? 'www-data' : `#${process.getuid()}`}
Group ${process.getuid() === 0 ? 'www-data' : `#${process.getgid()}`}
StartServers 1
ThreadsPerChild 8
ServerLimit 2
MaxRequestWorkers 16
SSLEngine on
SSLCertificateFile ${certFile}
SSLCertificateKeyFile ${keyFile}
Header always set Strict-Transport-Security max-age=31536000
AllowEncodedSlashes NoDecode
ProxyPreserveHost On
ProxyPass / http://127.0.0.1:${to}/ nocanon
`);
	// In a session of its own: at SIGTERM it ends its whole process group.
	const apache = start('/usr/bin/setsid', [APACHE, '-d', folder, '-f', file, '-DFOREGROUND']);
	await until('the proxy listens', () => {
		if (apache.over)
			throw new Error(apache.output());
		return existsSync(path.join(folder, 'apache.pid'));
	});
	return apache;
}

describe('behind a TLS proxy', { skip: (!APACHE || !existsSync(`${MODULES}/mod_ssl.so`)) && 'needs apache2' }, () => {
	let folder, server, proxy, own;
	before(async () => {
		folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-tls-'));
		own = await certificate(folder);
		const port = await freePort();
		server = await install({ issuer: `https://localhost:${port}`, clients: [CLIENT], settings: { trusted_proxies: '127.0.0.1' } });
		server.ca = own.cert;
		proxy = await startTlsProxy({ folder, port, to: server.port, ...own });
		await server.serve();
	});
	after(async () => {
		await server?.stop();
		await proxy?.stop();
		await rm(folder, { recursive: true, force: true });
	});

	test('the whole code flow, with cookies for this host and https alone', async () => {
		const { browser } = await wholeFlow(server);
		assert.ok(browser.setCookies.length > 2);
		for (const line of browser.setCookies) {
			assert.match(line, /^__Host-[\w-]+=/);
			assert.match(line, /;\s*Secure/i);
			assert.match(line, /;\s*HttpOnly/i);
			assert.match(line, /;\s*Path=\/(;|$)/i);
			assert.doesNotMatch(line, /;\s*Domain=/i);
		}
	});

	test('the address of who signs in is the one that the proxy saw, whatever the browser claims', async () => {
		await wholeFlow(server, { from: '127.0.0.2' });
		assert.equal((await addressesOf(server, 'login.success')).at(-1), '127.0.0.2');
		await wholeFlow(server, { from: '127.0.0.3', headers: { 'X-Forwarded-For': '203.0.113.7' } });
		assert.equal((await addressesOf(server, 'login.success')).at(-1), '127.0.0.3');
	});

	test('without trusted_proxies it is the proxy\'s own', async () => {
		await server.configure({ trusted_proxies: '192.0.2.1' });
		await wholeFlow(server, { from: '127.0.0.2', headers: { 'X-Forwarded-For': '203.0.113.7' } });
		assert.equal((await addressesOf(server, 'login.success')).at(-1), '127.0.0.1');
		await server.configure({ trusted_proxies: '127.0.0.1' });
	});

	test('doctor finds no problem', () => doctorFindsNoProblem(server, '--ca-file', own.certFile));

	test('a form that comes from the same host by http is refused', async () => {
		const { browser } = reach(server);
		const page = await browser.visit(`${server.issuer}/cgi-bin/login`);
		const answer = await browser.send(page.url, { method: 'POST', form: { username: 'alice' }, from: new URL(server.issuer.replace('https:', 'http:')) });
		assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
	});
});
