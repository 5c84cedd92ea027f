// Pushed authorization requests (RFC 9126): the checks of /authorize, and one use for each request_uri.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, decide, finish, isConsent, isLogin, loginForm, reply, signIn } from '../lib/browser.mjs';
import { authorization, authorize, challenge, decode, random, redeem } from '../lib/client.mjs';
import { formBody, request } from '../lib/http.mjs';
import { ALICE, startServer } from '../lib/server.mjs';
import { call, clientRequest, FORM, sql, sqlValue } from '../lib/tokens.mjs';

const PREFIX = 'urn:ietf:params:oauth:request_uri:';
const API = 'https://api.example/v1';

let server;
let web; // asks for consent
let quiet; // does not
let spa;
let only; // require_pushed_authorization_requests
let lax;

before(async () => {
	server = await startServer();
	const add = (name, more) => server.addClient({ client_name: name, redirect_uris: [`https://${name.toLowerCase()}.example/cb`], ...more });
	web = await add('Web');
	quiet = await add('Quiet', { consent: 'none' });
	spa = await add('Spa', { token_endpoint_auth_method: 'none' });
	only = await add('Only', { consent: 'none', require_pushed_authorization_requests: true });
	lax = await add('Lax', { consent: 'none', pkce: 'optional', token_endpoint_auth_method: 'client_secret_post' });
	await server.latchkey(['resource', 'add', API, '--name', 'API']);
});
after(() => server?.stop());

/** Pushes a request like that of authorization(); `url` is where the browser goes then. */
async function push(client, more, headers) {
	const started = authorization(server, client, more);
	const { client_id: _, ...fields } = started.parameters;
	const answer = await call(server, 'par', client, fields, headers);
	const uri = answer.status === 201 ? answer.json().request_uri : undefined;
	return { ...started, answer, uri, url: server.url('authorize', { client_id: client.client_id, request_uri: uri }) };
}

async function pushed(client, more) {
	const result = await push(client, more);
	assert.equal(result.answer.status, 201, result.answer.text);
	return result;
}

function assertRefused(answer, error, status = 400) {
	assert.equal(answer.status, status, answer.text);
	assert.match(answer.headers['content-type'], /^application\/json\b/);
	assert.match(answer.headers['cache-control'], /no-store/);
	assert.equal(answer.headers.location, undefined);
	assert.equal(answer.json().error, error, answer.text);
	assert.equal('request_uri' in answer.json(), false);
}

/** A page, since nobody knows where the answer belongs; no code. */
function assertPage(answer) {
	assert.equal(answer.status, 400, `${answer.headers.location} ${answer.text}`);
	assert.ok(answer.isPage);
	assert.equal(reply(answer, server.issuer), null);
}

const end = async (browser, answer, more) => finish(browser, answer, server.issuer, { user: server.users.alice, ...more });

async function assertTokens(started, outcome) {
	assert.equal(outcome.params.get('state'), started.parameters.state ?? null);
	assert.equal(outcome.params.get('iss'), server.issuer);
	const answer = await redeem(server, { ...started, ...outcome });
	assert.equal(answer.status, 200, answer.text);
	assert.equal(decode(answer.json().id_token).payload.nonce, started.parameters.nonce);
	return answer.json();
}

const rowsOf = async (client) => Number(await sqlValue(server, `SELECT count(*) FROM pushed_requests WHERE client_id = '${client.client_id}'`));

describe('a pushed request', () => {
	for (const name of ['Web', 'Quiet', 'Spa', 'Only', 'Lax']) {
		test(`${name}: 201 (RFC 9126 2.2), then a sign-in by client_id and request_uri alone`, async () => {
			const client = server.clients[name];
			const started = await pushed(client);
			const { answer } = started;
			assert.match(answer.headers['content-type'], /^application\/json\b/);
			assert.match(answer.headers['cache-control'], /no-store/);
			assert.deepEqual(Object.keys(answer.json()).sort(), ['expires_in', 'request_uri']);
			assert.equal(answer.json().expires_in, 60);
			assert.ok(started.uri.startsWith(PREFIX));
			assert.ok(started.uri.length >= PREFIX.length + 43, '256 bits');
			const browser = new Browser();
			const outcome = await end(browser, await browser.visit(started.url));
			await assertTokens(started, outcome);
			assert.equal(await rowsOf(client), 0, 'its row went with the flow');
		});
	}

	test('every parameter arrives: state to the byte, form_post, login_hint, max_age, claims, two resources', async () => {
		const browser = new Browser();
		const started = authorization(server, quiet, { state: undefined, response_mode: 'form_post', login_hint: 'alice', max_age: '600',
			claims: '{"userinfo":{"nickname":null,"email":{"essential":true}}}', scope: 'openid profile', prompt: 'login' });
		const state = 'a b+c%20&=;ü€"<>\'\\/?#';
		const form = [...Object.entries(started.parameters), ['state', state], ['resource', API], ['resource', server.issuer]];
		const answer = await request(server.url('par'), { form, headers: clientRequest(quiet).headers });
		assert.equal(answer.status, 201, answer.text);
		const page = await browser.visit(server.url('authorize', { client_id: quiet.client_id, request_uri: answer.json().request_uri }));
		assert.ok(isLogin(page), page.text);
		assert.equal(loginForm(page).fields.find((field) => field.name === 'username').value, 'alice');
		const outcome = await end(browser, page);
		assert.equal(outcome.mode, 'form_post');
		assert.equal(outcome.params.get('state'), state);
		const tokens = (await redeem(server, { ...started, ...outcome })).json();
		assert.deepEqual(decode(tokens.access_token).payload.aud, [API, server.issuer]);
		assert.ok(decode(tokens.id_token).payload.auth_time);
	});

	test('a state that is no text', async () => {
		const browser = new Browser();
		await authorize(server, browser, quiet);
		const started = authorization(server, quiet, { state: undefined });
		const answer = await request(server.url('par'), { method: 'POST', body: `${formBody(started.parameters)}&state=%ff%fe%01%26+%2b`, headers: { ...clientRequest(quiet).headers, 'Content-Type': FORM } });
		assert.equal(answer.status, 201, answer.text);
		const done = await browser.send(server.url('authorize', { client_id: quiet.client_id, request_uri: answer.json().request_uri }));
		assert.match(done.headers.location, /[?&]state=%FF%FE%01%26(?:%20|\+)%2B(?:&|$)/i);
	});

	test('what stands beside request_uri does not count (RFC 9126 4)', async () => {
		const browser = new Browser();
		const started = await pushed(quiet, { scope: 'openid' });
		const url = new URL(started.url);
		for (const [name, value] of Object.entries({ scope: 'openid email', state: 'forged', redirect_uri: 'https://evil.example/cb', nonce: 'forged',
			code_challenge: challenge(random()), response_type: 'token', response_mode: 'fragment', prompt: 'none', resource: 'https://nowhere.example' }))
			url.searchParams.set(name, value);
		const outcome = await end(browser, await browser.visit(url));
		assert.equal(outcome.url.origin, new URL(quiet.redirect_uris[0]).origin);
		const tokens = await assertTokens(started, outcome);
		assert.equal(tokens.scope, 'openid');
	});

	test('by a POST to /authorize, which is parked and gone on with by GET', async () => {
		const browser = new Browser();
		const started = await pushed(quiet);
		const first = await browser.send(server.url('authorize'), { method: 'POST', from: new URL('https://quiet.example/'), form: { client_id: quiet.client_id, request_uri: started.uri } });
		assert.equal(first.status, 303);
		await assertTokens(started, await end(browser, await browser.follow(first)));
		assertPage(await browser.visit(started.url));
	});

	test('an error is sent to the client, as without PAR', async () => {
		const started = await pushed(web, { prompt: 'none' });
		const outcome = reply(await new Browser().visit(started.url), server.issuer);
		assert.equal(outcome.params.get('error'), 'login_required');
		assert.equal(outcome.params.get('state'), started.parameters.state);
	});

	test('secrets of the client are not kept, and nothing of the rest can be read', async () => {
		const started = await pushed(lax, { login_hint: 'alice@example.org' });
		const rows = `pushed_requests WHERE client_id = '${lax.client_id}'`;
		const [[parameters]] = await sql(server, `SELECT parameters FROM ${rows}`);
		for (const word of ['client_secret', 'assertion', lax.client_secret, 'redirect_uri', 'alice', started.parameters.state, started.uri.slice(PREFIX.length)])
			assert.equal(parameters.includes(word), false, word);
	});

	test('one that does not open is one that nobody knows', async () => {
		for (const change of ["substr(parameters, 1, length(parameters) - 4) || 'AAAA'", "'client_id=x&scope=openid'", "''"]) {
			const started = await pushed(web);
			await sql(server, `UPDATE pushed_requests SET parameters = ${change} WHERE client_id = '${web.client_id}'`);
			assertPage(await new Browser().visit(started.url));
		}
	});
});

describe('one request_uri, one sign-in', () => {
	test('a reload of /authorize and of the login page breaks nothing, until the flow has ended', async () => {
		const before = await rowsOf(web);
		const browser = new Browser();
		const started = await pushed(web, { prompt: 'consent' });
		let page = await browser.visit(started.url);
		assert.ok(isLogin(page));
		page = await browser.visit(page.url);
		assert.ok(isLogin(page), 'the login page again');
		page = await browser.visit(started.url);
		assert.ok(isLogin(page), 'the link again: the back button');
		page = await signIn(browser, page, { username: 'alice', password: 'wrong, and much too hasty' });
		assert.ok(isLogin(page));
		page = await signIn(browser, page, server.users.alice);
		assert.ok(isConsent(page));
		page = await browser.visit(page.url);
		assert.ok(isConsent(page), 'the consent page again');
		page = await browser.visit(started.url);
		assert.ok(isConsent(page), 'and the link again, signed in by now');
		const outcome = await end(browser, page);
		await assertTokens(started, outcome);
		assertPage(await browser.visit(started.url));
		assert.equal(await rowsOf(web), before);
	});

	test('two tabs: the second one to finish gets nothing', async () => {
		const browser = new Browser();
		const started = await pushed(web, { prompt: 'consent' });
		const first = await browser.visit(started.url);
		const second = await browser.visit(started.url);
		assert.notEqual(first.url.href, second.url.href);
		const outcome = await end(browser, first);
		assert.ok(outcome.params.get('code'));
		const late = await signIn(browser, second, server.users.alice);
		assertPage(isConsent(late) ? await decide(browser, late, 'allow') : late);
	});

	test('32 visits at once by a browser that is signed in: one code', async () => {
		const browser = new Browser();
		await authorize(server, browser, quiet);
		const started = await pushed(quiet);
		const answers = await Promise.all(Array.from({ length: 32 }, () => browser.send(started.url)));
		const won = answers.filter((answer) => reply(answer, server.issuer)?.params.get('code'));
		assert.equal(won.length, 1);
		for (const answer of answers.filter((one) => one !== won[0]))
			assertPage(answer);
	});

	test('refused by the user is used as well', async () => {
		const browser = new Browser();
		const started = await pushed(web, { prompt: 'consent' });
		const outcome = await end(browser, await browser.visit(started.url), { decision: 'deny' });
		assert.equal(outcome.params.get('error'), 'access_denied');
		assertPage(await browser.visit(started.url));
	});

	test('another client may not use it', async () => {
		const started = await pushed(quiet);
		const browser = new Browser();
		for (const client_id of [web.client_id, spa.client_id, 'nobody', undefined, '']) {
			const url = server.url('authorize', { client_id, request_uri: started.uri });
			assertPage(await browser.visit(url));
			assertPage(await browser.visit(`${url}&${new URLSearchParams({ redirect_uri: web.redirect_uris[0], response_type: 'code', state: 'x' })}`));
		}
		await assertTokens(started, await end(browser, await browser.visit(started.url)));
	});

	test('unknown, changed and foreign ones', async () => {
		const browser = new Browser();
		const { uri } = await pushed(quiet);
		for (const bad of [`${PREFIX}${random()}`, PREFIX, `${uri}A`, uri.slice(0, -1), uri.toUpperCase(), `${uri} `, `${uri}%00`])
			assertPage(await browser.visit(server.url('authorize', { client_id: quiet.client_id, request_uri: bad })));
		assertPage(await browser.visit(`${server.url('authorize', { client_id: quiet.client_id, request_uri: uri })}&request_uri=${encodeURIComponent(uri)}`));
		const foreign = authorization(server, quiet, { request_uri: 'https://quiet.example/request.jwt' });
		assert.equal(reply(await browser.visit(foreign.url), server.issuer).params.get('error'), 'request_uri_not_supported');
	});

	test('expired: after a minute, by the configuration; not while somebody signs in', async () => {
		const browser = new Browser();
		const started = await pushed(web);
		const left = () => sqlValue(server, `SELECT expires_at - unixepoch() FROM pushed_requests WHERE client_id = '${web.client_id}' ORDER BY expires_at DESC LIMIT 1`);
		const near = (value, expected) => assert.ok(Math.abs(Number(value) - expected) <= 5, `${value}: ${expected}`);
		near(await left(), 60);
		const page = await browser.visit(started.url);
		near(await left(), 1800);
		assert.ok(isLogin(page));
		const late = await pushed(quiet);
		await sql(server, `UPDATE pushed_requests SET expires_at = unixepoch() WHERE client_id = '${quiet.client_id}'`);
		assertPage(await browser.visit(late.url));
		await assertTokens(started, await end(browser, await browser.visit(started.url)));
		await pushed(quiet);
		assert.equal(await sqlValue(server, 'SELECT count(*) FROM pushed_requests WHERE expires_at <= unixepoch()'), '0', 'cleaned up as part of normal work');
	});
});

describe('the checks are those of /authorize', () => {
	// What goes to the client by redirect there is the answer here.
	const wrong = {
		'response_type missing': { response_type: undefined },
		'response_type token': { response_type: 'token' },
		'no code_challenge': { code_challenge: undefined, code_challenge_method: undefined },
		'a method without a challenge': { code_challenge: undefined },
		'method plain': { code_challenge_method: 'plain' },
		'no method, which means plain': { code_challenge_method: undefined },
		'a challenge that is too short': { code_challenge: 'short' },
		'scope without openid': { scope: 'profile' },
		'scope missing': { scope: undefined },
		'unknown response_mode': { response_mode: 'pigeon' },
		'prompt none with login': { prompt: 'none login' },
		'max_age that is no number': { max_age: 'soon' },
		'request object': { request: 'eyJhbGciOiJub25lIn0.e30.' },
		'registration': { registration: '{}' },
		'a resource that is unknown': { resource: 'https://nowhere.example/' },
		'a resource with a fragment': { resource: `${API}#x` },
		'a nonce that is too long': { nonce: 'n'.repeat(513) },
		'a state that is too long': { state: 's'.repeat(4097) },
	};
	for (const [what, more] of Object.entries(wrong)) {
		test(what, async () => {
			const there = reply(await new Browser().send(authorization(server, web, more).url), server.issuer).params.get('error');
			assertRefused((await push(web, more)).answer, there);
		});
	}

	for (const [what, more] of Object.entries({
		'no redirect_uri': { redirect_uri: undefined },
		'an unregistered redirect_uri': { redirect_uri: 'https://web.example/other' },
		'another client\'s redirect_uri': { redirect_uri: 'https://spa.example/cb' },
		'javascript:': { redirect_uri: 'javascript:alert(1)' },
	})) {
		test(`${what}: no page and no redirect here`, async () => {
			assertRefused((await push(web, more)).answer, 'invalid_request');
		});
	}

	test('request_uri inside (RFC 9126 2.1)', async () => {
		const { uri } = await pushed(web);
		for (const request_uri of [uri, `${PREFIX}x`, 'https://web.example/request'])
			assertRefused((await push(web, { request_uri })).answer, 'invalid_request');
	});

	test('grants that the client does not have', async () => {
		const machine = await server.addClient({ client_name: 'Machine', grant_types: ['client_credentials'], redirect_uris: ['https://machine.example/cb'] });
		assertRefused((await push(machine)).answer, 'unauthorized_client');
	});

	test('parameters that stand twice, broken escapes', async () => {
		const { parameters } = authorization(server, web);
		const raw = (body) => request(server.url('par'), { method: 'POST', body, headers: { ...clientRequest(web).headers, 'Content-Type': FORM } });
		for (const tail of ['state=a&state=b', 'scope=openid', 'redirect_uri=x', 'nonce=%zz', 'prompt=%00'])
			assertRefused(await raw(`${formBody(parameters)}&${tail}`), 'invalid_request');
	});

	test('the client must authenticate', async () => {
		const { parameters } = authorization(server, web);
		for (const headers of [{ Authorization: undefined }, clientRequest({ ...web, client_secret: 'x'.repeat(43) }).headers]) {
			const { answer } = await push(web, { client_secret: undefined }, headers);
			assertRefused(answer, 'invalid_client', 401);
			assert.match(answer.headers['www-authenticate'], /^Basic realm="/);
		}
		assertRefused(await request(server.url('par'), { form: { ...parameters, client_id: 'nobody' } }), 'invalid_client', 401);
		assertRefused(await request(server.url('par'), { form: { ...parameters, client_id: spa.client_id, client_secret: 'x'.repeat(43) } }), 'invalid_client', 401);
	});

	test('nothing is stored for a request that was refused', async () => {
		const before = await sqlValue(server, 'SELECT count(*) FROM pushed_requests');
		await push(web, { scope: 'profile' });
		await push(web, {}, { Authorization: undefined });
		assert.equal(await sqlValue(server, 'SELECT count(*) FROM pushed_requests'), before);
	});

	test('other methods and media types are refused', async () => {
		for (const method of ['GET', 'PUT', 'DELETE']) {
			const answer = await request(server.url('par'), { method });
			assert.equal(answer.status, 405);
			assert.match(answer.headers.allow, /POST/);
		}
		assert.equal((await request(server.url('par'), { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })).status, 415);
	});
});

describe('when it is required', () => {
	test('of one client (RFC 9126 6)', async () => {
		const browser = new Browser();
		const outcome = reply(await browser.send(authorization(server, only).url), server.issuer);
		assert.equal(outcome.params.get('error'), 'invalid_request');
		assert.match(outcome.params.get('error_description'), /pushed/);
		const started = await pushed(only);
		await assertTokens(started, await end(browser, await browser.visit(started.url)));
	});

	test('of all, by the configuration; for public clients one address is limited', async () => {
		const strict = await startServer({ settings: { require_pushed_requests: 'on', pushed_request_seconds: 5, flow_limit_address: 3 } });
		try {
			const client = await strict.addClient({ client_name: 'Web', consent: 'none', redirect_uris: ['https://web.example/cb'] });
			const open = await strict.addClient({ client_name: 'Spa', token_endpoint_auth_method: 'none', redirect_uris: ['https://spa.example/cb'] });
			const metadata = (await request(`${strict.issuer}/.well-known/openid-configuration`)).json();
			assert.equal(metadata.require_pushed_authorization_requests, true);
			const browser = new Browser();
			assert.equal(reply(await browser.send(authorization(strict, client).url), strict.issuer).params.get('error'), 'invalid_request');
			const started = authorization(strict, client);
			const answer = await call(strict, 'par', client, started.parameters);
			assert.equal(answer.json().expires_in, 5);
			const outcome = await finish(browser, await browser.visit(strict.url('authorize', { client_id: client.client_id, request_uri: answer.json().request_uri })), strict.issuer, { user: strict.users.alice });
			assert.ok(outcome.params.get('code'));
			for (let i = 0; i < 3; i++)
				assert.equal((await call(strict, 'par', open, authorization(strict, open).parameters)).status, 201);
			const limited = await call(strict, 'par', open, authorization(strict, open).parameters);
			assert.equal(limited.status, 429);
			assert.ok(Number(limited.headers['retry-after']) > 0);
			assert.equal((await call(strict, 'par', client, authorization(strict, client).parameters)).status, 201, 'who authenticates is not');
		} finally {
			await strict.stop();
		}
	});
});
