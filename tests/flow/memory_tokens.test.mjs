// The life of tokens after the sign-in, each endpoint run as plain CGI like in memory.test.mjs: refresh with all its ways
// out, pushed requests, introspection, revocation, client_credentials, assertions, a key that is promoted meanwhile.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';

import { Browser, finish } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorization, random, redemption } from '../lib/client.mjs';
import { ALICE, ROOT, install } from '../lib/server.mjs';
import { clientRequest, refreshFields, sql } from '../lib/tokens.mjs';

const VALGRIND = ['valgrind', '--quiet', '--error-exitcode=99', '--leak-check=no', '--track-origins=yes'];
const BUILDS = {
	'with AddressSanitizer and UndefinedBehaviorSanitizer': { folder: 'build/asan/cgi-bin', wrapper: [] },
	'under valgrind': { folder: 'build/dynamic/cgi-bin', wrapper: VALGRIND, long: true },
};
const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials'];
const API = 'https://api.example/v1';
const JUNK = ['\0', '\u00ff', '%', 'a.b.c.d', '....', 'x'.repeat(9000), '1'.repeat(30), `${'a'.repeat(22)}.9223372036854775808.${'A'.repeat(43)}.${'A'.repeat(22)}`];

async function life(server, transport) {
	const { Web, Spa, Machine } = server.clients;
	const call = (name, client, fields, headers) => transport(server.url(name), clientRequest(client, fields, headers));
	const refresh = (client, token, fields) => call('token', client, refreshFields(token, fields));
	const browser = new Browser({ transport: (url, options) => transport(new URL(url), options) });

	async function signIn(client, more) {
		const started = authorization(server, client, { scope: 'openid email offline_access', ...more });
		const { client_id: _, ...parameters } = started.parameters;
		const pushed = await call('par', client, parameters);
		assert.equal(pushed.status, 201, pushed.text);
		const url = server.url('authorize', { client_id: client.client_id, request_uri: pushed.json().request_uri });
		const outcome = await finish(browser, await browser.visit(url), server.issuer, { user: ALICE });
		assert.equal((await browser.visit(url)).status, 400);
		const answer = await transport(server.url('token'), redemption(server, { ...started, ...outcome }));
		assert.equal(answer.status, 200, answer.text);
		return answer.json();
	}

	// Refresh: rotated, retried, narrowed, refused, reused.
	const first = await signIn(Web, { resource: API, claims: '{"id_token":{"nickname":null}}' });
	const second = (await refresh(Web, first.refresh_token)).json();
	assert.equal((await refresh(Web, first.refresh_token)).json().refresh_token, second.refresh_token);
	assert.equal((await refresh(Spa, second.refresh_token)).status, 400);
	assert.equal((await refresh(Web, second.refresh_token, { scope: 'phone' })).json().error, 'invalid_scope');
	assert.equal((await refresh(Web, second.refresh_token, { resource: 'x' })).json().error, 'invalid_target');
	await sql(server, `UPDATE signing_keys SET promote_at = unixepoch() WHERE state = 'next'`);
	const third = (await refresh(Web, second.refresh_token, { scope: 'openid', resource: API })).json();
	assert.ok(third.id_token);
	for (const token of [third.refresh_token, third.access_token]) {
		assert.equal((await call('introspect', Web, { token })).json().active, true);
		assert.equal((await call('introspect', Web, { token }, { ...clientRequest(Web).headers, Accept: 'application/token-introspection+jwt' })).status, 200);
	}
	assert.equal((await refresh(Web, first.refresh_token)).json().error, 'invalid_grant');
	assert.equal((await call('introspect', Web, { token: third.access_token })).json().active, false);
	assert.equal((await refresh(Web, third.refresh_token)).json().error, 'invalid_grant');

	// A public client; revocation of both kinds.
	const own = await signIn(Spa);
	assert.equal((await call('revoke', Web, { token: own.refresh_token })).status, 400);
	assert.equal((await call('revoke', Spa, { token: own.access_token })).status, 200);
	assert.equal((await call('revoke', Spa, { token: own.refresh_token })).status, 200);
	assert.equal((await refresh(Spa, own.refresh_token)).status, 400);

	// A client by itself, by secret and by assertion.
	const forItself = { grant_type: 'client_credentials', resource: API };
	assert.equal((await call('token', Web, forItself)).status, 200);
	assert.equal((await call('token', Web, { ...forItself, audience: 'https://nowhere.example' })).status, 400);
	const now = Math.floor(Date.now() / 1000);
	const assertion = await new SignJWT({ iss: Machine.client_id, sub: Machine.client_id, aud: server.issuer, jti: random(), exp: now + 60 }).setProtectedHeader({ alg: 'ES256' }).sign(Machine.key);
	const fields = { ...forItself, client_id: undefined, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion };
	assert.equal((await call('token', { ...Machine, client_secret: undefined }, fields)).status, 200);
	for (const bad of [assertion, assertion.slice(0, -3), assertion.replace(/\..*\./, '.e30.'), '..', 'e30.e30.e30'])
		assert.equal((await call('token', { ...Machine, client_secret: undefined }, { ...fields, client_assertion: bad })).status, 401);

	// Junk wherever a token may stand.
	for (const value of JUNK) {
		for (const [name, fields] of [['token', refreshFields(value)], ['revoke', { token: value }], ['introspect', { token: value }],
			['par', { request_uri: value }], ['par', { ...authorization(server, Web).parameters, client_id: undefined, state: value, resource: value }]]) {
			const answer = await call(name, Web, fields);
			assert.ok(answer.status < 500, `${name} ${answer.status} ${answer.text}`);
		}
		assert.ok((await transport(server.url('authorize', { client_id: Web.client_id, request_uri: `urn:ietf:params:oauth:request_uri:${value}` }), {})).status < 500);
	}
}

for (const [what, { folder, wrapper, long }] of Object.entries(BUILDS)) {
	if (long && !process.env.TESTS_ALL)
		continue;
	describe(`every endpoint as plain CGI, ${what}`, () => {
		test('pushed request, refresh, retry, reuse, introspection, revocation, client_credentials, refusals', async () => {
			const bin = path.join(ROOT, folder);
			assert.ok(existsSync(path.join(bin, 'token')), `${folder} is built`);
			const server = await install({ users: [ALICE] });
			try {
				await server.latchkey(['resource', 'add', API, '--name', 'API']);
				await server.addClient({ client_name: 'Web', consent: 'none', grant_types: GRANTS, redirect_uris: ['https://web.example/cb'] });
				await server.addClient({ client_name: 'Spa', token_endpoint_auth_method: 'none', grant_types: GRANTS.slice(0, 2), redirect_uris: ['https://spa.example/cb'] });
				const send = cgiTransport(server, { bin, wrapper });
				const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
				const machine = await server.addClient({ client_name: 'Machine', token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'],
					jwks: { keys: [{ ...await exportJWK(publicKey), alg: 'ES256' }] } });
				machine.key = privateKey;
				await life(server, send);
			} finally {
				await server.stop();
			}
		});
	});
}
