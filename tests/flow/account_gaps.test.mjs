// What must not slip through the account page: short passwords left alone, sessions of before a demand, guessing at set-up.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { duration } from '../../htdocs/account/ui.js';
import { accountGet, accountPost, act } from '../lib/account.mjs';
import { Authenticator } from '../lib/authenticator.mjs';
import { Browser, finish, signIn } from '../lib/browser.mjs';
import { authorization, authorize } from '../lib/client.mjs';
import { formsOf, textOf } from '../lib/html.mjs';
import { start } from '../lib/process.mjs';
import { PASSWORD, install, startServer } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';
import { totp } from '../lib/totp.mjs';
import { until } from '../lib/wait.mjs';

const SHORT = 'vK9 quoz-fjy'; // 12 characters: enough behind a second factor, too few alone
const LONG = 'zeppelin quorum marmalade';
const ENDPOINTS = ['overview', 'profile', 'password', 'applications', 'sessions', 'totp', 'recovery_codes', 'passkeys', 'activity', 'export', 'deletion'];

let server;
let web;
let users = 0;

before(async () => {
	server = await startServer({ users: [], settings: { second_factor_limit: 3, login_limit_account: 0, login_limit_address: 0 } });
	web = await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'], consent: 'none' });
});
after(() => server?.stop());

/** Somebody new who is signed in by password. */
async function someone() {
	const username = `user${++users}`;
	await server.addUser({ username, password: PASSWORD, email: `${username}@example.org` });
	const browser = new Browser();
	await authorize(server, browser, web, {}, { user: server.users[username] });
	return { username, browser, id: await sqlValue(server, `SELECT user_id FROM users WHERE username = '${username}'`) };
}

/** A POST whose cookies the browser keeps. */
async function change({ browser }, endpoint, body) {
	const answer = await act(server, browser, endpoint, body);
	browser.cookies.store(server.url(`account/${endpoint}`), answer.headers['set-cookie']);
	return answer;
}

async function allowed(user, endpoint, body) {
	const answer = await change(user, endpoint, body);
	assert.equal(answer.status, 200, answer.text);
	return answer.json();
}

async function addApp(user) {
	const { seed } = await allowed(user, 'totp', { action: 'begin' });
	await allowed(user, 'totp', { action: 'confirm', code: totp(seed) });
	return seed;
}

async function addPasskey(user) {
	const key = new Authenticator(new URL(server.issuer).origin, new URL(server.issuer).hostname);
	const { options } = await allowed(user, 'passkeys', { action: 'begin' });
	return (await allowed(user, 'passkeys', { action: 'register', name: 'Key', ...key.create(options) })).passkey.id;
}

const setPassword = (user, password) => change(user, 'password', { action: 'change', password });
const read = async (user, endpoint) => (await accountGet(server, user.browser, endpoint)).json();
const isShort = async (user) => await sqlValue(server, `SELECT password_short FROM users WHERE user_id = '${user.id}'`) === '1';
const weaken = (user) => sql(server, `UPDATE sessions SET acr = 'aal1', amr = 'pwd' WHERE user_id = '${user.id}'`);
const require = (user, required) => change(user, 'second_factor', { action: 'require', required });

function refusedShort(answer, field) {
	assert.equal(answer.status, 400, answer.text);
	assert.equal(answer.json().error, 'invalid_field');
	assert.equal(answer.json().field, field);
	assert.match(answer.json().error_description, /too short .* at least 15 characters first\./);
}

describe('a password that is too short to stand alone', () => {
	test('keeps the app before it, until a longer one is chosen', async () => {
		const user = await someone();
		assert.equal((await setPassword(user, SHORT)).status, 400);
		await addApp(user);
		assert.equal((await setPassword(user, SHORT)).status, 200);
		refusedShort(await change(user, 'totp', { action: 'remove' }), 'action');
		assert.equal((await read(user, 'totp')).state, 'confirmed');
		assert.equal(await sqlValue(server, `SELECT count(*) FROM recovery_codes WHERE user_id = '${user.id}'`), '10');
		assert.equal((await setPassword(user, LONG)).status, 200);
		await allowed(user, 'totp', { action: 'remove' });
	});

	test('a passkey that nobody demands guards no password: it is another way in beside it', async () => {
		const user = await someone();
		await addPasskey(user);
		assert.equal((await read(user, 'overview')).password_min_length, 15);
		assert.equal((await setPassword(user, SHORT)).status, 400);
		await addApp(user);
		assert.equal((await read(user, 'overview')).password_min_length, 8);
		assert.equal((await setPassword(user, SHORT)).status, 200);
		refusedShort(await change(user, 'totp', { action: 'remove' }), 'action');
		assert.equal((await require(user, true)).status, 200);
		await allowed(user, 'totp', { action: 'remove' });
		refusedShort(await require(user, false), 'required');
		assert.equal((await setPassword(user, LONG)).status, 200);
		assert.equal((await require(user, false)).status, 200);
	});

	test('keeps the last passkey', async () => {
		const user = await someone();
		const keys = [await addPasskey(user), await addPasskey(user)];
		await sql(server, `UPDATE users SET password_short = 1 WHERE user_id = '${user.id}'`);
		await allowed(user, 'passkeys', { action: 'remove', id: keys[0] });
		refusedShort(await change(user, 'passkeys', { action: 'remove', id: keys[1] }), 'id');
		assert.equal((await read(user, 'passkeys')).passkeys.length, 1);
		assert.equal((await setPassword(user, LONG)).status, 200);
		await allowed(user, 'passkeys', { action: 'remove', id: keys[1] });
	});

	test('setting it and removing the app at once never leaves it alone', async () => {
		for (let round = 0; round < 6; round++) {
			const user = await someone();
			await addApp(user);
			const { csrf } = await read(user, 'activity');
			const cookies = new Browser();
			cookies.cookies.hosts = new Map([...user.browser.cookies.hosts].map(([host, jar]) => [host, new Map(jar)]));
			const setting = accountPost(server, user.browser, 'password', { csrf, action: 'change', password: SHORT });
			await new Promise((resolve) => { setTimeout(resolve, round * 15); });
			const [set, removed] = await Promise.all([setting, accountPost(server, cookies, 'totp', { csrf, action: 'remove' })]);
			const app = await sqlValue(server, `SELECT count(*) FROM totp WHERE user_id = '${user.id}'`) === '1';
			assert.ok(app || !await isShort(user), `round ${round}: ${set.status} ${removed.status}`);
			assert.notDeepEqual([set.status, removed.status], [200, 200]);
		}
	});

	test('set by a link: the same, and a second factor that is gone by then counts no more', async () => {
		const user = await someone();
		await addApp(user);
		const reset = async (password) => {
			const token = randomBytes(32).toString('base64url');
			const hash = createHash('sha256').update(token).digest('hex');
			const now = Math.floor(Date.now() / 1000);
			await sql(server, `INSERT INTO links VALUES (x'${hash}', 'reset_password', '${user.id}', NULL, ${now}, ${now + 600})`);
			const browser = new Browser();
			return browser.submit(await browser.visit(server.url('reset', { token })), { fill: { password } });
		};
		assert.equal((await reset(SHORT)).status, 200);
		assert.equal(await isShort(user), true);
		await sql(server, `DELETE FROM totp WHERE user_id = '${user.id}'`);
		const refused = await reset('jW4 yumx-qeb');
		assert.equal(refused.status, 400);
		assert.match(textOf(refused.text), /at least 15 characters/);
		assert.equal((await reset(LONG)).status, 200);
		assert.equal(await isShort(user), false);
	});

	test('the command line takes the factors away all the same, and says so', async () => {
		const user = await someone();
		await addApp(user);
		assert.equal((await setPassword(user, SHORT)).status, 200);
		const short = await server.latchkey(['user', 'reset-mfa', user.username]);
		assert.match(short.stderr, new RegExp(`The password of ${user.username} is shorter .* set-password ${user.username}`));
		await server.latchkey(['user', 'set-password', user.username, '--password-stdin'], { input: `${LONG}\n` });
		assert.equal(await isShort(user), false);
		const long = await server.latchkey(['user', 'reset-mfa', user.username, '--json']);
		assert.equal(JSON.parse(long.stdout).short_password, false);
		assert.equal(long.stderr, '');
	});

	test('a hash that is made anew at the sign-in is of the same password', async () => {
		const user = await someone();
		await addApp(user);
		assert.equal((await setPassword(user, SHORT)).status, 200);
		const hash = () => sqlValue(server, `SELECT password FROM users WHERE user_id = '${user.id}'`);
		const before = await hash();
		await server.configure({ argon2_iterations: 3 });
		const browser = new Browser();
		const page = await signIn(browser, await browser.visit(authorization(server, web).url), { username: user.username, password: SHORT });
		assert.ok(page.url.pathname.endsWith('/second_factor'), `${page.url}`);
		assert.notEqual(await hash(), before);
		assert.equal(await isShort(user), true);
	});
});

describe('a session of before a second factor was demanded', () => {
	const refused = (answer) => {
		assert.equal(answer.status, 403, answer.text);
		assert.equal(answer.json().error, 'fresh_login_required');
	};

	test('neither reads nor changes the account, by the user\'s own wish or the operator\'s', async () => {
		const user = await someone();
		const seed = await addApp(user);
		await weaken(user);
		const { csrf } = await read(user, 'activity');
		for (const [begin, end] of [
			[() => sql(server, `UPDATE users SET second_factor_required = 1 WHERE user_id = '${user.id}'`), () => sql(server, 'UPDATE users SET second_factor_required = 0')],
			[() => server.configure({ second_factor_required: 'on' }), () => server.configure({ second_factor_required: 'off' })],
		]) {
			await begin();
			for (const endpoint of ENDPOINTS)
				refused(await accountGet(server, user.browser, endpoint));
			for (const endpoint of [...ENDPOINTS.filter((one) => !['overview', 'activity', 'export'].includes(one)), 'email', 'second_factor'])
				refused(await accountPost(server, user.browser, endpoint, { csrf, action: 'remove' }));
			await end();
			assert.equal((await accountGet(server, user.browser, 'overview')).status, 200);
		}
		await sql(server, `UPDATE users SET second_factor_required = 1 WHERE user_id = '${user.id}'`);
		await sql(server, `UPDATE totp SET last_step = 0 WHERE user_id = '${user.id}'`);
		const code = await signIn(user.browser, await user.browser.visit(server.url('login', { again: 'account' })), server.users[user.username]);
		assert.ok(code.url.pathname.endsWith('/second_factor'), `${code.url}`);
		await user.browser.submit(code, { fill: { code: totp(seed) }, form: codeForm(code), go: () => false });
		assert.equal((await read(user, 'overview')).second_factor.required, true);
	});

	test('a passkey, or recovery codes alone, are factors too', async () => {
		const user = await someone();
		await addPasskey(user);
		assert.equal((await require(user, true)).status, 200);
		await weaken(user);
		refused(await accountGet(server, user.browser, 'overview'));
		await sql(server, `DELETE FROM passkeys WHERE user_id = '${user.id}'`);
		assert.equal((await accountGet(server, user.browser, 'overview')).status, 200);
		await sql(server, `INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES ('${user.id}', x'${'ab'.repeat(32)}', 1)`);
		refused(await accountGet(server, user.browser, 'overview'));
	});

	test('who has no factor yet sets one up on the page', async () => {
		const user = await someone();
		await sql(server, `UPDATE users SET second_factor_required = 1 WHERE user_id = '${user.id}'`);
		for (const endpoint of ENDPOINTS)
			assert.equal((await accountGet(server, user.browser, endpoint)).status, 200, endpoint);
		await addApp(user);
		assert.equal((await accountGet(server, user.browser, 'overview')).status, 200, 'the session is surer by now');
	});
});

const codeForm = (page) => formsOf(page.text).find((form) => form.fields.some((field) => field.name === 'code'));

describe('guessing the first code of an app', () => {
	const wrong = (seed) => String((Number(totp(seed)) + 500000) % 1000000).padStart(6, '0');
	const seedOf = (page) => /<code class="seed">([A-Z2-7 ]+)<\/code>/.exec(page.text)[1].replaceAll(' ', '');

	test('ends during the sign-in, also for the right one; a right one in time starts the count anew', async () => {
		await server.addUser({ username: 'guesser', password: PASSWORD });
		const browser = new Browser();
		let page = await signIn(browser, await browser.visit(authorization(server, web, { acr_values: 'aal2' }).url), server.users.guesser);
		const seed = seedOf(page);
		const enter = async (code) => {
			page = await browser.submit(page, { fill: { code }, form: codeForm(page) });
			return page;
		};
		for (let i = 0; i < 3; i++)
			assert.equal((await enter(wrong(seed))).status, 403);
		for (const code of [wrong(seed), totp(seed)]) {
			const limited = await enter(code);
			assert.equal(limited.status, 429);
			assert.ok(Number(limited.headers['retry-after']) > 0);
			assert.match(textOf(limited.text), /too many wrong codes/);
			assert.equal(seedOf(limited), seed, 'the key that the app has is still the one');
		}
		const events = await sql(server, "SELECT event FROM audit JOIN users USING (user_id) WHERE username = 'guesser' AND event LIKE 'second_factor%'");
		assert.deepEqual(events.map(([event]) => event), [...Array(3).fill('second_factor.failure'), ...Array(2).fill('second_factor.limited')]);
		await sql(server, 'UPDATE limits SET attempts = 2');
		const done = await enter(totp(seed));
		assert.equal(done.status, 200);
		assert.equal(await sqlValue(server, "SELECT count(*) FROM limits WHERE subject LIKE 'second_factor:%' AND attempts > 0"), '0');
		assert.ok((await finish(browser, await browser.submit(done), server.issuer)).params.get('code'));
	});

	test('ends for 32 at once', async () => {
		const user = await someone();
		const { seed } = await allowed(user, 'totp', { action: 'begin' });
		const { csrf } = await read(user, 'activity');
		const answers = await Promise.all(Array.from({ length: 32 }, () => accountPost(server, user.browser, 'totp', { csrf, action: 'confirm', code: wrong(seed) })));
		assert.deepEqual(answers.map((answer) => answer.status).sort(), [...Array(3).fill(400), ...Array(29).fill(429)]);
	});
});

describe('the time to take a deletion back', () => {
	test('is told', async () => {
		const user = await someone();
		assert.equal((await read(user, 'overview')).deletion_seconds, 1209600);
		await server.configure({ account_deletion_seconds: 90000 });
		assert.equal((await read(user, 'overview')).deletion_seconds, 90000);
		const { deletion_at: at } = await allowed(user, 'deletion', { action: 'delete' });
		assert.ok(Math.abs(at - Date.now() / 1000 - 90000) < 30);
		await server.configure({ account_deletion_seconds: 1209600 });
	});

	test('in days, below two in hours, never more than it is', () => {
		for (const [seconds, text] of [[1209600, '14 days'], [172800, '2 days'], [259199, '2 days'], [172799, '47 hours'], [3600, '1 hour'], [3599, '59 minutes']])
			assert.equal(duration(seconds), text);
	});
});

test('latchkey user reset-mfa wakes deliver if there is something to tell', async () => {
	const place = await install();
	try {
		const waiting = start('/usr/bin/head', ['-c', '1', path.join(place.directory, 'mail/wake')]);
		await place.latchkey(['user', 'reset-mfa', 'alice']);
		assert.equal(waiting.over, false, 'there was no factor, and no mail');
		await sql(place, "INSERT INTO totp (user_id, seed, created_at, confirmed_at, last_step) SELECT user_id, 'x', 1, 1, 0 FROM users WHERE username = 'alice'");
		await place.latchkey(['user', 'reset-mfa', 'alice']);
		await until('deliver is woken', () => waiting.over);
		assert.equal(await sqlValue(place, 'SELECT count(*) FROM outbox'), '1');
	} finally {
		await place.stop();
	}
});
