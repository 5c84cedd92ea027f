// The pages behind links in mails: a forgotten password, a proven address, "this was not me"; and browsers that are known.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Browser, finish, loginForm, reply, signIn } from '../lib/browser.mjs';
import { authorization, authorize, redeem } from '../lib/client.mjs';
import { ALICE, BOB, PASSWORD, startServer } from '../lib/server.mjs';
import { mails, waitForMail } from '../lib/mail.mjs';
import { introspect, sql, sqlValue } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const NEW = 'seventeen brown umbrellas';
const CAROL = { username: 'carol', password: PASSWORD, claims: { email: 'carol@example.org', email_verified: true } };

let server, web;

before(async () => {
	server = await startServer({
		users: [ALICE, BOB, CAROL], settings: { mail_limit_address: 0 },
		clients: [{ client_name: 'Web', redirect_uris: ['https://web.example/cb'], grant_types: ['authorization_code', 'refresh_token'], scope: 'openid offline_access' }],
	});
	web = server.clients.Web;
});
after(() => server?.stop());

const userId = (name) => sqlValue(server, `SELECT user_id FROM users WHERE username = '${name}'`);
const count = async (table, where = '1') => Number(await sqlValue(server, `SELECT count(*) FROM ${table} WHERE ${where}`));
const now = () => Math.floor(Date.now() / 1000);

/** A link as deliver makes it: gives the token. */
async function link(kind, name, { detail, seconds = 600 } = {}) {
	const token = randomBytes(32).toString('base64url');
	const hash = createHash('sha256').update(token).digest('hex');
	await sql(server, `INSERT INTO links VALUES (x'${hash}', '${kind}', '${await userId(name)}', ${detail ? `'${detail}'` : 'NULL'}, ${now()}, ${now() + seconds})`);
	return token;
}


/** How many mails of that kind went to that address, once all that waited were sent. */
async function mailed(kind, to) {
	await until('the outbox is empty', async () => await count('outbox') === 0);
	return (await mails(server)).filter((mail) => mail.kind === kind && mail.to === `<${to}>`).length;
}
const events = (event) => count('audit', `event = '${event}'`);

async function ask(account, browser = new Browser()) {
	const page = await browser.visit(server.url('reset'));
	assert.equal(page.status, 200);
	return browser.submit(page, { fill: { account } });
}

describe('asking for a link', () => {
	test('the sign-in page leads there, and back to the application', async () => {
		const browser = new Browser();
		const started = authorization(server, web);
		const login = await browser.visit(started.url);
		const href = /href="([^"]*\/reset\?flow=[^"]*)"/.exec(login.text)[1].replaceAll('&amp;', '&');
		const sent = await browser.submit(await browser.visit(href), { fill: { account: 'bob' } });
		const back = /href="([^"]*\/login\?flow=[^"]*)"/.exec(sent.text)[1].replaceAll('&amp;', '&');
		const outcome = await finish(browser, await browser.visit(back), server.issuer, { user: ALICE });
		assert.equal(outcome.params.get('state'), started.parameters.state);
	});

	test('the same answer for everybody; a mail for who has a proven address', async () => {
		const same = (answer) => answer.text.replace(/flow=[\w-]+/g, '');
		const [known, unknown, unproven, byMail] = [await ask('Alice'), await ask('nobody'), await ask('bob'), await ask('CAROL@example.org')];
		for (const answer of [known, unknown, unproven, byMail]) {
			assert.equal(answer.status, 200);
			assert.equal(same(answer), same(known));
		}
		assert.equal(await mailed('reset_password', 'alice@example.org'), 1);
		assert.equal(await mailed('reset_password', 'carol@example.org'), 1);
		assert.equal(await mailed('reset_password', 'bob@example.org'), 0, 'his address is claimed, not proven');
		const { link: url } = await waitForMail(server, 'carol@example.org', 'reset_password');
		const browser = new Browser();
		const page = await browser.visit(url);
		assert.equal((await browser.submit(page, { fill: { password: NEW } })).status, 200);
		const login = await browser.visit(authorization(server, web).url);
		assert.ok((await finish(browser, login, server.issuer, { user: { username: 'carol', password: NEW } })).params.get('code'));
	});

	test('three an hour for one account, without a word', async () => {
		await sql(server, 'DELETE FROM limits');
		const before = await mailed('reset_password', 'carol@example.org');
		for (let sent = 1; sent <= 3; sent++) {
			await ask('carol');
			assert.equal(await mailed('reset_password', 'carol@example.org'), before + sent);
		}
		assert.equal((await ask('carol')).status, 200);
		assert.equal(await mailed('reset_password', 'carol@example.org'), before + 3);
	});

	test('limited for each address', async () => {
		await server.configure({ mail_limit_address: 2 });
		await sql(server, 'DELETE FROM limits');
		const answers = [await ask('x1'), await ask('x2'), await ask('x3')];
		assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 429]);
		assert.match(answers[2].text, /role="alert"/);
		await server.configure({ mail_limit_address: 0 });
	});

	test('from our own page in this browser alone', async () => {
		const browser = new Browser();
		const page = await browser.visit(server.url('reset'));
		await sql(server, 'DELETE FROM limits');
		const before = await mailed('reset_password', 'alice@example.org');
		assert.equal((await browser.submit(page, { fill: { account: 'alice' }, headers: { Origin: 'https://evil.example' } })).status, 403);
		assert.equal((await new Browser().submit(page, { fill: { account: 'alice' } })).status, 400);
		assert.equal((await browser.submit(page, { fill: { account: 'alice', csrf: 'A'.repeat(43) } })).status, 403);
		assert.equal(await mailed('reset_password', 'alice@example.org'), before);
	});
});

describe('the link', () => {
	const open = (token, browser = new Browser()) => browser.visit(server.url('reset', { token }));

	test('a new password: old one, sessions, tokens and other links end', async () => {
		const other = new Browser();
		const tokens = (await redeem(server, await authorize(server, other, web, { scope: 'openid offline_access' }, { user: ALICE }))).json();
		assert.equal((await introspect(server, web, tokens.access_token)).active, true);
		const [token, second] = [await link('reset_password', 'alice'), await link('reset_password', 'alice')];
		const browser = new Browser();
		const page = await open(token, browser);
		assert.equal(page.status, 200);
		assert.equal((await open(token)).status, 200, 'opening it uses nothing up');
		const short = await browser.submit(page, { fill: { password: 'short' } });
		assert.equal(short.status, 400);
		assert.match(short.text, /role="alert"/);
		assert.equal((await browser.submit(page, { fill: { password: 'alice@example.org' } })).status, 400, 'her own address');
		const done = await browser.submit(short, { fill: { password: NEW } });
		assert.equal(done.status, 200, done.text);
		assert.doesNotMatch(done.text, new RegExp(NEW));

		assert.equal((await open(token)).status, 404, 'used');
		assert.equal((await open(second)).status, 404, 'ended with it');
		assert.equal(await count('sessions', `user_id = '${await userId('alice')}'`), 0);
		assert.equal((await introspect(server, web, tokens.access_token)).active, false);
		assert.equal(await mailed('password_changed', 'alice@example.org'), 1);
		assert.equal(await count('audit', `event = 'user.password_changed' AND detail = 'reset' AND user_id = '${await userId('alice')}'`), 1);
		const again = new Browser();
		const fresh = await again.visit(authorization(server, web).url);
		assert.ok(loginForm(await signIn(again, fresh, ALICE)), 'the old password is refused');
		const outcome = await finish(again, fresh, server.issuer, { user: { username: 'alice', password: NEW } });
		assert.ok(outcome.params.get('code'));
	});

	test('counts once, of many at once', async () => {
		const token = await link('reset_password', 'bob');
		const page = await open(token);
		const answers = await Promise.all(Array.from({ length: 8 }, (_, index) =>
			new Browser().submit(page, { fill: { password: `${NEW} number ${index}` } })));
		assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, ...Array(7).fill(404)]);
		assert.equal(await count('audit', `event = 'user.password_changed' AND user_id = '${await userId('bob')}'`), 1);
	});

	test('too old, of another kind, invented, of a disabled user: ended, with a way to ask again', async () => {
		const tokens = [await link('reset_password', 'carol', { seconds: -1 }), await link('not_me', 'carol', { detail: 'x' }), 'A'.repeat(43), 'x'];
		for (const token of tokens) {
			const page = await open(token);
			assert.equal(page.status, 404);
			assert.match(page.text, /href="[^"]*\/reset"/);
		}
		const token = await link('reset_password', 'carol');
		const form = await open(token);
		await server.latchkey(['user', 'disable', 'carol']);
		assert.equal((await open(token)).status, 404);
		assert.equal((await new Browser().submit(form, { fill: { password: NEW } })).status, 404);
		await server.latchkey(['user', 'enable', 'carol']);
		assert.equal((await new Browser().submit(form, { fill: { password: NEW }, headers: { Origin: 'https://evil.example' } })).status, 403);
		assert.equal((await open(token)).status, 200);
	});

	test('is told to nobody', async () => {
		const page = await open(await link('reset_password', 'carol'));
		assert.equal(page.headers['referrer-policy'], 'same-origin');
		assert.match(page.headers['cache-control'], /no-store/);
		assert.equal([...page.text.matchAll(/(?:src|href|action)="(https?:\/\/[^"]*)"/g)].every(([, url]) => url.startsWith(server.issuer)), true);
	});
});

describe('proving an address', () => {
	async function pending(name, email) {
		await sql(server, `INSERT OR REPLACE INTO email_changes VALUES ('${await userId(name)}', '${email}', ${now()})`);
		return link('verify_email', name, { detail: email });
	}
	const claim = async (name, key) => sqlValue(server, `SELECT value FROM user_claims WHERE user_id = '${await userId(name)}' AND name = '${key}'`);

	test('the button does it, and tells the old address', async () => {
		const token = await pending('bob', 'robert@example.org');
		const version = Number(await sqlValue(server, "SELECT version FROM users WHERE username = 'bob'"));
		const reset = await link('reset_password', 'bob');
		const browser = new Browser();
		const page = await browser.visit(server.url('verify_email', { token }));
		assert.match(page.text, /robert@example\.org/);
		assert.equal(await claim('bob', 'email'), '"bob@example.org"', 'nothing happened yet');
		const done = await browser.submit(page);
		assert.equal(done.status, 200);
		assert.equal(await claim('bob', 'email'), '"robert@example.org"');
		assert.equal(await claim('bob', 'email_verified'), 'true');
		assert.equal(await count('email_changes'), 0);
		assert.equal(Number(await sqlValue(server, "SELECT version FROM users WHERE username = 'bob'")), version + 1);
		assert.equal(await mailed('email_changed', 'bob@example.org'), 1);
		assert.equal(await events('user.email_changed'), 1);
		assert.equal((await browser.submit(page)).status, 404, 'once');
		assert.equal((await browser.visit(server.url('reset', { token: reset }))).status, 404, 'a link in the old mailbox has ended');
	});

	test('a link to an address that no longer waits proves nothing', async () => {
		const token = await pending('carol', 'first@example.org');
		const page = await new Browser().visit(server.url('verify_email', { token }));
		await sql(server, `UPDATE email_changes SET email = 'second@example.org'`);
		assert.equal((await new Browser().submit(page)).status, 404);
		assert.equal((await new Browser().visit(server.url('verify_email', { token }))).status, 404);
		assert.equal(await claim('carol', 'email'), '"carol@example.org"');
	});

	test('without a token, or from another site: refused', async () => {
		assert.equal((await new Browser().visit(server.url('verify_email'))).status, 400);
		const token = await pending('carol', 'third@example.org');
		const page = await new Browser().visit(server.url('verify_email', { token }));
		assert.equal((await new Browser().submit(page, { headers: { Origin: 'https://evil.example' } })).status, 403);
		assert.equal(await claim('carol', 'email'), '"carol@example.org"');
	});
});

describe('a browser that is not known', () => {
	const user = { username: 'dora', password: PASSWORD, claims: { email: 'dora@example.org', email_verified: true } };

	test('is told by mail, but not the first one, nor one that was here before; "not me" ends its session', async () => {
		await server.addUser(user);
		const home = new Browser();
		await authorize(server, home, web, {}, { user });
		assert.equal(await mailed('new_device', 'dora@example.org'), 0);
		await authorize(server, home, web, { prompt: 'login' }, { user });
		assert.equal(await mailed('new_device', 'dora@example.org'), 0);

		await sql(server, 'UPDATE devices SET created_at = created_at - 100'); // not in the same second as the other one
		const thief = new Browser();
		const tokens = (await redeem(server, await authorize(server, thief, web, { scope: 'openid offline_access' }, { user }))).json();
		assert.equal(await mailed('new_device', 'dora@example.org'), 1);
		const { link: url } = await waitForMail(server, 'dora@example.org', 'new_device');
		const sid = await sqlValue(server, `SELECT detail FROM links WHERE kind = 'not_me' AND user_id = '${await userId('dora')}'`);
		const page = await new Browser().visit(url);
		assert.equal(page.status, 200);
		assert.equal(await count('sessions', `sid = '${sid}'`), 1, 'opening it ends nothing');
		const done = await new Browser().submit(page);
		assert.equal(done.status, 200);
		assert.match(done.text, /href="[^"]*\/reset"/);
		assert.equal(await count('sessions', `sid = '${sid}'`), 0);
		assert.equal((await introspect(server, web, tokens.access_token)).active, false, 'offline access too');
		assert.equal(await events('session.reported'), 1);
		assert.ok(reply(await home.visit(authorization(server, web).url), server.issuer)?.params.get('code'), 'the own browser stays signed in');
		assert.equal((await new Browser().submit(page)).status, 404, 'once');
		await authorize(server, thief, web, { prompt: 'login' }, { user });
		assert.equal(await mailed('new_device', 'dora@example.org'), 2, 'that browser is no known one');
	});
});

test('no token of a link is in the log', async () => {
	const text = (await server.log()).map((line) => line.text).join('\n');
	assert.doesNotMatch(text, /token=[\w-]{43}/);
});
