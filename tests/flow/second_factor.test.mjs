// Sign-in with a second factor, by forms alone: app, recovery codes, step-up, and setting up an app on the way.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, finish, isLogin, loginForm, reply, signIn } from '../lib/browser.mjs';
import { authorization, decode, obtain, redeem } from '../lib/client.mjs';
import { formsOf, textOf } from '../lib/html.mjs';
import { request } from '../lib/http.mjs';
import { ALICE, PASSWORD, startServer } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';
import { totp } from '../lib/totp.mjs';

let server;
let web;
let strict;

before(async () => {
	server = await startServer({ users: [ALICE], settings: { login_limit_seconds: 900 } });
	web = await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'] });
	strict = await server.addClient({ client_name: 'Strict', redirect_uris: ['https://strict.example/cb'], default_acr_values: ['aal2'] });
});
after(() => server?.stop());

const is = (page, name) => page.url.pathname.endsWith(`/${name}`);
const enterCode = (browser, page, code, options = {}) => browser.submit(page, { fill: { code }, form: formsOf(page.text).find((form) => form.fields.some((field) => field.name === 'code')), ...options });
const hasSession = (browser) => [...browser.cookies.of('localhost').values()].some((cookie) => cookie.name.includes('session'));
const seedOf = (page) => /<code class="seed">([A-Z2-7 ]+)<\/code>/.exec(page.text)[1].replaceAll(' ', '');
const codesOf = (page) => [...page.text.matchAll(/<li><code>([^<]+)<\/code>/g)].map((found) => found[1]);
const forget = (user) => sql(server, `UPDATE totp SET last_step = 0 WHERE user_id = (SELECT user_id FROM users WHERE username = '${user.username}')`);

async function silently(browser, client, more) {
	return reply(await browser.visit(authorization(server, client, { prompt: 'none', ...more }).url), server.issuer).params;
}

/** A user of this name who has set up an app on the way to an application: { user, seed, codes, browser }. */
async function enrolled(username) {
	await server.addUser({ username, password: PASSWORD });
	const user = server.users[username];
	const browser = new Browser();
	const { started, page } = await toEnroll(browser, user);
	const seed = seedOf(page);
	const done = await enterCode(browser, page, totp(seed));
	assert.equal(done.status, 200, textOf(done.text));
	const outcome = await finish(browser, await browser.submit(done), server.issuer);
	await forget(user);
	return { user, seed, codes: codesOf(done), browser, page: done, outcome: { ...started, ...outcome } };
}

async function toEnroll(browser, user) {
	const started = authorization(server, web, { acr_values: 'aal2' });
	const page = await signIn(browser, await browser.visit(started.url), user);
	assert.ok(is(page, 'enroll'), `${page.url} ${textOf(page.text)}`);
	return { started, page };
}

/** As far as the page that asks for the code. */
async function toCode(browser, user, client = web, more = {}) {
	const started = authorization(server, client, more);
	const page = await signIn(browser, await browser.visit(started.url), user);
	assert.ok(is(page, 'second_factor'), `${page.url} ${textOf(page.text)}`);
	return { started, page };
}

async function idToken(started, answer, browser) {
	const outcome = { ...started, ...await finish(browser, answer, server.issuer) };
	const tokens = await redeem(server, outcome);
	assert.equal(tokens.status, 200, tokens.text);
	return decode(tokens.json().id_token).payload;
}

describe('a user with an app', () => {
	let has;
	before(async () => {
		has = await enrolled('carol');
	});

	test('password, then code: tokens that say so', async () => {
		await forget(has.user);
		const browser = new Browser();
		const { started, page } = await toCode(browser, has.user);
		assert.equal(hasSession(browser), false, 'the password alone signs nobody in');
		assert.equal((await silently(browser, web)).get('error'), 'login_required');
		const claims = await idToken(started, await enterCode(browser, page, totp(has.seed)), browser);
		assert.equal(claims.acr, 'aal2');
		assert.deepEqual(claims.amr, ['pwd', 'otp', 'mfa']);
		assert.equal((await silently(browser, strict)).get('error'), 'consent_required', 'signed in surely enough for any application');
	});

	test('a wrong code, an empty one, odd ones: the form again, nobody signed in', async () => {
		const browser = new Browser();
		const { page } = await toCode(browser, has.user);
		const right = totp(has.seed);
		for (const code of [String((Number(right) + 1) % 1000000).padStart(6, '0'), '', '000', right.slice(0, 5), 'x'.repeat(100), '<b>&']) {
			await sql(server, 'DELETE FROM limits');
			const answer = await enterCode(browser, page, code);
			assert.equal(answer.status, 403, code);
			assert.match(textOf(answer.text), /wrong/);
			assert.equal(hasSession(browser), false);
		}
		assert.ok(Number(await sqlValue(server, "SELECT count(*) FROM audit WHERE event = 'second_factor.failure'")) >= 5);
	});

	test('each code counts once, in other browsers too', async () => {
		await forget(has.user);
		const code = totp(has.seed);
		const first = new Browser();
		const second = new Browser();
		const one = await toCode(first, has.user);
		const other = await toCode(second, has.user);
		const answers = await Promise.all([enterCode(first, one.page, code), enterCode(second, other.page, code)]);
		assert.equal(answers.filter((answer) => answer.status === 403).length, 1);
		assert.equal([first, second].filter(hasSession).length, 1);
		const third = new Browser();
		assert.equal((await enterCode(third, (await toCode(third, has.user)).page, code)).status, 403);
		assert.equal(hasSession(third), false);
	});

	test('a recovery code works once, in any case and without dashes', async () => {
		const [code] = has.codes;
		const browser = new Browser();
		const { started, page } = await toCode(browser, has.user);
		const claims = await idToken(started, await enterCode(browser, page, code.toUpperCase().replaceAll('-', ' ')), browser);
		assert.equal(claims.acr, 'aal2');
		const again = new Browser();
		assert.equal((await enterCode(again, (await toCode(again, has.user)).page, code)).status, 403);
		assert.equal(hasSession(again), false);
		const other = new Browser();
		assert.notEqual((await enterCode(other, (await toCode(other, has.user)).page, has.codes[1])).status, 403);
		assert.ok(hasSession(other));
	});

	test('another browser cannot go on, a foreign page cannot send the form', async () => {
		await forget(has.user);
		const browser = new Browser();
		const { page } = await toCode(browser, has.user);
		const thief = new Browser();
		assert.equal((await thief.visit(page.url)).status, 400);
		assert.equal((await enterCode(thief, page, totp(has.seed))).status, 400);
		assert.equal((await enterCode(browser, page, totp(has.seed), { headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' } })).status, 403);
		assert.ok([400, 403].includes((await enterCode(browser, page, totp(has.seed), { drop: ['csrf'] })).status));
		assert.equal(hasSession(thief) || hasSession(browser), false);
	});

	test('a code without a password leads to the sign-in', async () => {
		const browser = new Browser();
		const login = await browser.visit(authorization(server, web).url);
		const flow = login.url.searchParams.get('flow');
		assert.ok(isLogin(await browser.visit(server.url('second_factor', { flow }))));
		assert.ok(isLogin(await browser.visit(server.url('enroll', { flow }))));
	});

	test('a password counts for ten minutes, and not when it was changed meanwhile', async () => {
		for (const change of ["UPDATE flows SET first_at = first_at - 601", "UPDATE users SET password_changed_at = password_changed_at + 1000 WHERE username = 'carol'"]) {
			await forget(has.user);
			const browser = new Browser();
			const { page } = await toCode(browser, has.user);
			await sql(server, change);
			const answer = await enterCode(browser, page, totp(has.seed));
			assert.ok(loginForm(answer), `${answer.status} ${answer.url}`);
			assert.equal(hasSession(browser), false);
		}
		await sql(server, "UPDATE users SET password_changed_at = created_at WHERE username = 'carol'");
	});

	test('"stay signed in" is kept over the second step', async () => {
		await forget(has.user);
		const browser = new Browser();
		const page = await signIn(browser, await browser.visit(authorization(server, web).url), has.user, { stay: true });
		await enterCode(browser, page, totp(has.seed));
		const cookie = [...browser.cookies.of('localhost').values()].find((one) => one.name.includes('session'));
		assert.ok(Number(cookie.attributes['max-age']) > 86400);
	});

	test('one can sign in as somebody else instead', async () => {
		const browser = new Browser();
		const { page } = await toCode(browser, has.user);
		const link = /href="([^"]*switch=1)"/.exec(page.text)[1].replaceAll('&amp;', '&');
		const login = await browser.visit(link, { from: page.url });
		assert.ok((await finish(browser, login, server.issuer, { user: server.users.alice })).params.get('code'));
	});
});

test('ten wrong codes lock the second step for a while, and the audit log says so', async () => {
	const has = await enrolled('dave');
	const browser = new Browser();
	const { page } = await toCode(browser, has.user);
	const wrong = String((Number(totp(has.seed)) + 500000) % 1000000).padStart(6, '0');
	for (let i = 0; i < 10; i++)
		assert.equal((await enterCode(browser, page, wrong)).status, 403);
	for (const code of [wrong, totp(has.seed), has.codes[0]]) {
		const answer = await enterCode(browser, page, code);
		assert.equal(answer.status, 429);
		assert.ok(Number(answer.headers['retry-after']) > 0);
		assert.match(textOf(answer.text), /too many wrong codes/);
	}
	assert.equal(hasSession(browser), false);
	assert.ok(Number(await sqlValue(server, "SELECT count(*) FROM audit a JOIN users u USING (user_id) WHERE u.username = 'dave' AND event = 'second_factor.limited'")) >= 3);
	await sql(server, "DELETE FROM limits WHERE subject LIKE 'second_factor:%'");
	assert.notEqual((await enterCode(browser, page, totp(has.seed))).status, 403);
	assert.ok(hasSession(browser));
});

describe('applications that demand it', () => {
	test('acr_values in the middle of a session: the same session, proved anew', async () => {
		const has = await enrolled('erin');
		await sql(server, "UPDATE totp SET confirmed_at = NULL WHERE user_id = (SELECT user_id FROM users WHERE username = 'erin')");
		const browser = new Browser();
		const before = decode((await obtain(server, browser, web, {}, { user: has.user })).tokens.id_token).payload;
		assert.equal(before.acr, 'aal1');
		assert.deepEqual(before.amr, ['pwd']);
		await sql(server, "UPDATE totp SET confirmed_at = 1 WHERE user_id = (SELECT user_id FROM users WHERE username = 'erin')");
		await sql(server, "UPDATE sessions SET auth_time = auth_time - 100 WHERE acr = 'aal1'");
		assert.equal((await silently(browser, web, { acr_values: 'aal2' })).get('error'), 'login_required');
		assert.equal((await silently(browser, strict)).get('error'), 'login_required', 'default_acr_values');
		assert.ok((await silently(browser, web, { acr_values: 'aal2 aal1' })).get('code'), 'one of them is enough');
		assert.ok((await silently(browser, web, { acr_values: 'urn:something:else' })).get('code'));
		const started = authorization(server, web, { acr_values: 'aal2' });
		const page = await browser.visit(started.url);
		assert.ok(is(page, 'second_factor'), `${page.url}`);
		const after = await idToken(started, await enterCode(browser, page, totp(has.seed)), browser);
		assert.equal(after.acr, 'aal2');
		assert.deepEqual(after.amr, ['pwd', 'otp', 'mfa']);
		assert.equal(after.sid, before.sid);
		assert.ok(after.auth_time >= before.auth_time);
		assert.ok((await silently(browser, web, { acr_values: 'aal2' })).get('code'));
	});

	test('a session alone is no password: prompt=login asks for it, whatever address is opened', async () => {
		const has = await enrolled('frank');
		await sql(server, "UPDATE sessions SET acr = 'aal1' WHERE user_id = (SELECT user_id FROM users WHERE username = 'frank')");
		const login = await has.browser.visit(authorization(server, web, { acr_values: 'aal2', prompt: 'login' }).url);
		assert.ok(isLogin(login));
		const answer = await has.browser.visit(server.url('second_factor', { flow: login.url.searchParams.get('flow') }));
		assert.ok(isLogin(answer), `${answer.url}`);
	});

	test('by PAR, and by default_acr_values of the registration', async () => {
		const has = await enrolled('grace');
		const started = authorization(server, web, { acr_values: 'aal2' });
		const auth = `Basic ${Buffer.from(`${web.client_id}:${web.client_secret}`).toString('base64')}`;
		const pushed = await request(server.url('par'), { form: started.parameters, headers: { Authorization: auth } });
		assert.equal(pushed.status, 201, pushed.text);
		await sql(server, "UPDATE sessions SET acr = 'aal1' WHERE user_id = (SELECT user_id FROM users WHERE username = 'grace')");
		const page = await has.browser.visit(server.url('authorize', { client_id: web.client_id, request_uri: pushed.json().request_uri }));
		assert.ok(is(page, 'second_factor'), `${page.url}`);
		assert.ok(is(await has.browser.visit(authorization(server, strict).url), 'second_factor'));
		assert.deepEqual(strict.default_acr_values, ['aal2']);
		assert.ok(!is(await has.browser.visit(authorization(server, strict, { acr_values: 'aal1' }).url), 'second_factor'), 'the request is stronger');
	});

	test('more than ten values, and unknown ones in the registration, are refused', async () => {
		const many = Array.from({ length: 11 }, (_, i) => `v${i}`).join(' ');
		assert.equal((await silently(new Browser(), web, { acr_values: many })).get('error'), 'invalid_request');
		await assert.rejects(server.addClient({ client_name: 'Odd', redirect_uris: ['https://odd.example/cb'], default_acr_values: ['gold'] }), /default_acr_values/);
		const metadata = (await request(`${server.issuer}/.well-known/openid-configuration`)).json();
		assert.deepEqual(metadata.acr_values_supported, ['aal1', 'aal2']);
	});
});

describe('setting up an app on the way', () => {
	test('ends with recovery codes, shown once, and goes on to the application', async () => {
		const has = await enrolled('heidi');
		assert.equal(new Set(has.codes).size, 10);
		for (const code of has.codes)
			assert.match(code, /^[0-9a-z]{5}(-[0-9a-z]{5}){3}$/);
		const claims = decode((await redeem(server, has.outcome)).json().id_token).payload;
		assert.equal(claims.acr, 'aal2');
		assert.equal((await sql(server, "SELECT 1 FROM audit a JOIN users u USING (user_id) WHERE username = 'heidi' AND event = 'factor.added' AND detail = 'totp'")).length, 1);
	});

	test('a wrong code shows the same key again; it counts for nothing until then', async () => {
		await server.addUser({ username: 'ivan', password: PASSWORD });
		const browser = new Browser();
		const { page } = await toEnroll(browser, server.users.ivan);
		assert.match(page.text, /<img src="data:image\/svg\+xml;base64,/);
		const wrong = await enterCode(browser, page, '12345');
		assert.equal(wrong.status, 403);
		assert.equal(seedOf(wrong), seedOf(page));
		const other = new Browser();
		assert.equal(decode((await obtain(server, other, web, {}, { user: server.users.ivan })).tokens.id_token).payload.acr, 'aal1');
		assert.equal((await enterCode(browser, wrong, totp(seedOf(page)))).status, 200);
	});

	test('only the key that this browser was shown can be confirmed', async () => {
		await server.addUser({ username: 'judy', password: PASSWORD });
		const attacker = new Browser();
		const theirs = await toEnroll(attacker, server.users.judy);
		const browser = new Browser();
		const { page } = await toEnroll(browser, server.users.judy);
		assert.notEqual(seedOf(page), seedOf(theirs.page), 'a key that somebody else has seen is not shown');
		const late = await attacker.visit(theirs.page.url);
		const answer = await enterCode(browser, page, totp(seedOf(late)));
		assert.equal(answer.status, 409);
		assert.ok(![seedOf(page), seedOf(late)].includes(seedOf(answer)));
		assert.equal((await enterCode(browser, answer, totp(seedOf(answer)))).status, 200);
	});

	test('needs a fresh sign-in: an old session is not enough to make an account one\'s own', async () => {
		await server.addUser({ username: 'kevin', password: PASSWORD });
		const browser = new Browser();
		await obtain(server, browser, web, {}, { user: server.users.kevin });
		await sql(server, "UPDATE sessions SET auth_time = auth_time - 3600 WHERE user_id = (SELECT user_id FROM users WHERE username = 'kevin')");
		const login = await browser.visit(authorization(server, web, { acr_values: 'aal2' }).url);
		assert.ok(loginForm(login), `${login.url}`);
		assert.equal(loginForm(login).fields.find((field) => field.name === 'username').value, 'kevin');
		assert.ok(is(await signIn(browser, login, server.users.kevin), 'enroll'));
	});
});

describe('users who need it', () => {
	test('all, by the configuration', async () => {
		await server.configure({ second_factor_required: 'on' });
		try {
			await server.addUser({ username: 'laura', password: PASSWORD });
			const browser = new Browser();
			const started = authorization(server, web);
			const page = await signIn(browser, await browser.visit(started.url), server.users.laura);
			assert.ok(is(page, 'enroll'), `${page.url}`);
			assert.equal(hasSession(browser), false);
			const done = await enterCode(browser, page, totp(seedOf(page)));
			assert.equal((await idToken(started, await browser.submit(done), browser)).acr, 'aal2');
		} finally {
			await server.configure({ second_factor_required: 'off' });
		}
	});

	test('one, by their own wish, in sessions that are there already', async () => {
		await server.addUser({ username: 'mike', password: PASSWORD });
		const browser = new Browser();
		await obtain(server, browser, web, {}, { user: server.users.mike });
		await sql(server, "UPDATE users SET second_factor_required = 1 WHERE username = 'mike'");
		assert.equal((await silently(browser, web)).get('error'), 'login_required');
		assert.ok(is(await browser.visit(authorization(server, web).url), 'enroll'));
	});
});

describe('without an application', () => {
	test('the sign-in ends at the account page', async () => {
		const browser = new Browser();
		const page = await browser.visit(server.url('login'));
		const done = await signIn(browser, page, server.users.alice, { go: () => false });
		assert.equal(done.location.pathname, '/account/');
		assert.ok(hasSession(browser));
	});

	test('again=account asks for who is signed in, and for both factors', async () => {
		const has = await enrolled('nina');
		const page = await has.browser.visit(server.url('login', { again: 'account' }));
		const form = loginForm(page);
		assert.equal(form.fields.find((field) => field.name === 'username').value, 'nina');
		const other = await signIn(has.browser, page, server.users.alice);
		assert.equal(other.status, 403);
		await sql(server, 'UPDATE sessions SET auth_time = auth_time - 5000');
		const code = await signIn(has.browser, page, has.user);
		assert.ok(is(code, 'second_factor'), `${code.url}`);
		assert.doesNotMatch(code.text, /switch=1/);
		const done = await enterCode(has.browser, code, totp(has.seed), { go: () => false });
		assert.equal(done.location.pathname, '/account/');
		assert.ok(Number(await sqlValue(server, "SELECT max(auth_time) FROM sessions JOIN users USING (user_id) WHERE username = 'nina'")) > Date.now() / 1000 - 60);
		assert.equal((await has.browser.visit(code.url)).status, 400, 'the flow is over');
	});
});
