// A new password: what is refused and why, and all that ends with the old one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { accountGet, accountPost, act } from '../lib/account.mjs';
import { Browser, loginForm, signIn } from '../lib/browser.mjs';
import { authorization, authorize, obtain, userinfo } from '../lib/client.mjs';
import { ALICE, BOB, PASSWORD, startServer } from '../lib/server.mjs';
import { refresh, sql, sqlValue } from '../lib/tokens.mjs';

const NEW = 'seventeen purple walnut bridges';

let server;
let web;

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	web = await server.addClient({ client_name: 'Web', consent: 'none', grant_types: ['authorization_code', 'refresh_token'], redirect_uris: ['https://web.example/cb'] });
});
after(() => server?.stop());

async function signedIn(user) {
	const browser = new Browser();
	await authorize(server, browser, web, {}, { user });
	return browser;
}

const check = async (browser, password) => (await act(server, browser, 'password', { action: 'check', password })).json();
const change = (browser, password) => act(server, browser, 'password', { action: 'change', password });

describe('the meter', () => {
	let browser;
	before(async () => {
		browser = await signedIn(server.users.alice);
	});

	test('says how good a password is, and what to do better', async () => {
		assert.equal((await accountGet(server, browser, 'password')).json().min_length, 15);
		for (const [password, problem] of [
			['', /too short/], ['fourteen chars', /at least 15 characters/], ['aaaaaaaaaaaaaaaaaaaa', /repeats itself|pattern/],
			['passwordpassword', /repeats itself/], ['password password', /uncommon words/], ['alice@example.org', /about you/], ['ALICE EXAMPLE ALICE', /about you|guess/],
			['x'.repeat(257), /at most 256/], ['ä'.repeat(14), /too short/], ['a\u0308'.repeat(14), /too short/], ['with\na line end in it', /characters that cannot/],
		]) {
			const answer = await check(browser, password);
			assert.match(answer.problem ?? '', problem, password);
		}
		const weak = await check(browser, 'passwordpassword');
		const good = await check(browser, NEW);
		assert.equal(good.problem, undefined);
		assert.equal(good.score, 4);
		assert.ok(weak.score < good.score, `${weak.score}`);
	});

	test('works for long ones in no time, without a fresh sign-in, but not without end', async () => {
		await sql(server, `UPDATE sessions SET auth_time = auth_time - 100000`);
		assert.equal((await check(browser, 'correct horse '.repeat(18))).problem, undefined);
		const sid = (await accountGet(server, browser, 'sessions')).json().sessions.find((one) => one.current).sid;
		await sql(server, `UPDATE limits SET attempts = 600 WHERE subject LIKE 'password_check:%${sid}'`);
		assert.equal((await act(server, browser, 'password', { action: 'check', password: NEW })).status, 429);
	});

	test('a change needs a fresh sign-in', async () => {
		const answer = await change(browser, NEW);
		assert.equal(answer.status, 403);
		assert.equal(answer.json().error, 'fresh_login_required');
	});
});

describe('a change', () => {
	test('refuses what the meter refuses, and changes nothing', async () => {
		const browser = await signedIn(server.users.alice);
		const before = await sqlValue(server, `SELECT password FROM users WHERE username = 'alice'`);
		const answer = await change(browser, 'passwordpassword');
		assert.equal(answer.status, 400);
		assert.equal(answer.json().error, 'invalid_field');
		assert.equal(answer.json().field, 'password');
		assert.equal(await sqlValue(server, `SELECT password FROM users WHERE username = 'alice'`), before);
	});

	test('ends other sessions, tokens and links; this session goes on under a new cookie', async () => {
		const user = server.users.bob;
		const browser = new Browser();
		const other = await signedIn(user);
		const { tokens } = await obtain(server, browser, web, { scope: 'openid offline_access' }, { user });
		const id = await sqlValue(server, `SELECT user_id FROM users WHERE username = 'bob'`);
		await sql(server, `INSERT INTO links VALUES (x'${'ab'.repeat(32)}', 'reset_password', '${id}', NULL, 1, 9999999999)`);
		const old = new Browser();
		old.cookies.hosts = new Map([...browser.cookies.hosts].map(([host, jar]) => [host, new Map(jar)]));
		const authTime = await sqlValue(server, `SELECT max(auth_time) FROM sessions WHERE user_id = '${id}'`);

		const answer = await change(browser, NEW);
		assert.equal(answer.status, 200, answer.text);
		browser.cookies.store(answer.url, answer.headers['set-cookie']);

		assert.equal((await accountGet(server, other, 'activity')).status, 401, 'another browser');
		assert.equal((await accountGet(server, old, 'activity')).status, 401, 'a copy of the old cookie');
		assert.equal((await userinfo(server, tokens.access_token)).status, 401);
		assert.equal((await refresh(server, web, tokens.refresh_token)).json().error, 'invalid_grant');
		assert.equal(await sqlValue(server, `SELECT count(*) FROM links WHERE user_id = '${id}'`), '0');
		const next = await accountPost(server, browser, 'password', { csrf: answer.json().csrf, action: 'check', password: NEW });
		assert.equal(next.status, 200, 'the csrf of the answer fits the new cookie');
		assert.equal(await sqlValue(server, `SELECT max(auth_time) FROM sessions WHERE user_id = '${id}'`), authTime, 'nobody proved anything anew');
		assert.equal(await sqlValue(server, `SELECT count(*) FROM audit WHERE event = 'user.password_changed' AND user_id = '${id}'`), '1');

		const fresh = new Browser();
		const page = await fresh.visit(authorization(server, web).url);
		assert.ok(loginForm(await signIn(fresh, page, { username: 'bob', password: user.password })), 'the old one is none any more');
		const outcome = await authorize(server, new Browser(), web, {}, { user: { username: 'bob', password: NEW } });
		assert.ok(outcome.params.get('code'));
	});
});

describe('breached passwords', () => {
	const sha1 = (text) => createHash('sha1').update(text).digest('hex').toUpperCase();
	const fillers = Array.from({ length: 3000 }, (_, n) => `${sha1(`filler ${n}`)}:${n % 97 + 1}`);

	test('one sorted file', async () => {
		const browser = await signedIn(server.users.alice);
		const file = path.join(server.directory, 'breached.txt');
		await writeFile(file, `${[...fillers, `${sha1(NEW)}:17`].sort().join('\r\n')}\r\n`);
		await server.configure({ breached_passwords: file });
		assert.match((await check(browser, NEW)).problem, /breach/);
		assert.equal((await check(browser, PASSWORD)).problem, undefined);
		assert.equal((await change(browser, NEW)).status, 400);
	});

	test('a folder of ranges, and none at all', async () => {
		const browser = await signedIn(server.users.alice);
		const folder = path.join(server.directory, 'ranges');
		await mkdir(folder);
		await writeFile(path.join(folder, `${sha1(NEW).slice(0, 5)}.txt`), `${'0'.repeat(35)}:0\r\n${sha1(NEW).slice(5)}:3\r\n`);
		await server.configure({ breached_passwords: folder });
		assert.match((await check(browser, NEW)).problem, /breach/);
		assert.equal((await check(browser, PASSWORD)).problem, undefined, 'a range that is missing');
		await rm(folder, { recursive: true });
		assert.equal((await check(browser, NEW)).problem, undefined, 'nobody is locked out');
		assert.ok((await server.log()).some((line) => line.level === 'warning' && line.text?.includes('breached_passwords')), 'the operator is told');
		await server.configure({ breached_passwords: '' });
	});
});
