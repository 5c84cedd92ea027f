// Who may make an account: everybody, who has an invitation, or who has an address at certain domains.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, finish } from '../lib/browser.mjs';
import { authorization } from '../lib/client.mjs';
import { formsOf } from '../lib/html.mjs';
import { waitForMail } from '../lib/mail.mjs';
import { ALICE, PASSWORD, startServer } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';

let server;

before(async () => {
	server = await startServer({ users: [ALICE], settings: { signup: 'invitation' }, clients: [{ client_name: 'Web', redirect_uris: ['https://web.example/cb'] }] });
});
after(() => server?.stop());

const claim = (name, key) => sqlValue(server, `SELECT value FROM user_claims JOIN users USING (user_id) WHERE username = '${name}' AND name = '${key}'`);
const exists = async (name) => await sqlValue(server, `SELECT count(*) FROM users WHERE username = '${name}'`) === '1';

async function invite(...args) {
	const { stdout } = await server.latchkey(['invitation', 'add', '--json', ...args]);
	return JSON.parse(stdout);
}

const submit = (browser, page, username, more) => browser.submit(page, { fill: { username, password: PASSWORD, ...more } });
const field = (page, name) => formsOf(page.text)[0].fields.find((one) => one.name === name);

describe('by invitation', () => {
	test('without one there is no form, whatever is sent', async () => {
		const browser = new Browser();
		const login = await browser.visit(authorization(server, server.clients.Web).url);
		assert.doesNotMatch(login.text, /\/signup/);
		const page = await browser.visit(server.url('signup'));
		assert.equal(page.status, 403);
		assert.equal(formsOf(page.text).length, 0);
		for (const invitation of ['A'.repeat(43), 'x'])
			assert.equal((await browser.visit(server.url('signup', { invitation }))).status, 404);
		const { url } = await invite();
		const form = await browser.visit(url);
		assert.equal((await browser.submit(form, { fill: { username: 'eve', password: PASSWORD }, drop: ['invitation'] })).status, 403);
		assert.equal(await exists('eve'), false);
	});

	test('makes one account, with the address that was invited', async () => {
		const { url } = await invite('--email', 'frida@example.org');
		const browser = new Browser();
		const page = await browser.visit(url);
		assert.equal(page.status, 200);
		assert.equal(field(page, 'email').value, 'frida@example.org');
		assert.match(page.text, /<input id="email"[^>]* readonly/);
		assert.equal((await submit(browser, page, 'alice')).status, 409, 'a taken name');
		const other = new Browser();
		const second = await other.visit(url);
		const answer = await submit(browser, page, 'frida', { email: 'else@example.org' });
		assert.ok(answer.status < 400 || answer.url.pathname.endsWith('/account/'), String(answer.status));
		assert.equal(await claim('frida', 'email'), '"frida@example.org"');
		assert.equal(await claim('frida', 'email_verified'), 'true');
		assert.equal((await submit(other, second, 'gerda')).status, 404, 'used');
		assert.equal(await exists('gerda'), false);
		const outcome = await finish(browser, await browser.visit(authorization(server, server.clients.Web).url), server.issuer, {});
		assert.ok(outcome.params.get('code'), 'signed in');
		assert.equal(outcome.pages.includes('login'), false);
	});

	test('one account of many who try at once', async () => {
		const { url } = await invite();
		const people = await Promise.all(Array.from({ length: 8 }, async (_, index) => {
			const browser = new Browser();
			return { browser, page: await browser.visit(url), name: `many${index}` };
		}));
		await Promise.all(people.map(({ browser, page, name }) => submit(browser, page, name)));
		assert.equal(await sqlValue(server, "SELECT count(*) FROM users WHERE username LIKE 'many%'"), '1');
	});

	test('too old, or taken back: no more', async () => {
		const [old, gone] = [await invite('--days', '1'), await invite('--email', 'h@example.org')];
		assert.match(old.id, /^[0-9a-f]{16}$/);
		await sql(server, `UPDATE invitations SET expires_at = created_at WHERE hex(invitation_hash) LIKE '${old.id}%'`);
		const { stdout } = await server.latchkey(['invitation', 'list', '--json']);
		assert.deepEqual(JSON.parse(stdout).filter(({ id }) => [old.id, gone.id].includes(id)).map(({ id, email }) => [id, email]), [[gone.id, 'h@example.org']]);
		await server.latchkey(['invitation', 'remove', gone.id]);
		for (const { url } of [old, gone])
			assert.equal((await new Browser().visit(url)).status, 404);
		for (const args of [['remove', gone.id], ['remove', 'x'], ['add', '--email', 'none']])
			assert.equal((await server.latchkey(['invitation', ...args], { fails: true })).code, 1);
		assert.equal((await server.latchkey(['invitation', 'add', '--days', '0'], { fails: true })).code, 2);
	});

	test('the link is stored nowhere', async () => {
		const { url } = await invite();
		const token = new URL(url).searchParams.get('invitation');
		assert.equal((await sql(server, '.dump')).flat().join('|').includes(token), false);
	});
});

describe('by domain', () => {
	before(() => server.configure({ signup: 'on', signup_domains: 'example.com Sub.Example.net' }));

	test('an address there is needed, and is proven by its link', async () => {
		const browser = new Browser();
		const page = await browser.visit(server.url('signup'));
		assert.match(page.text, /<input id="email"[^>]* required/);
		for (const email of ['', 'i@example.org', 'i@evil.example.com', 'i@example.com.evil.org', 'i@example.net', 'i@example.com@evil.org']) {
			const answer = await submit(browser, page, 'ida', { email });
			assert.equal(answer.status, 400, email);
			assert.match(answer.text, /role="alert"/);
		}
		assert.equal(await exists('ida'), false);
		await submit(browser, page, 'ida', { email: 'ida@SUB.example.NET' });
		assert.equal(await exists('ida'), true);
		assert.equal(await claim('ida', 'email'), '"ida@SUB.example.NET"');
		assert.notEqual(await claim('ida', 'email_verified'), 'true', 'claimed, not proven');
		const { link } = await waitForMail(server, 'ida@SUB.example.NET', 'verify_email');
		const confirm = await browser.visit(link);
		assert.equal((await browser.submit(confirm)).status, 200);
		assert.equal(await claim('ida', 'email_verified'), 'true');
	});

	test('an invitation for an address goes beyond, one without does not', async () => {
		const named = new Browser();
		await submit(named, await named.visit((await invite('--email', 'jo@example.org')).url), 'jo');
		assert.equal(await exists('jo'), true);
		const open = new Browser();
		const answer = await submit(open, await open.visit((await invite()).url), 'kim', { email: 'kim@example.org' });
		assert.equal(answer.status, 400);
		assert.equal(await exists('kim'), false);
	});
});
