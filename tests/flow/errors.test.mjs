// Every error answer of the back channel against the text that asks for it: a row a clause. Status, error and headers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';

import { Browser, reply } from '../lib/browser.mjs';
import { authorization, authorize, challenge, obtain, random, redemption } from '../lib/client.mjs';
import { basic, formBody, request } from '../lib/http.mjs';
import { ALICE, BOB, startServer } from '../lib/server.mjs';
import { call, clientRequest, FORM, refreshFields, sql } from '../lib/tokens.mjs';

const GRANTS = ['authorization_code', 'refresh_token'];
const SCOPE = 'openid profile email offline_access';
const API = 'https://api.example/v1';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let server;
let browser;
let web; // a secret, by either method
let other;
let spa; // public
let lax; // PKCE optional
let machine; // client_credentials
let api; // the client of a resource
let keyed; // private_key_jwt
let keys;
let tokens; // of web, alive throughout
let theirs; // of other

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	const add = (name, more) => server.addClient({ client_name: name, grant_types: GRANTS, redirect_uris: [`https://${name.toLowerCase()}.example/cb`], ...more });
	web = await add('Web', { consent: 'none' });
	other = await add('Other', { consent: 'none' });
	spa = await add('Spa', { token_endpoint_auth_method: 'none' });
	lax = await add('Lax', { consent: 'none', pkce: 'optional' });
	machine = await add('Machine', { grant_types: ['client_credentials'], scope: 'openid read' });
	api = await add('Api');
	await server.latchkey(['resource', 'add', API, '--name', 'API', '--client-id', api.client_id]);
	await server.latchkey(['resource', 'add', 'https://api.example/v2', '--name', 'API 2']);
	await server.latchkey(['scope', 'add', 'read', '--description', 'Reads', '--resource', API]);
	keys = { ES256: await generateKeyPair('ES256', { extractable: true }), foreign: await generateKeyPair('ES256') };
	keyed = await add('Keyed', { grant_types: [...GRANTS, 'client_credentials'], consent: 'none', token_endpoint_auth_method: 'private_key_jwt',
		jwks: { keys: [{ ...await exportJWK(keys.ES256.publicKey), kid: 'one', alg: 'ES256', use: 'sig' }] } });
	browser = new Browser();
	tokens = (await obtain(server, browser, web, { scope: SCOPE })).tokens;
	theirs = (await obtain(server, browser, other, { scope: SCOPE })).tokens;
});
after(() => server?.stop());

/** What every error answer of these endpoints has (RFC 6749 5.2), and what the row says. */
function assertError(answer, status, error) {
	assert.equal(answer.status, status, answer.text);
	assert.equal(answer.headers['content-type'], 'application/json');
	assert.match(answer.headers['cache-control'], /(^|,\s*)no-store(,|$)/);
	assert.equal(answer.headers.location, undefined);
	assert.equal(answer.headers['set-cookie'], undefined);
	const body = answer.json();
	assert.equal(body.error, error, answer.text);
	assert.deepEqual(Object.keys(body).sort(), ['error', 'error_description']);
	assert.match(body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
	const asked = answer.headers['www-authenticate'];
	if (status === 401)
		assert.match(asked, /^Basic realm="[^"]+"/, 'RFC 9110 11.6.1');
	else
		assert.equal(asked, undefined);
}

/** Where the text leaves a choice a row has both. */
const choose = (expected, found) => ([expected].flat().includes(found) ? found : [expected].flat()[0]);

/** rows: [clause and what is wrong, () => answer, status, error] */
function table(title, rows) {
	describe(title, () => {
		for (const [what, send, status, error] of rows) {
			test(what, async () => {
				const answer = await send();
				assertError(answer, choose(status, answer.status), choose(error, answer.json().error));
			});
		}
	});
}

const token = (client, fields, headers) => call(server, 'token', client, fields, headers);
const refresh = (client, refreshToken, fields, headers) => token(client, refreshFields(refreshToken, fields), headers);
const raw = (endpoint, body, headers) => request(server.url(endpoint), { method: 'POST', body, headers: { 'Content-Type': FORM, ...headers } });
const wrongSecret = (client) => ({ Authorization: basic(client.client_id, 'x'.repeat(43)) });
const fresh = async (client = web, more = {}) => authorize(server, browser, client, { scope: SCOPE, ...more });

async function redeem(outcome, changes) {
	return request(server.url('token'), redemption(server, outcome, changes));
}

/** What the four endpoints have in common: each authenticates its client in the same way. */
const ENDPOINTS = {
	token: (client, headers, more) => token(client, { grant_type: 'refresh_token', refresh_token: 'x', ...more }, headers),
	revoke: (client, headers, more) => call(server, 'revoke', client, { token: 'x', ...more }, headers),
	introspect: (client, headers, more) => call(server, 'introspect', client, { token: 'x', ...more }, headers),
	par: (client, headers, more) => {
		const { client_id: _, ...parameters } = authorization(server, client).parameters;
		return call(server, 'par', client, { ...parameters, ...more }, headers);
	},
};

for (const [name, send] of Object.entries(ENDPOINTS)) {
	const nobody = { client_id: 'nobody', client_secret: 'x'.repeat(43), redirect_uris: ['https://nobody.example/'] };
	const bare = { ...nobody, client_secret: undefined };
	table(`RFC 6749 5.2 invalid_client, at ${name}`, [
		['unknown client, by Basic', () => send(nobody), 401, 'invalid_client'],
		['unknown client, by the body', () => send({ ...nobody, token_endpoint_auth_method: 'client_secret_post' }), 401, 'invalid_client'],
		['unknown client, without a secret', () => send(bare), 401, 'invalid_client'],
		['no client authentication included', () => send(bare, {}, { client_id: undefined }), 401, 'invalid_client'],
		['no secret of a client that has one', () => send({ ...bare, client_id: web.client_id }), 401, 'invalid_client'],
		['an empty secret', () => send(web, { Authorization: basic(web.client_id, '') }), 401, 'invalid_client'],
		['a wrong secret, by Basic', () => send(web, wrongSecret(web)), 401, 'invalid_client'],
		['a wrong secret, by the body', () => send({ ...web, client_secret: 'x'.repeat(43), token_endpoint_auth_method: 'client_secret_post' }), 401, 'invalid_client'],
		['another client\'s secret', () => send({ ...web, client_secret: other.client_secret }), 401, 'invalid_client'],
		['a secret of a public client', () => send(spa, {}, { client_secret: 'x'.repeat(43) }), 401, 'invalid_client'],
		['unsupported authentication method: Bearer', () => send(web, { Authorization: `Bearer ${tokens.access_token}` }), 401, 'invalid_client'],
		['unsupported authentication method: Digest', () => send(web, { Authorization: 'Digest username="x"' }), 401, 'invalid_client'],
		['a malformed Basic header', () => send(web, { Authorization: 'Basic ???' }), 401, 'invalid_client'],
		['RFC 6749 2.3.1: credentials in the URL do not count', () => {
			const { form } = clientRequest({ ...web, token_endpoint_auth_method: 'client_secret_post' });
			return raw(`${name}?${formBody(form)}`, 'token=x&grant_type=refresh_token&refresh_token=x');
		}, 401, 'invalid_client'],
	]);

	table(`RFC 6749 3.2, 5.2 invalid_request, at ${name}`, [
		['2.3: two client authentications, two secrets', () => send(web, {}, { client_secret: 'x'.repeat(43) }), 400, 'invalid_request'],
		['2.3: two client authentications, two clients', () => send(web, {}, { client_id: other.client_id }), 400, 'invalid_request'],
		['3.2: a parameter repeated', () => raw(name, `${formBody(clientRequest(spa).form)}&client_id=${spa.client_id}`), 400, 'invalid_request'],
		['5.2: malformed, an escape that is none', () => raw(name, `${formBody(clientRequest(spa).form)}&client_secret=%zz`), 400, 'invalid_request'],
		['5.2: malformed, a NUL', () => raw(name, `client_id=${spa.client_id}%00`), 400, 'invalid_request'],
		['RFC 9110 15.5.14: a body over 64 KiB', () => raw(name, `a=${'x'.repeat(70000)}`), 413, 'invalid_request'],
		['RFC 9110 15.5.16: JSON', () => raw(name, '{}', { 'Content-Type': 'application/json' }), 415, 'invalid_request'],
	]);

	describe(`RFC 6749 3.2: POST alone, at ${name}`, () => {
		for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
			test(method, async () => {
				const answer = await request(server.url(name, { client_id: spa.client_id, token: 'x' }), { method });
				assert.equal(answer.status, 405);
				assert.match(answer.headers.allow, /\bPOST\b/, 'RFC 9110 15.5.6');
				assert.equal(/\bGET\b/.test(answer.headers.allow), false);
				assert.match(answer.headers['cache-control'], /no-store/);
			});
		}
	});
}

table('RFC 6749 5.2 invalid_request, at token', [
	['4.1.3: grant_type missing', () => token(web, { grant_type: undefined }), 400, 'invalid_request'],
	['3.2: a parameter without a value is one that is missing', () => token(web, { grant_type: '' }), 400, 'invalid_request'],
	['4.1.3: code missing', () => token(web, { grant_type: 'authorization_code' }), 400, 'invalid_request'],
	['6: refresh_token missing', () => token(web, { grant_type: 'refresh_token' }), 400, 'invalid_request'],
	['3.2: grant_type repeated', () => raw('token', 'grant_type=refresh_token&grant_type=refresh_token&refresh_token=x', clientRequest(web).headers), 400, 'invalid_request'],
	['A.17: a refresh token that is none by its characters', () => refresh(web, 'a\nb'), 400, 'invalid_request'],
	['RFC 6749 2.3.1: parameters in the URL do not count', () => raw('token?grant_type=refresh_token&refresh_token=x', '', clientRequest(web).headers), 400, 'invalid_request'],
]);

table('RFC 6749 5.2 invalid_grant', [
	['an unknown code', () => token(web, { grant_type: 'authorization_code', code: random(), redirect_uri: web.redirect_uris[0], code_verifier: random() }), 400, 'invalid_grant'],
	['an unknown refresh token', () => refresh(web, random()), 400, 'invalid_grant'],
	['an access token for a refresh token', () => refresh(web, decodeURIComponent(tokens.access_token).slice(0, 256)), 400, 'invalid_grant'],
	['4.1.3: a code of another client', async () => redeem({ ...await fresh(), client: other }), 400, 'invalid_grant'],
	['6: a refresh token of another client', () => refresh(web, theirs.refresh_token), 400, 'invalid_grant'],
	['6: a refresh token of a confidential client, by a public one', () => refresh(spa, tokens.refresh_token), 400, 'invalid_grant'],
	['4.1.3: another redirect_uri', async () => redeem(await fresh(), { fields: { redirect_uri: 'https://web.example/cb/' } }), 400, 'invalid_grant'],
	['4.1.3: no redirect_uri, where there was no code_challenge', async () => redeem(await fresh(lax, { code_challenge: undefined, code_challenge_method: undefined }), { fields: { redirect_uri: undefined } }), 400, 'invalid_grant'],
	['RFC 7636 4.6: a wrong code_verifier', async () => redeem(await fresh(), { fields: { code_verifier: random() } }), 400, 'invalid_grant'],
	['RFC 7636 4.6: no code_verifier', async () => redeem(await fresh(), { fields: { code_verifier: undefined } }), 400, 'invalid_grant'],
	['RFC 9700 2.1.1: a code_verifier where there was no challenge', async () => redeem(await fresh(lax, { code_challenge: undefined, code_challenge_method: undefined }), { fields: { code_verifier: random() } }), 400, 'invalid_grant'],
	['4.1.2: a code used twice', async () => {
		const outcome = await fresh();
		await redeem(outcome);
		return redeem(outcome);
	}, 400, 'invalid_grant'],
	['4.1.2: an expired code', async () => {
		const outcome = await fresh();
		await sql(server, `UPDATE grants SET code_expires_at = unixepoch() WHERE code_used_at_ms IS NULL AND client_id = '${web.client_id}'`);
		return redeem(outcome);
	}, 400, 'invalid_grant'],
	['an expired refresh token', async () => {
		const { refresh_token: own } = (await redeem(await fresh())).json();
		await sql(server, `UPDATE grants SET refresh_expires_at = unixepoch() WHERE grant_id = '${own.split('.')[0]}'`);
		return refresh(web, own);
	}, 400, 'invalid_grant'],
	['a revoked refresh token', async () => {
		const { refresh_token: own } = (await redeem(await fresh())).json();
		await call(server, 'revoke', web, { token: own });
		return refresh(web, own);
	}, 400, 'invalid_grant'],
	['RFC 9700 4.14.2: a refresh token used before', async () => {
		const { refresh_token: own } = (await redeem(await fresh())).json();
		const { refresh_token: next } = (await refresh(web, own)).json();
		await refresh(web, next);
		return refresh(web, own);
	}, 400, 'invalid_grant'],
]);

table('RFC 6749 5.2 unauthorized_client, unsupported_grant_type', [
	['unauthorized_client: a code by a client without that grant', () => token(machine, { grant_type: 'authorization_code', code: random() }), 400, 'unauthorized_client'],
	['unauthorized_client: a refresh by a client without that grant', () => refresh(machine, tokens.refresh_token), 400, 'unauthorized_client'],
	['unauthorized_client: client_credentials by a client without that grant', () => token(web, { grant_type: 'client_credentials' }), 400, 'unauthorized_client'],
	['4.4: client_credentials by a public client', () => token(spa, { grant_type: 'client_credentials' }), 400, 'unauthorized_client'],
	['unsupported_grant_type: unknown', () => token(web, { grant_type: 'urn:example:magic' }), 400, 'unsupported_grant_type'],
	['unsupported_grant_type: password (RFC 9700 2.4)', () => token(web, { grant_type: 'password', username: 'alice', password: ALICE.password }), 400, 'unsupported_grant_type'],
	['unsupported_grant_type: implicit', () => token(web, { grant_type: 'implicit' }), 400, 'unsupported_grant_type'],
	['unsupported_grant_type: by its letters', () => token(web, { grant_type: 'Refresh_Token', refresh_token: 'x' }), 400, 'unsupported_grant_type'],
]);

table('RFC 6749 5.2 invalid_scope', [
	['6: wider than what was granted', () => refresh(web, tokens.refresh_token, { scope: 'openid phone' }), 400, 'invalid_scope'],
	['6: nothing of what was granted', () => refresh(web, tokens.refresh_token, { scope: 'phone' }), 400, 'invalid_scope'],
	['unknown', () => refresh(web, tokens.refresh_token, { scope: 'never_heard_of' }), 400, 'invalid_scope'],
	['4.4: unknown, by client_credentials', () => token(machine, { grant_type: 'client_credentials', scope: 'never_heard_of' }), 400, 'invalid_scope'],
]);

test('RFC 6749 3.3: a malformed scope is refused', async () => {
	for (const scope of ['openid "x"', 'openid\\', 'openid\tprofile', 'openid\u00e9']) {
		const answer = await refresh(web, tokens.refresh_token, { scope });
		assertError(answer, 400, answer.json().error === 'invalid_scope' ? 'invalid_scope' : 'invalid_request');
	}
});

test('none of these errors has burnt the refresh token', async () => {
	const answer = await refresh(web, tokens.refresh_token);
	assert.equal(answer.status, 200, answer.text);
	tokens = answer.json();
});

describe('RFC 6749 5.1: a success', () => {
	for (const [what, send] of [
		['authorization_code', async () => redeem(await fresh())],
		['refresh_token', async () => {
			const answer = await refresh(web, tokens.refresh_token);
			tokens = answer.json();
			return answer;
		}],
		['client_credentials', () => token(machine, { grant_type: 'client_credentials' })],
	]) {
		test(what, async () => {
			const answer = await send();
			assert.equal(answer.status, 200, answer.text);
			assert.equal(answer.headers['content-type'], 'application/json');
			assert.match(answer.headers['cache-control'], /(^|,\s*)no-store(,|$)/);
			assert.equal(answer.headers.pragma, 'no-cache');
			assert.equal(answer.headers['www-authenticate'], undefined);
			assert.equal(answer.json().token_type, 'Bearer');
		});
	}

	test('4.4.3: client_credentials gives no refresh token', async () => {
		const body = (await token(machine, { grant_type: 'client_credentials' })).json();
		assert.equal('refresh_token' in body, false);
		assert.equal('id_token' in body, false);
	});
});

table('RFC 7009 2.1, 2.2.1: errors of revocation', [
	['2.1: token missing', () => call(server, 'revoke', web), 400, 'invalid_request'],
	['2.1: token empty', () => call(server, 'revoke', web, { token: '' }), 400, 'invalid_request'],
	['2.1: token repeated', () => raw('revoke', 'token=a&token=b', clientRequest(web).headers), 400, 'invalid_request'],
	['2.1: a refresh token of another client', () => call(server, 'revoke', web, { token: theirs.refresh_token }), 400, 'unauthorized_client'],
	['2.1: an access token of another client', () => call(server, 'revoke', web, { token: theirs.access_token }), 400, 'unauthorized_client'],
	['2.1: a confidential client\'s token by a public one', () => call(server, 'revoke', spa, { token: tokens.refresh_token }), 400, 'unauthorized_client'],
]);

describe('RFC 7009 2.2: 200, whatever the token is', () => {
	for (const [what, fields] of Object.entries({
		'unknown': () => ({ token: 'never-heard-of' }),
		'unknown, with a hint': () => ({ token: random(), token_type_hint: 'refresh_token' }),
		'2.2: an unknown token_type_hint is ignored': () => ({ token: random(), token_type_hint: 'saml_token' }),
		'a refresh token with a changed tag': () => ({ token: `${tokens.refresh_token.slice(0, -4)}AAAA` }),
		'an ID token': () => ({ token: tokens.id_token }),
		'3 kB': () => ({ token: 'a'.repeat(3000) }),
	})) {
		test(what, async () => {
			const answer = await call(server, 'revoke', web, fields());
			assert.equal(answer.status, 200, answer.text);
			assert.equal(answer.headers['content-type'], 'application/json');
			assert.match(answer.headers['cache-control'], /no-store/);
			assert.equal(answer.text, '{}');
		});
	}
});

table('RFC 7662 2.1, 2.3: errors of introspection', [
	['2.1: token missing', () => call(server, 'introspect', web), 400, 'invalid_request'],
	['2.1: token empty', () => call(server, 'introspect', web, { token: '' }), 400, 'invalid_request'],
	['2.1: token repeated', () => raw('introspect', 'token=a&token=b', clientRequest(web).headers), 400, 'invalid_request'],
	['2.1: without authorization, as a public client has none', () => call(server, 'introspect', spa, { token: tokens.access_token }), 401, 'invalid_client'],
	['2.3: with the token itself', () => call(server, 'introspect', web, { token: tokens.access_token }, { Authorization: `Bearer ${tokens.access_token}` }), 401, 'invalid_client'],
]);

describe('RFC 7662 2.2, 2.3: not active is no error, and tells nothing else', () => {
	for (const [what, ask] of Object.entries({
		'unknown': () => [web, { token: 'never-heard-of' }],
		'unknown, with a hint that is unknown too': () => [web, { token: random(), token_type_hint: 'saml_token' }],
		'4: an access token that the caller must not know about': () => [web, { token: theirs.access_token }],
		'4: a refresh token likewise': () => [web, { token: theirs.refresh_token }],
		'4: a token for the issuer, asked by an API': () => [api, { token: theirs.access_token }],
		'a changed tag': () => [web, { token: `${tokens.refresh_token.slice(0, -4)}AAAA` }],
		'a changed signature': () => [web, { token: `${tokens.access_token.slice(0, -4)}AAAA` }],
		'an ID token': () => [web, { token: tokens.id_token }],
	})) {
		test(what, async () => {
			const answer = await call(server, 'introspect', ...ask());
			assert.equal(answer.status, 200, answer.text);
			assert.equal(answer.headers['content-type'], 'application/json');
			assert.match(answer.headers['cache-control'], /no-store/);
			assert.equal(answer.text, '{"active":false}');
		});
	}

	test('expired', async () => {
		const own = (await redeem(await fresh())).json();
		await sql(server, `UPDATE access_tokens SET expires_at = unixepoch() WHERE grant_id = '${own.refresh_token.split('.')[0]}'`);
		assert.deepEqual((await call(server, 'introspect', web, { token: own.access_token })).json(), { active: false });
	});

	test('active: the members of 2.2, for its client and for the API that it is for', async () => {
		const own = (await call(server, 'introspect', web, { token: tokens.access_token })).json();
		assert.equal(own.active, true);
		for (const [name, type] of Object.entries({ scope: 'string', client_id: 'string', username: 'string', token_type: 'string', exp: 'number', iat: 'number', sub: 'string', aud: 'string', iss: 'string' }))
			assert.equal(typeof own[name], type, name);
		const { access_token: forApi } = (await token(machine, { grant_type: 'client_credentials', scope: 'read', resource: API })).json();
		const seen = (await call(server, 'introspect', api, { token: forApi })).json();
		assert.deepEqual([seen.active, seen.aud, seen.scope, seen.sub], [true, API, 'read', machine.client_id]);
	});

	test('RFC 9701 5: as a signed JWT, with its own type; errors stay JSON', async () => {
		const accept = { Accept: 'application/token-introspection+jwt' };
		for (const known of [tokens.access_token, 'never-heard-of']) {
			const answer = await call(server, 'introspect', web, { token: known }, { ...clientRequest(web).headers, ...accept });
			assert.equal(answer.status, 200);
			assert.equal(answer.headers['content-type'], 'application/token-introspection+jwt');
			assert.match(answer.headers['cache-control'], /no-store/);
			const [header, payload] = answer.text.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
			assert.equal(header.typ, 'token-introspection+jwt');
			assert.deepEqual([payload.iss, payload.aud, payload.sub, payload.exp], [server.issuer, web.client_id, undefined, undefined]);
			assert.equal(payload.token_introspection.active, known === tokens.access_token);
		}
		assertError(await call(server, 'introspect', web, { token: 'x' }, { ...wrongSecret(web), ...accept }), 401, 'invalid_client');
	});
});

const push = (more, client = web) => {
	const { client_id: _, ...parameters } = authorization(server, client, more).parameters;
	return call(server, 'par', client, parameters);
};

table('RFC 9126 2.1, 2.3: errors of pushed requests', [
	['2.1: a request_uri', () => push({ request_uri: `urn:ietf:params:oauth:request_uri:${random()}` }), 400, 'invalid_request'],
	['2.3, RFC 6749 4.1.2.1: response_type missing', () => push({ response_type: undefined }), 400, 'invalid_request'],
	['2.3, RFC 6749 4.1.2.1: an unsupported response_type', () => push({ response_type: 'token' }), 400, 'unsupported_response_type'],
	['2.3, RFC 6749 4.1.2.1: a scope without openid', () => push({ scope: 'email' }), 400, 'invalid_scope'],
	['2.3, RFC 6749 4.1.2.1: a client without the grant', () => push({}, machine), 400, 'unauthorized_client'],
	['2.3, RFC 6749 3.1.2.4: an unregistered redirect_uri', () => push({ redirect_uri: 'https://evil.example/' }), 400, 'invalid_request'],
	['2.3, RFC 7636 4.4.1: no code_challenge', () => push({ code_challenge: undefined, code_challenge_method: undefined }), 400, 'invalid_request'],
	['2.3, RFC 7636 4.4.1: plain', () => push({ code_challenge: challenge(random()), code_challenge_method: 'plain' }), 400, 'invalid_request'],
	['2.3, RFC 9101 6.2: a request object', () => push({ request: 'eyJhbGciOiJub25lIn0.e30.' }), 400, 'request_not_supported'],
	['2.3, RFC 8707 2.1: an unknown resource', () => push({ resource: 'https://nowhere.example/' }), 400, 'invalid_target'],
	['2.1, RFC 9700 2.1.1: prompt=none with others', () => push({ prompt: 'none consent' }), 400, 'invalid_request'],
]);

const forItself = (fields) => token(machine, { grant_type: 'client_credentials', ...fields });
const withResource = async (fields, more = {}) => redeem(await fresh(web, more), { fields });

table('RFC 8707 2, 2.2 invalid_target, at token', [
	['2: unknown', () => forItself({ resource: 'https://nowhere.example/' }), 400, 'invalid_target'],
	['2: relative', () => forItself({ resource: '/v1' }), 400, 'invalid_target'],
	['2: a word', () => forItself({ resource: 'api' }), 400, 'invalid_target'],
	['2: a fragment', () => forItself({ resource: `${API}#x` }), 400, 'invalid_target'],
	['2: an empty fragment', () => forItself({ resource: `${API}#` }), 400, 'invalid_target'],
	['2: odd characters', () => forItself({ resource: `${API}/ ü` }), 400, 'invalid_target'],
	['2: as audience', () => forItself({ audience: 'nowhere' }), 400, 'invalid_target'],
	['2: one of two is unknown', () => request(server.url('token'), { form: [['grant_type', 'client_credentials'], ['resource', API], ['resource', 'https://nowhere.example/']], headers: clientRequest(machine).headers }), 400, 'invalid_target'],
	['2.2: not what the code was granted for', () => withResource({ resource: 'https://api.example/v2' }, { resource: API }), 400, 'invalid_target'],
	['2.2: a resource where none was granted', () => withResource({ resource: API }), 400, 'invalid_target'],
	['2.2: not what the refresh token was granted for', async () => {
		const { refresh_token: own } = (await redeem(await fresh(web, { resource: API }))).json();
		return refresh(web, own, { resource: 'https://api.example/v2' });
	}, 400, 'invalid_target'],
]);

describe('RFC 8707 2.1 invalid_target, at authorize: by redirect', () => {
	for (const resource of ['https://nowhere.example/', 'relative', `${API}#x`]) {
		test(resource, async () => {
			const started = authorization(server, web, { resource });
			const outcome = reply(await browser.visit(started.url), server.issuer);
			assert.equal(outcome.params.get('error'), 'invalid_target');
			assert.equal(outcome.params.get('state'), started.parameters.state);
			assert.equal(outcome.params.get('code'), null);
		});
	}
});

/** A good assertion but for what `claims`, `header` and `key` change (undefined removes). */
async function assertion(claims = {}, header = {}, key = keys.ES256.privateKey) {
	const now = Math.floor(Date.now() / 1000);
	const payload = { iss: keyed.client_id, sub: keyed.client_id, aud: server.issuer, jti: random(16), iat: now, exp: now + 60, ...claims };
	return new SignJWT(JSON.parse(JSON.stringify(payload))).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(key);
}

async function asserted(made, { fields = {}, headers = {} } = {}) {
	return request(server.url('token'), { form: { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE, client_assertion: await made, ...fields }, headers });
}

table('RFC 7521 4.2, RFC 7523 3: client assertions', [
	['7521 4.2: no client_assertion', () => asserted(undefined), 401, 'invalid_client'],
	['7521 4.2: no client_assertion_type', () => asserted(assertion(), { fields: { client_assertion_type: undefined } }), [400, 401], ['invalid_request', 'invalid_client']],
	['7521 4.2: an unknown client_assertion_type', () => asserted(assertion(), { fields: { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' } }), 401, 'invalid_client'],
	['7521 4.2: another client_id beside it', () => asserted(assertion(), { fields: { client_id: web.client_id } }), [400, 401], ['invalid_request', 'invalid_client']],
	['7521 4.2.1, RFC 6749 2.3: a secret in the body as well', () => asserted(assertion(), { fields: { client_secret: 'x'.repeat(43) } }), 400, 'invalid_request'],
	['7521 4.2.1, RFC 6749 2.3: Basic as well', () => asserted(assertion(), { headers: { Authorization: basic(web.client_id, web.client_secret) } }), 400, 'invalid_request'],
	['7523 3.1: no issuer', () => asserted(assertion({ iss: undefined })), 401, 'invalid_client'],
	['7523 3.1: another issuer', () => asserted(assertion({ iss: web.client_id })), 401, 'invalid_client'],
	['7523 3.2: no subject', () => asserted(assertion({ sub: undefined })), 401, 'invalid_client'],
	['7523 3.2: another subject', () => asserted(assertion({ sub: web.client_id })), 401, 'invalid_client'],
	['7523 3.2: an unknown subject', () => asserted(assertion({ iss: 'nobody', sub: 'nobody' })), 401, 'invalid_client'],
	['7523 3.3: no audience', () => asserted(assertion({ aud: undefined })), 401, 'invalid_client'],
	['7523 3.3: another audience', () => asserted(assertion({ aud: 'https://other.example' })), 401, 'invalid_client'],
	['7523 3.3: one of two audiences', () => asserted(assertion({ aud: [server.issuer, 'https://other.example'] })), 401, 'invalid_client'],
	['7523 3.4: no expiry', () => asserted(assertion({ exp: undefined })), 401, 'invalid_client'],
	['7523 3.4: expired', () => asserted(assertion({ exp: Math.floor(Date.now() / 1000) - 1 })), 401, 'invalid_client'],
	['7523 3.4: an expiry unreasonably far ahead', () => asserted(assertion({ exp: Math.floor(Date.now() / 1000) + 86400 })), 401, 'invalid_client'],
	['7523 3.5: not before tomorrow', () => asserted(assertion({ nbf: Math.floor(Date.now() / 1000) + 86400 })), 401, 'invalid_client'],
	['7523 3.6: issued tomorrow', () => asserted(assertion({ iat: Math.floor(Date.now() / 1000) + 86400 })), 401, 'invalid_client'],
	['7523 3.7: no jti', () => asserted(assertion({ jti: undefined })), 401, 'invalid_client'],
	['7523 3.7: a jti that was used', async () => {
		const once = await assertion();
		assert.equal((await asserted(once)).status, 200);
		return asserted(once);
	}, 401, 'invalid_client'],
	['7523 3.9: another key', () => asserted(assertion({}, {}, keys.foreign.privateKey)), 401, 'invalid_client'],
	['7523 3.9: an unknown kid', () => asserted(assertion({}, { kid: 'two' })), 401, 'invalid_client'],
	['7523 3.9: a changed payload', async () => asserted((await assertion()).replace(/\.(.)/, (_, first) => `.${first === 'e' ? 'f' : 'e'}`)), 401, 'invalid_client'],
	['7523 3.10: alg none', () => asserted(new UnsecuredJWT({ iss: keyed.client_id, sub: keyed.client_id, aud: server.issuer, jti: random(), exp: Math.floor(Date.now() / 1000) + 60 }).encode()), 401, 'invalid_client'],
	['7523 3.10: an HMAC', () => asserted(assertion({}, { alg: 'HS256' }, new TextEncoder().encode('x'.repeat(43)))), 401, 'invalid_client'],
	['7523 3.10: no JWT', () => asserted(Promise.resolve('garbage')), 401, 'invalid_client'],
	['a secret of a client that is registered for assertions', () => token({ ...keyed, client_secret: 'x'.repeat(43), token_endpoint_auth_method: 'client_secret_post' }, { grant_type: 'client_credentials' }), 401, 'invalid_client'],
	['no assertion of a client that is registered for them', () => token(keyed, { grant_type: 'client_credentials' }), 401, 'invalid_client'],
	['an assertion of a client that is registered for a secret', () => asserted(assertion({ iss: web.client_id, sub: web.client_id })), 401, 'invalid_client'],
]);

test('RFC 7523 3: a good assertion, with and without kid, by issuer and by token endpoint', async () => {
	for (const [claims, header] of [[{}, {}], [{}, { kid: undefined }], [{ aud: `${server.issuer}/cgi-bin/token` }, {}], [{ aud: [server.issuer] }, {}], [{ iat: undefined }, { typ: 'JWT' }]]) {
		const answer = await asserted(assertion(claims, header));
		assert.equal(answer.status, 200, `${JSON.stringify(claims)} ${answer.text}`);
	}
});
