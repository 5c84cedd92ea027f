// Ways back into an account, and out of a thief's hands, as a person goes them in Chromium: mails come out of a real SMTP server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch, missingChromium, profile } from '../lib/chromium.mjs';
import { authorization, decode, redeem } from '../lib/client.mjs';
import { startSmtp } from '../lib/mail.mjs';
import { fillLogin, submit } from '../lib/pages.mjs';
import { startParty } from '../lib/party.mjs';
import { PASSWORD, startServer } from '../lib/server.mjs';
import { totp } from '../lib/totp.mjs';
import { until } from '../lib/wait.mjs';

describe('recovery', { skip: missingChromium }, () => {
	let server, chromium, party, smtp;
	let users = 0;

	before(async () => {
		[chromium, party, smtp] = await Promise.all([launch(), startParty({ host: '127.0.0.1' }), startSmtp()]);
		server = await startServer({ users: [], settings: { mail_smtp_url: smtp.url } });
		await server.addClient({ client_name: 'Photo Book', redirect_uris: [`${party.origin}/callback`] });
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
		const user = { username, password: PASSWORD, email: `${username}@example.org` };
		await server.addUser({ username, password: PASSWORD, claims: { email: user.email, email_verified: true } });
		return user;
	}

	/** The application sends the browser to the sign-in. */
	async function start(page, more) {
		const started = authorization(server, server.clients['Photo Book'], more);
		await page.goto(String(started.url));
		return started;
	}

	const title = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
	const arrived = (started) => party.arrivals.find((one) => one.fields.get('state') === started.parameters.state);

	async function enter(page, user) {
		await fillLogin(page, user);
		await submit(page);
	}

	async function enterCode(page, code) {
		await title(page, 'One more step');
		await page.locator('input[name=code]').fill(code);
		await submit(page);
	}

	/** Past the consent, if it is asked for, to the application: the claims of its ID token. */
	async function arrive(page, started) {
		await page.waitForURL((url) => url.pathname.endsWith('/consent') || url.origin === party.origin);
		if (page.url().includes('/consent'))
			await page.locator('button[value=allow]').click();
		await page.waitForURL(`${party.origin}/callback**`);
		const answer = await redeem(server, { ...started, params: arrived(started).fields });
		assert.equal(answer.status, 200, answer.text);
		return decode(answer.json().id_token).payload;
	}

	/** Whether the application gets somebody without any sign-in. */
	async function signedIn(page) {
		const started = await start(page);
		if (page.url().startsWith(party.origin)) {
			assert.ok(arrived(started).fields.get('code'));
			return true;
		}
		await page.locator('input[name=password]').waitFor();
		return false;
	}

	const mailsTo = (user, endpoint) => smtp.messages()
		.filter((mail) => mail.envelope.recipients.includes(user.email) && mail.link?.includes(`/${endpoint}?`));
	const mailTo = (user, endpoint) => until(`a mail for ${endpoint}`, () => mailsTo(user, endpoint)[0]);

	async function wrong(page) {
		await page.locator('.alert[role=alert]').waitFor();
		assert.ok(page.url().startsWith(server.issuer));
	}

	for (const javaScriptEnabled of [true, false]) {
		test(`a forgotten password, JavaScript ${javaScriptEnabled ? 'on' : 'off'}: by the link of the mail to a new one`, async () => {
			const user = await newUser();
			const renewed = { ...user, password: 'seventeen brown umbrellas' };
			const { context: elsewhere } = await profile(chromium, { javaScriptEnabled });
			const other = await elsewhere.newPage();
			const before = await start(other);
			await enter(other, user);
			await arrive(other, before);
			assert.ok(await signedIn(other), 'the session to be ended');

			const { context, complaints } = await profile(chromium, { javaScriptEnabled });
			const page = await context.newPage();
			await start(page);
			await page.getByRole('link', { name: 'Forgotten your password?' }).click();
			await page.getByLabel(/user name/i).fill(user.username);
			await submit(page);
			await title(page, 'Look into your mail');
			const mail = await mailTo(user, 'reset');
			assert.ok(mail.link.startsWith(`${server.issuer}/cgi-bin/reset?token=`));
			assert.ok(mail.html.includes(`href="${mail.link}"`));

			const late = await context.newPage();
			await late.goto(mail.link);
			await title(late, 'Choose a new password');
			await page.goto(mail.link);
			await title(page, 'Choose a new password');
			assert.equal(await page.locator('.account-name').textContent(), user.username);
			await page.locator('input[name=password]').fill('passwordpassword');
			await submit(page);
			await wrong(page);
			await page.locator('input[name=password]').fill(renewed.password);
			await submit(page);
			await title(page, 'Your password was changed');

			await late.locator('input[name=password]').fill('quite another long password');
			await submit(late);
			await title(late, 'This link has ended');
			assert.equal((await late.goto(mail.link)).status(), 404);
			await title(late, 'This link has ended');

			assert.equal(await signedIn(other), false, 'the old session has ended');
			const started = await start(page);
			for (const password of [PASSWORD, 'quite another long password']) {
				await enter(page, { ...user, password });
				await wrong(page);
				assert.equal(arrived(started), undefined);
			}
			await enter(page, renewed);
			await arrive(page, started);
			assert.ok(await signedIn(page));
			assert.equal(mailsTo(user, 'reset').length, 1);
			assert.deepEqual(complaints, []);
			await context.close();
			await elsewhere.close();
		});
	}

	/** Sets up an authenticator app on the way to the application, with JavaScript off: { user, seed, codes }. */
	async function enrolled() {
		const user = await newUser();
		const { context } = await profile(chromium, { javaScriptEnabled: false });
		const page = await context.newPage();
		const started = await start(page, { acr_values: 'aal2' });
		await enter(page, user);
		await title(page, 'Set up a second step');
		const seed = (await page.locator('code.seed').textContent()).replaceAll(' ', '');
		await page.locator('input[name=code]').fill(totp(seed));
		await submit(page);
		await title(page, 'Your recovery codes');
		const codes = await page.locator('.recovery-codes code').allTextContents();
		await submit(page);
		await arrive(page, started);
		await context.close();
		return { user, seed, codes };
	}

	/** In a fresh profile without JavaScript, as far as the page that asks for the code. */
	async function toCode(user) {
		const { context, complaints } = await profile(chromium, { javaScriptEnabled: false });
		const page = await context.newPage();
		const started = await start(page);
		await enter(page, user);
		await title(page, 'One more step');
		return { context, complaints, page, started };
	}

	test('JavaScript off: a recovery code signs in behind the password, once', async () => {
		const { user, codes } = await enrolled();
		const first = await toCode(user);
		await enterCode(first.page, codes[0]);
		assert.equal((await arrive(first.page, first.started)).acr, 'aal2');
		assert.ok(await signedIn(first.page));
		assert.deepEqual(first.complaints, []);
		await first.context.close();

		const second = await toCode(user);
		await enterCode(second.page, codes[0]);
		await wrong(second.page);
		assert.equal(arrived(second.started), undefined);
		const tab = await second.context.newPage();
		assert.equal(await signedIn(tab), false, 'the password alone is no session');
		await enterCode(second.page, codes[1]);
		await arrive(second.page, second.started);
		await second.context.close();
	});

	test('JavaScript off: a code of the authenticator app signs in behind the password, once', async () => {
		const { user, seed } = await enrolled();
		const code = totp(seed, 1); // a step after the one that the set-up used up
		const first = await toCode(user);
		await enterCode(first.page, code === '000000' ? '000001' : '000000');
		await wrong(first.page);
		await enterCode(first.page, code);
		const claims = await arrive(first.page, first.started);
		assert.equal(claims.acr, 'aal2');
		assert.deepEqual(claims.amr, ['pwd', 'otp', 'mfa']);
		assert.ok(await signedIn(first.page));
		await first.context.close();

		const second = await toCode(user);
		await enterCode(second.page, code);
		await wrong(second.page);
		assert.equal(arrived(second.started), undefined);
		await second.context.close();
	});

	test('a new device is told by mail, and "this was not me" signs it out', async () => {
		const user = await newUser();
		const [home, thief] = [await profile(chromium), await profile(chromium)];
		const [own, foreign] = [await home.context.newPage(), await thief.context.newPage()];
		let started = await start(own);
		await enter(own, user);
		await arrive(own, started);
		started = await start(foreign);
		await enter(foreign, user);
		await arrive(foreign, started);

		const mail = await mailTo(user, 'not_me');
		assert.match(mail.text, /Chrome/);
		await own.goto(mail.link);
		await title(own, 'Was this not you?');
		assert.ok(await signedIn(foreign), 'opening the link ends nothing');
		await submit(own);
		await title(own, 'That session has ended');
		assert.equal(await signedIn(foreign), false);
		await foreign.goto(`${server.issuer}/account/`);
		await foreign.locator('input[name=password]').waitFor();
		assert.equal((await own.goto(mail.link)).status(), 404, 'once');
		assert.ok(await signedIn(own), 'the own browser stays signed in');
		assert.equal(mailsTo(user, 'not_me').length, 1, 'of the second browser alone');
		assert.deepEqual(home.complaints, []);
		await home.context.close();
		await thief.context.close();
	});
});
