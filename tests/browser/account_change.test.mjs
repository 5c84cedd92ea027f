// What is changed on the account page: address, password, passkeys, and what the page asks for before. Mails come out of a real SMTP server.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { answer, dialog, go, gone, open, problem, said, shown } from '../lib/account_page.mjs';
import { axe, launch, missingChromium, profile } from '../lib/chromium.mjs';
import { authorization, redeem, userinfo } from '../lib/client.mjs';
import { startSmtp } from '../lib/mail.mjs';
import { fillLogin, submit } from '../lib/pages.mjs';
import { startParty } from '../lib/party.mjs';
import { PASSWORD, startServer } from '../lib/server.mjs';
import { refresh, sql, sqlValue } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const RENEWED = 'seventeen brown umbrellas';
const now = () => Math.floor(Date.now() / 1000);

describe('changes on the account page', { skip: missingChromium }, () => {
	let server, chromium, party, smtp, book;
	let users = 0;

	before(async () => {
		[chromium, party, smtp] = await Promise.all([launch(), startParty({ host: '127.0.0.1' }), startSmtp()]);
		server = await startServer({ users: [], settings: { mail_smtp_url: smtp.url } });
		book = await server.addClient({ client_name: 'Photo Book', redirect_uris: [`${party.origin}/callback`], grant_types: ['authorization_code', 'refresh_token'] });
	});
	after(async () => {
		await chromium?.close();
		await server?.stop();
		await smtp?.stop();
		await party?.stop();
	});

	/** A new user with a proven address, so that no test meets what another did. */
	async function newUser() {
		const username = `user${++users}`;
		const email = `${username}@example.org`;
		await server.addUser({ username, password: PASSWORD, claims: { name: `User ${users}`, nickname: 'Öxi "<b>"', email, email_verified: true } });
		return { username, password: PASSWORD, email, id: await sqlValue(server, `SELECT user_id FROM users WHERE username = '${username}'`) };
	}

	/** A user, signed in at a section: { user, context, page, complaints }. */
	async function somebody(section) {
		const user = await newUser();
		return { user, ...await at(user, section) };
	}

	async function at(user, section) {
		const { context, complaints } = await profile(chromium);
		return { context, complaints, page: await open(server, context, user, section) };
	}

	const title = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
	const mailsTo = (address) => smtp.messages().filter((mail) => mail.envelope.recipients.includes(address));
	const mailTo = (address, subject) => until(`a mail "${subject}" to ${address}`, () => mailsTo(address).find((mail) => subject.test(mail.subject)));
	/** The sign-in was longer ago than fresh_login_seconds allows. */
	const age = (user) => sql(server, `UPDATE sessions SET auth_time = auth_time - 3600 WHERE user_id = '${user.id}'`);
	const claim = (user, name) => sqlValue(server, `SELECT value FROM user_claims WHERE user_id = '${user.id}' AND name = '${name}'`);

	/** The application gets tokens for who is signed in. */
	async function grant(page, scope = 'openid email offline_access') {
		const started = authorization(server, book, { scope, prompt: 'consent' });
		await page.goto(String(started.url));
		await page.locator('button[value=allow]').click();
		const arrival = await until('the code arrives', () => party.arrivals.find((one) => one.fields.get('state') === started.parameters.state));
		const tokens = await redeem(server, { ...started, params: arrival.fields });
		assert.equal(tokens.status, 200, tokens.text);
		return tokens.json();
	}

	/** Nobody is signed in here any more: neither for the account page nor for an application. */
	async function assertSignedOut(page) {
		await page.goto(`${server.issuer}/account/?anew#sessions`);
		await page.locator('input[name=password]').waitFor();
		await page.goto(String(authorization(server, book).url));
		await page.locator('input[name=password]').waitFor();
	}

	async function addAuthenticator(context, page) {
		const devtools = await context.newCDPSession(page);
		await devtools.send('WebAuthn.enable');
		const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
			options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
		});
		return async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
	}

	async function askForAddress(page, address) {
		await page.locator('#change-email').click();
		await page.getByLabel('New e-mail address').fill(address);
		await answer(page, 'Send the link');
	}

	test('another e-mail address counts when the link of its mail is used, and the old one is told', async () => {
		const { user, context, page } = await somebody('profile');
		const tokens = await grant(page);
		const address = `new-${user.username}@example.net`;
		await go(server, page, 'profile');
		await askForAddress(page, 'nobody at all');
		assert.match(await problem(page), /does not look like an e-mail address/);
		await page.getByLabel('New e-mail address').fill(user.email);
		await answer(page, 'Send the link');
		await page.getByText('This is your address already.').waitFor();
		await page.getByLabel('New e-mail address').fill(address);
		await answer(page, 'Send the link');
		await said(page, `A link is on its way to ${address}.`);
		const panel = page.locator('#email');
		await panel.getByText('Waiting for you to open the link').waitFor();
		assert.match(await panel.locator('.value').textContent(), new RegExp(`^${user.email}\\s+verified$`), 'the old one still counts');
		assert.deepEqual(await axe(page), []);

		const mail = await mailTo(address, /^Is this your address\?/);
		assert.ok(mail.link.startsWith(`${server.issuer}/cgi-bin/verify_email?token=`), mail.link);
		assert.ok(mail.html.includes(`href="${mail.link}"`));
		const { context: elsewhere } = await profile(chromium, { javaScriptEnabled: false });
		const mailbox = await elsewhere.newPage(); // the link may be opened where nobody is signed in
		await mailbox.goto(mail.link);
		await title(mailbox, 'Confirm your address');
		assert.equal((await userinfo(server, tokens.access_token)).json().email, user.email, 'opening the link changes nothing');
		await submit(mailbox);
		await title(mailbox, 'Your e-mail address is confirmed');
		const notice = await mailTo(user.email, /^Your address at Latchkey was changed$/);
		assert.ok(!notice.raw.includes(address), 'whoever reads the old mailbox does not learn the new address');
		assert.equal(notice.link, undefined);
		assert.equal((await mailbox.goto(mail.link)).status(), 404, 'once');

		await go(server, page, 'profile');
		assert.match(await panel.locator('.value').textContent(), new RegExp(`^${address}\\s+verified$`));
		assert.equal(await panel.getByText('Waiting for you').count(), 0);
		const { email, email_verified: verified } = (await userinfo(server, tokens.access_token)).json();
		assert.deepEqual([email, verified], [address, true]);
		assert.equal(mailsTo(user.email).filter((one) => /changed/.test(one.subject)).length, 1);
		await elsewhere.close();
		await context.close();
	});

	test('a change of address that is given up ends its link, and nobody is told', async () => {
		const { user, context, page } = await somebody('profile');
		const address = `never-${user.username}@example.net`;
		await askForAddress(page, address);
		const { link } = await mailTo(address, /^Is this your address\?/);
		await page.getByRole('button', { name: 'Cancel the change' }).click();
		await said(page, 'Your address stays as it is.');
		assert.equal(await page.getByText('Waiting for you').count(), 0);
		assert.equal((await page.goto(link)).status(), 404);
		assert.equal(await claim(user, 'email'), `"${user.email}"`);
		assert.equal(mailsTo(user.email).length, 0);
		await context.close();
	});

	test('a new password: the meter says what to do better, the old one and all other browsers end', async () => {
		const { user, context, page } = await somebody('security');
		const tokens = await grant(page);
		const other = await at(user, 'sessions');
		await go(server, page, 'security');
		await page.locator('#change-password').click();
		const [field, meter, words] = [page.getByLabel('New password'), page.locator('.meter'), page.locator('#meter-words')];
		await field.pressSequentially('short');
		assert.equal(await words.textContent(), '10 more characters at least.');
		assert.equal(await meter.getAttribute('data-score'), '0');
		await field.fill('passwordpassword');
		await words.getByText('This password is easy to guess').waitFor();
		assert.ok(Number(await meter.getAttribute('data-score')) < 3);
		await answer(page, 'Change the password');
		assert.match(await problem(page), /^This password is easy to guess.*A few uncommon words/);
		assert.equal(await field.getAttribute('aria-invalid'), 'true');
		await field.fill(`${user.username}@example.org`);
		await words.getByText('made of what others know about you').waitFor();
		await field.fill(RENEWED);
		await words.getByText(/^(Good|Very good)\.$/).waitFor();
		assert.ok(Number(await meter.getAttribute('data-score')) >= 3);
		assert.deepEqual(await axe(page), []);
		assert.equal(await field.getAttribute('type'), 'password');
		await page.getByRole('button', { name: 'Show the password' }).click();
		assert.equal(await field.getAttribute('type'), 'text');
		await answer(page, 'Change the password');
		await said(page, 'Your new password counts from now on.');
		assert.ok(!(await page.content()).includes(RENEWED));
		const kept = await page.evaluate(() => JSON.stringify([sessionStorage, localStorage]));
		assert.ok(!kept.includes(RENEWED) && !kept.includes('umbrellas'));
		await mailTo(user.email, /^Your password for Latchkey was changed$/);

		await go(server, page, 'sessions');
		assert.equal(await page.locator('.row').count(), 1);
		await assertSignedOut(other.page);
		assert.equal((await refresh(server, book, tokens.refresh_token)).json().error, 'invalid_grant');
		await other.page.goto(`${server.issuer}/account/#overview`);
		await other.page.locator('input[name=password]').waitFor();
		await fillLogin(other.page, user);
		await submit(other.page);
		await other.page.locator('.alert[role=alert]').waitFor();
		await fillLogin(other.page, { ...user, password: RENEWED });
		await submit(other.page);
		await other.page.waitForURL(`${server.issuer}/account/**`);
		await shown(other.page);
		await other.context.close();
		await context.close();
	});

	test('all of the user\'s data is one JSON file', async () => {
		const { user, context, page } = await somebody('data');
		await grant(page);
		await go(server, page, 'data');
		const coming = page.waitForEvent('download');
		await page.getByRole('button', { name: 'Download my data' }).click();
		const download = await coming;
		await said(page, 'Your data is downloaded.');
		assert.equal(download.suggestedFilename(), `${user.username}.json`);
		const text = await readFile(await download.path(), 'utf8');
		const data = JSON.parse(text);
		assert.deepEqual([data.account.sub, data.account.username, data.account.issuer, data.account.totp], [user.id, user.username, server.issuer, false]);
		assert.ok(Math.abs(data.exported_at - now()) < 60);
		const { updated_at: updated, ...claims } = data.claims;
		assert.deepEqual(claims, { name: `User ${user.username.slice(4)}`, nickname: 'Öxi "<b>"', email: user.email, email_verified: true });
		assert.ok(updated === undefined || Number.isInteger(updated));
		assert.deepEqual(data.applications.map((one) => [one.name, one.scope]), [['Photo Book', ['openid', 'email', 'offline_access']]]);
		assert.equal(data.sessions.length, 1);
		assert.match(data.sessions[0].user_agent, /Chrom/);
		assert.ok(['login.success', 'consent.granted'].every((event) => data.events.some((one) => one.event === event)), text);
		assert.equal(data.older_events_left_out, false);
		for (const secret of ['csrf', 'argon2', 'hash', PASSWORD, (await context.cookies()).find((one) => one.name.includes('session')).value])
			assert.ok(!text.includes(secret), secret);
		await context.close();
	});

	const numbers = (most) => `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${most})`;

	/** "Show more" until there is no more: the rows get more by a page each time, and the cursor goes to the first new one. */
	async function assertGrows(page, panel, total) {
		const rows = page.locator(`#${panel} .row`);
		const more = page.locator(`#${panel}`).getByRole('button', { name: 'Show more' });
		const counts = [await rows.count()];
		while (counts.at(-1) < 2 * total && await more.isVisible()) {
			const before = counts.at(-1);
			await more.focus();
			await page.keyboard.press('Enter');
			await until('more rows', async () => await rows.count() > before);
			await page.waitForFunction(([id, index]) => document.querySelectorAll(`#${id} .row`)[index] === document.activeElement, [panel, before]);
			counts.push(await rows.count());
		}
		assert.deepEqual(counts, [50, 100, total]);
		return rows;
	}

	test('long lists of applications, sessions and events are shown page by page, each row once', async () => {
		const { user, context, page, complaints } = await somebody('overview');
		await grant(page);
		const columns = (await sql(server, "SELECT name FROM pragma_table_info('clients')")).map(([name]) => name);
		const values = columns.map((name) => ({ client_id: `'${user.username}-' || n`, client_name: "printf('Album %03d', n)" }[name] ?? name));
		await sql(server, `${numbers(120)} INSERT INTO clients (${columns}) SELECT ${values} FROM clients, n WHERE client_id = '${book.client_id}'`);
		await sql(server, `${numbers(120)} INSERT INTO consents SELECT '${user.id}', '${user.username}-' || n, 'openid email', '', n, n FROM n`);
		await sql(server, `${numbers(120)} INSERT INTO sessions SELECT randomblob(32), '${user.username}-' || n, '${user.id}', ${now()} - n / 30, ${now()}, 'pwd', 'aal1', ${now()}, 3600, ${now() + 3600}, '192.0.2.' || n, NULL FROM n`);
		complaints.length = 0;

		await go(server, page, 'applications');
		const names = await (await assertGrows(page, 'applications', 121)).locator('h3').allTextContents();
		assert.deepEqual(names, [...Array.from({ length: 120 }, (_, index) => `Album ${String(index + 1).padStart(3, '0')}`), 'Photo Book']);
		assert.deepEqual(await axe(page), []);
		await page.getByRole('button', { name: 'Remove access: Album 110' }).click();
		await answer(page, 'Remove access');
		await said(page, 'Album 110 has no access any more.');
		assert.equal(await page.locator('#applications .row').count(), 120, 'the others stay in sight');
		assert.equal(await sqlValue(server, `SELECT count(*) FROM consents WHERE user_id = '${user.id}'`), '120');

		await go(server, page, 'sessions');
		const sids = await (await assertGrows(page, 'sessions', 121)).evaluateAll((rows) => rows.map((row) => row.dataset.sid));
		assert.equal(new Set(sids).size, 121);
		assert.equal(await page.getByText('this browser').count(), 1);
		await page.locator('#end-others').click();
		await answer(page, 'Sign out all others');
		await said(page, 'All other browsers are signed out.');
		assert.equal(await page.locator('#sessions .row').count(), 1);
		assert.equal(await sqlValue(server, `SELECT count(*) FROM sessions WHERE user_id = '${user.id}'`), '1');

		await sql(server, `DELETE FROM audit WHERE user_id = '${user.id}'`);
		await sql(server, `${numbers(120)} INSERT INTO audit (at, event, user_id, address) SELECT ${now()} - 1000 + n, 'login.failure', '${user.id}', '192.0.2.' || n FROM n`);
		await go(server, page, 'security');
		const events = await (await assertGrows(page, 'activity', 120)).allTextContents();
		assert.deepEqual(events.map((text) => Number(/192\.0\.2\.(\d+)/.exec(text)[1])), Array.from({ length: 120 }, (_, index) => 120 - index), 'newest first');
		assert.deepEqual(complaints, []);
		await context.close();
	});

	test('signed out everywhere in one window: every other one has to sign in, and so have applications that were used there', async () => {
		const user = await newUser();
		const [here, there, elsewhere] = [await at(user, 'sessions'), await at(user, 'overview'), await at(user, 'profile')];
		const own = await grant(here.page, 'openid');
		const theirs = await grant(there.page, 'openid');
		const away = await grant(there.page);
		await go(server, there.page, 'overview');
		await go(server, here.page, 'sessions');
		assert.equal(await here.page.locator('.row').count(), 3);
		await here.page.locator('#end-others').click();
		await answer(here.page, 'Cancel');
		await gone(here.page);
		await there.page.reload();
		await shown(there.page);
		await here.page.locator('#end-others').click();
		await answer(here.page, 'Sign out all others');
		await said(here.page, 'All other browsers are signed out.');

		await elsewhere.page.getByLabel('Nickname').fill('typed before'); // in a page that does not know yet
		await elsewhere.page.getByRole('button', { name: 'Save' }).click();
		await elsewhere.page.locator('input[name=password]').waitFor();
		assert.notEqual(await claim(user, 'nickname'), '"typed before"');
		await assertSignedOut(there.page);
		assert.equal((await userinfo(server, theirs.access_token)).status, 401);
		assert.equal((await userinfo(server, own.access_token)).status, 200);
		assert.equal((await userinfo(server, away.access_token)).status, 200, 'it may work while its user is away');
		await here.page.goto(String(authorization(server, book).url));
		await here.page.waitForURL((url) => url.origin === party.origin || url.pathname.endsWith('/consent'));
		for (const { context } of [here, there, elsewhere])
			await context.close();
	});

	/** What needs a fresh sign-in: where it is, how it begins, what is filled in, and how one sees that it was done. */
	const sensitive = [
		{
			what: 'another e-mail address', section: 'profile', begin: '#change-email', heading: 'Change your e-mail address', confirm: 'Send the link',
			fill: (page, user) => page.getByLabel('New e-mail address').fill(`${user.username}@example.net`),
			remembered: async (page, user) => assert.equal(await page.getByLabel('New e-mail address').inputValue(), `${user.username}@example.net`),
			done: 'A link is on its way', count: (user) => `SELECT count(*) FROM email_changes WHERE user_id = '${user.id}'`,
		},
		{
			what: 'a new password', section: 'security', begin: '#change-password', heading: 'Change your password', confirm: 'Change the password',
			fill: (page) => page.getByLabel('New password').fill(RENEWED),
			remembered: async (page) => assert.equal(await page.getByLabel('New password').inputValue(), '', 'a password is never kept'),
			done: 'Your new password counts', count: (user) => `SELECT count(*) FROM audit WHERE user_id = '${user.id}' AND event = 'user.password_changed'`,
		},
		{
			what: 'a passkey', section: 'security', begin: '#add-passkey', heading: 'Add a passkey', confirm: 'Continue',
			fill: (page) => page.getByLabel('Name', { exact: true }).fill('Laptop'),
			remembered: async () => {},
			done: 'The passkey is added.', count: (user) => `SELECT count(*) FROM passkeys WHERE user_id = '${user.id}'`,
		},
	];
	for (const one of sensitive) {
		for (const early of [true, false]) {
			test(`${one.what} needs a fresh sign-in, and goes on behind it: ${early ? 'known before' : 'it got old in the dialog'}`, async () => {
				const { user, context, page } = await somebody(one.section);
				const credentials = await addAuthenticator(context, page);
				if (early) {
					await age(user);
					await page.reload();
					await shown(page);
				}
				await page.locator(one.begin).click();
				if (!early) {
					await dialog(page, one.heading);
					await one.fill(page, user);
					await age(user);
					await answer(page, one.confirm);
				}
				await dialog(page, 'Please sign in again');
				assert.equal(await sqlValue(server, one.count(user)), '0');
				await answer(page, 'Sign in again');
				await page.locator('input[name=password]').waitFor();
				assert.equal(await page.getByLabel('User name').inputValue(), user.username);
				await page.locator('input[name=password]').fill('not the right password');
				await submit(page);
				await page.locator('.alert[role=alert]').waitFor();
				await page.locator('input[name=password]').fill(PASSWORD);
				await submit(page);
				await page.waitForURL(`${server.issuer}/account/**#${one.section}`);
				await dialog(page, one.heading);
				if (!early)
					await one.remembered(page, user);
				assert.equal(await sqlValue(server, one.count(user)), '0', 'the sign-in alone does nothing');
				assert.equal((await credentials()).length, 0);
				await one.fill(page, user);
				await answer(page, one.confirm);
				await said(page, one.done);
				assert.equal(await sqlValue(server, one.count(user)), '1');
				await page.reload();
				await shown(page);
				assert.equal(await page.locator('dialog').count(), 0, 'once');
				await context.close();
			});
		}
	}

	test('with 50 passkeys there is no 51st: the page says why before the device makes one', async () => {
		const { user, context, page } = await somebody('security');
		const credentials = await addAuthenticator(context, page);
		await sql(server, `${numbers(50)} INSERT INTO passkeys SELECT randomblob(32), '${user.id}', 'Key ' || n, '{}', 0, 0, '', n, NULL FROM n`);
		await go(server, page, 'security');
		assert.equal(await page.locator('[data-passkey]').count(), 50);
		const add = async () => {
			await page.getByLabel('Name', { exact: true }).fill('Laptop');
			await answer(page, 'Continue');
		};
		await page.locator('#add-passkey').click();
		await add();
		assert.match(await problem(page), /^You have 50 passkeys already\. Remove one/);
		assert.deepEqual(await credentials(), []);
		await page.keyboard.press('Escape');
		await gone(page);
		await page.getByRole('button', { name: 'Remove the passkey Key 7', exact: true }).click();
		await answer(page, 'Remove the passkey');
		await said(page, 'is removed.');
		await page.locator('#add-passkey').click();
		await add();
		await said(page, 'The passkey is added.');
		assert.equal((await credentials()).length, 1);
		await context.close();
	});
});

test('at an IP address the account page says that there are no passkeys', { skip: missingChromium }, async () => {
	const [server, chromium] = await Promise.all([startServer({ host: '127.0.0.1' }), launch()]);
	try {
		const { context, complaints } = await profile(chromium);
		const login = await context.newPage();
		await login.goto(String(server.url('login')));
		await login.locator('input[name=password]').waitFor();
		assert.equal(await login.getByRole('button', { name: /passkey/i, includeHidden: true }).count(), 0);
		const page = await open(server, context, server.users.alice, 'security');
		await page.locator('#passkeys').getByText('This server cannot have passkeys').waitFor();
		assert.equal(await page.locator('#add-passkey').count(), 0);
		assert.ok(await page.locator('#totp-set-up').isVisible(), 'an authenticator app goes as everywhere');
		assert.deepEqual(await axe(page), []);
		assert.deepEqual(complaints.filter((one) => !one.startsWith('401 ')), [], 'but for the 401 that led to the sign-in');
	} finally {
		await chromium.close();
		await server.stop();
	}
});
