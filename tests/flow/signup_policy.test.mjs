// Who may make an account: everybody, who has an invitation, or who has an address at certain domains.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Browser, finish } from '../lib/browser.mjs';
import { authorization } from '../lib/client.mjs';
import { formsOf } from '../lib/html.mjs';
import { mails, waitForMail } from '../lib/mail.mjs';
import { ALICE, PASSWORD, startServer } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

let server;

before(async () => {
	server = await startServer({ users: [ALICE], settings: { signup: 'invitation', mail_limit_address: 0 }, clients: [{ client_name: 'Web', redirect_uris: ['https://web.example/cb'] }] });
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

	const count = async (table) => Number(await sqlValue(server, `SELECT count(*) FROM ${table}`));
	const sentAll = () => until('the outbox is empty', async () => await count('outbox') === 0);
	const mailsTo = async (address) => {
		await sentAll();
		return (await mails(server)).filter(({ to }) => to === `<${address}>`);
	};
	/** The page without what differs from flow to flow. */
	const said = (answer) => [answer.status, answer.text.replace(/flow=[\w-]+/g, 'flow=')];

	async function ask(email, browser = new Browser()) {
		return browser.submit(await browser.visit(server.url('signup')), { fill: { email } });
	}

	test('whoever types an address has no account by that, whatever else is sent', async () => {
		const browser = new Browser();
		const page = await browser.visit(server.url('signup'));
		assert.deepEqual(formsOf(page.text)[0].fields.map(({ name }) => name).filter(Boolean).sort(), ['csrf', 'email', 'flow']);
		assert.match(page.text, /example\.com Sub\.Example\.net/);
		const users = await count('users');
		const answer = await submit(browser, page, 'ida', { email: 'ida@example.com', name: 'Ida' });
		assert.equal(answer.status, 200);
		assert.equal(await count('users'), users);
		const login = await browser.visit(authorization(server, server.clients.Web).url);
		assert.match(login.text, /name="password"/, 'nobody is signed in');
		assert.equal((await browser.submit(page, { fill: { email: 'ida@example.com', csrf: 'A'.repeat(43) } })).status, 403);
	});

	test('an address elsewhere is told so, and gets no mail', async () => {
		const before = await count('limits');
		await sentAll();
		const mailed = (await mails(server)).length;
		for (const email of ['', 'i@example.org', 'i@evil.example.com', 'i@example.com.evil.org', 'i@example.net', 'i@example.com@evil.org',
			'i@evil.org@example.com', '<i@evil.org>,i@example.com', '"i"@example.com', '-oX@example.com', `${'i'.repeat(65)}@example.com`, '@example.com', 'i@']) {
			const answer = await ask(email);
			assert.equal(answer.status, 400, email);
			assert.match(answer.text, /role="alert"/);
			assert.deepEqual(formsOf(answer.text)[0].fields.map(({ name }) => name).filter(Boolean).sort(), ['csrf', 'email', 'flow']);
		}
		assert.match((await ask('i@example.org')).text, /need an e-mail address of one of these domains: example\.com Sub\.Example\.net/);
		assert.equal(await count('limits'), before);
		await sentAll();
		assert.equal((await mails(server)).length, mailed);
	});

	test('the mail leads on, once, to an account whose address is proven', async () => {
		assert.equal((await ask('ida@SUB.example.NET')).status, 200);
		const mail = await waitForMail(server, 'ida@SUB.example.NET', 'signup');
		assert.match(mail.link, new RegExp(`^${server.issuer}/cgi-bin/signup\\?invitation=[\\w-]{43}$`));
		assert.ok(mail.html.includes(mail.link));
		assert.match(mail.text, /^Hello,\n[\s\S]*works for 1 day\./);
		const token = new URL(mail.link).searchParams.get('invitation');
		assert.equal((await sql(server, '.dump')).flat().join('|').includes(token), false, 'the link is stored nowhere');
		for (let opened = 0; opened < 2; opened++)
			assert.equal((await new Browser().visit(mail.link)).status, 200, 'scanners open links');

		const browser = new Browser();
		const form = await browser.visit(mail.link);
		assert.equal(field(form, 'email').value, 'ida@SUB.example.NET');
		await submit(browser, form, 'ida', { email: 'else@example.com' });
		assert.equal(await claim('ida', 'email'), '"ida@SUB.example.NET"');
		assert.equal(await claim('ida', 'email_verified'), 'true');
		assert.equal(await sqlValue(server, `SELECT detail FROM audit WHERE event = 'user.signup' ORDER BY rowid DESC LIMIT 1`), 'email');
		const again = await new Browser().visit(mail.link);
		assert.equal(again.status, 404);
		assert.equal(formsOf(again.text).length, 0);
		assert.match(again.text, /\/cgi-bin\/signup"/, 'a way to a new one');
	});

	test('the page does not tell who has an account: the mail does', async () => {
		await sql(server, `UPDATE user_claims SET value = '"old@example.com"' WHERE name = 'email' AND user_id = (SELECT user_id FROM users WHERE username = 'alice')`);
		const invitations = await count('invitations');
		const [known, fresh] = [await ask('Old@example.com'), await ask('fresh@example.com')];
		assert.deepEqual(said(known), said(fresh));
		assert.equal(fresh.status, 200);
		const mail = await waitForMail(server, 'Old@example.com', 'account_exists');
		assert.match(mail.text, /user name alice/);
		assert.match(mail.text, /cgi-bin\/login\n[\s\S]*cgi-bin\/reset\n/);
		assert.doesNotMatch(mail.raw, /invitation=/);
		await waitForMail(server, 'fresh@example.com', 'signup');
		assert.equal(await count('invitations'), invitations + 1);

		await server.latchkey(['user', 'disable', 'alice']);
		assert.deepEqual(said(await ask('old@example.com')), said(fresh));
		assert.deepEqual(await mailsTo('old@example.com'), []);
		await server.latchkey(['user', 'enable', 'alice']);
	});

	test('the newest link counts, and the operator\'s stays', async () => {
		const own = await invite('--email', 'nele@example.com');
		const links = [];
		for (const skip of [0, 1]) {
			await ask('nele@example.com');
			links.push((await waitForMail(server, 'nele@example.com', 'signup', { skip })).link);
		}
		assert.equal((await new Browser().visit(links[0])).status, 404);
		assert.equal((await new Browser().visit(links[1])).status, 200);
		assert.equal((await new Browser().visit(own.url)).status, 200);
		assert.equal((await ask('NELE@example.com')).status, 200);
		await mailsTo('NELE@example.com');
		assert.equal((await new Browser().visit(links[1])).status, 404, 'whatever its case');
	});

	test('a link is worth no more than the policy of the day', async () => {
		await ask('otto@example.com');
		const { link } = await waitForMail(server, 'otto@example.com', 'signup');
		const policy = { signup: 'on', signup_domains: 'example.com Sub.Example.net' };
		for (const other of [{ signup: 'invitation' }, { signup: 'off' }, { signup_domains: 'example.org' }]) {
			await server.configure({ ...policy, ...other });
			assert.equal((await new Browser().visit(link)).status, 404, JSON.stringify(other));
		}
		await server.configure(policy);
		await sql(server, "UPDATE invitations SET expires_at = created_at WHERE email = 'otto@example.com'");
		assert.equal((await new Browser().visit(link)).status, 404, 'too old');
	});

	test('an address gets three mails in an hour, and a network so many links', async () => {
		const answers = [];
		for (let times = 0; times < 5; times++)
			answers.push(said(await ask(times % 2 ? 'Paul@example.com' : 'paul@example.com')));
		assert.equal(new Set(answers.map(String)).size, 1);
		assert.equal((await mailsTo('paul@example.com')).length + (await mailsTo('Paul@example.com')).length, 3);
		await server.configure({ mail_limit_address: 1 });
		await sql(server, "DELETE FROM limits WHERE subject LIKE 'signup_link:%'");
		assert.equal((await ask('quinn@example.com')).status, 200);
		const refused = await ask('quincy@example.com');
		assert.equal(refused.status, 429);
		assert.equal(refused.headers['retry-after'], '3600');
		assert.deepEqual(await mailsTo('quincy@example.com'), []);
		await server.configure({ mail_limit_address: 0 });
	});

	test('an invitation for an address goes beyond, one without does not', async () => {
		const named = new Browser();
		await submit(named, await named.visit((await invite('--email', 'jo@example.org')).url), 'jo');
		assert.equal(await exists('jo'), true);
		const open = new Browser();
		const page = await open.visit((await invite()).url);
		const answer = await submit(open, page, 'kim', { email: 'kim@example.org' });
		assert.equal(answer.status, 400);
		assert.equal(await exists('kim'), false);
		await submit(open, page, 'kim', { email: 'kim@example.com' });
		assert.equal(await exists('kim'), true);
		assert.notEqual(await claim('kim', 'email_verified'), 'true', 'claimed, not proven');
	});
});

describe('a password that says what everybody knows of its user', () => {
	before(() => server.configure({ signup: 'on', signup_domains: '' }));

	test('is refused at sign-up: address, its local part, name, user name', async () => {
		const person = { name: 'Wilhelmina Quartermaine', email: 'mina.quartermaine@example.org' };
		const browser = new Browser();
		const page = await browser.visit(server.url('signup'));
		for (const password of ['Mina.Quartermaine@example.org', 'mina.QUARTERMAINE', 'wilhelmina quartermaine', 'wilhelmina-quart']) {
			const answer = await submit(browser, page, 'wilhelmina-quart', { ...person, password });
			assert.equal(answer.status, 400, password);
			assert.match(answer.text, /role="alert"[^>]*>[^<]*(your name|your user name|about you)/i, password);
		}
		assert.equal(await exists('wilhelmina-quart'), false);
	});

	test('is refused behind a link to an account that was invited by address', async () => {
		const browser = new Browser();
		const page = await browser.visit((await invite('--email', 'seraphina.windle@example.org')).url);
		assert.equal((await submit(browser, page, 'sera', { password: 'seraphina.windle' })).status, 400);
		assert.equal((await submit(browser, page, 'sera', { password: 'seraphina.windle@example.org' })).status, 400);
		assert.equal(await exists('sera'), false);
	});
});
