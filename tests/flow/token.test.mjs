// The token endpoint and userinfo: every refusal, every claim, and one code in 32 hands.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { Browser } from '../lib/browser.mjs';
import { startCgi } from '../lib/cgi.mjs';
import { authorize, decode, obtain, random, redeem, redemption, userinfo } from '../lib/client.mjs';
import { basic, formBody, request } from '../lib/http.mjs';
import { ALICE, BOB, startServer } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';
import { USUAL_SERVER, lacks } from '../lib/web_servers.mjs';

let server;
let web; // either method of a secret
let basicOnly;
let postOnly;
let spa; // public
let lax; // PKCE optional
let browser;

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	const add = (name, more) => server.addClient({ client_name: name, redirect_uris: [`https://${name.toLowerCase()}.example/cb`], ...more });
	web = await add('Web', { consent: 'none' });
	basicOnly = await add('Basic', { consent: 'none', token_endpoint_auth_method: 'client_secret_basic' });
	postOnly = await add('Post', { consent: 'none', token_endpoint_auth_method: 'client_secret_post' });
	spa = await add('Spa', { token_endpoint_auth_method: 'none' });
	lax = await add('Lax', { consent: 'none', pkce: 'optional' });
	browser = new Browser();
	await authorize(server, browser, spa);
});
after(() => server?.stop());

const codeFor = (client, more) => authorize(server, browser, client, more);

function assertError(answer, error, status = 400) {
	assert.equal(answer.status, status, answer.text);
	assert.match(answer.headers['content-type'], /^application\/json\b/);
	assert.match(answer.headers['cache-control'], /no-store/);
	const body = answer.json();
	assert.equal(body.error, error, answer.text);
	assert.equal(typeof body.error_description, 'string');
	assert.match(body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
	for (const member of ['access_token', 'id_token'])
		assert.equal(member in body, false);
	return body;
}

describe('a success', () => {
	test('has the members of RFC 6749 5.1 and OpenID Connect Core 3.1.3.3', async () => {
		const answer = await redeem(server, await codeFor(web, { scope: 'openid profile' }));
		assert.equal(answer.status, 200, answer.text);
		assert.match(answer.headers['content-type'], /^application\/json\b/);
		assert.match(answer.headers['cache-control'], /no-store/);
		const tokens = answer.json();
		assert.equal(tokens.token_type, 'Bearer');
		assert.equal(tokens.expires_in, 600);
		assert.deepEqual(tokens.scope.split(' ').sort(), ['openid', 'profile']);
		assert.deepEqual(Object.keys(tokens).sort(), ['access_token', 'expires_in', 'id_token', 'scope', 'token_type']);
	});

	test('ID token: header exactly alg, kid, typ; all claims of Core 2; a good signature', async () => {
		const { tokens, parameters } = await obtain(server, browser, web, { scope: 'openid profile email address phone' });
		const jwks = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`));
		const { payload, protectedHeader } = await jwtVerify(tokens.id_token, jwks, { issuer: server.issuer, audience: web.client_id, typ: 'JWT' });
		assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
		assert.equal(protectedHeader.alg, 'RS256');
		assert.equal(payload.iss, server.issuer);
		assert.equal(payload.aud, web.client_id, 'one string');
		assert.ok(payload.azp === undefined || payload.azp === web.client_id);
		assert.equal(payload.nonce, parameters.nonce);
		for (const name of ['exp', 'iat', 'auth_time'])
			assert.ok(Number.isInteger(payload[name]), name);
		assert.equal(payload.exp - payload.iat, 3600);
		assert.ok(Math.abs(Date.now() / 1000 - payload.iat) < 30);
		assert.ok(payload.auth_time <= payload.iat);
		assert.equal(payload.nbf, undefined);
		assert.deepEqual(payload.amr, ['pwd']);
		assert.equal(typeof payload.acr, 'string');
		assert.equal(typeof payload.sid, 'string');
		assert.notEqual(payload.sub, 'alice');
		const half = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16);
		assert.equal(payload.at_hash, half.toString('base64url'));
		assert.equal(payload.preferred_username, 'alice');
		assert.equal(payload.name, ALICE.claims.name);
		assert.equal(payload.email, ALICE.claims.email);
		assert.equal(payload.email_verified, true);
		assert.equal(payload.phone_number, ALICE.claims.phone_number);
		assert.deepEqual(payload.address, ALICE.claims.address);
		assert.equal(payload.updated_at, 1700000000);
	});

	test('access token: a JWT by RFC 9068', async () => {
		const { tokens } = await obtain(server, browser, web, { scope: 'openid email' });
		const jwks = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`));
		const { payload, protectedHeader } = await jwtVerify(tokens.access_token, jwks, { issuer: server.issuer, audience: server.issuer });
		assert.match(protectedHeader.typ, /^(application\/)?at\+jwt$/i);
		assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
		const id = decode(tokens.id_token).payload;
		assert.equal(payload.sub, id.sub);
		assert.equal(payload.client_id, web.client_id);
		assert.equal(payload.aud, server.issuer);
		assert.deepEqual(payload.scope.split(' ').sort(), ['email', 'openid']);
		assert.equal(payload.exp - payload.iat, 600);
		assert.equal(typeof payload.jti, 'string');
		assert.equal(payload.email, undefined, 'no claims about the user');
		assert.notEqual(protectedHeader.typ, 'JWT', 'cannot pass for an ID token');
	});

	test('sub stays the same, jti and tokens differ', async () => {
		const first = await obtain(server, browser, web);
		const second = await obtain(server, browser, postOnly);
		assert.equal(decode(first.tokens.id_token).payload.sub, decode(second.tokens.id_token).payload.sub);
		assert.equal(decode(first.tokens.id_token).payload.sid, decode(second.tokens.id_token).payload.sid);
		assert.notEqual(decode(first.tokens.access_token).payload.jti, decode(second.tokens.access_token).payload.jti);
	});

	test('opaque access tokens, minimal ID tokens by the client\'s switches', async () => {
		const plain = await server.addClient({ client_name: 'Opaque', consent: 'none', access_token_format: 'opaque', id_token_claims: 'minimal', redirect_uris: ['https://opaque.example/cb'] });
		const { tokens } = await obtain(server, browser, plain, { scope: 'openid profile email' });
		assert.equal(tokens.access_token.split('.').length, 1);
		const { payload } = decode(tokens.id_token);
		assert.equal(payload.email, undefined);
		assert.equal(payload.name, undefined);
		assert.equal((await userinfo(server, tokens.access_token)).json().email, ALICE.claims.email);
	});

	test('a client that says nothing of the method may use either', async () => {
		assert.equal((await redeem(server, await codeFor(web), { method: 'client_secret_basic' })).status, 200);
		assert.equal((await redeem(server, await codeFor(web), { method: 'client_secret_post' })).status, 200);
		assert.equal((await redeem(server, await codeFor(basicOnly))).status, 200);
		assert.equal((await redeem(server, await codeFor(postOnly))).status, 200);
		assert.equal((await redeem(server, await codeFor(spa))).status, 200);
	});

	test('identical credentials in both places, client_id beside Basic, Basic without password for a public client', async () => {
		const both = { client_id: web.client_id, client_secret: web.client_secret };
		assert.equal((await redeem(server, await codeFor(web), { method: 'client_secret_basic', fields: both })).status, 200);
		assert.equal((await redeem(server, await codeFor(web), { method: 'client_secret_basic', fields: { client_id: web.client_id } })).status, 200);
		assert.equal((await redeem(server, await codeFor(spa), { fields: { client_id: undefined }, headers: { Authorization: basic(spa.client_id, '') } })).status, 200);
		assert.equal((await redeem(server, await codeFor(spa), { fields: { client_secret: '' } })).status, 200);
	});

	test('secrets given by the operator, with characters that must be encoded (RFC 6749 2.3.1), encoded or raw', async () => {
		const secret = 'a+b%20c/d=e&f:g h"i~j!k*l(m)n0123456789';
		const odd = await server.addClient({ client_name: 'Odd', client_id: 'odd.client-1', client_secret: secret, consent: 'none', redirect_uris: ['https://odd.example/cb'] });
		assert.equal(odd.client_id, 'odd.client-1');
		const raw = `Basic ${Buffer.from(`odd.client-1:${secret}`).toString('base64')}`;
		for (const headers of [{ Authorization: basic('odd.client-1', secret) }, { Authorization: raw }])
			assert.equal((await redeem(server, await codeFor(odd), { method: 'client_secret_basic', headers })).status, 200);
		assert.equal((await redeem(server, await codeFor(odd), { method: 'client_secret_post' })).status, 200);
	});

	test('redirect_uri may be left out with PKCE, extra parameters do not disturb', async () => {
		assert.equal((await redeem(server, await codeFor(web), { fields: { redirect_uri: undefined } })).status, 200);
		assert.equal((await redeem(server, await codeFor(web), { fields: { scope: 'openid everything', response_type: 'code', acr_values: 'x', state: 'y' } })).status, 200);
		assert.equal((await redeem(server, await codeFor(web), { headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' } })).status, 200);
	});
});

describe('refused, and the code is not burnt by it', () => {
	const wrong = {
		'a wrong verifier': [() => web, { fields: { code_verifier: random() } }, 'invalid_grant'],
		'no verifier': [() => web, { fields: { code_verifier: undefined } }, 'invalid_grant'],
		'a verifier that is too short': [() => web, { fields: { code_verifier: 'short' } }, ['invalid_grant', 'invalid_request']],
		'a wrong redirect_uri': [() => web, { fields: { redirect_uri: 'https://web.example/cb2' } }, 'invalid_grant'],
		'a wrong code': [() => web, { fields: { code: random() } }, 'invalid_grant'],
		'a code of odd characters': [() => web, { fields: { code: 'a b\u00e9' } }, ['invalid_grant', 'invalid_request']],
		'a code that is too long': [() => web, { fields: { code: 'a'.repeat(5000) } }, ['invalid_grant', 'invalid_request']],
		'no code': [() => web, { fields: { code: undefined } }, 'invalid_request'],
		'an empty code': [() => web, { fields: { code: '' } }, 'invalid_request'],
		'no grant_type': [() => web, { fields: { grant_type: undefined } }, 'invalid_request'],
		'an unknown grant_type': [() => web, { fields: { grant_type: 'urn:example:magic' } }, 'unsupported_grant_type'],
		'the password grant': [() => web, { fields: { grant_type: 'password', username: 'alice', password: ALICE.password } }, 'unsupported_grant_type'],
		'a public client with a wrong verifier': [() => spa, { fields: { code_verifier: random() } }, 'invalid_grant'],
		'two secrets that differ': [() => web, { method: 'client_secret_basic', fields: { client_id: 'PLACE', client_secret: 'x'.repeat(40) } }, 'invalid_request'],
		'two client ids that differ': [() => web, { method: 'client_secret_basic', fields: { client_id: 'other' } }, 'invalid_request'],
	};
	for (const [what, [client, changes, errors]] of Object.entries(wrong)) {
		test(what, async () => {
			const outcome = await codeFor(client());
			const fields = { ...changes.fields };
			if (fields.client_id === 'PLACE')
				fields.client_id = client().client_id;
			const answer = await redeem(server, outcome, { ...changes, fields });
			const list = [errors].flat();
			assertError(answer, list.includes(answer.json().error) ? answer.json().error : list[0]);
			assert.equal((await redeem(server, outcome)).status, 200, 'the code still works');
		});
	}

	test('without a challenge: a verifier is refused, redirect_uri must be there', async () => {
		const bare = { code_challenge: undefined, code_challenge_method: undefined };
		const outcome = await codeFor(lax, bare);
		assertError(await redeem(server, outcome, { fields: { code_verifier: random() } }), 'invalid_grant');
		const missing = await redeem(server, outcome, { fields: { redirect_uri: undefined } });
		assert.ok(['invalid_grant', 'invalid_request'].includes(missing.json().error), missing.text);
		assert.equal((await redeem(server, outcome)).status, 200);
	});

	test('another client, confidential or public, with the right verifier', async () => {
		const outcome = await codeFor(web);
		for (const client of [postOnly, spa])
			assertError(await redeem(server, { ...outcome, client }), 'invalid_grant');
		assert.equal((await redeem(server, outcome)).status, 200);
	});

	for (const [what, make] of Object.entries({
		'a wrong secret by Basic': () => ({ headers: { Authorization: basic(web.client_id, 'x'.repeat(43)) } }),
		'a wrong secret by the body': () => ({ method: 'client_secret_post', fields: { client_secret: 'x'.repeat(43) } }),
		'no secret': () => ({ method: 'none' }),
		'an unknown client': () => ({ method: 'none', fields: { client_id: 'nobody' } }),
		'an unknown client by Basic': () => ({ headers: { Authorization: basic('nobody', 'x'.repeat(43)) } }),
		'no client at all': () => ({ method: 'none', fields: { client_id: undefined } }),
		'Basic that is no base64': () => ({ headers: { Authorization: 'Basic %%%' } }),
		'Basic without a colon': () => ({ headers: { Authorization: `Basic ${Buffer.from('abc').toString('base64')}` } }),
		'another scheme': () => ({ headers: { Authorization: 'Digest username="x"' } }),
		'an empty secret': () => ({ headers: { Authorization: basic(web.client_id, '') } }),
	})) {
		test(`${what}: 401 with a challenge`, async () => {
			const outcome = await codeFor(web);
			const answer = await redeem(server, outcome, make());
			if (answer.status !== 400 || answer.json().error !== 'invalid_request' || !/no client|no base64|colon|scheme/.test(what)) {
				assertError(answer, 'invalid_client', 401);
				assert.match(answer.headers['www-authenticate'] ?? '', /^Basic realm="/);
			}
			assert.equal((await redeem(server, outcome)).status, 200, 'the code still works');
		});
	}

	test('the method that the client is not registered for', async () => {
		const outcome = await codeFor(basicOnly);
		assertError(await redeem(server, outcome, { method: 'client_secret_post' }), 'invalid_client', 401);
		assert.equal((await redeem(server, outcome)).status, 200);
		const other = await codeFor(postOnly);
		assertError(await redeem(server, other, { method: 'client_secret_basic' }), 'invalid_client', 401);
		assert.equal((await redeem(server, other)).status, 200);
	});

	test('a public client that sends a secret', async () => {
		const answer = await redeem(server, await codeFor(spa), { fields: { client_secret: 'something' } });
		assertError(answer, 'invalid_client', 401);
	});

	test('grant types that the client is not registered for', async () => {
		const none = await server.addClient({ client_name: 'Granted', grant_types: ['authorization_code'], redirect_uris: ['https://granted.example/cb'] });
		for (const grant_type of ['refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code']) {
			const answer = await request(server.url('token'), { form: { grant_type, refresh_token: 'x', device_code: 'x' }, headers: { Authorization: basic(none.client_id, none.client_secret) } });
			assert.ok(['unauthorized_client', 'unsupported_grant_type'].includes(answer.json().error), answer.text);
		}
	});
});

describe('bad input', () => {
	const raw = (body, headers = {}) => request(server.url('token'), { method: 'POST', body, headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } });

	test('repeated, malformed and oversized parameters', async () => {
		const outcome = await codeFor(web);
		const { form, headers } = redemption(server, outcome);
		const body = formBody(form);
		for (const tail of ['&code=x', '&grant_type=authorization_code', '&redirect_uri=x', '&code_verifier=x', '&client_id=a&client_id=b'])
			assertError(await raw(body + tail, headers), 'invalid_request');
		for (const broken of ['code=%', 'code=%zz', 'code=%00', 'code=a%00b', 'grant_type=%ff'])
			assertError(await raw(`${body.replace(/(^|&)(code|grant_type)=[^&]*/g, '').replace(/^&/, '')}&${broken}&grant_type=authorization_code`.replace(/grant_type=%ff&grant_type=authorization_code/, 'grant_type=%ff'), headers), 'invalid_request');
		assertError(await raw(`${body}\0`, headers), (await raw(`${body}\0`, headers)).json().error);
		assert.equal((await redeem(server, outcome)).status, 200);
	});

	test('a body over 64 KiB is 413, another type 415, another method 405, parameters in the query do not count', async () => {
		const large = await raw(`a=${'x'.repeat(70000)}`);
		assert.equal(large.status, 413);
		assert.equal((await raw('{}', { 'Content-Type': 'application/json' })).status, 415);
		assert.equal((await raw('a=b', { 'Content-Type': 'multipart/form-data; boundary=x' })).status, 415);
		for (const method of lacks(USUAL_SERVER, 'PUT') ? ['GET'] : ['GET', 'PUT', 'DELETE']) {
			const answer = await request(server.url('token'), { method });
			assert.equal(answer.status, 405);
			assert.match(answer.headers.allow, /POST/);
		}
		const outcome = await codeFor(web);
		const { form, headers } = redemption(server, outcome);
		assertError(await request(`${server.url('token')}?${formBody(form)}`, { form: {}, headers }), 'invalid_request');
		assert.equal((await redeem(server, outcome)).status, 200);
	});

	test('an empty body', async () => {
		const answer = await raw('');
		assert.ok([400, 401].includes(answer.status), answer.text);
		assert.ok(answer.json().error);
	});

	test('a repeated Authorization header', async () => {
		const { form } = redemption(server, await codeFor(web));
		const answer = await request(server.url('token'), { form, headers: { Authorization: [basic(web.client_id, web.client_secret), 'Bearer x'] } });
		assert.ok([400, 401].includes(answer.status), answer.text);
	});
});

describe('one code', () => {
	const accessWorks = async (tokens) => (await userinfo(server, tokens.access_token)).status;

	/** Replays with what is wrong change nothing; a replay with everything right revokes. */
	async function replays(outcome, tokens) {
		assert.equal(await accessWorks(tokens), 200);
		assertError(await redeem(server, outcome, { fields: { code_verifier: random() } }), 'invalid_grant');
		assert.equal(await accessWorks(tokens), 200, 'a replay with a wrong verifier revokes nothing');
		assertError(await redeem(server, outcome, { fields: { redirect_uri: 'https://elsewhere.example/' } }), 'invalid_grant');
		assert.equal(await accessWorks(tokens), 200, 'nor one with a wrong redirect URI');
		assertError(await redeem(server, { ...outcome, client: postOnly }), 'invalid_grant');
		assert.equal(await accessWorks(tokens), 200, 'nor one of another client');
		if (outcome.client.client_secret) {
			assert.equal((await redeem(server, { ...outcome, client: { ...outcome.client, client_secret: 'y'.repeat(43) } })).status, 401);
			assert.equal(await accessWorks(tokens), 200, 'nor one with a wrong secret');
		}
		assertError(await redeem(server, outcome), 'invalid_grant');
		assert.equal(await accessWorks(tokens), 401, 'a replay with everything right revokes');
		assertError(await redeem(server, outcome), 'invalid_grant');
	}

	for (const name of ['Web', 'Spa']) {
		test(`${name}: 32 requests at once through the web server: one success`, async () => {
			const outcome = await codeFor(server.clients[name]);
			const answers = await Promise.all(Array.from({ length: 32 }, () => redeem(server, outcome)));
			const won = answers.filter((answer) => answer.status === 200);
			assert.equal(won.length, 1, answers.map((answer) => answer.status).join(' '));
			for (const answer of answers.filter((one) => one !== won[0]))
				assertError(answer, 'invalid_grant');
		});

		test(`${name}: 32 processes at once: one success, whose tokens last until a true replay`, async () => {
			const outcome = await codeFor(server.clients[name]);
			const { form, headers } = redemption(server, outcome);
			const children = Array.from({ length: 32 }, () => startCgi(server, server.url('token'), {
				method: 'POST', body: formBody(form), headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
			}));
			// The barrier: all have been started and sleep until their body comes.
			await until('all processes wait for their body', async () => {
				const states = await Promise.all(children.map(async ({ child }) => {
					const program = await readlink(`/proc/${child.pid}/exe`);
					const status = await readFile(`/proc/${child.pid}/stat`, 'utf8');
					return program.endsWith('/token') && / S /.test(status.slice(status.lastIndexOf(')')));
				}));
				return states.every(Boolean);
			});
			for (const child of children)
				child.release();
			const answers = await Promise.all(children.map((child) => child.answer));
			const won = answers.filter((answer) => answer.status === 200);
			assert.equal(won.length, 1, answers.map((answer) => answer.status).join(' '));
			for (const answer of answers.filter((one) => one !== won[0]))
				assertError(answer, 'invalid_grant');
			const tokens = won[0].json();
			assert.equal(await accessWorks(tokens), 200, 'those who came at the same moment revoked nothing');
			await replays(outcome, tokens);
		});
	}

	test('a replay long after the first use, one step at a time', async () => {
		const outcome = await codeFor(lax, { code_challenge: undefined, code_challenge_method: undefined });
		const tokens = (await redeem(server, outcome)).json();
		assert.equal(await accessWorks(tokens), 200);
		const other = await obtain(server, browser, lax);
		await until('the first use is past any grace', async () => {
			assertError(await redeem(server, outcome), 'invalid_grant');
			return await accessWorks(tokens) === 401;
		}, 20, 200);
		assert.equal(await accessWorks(other.tokens), 200, 'other grants stay');
	});

	test('it lives as long as the configuration says', async () => {
		const quick = await startServer({
			clients: [{ client_name: 'Web', consent: 'none', redirect_uris: ['https://web.example/cb'] }],
			settings: { code_seconds: 3, access_token_seconds: 2, id_token_seconds: 60 },
		});
		try {
			const visitor = new Browser();
			const late = await authorize(quick, visitor, quick.clients.Web);
			const born = Date.now();
			await until('the code is over', () => Date.now() - born > 4100, 8, 100);
			assertError(await redeem(quick, late), 'invalid_grant');
			const { tokens } = await obtain(quick, visitor, quick.clients.Web);
			assert.equal(tokens.expires_in, 2);
			await until('the access token is over', async () => (await userinfo(quick, tokens.access_token)).status === 401, 10, 200);
			const refused = await userinfo(quick, tokens.access_token);
			assert.match(refused.headers['www-authenticate'], /error="invalid_token"/);
		} finally {
			await quick.stop();
		}
	});
});

describe('userinfo', () => {
	let tokens;

	before(async () => {
		tokens = (await obtain(server, browser, web, { scope: 'openid profile email address phone' })).tokens;
	});

	test('GET, POST with the header, POST with the body', async () => {
		const url = server.url('userinfo');
		const answers = [
			await userinfo(server, tokens.access_token),
			await userinfo(server, tokens.access_token, { form: {} }),
			await userinfo(server, tokens.access_token, { method: 'POST' }),
			await request(url, { form: { access_token: tokens.access_token } }),
			await request(url, { headers: { Authorization: `bearer ${tokens.access_token}` } }),
		];
		for (const answer of answers) {
			assert.equal(answer.status, 200, answer.text);
			assert.match(answer.headers['content-type'], /^application\/json\b/);
			assert.match(answer.headers['cache-control'], /no-store/);
			const { sub, ...claims } = answer.json();
			assert.equal(sub, decode(tokens.id_token).payload.sub);
			assert.deepEqual(claims, { ...ALICE.claims, preferred_username: 'alice' });
		}
	});

	test('claims follow the scope', async () => {
		const few = async (scope) => Object.keys((await userinfo(server, (await obtain(server, browser, web, { scope })).tokens.access_token)).json()).sort();
		assert.deepEqual(await few('openid'), ['sub']);
		assert.deepEqual(await few('openid email'), ['email', 'email_verified', 'sub']);
		assert.deepEqual(await few('openid phone'), ['phone_number', 'phone_number_verified', 'sub']);
		assert.deepEqual(await few('openid address'), ['address', 'sub']);
	});

	test('name is never empty, email_verified is a boolean beside every email', async () => {
		await server.addUser({ username: 'plain', password: ALICE.password, email: 'plain@example.org' });
		const own = await obtain(server, new Browser(), web, { scope: 'openid profile email' }, { user: server.users.plain });
		const claims = (await userinfo(server, own.tokens.access_token)).json();
		assert.ok(claims.name.length > 0);
		assert.equal(claims.preferred_username, 'plain');
		assert.equal(claims.email, 'plain@example.org');
		assert.equal(typeof claims.email_verified, 'boolean');
	});

	test('odd characters come through', async () => {
		const own = await obtain(server, new Browser(), web, { scope: 'openid profile' }, { user: server.users.bob });
		assert.equal(decode(own.tokens.id_token).payload.name, BOB.claims.name);
		assert.equal((await userinfo(server, own.tokens.access_token)).json().name, BOB.claims.name);
	});

	for (const [what, send, status, error] of [
		['no token', () => request(server.url('userinfo')), 401, null],
		['another scheme', () => request(server.url('userinfo'), { headers: { Authorization: basic(web.client_id, web.client_secret) } }), 401, null],
		['garbage', () => userinfo(server, 'garbage'), 401, 'invalid_token'],
		['an ID token', () => userinfo(server, tokens.id_token), 401, 'invalid_token'],
		['a changed token', () => userinfo(server, `${tokens.access_token.slice(0, -5)}AAAAA`), 401, 'invalid_token'],
		['a very long token', () => userinfo(server, 'a'.repeat(6000)), [400, 401], ['invalid_token', 'invalid_request']],
		['an empty token', () => request(server.url('userinfo'), { headers: { Authorization: 'Bearer ' } }), [400, 401], [null, 'invalid_token', 'invalid_request']],
		['odd characters', () => userinfo(server, 'a"b\\c,d'), [400, 401], ['invalid_token', 'invalid_request']],
		['header and body', () => userinfo(server, tokens.access_token, { form: { access_token: tokens.access_token } }), 400, 'invalid_request'],
		['twice in the body', () => request(server.url('userinfo'), { form: [['access_token', tokens.access_token], ['access_token', tokens.access_token]] }), 400, 'invalid_request'],
		['in the query', () => request(server.url('userinfo', { access_token: tokens.access_token })), [400, 401], [null, 'invalid_request']],
	]) {
		test(`refused: ${what}`, async () => {
			const answer = await send();
			assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text}`);
			const header = answer.headers['www-authenticate'] ?? '';
			assert.match(header, /^Bearer\b/);
			const found = /error="([a-z_]+)"/.exec(header)?.[1] ?? null;
			assert.ok([error].flat().includes(found), header);
			assert.equal(answer.text.includes('alice'), false);
		});
	}
});

describe('CORS and caching', () => {
	const origin = 'https://spa.example';
	const open = () => [
		[new URL(`${server.issuer}/.well-known/openid-configuration`), 'GET'],
		[new URL(`${server.issuer}/.well-known/jwks.json`), 'GET'],
		[server.url('discovery'), 'GET'],
		[server.url('jwks'), 'GET'],
		[server.url('token'), 'POST'],
		[server.url('userinfo'), 'GET'],
	];

	test('on what browser clients call, without credentials, errors too', async () => {
		for (const [url, method] of open()) {
			const answer = await request(url, { method, headers: { Origin: origin } });
			assert.equal(answer.headers['access-control-allow-origin'], '*', url.pathname);
			assert.equal(answer.headers['access-control-allow-credentials'], undefined);
		}
	});

	test('preflights allow Authorization, Content-Type, MCP-Protocol-Version', async () => {
		for (const [url, method] of open()) {
			if (url.pathname.startsWith('/.well-known/'))
				continue;
			const answer = await request(url, {
				method: 'OPTIONS',
				headers: { Origin: origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization,content-type,mcp-protocol-version' },
			});
			assert.ok([200, 204].includes(answer.status), `${url.pathname} ${answer.status}`);
			assert.equal(answer.headers['access-control-allow-origin'], '*', url.pathname);
			assert.ok(answer.headers['access-control-allow-methods'].includes(method));
			const allowed = answer.headers['access-control-allow-headers'].toLowerCase();
			for (const name of ['authorization', 'content-type', 'mcp-protocol-version'])
				assert.ok(allowed.includes(name), `${url.pathname}: ${name}`);
		}
	});

	test('on nothing else', async () => {
		for (const name of ['authorize', 'login', 'signup', 'consent', 'logout']) {
			for (const method of ['GET', 'POST', 'OPTIONS']) {
				const answer = await request(server.url(name), { method, headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' }, ...(method === 'POST' ? { form: {} } : {}) });
				const names = Object.keys(answer.headers).filter((one) => one.startsWith('access-control'));
				assert.deepEqual(names, [], `${method} ${name}`);
				assert.ok(answer.status < 500);
			}
		}
	});
});

describe('metadata', () => {
	test('says the truth and all that clients look for', async () => {
		const answer = await request(`${server.issuer}/.well-known/openid-configuration`);
		assert.equal(answer.status, 200);
		assert.match(answer.headers['content-type'], /^application\/json\b/);
		const metadata = answer.json();
		assert.equal(metadata.issuer, server.issuer);
		assert.equal(metadata.jwks_uri, `${server.issuer}/.well-known/jwks.json`);
		for (const name of ['authorization', 'token', 'userinfo', 'end_session']) {
			const url = metadata[`${name}_endpoint`];
			assert.ok(url.startsWith(`${server.issuer}/`), url);
			assert.equal(new URL(url).search, '');
		}
		const has = (name, ...values) => {
			for (const value of values)
				assert.ok(metadata[name].includes(value), `${name} has ${value}: ${metadata[name]}`);
		};
		assert.deepEqual(metadata.response_types_supported, ['code']);
		has('response_modes_supported', 'query', 'form_post');
		has('grant_types_supported', 'authorization_code');
		has('subject_types_supported', 'public');
		has('id_token_signing_alg_values_supported', 'RS256');
		assert.equal(metadata.id_token_signing_alg_values_supported.includes('none'), false);
		has('scopes_supported', 'openid', 'profile', 'email', 'address', 'phone');
		has('claims_supported', 'sub', 'iss', 'aud', 'email', 'email_verified', 'preferred_username', 'name');
		has('token_endpoint_auth_methods_supported', 'client_secret_basic', 'client_secret_post', 'none');
		assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
		assert.equal(metadata.authorization_response_iss_parameter_supported, true);
		assert.equal(metadata.claims_parameter_supported, true);
		assert.equal(metadata.request_uri_parameter_supported, false);
		assert.equal(metadata.request_parameter_supported ?? false, false);
		const other = await request(server.url('discovery'));
		assert.deepEqual(other.json(), metadata, 'the endpoint says what the file says');
		const oauth = await request(`${server.issuer}/.well-known/oauth-authorization-server`);
		assert.equal(oauth.status, 200);
		assert.match(oauth.headers['content-type'], /^application\/json\b/);
		assert.equal(oauth.json().issuer, server.issuer);
	});

	test('the jwks holds public RSA keys with kid, use, alg, and nothing private', async () => {
		const answer = await request(`${server.issuer}/.well-known/jwks.json`);
		assert.match(answer.headers['content-type'], /^application\/(jwk-set\+)?json\b/);
		const { keys } = answer.json();
		assert.ok(keys.length >= 1);
		for (const key of keys) {
			assert.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
			assert.equal(key.kty, 'RSA');
			assert.equal(key.use, 'sig');
			assert.equal(key.alg, 'RS256');
			assert.ok(Buffer.from(key.n, 'base64url').length >= 256);
		}
		assert.equal(new Set(keys.map((key) => key.kid)).size, keys.length);
		assert.deepEqual((await request(server.url('jwks'))).json(), answer.json());
	});

	test('keys, configuration and database are not served', async () => {
		for (const path of ['/latchkey.conf', '/database/latchkey.db', '/keys/credentials.key', '/keys/signing/', '/cgi-bin/', '/cgi-bin/..%2flatchkey.conf', '/../latchkey.conf', '/cgi-bin/latchkey', '/.git/config', '/schema.sql', '/cgi-bin/nothing']) {
			const answer = await request(server.issuer, { rawPath: path });
			assert.ok([400, 403, 404, 301, 302].includes(answer.status), `${path}: ${answer.status}`);
		}
	});
});
