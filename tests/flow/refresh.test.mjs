// Refresh tokens: rotation, families, the grace window, and what ends them (RFC 6749 6; RFC 9700 4.14.2; invariant 4).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { Browser, decisionForm } from '../lib/browser.mjs';
import { authorize, decode, obtain, random, redeem, userinfo } from '../lib/client.mjs';
import { formBody, request } from '../lib/http.mjs';
import { mails } from '../lib/mail.mjs';
import { ALICE, BOB, startServer } from '../lib/server.mjs';
import { atOnce, clientRequest, familyOf, FORM, introspect, refresh, refreshFields, revoke, sql, sqlValue } from '../lib/tokens.mjs';
import { delay, until } from '../lib/wait.mjs';

let server;
let browser;
let web; // confidential, the grace window of the configuration
let strict; // confidential, none
let spa; // public, none by default
let patient; // public, one of its own
let other;
let watcher; // may introspect everything

const GRANTS = ['authorization_code', 'refresh_token'];
const SCOPE = 'openid profile email offline_access';

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	const add = (name, more) => server.addClient({ client_name: name, grant_types: GRANTS, redirect_uris: [`https://${name.toLowerCase()}.example/cb`], ...more });
	web = await add('Web', { consent: 'none' });
	strict = await add('Strict', { consent: 'none', refresh_grace_seconds: 0 });
	spa = await add('Spa', { token_endpoint_auth_method: 'none' });
	patient = await add('Patient', { token_endpoint_auth_method: 'none', refresh_grace_seconds: 20 });
	other = await add('Other', { consent: 'none', token_endpoint_auth_method: 'client_secret_post' });
	watcher = await add('Watcher', { introspection: 'all' });
	browser = new Browser();
	for (const client of [spa, patient])
		await authorize(server, browser, client, { scope: SCOPE });
});
after(() => server?.stop());

const start = async (client, more) => (await obtain(server, browser, client, { scope: SCOPE, ...more })).tokens;

function assertInvalid(answer, error = 'invalid_grant') {
	assert.equal(answer.status, 400, answer.text);
	assert.equal(answer.json().error, error, answer.text);
	assert.equal(answer.text.includes('_token"'), false, answer.text);
	assert.match(answer.headers['cache-control'], /no-store/);
}

async function renewed(client, token, fields) {
	const answer = await refresh(server, client, token, fields);
	assert.equal(answer.status, 200, answer.text);
	return answer.json();
}

const events = async (token, event) => Number(await sqlValue(server, `SELECT count(*) FROM audit WHERE event = '${event}' AND grant_id = '${familyOf(token)}'`));
/** How many mails told the user that a token of this client came twice. */
async function alerts(client) {
	await until('the alerts were sent', async () => Number(await sqlValue(server, "SELECT count(*) FROM outbox WHERE kind = 'alert.refresh_reuse'")) === 0);
	return (await mails(server)).filter((mail) => mail.kind === 'refresh_reuse' && mail.to === `<${ALICE.claims.email}>`
		&& mail.text.includes(`A key that ${client.client_name} uses`)).length;
}

async function assertAlive(tokens, client) {
	assert.equal((await userinfo(server, tokens.access_token)).status, 200);
	assert.equal((await introspect(server, watcher, tokens.access_token)).active, true);
	assert.equal((await introspect(server, client, tokens.refresh_token)).active, true);
}

async function assertDead(...all) {
	for (const tokens of all) {
		const answer = await userinfo(server, tokens.access_token);
		assert.equal(answer.status, 401, 'userinfo');
		assert.match(answer.headers['www-authenticate'], /error="invalid_token"/);
		assert.deepEqual(await introspect(server, watcher, tokens.access_token), { active: false });
		assert.deepEqual(await introspect(server, watcher, tokens.refresh_token), { active: false });
	}
}

describe('a refresh', () => {
	test('rotates: new tokens all, the members of RFC 6749 5.1', async () => {
		let tokens = await start(web);
		const seen = new Set([tokens.refresh_token, tokens.access_token]);
		for (let i = 0; i < 4; i++) {
			const answer = await refresh(server, web, tokens.refresh_token);
			assert.equal(answer.status, 200, answer.text);
			assert.match(answer.headers['content-type'], /^application\/json\b/);
			assert.match(answer.headers['cache-control'], /no-store/);
			const next = answer.json();
			assert.deepEqual(Object.keys(next).sort(), ['access_token', 'expires_in', 'id_token', 'refresh_token', 'scope', 'token_type']);
			assert.equal(next.token_type, 'Bearer');
			assert.equal(next.expires_in, 600);
			assert.deepEqual(next.scope.split(' ').sort(), SCOPE.split(' ').sort());
			for (const token of [next.refresh_token, next.access_token]) {
				assert.equal(seen.has(token), false);
				seen.add(token);
			}
			assert.equal(familyOf(next.refresh_token), familyOf(tokens.refresh_token), 'one family');
			tokens = next;
		}
		assert.equal(Number(await sqlValue(server, `SELECT count(*) FROM grants WHERE grant_id = '${familyOf(tokens.refresh_token)}'`)), 1, 'one row a family');
		assert.equal(await events(tokens.refresh_token, 'tokens.refreshed'), 4);
		await assertAlive(tokens, web);
	});

	test('the ID token: no nonce, the sub, sid, auth_time, aud of the first one, its own iat and at_hash (Core 12.2)', async () => {
		const outcome = await obtain(server, browser, web, { scope: SCOPE, max_age: '3600' });
		const first = decode(outcome.tokens.id_token).payload;
		assert.equal(first.nonce, outcome.parameters.nonce);
		await delay(1100);
		const tokens = await renewed(web, outcome.tokens.refresh_token);
		const jwks = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`));
		const { payload, protectedHeader } = await jwtVerify(tokens.id_token, jwks, { issuer: server.issuer, audience: web.client_id });
		assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
		assert.equal('nonce' in payload, false);
		for (const name of ['iss', 'sub', 'aud', 'azp', 'sid', 'auth_time', 'amr', 'acr', 'email', 'name', 'preferred_username'])
			assert.deepEqual(payload[name], first[name], name);
		assert.ok(payload.iat > first.iat);
		assert.equal(payload.exp - payload.iat, 3600);
		assert.equal(payload.at_hash, createHash('sha256').update(tokens.access_token).digest().subarray(0, 16).toString('base64url'));
		assert.equal(decode(tokens.access_token).payload.auth_time, first.auth_time);
	});

	test('scope: narrowed for the access token, whole again later, never widened', async () => {
		let tokens = await start(web);
		const narrow = await renewed(web, tokens.refresh_token, { scope: 'openid' });
		assert.equal(narrow.scope, 'openid');
		assert.equal(decode(narrow.access_token).payload.scope, 'openid');
		assert.deepEqual(Object.keys((await userinfo(server, narrow.access_token)).json()), ['sub']);
		assert.equal(decode(narrow.id_token).payload.email, undefined);
		const bare = await renewed(web, narrow.refresh_token, { scope: 'email' });
		assert.equal('id_token' in bare, false, 'no ID token without openid');
		assert.equal((await userinfo(server, bare.access_token)).status, 403);
		for (const scope of ['openid phone', 'phone', 'openid profile email offline_access address']) {
			assertInvalid(await refresh(server, web, bare.refresh_token, { scope }), 'invalid_scope');
			assert.equal(await events(bare.refresh_token, 'refresh.reused'), 0);
		}
		tokens = await renewed(web, bare.refresh_token, { scope: '' });
		assert.deepEqual(tokens.scope.split(' ').sort(), SCOPE.split(' ').sort());
		assert.equal((await userinfo(server, tokens.access_token)).json().email, ALICE.claims.email);
	});

	test('scope: what authorize dropped may be sent again, as libraries do that remember what they asked for', async () => {
		const asked = 'openid email offline_access everything';
		const { refresh_token: token, scope } = await start(web, { scope: asked });
		assert.deepEqual(scope.split(' ').sort(), ['email', 'offline_access', 'openid']);
		const tokens = await renewed(web, token, { scope: asked });
		assert.deepEqual(tokens.scope.split(' ').sort(), ['email', 'offline_access', 'openid']);
		assertInvalid(await refresh(server, web, tokens.refresh_token, { scope: 'everything' }), 'invalid_scope');
		await renewed(web, tokens.refresh_token);
	});

	test('only of clients that are registered for it', async () => {
		const never = await server.addClient({ client_name: 'Never', consent: 'none', redirect_uris: ['https://never.example/cb'] });
		const tokens = await start(never);
		assert.equal('refresh_token' in tokens, false);
		assert.equal(tokens.scope.includes('offline_access'), false);
		const { refresh_token: token } = await start(web);
		assertInvalid(await refresh(server, never, token), 'unauthorized_client');
		await renewed(web, token);
	});

	test('without offline_access too, for a client that is registered for the grant', async () => {
		const tokens = await start(web, { scope: 'openid' });
		assert.equal(tokens.scope, 'openid');
		assert.ok((await renewed(web, tokens.refresh_token)).id_token);
	});
});

describe('nothing is burnt by', () => {
	test('another client, confidential or public; a wrong secret; none', async () => {
		const tokens = await start(strict);
		for (const client of [web, other, spa])
			assertInvalid(await refresh(server, client, tokens.refresh_token));
		for (const headers of [{ Authorization: undefined }, { Authorization: clientRequest({ ...strict, client_secret: 'x'.repeat(43) }).headers.Authorization }]) {
			const answer = await refresh(server, strict, tokens.refresh_token, { client_id: strict.client_id }, headers);
			assert.equal(answer.status, 401);
			assert.equal(answer.json().error, 'invalid_client');
		}
		assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 0);
		const next = await renewed(strict, tokens.refresh_token);
		for (const client of [web, other, spa])
			assertInvalid(await refresh(server, client, tokens.refresh_token));
		await assertAlive(next, strict);
	});

	test('a token of a public client sent by another one', async () => {
		const tokens = await start(spa);
		for (const client of [web, patient])
			assertInvalid(await refresh(server, client, tokens.refresh_token));
		await assertAlive({ ...await renewed(spa, tokens.refresh_token) }, watcher);
	});

	test('changed tags, generations, families, random parts; random tokens', async () => {
		const tokens = await start(strict);
		const [family, generation, secret, tag] = tokens.refresh_token.split('.');
		const flip = (text) => `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}`;
		const stranger = (await start(strict)).refresh_token.split('.');
		for (const parts of [
			[family, generation, secret, flip(tag)],
			[family, generation, flip(secret), tag],
			[family, '0', secret, tag],
			[family, '2', secret, tag],
			[family, `0${generation}`, secret, tag],
			[family, '-1', secret, tag],
			[family, '99999999999999999999', secret, tag],
			[flip(family), generation, secret, tag],
			[stranger[0], generation, secret, tag],
			[family, generation, secret, stranger[3]],
			[family, generation, stranger[2], stranger[3]],
			[family, generation, secret, ''],
			[family, generation, secret, `${tag}A`],
			[family, generation, secret, tag, tag],
			[family, generation, secret],
			['', generation, secret, tag],
			[family, '', secret, tag],
			[family, generation, '', tag],
			[random(16), '1', random(), random(16)],
			[random()],
			['.', '.', '.'],
			['a'.repeat(200)],
		])
			assertInvalid(await refresh(server, strict, parts.join('.')));
		for (const wrong of ['a'.repeat(257), 'a b', 'é', '\u0000'])
			assertInvalid(await refresh(server, strict, wrong), 'invalid_request');
		assertInvalid(await refresh(server, strict, undefined), 'invalid_request');
		assertInvalid(await refresh(server, strict, ''), 'invalid_request');
		for (const token of [tokens.access_token, tokens.id_token])
			assert.equal((await refresh(server, strict, token)).status, 400);
		assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 0);
		await assertAlive(tokens, strict);
		await renewed(strict, tokens.refresh_token);
		await renewed(strict, stranger.join('.'));
	});

	test('the same parameter twice', async () => {
		const tokens = await start(strict);
		const { form, headers } = clientRequest(strict, refreshFields(tokens.refresh_token));
		assertInvalid(await request(server.url('token'), { form: [...Object.entries(form), ['refresh_token', tokens.refresh_token]], headers }), 'invalid_request');
		await renewed(strict, tokens.refresh_token);
	});
});

describe('reuse', () => {
	for (const name of ['Strict', 'Spa']) {
		test(`${name}: ends the family, with every access token of it, on record`, async () => {
			const client = server.clients[name];
			const before = await alerts(client);
			const first = await start(client);
			const bystander = await start(client);
			const second = await renewed(client, first.refresh_token);
			const third = await renewed(client, second.refresh_token);
			assert.equal((await userinfo(server, first.access_token)).status, 200, 'a refresh ends no access token');
			assertInvalid(await refresh(server, client, second.refresh_token));
			await assertDead(first, second, third);
			assertInvalid(await refresh(server, client, third.refresh_token));
			assertInvalid(await refresh(server, client, first.refresh_token));
			assert.equal(await events(first.refresh_token, 'refresh.reused'), 1);
			assert.equal(await alerts(client), before + 1, 'one alert, not one a try');
			const [[user, detail, address]] = await sql(server, `SELECT user_id, detail, address FROM audit WHERE event = 'refresh.reused' AND grant_id = '${familyOf(first.refresh_token)}'`);
			assert.equal(user, decode(first.id_token).payload.sub);
			assert.equal(detail, 'RFC 9700 4.14.2');
			assert.match(address, /^(127\.0\.0\.1|::1)$/);
			assert.equal((await userinfo(server, bystander.access_token)).status, 200, 'other families of the same user and client stay');
			await renewed(client, bystander.refresh_token);
		});
	}

	test('of a token many generations old', async () => {
		const first = await start(web);
		let tokens = first;
		for (let i = 0; i < 6; i++)
			tokens = await renewed(web, tokens.refresh_token);
		assertInvalid(await refresh(server, web, first.refresh_token));
		await assertDead(tokens);
	});

	test('the log never names a token', async () => {
		const tokens = await start(strict);
		const next = await renewed(strict, tokens.refresh_token);
		assertInvalid(await refresh(server, strict, tokens.refresh_token));
		const text = JSON.stringify(await server.log()) + JSON.stringify(await sql(server, 'SELECT * FROM audit'));
		for (const token of [tokens.refresh_token, next.refresh_token, tokens.access_token]) {
			for (const part of token.split('.').slice(2))
				assert.equal(text.includes(part), false);
		}
	});
});

describe('32 refreshes with one token at once', () => {
	const many = (client, token, each = () => ({})) => Array.from({ length: 32 }, (_, i) => clientRequest(client, refreshFields(token, each(i))));
	const throughServer = (requests) => Promise.all(requests.map((one) => request(server.url('token'), one)));
	const asProcesses = (requests) => atOnce(server, 'token', requests);

	for (const [how, send] of [['through the web server', throughServer], ['as processes behind a barrier', asProcesses]]) {
		for (const name of ['Strict', 'Spa']) {
			test(`${how}, ${name}, without a grace window: one success, and the family is revoked`, async () => {
				const client = server.clients[name];
				const before = await alerts(client);
				const tokens = await start(client);
				const answers = await send(many(client, tokens.refresh_token));
				const won = answers.filter((answer) => answer.status === 200);
				assert.equal(won.length, 1, answers.map((answer) => answer.status).join(' '));
				for (const answer of answers.filter((one) => one !== won[0]))
					assertInvalid(answer);
				await assertDead(tokens, won[0].json());
				assertInvalid(await refresh(server, client, won[0].json().refresh_token));
				assert.equal(await events(tokens.refresh_token, 'tokens.refreshed'), 1);
				assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 1);
				assert.equal(await alerts(client), before + 1);
			});
		}

		for (const name of ['Web', 'Patient']) {
			test(`${how}, ${name}, with one: the same successor for all, and it works`, async () => {
				const client = server.clients[name];
				const tokens = await start(client);
				const answers = await send(many(client, tokens.refresh_token, (i) => (i % 4 === 0 ? { scope: 'openid' } : {})));
				const bodies = answers.map((answer) => {
					assert.equal(answer.status, 200, answer.text);
					return answer.json();
				});
				const successors = new Set(bodies.map((body) => body.refresh_token));
				assert.equal(successors.size, 1);
				assert.equal(successors.has(tokens.refresh_token), false);
				assert.equal(new Set(bodies.map((body) => body.access_token)).size, 32);
				for (const body of bodies)
					assert.equal((await userinfo(server, body.access_token)).status, 200);
				assert.equal(await sqlValue(server, `SELECT refresh_generation FROM grants WHERE grant_id = '${familyOf(tokens.refresh_token)}'`), '2');
				const next = await renewed(client, bodies[0].refresh_token);
				assert.equal((await userinfo(server, next.access_token)).status, 200);
				assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 0);
			});
		}
	}

	test('a token and its successor mixed: never two living successors', async () => {
		const first = await start(web);
		const second = await renewed(web, first.refresh_token);
		const answers = await throughServer([...many(web, first.refresh_token).slice(16), ...many(web, second.refresh_token).slice(16)]);
		const living = new Set(answers.filter((answer) => answer.status === 200).map((answer) => answer.json().refresh_token));
		living.delete(second.refresh_token);
		assert.ok(living.size <= 1, 'of the successor one successor at most');
		const revoked = await sqlValue(server, `SELECT revoked_at IS NOT NULL FROM grants WHERE grant_id = '${familyOf(first.refresh_token)}'`);
		assert.equal(revoked === '1', answers.some((answer) => answer.status !== 200), 'reuse, and only reuse, ends the family');
	});

	test('while it is revoked: whatever was answered is dead afterwards', async () => {
		for (let i = 0; i < 4; i++) {
			const tokens = await start(web);
			const [gone, ...answers] = await Promise.all([
				revoke(server, web, tokens.refresh_token),
				...many(web, tokens.refresh_token).slice(24).map((one) => request(server.url('token'), one)),
			]);
			assert.equal(gone.status, 200);
			const issued = answers.filter((answer) => answer.status === 200).map((answer) => answer.json());
			await assertDead(tokens, ...issued);
			for (const one of issued)
				assertInvalid(await refresh(server, web, one.refresh_token));
		}
	});
});

describe('the grace window', () => {
	test('a retry gets the same successor and an access token of its own, as often as it likes', async () => {
		const tokens = await start(web);
		const first = await renewed(web, tokens.refresh_token);
		for (let i = 0; i < 3; i++) {
			const again = await renewed(web, tokens.refresh_token);
			assert.equal(again.refresh_token, first.refresh_token);
			assert.notEqual(again.access_token, first.access_token);
			assert.equal((await userinfo(server, again.access_token)).status, 200);
		}
		assert.equal((await userinfo(server, first.access_token)).status, 200);
		assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 0);
	});

	test('30 s for clients that authenticate, none for public ones, by the client up to 60', async () => {
		for (const [client, inside, outside] of [[web, 20, 31], [patient, 10, 21]]) {
			const tokens = await start(client);
			const next = await renewed(client, tokens.refresh_token);
			const age = (seconds) => sql(server, `UPDATE grants SET refresh_previous_used_at = unixepoch() - ${seconds} WHERE grant_id = '${familyOf(tokens.refresh_token)}'`);
			await age(inside);
			assert.equal((await renewed(client, tokens.refresh_token)).refresh_token, next.refresh_token);
			await age(outside);
			assertInvalid(await refresh(server, client, tokens.refresh_token));
			await assertDead(next);
			assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 1);
		}
		const tokens = await start(spa);
		await renewed(spa, tokens.refresh_token);
		assertInvalid(await refresh(server, spa, tokens.refresh_token));
		const tooLong = await server.latchkey(['client', 'add', '--metadata', '-'], { input: JSON.stringify({ client_name: 'x', redirect_uris: ['https://x.example/'], refresh_grace_seconds: 61 }), fails: true });
		assert.notEqual(tooLong.code, 0);
	});

	test('counts from the first use, not from the last retry', async () => {
		const tokens = await start(web);
		await renewed(web, tokens.refresh_token);
		const used = () => sqlValue(server, `SELECT refresh_previous_used_at FROM grants WHERE grant_id = '${familyOf(tokens.refresh_token)}'`);
		const at = await used();
		await delay(1100);
		await renewed(web, tokens.refresh_token);
		assert.equal(await used(), at);
	});

	test('is over once the successor was used: then the old one is reuse', async () => {
		const tokens = await start(web);
		const second = await renewed(web, tokens.refresh_token);
		const third = await renewed(web, second.refresh_token);
		assertInvalid(await refresh(server, web, tokens.refresh_token));
		await assertDead(tokens, second, third);
		assertInvalid(await refresh(server, web, third.refresh_token));
	});

	test('the successor is not there to be read: only its predecessor opens it', async () => {
		const tokens = await start(web);
		const next = await renewed(web, tokens.refresh_token);
		const secret = Buffer.from(next.refresh_token.split('.')[2], 'base64url').toString('hex').toUpperCase();
		const [[sealed]] = await sql(server, `SELECT hex(refresh_successor) FROM grants WHERE grant_id = '${familyOf(tokens.refresh_token)}'`);
		assert.equal(sealed.length, 64);
		assert.notEqual(sealed, secret);
		const third = await renewed(web, next.refresh_token);
		const [[later]] = await sql(server, `SELECT hex(refresh_successor) FROM grants WHERE grant_id = '${familyOf(tokens.refresh_token)}'`);
		assert.notEqual(later, sealed, 'kept only until the successor was used');
		await renewed(web, third.refresh_token);
	});

	test('is for its client alone, and needs its secret', async () => {
		const tokens = await start(web);
		const next = await renewed(web, tokens.refresh_token);
		assertInvalid(await refresh(server, other, tokens.refresh_token));
		assert.equal((await refresh(server, web, tokens.refresh_token, { client_id: web.client_id }, { Authorization: undefined })).status, 401);
		assert.equal((await renewed(web, tokens.refresh_token)).refresh_token, next.refresh_token);
	});
});

describe('an answer that was lost', () => {
	/** Sends the request by a socket of its own and reads nothing; `lose` says when the line is cut. */
	async function sendAndLose(client, token, lose) {
		const { form, headers } = clientRequest(client, refreshFields(token));
		const body = formBody(form);
		const socket = net.connect({ host: '127.0.0.1', port: server.port });
		socket.on('error', () => {});
		await new Promise((resolve) => socket.once('connect', resolve));
		const lines = Object.entries({ Host: `localhost:${server.port}`, 'Content-Type': FORM, 'Content-Length': Buffer.byteLength(body), ...headers })
			.map(([name, value]) => `${name}: ${value}\r\n`).join('');
		await new Promise((resolve) => socket.write(`POST /cgi-bin/token HTTP/1.1\r\n${lines}\r\n${body}`, resolve));
		await lose();
		socket.resetAndDestroy();
	}

	const generation = async (token) => Number(await sqlValue(server, `SELECT refresh_generation FROM grants WHERE grant_id = '${familyOf(token)}'`));

	for (const name of ['Web', 'Patient']) {
		test(`${name}: the retry inside the window gets the successor, and the user stays signed in`, async () => {
			const client = server.clients[name];
			const tokens = await start(client);
			await sendAndLose(client, tokens.refresh_token, () => until('the token was used', async () => await generation(tokens.refresh_token) === 2));
			const retried = await renewed(client, tokens.refresh_token);
			assert.equal(await generation(tokens.refresh_token), 2, 'the same successor');
			await assertAlive(retried, watcher);
			assert.equal(retried.refresh_token, (await renewed(client, tokens.refresh_token)).refresh_token);
			await renewed(client, (await renewed(client, retried.refresh_token)).refresh_token);
			assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 0);
		});
	}

	test('the line cut at any moment: the next try works, whatever the first one came to', async () => {
		for (let i = 0; i < 12; i++) {
			let tokens = await start(web);
			for (let round = 0; round < 2; round++) {
				await sendAndLose(web, tokens.refresh_token, () => delay(i));
				tokens = await renewed(web, tokens.refresh_token);
				// The next refresh comes minutes later, not while the one that was cut still waits for its turn.
				await server.quiet();
			}
			await assertAlive(tokens, web);
			assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 0);
		}
	});

	test('without a window the retry is reuse: the price of having none', async () => {
		const tokens = await start(spa);
		await sendAndLose(spa, tokens.refresh_token, () => until('the token was used', async () => await generation(tokens.refresh_token) === 2));
		assertInvalid(await refresh(server, spa, tokens.refresh_token));
		await assertDead(tokens);
	});
});

describe('the end of a family', () => {
	async function signOut(visitor) {
		const page = await visitor.visit(server.url('logout'));
		const out = await visitor.submit(page, { form: decisionForm(page), button: 'allow' });
		assert.ok(out.status < 400, out.text);
	}

	test('sign-out ends it, unless offline_access was granted', async () => {
		const visitor = new Browser();
		const online = (await obtain(server, visitor, web, { scope: 'openid email' })).tokens;
		const offline = (await obtain(server, visitor, web, { scope: SCOPE })).tokens;
		const elsewhere = await start(web, { scope: 'openid email' });
		await renewed(web, online.refresh_token);
		const narrowed = await renewed(web, offline.refresh_token, { scope: 'openid' });
		await signOut(visitor);
		assertInvalid(await refresh(server, web, online.refresh_token));
		await assertDead(online);
		assert.equal(await events(online.refresh_token, 'refresh.reused'), 0, 'that is no theft');
		const kept = await renewed(web, narrowed.refresh_token);
		await assertAlive(kept, web);
		await renewed(web, elsewhere.refresh_token);
	});

	test('so does the session\'s own end', async () => {
		const visitor = new Browser();
		const online = (await obtain(server, visitor, web, { scope: 'openid email' })).tokens;
		const offline = (await obtain(server, visitor, web, { scope: SCOPE })).tokens;
		const { sid } = decode(online.id_token).payload;
		await sql(server, `UPDATE sessions SET expires_at = unixepoch() WHERE sid = '${sid}'`);
		assertInvalid(await refresh(server, web, online.refresh_token));
		assert.deepEqual(await introspect(server, watcher, online.refresh_token), { active: false });
		await renewed(web, offline.refresh_token);
	});

	test('another user\'s sign-in in the same browser does not carry it on', async () => {
		const visitor = new Browser();
		const hers = (await obtain(server, visitor, web, { scope: 'openid email' })).tokens;
		const his = (await obtain(server, visitor, web, { scope: 'openid email', prompt: 'login' }, { user: server.users.bob })).tokens;
		assert.notEqual(decode(hers.id_token).payload.sub, decode(his.id_token).payload.sub);
		assert.equal(decode((await renewed(web, his.refresh_token)).id_token).payload.sub, decode(his.id_token).payload.sub);
		assertInvalid(await refresh(server, web, hers.refresh_token));
	});

	test('life times: by the configuration, by the client, in the row', async () => {
		const short = await server.addClient({ client_name: 'Short', consent: 'none', grant_types: GRANTS, redirect_uris: ['https://short.example/cb'], refresh_idle_seconds: 100, refresh_seconds: 150, access_token_seconds: 77 });
		const row = async (token) => (await sql(server, `SELECT refresh_expires_at - unixepoch(), refresh_ends_at - unixepoch() FROM grants WHERE grant_id = '${familyOf(token)}'`))[0].map(Number);
		const near = (seconds, expected) => assert.ok(Math.abs(seconds - expected) <= 5, `${seconds}: ${expected}`);
		const usual = await start(web);
		near((await row(usual.refresh_token))[0], 2592000);
		near((await row(usual.refresh_token))[1], 31536000);
		let tokens = await start(short);
		assert.equal(tokens.expires_in, 77);
		near((await row(tokens.refresh_token))[0], 100);
		near((await row(tokens.refresh_token))[1], 150);
		const back = (seconds) => sql(server, `UPDATE grants SET refresh_expires_at = refresh_expires_at - ${seconds}, refresh_ends_at = refresh_ends_at - ${seconds} WHERE grant_id = '${familyOf(tokens.refresh_token)}'`);
		await back(80);
		tokens = await renewed(short, tokens.refresh_token);
		near((await row(tokens.refresh_token))[0], 70);
		near((await row(tokens.refresh_token))[1], 70);
		const { exp } = await introspect(server, short, tokens.refresh_token);
		near(exp - Date.now() / 1000, 70);
		await back(71);
		assertInvalid(await refresh(server, short, tokens.refresh_token));
		assert.deepEqual(await introspect(server, short, tokens.refresh_token), { active: false });
		assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 0, 'late is no theft');
	});

	test('life times, by the clock', async () => {
		const quick = await startServer({ settings: { refresh_idle_seconds: 3, refresh_seconds: 6, access_token_seconds: 2 } });
		try {
			const client = await quick.addClient({ client_name: 'Web', consent: 'none', grant_types: GRANTS, redirect_uris: ['https://web.example/cb'] });
			const visitor = new Browser();
			const idle = (await obtain(quick, visitor, client, { scope: SCOPE })).tokens;
			let tokens = (await obtain(quick, visitor, client, { scope: SCOPE })).tokens;
			const born = Date.now();
			let last;
			for (;;) {
				await delay(600);
				const asked = Date.now();
				const answer = await refresh(quick, client, tokens.refresh_token);
				if (answer.status !== 200) {
					assertInvalid(answer);
					break;
				}
				last = asked;
				tokens = answer.json();
				assert.ok(last - born < 7000, 'it ends however often it is used');
			}
			assert.ok(last - born > 4000, 'use carries it beyond the idle time');
			assertInvalid(await refresh(quick, client, idle.refresh_token));
		} finally {
			await quick.stop();
		}
	});

	test('a disabled user, a removed client', async () => {
		await server.addUser({ username: 'carol', password: ALICE.password });
		const client = await server.addClient({ client_name: 'Going', consent: 'none', grant_types: GRANTS, redirect_uris: ['https://going.example/cb'] });
		const hers = (await obtain(server, new Browser(), web, { scope: SCOPE }, { user: server.users.carol })).tokens;
		const going = await start(client);
		await server.latchkey(['user', 'disable', 'carol']);
		assertInvalid(await refresh(server, web, hers.refresh_token));
		await assertDead(hers);
		await server.latchkey(['user', 'enable', 'carol']);
		assertInvalid(await refresh(server, web, hers.refresh_token));
		await server.latchkey(['client', 'remove', client.client_id]);
		assert.equal((await refresh(server, client, going.refresh_token)).status, 401);
		await assertDead(going);
		assertInvalid(await refresh(server, web, going.refresh_token));
	});

	test('a replayed code ends it too', async () => {
		const outcome = await authorize(server, browser, web, { scope: SCOPE });
		const tokens = (await redeem(server, outcome)).json();
		const next = await renewed(web, tokens.refresh_token);
		await delay(20);
		assertInvalid(await redeem(server, outcome));
		await assertDead(tokens, next);
		assertInvalid(await refresh(server, web, next.refresh_token));
	});
});

describe('revocation (RFC 7009)', () => {
	for (const hint of [undefined, 'refresh_token', 'access_token', 'nonsense']) {
		test(`a refresh token, hint ${hint}: ends its access tokens at introspection and userinfo`, async () => {
			const tokens = await start(web);
			const next = await renewed(web, tokens.refresh_token);
			const answer = await revoke(server, web, next.refresh_token, { token_type_hint: hint });
			assert.equal(answer.status, 200, answer.text);
			assert.deepEqual(answer.json(), {});
			await assertDead(tokens, next);
			assertInvalid(await refresh(server, web, next.refresh_token));
			assert.equal(await events(tokens.refresh_token, 'tokens.revoked'), 1);
			assert.equal(await events(tokens.refresh_token, 'refresh.reused'), 0);
			assert.equal((await revoke(server, web, next.refresh_token)).status, 200, 'again is no error');
		});

		test(`an access token alone, hint ${hint}`, async () => {
			const tokens = await start(web);
			const sibling = await renewed(web, tokens.refresh_token);
			assert.equal((await revoke(server, web, tokens.access_token, { token_type_hint: hint })).status, 200);
			assert.equal((await userinfo(server, tokens.access_token)).status, 401);
			assert.deepEqual(await introspect(server, watcher, tokens.access_token), { active: false });
			assert.equal((await userinfo(server, sibling.access_token)).status, 200);
			await renewed(web, sibling.refresh_token);
		});
	}

	test('an old refresh token of the family ends it as well', async () => {
		const tokens = await start(web);
		const next = await renewed(web, tokens.refresh_token);
		assert.equal((await revoke(server, web, tokens.refresh_token)).status, 200);
		await assertDead(next);
	});

	test('a public client revokes its own, nobody else\'s', async () => {
		const mine = await start(spa);
		const theirs = await start(web);
		for (const token of [theirs.refresh_token, theirs.access_token])
			assert.equal((await revoke(server, spa, token)).status, 400);
		await assertAlive(theirs, web);
		assert.equal((await revoke(server, spa, mine.refresh_token)).status, 200);
		await assertDead(mine);
	});
});
