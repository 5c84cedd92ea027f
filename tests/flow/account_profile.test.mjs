// The profile, the address, the export and the deletion of an account.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { accountGet, act } from '../lib/account.mjs';
import { Browser } from '../lib/browser.mjs';
import { authorize, obtain, userinfo } from '../lib/client.mjs';
import { ALICE, BOB, PASSWORD, startServer } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';

let server;
let web;

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	web = await server.addClient({ client_name: 'Web', consent: 'none', redirect_uris: ['https://web.example/cb'] });
});
after(() => server?.stop());

async function signedIn(user = server.users.alice) {
	const browser = new Browser();
	await authorize(server, browser, web, {}, { user });
	return browser;
}
const profile = async (browser) => (await accountGet(server, browser, 'profile')).json();
const userId = (name) => sqlValue(server, `SELECT user_id FROM users WHERE username = '${name}'`);

describe('profile', () => {
	test('shows what is known, changes what is the user\'s own, and applications see it', async () => {
		const browser = new Browser();
		const { tokens } = await obtain(server, browser, web, { scope: 'openid profile phone address' });
		const before = await profile(browser);
		assert.equal(before.claims.email, 'alice@example.org');
		assert.equal(before.username, 'alice');
		assert.equal(before.editable.includes('email'), false);
		const claims = { nickname: 'Al "<b>"', website: 'https://alice.example/~a?b=c#d', birthdate: '0000-02-29', zoneinfo: 'Europe/Vienna', phone_number: '+43 1 7654321',
			picture: '', given_name: null, address: { street_address: 'Ring 2\nTop 5', locality: 'Wien', region: '' } };
		const answer = await act(server, browser, 'profile', { version: before.version, claims });
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json().version, before.version + 1);
		const seen = (await userinfo(server, tokens.access_token)).json();
		assert.equal(seen.nickname, claims.nickname);
		assert.equal(seen.birthdate, '0000-02-29');
		assert.equal(seen.given_name, undefined);
		assert.equal(seen.phone_number_verified, false);
		assert.deepEqual(seen.address, { street_address: 'Ring 2\nTop 5', locality: 'Wien' });
		assert.ok(seen.updated_at > 1700000000);
		assert.equal(await sqlValue(server, `SELECT count(*) FROM audit WHERE event = 'user.profile_changed'`), '1');
	});

	test('a number that the operator had checked counts as unchecked once it is another', async () => {
		const browser = await signedIn();
		await sql(server, `UPDATE user_claims SET value = 'true' WHERE name = 'phone_number_verified'`);
		const { version, claims } = await profile(browser);
		const same = await act(server, browser, 'profile', { version, claims: { phone_number: claims.phone_number } });
		assert.equal((await profile(browser)).claims.phone_number_verified, true, 'the same number');
		await act(server, browser, 'profile', { version: same.json().version, claims: { phone_number: '+43 1 222222' } });
		assert.equal((await profile(browser)).claims.phone_number_verified, false);
	});

	test('two tabs: the later one gets a conflict', async () => {
		const browser = await signedIn();
		const { version } = await profile(browser);
		assert.equal((await act(server, browser, 'profile', { version, claims: { nickname: 'first' } })).status, 200);
		const late = await act(server, browser, 'profile', { version, claims: { nickname: 'second' } });
		assert.equal(late.status, 409);
		assert.equal(late.json().error, 'conflict');
		assert.equal((await profile(browser)).claims.nickname, 'first');
	});

	test('what will not do names its field and changes nothing', async () => {
		const browser = await signedIn();
		const before = await profile(browser);
		const bad = {
			name: ['x'.repeat(257), 'a\nb', 5, ['x'], 'evil\u202eeman'], picture: ['javascript:alert(1)', 'data:image/png;base64,x', 'https://', 'https://a@b.example/', 'http://a b/', `https://a.example/${'x'.repeat(2048)}`],
			website: ['ftp://a.example/', 'www.example.org', {}], birthdate: ['31.5.1984', '1984-13-01', '1983-02-29', '0000', '1984-5-31', '19840531'],
			zoneinfo: ['Europe/', '../etc/passwd', 'Wien!'], locale: ['d', 'de-', 'de AT', '-de'], phone_number: ['12345', '+1', '+43 x', `+${'1'.repeat(16)}`],
			address: ['Ring 1', [], { planet: 'Earth' }, { locality: 5 }, { locality: 'x'.repeat(257) }],
			email: ['eve@example.org'], email_verified: [true], phone_number_verified: [true], groups: [['admin']], preferred_username: ['root'], sub: ['x'], updated_at: [1],
		};
		for (const [name, values] of Object.entries(bad)) {
			for (const value of values) {
				const answer = await act(server, browser, 'profile', { version: before.version, claims: { nickname: 'changed', [name]: value } });
				assert.equal(answer.status, 400, `${name}: ${JSON.stringify(value)}`);
				assert.equal(answer.json().error, 'invalid_field');
				assert.equal(answer.json().field, name);
				assert.ok(answer.json().error_description.length > 10);
			}
		}
		const { csrf: _, ...rest } = await profile(browser);
		const { csrf: __, ...first } = before;
		assert.deepEqual(rest, first);
	});
});

describe('e-mail', () => {
	test('waits until it is proven; cancelled it is gone; five an hour', async () => {
		const browser = await signedIn();
		const id = await userId('alice');
		let { version } = await profile(browser);
		const change = async (email, more) => act(server, browser, 'email', { action: 'change', version, email, ...more });
		for (const email of ['', 'alice', '@example.org', 'a@b@c', 'a b@example.org', 'a@example..org', 'a@-x.org', 'a,b@example.org', '<a@example.org>', `${'x'.repeat(65)}@example.org`]) {
			const answer = await change(email);
			assert.equal(answer.json().field, 'email', `${email}: ${answer.text}`);
		}
		assert.equal((await change('alice@example.org')).json().field, 'email', 'it is that already');
		assert.equal((await change('new@example.org\r\nBcc: eve@example.org')).status, 400);
		const done = await change('new@example.org');
		assert.equal(done.status, 200, done.text);
		assert.equal((await change('other@example.org')).status, 409, 'another tab');
		version = done.json().version;
		const seen = await profile(browser);
		assert.equal(seen.version, version);
		assert.equal(seen.pending_email, 'new@example.org');
		assert.equal(seen.claims.email, 'alice@example.org');
		await sql(server, `INSERT INTO links VALUES (x'${'cd'.repeat(32)}', 'verify_email', '${id}', 'new@example.org', 1, 9999999999)`);
		assert.equal((await act(server, browser, 'email', { action: 'cancel' })).status, 200);
		assert.equal((await profile(browser)).pending_email, undefined);
		assert.equal(await sqlValue(server, `SELECT count(*) FROM links WHERE user_id = '${id}' AND kind = 'verify_email'`), '0');
		let last;
		for (let n = 0; n < 5; n++) {
			last = await change(`n${n}@example.org`);
			version = last.json().version ?? version;
		}
		assert.equal(last.status, 429);
	});

	test('needs a fresh sign-in', async () => {
		const browser = await signedIn(server.users.bob);
		await sql(server, `UPDATE sessions SET auth_time = auth_time - 100000 WHERE user_id = '${await userId('bob')}'`);
		const { version } = await profile(browser);
		for (const body of [{ action: 'change', version, email: 'new@example.org' }, { action: 'cancel' }])
			assert.equal((await act(server, browser, 'email', body)).json().error, 'fresh_login_required');
		assert.equal((await accountGet(server, browser, 'export')).json().error, 'fresh_login_required');
		assert.equal((await act(server, browser, 'deletion', { action: 'delete' })).json().error, 'fresh_login_required');
		assert.equal((await act(server, browser, 'deletion', { action: 'cancel' })).status, 200);
	});
});

describe('export', () => {
	test('all of the user, nothing of others, no secrets, as a file', async () => {
		const browser = await signedIn();
		const answer = await accountGet(server, browser, 'export');
		assert.equal(answer.status, 200, answer.text);
		assert.match(answer.headers['content-disposition'], /^attachment; filename="latchkey-alice\.json"$/);
		const data = answer.json();
		assert.equal(data.account.sub, await userId('alice'));
		assert.equal(data.claims.email, 'alice@example.org');
		assert.ok(data.applications.some((one) => one.name === 'Web'));
		assert.ok(data.sessions.length > 0);
		assert.ok(data.events.some((one) => one.event === 'login.success'));
		assert.equal(data.older_events_left_out, false);
		assert.equal(data.csrf, undefined);
		assert.doesNotMatch(answer.text, /argon2|bob@example\.org/);
		assert.equal(answer.text.includes(await userId('bob')), false);
	});

	test('of 20000 events the newest, and says so', async () => {
		const browser = await signedIn();
		const id = await userId('alice');
		await sql(server, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
			INSERT INTO audit (at, event, user_id, address, detail) SELECT 1, 'login.failure', '${id}', '192.0.2.1', 'event ' || i || printf('%.*c', 300, 'x') FROM n`);
		const answer = await accountGet(server, browser, 'export');
		assert.equal(answer.status, 200);
		const { events, older_events_left_out: cut } = answer.json();
		assert.equal(cut, true);
		assert.ok(events.length >= 1000 && events.length <= 5000, `${events.length}`);
		assert.match(events.find((one) => one.event === 'login.failure').detail, /^event 20000x/);
	});
});

describe('deletion', () => {
	test('after a while, taken back by who signs in, carried out by gc alone', async () => {
		await server.addUser({ username: 'carol', password: PASSWORD, email: 'carol@example.org' });
		const user = server.users.carol;
		const browser = new Browser();
		const other = await signedIn(user);
		const { tokens } = await obtain(server, browser, web, {}, { user });
		const id = await userId('carol');
		const asked = await act(server, browser, 'deletion', { action: 'delete' });
		assert.equal(asked.status, 200, asked.text);
		const at = asked.json().deletion_at;
		assert.ok(at > Date.now() / 1000 + 13 * 86400 && at < Date.now() / 1000 + 15 * 86400);
		assert.equal((await act(server, browser, 'deletion', { action: 'delete' })).json().deletion_at, at, 'asked twice');
		assert.equal((await userinfo(server, tokens.access_token)).status, 401);
		assert.equal((await accountGet(server, other, 'deletion')).status, 401);
		await server.latchkey(['gc']);
		assert.equal(await userId('carol'), id, 'not yet');

		const again = await signedIn(user);
		assert.equal((await accountGet(server, again, 'deletion')).json().deletion_at, at);
		assert.equal((await act(server, again, 'deletion', { action: 'cancel' })).status, 200);
		assert.equal((await accountGet(server, again, 'deletion')).json().deletion_at, undefined);
		await act(server, again, 'deletion', { action: 'delete' });
		await sql(server, `UPDATE users SET deletion_at = 1000 WHERE user_id = '${id}'`);
		const { stdout } = await server.latchkey(['gc', '--json']);
		assert.equal(JSON.parse(stdout).users, 1);
		for (const table of ['users', 'user_claims', 'sessions', 'grants', 'outbox'])
			assert.equal(await sqlValue(server, `SELECT count(*) FROM ${table} WHERE user_id = '${id}'`), '0', table);
		assert.equal(await sqlValue(server, `SELECT count(*) FROM audit WHERE event = 'user.deleted' AND user_id = '${id}'`), '1');
		assert.equal(await sqlValue(server, `SELECT count(*) FROM users`), '2', 'nobody else');
	});
});
