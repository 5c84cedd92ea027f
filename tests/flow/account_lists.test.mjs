// What a user can see and stop: applications, sessions, activity.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { accountGet, act, csrfOf, everything, pageHeaders } from '../lib/account.mjs';
import { Browser, isConsent } from '../lib/browser.mjs';
import { startCgi } from '../lib/cgi.mjs';
import { authorization, authorize, obtain, redeem, userinfo } from '../lib/client.mjs';
import { ALICE, BOB, startServer } from '../lib/server.mjs';
import { introspect, refresh, sql, sqlValue } from '../lib/tokens.mjs';

const SCOPE = 'openid profile offline_access';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const GRANTS = ['authorization_code', 'refresh_token'];

let server;
let web; // asks for consent
let trusted; // needs none
let watcher; // may introspect everything

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	const add = (name, more) => server.addClient({ client_name: name, grant_types: GRANTS, redirect_uris: [`https://${name.toLowerCase()}.example/cb`], ...more });
	await server.latchkey(['resource', 'add', 'https://notes.example', '--name', 'Notes']);
	web = await add('Web', { client_uri: 'https://web.example/', logo_uri: 'https://web.example/logo.png' });
	trusted = await add('Trusted', { consent: 'none' });
	watcher = await add('Watcher', { introspection: 'all' });
});
after(() => server?.stop());

class Desktop extends Browser {
	send(url, options = {}) {
		return super.send(url, { ...options, headers: { 'User-Agent': FIREFOX, ...options.headers } });
	}
}

const applications = (browser) => everything(server, browser, 'applications', 'applications');
const sessions = (browser) => everything(server, browser, 'sessions', 'sessions');
const now = () => Math.floor(Date.now() / 1000);
const events = (event) => sqlValue(server, `SELECT count(*) FROM audit WHERE event = '${event}'`).then(Number);
const userId = (name) => sqlValue(server, `SELECT user_id FROM users WHERE username = '${name}'`);
const recently = (time) => assert.ok(time <= now() && time > now() - 60, `${time} is no time of this test`);

async function assertDead(tokens) {
	assert.equal((await userinfo(server, tokens.access_token)).status, 401);
	assert.deepEqual(await introspect(server, watcher, tokens.access_token), { active: false });
	assert.deepEqual(await introspect(server, watcher, tokens.refresh_token), { active: false });
}

test('nobody signed in: 401', async () => {
	for (const endpoint of ['applications', 'sessions', 'activity']) {
		const answer = await accountGet(server, new Browser(), endpoint);
		assert.equal(answer.status, 401);
		assert.equal(answer.json().error, 'login_required');
	}
});

describe('applications', () => {
	test('with and without consent, permissions in words', async () => {
		const browser = new Browser();
		await obtain(server, browser, web, { scope: 'openid email', resource: 'https://notes.example', claims: JSON.stringify({ userinfo: { locale: null } }) });
		await obtain(server, browser, trusted, { scope: 'openid profile' });
		const list = await applications(browser);
		assert.deepEqual(list.map((one) => one.name), ['Trusted', 'Web']);
		const [first, second] = list;
		assert.equal(second.client_id, web.client_id);
		assert.equal(second.uri, 'https://web.example/');
		assert.equal(second.logo_uri, 'https://web.example/logo.png');
		for (const one of list) {
			recently(one.granted_at);
			recently(one.last_used_at);
		}
		assert.ok(second.permissions.some((text) => text.startsWith('See your e-mail address')), second.permissions);
		assert.ok(second.permissions.includes('Use Notes in your name.'), second.permissions);
		assert.ok(second.permissions.includes('See your language.'), second.permissions);
		assert.ok(first.permissions.some((text) => text.startsWith('See your profile')), first.permissions);
		assert.equal(first.permissions.length, 2);
		const bob = new Browser();
		await obtain(server, bob, trusted, {}, { user: server.users.bob });
		assert.deepEqual((await applications(bob)).map((one) => one.name), ['Trusted']);
		assert.equal((await act(server, bob, 'applications', { action: 'revoke', client_id: web.client_id })).status, 404);
		assert.deepEqual((await applications(browser)).map((one) => one.name), ['Trusted', 'Web']);
	});

	test('to revoke one ends codes, tokens and consent at once, and nothing else', async () => {
		const browser = new Browser();
		const mine = await obtain(server, browser, web, { scope: SCOPE });
		const kept = await obtain(server, browser, trusted, { scope: SCOPE });
		const others = await obtain(server, new Browser(), web, { scope: SCOPE }, { user: server.users.bob });
		const code = await authorize(server, browser, web, { scope: SCOPE });
		const before = await events('consent.revoked');
		const answer = await act(server, browser, 'applications', { action: 'revoke', client_id: web.client_id });
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json().csrf, await csrfOf(server, browser));
		await assertDead(mine.tokens);
		const failed = await refresh(server, web, mine.tokens.refresh_token);
		assert.equal(failed.status, 400);
		assert.equal(failed.json().error, 'invalid_grant');
		assert.equal((await redeem(server, code)).json().error, 'invalid_grant');
		assert.equal((await userinfo(server, kept.tokens.access_token)).status, 200);
		assert.equal((await userinfo(server, others.tokens.access_token)).status, 200);
		assert.deepEqual((await applications(browser)).map((one) => one.name), ['Trusted']);
		assert.equal(await events('consent.revoked'), before + 1);
		assert.ok(isConsent(await browser.visit(authorization(server, web, { scope: SCOPE }).url)), 'the user is asked again');
		assert.equal((await act(server, browser, 'applications', { action: 'revoke', client_id: web.client_id })).status, 404);
	});

	test('one that needs no consent is revoked as well, a disabled one too', async () => {
		const browser = new Browser();
		const { tokens } = await obtain(server, browser, trusted, { scope: SCOPE });
		await sql(server, `UPDATE clients SET disabled_at = 1 WHERE client_id = '${trusted.client_id}'`);
		assert.ok((await applications(browser)).some((one) => one.name === 'Trusted'), 'a disabled one is shown');
		assert.equal((await act(server, browser, 'applications', { action: 'revoke', client_id: trusted.client_id })).status, 200);
		await sql(server, `UPDATE clients SET disabled_at = NULL WHERE client_id = '${trusted.client_id}'`);
		await assertDead(tokens);
		assert.equal((await applications(browser)).some((one) => one.name === 'Trusted'), false);
	});

	test('32 at once, and a refresh among them: one revokes, and no token is left', async () => {
		const browser = new Browser();
		const { tokens } = await obtain(server, browser, web, { scope: SCOPE });
		const before = await events('consent.revoked');
		const body = JSON.stringify({ csrf: await csrfOf(server, browser), action: 'revoke', client_id: web.client_id });
		const children = Array.from({ length: 32 }, () => startCgi(server, server.url('account/applications'), {
			method: 'POST', body, headers: pageHeaders(server, browser, { post: true }),
		}));
		const refreshing = refresh(server, web, tokens.refresh_token);
		for (const child of children)
			child.release();
		const answers = await Promise.all(children.map((child) => child.answer));
		assert.deepEqual(answers.map((one) => one.status).sort(), [200, ...Array(31).fill(404)]);
		assert.equal(await events('consent.revoked'), before + 1);
		const refreshed = await refreshing;
		assert.ok([200, 400].includes(refreshed.status), refreshed.text);
		for (const one of [tokens, ...(refreshed.status === 200 ? [refreshed.json()] : [])]) {
			await assertDead(one);
			assert.equal((await refresh(server, web, one.refresh_token)).json().error, 'invalid_grant');
		}
	});
});

describe('sessions', () => {
	test('one a browser, this one marked; a second sign-in in it is no second one', async () => {
		const user = server.users.bob;
		await sql(server, `DELETE FROM sessions WHERE user_id = '${await userId('bob')}'`);
		const desktop = new Desktop();
		const phone = new Browser();
		await authorize(server, desktop, trusted, {}, { user });
		await authorize(server, desktop, trusted, { prompt: 'login' }, { user });
		await authorize(server, phone, trusted, {}, { user });
		const list = await sessions(desktop);
		assert.equal(list.length, 2);
		const own = list.find((one) => one.current);
		const other = list.find((one) => !one.current);
		assert.equal(own.device, 'Firefox on Linux');
		assert.equal(other.device, 'Unknown device');
		assert.match(own.address, /^(127\.0\.0\.1|::1)$/);
		assert.equal(own.two_factors, false);
		for (const member of ['created_at', 'last_seen_at', 'auth_time'])
			recently(own[member]);
		assert.deepEqual((await sessions(phone)).map((one) => [one.sid, one.current]), list.map((one) => [one.sid, !one.current]));
	});

	test('seen again is written every five minutes', async () => {
		const browser = new Browser();
		await authorize(server, browser, trusted);
		const seen = async () => (await sessions(browser)).find((one) => one.current).last_seen_at;
		const first = await seen();
		await sql(server, `UPDATE sessions SET last_seen_at = ${first - 100}`);
		assert.equal(await seen(), first - 100);
		await sql(server, `UPDATE sessions SET last_seen_at = ${first - 400}`);
		assert.ok(await seen() >= first);
	});

	test('to end one ends its cookie and its tokens, but not those that may outlive it', async () => {
		const [here, there] = [new Browser(), new Browser()];
		const own = await obtain(server, here, trusted);
		const theirs = await obtain(server, there, trusted);
		const offline = await obtain(server, there, trusted, { scope: SCOPE });
		const listed = (await sessions(there)).find((one) => one.current).sid;
		const before = await events('session.ended');
		const bob = new Browser();
		await authorize(server, bob, trusted, {}, { user: server.users.bob });
		assert.equal((await act(server, bob, 'sessions', { action: 'end', sid: listed })).status, 404, 'not one of another user');
		assert.equal((await act(server, here, 'sessions', { action: 'end', sid: listed })).status, 200);
		assert.equal((await accountGet(server, there, 'sessions')).status, 401);
		assert.equal((await userinfo(server, theirs.tokens.access_token)).status, 401);
		assert.equal((await userinfo(server, offline.tokens.access_token)).status, 200);
		assert.equal((await userinfo(server, own.tokens.access_token)).status, 200);
		assert.equal((await act(server, here, 'sessions', { action: 'end', sid: listed })).status, 404);
		assert.equal(await events('session.ended'), before + 1);
	});

	test('to end all others spares this one', async () => {
		const here = new Browser();
		const own = await obtain(server, here, trusted);
		const others = [];
		for (let i = 0; i < 3; i++) {
			const browser = new Browser();
			others.push({ browser, ...await obtain(server, browser, trusted) });
		}
		const bob = new Browser();
		await authorize(server, bob, trusted, {}, { user: server.users.bob });
		assert.equal((await act(server, here, 'sessions', { action: 'end_others' })).status, 200);
		for (const { browser, tokens } of others) {
			assert.equal((await accountGet(server, browser, 'sessions')).status, 401);
			assert.equal((await userinfo(server, tokens.access_token)).status, 401);
		}
		assert.deepEqual((await sessions(here)).map((one) => one.current), [true]);
		assert.equal((await userinfo(server, own.tokens.access_token)).status, 200);
		assert.equal((await accountGet(server, bob, 'sessions')).status, 200);
	});

	test('to end this one signs out here', async () => {
		const browser = new Browser();
		await authorize(server, browser, trusted);
		const { sid } = (await sessions(browser)).find((one) => one.current);
		const answer = await act(server, browser, 'sessions', { action: 'end', sid });
		assert.equal(answer.status, 200);
		assert.match(String(answer.headers['set-cookie']), /session[-\w]*=;/);
		assert.equal((await accountGet(server, browser, 'sessions')).status, 401);
	});
});

describe('activity', () => {
	test('newest first, in sentences, without what applications do among themselves', async () => {
		const user = server.users.bob;
		await sql(server, `UPDATE audit SET user_id = 'nobody' WHERE user_id = '${await userId('bob')}'`);
		const browser = new Browser();
		const { tokens } = await obtain(server, browser, trusted, { scope: SCOPE }, { user });
		await refresh(server, trusted, tokens.refresh_token);
		await act(server, browser, 'applications', { action: 'revoke', client_id: trusted.client_id });
		const list = await everything(server, browser, 'activity', 'events');
		assert.deepEqual(list.map((one) => [one.text, one.application]), [
			['You took an application\'s access away.', 'Trusted'],
			['You used your account at an application.', 'Trusted'],
			['You signed in.', 'Trusted'],
		]);
		for (const one of list) {
			recently(one.at);
			assert.match(one.address, /^(127\.0\.0\.1|::1)$/);
		}
	});

	test('is paged to the end', async () => {
		const browser = new Browser();
		await authorize(server, browser, trusted);
		await sql(server, `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 12000) INSERT INTO audit (at, event, user_id, address)
			SELECT n, CASE WHEN n < 130 THEN 'logout' ELSE 'tokens.refreshed' END, '${await userId('alice')}', '192.0.2.' || n FROM n`.replaceAll(/\s+/g, ' '));
		const list = await everything(server, browser, 'activity', 'events');
		const added = list.filter((one) => one.address?.startsWith('192.0.2.')).map((one) => one.at);
		assert.deepEqual(added, Array.from({ length: 129 }, (_, index) => 129 - index));
	});
});

describe('a large account', () => {
	let browser;

	before(async () => {
		browser = new Browser();
		await authorize(server, browser, trusted);
		const alice = await userId('alice');
		const columns = (await sql(server, 'SELECT name FROM pragma_table_info(\'clients\')')).flat();
		const values = columns.map((name) => ({ client_id: "'many-' || n", client_name: "'Many ' || (n % 90)" }[name] ?? name));
		const numbers = (most) => `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${most})`;
		await sql(server, `${numbers(500)} INSERT INTO clients (${columns}) SELECT ${values} FROM clients, n WHERE client_id = '${web.client_id}'`);
		await sql(server, `${numbers(500)} INSERT INTO consents SELECT '${alice}', 'many-' || n, 'openid email', '', n, n FROM n`);
		await sql(server, `${numbers(200)} INSERT INTO sessions SELECT randomblob(32), 'many-' || n, '${alice}', ${now()} - n / 30, ${now()}, 'pwd', 'aal1', ${now()}, 3600, ${now() + 3600}, '192.0.2.1', NULL FROM n`);
	});

	async function assertPaged(endpoint, member, key, remove) {
		const all = (await everything(server, browser, endpoint, member)).map((one) => one[key]);
		const many = Array.from({ length: endpoint === 'sessions' ? 200 : 500 }, (_, index) => `many-${index + 1}`);
		assert.deepEqual(all.filter((one) => one.startsWith('many-')).sort(), many.sort());
		// The last one shown goes, which is where the next page begins, and one that is yet to come.
		const removed = [];
		const seen = await everything(server, browser, endpoint, member, async (page, number) => {
			assert.equal(page.length, 50);
			if (number !== 1)
				return;
			removed.push(all[99], all[120]);
			for (const one of removed)
				assert.equal((await act(server, browser, endpoint, remove(one))).status, 200);
		});
		assert.deepEqual(seen.map((one) => one[key]), all.filter((one) => one !== all[120]));
		assert.deepEqual((await everything(server, browser, endpoint, member)).map((one) => one[key]), all.filter((one) => !removed.includes(one)));
	}

	test('500 applications, while some are revoked', () => assertPaged('applications', 'applications', 'client_id', (id) => ({ action: 'revoke', client_id: id })));

	test('200 sessions, while some are ended', () => assertPaged('sessions', 'sessions', 'sid', (sid) => ({ action: 'end', sid })));

	test('a place in a list that no answer gave: 400', async () => {
		for (const [endpoint, places] of Object.entries({ applications: ['x', '!.!', 'YQ', '.!'], sessions: ['x', '1', 'x.y', '-1.a'], activity: ['x', '-1', '1.5'] })) {
			for (const after of places)
				assert.equal((await accountGet(server, browser, endpoint, { after })).status, 400, `${endpoint}: ${after}`);
		}
	});
});
