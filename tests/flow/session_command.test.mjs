// `latchkey session list | end`: what the operator sees of sign-ins, and that what they end is over at once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { accountGet } from '../lib/account.mjs';
import { Browser } from '../lib/browser.mjs';
import { obtain, userinfo } from '../lib/client.mjs';
import { ALICE, BOB, startServer } from '../lib/server.mjs';
import { introspect, refresh, sqlValue } from '../lib/tokens.mjs';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

let server;
let web;

class Desktop extends Browser {
	send(url, options = {}) {
		return super.send(url, { ...options, headers: { 'User-Agent': FIREFOX, ...options.headers } });
	}
}

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	web = await server.addClient({ client_name: 'Web', grant_types: ['authorization_code', 'refresh_token'], redirect_uris: ['https://web.example/cb'], consent: 'none' });
});
after(() => server?.stop());

const json = async (...args) => JSON.parse((await server.latchkey(['session', ...args, '--json'])).stdout);
const isIn = async (browser) => (await accountGet(server, browser, 'overview')).status === 200;

/** A browser that is signed in, with the tokens of two applications of it: one that ends with the session, one that stays. */
async function person(user) {
	const browser = new Desktop();
	const online = (await obtain(server, browser, web, {}, { user })).tokens;
	const offline = (await obtain(server, browser, web, { scope: 'openid offline_access' }, { user })).tokens;
	const sid = (await accountGet(server, browser, 'sessions')).json().sessions.find((one) => one.current).sid;
	return { browser, online, offline, sid };
}

async function assertOut({ browser, online, offline }) {
	assert.equal(await isIn(browser), false);
	assert.equal((await userinfo(server, online.access_token)).status, 401);
	assert.equal((await introspect(server, web, online.access_token)).active, false);
	assert.equal((await refresh(server, web, offline.refresh_token)).status, 200, 'offline access stays, as on the account page');
}

async function assertIn({ browser, online }) {
	assert.equal(await isIn(browser), true);
	assert.equal((await userinfo(server, online.access_token)).status, 200);
}

const events = (name, sid) => sqlValue(server, `SELECT count(*) FROM audit WHERE event = '${name}' AND detail LIKE 'command line%'${sid ? ` AND sid = '${sid}'` : ''}`)
	.then(Number);

describe('sessions by the command line', () => {
	test('are listed: all, or of one user', async () => {
		assert.deepEqual(await json('list'), []);
		const people = [await person(ALICE), await person(ALICE), await person(BOB)];
		const all = await json('list');
		assert.deepEqual(all.map((one) => one.sid).sort(), people.map((one) => one.sid).sort());
		const one = all.find((session) => session.sid === people[2].sid);
		assert.equal(one.username, 'bob');
		assert.equal(one.device, 'Firefox on Linux');
		assert.ok(one.address && one.created_at && one.last_seen_at && one.expires_at > one.created_at);
		assert.equal(one.two_factors, false);
		const hers = await json('list', '--user', 'Alice');
		assert.deepEqual(hers.map((session) => [session.username, session.sid]).sort(), people.slice(0, 2).map((each) => ['alice', each.sid]).sort());
		const { stdout } = await server.latchkey(['session', 'list']);
		assert.match(stdout, new RegExp(`^ID .*\\n(.*\\n)*${people[0].sid} +alice +Firefox on Linux`));
		for (const browser of people)
			await assertIn(browser);
		await json('end', '--all');
	});

	test('one is ended, and no other', async () => {
		const [one, other] = [await person(ALICE), await person(ALICE)];
		assert.deepEqual(await json('end', one.sid), { sessions_ended: 1, grants_revoked: 1 });
		await assertOut(one);
		await assertIn(other);
		assert.equal(await events('session.ended', one.sid), 1);
		assert.deepEqual((await json('list')).map((session) => session.sid), [other.sid]);
		const again = await server.latchkey(['session', 'end', one.sid], { fails: true });
		assert.equal(again.code, 1);
		assert.match(again.stderr, /no session/);
		await json('end', '--all');
	});

	test('all of a user, and of nobody else', async () => {
		const [one, other, bob] = [await person(ALICE), await person(ALICE), await person(BOB)];
		assert.equal((await json('end', '--user', 'alice')).sessions_ended, 2);
		await assertOut(one);
		await assertOut(other);
		await assertIn(bob);
		assert.equal(await events('session.all_ended'), 3);
		const back = await person(ALICE);
		const activity = (await accountGet(server, back.browser, 'activity')).json();
		assert.ok(JSON.stringify(activity).includes('signed out everywhere by an administrator'));
		await json('end', '--all');
	});

	test('all of everybody', async () => {
		const people = [await person(ALICE), await person(BOB)];
		const before = await events('session.all_ended');
		assert.deepEqual(await json('end', '--all'), { sessions_ended: 2, grants_revoked: 2 });
		for (const one of people)
			await assertOut(one);
		assert.deepEqual(await json('list'), []);
		assert.equal(await events('session.all_ended'), before + 1);
		assert.deepEqual(await json('end', '--all'), { sessions_ended: 0, grants_revoked: 0 });
	});

	test('a wrong call ends none', async () => {
		const one = await person(ALICE);
		for (const args of [['end'], ['end', one.sid, '--all'], ['end', '--all', '--user', 'alice'], ['end', one.sid, 'x']])
			assert.equal((await server.latchkey(['session', ...args], { fails: true })).code, 2, args.join(' '));
		for (const args of [['end', '--user', 'nobody'], ['list', '--user', 'nobody'], ['end', "' OR 1=1 --"]])
			assert.equal((await server.latchkey(['session', ...args], { fails: true })).code, 1, args.join(' '));
		await assertIn(one);
	});

	test('more than fit on one page are all listed', async () => {
		await json('end', '--all');
		const user = await sqlValue(server, "SELECT user_id FROM users WHERE username = 'bob'");
		const now = Math.floor(Date.now() / 1000);
		await sqlValue(server, `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1203)
			INSERT INTO sessions SELECT randomblob(32), 'sid' || n, '${user}', ${now} - n / 3, ${now}, 'pwd', 'aal1', ${now}, 3600, ${now} + 3600, NULL, NULL FROM c`);
		for (const args of [['list'], ['list', '--user', 'bob']])
			assert.equal(new Set((await json(...args)).map((session) => session.sid)).size, 1203);
		assert.equal((await json('end', '--user', 'bob')).sessions_ended, 1203);
	});
});
