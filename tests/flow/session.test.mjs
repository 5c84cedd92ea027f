// Sessions: their life, the sign-out, and what ends at once (invariants 5, 7, 9).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, decisionForm, finish, isConsent, isLogin, loginForm, reply, signIn } from '../lib/browser.mjs';
import { authorization, authorize, obtain, redeem, userinfo } from '../lib/client.mjs';
import { formsOf, textOf } from '../lib/html.mjs';
import { ALICE, BOB, PASSWORD, startServer } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

let server;
let web;

before(async () => {
	server = await startServer({ users: [ALICE, BOB], signup: true, settings: { session_stay_seconds: 2592000 } });
	web = await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'] });
});
after(() => server?.stop());

const sessionCookie = (browser) => [...browser.cookies.of('localhost').values()].find((cookie) => cookie.name.includes('session'));

describe('sign-in', () => {
	test('the same answer for an unknown user and a wrong password', async () => {
		const browser = new Browser();
		const page = await browser.visit(authorization(server, web).url);
		const wrong = await signIn(browser, page, { username: 'alice', password: 'not the right password' });
		const unknown = await signIn(browser, page, { username: 'ghost', password: 'not the right password' });
		for (const answer of [wrong, unknown]) {
			assert.equal(answer.status, 403);
			assert.ok(loginForm(answer), 'the form is shown again');
			assert.equal(sessionCookie(browser), undefined);
		}
		const masked = (answer) => textOf(answer.text).replaceAll(/alice|ghost/g, 'NAME');
		assert.equal(masked(wrong), masked(unknown));
		assert.equal(loginForm(unknown).fields.find((field) => field.name === 'username').value, 'ghost');
		assert.equal(loginForm(unknown).fields.find((field) => field.type === 'password').value, '');
		assert.equal(wrong.text.includes('not the right password'), false);
		const done = await finish(browser, wrong, server.issuer, { user: server.users.alice });
		assert.ok(done.params.get('code'), 'the form of the second try works');
	});

	test('the name in any case', async () => {
		const outcome = await authorize(server, new Browser(), web, {}, { user: { username: 'ALICE', password: PASSWORD } });
		assert.ok(outcome.params.get('code'));
	});

	test('empty fields, long fields, odd bytes: the form again or a plain 400', async () => {
		const browser = new Browser();
		const page = await browser.visit(authorization(server, web).url);
		for (const [username, password] of [['', ''], ['alice', ''], ['', 'x'], ['a'.repeat(5000), 'x'], ['alice', 'p'.repeat(20000)], ['al\u0000ice', 'x'], ['alice', `${PASSWORD}\u0000`], ['<b>', 'ü'.repeat(300)]]) {
			const answer = await signIn(browser, page, { username, password });
			assert.ok(answer.status >= 200 && answer.status < 500, `${JSON.stringify([username.slice(0, 9), password.slice(0, 9)])}: ${answer.status}`);
			assert.equal(sessionCookie(browser), undefined);
		}
		assert.ok((await finish(browser, page, server.issuer, { user: server.users.alice })).params.get('code'));
	});

	test('without "stay signed in" the cookie ends with the browser, with it after 30 days', async () => {
		const short = new Browser();
		await authorize(server, short, web);
		const attributes = sessionCookie(short).attributes;
		assert.equal(attributes['max-age'], undefined);
		assert.equal(attributes.expires, undefined);
		const long = new Browser();
		await authorize(server, long, web, {}, { stay: true });
		assert.equal(Number(sessionCookie(long).attributes['max-age']), 2592000);
	});
});

describe('sign-out', () => {
	test('by the page\'s button: the session ends, everywhere that cookie is', async () => {
		const browser = new Browser();
		await authorize(server, browser, web);
		const copy = sessionCookie(browser);
		const page = await browser.visit(server.url('logout'));
		assert.equal(page.status, 200, page.text);
		const still = reply(await browser.visit(authorization(server, web, { prompt: 'none' }).url), server.issuer);
		assert.ok(still.params.get('code'), 'to look at the page signs nobody out');
		const form = formsOf(page.text).find((one) => one.method?.toLowerCase() === 'post');
		assert.ok(form, 'a form that asks');
		const out = await browser.submit(page, { form, button: form.buttons.find((one) => one.name === 'decision')?.value });
		assert.ok(out.status < 400, `${out.status} ${textOf(out.text)}`);
		assert.equal(sessionCookie(browser), undefined, 'the cookie is gone');
		assert.equal(reply(await browser.visit(authorization(server, web, { prompt: 'none' }).url), server.issuer).params.get('error'), 'login_required');
		const thief = new Browser();
		thief.cookies.of('localhost').set(copy.name, copy);
		assert.equal(reply(await thief.visit(authorization(server, web, { prompt: 'none' }).url), server.issuer).params.get('error'), 'login_required');
	});

	test('a foreign page cannot sign anybody out', async () => {
		const browser = new Browser();
		await authorize(server, browser, web);
		const page = await browser.visit(server.url('logout'));
		const form = formsOf(page.text).find((one) => one.method?.toLowerCase() === 'post');
		const button = form.buttons.find((one) => one.name === 'decision')?.value;
		const foreign = await browser.submit(page, { form, button, headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' } });
		assert.equal(foreign.status, 403);
		for (const field of form.fields.filter((one) => one.type === 'hidden')) {
			const answer = await browser.submit(page, { form, button, drop: [field.name] });
			assert.ok([400, 403].includes(answer.status), `${field.name}: ${answer.status}`);
		}
		assert.ok(reply(await browser.visit(authorization(server, web, { prompt: 'none' }).url), server.issuer).params.get('code'));
	});

	test('without a session it is a page, no error', async () => {
		const page = await new Browser().visit(server.url('logout'));
		assert.equal(page.status, 200);
		assert.ok(page.isPage);
	});
});

describe('what is disabled stops at once', () => {
	test('a user: session, code, access token, sign-in', async () => {
		await server.addUser({ username: 'carol', password: PASSWORD });
		const browser = new Browser();
		const user = server.users.carol;
		const { tokens } = await obtain(server, browser, web, {}, { user });
		const pending = await authorize(server, browser, web, {}, { user });
		assert.ok(pending.params.get('code'));
		assert.equal((await userinfo(server, tokens.access_token)).status, 200);
		await server.latchkey(['user', 'disable', 'carol']);
		const refused = await userinfo(server, tokens.access_token);
		assert.equal(refused.status, 401);
		assert.match(refused.headers['www-authenticate'], /error="invalid_token"/);
		assert.equal((await redeem(server, pending)).json().error, 'invalid_grant');
		assert.equal(reply(await browser.visit(authorization(server, web, { prompt: 'none' }).url), server.issuer).params.get('error'), 'login_required');
		const page = await browser.visit(authorization(server, web).url);
		const answer = await signIn(browser, page, user);
		assert.ok(loginForm(answer));
		const unknown = await signIn(browser, page, { username: 'ghost', password: user.password });
		assert.equal(textOf(answer.text).replaceAll('carol', 'NAME'), textOf(unknown.text).replaceAll('ghost', 'NAME'));
	});

	test('a client that is removed: its codes and tokens', async () => {
		const gone = await server.addClient({ client_name: 'Gone', redirect_uris: ['https://gone.example/cb'] });
		const browser = new Browser();
		const { tokens } = await obtain(server, browser, gone);
		const pending = await authorize(server, browser, gone);
		await server.latchkey(['client', 'remove', gone.client_id]);
		assert.equal((await userinfo(server, tokens.access_token)).status, 401);
		const answer = await redeem(server, pending);
		assert.equal(answer.status, 401);
		assert.equal(answer.json().error, 'invalid_client');
		assert.equal((await browser.visit(authorization(server, gone).url)).status, 400);
	});

	test('a new secret ends the old one', async () => {
		const client = await server.addClient({ client_name: 'Rotating', redirect_uris: ['https://rotating.example/cb'] });
		const browser = new Browser();
		await obtain(server, browser, client);
		const { stdout } = await server.latchkey(['client', 'rotate-secret', client.client_id, '--json']);
		const fresh = JSON.parse(stdout).client_secret;
		assert.notEqual(fresh, client.client_secret);
		const outcome = await authorize(server, browser, client);
		assert.equal((await redeem(server, outcome)).status, 401);
		assert.equal((await redeem(server, { ...outcome, client: { ...client, client_secret: fresh } })).status, 200);
	});

	test('a new password', async () => {
		await server.addUser({ username: 'dora', password: PASSWORD });
		await server.latchkey(['user', 'set-password', 'dora', '--password-stdin'], { input: 'a quite different password\n' });
		const browser = new Browser();
		const page = await browser.visit(authorization(server, web).url);
		assert.ok(loginForm(await signIn(browser, page, { username: 'dora', password: PASSWORD })));
		const outcome = await finish(browser, page, server.issuer, { user: { username: 'dora', password: 'a quite different password' } });
		assert.ok(outcome.params.get('code'));
	});
});

describe('sign-up', () => {
	async function signupPage(browser, more) {
		const started = authorization(server, web, more);
		const login = await browser.visit(started.url);
		const link = /href="([^"]*\/signup[^"]*)"/.exec(login.text);
		assert.ok(link, 'the sign-in page leads to it');
		const page = await browser.visit(new URL(link[1].replaceAll('&amp;', '&'), login.url));
		assert.equal(page.status, 200);
		return { started, page };
	}
	const form = (page) => formsOf(page.text).find((one) => one.fields.some((field) => field.type === 'password'));

	function fill(page, values) {
		const all = { ...values };
		for (const field of form(page).fields) {
			if (field.type === 'password')
				all[field.name] = values.password;
		}
		return all;
	}

	test('makes an account and goes on to the client', async () => {
		const browser = new Browser();
		const { started, page } = await signupPage(browser, { scope: 'openid profile email' });
		const answer = await browser.submit(page, { form: form(page), fill: fill(page, { username: 'erika', password: PASSWORD, email: 'erika@example.org', name: 'Erika' }) });
		const outcome = await finish(browser, answer, server.issuer, { user: { username: 'erika', password: PASSWORD } });
		assert.equal(outcome.pages.includes('login'), false, 'signed in by it');
		assert.equal(outcome.params.get('state'), started.parameters.state);
		const tokens = (await redeem(server, { ...started, ...outcome })).json();
		const claims = (await userinfo(server, tokens.access_token)).json();
		assert.equal(claims.preferred_username, 'erika');
		assert.ok(claims.name);
		if (claims.email !== undefined)
			assert.equal(claims.email_verified, false, 'claimed, not proven (invariant 13)');
		assert.equal((await authorize(server, new Browser(), web, {}, { user: { username: 'erika', password: PASSWORD } })).params.get('code') !== null, true);
	});

	test('refuses a taken name, a short password, a bad name; the form says why', async () => {
		const browser = new Browser();
		const { page } = await signupPage(browser);
		for (const values of [
			{ username: 'alice', password: PASSWORD },
			{ username: 'ALICE', password: PASSWORD },
			{ username: 'franz', password: 'tiny#77' },
			{ username: 'fr anz', password: PASSWORD },
			{ username: 'franz@example.org', password: PASSWORD },
			{ username: 'f'.repeat(65), password: PASSWORD },
			{ username: '', password: PASSWORD },
		]) {
			const answer = await browser.submit(page, { form: form(page), fill: fill(page, values) });
			assert.ok(form(answer), `${JSON.stringify(values)}: ${answer.status} ${answer.url}`);
			assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
			assert.equal(answer.text.includes(values.password), false, 'the password is not echoed');
			assert.equal(sessionCookie(browser), undefined);
		}
		const still = await authorize(server, new Browser(), web);
		assert.ok(still.params.get('code'), 'alice is who she was');
	});

	test('is bound to the browser as sign-in is', async () => {
		const browser = new Browser();
		const { page } = await signupPage(browser);
		const fields = fill(page, { username: 'gustav', password: PASSWORD });
		const foreign = await browser.submit(page, { form: form(page), fill: fields, headers: { Origin: 'https://evil.example' } });
		assert.equal(foreign.status, 403);
		const other = await new Browser().submit(page, { form: form(page), fill: fields });
		assert.equal(other.status, 400);
		const { stdout } = await server.latchkey(['user', 'list', '--json']);
		assert.equal(stdout.includes('gustav'), false);
	});

	test('ten people take one name at once: one gets it', async () => {
		const people = await Promise.all(Array.from({ length: 10 }, async () => {
			const browser = new Browser();
			return { browser, ...await signupPage(browser) };
		}));
		const answers = await Promise.all(people.map(({ browser, page }) =>
			browser.submit(page, { form: form(page), fill: fill(page, { username: 'heidi', password: PASSWORD }) })));
		assert.equal(answers.filter((answer) => !form(answer)).length, 1);
		assert.equal(people.filter(({ browser }) => sessionCookie(browser)).length, 1);
	});
});

test('sign-up off: no link, no page', async () => {
	const closed = await startServer({ clients: [{ client_name: 'Web', redirect_uris: ['https://web.example/cb'] }] });
	try {
		const browser = new Browser();
		const login = await browser.visit(authorization(closed, closed.clients.Web).url);
		assert.ok(isLogin(login));
		assert.doesNotMatch(login.text, /\/signup/);
		const flow = login.url.searchParams.get('flow');
		const page = await browser.visit(closed.url('signup', { flow }));
		assert.ok([400, 403, 404].includes(page.status), String(page.status));
		assert.equal(decisionForm(page), undefined);
	} finally {
		await closed.stop();
	}
});

test('limits: after so many failures of an account or address, no password is tried', async () => {
	const limited = await startServer({
		users: [ALICE, BOB], clients: [{ client_name: 'Web', redirect_uris: ['https://web.example/cb'] }],
		settings: { login_limit_account: 3, login_limit_address: 8, login_limit_seconds: 3 },
	});
	try {
		const browser = new Browser();
		const page = await browser.visit(authorization(limited, limited.clients.Web).url);
		for (let tries = 0; tries < 3; tries++)
			assert.ok(loginForm(await signIn(browser, page, { username: 'alice', password: 'wrong wrong wrong' })));
		const refused = await signIn(browser, page, limited.users.alice);
		assert.equal(reply(refused, limited.issuer), null);
		assert.equal(isConsent(refused), false, 'even the right password is not tried');
		assert.equal(refused.status, 429);
		assert.match(refused.headers['retry-after'], /^\d+$/);
		await until('the window ends', async () => isConsent(await signIn(browser, page, limited.users.alice)), 15, 300);
		const other = new Browser();
		const second = await other.visit(authorization(limited, limited.clients.Web).url);
		for (let tries = 0; tries < 9; tries++)
			await signIn(other, second, { username: `nobody${tries}`, password: 'wrong wrong wrong' });
		const address = await signIn(other, second, limited.users.bob);
		assert.equal(isConsent(address), false, 'the address is limited too');
	} finally {
		await limited.stop();
	}
});
