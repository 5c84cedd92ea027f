// Signing out by a client's request (OpenID Connect RP-Initiated Logout 1.0).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser, decide, reply } from '../lib/browser.mjs';
import { authorization, obtain, userinfo } from '../lib/client.mjs';
import { request } from '../lib/http.mjs';
import { ALICE, BOB, startServer } from '../lib/server.mjs';

const BACK = 'https://web.example/signed-out';
let server;
let web;
let other;

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	web = await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'], post_logout_redirect_uris: [BACK] });
	other = await server.addClient({ client_name: 'Other', redirect_uris: ['https://other.example/cb'], post_logout_redirect_uris: ['https://other.example/out'] });
});
after(() => server?.stop());

async function signedIn(client = web) {
	const browser = new Browser();
	return { browser, ...await obtain(server, browser, client) };
}

async function isSignedIn(browser) {
	return reply(await browser.visit(authorization(server, web, { prompt: 'none' }).url), server.issuer).params.get('error') !== 'login_required';
}

test('by id_token_hint: asks, ends the session and its tokens, goes back with state', async () => {
	const { browser, tokens } = await signedIn();
	const page = await browser.visit(server.url('logout', { id_token_hint: tokens.id_token, post_logout_redirect_uri: BACK, state: 'a b&c' }));
	assert.equal(page.status, 200);
	assert.match(page.text, /Web/);
	assert.ok(await isSignedIn(browser), 'looking at the page signs nobody out');
	const out = await decide(browser, page, 'allow');
	assert.equal(out.status, 303);
	assert.equal(out.location.href, `${BACK}?state=a%20b%26c`);
	assert.equal(await isSignedIn(browser), false);
	assert.equal((await userinfo(server, tokens.access_token)).status, 401);
});

test('by client_id alone, and by nothing but the address of a client of this session', async () => {
	for (const named of [{ client_id: web.client_id }, {}]) {
		const { browser } = await signedIn();
		const page = await browser.visit(server.url('logout', { ...named, post_logout_redirect_uri: BACK }));
		const out = await decide(browser, page, 'allow');
		assert.equal(out.location?.href, BACK);
		assert.equal(await isSignedIn(browser), false);
	}
});

test('to an address that is not registered for that client nobody is sent', async () => {
	const cases = [
		{ client_id: web.client_id, post_logout_redirect_uri: 'https://evil.example/' },
		{ client_id: web.client_id, post_logout_redirect_uri: `${BACK}/more` },
		{ client_id: web.client_id, post_logout_redirect_uri: 'https://other.example/out' },
		{ post_logout_redirect_uri: 'https://other.example/out' }, // registered, but by no client of this session
	];
	for (const query of cases) {
		const { browser } = await signedIn();
		const out = await decide(browser, await browser.visit(server.url('logout', query)), 'allow');
		assert.equal(out.status, 200, JSON.stringify(query));
		assert.equal(await isSignedIn(browser), false);
	}
});

test('a hint that was issued to another client is refused, one that is no token of ours counts for nothing', async () => {
	const { browser, tokens } = await signedIn();
	const refused = await browser.visit(server.url('logout', { id_token_hint: tokens.id_token, client_id: other.client_id }));
	assert.equal(refused.status, 400);
	const forged = `${tokens.id_token.slice(0, -4)}AAAA`;
	const out = await decide(browser, await browser.visit(server.url('logout', { id_token_hint: forged, post_logout_redirect_uri: 'https://other.example/out' })), 'allow');
	assert.equal(out.status, 200);
});

test('by POST from the client\'s page, which brings no cookie: goes on by GET and asks', async () => {
	const { browser } = await signedIn();
	const page = await browser.visit(server.url('logout'), { method: 'POST', form: [['client_id', web.client_id], ['post_logout_redirect_uri', BACK]], from: new URL('https://web.example/') });
	assert.equal(page.status, 200);
	assert.equal((await decide(browser, page, 'allow')).location?.href, BACK);
});

test('"stay signed in" keeps the session', async () => {
	const { browser } = await signedIn();
	await decide(browser, await browser.visit(server.url('logout', { client_id: web.client_id })), 'deny');
	assert.ok(await isSignedIn(browser));
});

test('without a session it goes straight back', async () => {
	const answer = await request(server.url('logout', { client_id: web.client_id, post_logout_redirect_uri: BACK, state: 'x' }));
	assert.equal(answer.status, 303);
	assert.equal(answer.location.href, `${BACK}?state=x`);
});
