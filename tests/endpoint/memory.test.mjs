// Resident memory of one request: at its peak below 8 MiB, outside Argon2id, which is set to its minimum here.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Browser, finish } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorization, redemption } from '../lib/client.mjs';
import { endpoints, probe } from '../lib/endpoint.mjs';
import { formsOf } from '../lib/html.mjs';
import { ALICE, PASSWORD, install } from '../lib/server.mjs';

const LIMIT = 8 * 1024; // KiB

let server;
let folder;
const peaks = {};

before(async () => {
	server = await install({ signup: true, users: [ALICE] });
	folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-peak-'));
	await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'] });
});

after(async () => {
	await rm(folder, { recursive: true, force: true });
	await server.stop();
});

let count = 0;

/** A transport that measures: the answer, and the peak of the program that gave it. */
async function send(url, options) {
	const file = path.join(folder, String(count++));
	const answer = await cgiTransport(server, { wrapper: [probe(), 'peak', file] })(new URL(url), options);
	const name = new URL(url).pathname.replace(/^.*\/cgi-bin\/|^.*\.well-known\//, '').replace('openid-configuration', 'discovery').replace('jwks.json', 'jwks');
	const used = Number(await readFile(file, 'utf8'));
	assert.ok(used > 500, 'something was measured');
	assert.ok(used < LIMIT, `${name} ${options?.method ?? 'GET'} ${answer.status}: ${used} KiB`);
	peaks[name] = Math.max(peaks[name] ?? 0, used);
	return answer;
}

test('a whole life of a sign-in', async () => {
	const browser = new Browser({ transport: send });
	const started = authorization(server, server.clients.Web, { scope: 'openid profile email address phone', claims: '{"id_token":{"name":null}}' });
	const login = await browser.visit(started.url);
	const link = /href="([^"]*\/signup[^"]*)"/.exec(login.text)[1].replaceAll('&amp;', '&');
	const signup = await browser.visit(new URL(link, login.url));
	await browser.submit(signup, { fill: { username: 'nora', password: PASSWORD, email: 'nora@example.org', name: 'Nora' } });
	const done = await finish(browser, await browser.visit(started.url), server.issuer, { user: ALICE });
	const tokens = await send(server.url('token'), redemption(server, { ...started, ...done }));
	assert.equal(tokens.status, 200, tokens.text);
	assert.equal((await send(server.url('userinfo'), { headers: { Authorization: `Bearer ${tokens.json().access_token}` } })).status, 200);
	const again = authorization(server, server.clients.Web, { prompt: 'login', id_token_hint: tokens.json().id_token });
	assert.ok((await finish(browser, await browser.visit(again.url), server.issuer, { user: { username: 'nora', password: PASSWORD } })).params.get('code'));
	const logout = await browser.visit(server.url('logout', { id_token_hint: tokens.json().id_token }));
	const form = formsOf(logout.text).find((one) => one.buttons.some((button) => button.value === 'allow'));
	assert.equal((await browser.submit(logout, { form, button: 'allow' })).status, 200);
	for (const file of ['/.well-known/openid-configuration', '/.well-known/jwks.json'])
		assert.equal((await send(`${server.issuer}${file}`)).status, 200);
});

test('the largest requests', async () => {
	for (const { name, methods, parameters, body: kind } of endpoints()) {
		const first = parameters[0]?.name ?? 'x';
		const pairs = `${first}=%00&${'a=b&'.repeat(3000)}`;
		const requests = [{ headers: { Cookie: 'a=b; '.repeat(20000) } }];
		if (methods.includes('GET'))
			requests.push({ query: pairs.slice(0, 16384) }, { query: parameters.map((one) => `${one.name}=${'1'.repeat(Math.min(one.longest, 2000))}`).join('&').slice(0, 16384) });
		if (methods.includes('POST'))
			requests.push(...[pairs.padEnd(65536, '&'), pairs.padEnd(65537, 'x'), `${first}=${'%31'.repeat(21000)}`,
				parameters.map((one) => `${one.name}=${'1'.repeat(one.longest)}`).join('&').slice(0, 65536)]
				.map((body) => ({ method: 'POST', body, headers: { 'Content-Type': kind === 'json' ? 'application/json' : 'application/x-www-form-urlencoded' } })));
		for (const { query = '', ...options } of requests) {
			const url = server.url(name);
			url.search = query;
			assert.ok((await send(url, options)).status < 500);
		}
		assert.ok(peaks[name], `${name} was measured`);
	}
});
