// Keys that sign tokens, from their making to their end, and the answers that carry them: run as plain CGI, so that
// nothing but the clock and the database decides.
import assert from 'node:assert/strict';
import { chmod, readdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';

import { Browser } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorize, redemption } from '../lib/client.mjs';
import { run } from '../lib/process.mjs';
import { ALICE, install } from '../lib/server.mjs';

let server;
let send;
let browser;
let client;

async function makeServer(settings) {
	server = await install({ users: [ALICE], settings });
	client = await server.addClient({ client_name: 'Web', consent: 'none', redirect_uris: ['https://web.example/cb'] });
	send = cgiTransport(server);
	browser = new Browser({ transport: send });
}

const json = async (...args) => JSON.parse((await server.latchkey([...args, '--json'])).stdout);
const keys = () => json('key', 'list');
const inState = async (state, alg = 'RS256') => (await keys()).filter((key) => key.state === state && key.alg === alg);
const folder = () => path.join(server.directory, 'keys/signing');
const file = (kid) => path.join(folder(), `${kid}.key`);

async function sql(text) {
	const { code, stdout, stderr } = await run('sqlite3', [path.join(server.directory, 'database/latchkey.db'), text]);
	assert.equal(code, 0, stderr);
	return stdout.trim();
}

const jwks = async (headers) => (await send(`${server.issuer}/.well-known/jwks.json`, { headers })).json();
const kids = async () => (await jwks()).keys.map((key) => key.kid);
const code = () => authorize(server, browser, client);

async function redeem(outcome) {
	const answer = await send(server.url('token'), redemption(server, outcome));
	assert.equal(answer.status, 200, answer.text);
	return answer.json();
}

const kidOf = (tokens) => decodeProtectedHeader(tokens.id_token).kid;
const newTokens = async () => redeem(await code());
const makeDue = (kid) => sql(`UPDATE signing_keys SET promote_at = unixepoch() WHERE kid = '${kid}'`);

async function verify(tokens, set) {
	const keySet = createLocalJWKSet(set);
	await jwtVerify(tokens.id_token, keySet, { issuer: server.issuer, audience: client.client_id });
	await jwtVerify(tokens.access_token, keySet, { issuer: server.issuer, audience: server.issuer });
}

beforeEach(() => makeServer());
afterEach(() => server?.stop({ errors: true }));

describe('from one key to the next', () => {
	test('the next key is published long before it signs, and the old one stays for its tokens', async () => {
		const [active] = await inState('active');
		const [next] = await inState('next');
		assert.deepEqual((await kids()).sort(), [active.kid, next.kid].sort());
		assert.equal(next.promote_at, active.activated_at + 7776000);
		assert.ok(next.promote_at >= next.created_at + 3600);
		const old = await newTokens();
		assert.equal(kidOf(old), active.kid);

		// Not yet: clients may still keep a jwks from before it was made.
		const [scheduled] = await json('key', 'rotate');
		assert.equal(scheduled.active, active.kid);
		assert.equal(scheduled.next, next.kid);
		assert.ok(scheduled.promote_at >= next.created_at + 3600 && scheduled.promote_at <= next.created_at + 3610);
		assert.deepEqual(await json('key', 'rotate'), [scheduled], 'a second call changes nothing');
		assert.equal(kidOf(await newTokens()), active.kid);

		await makeDue(next.kid);
		const fresh = await newTokens();
		assert.equal(kidOf(fresh), next.kid);
		const set = await jwks();
		await verify(old, set);
		await verify(fresh, set);
		const [retired] = await inState('retired');
		assert.equal(retired.kid, active.kid);
		assert.ok(retired.expires_at >= retired.retired_at + 3600, 'ID tokens live an hour');
		assert.deepEqual(await inState('next'), [], 'no endpoint makes keys');
		assert.match(await sql(`SELECT detail FROM audit WHERE event = 'key.promoted'`), new RegExp(`^RS256 ${next.kid}$`));

		await sql(`UPDATE signing_keys SET expires_at = unixepoch() WHERE kid = '${active.kid}'`);
		assert.deepEqual(await kids(), [next.kid]);
	});

	test('a retired key outlasts the longest token: of a client, of a life time that was shortened since', async () => {
		const [next] = await inState('next');
		await sql(`UPDATE clients SET access_token_seconds = 80000`);
		await newTokens();
		await sql(`UPDATE clients SET access_token_seconds = NULL`);
		const end = Number(await sql('SELECT max(expires_at) FROM access_tokens'));
		await makeDue(next.kid);
		await newTokens();
		const [retired] = await inState('retired');
		assert.ok(retired.expires_at >= end && retired.expires_at <= end + 600);
	});

	test('32 requests find the next key due: one promotes it, all are answered', async () => {
		const [next] = await inState('next');
		const codes = [];
		for (let i = 0; i < 32; i++)
			codes.push(await code());
		await makeDue(next.kid);
		const all = await Promise.all(codes.map(redeem));
		assert.deepEqual([...new Set(all.map(kidOf))], [next.kid]);
		assert.equal((await inState('active')).length, 1);
		assert.equal((await inState('retired')).length, 1);
		assert.equal(await sql(`SELECT count(*) FROM audit WHERE event = 'key.promoted'`), '1');
		const set = await jwks();
		for (const tokens of all)
			await verify(tokens, set);
	});

	test('rotated again and again: no token fails at a client that keeps the jwks for as long as it may', async () => {
		await server.configure({ jwks_cache_seconds: 1 });
		let cached = { at: -1e9 };
		const first = new Map(); // by key, the first tokens that it signed
		for (const end = Date.now() + 60000; first.size < 3;) {
			assert.ok(Date.now() < end, `${first.size} keys have signed`);
			await server.latchkey(['key', 'rotate']);
			const tokens = await newTokens();
			if (Date.now() - cached.at > 900)
				cached = { at: Date.now(), set: await jwks() };
			await verify(tokens, cached.set);
			if (!first.has(kidOf(tokens)))
				first.set(kidOf(tokens), tokens);
			for (const old of first.values())
				await verify(old, await jwks());
		}
	});

	test('made by age: the successor of a successor, and never before it was published long enough', async () => {
		const [next] = await inState('next');
		await makeDue(next.kid);
		await newTokens();
		await json('init', '--directory', server.directory, '--issuer', server.issuer);
		let [third] = await inState('next');
		const [active] = await inState('active');
		assert.equal(third.promote_at, active.activated_at + 7776000);

		await server.configure({ signing_key_seconds: 60 });
		await makeDue(third.kid);
		await newTokens();
		assert.equal((await json('gc')).new_signing_keys, 1);
		[third] = await inState('next');
		assert.ok(third.promote_at >= third.created_at + 3600);
	});
});

describe('key rotate', () => {
	test('promotes at once what every client knows, and makes the one after it', async () => {
		const [active] = await inState('active');
		const [next] = await inState('next');
		await sql('UPDATE signing_keys SET created_at = created_at - 4000');
		const { stdout, stderr } = await server.latchkey(['key', 'rotate']);
		assert.match(stdout, new RegExp(`RS256: the key ${next.kid} signs from now on\\. The old one leaves the jwks at 20\\d\\d-`));
		assert.equal(stderr, '');
		assert.equal((await inState('active'))[0].kid, next.kid);
		assert.equal((await inState('retired'))[0].kid, active.kid);
		assert.equal((await inState('next')).length, 1);
		assert.equal(kidOf(await newTokens()), next.kid);
	});

	test('--now: no older key is left in the jwks, not even the one that was to be next, and a warning', async () => {
		const before = await kids();
		const stolen = await newTokens();
		const { stderr } = await server.latchkey(['key', 'rotate', '--now']);
		assert.match(stderr, /^latchkey: Tokens that older keys signed are refused/);
		assert.match(stderr, /3600 seconds/);
		const set = await jwks();
		assert.equal(set.keys.length, 2);
		assert.ok(set.keys.every((key) => !before.includes(key.kid)));
		await assert.rejects(verify(stolen, set));
		await verify(await newTokens(), set);
		assert.equal(await sql(`SELECT count(*) FROM audit WHERE event = 'key.withdrawn'`), '1');
		assert.equal((await json('gc')).signing_keys, 2);
		assert.deepEqual((await readdir(folder())).sort(), set.keys.map((key) => `${key.kid}.key`).sort());
	});

	test('eight calls at once leave one active key and one next one, and no file without a row', async () => {
		const [next] = await inState('next');
		await makeDue(next.kid);
		await newTokens();
		await Promise.all(Array.from({ length: 8 }, (_, i) => server.latchkey(i % 2 ? ['gc'] : ['key', 'rotate'])));
		assert.equal((await inState('active')).length, 1);
		assert.equal((await inState('next')).length, 1);
		assert.deepEqual((await readdir(folder())).sort(), (await keys()).map((key) => `${key.kid}.key`).sort());
	});

	test('an unknown algorithm is refused, and changes nothing', async () => {
		const before = await keys();
		for (const alg of ['none', 'HS256', 'RS256 RS256', '']) {
			const { code: status, stderr } = await server.latchkey(['key', 'rotate', '--alg', alg], { fails: true });
			assert.equal(status, 1, alg);
			assert.match(stderr, /^latchkey: No /);
		}
		assert.deepEqual(await keys(), before);
	});
});

test('key list says what is wrong with a file, and init refuses to go on without it', async () => {
	const [active] = await inState('active');
	assert.equal(active.file, '0600');
	assert.equal((await stat(file(active.kid))).mode & 0o777, 0o600);
	await chmod(file(active.kid), 0o644);
	assert.equal((await inState('active'))[0].file, '0644, refused: chmod 600');
	await rename(file(active.kid), `${file(active.kid)}.away`);
	assert.equal((await inState('active'))[0].file, 'missing');
	const { code: status, stderr } = await server.latchkey(['init', '--directory', server.directory, '--issuer', server.issuer], { fails: true });
	assert.equal(status, 1);
	assert.match(stderr, new RegExp(`${active.kid}\\.key is missing`));
	const outcome = await code();
	assert.equal((await send(server.url('token'), redemption(server, outcome))).status, 500);
	await rename(`${file(active.kid)}.away`, file(active.kid));
	await chmod(file(active.kid), 0o600);
	await redeem(outcome);
});

describe('jwks and discovery', () => {
	for (const name of ['jwks', 'discovery']) {
		test(`${name}: a strong ETag, and 304 for who has it`, async () => {
			const url = server.url(name);
			const first = await send(url);
			assert.equal(first.status, 200);
			assert.match(first.headers.etag, /^"[0-9a-f]{32}"$/);
			assert.equal(first.headers['cache-control'], 'public, max-age=3600');
			assert.equal((await send(url)).headers.etag, first.headers.etag);
			for (const tag of [first.headers.etag, `W/${first.headers.etag}`, `"other", ${first.headers.etag}`, '*']) {
				const again = await send(url, { headers: { 'If-None-Match': tag } });
				assert.equal(again.status, 304, tag);
				assert.equal(again.text, '');
				assert.equal(again.headers.etag, first.headers.etag);
				assert.equal(again.headers['cache-control'], 'public, max-age=3600');
				assert.equal(again.headers['access-control-allow-origin'], '*');
				assert.equal(again.headers['content-type'], undefined);
			}
			for (const tag of ['"other"', first.headers.etag.replaceAll('"', ''), '', ','])
				assert.equal((await send(url, { headers: { 'If-None-Match': tag } })).status, 200, tag);
			const head = await send(url, { method: 'HEAD' });
			assert.equal(head.status, 200);
			assert.equal(head.headers.etag, first.headers.etag);
			assert.equal(head.text, '');
		});
	}

	test('another key is another ETag', async () => {
		const { headers } = await send(server.url('jwks'));
		await server.latchkey(['key', 'rotate', '--now']);
		const later = await send(server.url('jwks'), { headers: { 'If-None-Match': headers.etag } });
		assert.equal(later.status, 200);
		assert.notEqual(later.headers.etag, headers.etag);
	});
});

describe('gc', () => {
	test('removes a retired key with its file once it has left the jwks', async () => {
		const [active] = await inState('active');
		const [next] = await inState('next');
		await makeDue(next.kid);
		await newTokens();
		assert.equal((await json('gc')).signing_keys, 0, 'its tokens still live');
		await sql(`UPDATE signing_keys SET expires_at = unixepoch() WHERE kid = '${active.kid}'`);
		assert.equal((await json('gc')).signing_keys, 1);
		await assert.rejects(stat(file(active.kid)), { code: 'ENOENT' });
		assert.equal(await sql(`SELECT count(*) FROM signing_keys WHERE kid = '${active.kid}'`), '0');
		assert.match(await sql(`SELECT detail FROM audit WHERE event = 'key.removed'`), new RegExp(active.kid));
		assert.equal(kidOf(await newTokens()), next.kid);
	});

	test('removes all that expired, however much it is, and nothing else', async () => {
		const tokens = await newTokens();
		await sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1234)
			INSERT INTO limits SELECT 'old:' || i, 1, 1 FROM n`);
		await sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
			INSERT INTO access_tokens (token_hash, client_id, scope, audience, issued_at, expires_at)
			SELECT randomblob(32), '${client.client_id}', '', '', 1, 2 FROM n`);
		const first = await json('gc');
		assert.equal(first.limits, 1234);
		assert.equal(first.access_tokens, 700);
		assert.equal(first.sessions, 0);
		assert.equal((await send(server.url('userinfo'), { headers: { Authorization: `Bearer ${tokens.access_token}` } })).status, 200);
		for (const table of ['sessions', 'flows', 'grants', 'access_tokens'])
			await sql(`UPDATE ${table} SET expires_at = 1`);
		const second = await json('gc');
		assert.equal(second.sessions, 1);
		assert.equal(second.grants + second.access_tokens, 2);
		for (const table of ['sessions', 'flows', 'grants', 'access_tokens', 'limits'])
			assert.equal(await sql(`SELECT count(*) FROM ${table}`), '0', table);
		assert.equal(second.new_signing_keys, 0);
		assert.match((await server.latchkey(['gc'])).stdout, /^There was nothing to do\.$/m);
	});
});
