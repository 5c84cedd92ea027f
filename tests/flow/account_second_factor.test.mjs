// The second factor on the account page: authenticator app (Debian's oathtool is the app), recovery codes, who demands it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accountGet, accountPost, act, csrfOf } from '../lib/account.mjs';
import { Browser } from '../lib/browser.mjs';
import { authorize } from '../lib/client.mjs';
import { mails } from '../lib/mail.mjs';
import { run } from '../lib/process.mjs';
import { PASSWORD, startServer } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

let server;
let web;
let users = 0;

before(async () => {
	server = await startServer({ users: [], settings: { second_factor_limit: 3 } });
	web = await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'], consent: 'none' });
});
after(() => server?.stop());

/** Somebody new who is signed in. */
async function someone(options) {
	const username = `user${++users}`;
	await server.addUser({ username, password: PASSWORD, email: `${username}@example.org` });
	const browser = new Browser();
	await authorize(server, browser, web, {}, { user: server.users[username], ...options });
	return { username, browser, id: await sqlValue(server, `SELECT user_id FROM users WHERE username = '${username}'`) };
}

/** A POST whose cookies the browser keeps. */
async function change(browser, endpoint, body) {
	const answer = await act(server, browser, endpoint, body);
	browser.cookies.store(server.url(`account/${endpoint}`), answer.headers['set-cookie']);
	return answer;
}

async function oathtool(seed, seconds = 0) {
	const { code, stdout, stderr } = await run('oathtool', ['--totp', '--base32', '--now', `@${Math.floor(Date.now() / 1000) + seconds}`, seed]);
	assert.equal(code, 0, stderr);
	return stdout.trim();
}

const sessionCookie = (browser) => [...browser.cookies.of('localhost').values()].find((cookie) => cookie.name.includes('session'));
const read = async (browser, endpoint) => (await accountGet(server, browser, endpoint)).json();
const events = async (user) => (await sql(server, `SELECT event, detail FROM audit WHERE user_id = '${user.id}' ORDER BY audit_id`)).map((row) => row.join(' ').trim());
const mailsTo = async (user) => (await mails(server)).filter((mail) => mail.to.includes(`${user.username}@`) && mail.kind.startsWith('factor'));
/** Waits until the user got mails of these kinds, and no other, about factors. */
const told = async (user, kinds) => {
	await until(`mails: ${kinds}`, async () => (await mailsTo(user)).length >= kinds.length);
	assert.deepEqual((await mailsTo(user)).map((mail) => mail.kind), kinds);
};
const age = (user) => sql(server, `UPDATE sessions SET auth_time = auth_time - 3600 WHERE user_id = '${user.id}'`);

/** Sets an app up: { seed, codes }. */
async function setUp({ browser }) {
	const { seed } = (await change(browser, 'totp', { action: 'begin' })).json();
	const confirmed = await change(browser, 'totp', { action: 'confirm', code: await oathtool(seed) });
	assert.equal(confirmed.status, 200, confirmed.text);
	return { seed, codes: confirmed.json().recovery_codes, answer: confirmed };
}

function refusedField(answer, field) {
	assert.equal(answer.status, 400, answer.text);
	assert.equal(answer.json().error, 'invalid_field');
	assert.equal(answer.json().field, field);
	assert.match(answer.json().error_description, /^[A-Z].*\.$/);
}

test('the overview says who is signed in and how the account is protected', async () => {
	const user = await someone();
	const overview = await read(user.browser, 'overview');
	assert.equal(overview.username, user.username);
	assert.equal(overview.email, `${user.username}@example.org`);
	assert.equal(overview.email_verified, true);
	assert.equal(overview.fresh, true);
	assert.equal(overview.password, true);
	assert.equal(overview.password_min_length, 15);
	assert.equal(overview.passkeys_possible, true);
	assert.equal('deletion_at' in overview, false);
	assert.deepEqual(overview.second_factor, { totp: false, recovery_codes: 0, passkeys: 0, required: false, required_by_operator: false });
	await age(user);
	assert.equal((await read(user.browser, 'overview')).fresh, false);
	assert.equal((await accountGet(server, new Browser(), 'overview')).status, 401);
});

test('an app: seed, QR code, first code, recovery codes, a new cookie', async () => {
	const user = await someone({ stay: true });
	const { browser } = user;
	assert.equal((await read(browser, 'totp')).state, 'none');
	const begun = (await change(browser, 'totp', { action: 'begin' })).json();
	assert.match(begun.seed, /^[A-Z2-7]{32}$/);
	const uri = new URL(begun.uri);
	assert.equal(uri.protocol, 'otpauth:');
	assert.equal(uri.searchParams.get('secret'), begun.seed);
	assert.equal(decodeURIComponent(uri.pathname).endsWith(`:${user.username}`), true);
	assert.match(Buffer.from(begun.qr_code.replace('data:image/svg+xml;base64,', ''), 'base64').toString(), /^<svg .*<\/svg>$/);
	assert.equal((await read(browser, 'totp')).state, 'pending');
	refusedField(await change(browser, 'totp', { action: 'confirm', code: await oathtool(begun.seed, -3600) }), 'code');

	const before = sessionCookie(browser);
	const confirmed = await change(browser, 'totp', { action: 'confirm', code: await oathtool(begun.seed) });
	assert.equal(confirmed.status, 200, confirmed.text);
	const { csrf, recovery_codes: codes } = confirmed.json();
	assert.equal(new Set(codes).size, 10);
	for (const code of codes)
		assert.match(code, /^[0-9a-z]{5}(-[0-9a-z]{5}){3}$/);
	assert.notEqual(sessionCookie(browser).value, before.value);
	assert.equal(sessionCookie(browser).attributes['max-age'], before.attributes['max-age'], 'stays signed in as long as before');
	// The token in the answer is the new cookie's.
	assert.equal((await accountPost(server, browser, 'recovery_codes', { csrf, action: 'nothing' })).status, 400);
	assert.equal((await accountPost(server, browser, 'recovery_codes', { csrf: csrf.toUpperCase(), action: 'make' })).status, 403);
	assert.equal(await sqlValue(server, `SELECT acr || ' ' || amr FROM sessions WHERE user_id = '${user.id}' ORDER BY auth_time DESC, acr DESC LIMIT 1`), 'aal2 pwd otp mfa');

	const { second_factor: factors, password_min_length: least } = await read(browser, 'overview');
	assert.deepEqual(factors, { totp: true, recovery_codes: 10, passkeys: 0, required: false, required_by_operator: false });
	assert.equal(least, 8);
	assert.equal((await read(browser, 'totp')).state, 'confirmed');
	assert.equal((await change(browser, 'totp', { action: 'begin' })).status, 409);
	assert.equal((await change(browser, 'totp', { action: 'confirm', code: await oathtool(begun.seed, 30) })).status, 409);
	assert.ok((await events(user)).includes('factor.added totp'));
	await told(user, ['factor_added']);
});

test('the clock of the app may be half a minute wrong', async () => {
	const user = await someone();
	const { seed } = (await change(user.browser, 'totp', { action: 'begin' })).json();
	assert.equal((await change(user.browser, 'totp', { action: 'confirm', code: await oathtool(seed, 30) })).status, 200);
});

test('too many wrong codes: 429, also for the right one', async () => {
	const user = await someone();
	const { seed } = (await change(user.browser, 'totp', { action: 'begin' })).json();
	for (let i = 0; i < 3; i++)
		refusedField(await change(user.browser, 'totp', { action: 'confirm', code: 'wrong' }), 'code');
	const limited = await change(user.browser, 'totp', { action: 'confirm', code: await oathtool(seed) });
	assert.equal(limited.status, 429);
	assert.ok(Number(limited.headers['retry-after']) > 0);
	assert.equal((await read(user.browser, 'totp')).state, 'pending');
	const seen = await events(user);
	assert.equal(seen.filter((event) => event === 'second_factor.failure totp').length, 3);
	assert.ok(seen.includes('second_factor.limited'));
});

test('32 confirmations at once: one counts, and one set of recovery codes is shown', async () => {
	const user = await someone();
	await server.configure({ second_factor_limit: 100 });
	const { seed } = (await change(user.browser, 'totp', { action: 'begin' })).json();
	const body = { csrf: await csrfOf(server, user.browser), action: 'confirm', code: await oathtool(seed) };
	const answers = await Promise.all(Array.from({ length: 32 }, () => accountPost(server, user.browser, 'totp', body)));
	await server.configure({ second_factor_limit: 3 });
	assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, ...Array(31).fill(409)]);
	assert.equal(Number(await sqlValue(server, `SELECT count(*) FROM recovery_codes WHERE user_id = '${user.id}'`)), 10);
});

test('recovery codes are replaced as a whole', async () => {
	const user = await someone();
	const { codes } = await setUp(user);
	const made = await change(user.browser, 'recovery_codes', { action: 'make' });
	assert.equal(made.status, 200, made.text);
	assert.equal(made.json().recovery_codes.filter((code) => codes.includes(code)).length, 0);
	const { left, created_at: at } = await read(user.browser, 'recovery_codes');
	assert.equal(left, 10);
	assert.ok(at > 0);
	assert.equal(Number(await sqlValue(server, `SELECT count(*) FROM recovery_codes WHERE user_id = '${user.id}'`)), 10);
	assert.ok((await events(user)).includes('factor.added recovery_codes'));
});

test('the last factor of who must have one stays', async () => {
	const user = await someone();
	refusedField(await change(user.browser, 'second_factor', { action: 'require', required: true }), 'required');
	await setUp(user);
	assert.equal((await change(user.browser, 'second_factor', { action: 'require', required: 'yes' })).status, 400);
	assert.equal((await change(user.browser, 'second_factor', { action: 'require', required: true })).status, 200);
	assert.equal((await read(user.browser, 'overview')).second_factor.required, true);
	refusedField(await change(user.browser, 'totp', { action: 'remove' }), 'action');
	assert.equal((await change(user.browser, 'second_factor', { action: 'require', required: false })).status, 200);
	await server.configure({ second_factor_required: 'on' });
	refusedField(await change(user.browser, 'totp', { action: 'remove' }), 'action');
	await server.configure({ second_factor_required: 'off' });
	assert.equal((await change(user.browser, 'totp', { action: 'remove' })).status, 200);
	assert.deepEqual((await read(user.browser, 'overview')).second_factor, { totp: false, recovery_codes: 0, passkeys: 0, required: false, required_by_operator: false });
	assert.equal((await change(user.browser, 'totp', { action: 'remove' })).status, 409);
	await told(user, ['factor_added', 'factor_removed']);
});

test('every change asks for a fresh sign-in, and nothing changes without', async () => {
	const user = await someone();
	await setUp(user);
	await age(user);
	for (const [endpoint, body] of [['totp', { action: 'remove' }], ['recovery_codes', { action: 'make' }], ['second_factor', { action: 'require', required: true }]]) {
		const answer = await change(user.browser, endpoint, body);
		assert.equal(answer.status, 403);
		assert.equal(answer.json().error, 'fresh_login_required');
	}
	const { second_factor: factors } = await read(user.browser, 'overview');
	assert.equal(factors.totp, true);
	assert.equal(factors.required, false);
});

test('latchkey user reset-mfa takes all factors and ends the sessions', async () => {
	const user = await someone();
	await setUp(user);
	const { stdout } = await server.latchkey(['user', 'reset-mfa', user.username, '--json']);
	const { totp_removed: app, recovery_codes_removed: codes, sessions_ended: sessions } = JSON.parse(stdout);
	assert.equal(app, true);
	assert.equal(codes, 10);
	assert.ok(sessions >= 1);
	assert.equal((await accountGet(server, user.browser, 'overview')).status, 401);
	assert.ok((await events(user)).includes('factor.reset command line'));
	await authorize(server, user.browser, web, {}, { user: server.users[user.username] });
	assert.equal((await read(user.browser, 'totp')).state, 'none');
	assert.equal((await server.latchkey(['user', 'reset-mfa', 'nobody'], { fails: true })).code, 1);
});

test('neither seeds nor recovery codes are readable in the database or the log', async () => {
	const user = await someone();
	const { seed, codes } = await setUp(user);
	const { stdout } = await run('sqlite3', [`${server.directory}/database/latchkey.db`, '.dump']);
	const log = (await server.log()).map((line) => line.text).join('\n');
	for (const secret of [seed, ...codes, ...codes.map((code) => code.replaceAll('-', ''))]) {
		assert.equal(stdout.includes(secret), false);
		assert.equal(log.includes(secret), false);
	}
});
