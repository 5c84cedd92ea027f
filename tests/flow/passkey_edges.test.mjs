// Where passkeys end: an issuer that has no name, and a user who has too many of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { accountGet, act } from '../lib/account.mjs';
import { Authenticator } from '../lib/authenticator.mjs';
import { Browser, isLogin, loginForm } from '../lib/browser.mjs';
import { authorization, authorize } from '../lib/client.mjs';
import { mails } from '../lib/mail.mjs';
import { startServer } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';

const CLIENT = { client_name: 'Web', redirect_uris: ['https://web.example/cb'], consent: 'none' };

/** On the way to the application, in a new browser: the sign-in page. */
async function loginPage(server) {
	const browser = new Browser();
	const page = await browser.visit(authorization(server, server.clients.Web).url);
	assert.ok(isLogin(page), page.text);
	return { browser, page };
}

const userId = (server, name) => sqlValue(server, `SELECT user_id FROM users WHERE username = '${name}'`);

describe('an issuer at an IP address', () => {
	let server, browser;

	before(async () => {
		server = await startServer({ host: '127.0.0.1', clients: [CLIENT] });
		browser = new Browser();
		const { params } = await authorize(server, browser, server.clients.Web);
		assert.ok(params.get('code'), 'a password signs in as everywhere');
	});
	after(() => server?.stop());

	test('offers no passkey at the sign-in', async () => {
		const { page } = await loginPage(server);
		assert.doesNotMatch(page.text, /passkey|webauthn/i);
	});

	test('takes no passkey, neither at the sign-in nor for the account, and says why', async () => {
		const overview = (await accountGet(server, browser, 'overview')).json();
		assert.equal(overview.passkeys_possible, false);
		const list = await accountGet(server, browser, 'passkeys');
		assert.equal(list.status, 200);
		assert.deepEqual(list.json().passkeys, []);
		const key = new Authenticator(server.issuer, '127.0.0.1');
		for (const body of [{ action: 'begin' }, { action: 'register', name: 'Key', ...key.create({ challenge: 'A'.repeat(43), user: { id: 'x' } }) }]) {
			const answer = await act(server, browser, 'passkeys', body);
			assert.equal(answer.status, 404, answer.text);
			assert.equal(answer.json().error_description, 'The issuer has no host name that browsers know passkeys for.');
		}
		assert.equal(await sqlValue(server, 'SELECT count(*) FROM passkeys'), '0');

		const { browser: other, page } = await loginPage(server);
		const flow = loginForm(page).fields.find((field) => field.name === 'flow').value;
		const csrf = loginForm(page).fields.find((field) => field.name === 'csrf').value;
		const answer = await other.send(server.url('passkey'), { method: 'POST', form: { flow, csrf, ...key.get('A'.repeat(43)) }, from: page.url });
		assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
		assert.equal(answer.headers['set-cookie']?.some((line) => line.includes('session=')) ?? false, false);
	});

	test('passkeys of its days as a name can be seen, renamed and removed', async () => {
		await sql(server, `INSERT INTO passkeys VALUES (x'0102030405', '${await userId(server, 'alice')}', 'Old key', '{}', 0, 0, '', 1, NULL)`);
		const [{ id, name }] = (await accountGet(server, browser, 'passkeys')).json().passkeys;
		assert.equal(name, 'Old key');
		assert.equal((await act(server, browser, 'passkeys', { action: 'rename', id, name: 'Older key' })).status, 200);
		assert.equal((await act(server, browser, 'passkeys', { action: 'remove', id })).status, 200);
		assert.equal(await sqlValue(server, 'SELECT count(*) FROM passkeys'), '0');
	});
});

describe('50 passkeys', () => {
	let server, browser, alice;

	before(async () => {
		server = await startServer({ clients: [CLIENT] });
		browser = new Browser();
		await authorize(server, browser, server.clients.Web);
		alice = await userId(server, 'alice');
	});
	after(() => server?.stop());

	const count = async () => Number(await sqlValue(server, `SELECT count(*) FROM passkeys WHERE user_id = '${alice}'`));
	const add = (many) => sql(server, `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${many})
		INSERT INTO passkeys SELECT randomblob(32), '${alice}', 'Key ' || n, '{}', 0, 0, '', n, NULL FROM n`.replaceAll(/\s+/g, ' '));
	const begin = () => act(server, browser, 'passkeys', { action: 'begin' });
	const register = (options) => act(server, browser, 'passkeys', { action: 'register', name: 'Laptop', ...new Authenticator(server.issuer, options.rp.id).create(options) });

	function assertTooMany(answer) {
		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json().error, 'invalid_field');
		assert.equal(answer.json().error_description, 'You have 50 passkeys already. Remove one that you no longer use first.');
	}

	test('the 50th is taken, the 51st refused: at once, and if another tab was faster', async () => {
		await add(48);
		const { options } = (await begin()).json();
		assert.equal(options.excludeCredentials.length, 48);
		const taken = await register(options);
		assert.equal(taken.status, 200, taken.text);
		assert.equal(taken.json().passkey.name, 'Laptop');

		const late = (await begin()).json().options;
		await add(1);
		assert.equal(await count(), 50);
		const notices = (await mails(server)).length + Number(await sqlValue(server, 'SELECT count(*) FROM outbox'));
		assertTooMany(await register(late));
		assertTooMany(await begin());
		assert.equal(await count(), 50);
		assert.equal(await sqlValue(server, `SELECT count(*) FROM audit WHERE user_id = '${alice}' AND event = 'factor.added'`), '1');
		assert.ok((await mails(server)).length + Number(await sqlValue(server, 'SELECT count(*) FROM outbox')) <= notices, 'nobody is told of what did not happen');

		const { passkeys } = (await accountGet(server, browser, 'passkeys')).json();
		assert.equal(passkeys.length, 50);
		assert.equal((await act(server, browser, 'passkeys', { action: 'remove', id: passkeys[0].id })).status, 200);
		assert.equal((await register((await begin()).json().options)).status, 200);
		assert.equal(await count(), 50);
	});

	test('the limit is each user\'s own', async () => {
		const bob = new Browser();
		await authorize(server, bob, server.clients.Web, {}, { user: server.users.bob });
		assert.equal((await act(server, bob, 'passkeys', { action: 'begin' })).status, 200);
	});
});
