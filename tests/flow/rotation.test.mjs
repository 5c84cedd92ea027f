// Signing keys that change under load, through a real web server, seen by a client that keeps the jwks (invariant 11).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';

import { Browser } from '../lib/browser.mjs';
import { authorize, decode, redeem, redemption } from '../lib/client.mjs';
import { startServer } from '../lib/server.mjs';
import { atOnce, call, introspect, refresh, sql, sqlValue } from '../lib/tokens.mjs';
import { delay } from '../lib/wait.mjs';

const SIGN_INS = 1000;
const ROTATIONS = 5;
const CACHE_SECONDS = 1;

let server;
let browser;
let client;

before(async () => {
	server = await startServer({ settings: { jwks_cache_seconds: CACHE_SECONDS } });
	client = await server.addClient({ client_name: 'Web', consent: 'none', grant_types: ['authorization_code', 'refresh_token', 'client_credentials'], redirect_uris: ['https://web.example/cb'] });
	browser = new Browser();
	await authorize(server, browser, client);
});
after(() => server?.stop());

/** As jose keeps the keys by itself, but that it may ask again for an unknown kid as soon as the server allows: after a second, not 30. */
const newKeySet = () => createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`), { cooldownDuration: CACHE_SECONDS * 1000 });

const kidOf = (token) => decodeProtectedHeader(token).kid;
const states = async () => Object.fromEntries((await sql(server, 'SELECT state, count(*) FROM signing_keys GROUP BY state')).map(([state, count]) => [state, Number(count)]));
const promotions = async () => Number(await sqlValue(server, `SELECT count(*) FROM audit WHERE event = 'key.promoted'`));

/** The next key becomes due at this moment, having been published for long enough. */
async function makeDue() {
	const kid = await sqlValue(server, `SELECT kid FROM signing_keys WHERE state = 'next'`);
	assert.ok(kid, 'there is a next key');
	await sql(server, `UPDATE signing_keys SET promote_at = unixepoch(), created_at = created_at - 10 WHERE kid = '${kid}'`);
	return kid;
}

async function verify(keySet, tokens) {
	await jwtVerify(tokens.id_token, keySet, { issuer: server.issuer, audience: client.client_id });
	await jwtVerify(tokens.access_token, keySet, { issuer: server.issuer, audience: server.issuer });
}

for (const [how, send] of [
	['through the web server', (outcomes) => Promise.all(outcomes.map((outcome) => redeem(server, outcome)))],
	['as processes behind a barrier', (outcomes) => atOnce(server, 'token', outcomes.map((outcome) => redemption(server, outcome)))],
]) {
	test(`32 token requests find the next key due, ${how}: one active key`, async () => {
		const outcomes = [];
		for (let i = 0; i < 32; i++)
			outcomes.push(await authorize(server, browser, client));
		const before = await promotions();
		const kid = await makeDue();
		const answers = await send(outcomes);
		const keySet = newKeySet();
		for (const answer of answers) {
			assert.equal(answer.status, 200, answer.text);
			assert.equal(kidOf(answer.json().id_token), kid, 'whoever comes after the promotion signs with the new key');
			await verify(keySet, answer.json());
		}
		assert.deepEqual(await sql(server, `SELECT kid FROM signing_keys WHERE state = 'active'`), [[kid]]);
		assert.equal(await promotions(), before + 1, 'one of them did it');
		await server.latchkey(['key', 'rotate']); // makes the one after it
	});
}

test('32 promotions by all that sign: tokens, client_credentials, signed introspection, the CLI', async () => {
	const outcomes = [];
	for (let i = 0; i < 8; i++)
		outcomes.push(await authorize(server, browser, client));
	const { access_token: known } = (await redeem(server, await authorize(server, browser, client))).json();
	await delay(CACHE_SECONDS * 1000 + 1100);
	const before = await promotions();
	const kid = await makeDue();
	const headers = { Accept: 'application/token-introspection+jwt' };
	const [cli, ...answers] = await Promise.all([
		server.latchkey(['key', 'rotate']),
		...outcomes.map((outcome) => redeem(server, outcome)),
		...Array.from({ length: 12 }, () => call(server, 'token', client, { grant_type: 'client_credentials' })),
		...Array.from({ length: 11 }, () => call(server, 'introspect', client, { token: known }, headers)),
	]);
	assert.equal(cli.code, 0);
	for (const answer of answers) {
		assert.equal(answer.status, 200, answer.text);
		const token = answer.text.startsWith('{') ? answer.json().access_token : answer.text;
		await jwtVerify(token, newKeySet(), { issuer: server.issuer });
	}
	const found = await states();
	assert.equal(found.active, 1);
	assert.equal(found.next, 1);
	assert.ok((await promotions()) >= before + 1);
	assert.notEqual(await sqlValue(server, `SELECT state FROM signing_keys WHERE kid = '${kid}'`), 'next');
	assert.equal((await introspect(server, client, known)).active, true);
});

test(`${SIGN_INS} sign-ins while the key rotates ${ROTATIONS} times: no token fails`, async (t) => {
	const keySet = newKeySet();
	const first = new Map(); // by key, the first tokens that it signed
	const counts = new Map();
	let started = 0;
	let done = 0;
	let rotated = 0;
	let over = false;
	const failures = [];

	async function signIn() {
		const tokens = (await redeem(server, await authorize(server, browser, client, { prompt: 'none' }))).json();
		const kid = kidOf(tokens.id_token);
		counts.set(kid, (counts.get(kid) ?? 0) + 1);
		if (!first.has(kid))
			first.set(kid, tokens);
		try {
			await verify(keySet, tokens);
		} catch (error) {
			failures.push(`${kid} after ${done}: ${error.code} ${error.message}`);
		}
		done++;
	}

	/** As many sign-ins as asked for, and more for as long as the key still has to change. */
	async function work() {
		while (started < SIGN_INS || !over) {
			started++;
			await signIn();
			if (done > (rotated + 1) * SIGN_INS / (ROTATIONS + 1) && !over)
				await delay(20); // evenly over the rotations, without running ahead of them
		}
	}

	async function rotate() {
		const until = Date.now() + 90000;
		const start = await promotions();
		while (rotated < ROTATIONS) {
			assert.ok(Date.now() < until, `${rotated} rotations in 90 s`);
			await server.latchkey(['key', 'rotate']);
			await delay(300);
			rotated = await promotions() - start;
		}
		over = true;
	}

	const began = Date.now();
	await Promise.all([rotate().finally(() => { over = true; }), ...Array.from({ length: 6 }, work)]);
	t.diagnostic(`${done} sign-ins in ${((Date.now() - began) / 1000).toFixed(1)} s; by key: ${[...counts.values()].join(', ')}`);
	assert.deepEqual(failures, []);
	assert.ok(done >= SIGN_INS);
	assert.ok(counts.size >= ROTATIONS, `${counts.size} keys have signed`);
	const fresh = newKeySet();
	for (const tokens of first.values()) {
		await verify(keySet, tokens);
		await verify(fresh, tokens); // the retired ones are published until their last token has ended
	}
	const found = await states();
	assert.equal(found.active, 1);
	assert.equal(decode([...first.values()].at(-1).id_token).payload.iss, server.issuer);
});

test('a refresh across a rotation signs with the new key, for the same session', async () => {
	const tokens = (await redeem(server, await authorize(server, browser, client, { scope: 'openid offline_access' }))).json();
	await server.latchkey(['key', 'rotate']);
	const kid = await makeDue();
	const next = (await refresh(server, client, tokens.refresh_token)).json();
	assert.notEqual(kidOf(tokens.id_token), kid);
	assert.equal(kidOf(next.id_token), kid);
	assert.equal(decode(next.id_token).payload.sid, decode(tokens.id_token).payload.sid);
	await verify(newKeySet(), next);
	await verify(newKeySet(), tokens);
});
