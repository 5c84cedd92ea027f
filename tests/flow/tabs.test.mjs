// Each authorization request is a flow of its own, bound to one browser (invariants 7 and 8).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, decide, decisionForm, finish, isConsent, isLogin, loginForm, reply, signIn } from '../lib/browser.mjs';
import { authorization, decode, redeem } from '../lib/client.mjs';
import { formsOf } from '../lib/html.mjs';
import { startServer } from '../lib/server.mjs';

let server;
const CLIENTS = Array.from({ length: 10 }, (_, index) => ({
	client_name: `Application ${index}`,
	redirect_uris: [`https://app${index}.example/callback`],
	...(index % 2 ? { token_endpoint_auth_method: 'none' } : {}),
}));

before(async () => {
	server = await startServer({ clients: CLIENTS });
});
after(() => server?.stop());

const client = (index) => server.clients[`Application ${index}`];

function shuffled(items) {
	const mixed = [...items];
	for (let last = mixed.length - 1; last > 0; last--) {
		const other = Math.floor(Math.random() * (last + 1));
		[mixed[last], mixed[other]] = [mixed[other], mixed[last]];
	}
	return mixed;
}

/** What a client checks: its own place, its own state, its own nonce in a token for itself. */
async function assertArrivedAtHome(tab, outcome) {
	assert.ok(outcome, `tab of ${tab.client.client_name} arrived`);
	assert.equal(outcome.url.origin + outcome.url.pathname, tab.client.redirect_uris[0]);
	assert.equal(outcome.params.get('state'), tab.parameters.state);
	assert.equal(outcome.params.get('iss'), server.issuer);
	const answer = await redeem(server, { ...tab, ...outcome });
	assert.equal(answer.status, 200, answer.text);
	const { payload } = decode(answer.json().id_token);
	assert.equal(payload.nonce, tab.parameters.nonce);
	assert.equal(payload.aud, tab.client.client_id);
}

async function openTabs(browser) {
	const tabs = CLIENTS.map((_, index) => authorization(server, client(index)));
	await Promise.all(tabs.map(async (tab) => {
		tab.page = await browser.visit(tab.url);
		assert.ok(isLogin(tab.page), `${tab.page.status} ${tab.page.url}`);
	}));
	return tabs;
}

describe('ten tabs of a fresh browser', () => {
	test('opened at once, finished one after the other in any order, each by its own sign-in', async () => {
		const browser = new Browser();
		const tabs = await openTabs(browser);
		for (const tab of shuffled(tabs))
			await assertArrivedAtHome(tab, await finish(browser, tab.page, server.issuer, { user: server.users.alice }));
	});

	test('interleaved: all sign in, then all consent', async () => {
		const browser = new Browser();
		const tabs = await openTabs(browser);
		for (const tab of shuffled(tabs)) {
			tab.page = await signIn(browser, tab.page, server.users.bob);
			assert.ok(isConsent(tab.page), `${tab.page.status} ${tab.page.url}`);
		}
		for (const tab of shuffled(tabs)) {
			const answer = await decide(browser, tab.page, 'allow');
			await assertArrivedAtHome(tab, reply(answer, server.issuer));
		}
	});

	test('all sign in at the same moment', async () => {
		const browser = new Browser();
		const tabs = await openTabs(browser);
		await Promise.all(tabs.map(async (tab) => {
			tab.outcome = await finish(browser, tab.page, server.issuer, { user: server.users.alice });
		}));
		for (const tab of tabs)
			await assertArrivedAtHome(tab, tab.outcome);
	});

	test('one signs in, the others are reloaded and go on by themselves', async () => {
		const browser = new Browser();
		const tabs = await openTabs(browser);
		const [first, ...others] = shuffled(tabs);
		await assertArrivedAtHome(first, await finish(browser, first.page, server.issuer, { user: server.users.alice }));
		for (const tab of others) {
			const reloaded = await browser.visit(tab.page.url);
			const form = loginForm(reloaded);
			assert.ok(!form || reply(reloaded, server.issuer), `a reload asks for the password again: ${reloaded.url}`);
			await assertArrivedAtHome(tab, await finish(browser, reloaded, server.issuer, { user: server.users.alice }));
		}
	});

	test('two requests of one client do not mix either', async () => {
		const browser = new Browser();
		const tabs = [authorization(server, client(0)), authorization(server, client(0)), authorization(server, client(0))];
		for (const tab of tabs)
			tab.page = await browser.visit(tab.url);
		for (const tab of tabs.reverse())
			await assertArrivedAtHome(tab, await finish(browser, tab.page, server.issuer, { user: server.users.bob }));
	});

	test('a finished flow is gone: its page shows an error, its form does nothing', async () => {
		const browser = new Browser();
		const tab = authorization(server, client(0), { prompt: 'consent' });
		tab.page = await browser.visit(tab.url);
		const consent = await signIn(browser, tab.page, server.users.alice);
		assert.ok(reply(await decide(browser, consent, 'allow'), server.issuer));
		const again = await decide(browser, consent, 'allow');
		assert.equal(reply(again, server.issuer), null);
		assert.equal(again.status, 400, again.text);
		assert.ok(again.isPage);
		const back = await browser.visit(tab.page.url);
		assert.equal(back.status, 400);
	});

	test('the same decision sent twice at once makes one code', async () => {
		const browser = new Browser();
		const tab = authorization(server, client(2), { prompt: 'consent' });
		const consent = await signIn(browser, await browser.visit(tab.url), server.users.alice);
		const answers = await Promise.all(Array.from({ length: 6 }, () => decide(browser, consent, 'allow')));
		const replies = answers.map((answer) => reply(answer, server.issuer)).filter(Boolean);
		assert.equal(replies.length, 1, answers.map((answer) => answer.status).join(' '));
		await assertArrivedAtHome(tab, replies[0]);
	});
});

describe('a flow belongs to one browser', () => {
	async function atLogin() {
		const browser = new Browser();
		const tab = authorization(server, client(0), { prompt: 'consent' });
		return { browser, tab, page: await browser.visit(tab.url) };
	}

	test('the page is refused in another browser', async () => {
		const { page } = await atLogin();
		const other = await new Browser().visit(page.url);
		assert.equal(other.status, 400, other.text);
		assert.ok(other.isPage);
		assert.equal(loginForm(other), undefined);
	});

	test('another browser that has a flow of its own cannot post into it', async () => {
		const { page } = await atLogin();
		const mine = await atLogin();
		const form = { ...loginForm(page) };
		const answer = await mine.browser.submit(page, { fill: server.users.alice, form });
		assert.equal(answer.status, 400);
		assert.equal(mine.browser.setCookies.some((line) => /^(__Host-)?[^=]*session/.test(line)), false, 'no session for it');
	});

	test('consent cannot be given by another browser of the same user', async () => {
		const first = await atLogin();
		const second = await atLogin();
		const consent = await signIn(first.browser, first.page, server.users.alice);
		await signIn(second.browser, second.page, server.users.alice);
		const answer = await second.browser.submit(consent, { button: 'allow', form: decisionForm(consent) });
		assert.equal(answer.status, 400);
	});

	test('each form has a token: without it, or with another, nothing happens', async () => {
		const { browser, page } = await atLogin();
		const hidden = loginForm(page).fields.filter((field) => field.type === 'hidden' && field.name !== 'flow');
		assert.ok(hidden.length > 0, 'the form has a hidden token');
		for (const field of hidden) {
			const without = await browser.submit(page, { fill: server.users.alice, drop: [field.name] });
			assert.ok([400, 403].includes(without.status), `${field.name} missing: ${without.status}`);
			const wrong = await browser.submit(page, { fill: { ...server.users.alice, [field.name]: 'A'.repeat(43) } });
			assert.ok([400, 403].includes(wrong.status), `${field.name} wrong: ${wrong.status}`);
		}
		const consent = await signIn(browser, page, server.users.alice);
		assert.ok(isConsent(consent), 'the real form still works');
		const token = decisionForm(consent).fields.filter((field) => field.type === 'hidden' && field.name !== 'flow');
		assert.ok(token.length > 0);
		for (const field of token) {
			const wrong = await browser.submit(consent, { button: 'allow', form: decisionForm(consent), fill: { [field.name]: 'A'.repeat(43) } });
			assert.ok([400, 403].includes(wrong.status));
			assert.equal(reply(wrong, server.issuer), null);
		}
	});

	for (const [what, headers] of Object.entries({
		'a foreign Origin': { Origin: 'https://evil.example' },
		'the Origin of another port': { Origin: 'http://localhost:1' },
		'Origin: null': { Origin: 'null' },
		'Sec-Fetch-Site: cross-site': { Origin: null, 'Sec-Fetch-Site': 'cross-site' },
	})) {
		test(`${what} is refused at sign-in and consent`, async () => {
			const { browser, page } = await atLogin();
			const refused = await signIn(browser, page, server.users.alice, { headers });
			assert.equal(refused.status, 403, refused.text);
			assert.ok(refused.isPage);
			const consent = await signIn(browser, page, server.users.alice);
			const again = await browser.submit(consent, { button: 'allow', form: decisionForm(consent), headers });
			assert.equal(again.status, 403);
			assert.ok(reply(await decide(browser, consent, 'allow'), server.issuer), 'the real one still works');
		});
	}

	test('old browsers that send neither header may sign in', async () => {
		const { browser, page } = await atLogin();
		const consent = await signIn(browser, page, server.users.alice, {
			headers: { Origin: null, 'Sec-Fetch-Site': null, 'Sec-Fetch-Mode': null, 'Sec-Fetch-Dest': null },
		});
		assert.ok(isConsent(consent), consent.text);
	});
});

describe('cookies', () => {
	test('are HttpOnly, SameSite=Lax, for the whole host, and named after the issuer', async () => {
		const browser = new Browser();
		const tab = authorization(server, client(0), { prompt: 'consent' });
		await finish(browser, await browser.visit(tab.url), server.issuer, { user: server.users.alice });
		assert.ok(browser.setCookies.length >= 2);
		const { createHash } = await import('node:crypto');
		const digest = createHash('sha256').update(server.issuer).digest();
		const marks = [digest.toString('hex').slice(0, 6), digest.toString('base64url').slice(0, 6)];
		for (const line of browser.setCookies) {
			assert.match(line, /;\s*HttpOnly/i, line);
			assert.match(line, /;\s*SameSite=Lax/i, line);
			assert.match(line, /;\s*Path=\/(;|$)/i, line);
			assert.doesNotMatch(line, /;\s*Domain=/i, line);
			const name = line.split('=')[0];
			assert.ok(marks.some((mark) => name.endsWith(mark)), `${name} ends in six characters of the issuer's digest`);
		}
	});

	test('a finished flow leaves no cookie behind', async () => {
		const browser = new Browser();
		for (let round = 0; round < 3; round++) {
			const tab = authorization(server, client(round));
			await finish(browser, await browser.visit(tab.url), server.issuer, { user: server.users.alice });
		}
		const names = [...browser.cookies.of('localhost').keys()];
		assert.equal(names.filter((name) => name.includes('flow')).length, 0, names.join(' '));
		assert.equal(names.filter((name) => name.includes('session')).length, 1, names.join(' '));
	});

	test('the session id changes at every sign-in, and the old one ends', async () => {
		const browser = new Browser();
		const session = () => [...browser.cookies.of('localhost').values()].find((cookie) => cookie.name.includes('session'));
		await finish(browser, await browser.visit(authorization(server, client(0)).url), server.issuer, { user: server.users.alice });
		const first = session();
		await finish(browser, await browser.visit(authorization(server, client(0), { prompt: 'login' }).url), server.issuer, { user: server.users.alice });
		const second = session();
		assert.notEqual(first.value, second.value);
		assert.ok(first.value.length >= 43, 'at least 256 bits');
	});

	test('a planted session cookie is not taken over (fixation)', async () => {
		const victim = new Browser();
		await finish(victim, await victim.visit(authorization(server, client(0)).url), server.issuer, { user: server.users.alice });
		const name = [...victim.cookies.of('localhost').keys()].find((one) => one.includes('session'));
		const planted = new Browser();
		planted.cookies.of('localhost').set(name, { name, value: 'A'.repeat(43), attributes: {} });
		const page = await planted.visit(authorization(server, client(0)).url);
		assert.ok(isLogin(page));
		await finish(planted, page, server.issuer, { user: server.users.alice });
		assert.notEqual(planted.cookies.of('localhost').get(name).value, 'A'.repeat(43));
	});

	test('pages and redirects with secrets are not stored, framed or leaked by referrer', async () => {
		const browser = new Browser();
		const tab = authorization(server, client(0), { prompt: 'consent' });
		const login = await browser.visit(tab.url);
		const consent = await signIn(browser, login, server.users.alice);
		const away = await decide(browser, consent, 'allow');
		for (const answer of [login, consent, away])
			assert.match(answer.headers['cache-control'] ?? '', /no-store/, answer.url.pathname);
		for (const page of [login, consent]) {
			const policy = page.headers['content-security-policy'] ?? '';
			assert.match(policy, /frame-ancestors 'none'/);
			assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/);
			assert.doesNotMatch(policy, /form-action/, 'this form leads to a client');
			assert.equal(page.headers['referrer-policy'], 'same-origin');
			assert.equal(page.headers['x-content-type-options'], 'nosniff');
			assert.ok(formsOf(page.text).length > 0);
			assert.doesNotMatch(page.text, /<[^>]*\son[a-z]+\s*=/i, 'no inline script');
		}
	});
});
