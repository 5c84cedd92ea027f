// 20,000 sign-ins and as many refreshes with short life times: all but the audit log stays of a bounded size.
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Browser, finish, isLogin, reply, signIn } from '../lib/browser.mjs';
import { authorization, redemption } from '../lib/client.mjs';
import { basic } from '../lib/http.mjs';
import { run } from '../lib/process.mjs';
import { Runners } from '../lib/runners.mjs';
import { ALICE, install } from '../lib/server.mjs';
import { delay } from '../lib/wait.mjs';

const SIGN_INS = Number(process.env.GROWTH_SIGN_INS ?? 20000);
const REPORT_EVERY = SIGN_INS / 10;
const AT_ONCE = 8;
const LONGEST_LIFE = 70; // seconds: sessions, flows, grants behind their last token, assertions that are remembered

// The shortest that the configuration takes, but for what a test on a busy machine needs to come in time.
const SETTINGS = {
	log_level: 'warning', code_seconds: 5, access_token_seconds: 1, refresh_idle_seconds: 5, refresh_seconds: 5, refresh_grace_seconds: 1,
	flow_seconds: 60, session_seconds: 60, session_idle_seconds: 60, session_stay_seconds: 60, pushed_request_seconds: 5,
	login_limit_account: 1000000, login_limit_address: 1000000, login_limit_seconds: 10, flow_limit_address: 1000000,
};

let server;
let runners;
let keyed; // by private_key_jwt, with pushed requests
let plain;
let key;
const wrongs = []; // what went wrong on the way: a machine that was too slow for a life time
const done = { signIns: 0, refreshes: 0 };
let largestLog = 0;
let lives = 0;

before(async () => {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
	const common = { redirect_uris: ['https://client.example/callback'], grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
		consent: 'none', access_token_format: 'opaque',
		id_token_signed_response_alg: 'ES256' };
	server = await install({ settings: SETTINGS, users: [ALICE], clients: [{ ...common, client_name: 'Plain' }] });
	plain = server.clients.Plain;
	keyed = await server.addClient({ ...common, client_name: 'Keyed', token_endpoint_auth_method: 'private_key_jwt',
		jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'own', alg: 'ES256', use: 'sig' }] } });
	runners = new Runners(server, AT_ONCE);
});

after(async () => {
	await runners?.stop();
	await server?.stop();
});

// ---- the load

async function send(url, options) {
	const { answer } = await runners.run(url, options);
	if (answer.status >= 500)
		throw new Error(`${url.pathname}: ${answer.status} ${answer.text}`);
	return answer;
}

function assertion() {
	const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
	const text = `${part({ alg: 'ES256', kid: 'own' })}.${part({ iss: keyed.client_id, sub: keyed.client_id, aud: server.issuer, jti: randomUUID(),
		exp: Math.floor(Date.now() / 1000) + 5 })}`;
	return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function post(endpoint, client, { client_id: _, ...form }) {
	if (client === plain)
		return send(server.url(endpoint), { form, headers: { Authorization: basic(client.client_id, client.client_secret) } });
	return send(server.url(endpoint), { form: {
		...form, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion(),
	} });
}

/** An authorization request; of the keyed client it is pushed. */
async function begin(client) {
	const started = authorization(server, client, { scope: 'openid profile' });
	if (client === plain)
		return started;
	const answer = await post('par', client, started.parameters);
	assert.equal(answer.status, 201, answer.text);
	return { ...started, url: server.url('authorize', { client_id: client.client_id, request_uri: answer.json().request_uri }) };
}

/** From the client's reply to the tokens, and those renewed once or twice. Every tenth code is never used. */
async function tokens(client, started, outcome) {
	assert.ok(outcome?.params.get('code'), 'a code');
	done.signIns++;
	if (done.signIns % 10 === 4)
		return;
	const { form } = redemption(server, { ...started, ...outcome, client: plain });
	let answer = await post('token', client, form);
	assert.equal(answer.status, 200, answer.text);
	do {
		answer = await post('token', client, { grant_type: 'refresh_token', refresh_token: answer.json().refresh_token });
		assert.equal(answer.status, 200, answer.text);
		done.refreshes++;
	} while (done.refreshes < done.signIns - AT_ONCE);
}

/** Somebody signs in by password, and then twice more by the session; some wander off, or mistype their password. */
async function life(n) {
	const client = n % 5 === 1 ? keyed : plain;
	const address = `10.0.${Math.floor(n / 250) % 250}.${n % 250}`;
	const browser = new Browser({ transport: (url, options) => send(url, { ...options, more: { REMOTE_ADDR: address } }) });
	const started = await begin(client);
	const page = await browser.visit(started.url);
	assert.ok(isLogin(page), `${page.url} ${page.status} ${page.text}`);
	if (n % 10 === 2)
		return;
	if (n % 10 === 3)
		await signIn(browser, page, { username: `nobody-${n}`, password: 'a guess, and a wrong one' });
	if (n % 10 === 5)
		assert.equal((await post('token', client, { grant_type: 'client_credentials' })).status, 200);
	await tokens(client, started, await finish(browser, page, server.issuer, { user: ALICE }));
	for (let i = 0; i < 2; i++) {
		const more = await begin(client);
		await tokens(client, more, reply(await browser.visit(more.url), server.issuer));
	}
}

// ---- what the database holds

const database = () => path.join(server.directory, 'database/latchkey.db');

async function query(statement) {
	// Read-only: it must not take a checkpoint away from the endpoints.
	const { code, stdout, stderr } = await run('sqlite3', ['-readonly', '-cmd', '.timeout 10000', database(), statement]);
	assert.equal(code, 0, stderr);
	return stdout.split('\n').filter(Boolean).map((line) => line.split('|'));
}

let tables;
let expiring;

async function findTables() {
	const rows = await query("SELECT m.name, (SELECT count(*) FROM pragma_table_info(m.name) WHERE name = 'expires_at') FROM sqlite_schema m WHERE type = 'table' ORDER BY m.name");
	tables = rows.map(([name]) => name);
	expiring = rows.filter(([name, count]) => count === '1' && name !== 'signing_keys').map(([name]) => name);
}

async function look(started) {
	const now = Math.floor(Date.now() / 1000);
	const counts = await query(tables.map((name) => `SELECT '${name}', count(*) FROM ${name}`).join(' UNION ALL '));
	const over = await query(expiring.map((name) => `SELECT '${name}', count(*) FROM ${name} WHERE expires_at <= ${now - 2}`).join(' UNION ALL '));
	const [[audit, rest, free, size]] = await query(`SELECT coalesce(sum(pgsize) FILTER (WHERE name LIKE 'audit%'), 0),
		coalesce(sum(pgsize) FILTER (WHERE name NOT LIKE 'audit%'), 0), (SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size),
		(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) FROM dbstat WHERE aggregate = TRUE`);
	const rows = Object.fromEntries(counts.map(([name, count]) => [name, Number(count)]));
	return {
		seconds: (Date.now() - started) / 1000, signIns: done.signIns, refreshes: done.refreshes, rows,
		over: Object.fromEntries(over.map(([name, count]) => [name, Number(count)])),
		audit: Number(audit), rest: Number(rest), free: Number(free), size: Number(size), log: statSync(`${database()}-wal`).size,
	};
}

const kib = (bytes) => `${Math.round(bytes / 1024)} KiB`;
const some = (counts) => Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`).join(', ') || 'none';

function say(t, seen) {
	t.diagnostic(`${seen.signIns} sign-ins, ${seen.refreshes} refreshes, ${seen.seconds.toFixed(0)} s: database ${kib(seen.size)} = audit ${kib(seen.audit)}`
		+ ` (${(seen.audit / seen.rows.audit).toFixed(0)} bytes a row) + all else ${kib(seen.rest)} + free pages ${kib(seen.free)}; log ${kib(seen.log)}`);
	t.diagnostic(`  rows: ${some(seen.rows)}`);
	t.diagnostic(`  rows that had expired: ${some(seen.over)}`);
}

/** So many sign-ins more; `report` is called on the way. */
async function load(count, report = async () => {}) {
	const goal = done.signIns + count;
	const first = done.signIns;
	let over = false;
	const all = Promise.all(Array.from({ length: AT_ONCE }, async () => {
		while (done.signIns < goal && wrongs.length < 100) {
			await life(lives++).catch((error) => { wrongs.push(error); });
			largestLog = Math.max(largestLog, statSync(`${database()}-wal`).size);
		}
	})).finally(() => { over = true; });
	for (let next = first + REPORT_EVERY; next <= goal && !over; next += REPORT_EVERY) {
		while (done.signIns < next && !over)
			await delay(100);
		await report();
	}
	await all;
}

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

test(`${SIGN_INS} sign-ins and refreshes`, { timeout: 1200000 }, async (t) => {
	const started = Date.now();
	const series = [];
	const report = async () => {
		series.push(await look(started));
		say(t, series.at(-1));
	};
	await findTables();
	await load(SIGN_INS, report);
	t.diagnostic(`the log was never larger than ${kib(largestLog)}; ${wrongs.length} came to no end${wrongs.length > 0 ? `, such as: ${wrongs[0].message.slice(0, 300)}` : ''}`);
	assert.ok(wrongs.length < SIGN_INS / 100, String(wrongs[0]?.stack));
	assert.ok(largestLog < 8 * 1024 * 1024, 'the log is emptied');
	const peak = Math.max(...series.map((seen) => sum(seen.rows) - seen.rows.audit));
	for (const seen of series) {
		for (const [name, count] of Object.entries(seen.over))
			assert.ok(count <= 300, `${name}: what has expired is removed: ${count} rows are left at ${seen.signIns} sign-ins`);
		assert.ok(seen.rest + seen.free <= 1024 * peak + 1024 * 1024, `all but the audit log has the size of the rows that live: ${kib(seen.rest + seen.free)} for ${peak} rows`);
	}

	// When everything has expired, gc removes the rest, and its pages are used again.
	await delay((LONGEST_LIFE + 2) * 1000);
	await server.latchkey(['gc', '--json']);
	const emptied = await look(started);
	say(t, emptied);
	for (const name of expiring.filter((one) => one !== 'limits'))
		assert.equal(emptied.rows[name], 0, `${name} is empty`);
	await load(SIGN_INS / 20);
	const again = await look(started);
	say(t, again);
	assert.ok(again.size - emptied.size <= again.audit - emptied.audit + 64 * 1024, `the pages that became free are used again: ${emptied.size} to ${again.size}`);
});
