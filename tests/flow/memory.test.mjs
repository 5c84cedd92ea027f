// A whole life of a sign-in, each endpoint run as plain CGI without a web server: with the sanitizers compiled in, and
// (tests/run --all) under valgrind. Any error that these tools find ends the process with a status, which fails the test.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { Browser, finish, reply, signIn } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorization, redemption } from '../lib/client.mjs';
import { formsOf } from '../lib/html.mjs';
import { ALICE, PASSWORD, ROOT, install } from '../lib/server.mjs';

const VALGRIND = ['valgrind', '--quiet', '--error-exitcode=99', '--leak-check=no', '--track-origins=yes'];
const BUILDS = {
	'as released': { folder: 'build/cgi-bin', wrapper: [] },
	'with AddressSanitizer and UndefinedBehaviorSanitizer': { folder: 'build/asan/cgi-bin', wrapper: [] },
	'under valgrind': { folder: 'build/dynamic/cgi-bin', wrapper: VALGRIND, long: true },
};

async function life(server, transport) {
	const used = new Set();
	const send = async (url, options) => {
		used.add(new URL(url).pathname.replace(/^.*\//, ''));
		return transport(new URL(url), options);
	};
	const browser = new Browser({ transport: send });
	const { Web, Public } = server.clients;

	for (const file of ['/.well-known/openid-configuration', '/.well-known/jwks.json'])
		assert.equal((await send(`${server.issuer}${file}`)).status, 200);

	// Sign-up, consent, form_post.
	const first = authorization(server, Web, { scope: 'openid profile email', response_mode: 'form_post', claims: '{"userinfo":{"given_name":null}}' });
	const login = await browser.visit(first.url);
	const link = /href="([^"]*\/signup[^"]*)"/.exec(login.text)[1].replaceAll('&amp;', '&');
	const signup = await browser.visit(new URL(link, login.url));
	const answer = await browser.submit(signup, { fill: { username: 'nora', password: PASSWORD, email: 'nora@example.org', name: 'Nora' } });
	const done = await finish(browser, answer, server.issuer, { user: { username: 'nora', password: PASSWORD } });
	assert.equal(done.mode, 'form_post');
	const exchange = redemption(server, { ...first, ...done });
	const tokens = await send(server.url('token'), exchange);
	assert.equal(tokens.status, 200, tokens.text);
	const bearer = { Authorization: `Bearer ${tokens.json().access_token}` };
	assert.equal((await send(server.url('userinfo'), { headers: bearer })).json().email, 'nora@example.org');
	assert.equal((await send(server.url('userinfo'), { form: { access_token: tokens.json().access_token } })).status, 200);

	// A replay, and refusals of every endpoint.
	assert.equal((await send(server.url('token'), exchange)).json().error, 'invalid_grant');
	assert.equal((await send(server.url('userinfo'), { headers: bearer })).status, 401);
	assert.equal((await send(server.url('userinfo'))).status, 401);
	assert.equal((await send(server.url('token'), { form: { grant_type: 'x' } })).status >= 400, true);
	assert.equal((await send(server.url('token'), { body: 'x'.repeat(70000), method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })).status, 413);
	for (const name of ['authorize', 'login', 'signup', 'consent', 'logout']) {
		const bad = await send(server.url(name), { form: { flow: 'nothing', csrf: 'x', client_id: 'nobody' } });
		assert.ok((bad.status >= 400 || name === 'logout') && bad.status < 500, `${name} ${bad.status}`);
		assert.equal((await send(server.url(name), { method: 'PUT' })).status, 405);
		assert.ok((await send(`${server.url(name)}?flow=%00&client_id=%ff&a=%`)).status < 500);
	}

	// The session, hints, a public client, deny, another account, sign-out.
	const hinted = authorization(server, Web, { id_token_hint: tokens.json().id_token, prompt: 'none', scope: 'openid email' });
	assert.ok(reply(await browser.visit(hinted.url), server.issuer).params.get('code'));
	const native = authorization(server, Public);
	const denied = await finish(browser, await browser.visit(native.url), server.issuer, { user: ALICE, decision: 'deny' });
	assert.equal(denied.params.get('error'), 'access_denied');
	const choice = await browser.visit(authorization(server, Web, { prompt: 'select_account' }).url);
	const other = await finish(browser, await signIn(browser, choice, ALICE), server.issuer, { user: ALICE });
	assert.ok(other.params.get('code'));
	const wrong = await browser.visit(authorization(server, Web, { prompt: 'login' }).url);
	assert.equal((await signIn(browser, wrong, { username: 'alice', password: 'wrong wrong wrong' })).url.pathname.endsWith('/login'), true);
	const posted = await browser.send(server.url('authorize'), { method: 'POST', form: authorization(server, Web).parameters, from: new URL('https://web.example/') });
	assert.ok(reply(await browser.follow(posted), server.issuer).params.get('code'));
	const logout = await browser.visit(server.url('logout'));
	const form = formsOf(logout.text).find((one) => one.buttons.some((button) => button.value === 'allow'));
	assert.equal((await browser.submit(logout, { form, button: 'allow' })).status, 200);
	assert.equal(reply(await browser.visit(authorization(server, Web, { prompt: 'none' }).url), server.issuer).params.get('error'), 'login_required');

	for (const name of ['authorize', 'login', 'signup', 'consent', 'token', 'userinfo', 'logout'])
		assert.ok(used.has(name), `${name} ran`);
}

for (const [what, { folder, wrapper, long }] of Object.entries(BUILDS)) {
	if (long && !process.env.TESTS_ALL)
		continue;
	describe(`every endpoint as plain CGI, ${what}`, () => {
		test('sign-up, sign-in, consent, tokens, userinfo, replay, sign-out, refusals', async () => {
			const bin = path.join(ROOT, folder);
			assert.ok(existsSync(path.join(bin, 'token')), `${folder} is built`);
			const server = await install({ signup: true, users: [ALICE] });
			try {
				await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'] });
				await server.addClient({ client_name: 'Public', token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1/cb'] });
				await life(server, cgiTransport(server, { bin, wrapper }));
			} finally {
				await server.stop();
			}
		});
	});
}
