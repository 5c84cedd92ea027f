// /authorize: what it takes, what it refuses, and where the refusal goes (RFC 6749 4.1.2.1; OpenID Connect Core 3.1.2).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, finish, isConsent, isLogin, loginForm, reply, signIn } from '../lib/browser.mjs';
import { authorization, authorize, challenge, decode, obtain, random, redeem } from '../lib/client.mjs';
import { formsOf, textOf } from '../lib/html.mjs';
import { request } from '../lib/http.mjs';
import { BOB, ALICE, startServer } from '../lib/server.mjs';
import { sql } from '../lib/tokens.mjs';
import { USUAL_SERVER, lacks } from '../lib/web_servers.mjs';

let server;
let web;
let spa;
let native;
let trusted;
let lax;
let nonceOnly;

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	web = await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb', 'https://web.example/other?tenant=1'] });
	spa = await server.addClient({ client_name: 'Spa', token_endpoint_auth_method: 'none', redirect_uris: ['https://spa.example/cb'] });
	native = await server.addClient({
		client_name: 'Native', application_type: 'native', token_endpoint_auth_method: 'none',
		redirect_uris: ['http://127.0.0.1/cb', 'http://localhost:8000', 'http://[::1]/cb', 'app.example:///cb'],
	});
	trusted = await server.addClient({ client_name: 'Trusted', consent: 'none', redirect_uris: ['https://trusted.example/cb'] });
	lax = await server.addClient({ client_name: 'Lax', pkce: 'optional', consent: 'none', redirect_uris: ['https://lax.example/cb'] });
	nonceOnly = await server.addClient({ client_name: 'Nonce', pkce: 'nonce', consent: 'none', redirect_uris: ['https://nonce.example/cb'] });
});
after(() => server?.stop());

const ask = (client, more) => new Browser().send(authorization(server, client, more).url);

function assertPage(answer, status = 400) {
	assert.equal(answer.status, status, `${answer.status} ${answer.headers.location ?? ''} ${answer.text}`);
	assert.ok(answer.isPage, answer.headers['content-type']);
	assert.equal(answer.headers.location, undefined);
	assert.equal(reply(answer, server.issuer), null, 'no form to a foreign place');
}

function assertError(answer, error, { state } = {}) {
	const outcome = reply(answer, server.issuer);
	assert.ok(outcome, `no reply to the client: ${answer.status} ${answer.headers.location} ${textOf(answer.text)}`);
	assert.equal(outcome.params.get('error'), error, outcome.params.toString());
	assert.equal(outcome.params.get('code'), null);
	assert.equal(outcome.params.get('iss'), server.issuer);
	if (state !== undefined)
		assert.equal(outcome.params.get('state'), state);
	assert.match(outcome.params.get('error_description') ?? 'x', /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/, 'RFC 6749 4.1.2.1');
	return outcome;
}

describe('no redirect before client and redirect URI are known to be right', () => {
	const wrong = {
		'no client_id': [() => web, { client_id: undefined }],
		'unknown client_id': [() => web, { client_id: 'nobody' }],
		'an empty client_id': [() => web, { client_id: '' }],
		'no redirect_uri': [() => web, { redirect_uri: undefined }],
		'a path more': [() => web, { redirect_uri: 'https://web.example/cb/' }],
		'a query more': [() => web, { redirect_uri: 'https://web.example/cb?x=1' }],
		'a query less': [() => web, { redirect_uri: 'https://web.example/other' }],
		'another case': [() => web, { redirect_uri: 'https://WEB.example/cb' }],
		'an escape': [() => web, { redirect_uri: 'https://web.example/%63b' }],
		'another scheme': [() => web, { redirect_uri: 'http://web.example/cb' }],
		'a port': [() => web, { redirect_uri: 'https://web.example:443/cb' }],
		'user information': [() => web, { redirect_uri: 'https://web.example@evil.example/cb' }],
		'a subdomain': [() => web, { redirect_uri: 'https://web.example.evil.example/cb' }],
		'a fragment': [() => web, { redirect_uri: 'https://web.example/cb#x' }],
		'another client\'s': [() => web, { redirect_uri: 'https://spa.example/cb' }],
		'path traversal': [() => web, { redirect_uri: 'https://web.example/x/../cb' }],
		'javascript:': [() => web, { redirect_uri: 'javascript:alert(1)//https://web.example/cb' }],
		'a line break': [() => web, { redirect_uri: 'https://web.example/cb\r\nX: y' }],
		'loopback with another path': [() => native, { redirect_uri: 'http://127.0.0.1:5000/other' }],
		'loopback as another host': [() => native, { redirect_uri: 'http://127.0.0.2:5000/cb' }],
		'loopback under https': [() => native, { redirect_uri: 'https://127.0.0.1:5000/cb' }],
		'loopback with user information': [() => native, { redirect_uri: 'http://127.0.0.1:5000@evil.example/cb' }],
		'a loopback port that is none': [() => native, { redirect_uri: 'http://127.0.0.1:99999999/cb' }],
	};
	for (const [what, [client, more]] of Object.entries(wrong)) {
		test(what, async () => {
			assertPage(await ask(client(), more));
		});
	}

	test('a repeated client_id or redirect_uri', async () => {
		for (const [name, value] of [['client_id', web.client_id], ['redirect_uri', web.redirect_uris[0]]]) {
			const { url } = authorization(server, web);
			assertPage(await new Browser().send(`${url}&${new URLSearchParams([[name, value]])}`));
		}
	});

	test('a NUL or broken UTF-8 in client_id', async () => {
		const { url } = authorization(server, web, { client_id: undefined });
		for (const value of ['%00', `${web.client_id}%00`, '%ff%fe', '%', '%zz'])
			assertPage(await new Browser().send(`${url}&client_id=${value}`));
	});
});

describe('loopback redirects ignore the port', () => {
	for (const uri of ['http://127.0.0.1:49152/cb', 'http://127.0.0.1/cb', 'http://localhost:18000', 'http://[::1]:7777/cb', 'app.example:///cb']) {
		test(uri, async () => {
			const browser = new Browser();
			const { parameters, url, ...rest } = authorization(server, native, { redirect_uri: uri });
			const answer = await browser.visit(url);
			assert.ok(isLogin(answer), textOf(answer.text));
			const consent = await signIn(browser, answer, server.users.alice);
			assert.ok(isConsent(consent));
			const done = await finish(browser, consent, server.issuer, { user: server.users.alice });
			assert.ok(done.answer.headers.location.startsWith(uri), done.answer.headers.location);
			const tokens = await redeem(server, { ...rest, ...done, parameters, client: native });
			assert.equal(tokens.status, 200, tokens.text);
		});
	}
});

describe('errors that go to the client', () => {
	const wrong = {
		'response_type missing': [{ response_type: undefined }, 'invalid_request'],
		'response_type token': [{ response_type: 'token' }, 'unsupported_response_type'],
		'response_type code id_token': [{ response_type: 'code id_token' }, 'unsupported_response_type'],
		'response_type none': [{ response_type: 'none' }, 'unsupported_response_type'],
		'no code_challenge': [{ code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
		'method plain': [{ code_challenge_method: 'plain' }, 'invalid_request'],
		'no method, which means plain': [{ code_challenge_method: undefined }, 'invalid_request'],
		'an unknown method': [{ code_challenge_method: 'S512' }, 'invalid_request'],
		'a challenge that is too short': [{ code_challenge: 'short' }, 'invalid_request'],
		'a challenge with odd characters': [{ code_challenge: `${'a'.repeat(42)}+` }, 'invalid_request'],
		'a challenge that is too long': [{ code_challenge: 'a'.repeat(129) }, 'invalid_request'],
		'scope without openid': [{ scope: 'profile' }, 'invalid_scope'],
		'scope missing': [{ scope: undefined }, 'invalid_scope'],
		'scope of bad characters': [{ scope: 'openid "x"' }, ['invalid_scope', 'invalid_request']],
		'unknown response_mode': [{ response_mode: 'pigeon' }, 'invalid_request'],
		'response_mode fragment': [{ response_mode: 'fragment' }, 'invalid_request'],
		'prompt none with login': [{ prompt: 'none login' }, 'invalid_request'],
		'max_age that is no number': [{ max_age: 'soon' }, 'invalid_request'],
		'max_age below zero': [{ max_age: '-1' }, 'invalid_request'],
		'request object': [{ request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
		'request_uri': [{ request_uri: 'https://web.example/request' }, 'request_uri_not_supported'],
		'prompt none without a session': [{ prompt: 'none' }, 'login_required'],
		'nonce too long': [{ nonce: 'n'.repeat(2000) }, 'invalid_request'],
		'scope too long': [{ scope: `openid ${'s '.repeat(3000)}x` }, ['invalid_scope', 'invalid_request']],
		'login_hint of broken UTF-8': [{ login_hint: 'RAW%ff' }, 'invalid_request'],
	};
	for (const [what, [more, errors]] of Object.entries(wrong)) {
		test(what, async () => {
			const started = authorization(server, web, more);
			const url = String(started.url).replace('RAW%25', '%');
			const answer = await new Browser().send(url);
			const outcome = reply(answer, server.issuer);
			assert.ok(outcome, `${answer.status} ${textOf(answer.text)}`);
			assert.ok([errors].flat().includes(outcome.params.get('error')), outcome.params.toString());
			assertError(answer, outcome.params.get('error'), { state: started.parameters.state });
			assert.equal(answer.status, 303);
		});
	}

	test('a repeated parameter', async () => {
		const { url, parameters } = authorization(server, web);
		for (const name of ['scope', 'response_type', 'nonce', 'code_challenge', 'prompt'])
			assertError(await new Browser().send(`${url}&${name}=${parameters[name] ?? 'login'}&${name}=x`), 'invalid_request', { state: parameters.state });
	});

	test('a repeated state is refused and not echoed', async () => {
		const { url } = authorization(server, web);
		const outcome = assertError(await new Browser().send(`${url}&state=second`), 'invalid_request');
		assert.equal(outcome.params.get('state'), null);
	});

	test('state absent stays absent', async () => {
		const outcome = assertError(await ask(web, { state: undefined, prompt: 'none' }), 'login_required');
		assert.equal(outcome.params.has('state'), false);
	});

	test('by form_post when that was asked for', async () => {
		const started = authorization(server, web, { response_mode: 'form_post', prompt: 'none' });
		const outcome = assertError(await new Browser().visit(started.url), 'login_required', { state: started.parameters.state });
		assert.equal(outcome.mode, 'form_post');
		assert.equal(String(outcome.url), web.redirect_uris[0]);
	});

	test('keep the query that the redirect URI has', async () => {
		const outcome = assertError(await ask(web, { redirect_uri: web.redirect_uris[1], prompt: 'none' }), 'login_required');
		assert.ok(String(outcome.url).startsWith('https://web.example/other?tenant=1&'), String(outcome.url));
	});

	test('and so do codes', async () => {
		const outcome = await authorize(server, new Browser(), web, { redirect_uri: web.redirect_uris[1] });
		assert.ok(String(outcome.url).startsWith('https://web.example/other?tenant=1&'), String(outcome.url));
		assert.equal((await redeem(server, outcome)).status, 200);
	});

	test('deny is access_denied', async () => {
		const outcome = await authorize(server, new Browser(), web, { prompt: 'consent' }, { decision: 'deny' });
		assert.equal(outcome.params.get('error'), 'access_denied');
		assert.equal(outcome.params.get('iss'), server.issuer);
		assert.equal(outcome.params.get('state'), outcome.parameters.state);
	});
});

describe('parameters that must not disturb', () => {
	test('empty counts as absent, unknown is ignored', async () => {
		const browser = new Browser();
		const outcome = await authorize(server, browser, web, {
			prompt: '', max_age: '', response_mode: '', display: 'page', approval_prompt: 'force', access_type: 'offline',
			domain_hint: 'x', 'x-client-SKU': 'ID_NET8_0', ui_locales: 'de tlh', acr_values: 'urn:x', claims_locales: 'fr',
		});
		assert.ok(outcome.params.get('code'));
	});

	test('scopes unknown or not allowed are dropped, and the answer tells', async () => {
		const narrow = await server.addClient({ client_name: 'Narrow', scope: 'openid email', redirect_uris: ['https://narrow.example/cb'] });
		const { tokens } = await obtain(server, new Browser(), narrow, { scope: 'openid profile email https://api.example/read groups' });
		assert.deepEqual(tokens.scope.split(' ').sort(), ['email', 'openid']);
	});

	test('claims asks for single ones, for the ID token and for userinfo', async () => {
		const { tokens } = await obtain(server, new Browser(), web, {
			claims: JSON.stringify({ id_token: { email: null, auth_time: { essential: true } }, userinfo: { given_name: null, no_such_claim: null } }),
		});
		const { payload } = decode(tokens.id_token);
		assert.equal(payload.email, ALICE.claims.email);
		assert.equal(payload.given_name, undefined);
		const answer = await request(server.url('userinfo'), { headers: { Authorization: `Bearer ${tokens.access_token}` } });
		assert.equal(answer.json().given_name, 'Alice');
		assert.equal(answer.json().email, undefined);
	});

	for (const claims of ['{', '[]', '"x"', '{"userinfo":{"email":{"value":"\\u0000"}}}', '{"id_token":{"a":1},"id_token":{}}', '{"userinfo": []}', `${'['.repeat(200)}${']'.repeat(200)}`]) {
		test(`claims that are no claims: ${claims.slice(0, 40)}`, async () => {
			const browser = new Browser();
			const started = authorization(server, web, { claims });
			const answer = await browser.visit(started.url);
			assert.ok(answer.status < 500);
			const outcome = await finish(browser, answer, server.issuer, { user: server.users.alice });
			if (!outcome.params.get('code'))
				assert.equal(outcome.params.get('error'), 'invalid_request');
			assert.equal(outcome.params.get('state'), started.parameters.state);
		});
	}

	for (const [what, raw] of Object.entries({
		'every printable character': encodeURIComponent(Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')),
		'JSON': encodeURIComponent('{"a":["b&c=d"],"e":"+ %20"}'),
		'UTF-8': encodeURIComponent('grüße 日本 🗝'),
		'bytes that are no UTF-8': '%ff%fe%80abc%c3',
		'controls and line breaks': '%01%0d%0aSet-Cookie:%20x=y%09%7f',
		'HTML': encodeURIComponent('"><script>alert(1)</script>&amp;'),
		'an end of =': 'abc%3D%3D',
		...(lacks(USUAL_SERVER, 'long locations') || lacks(USUAL_SERVER, 'long queries') ? { '2000 bytes': encodeURIComponent('s/'.repeat(1000)) } : { '4096 bytes': encodeURIComponent('s/'.repeat(2048)) }),
	})) {
		test(`state comes back to the byte: ${what}`, async () => {
			const { url } = authorization(server, web, { state: undefined, prompt: 'none' });
			const answer = await new Browser().send(`${url}&state=${raw}`, {});
			const bytes = (text) => Buffer.from(text.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
			const query = answer.headers.location.split('?')[1];
			const state = query.split('&').find((part) => part.startsWith('state=')).slice(6);
			assert.deepEqual(bytes(state), bytes(raw));
			assert.doesNotMatch(query, /[\r\n]/);
			assert.equal(answer.headers['set-cookie']?.some((line) => line.startsWith('x=')) ?? false, false);
		});
	}

	test('state survives sign-in and form_post to the byte', async () => {
		for (const state of ['{"a":"b&c"} +"<>\'', 'grüße 🗝', 'x'.repeat(4096)]) {
			for (const response_mode of ['query', 'form_post']) {
				const outcome = await authorize(server, new Browser(), trusted, { state, response_mode });
				assert.equal(outcome.params.get('state'), state);
				assert.equal(outcome.mode, response_mode);
			}
		}
	});

	test('a state over its limit is refused, not cut', async () => {
		const answer = await ask(web, { state: 's'.repeat(9000) });
		assert.ok([400, 414, 431].includes(answer.status) || reply(answer, server.issuer)?.params.get('error') === 'invalid_request', String(answer.status));
		const outcome = reply(answer, server.issuer);
		if (outcome)
			assert.equal(outcome.params.get('state'), null);
	});
});

describe('by POST', () => {
	for (const [what, from] of [['cross-site', 'https://app.example/'], ['same-site', 'http://localhost:1/']]) {
		test(`${what}: parked, 303 to a GET, goes on with the cookies of that`, async () => {
			const browser = new Browser();
			await authorize(server, browser, web, { prompt: 'login' });
			const started = authorization(server, web);
			const first = await browser.send(server.url('authorize'), { method: 'POST', form: started.parameters, from: new URL(from) });
			assert.equal(first.status, 303, first.text);
			assert.equal(first.location.origin, new URL(server.issuer).origin);
			assert.ok(first.location.pathname.endsWith('/authorize'), String(first.location));
			for (const name of ['client_id', 'state', 'nonce', 'code_challenge'])
				assert.equal(first.location.searchParams.get(name), null, 'nothing of it in the URL');
			const outcome = await finish(browser, await browser.follow(first), server.issuer, { user: server.users.alice });
			assert.equal(outcome.pages.includes('login'), false, 'the session counts');
			assert.equal(outcome.params.get('state'), started.parameters.state);
			const answer = await redeem(server, { ...started, ...outcome });
			assert.equal(decode(answer.json().id_token).payload.nonce, started.parameters.nonce);
		});
	}

	test('the parked request belongs to the browser that sent it', async () => {
		const first = await new Browser().send(server.url('authorize'), { method: 'POST', form: authorization(server, web).parameters, from: new URL('https://app.example/') });
		assert.equal(first.status, 303);
		const other = await new Browser().visit(first.location);
		assertPage(other);
	});

	test('errors as by GET', async () => {
		const post = (more) => new Browser().send(server.url('authorize'), { method: 'POST', form: authorization(server, web, more).parameters, from: new URL('https://app.example/') });
		assertPage(await post({ client_id: 'nobody' }));
		assertPage(await post({ redirect_uri: 'https://evil.example/' }));
		const answer = await post({ response_type: 'token' });
		assertError(answer, 'unsupported_response_type');
		assert.equal(answer.status, 303);
	});

	test('other content types are 415, other methods 405', async () => {
		const json = await request(server.url('authorize'), { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } });
		assertPage(json, 415);
		for (const method of lacks(USUAL_SERVER, 'PUT') ? ['OPTIONS'] : ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
			const answer = await request(server.url('authorize'), { method });
			assert.equal(answer.status, 405, method);
			assert.match(answer.headers.allow ?? '', /GET/);
			assert.equal(answer.headers['access-control-allow-origin'], undefined);
		}
	});
});

describe('prompt, max_age and hints', () => {
	async function signedIn(user = server.users.alice, client = web) {
		const browser = new Browser();
		await authorize(server, browser, client, { prompt: 'login' }, { user });
		return browser;
	}

	test('none: with session and consent, a code without a page', async () => {
		const browser = await signedIn();
		const answer = await browser.send(authorization(server, web, { prompt: 'none' }).url);
		assert.ok(reply(await browser.follow(answer), server.issuer).params.get('code'));
	});

	test('none: without consent, consent_required', async () => {
		const browser = await signedIn();
		const fresh = await server.addClient({ client_name: 'Fresh', redirect_uris: ['https://fresh.example/cb'] });
		assertError(await browser.visit(authorization(server, fresh, { prompt: 'none' }).url), 'consent_required');
	});

	test('none: for a public client on loopback or a private scheme, always consent_required (RFC 8252 8.6)', async () => {
		for (const redirect_uri of ['http://127.0.0.1:5000/cb', 'http://[::1]:5000/cb', 'http://localhost:9999', 'app.example:///cb']) {
			const browser = new Browser();
			const first = await authorize(server, browser, native, { redirect_uri });
			assert.deepEqual(first.pages, ['login', 'consent']);
			const second = await authorize(server, browser, native, { redirect_uri });
			assert.deepEqual(second.pages, ['consent'], 'asked again');
			const answer = await browser.visit(authorization(server, native, { redirect_uri, prompt: 'none' }).url);
			const outcome = reply(answer, server.issuer);
			assert.equal(outcome?.params.get('error'), 'consent_required', redirect_uri);
		}
	});

	test('a public client on https remembers', async () => {
		const browser = new Browser();
		assert.deepEqual((await authorize(server, browser, spa)).pages, ['login', 'consent']);
		assert.deepEqual((await authorize(server, browser, spa)).pages, []);
	});

	test('login asks for the password again, and auth_time moves', async () => {
		const browser = await signedIn();
		const answer = await browser.visit(authorization(server, web, { prompt: 'login' }).url);
		assert.ok(isLogin(answer) && loginForm(answer));
		const reloaded = await browser.visit(answer.url);
		assert.ok(isLogin(reloaded) && loginForm(reloaded), 'a reload does not skip it');
		const fresh = await finish(browser, reloaded, server.issuer, { user: server.users.alice });
		assert.ok(fresh.params.get('code'));
	});

	test('consent shows the page again', async () => {
		const browser = await signedIn();
		assert.deepEqual((await authorize(server, browser, web)).pages, []);
		assert.deepEqual((await authorize(server, browser, web, { prompt: 'consent' })).pages, ['consent']);
	});

	test('select_account offers this account and another', async () => {
		const browser = await signedIn();
		const started = authorization(server, web, { prompt: 'select_account' });
		const page = await browser.visit(started.url);
		assert.ok(isLogin(page), page.status);
		assert.ok(textOf(page.text).includes('alice'), textOf(page.text));
		const outcome = await finish(browser, page, server.issuer, { user: server.users.alice });
		assert.ok(outcome.params.get('code'));
		const other = await browser.visit(authorization(server, web, { prompt: 'select_account' }).url);
		const after = await signIn(browser, other, server.users.bob);
		const switched = await finish(browser, after, server.issuer, { user: server.users.bob });
		assert.ok(switched.params.get('code'));
	});

	test('max_age=0 asks again, a long one does not; the ID token has auth_time', async () => {
		const browser = await signedIn();
		const long = await obtain(server, browser, web, { max_age: '1000' });
		assert.deepEqual(long.pages, []);
		const { payload } = decode(long.tokens.id_token);
		assert.ok(Number.isInteger(payload.auth_time) && Date.now() / 1000 - payload.auth_time < 1000);
		const none = await authorize(server, browser, web, { max_age: '0' });
		assert.deepEqual(none.pages, ['login']);
		assertError(await browser.visit(authorization(server, web, { max_age: '0', prompt: 'none' }).url), 'login_required');
	});

	test('login_hint fills the name in, escaped', async () => {
		for (const hint of ['alice', 'alice@example.org', '"><script>alert(1)</script>']) {
			const page = await new Browser().visit(authorization(server, web, { login_hint: hint }).url);
			assert.ok(isLogin(page));
			const field = loginForm(page).fields.find((one) => one.name === 'username');
			assert.equal(field.value, hint);
			assert.equal(page.text.includes('<script>alert'), false);
		}
	});

	test('id_token_hint: the same user passes, another does not', async () => {
		const browser = new Browser();
		const alice = await obtain(server, browser, web);
		const right = await browser.visit(authorization(server, web, { prompt: 'none', id_token_hint: alice.tokens.id_token }).url);
		assert.ok(reply(right, server.issuer)?.params.get('code'), textOf(right.text));
		const other = new Browser();
		await obtain(server, other, web, {}, { user: server.users.bob });
		assertError(await other.visit(authorization(server, web, { prompt: 'none', id_token_hint: alice.tokens.id_token }).url), 'login_required');
		// With a page: bob cannot finish what alice is asked for, alice can.
		const page = await other.visit(authorization(server, web, { id_token_hint: alice.tokens.id_token }).url);
		assert.ok(isLogin(page), `${page.status} ${page.url} ${textOf(page.text)}`);
		const refused = await signIn(other, page, server.users.bob);
		assert.equal(reply(refused, server.issuer)?.params.get('code') ?? null, null);
		const again = await other.visit(authorization(server, web, { id_token_hint: alice.tokens.id_token }).url);
		const done = await finish(other, again, server.issuer, { user: server.users.alice });
		assert.ok(done.params.get('code'));
	});

	test('id_token_hint that is none of ours: invalid_request or as if absent, never a code for it', async () => {
		const browser = await signedIn();
		const { tokens } = await obtain(server, browser, web);
		const [head, , signature] = tokens.id_token.split('.');
		const payload = Buffer.from(JSON.stringify({ ...decode(tokens.id_token).payload, sub: 'x' })).toString('base64url');
		for (const hint of ['garbage', 'a.b.c', `${head}.${payload}.${signature}`, `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`, tokens.access_token]) {
			const outcome = reply(await browser.visit(authorization(server, web, { prompt: 'none', id_token_hint: hint }).url), server.issuer);
			assert.ok(['invalid_request', 'login_required'].includes(outcome?.params.get('error')), `${hint.slice(0, 20)}: ${outcome?.params}`);
		}
	});

	test('an id_token_hint that was changed in the database ends the request', async () => {
		const browser = await signedIn();
		const { tokens } = await obtain(server, browser, web);
		for (const change of [`'${tokens.id_token}'`, "substr(id_token_hint, 1, length(id_token_hint) - 4) || 'AAAA'"]) {
			const url = new URL(authorization(server, web, { id_token_hint: tokens.id_token }).url);
			const started = await request(url, { headers: { Cookie: browser.cookies.header(url) } });
			browser.cookies.store(url, started.headers['set-cookie']);
			await sql(server, `UPDATE flows SET id_token_hint = ${change} WHERE id_token_hint IS NOT NULL`);
			const outcome = reply(await browser.visit(started.location), server.issuer);
			assert.equal(outcome?.params.get('error'), 'invalid_request');
			assert.match(outcome.params.get('error_description'), /ended/);
			assert.equal(outcome.params.get('code'), null);
		}
	});
});

describe('consent', () => {
	test('new scopes ask for those alone', async () => {
		const client = await server.addClient({ client_name: 'Growing', redirect_uris: ['https://growing.example/cb'] });
		const browser = new Browser();
		assert.deepEqual((await authorize(server, browser, client, { scope: 'openid email' })).pages, ['login', 'consent']);
		assert.deepEqual((await authorize(server, browser, client, { scope: 'openid email' })).pages, []);
		assert.deepEqual((await authorize(server, browser, client, { scope: 'openid' })).pages, []);
		const page = await browser.visit(authorization(server, client, { scope: 'openid email phone' }).url);
		assert.ok(isConsent(page));
		const text = textOf(page.text);
		assert.match(text, /phone/i);
		const done = await finish(browser, page, server.issuer, { user: server.users.alice });
		assert.ok(done.params.get('code'));
		assert.deepEqual((await authorize(server, browser, client, { scope: 'openid email phone' })).pages, []);
	});

	test('a denied consent is not remembered', async () => {
		const client = await server.addClient({ client_name: 'Denied', redirect_uris: ['https://denied.example/cb'] });
		const browser = new Browser();
		assert.equal((await authorize(server, browser, client, {}, { decision: 'deny' })).params.get('error'), 'access_denied');
		assert.deepEqual((await authorize(server, browser, client)).pages, ['consent']);
	});

	test('none: the operator\'s own confidential client asks nobody', async () => {
		const browser = new Browser();
		assert.deepEqual((await authorize(server, browser, trusted)).pages, ['login']);
		assert.ok(reply(await browser.visit(authorization(server, trusted, { prompt: 'none' }).url), server.issuer).params.get('code'));
	});

	test('none is refused for a public client', async () => {
		const metadata = { client_name: 'Sneaky', consent: 'none', token_endpoint_auth_method: 'none', redirect_uris: ['https://sneaky.example/cb'] };
		const result = await server.latchkey(['client', 'add', '--json', '--metadata', '-'], { input: JSON.stringify(metadata), fails: true });
		assert.notEqual(result.code, 0);
	});

	test('always: asks each time', async () => {
		const client = await server.addClient({ client_name: 'Careful', consent: 'always', redirect_uris: ['https://careful.example/cb'] });
		const browser = new Browser();
		assert.deepEqual((await authorize(server, browser, client)).pages, ['login', 'consent']);
		assert.deepEqual((await authorize(server, browser, client)).pages, ['consent']);
	});

	test('the page names user and application, escaped', async () => {
		const client = await server.addClient({ client_name: '<b>Tricky</b> & "Co"', redirect_uris: ['https://tricky.example/cb'] });
		const browser = new Browser();
		const page = await signIn(browser, await browser.visit(authorization(server, client, { scope: 'openid profile email' }).url), server.users.bob);
		assert.ok(isConsent(page));
		assert.equal(page.text.includes('<b>Tricky'), false);
		assert.match(textOf(page.text), /<b>Tricky<\/b> & "Co"/);
		assert.match(textOf(page.text), /bob/i);
	});
});

describe('the client\'s PKCE policy (invariant 1)', () => {
	const bare = { code_challenge: undefined, code_challenge_method: undefined };

	test('optional: neither PKCE nor nonce is needed', async () => {
		const outcome = await authorize(server, new Browser(), lax, { ...bare, nonce: undefined, state: undefined });
		const answer = await redeem(server, outcome);
		assert.equal(answer.status, 200, answer.text);
		assert.equal(decode(answer.json().id_token).payload.nonce, undefined);
	});

	test('nonce: a nonce instead', async () => {
		assert.equal((await redeem(server, await authorize(server, new Browser(), nonceOnly, bare))).status, 200);
		assertError(await ask(nonceOnly, { ...bare, nonce: undefined }), 'invalid_request');
	});

	test('plain is refused for all of them', async () => {
		for (const client of [lax, nonceOnly, web, spa])
			assertError(await ask(client, { code_challenge: random(), code_challenge_method: 'plain' }), 'invalid_request');
	});

	test('a public client cannot be registered without PKCE', async () => {
		for (const pkce of ['nonce', 'optional']) {
			const metadata = { client_name: 'Open', pkce, token_endpoint_auth_method: 'none', redirect_uris: ['https://open.example/cb'] };
			assert.notEqual((await server.latchkey(['client', 'add', '--json', '--metadata', '-'], { input: JSON.stringify(metadata), fails: true })).code, 0);
		}
	});

	test('the refusal names the switch in the log', async () => {
		await ask(web, bare);
		const lines = (await server.log()).filter((line) => line.program?.includes('authorize') && /pkce/i.test(line.text));
		assert.ok(lines.length > 0, 'a line of authorize that says pkce');
	});

	test('S256 is used where it is sent, even if optional', async () => {
		const outcome = await authorize(server, new Browser(), lax);
		const wrong = await redeem(server, outcome, { fields: { code_verifier: random() } });
		assert.equal(wrong.json().error, 'invalid_grant');
		const none = await redeem(server, outcome, { fields: { code_verifier: undefined } });
		assert.equal(none.json().error, 'invalid_grant');
		assert.equal((await redeem(server, outcome)).status, 200);
		assert.equal(challenge('x').length, 43);
	});
});

describe('form_post', () => {
	test('a page with a button and no inline script, that names the client\'s address', async () => {
		const outcome = await authorize(server, new Browser(), trusted, { response_mode: 'form_post' });
		assert.equal(outcome.mode, 'form_post');
		assert.equal(String(outcome.url), trusted.redirect_uris[0]);
		assert.equal((outcome.form.method ?? '').toLowerCase(), 'post');
		assert.ok(formsOf(outcome.answer.text)[0].buttons.length > 0, 'a button for those without JavaScript');
		const policy = outcome.answer.headers['content-security-policy'];
		assert.doesNotMatch(policy, /unsafe-inline/);
		assert.doesNotMatch(policy, /form-action/);
		assert.match(outcome.answer.headers['cache-control'], /no-store/);
		assert.equal((await redeem(server, outcome)).status, 200);
	});
});

test('a code names no secret in the log', async () => {
	const { tokens, params } = await obtain(server, new Browser(), web);
	const text = JSON.stringify(await server.log());
	for (const secret of [params.get('code'), tokens.access_token, tokens.id_token, web.client_secret, ALICE.password])
		assert.equal(text.includes(secret), false);
});
