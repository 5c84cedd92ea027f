// A sign-in from its request to its end, each endpoint under valgrind: any error that it finds fails the request.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser, finish, reply, signIn } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorization, redemption } from '../lib/client.mjs';
import { formsOf } from '../lib/html.mjs';
import { ALICE, PASSWORD, install } from '../lib/server.mjs';
import { PROGRAMS } from './programs.mjs';

let server;
let send;

before(async () => {
	server = await install({ signup: true, users: [ALICE] });
	await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'] });
	await server.addClient({ client_name: 'Public', token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1/cb'] });
	const transport = cgiTransport(server, PROGRAMS);
	send = (url, options) => transport(new URL(url), options);
});

after(() => server.stop());

test('discovery, keys', async () => {
	for (const file of ['/.well-known/openid-configuration', '/.well-known/jwks.json'])
		assert.equal((await send(`${server.issuer}${file}`)).status, 200);
});

test('a new account, consent, tokens, userinfo, a replay', async () => {
	const browser = new Browser({ transport: send });
	const started = authorization(server, server.clients.Web, {
		scope: 'openid profile email', response_mode: 'form_post', claims: '{"id_token":{"name":{"essential":true}}}',
	});
	const login = await browser.visit(started.url);
	const link = /href="([^"]*\/signup[^"]*)"/.exec(login.text)[1].replaceAll('&amp;', '&');
	const signup = await browser.visit(new URL(link, login.url));
	const answer = await browser.submit(signup, { fill: { username: 'nora', password: PASSWORD, email: 'nora@example.org', name: 'Nora' } });
	const done = await finish(browser, answer, server.issuer, { user: { username: 'nora', password: PASSWORD } });
	const exchange = redemption(server, { ...started, ...done });
	const tokens = await send(server.url('token'), exchange);
	assert.equal(tokens.status, 200, tokens.text);
	const bearer = { Authorization: `Bearer ${tokens.json().access_token}` };
	assert.equal((await send(server.url('userinfo'), { headers: bearer })).json().email, 'nora@example.org');
	assert.equal((await send(server.url('userinfo'), { form: { access_token: tokens.json().access_token } })).status, 200);
	assert.equal((await send(server.url('token'), exchange)).json().error, 'invalid_grant');
	assert.equal((await send(server.url('userinfo'), { headers: bearer })).status, 401);

	const hinted = authorization(server, server.clients.Web, { prompt: 'none', id_token_hint: tokens.json().id_token, scope: 'openid email' });
	assert.ok(reply(await browser.visit(hinted.url), server.issuer).params.get('code'));
});

test('a wrong password, a refusal, another account, sign-out', async () => {
	const browser = new Browser({ transport: send });
	const page = await browser.visit(authorization(server, server.clients.Public).url);
	const again = await signIn(browser, page, { username: 'alice', password: 'wrong wrong wrong' });
	assert.match(again.text, /role="alert"/);
	const denied = await finish(browser, again, server.issuer, { user: ALICE, decision: 'deny' });
	assert.equal(denied.params.get('error'), 'access_denied');
	const choice = await browser.visit(authorization(server, server.clients.Web, { prompt: 'select_account' }).url);
	assert.ok((await finish(browser, choice, server.issuer, { user: ALICE })).params.get('code'));
	const posted = await browser.send(server.url('authorize'), { method: 'POST', form: authorization(server, server.clients.Web).parameters,
		from: new URL('https://web.example/') });
	assert.ok(reply(await browser.follow(posted), server.issuer).params.get('code'));
	const logout = await browser.visit(server.url('logout'));
	const form = formsOf(logout.text).find((one) => one.buttons.some((button) => button.value === 'allow'));
	assert.equal((await browser.submit(logout, { form, button: 'allow' })).status, 200);
});
